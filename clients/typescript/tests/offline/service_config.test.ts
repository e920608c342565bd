import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Code, EventService, PaymentService, SandboxService } from "turnpike-client";
import { methodConfig, SERVICE_CONFIG, throttling } from "#layer/service_config.js";

test("the embedded service config is the contract's", () => {
  const contract = new URL("../../../../../contract/service_config.json", import.meta.url);
  assert.deepEqual(SERVICE_CONFIG, JSON.parse(readFileSync(contract, "utf8")));
});

test("it is read as gRPC reads it", () => {
  for (const method of [PaymentService.method.chargeToken, SandboxService.method.getClock]) {
    const { timeoutMs, retries } = methodConfig(method);
    assert.equal(timeoutMs, 30_000);
    assert.deepEqual(retries, {
      attemptsMax: 5,
      firstPauseMs: 250,
      longestPauseMs: 2_000,
      multiplier: 2,
      codes: new Set([Code.Unavailable]),
    });
  }
  // Nothing keeps these from acting twice.
  for (const method of [SandboxService.method.arrangeScenario, SandboxService.method.advanceClock]) {
    assert.deepEqual(methodConfig(method), { timeoutMs: 30_000, retries: undefined });
  }
  for (const method of [EventService.method.streamEvents, PaymentService.method.watchPayment]) {
    assert.deepEqual(methodConfig(method), { timeoutMs: undefined, retries: undefined });
  }
  assert.deepEqual(throttling(), { tokensMax: 100, tokensForSuccess: 0.1 });
});
