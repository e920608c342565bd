import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import { ConnectError, type HandlerContext } from "@connectrpc/connect";
import { AccountService, Code, ErrorReason, PaymentService, Turnpike, TurnpikeError } from "turnpike-client";
import { pauseBefore, Throttle } from "#layer/retry.js";
import { methodConfig, type RetryPolicy } from "#layer/service_config.js";
import { freePort, Server } from "../support/server.js";

const POLICY = methodConfig(PaymentService.method.chargeToken).retries as RetryPolicy;
const unavailable = { code: Code.Unavailable, metadata: new Headers() };

test("pauses double up to the longest, give or take a fifth", () => {
  const pauses = (random: number) =>
    [1, 2, 3, 4, 5].map((attempt) => pauseBefore(attempt, null, POLICY, () => random));
  assert.deepEqual(pauses(0), [200, 400, 800, 1600, undefined]);
  assert.deepEqual(pauses(0.5), [250, 500, 1000, 2000, undefined]);
  assert.deepEqual(
    pauses(1).map((pause) => pause && Math.round(pause)),
    [300, 600, 1200, 2400, undefined],
  );
});

test("a server may say when, and that there shall be no retry", () => {
  assert.equal(pauseBefore(1, "1500", POLICY), 1500);
  assert.equal(pauseBefore(1, "0", POLICY), 0);
  assert.equal(pauseBefore(1, "-1", POLICY), undefined);
  assert.equal(pauseBefore(1, "soon", POLICY), undefined);
  assert.equal(pauseBefore(5, "0", POLICY), undefined);
});

test("from half of the tokens on nothing is repeated, until calls go well again", () => {
  const throttle = new Throttle();
  const repeats = Array.from({ length: 51 }, () => throttle.failed(unavailable, POLICY));
  assert.equal(repeats.indexOf(false), 49);
  assert.deepEqual(repeats.slice(49), [false, false]);
  for (let calls = 0; calls < 19; calls++) throttle.succeeded();
  // 49 left and 1.9 earned: one failure leaves 49.9, which is not more than half.
  assert.equal(throttle.failed(unavailable, POLICY), false);
  for (let calls = 0; calls < 12; calls++) throttle.succeeded();
  assert.equal(throttle.failed(unavailable, POLICY), true);
});

test("other failures neither empty the bucket nor are repeated", () => {
  const throttle = new Throttle();
  const other = { code: Code.DeadlineExceeded, metadata: new Headers() };
  for (let calls = 0; calls < 20; calls++) assert.equal(throttle.failed(other, POLICY), false);
  assert.equal(throttle.failed(unavailable, POLICY), true);
});

/** Answers ListAccounts with what `answer` says for the nth attempt. */
async function serving(answer: (attempt: number, context: HandlerContext) => Promise<void> | void) {
  const attempts: Headers[] = [];
  const server = await Server.start((router) => {
    router.rpc(AccountService.method.listAccounts, async (_, context) => {
      attempts.push(context.requestHeader);
      await answer(attempts.length, context);
      return {};
    });
  });
  return { server, attempts, turnpike: new Turnpike({ url: server.url, apiKey: "tpk_test" }) };
}

test("UNAVAILABLE is tried again, with the same request and the time that is left", async (t) => {
  const { server, attempts, turnpike } = await serving((attempt) => {
    if (attempt < 3) throw new ConnectError("later", Code.Unavailable);
  });
  t.after(() => server.stop());
  await turnpike.accounts.listAccounts({});
  assert.deepEqual(
    attempts.map((header) => header.get("grpc-previous-rpc-attempts")),
    [null, "1", "2"],
  );
  assert.ok(attempts.every((header) => header.get("authorization") === "Bearer tpk_test"));
  const left = attempts.map((header) => Number(header.get("grpc-timeout")?.replace("m", "")));
  assert.equal(left[0], 30_000);
  assert.ok((left[1] ?? 0) <= 29_800 && (left[2] ?? 0) <= 29_400, String(left));
  turnpike.close();
});

test("five attempts are all", async (t) => {
  const { server, attempts, turnpike } = await serving(() => {
    throw new ConnectError("later", Code.Unavailable);
  });
  t.after(() => server.stop());
  await assert.rejects(turnpike.accounts.listAccounts({}), { code: Code.Unavailable });
  assert.equal(attempts.length, 5);
  turnpike.close();
});

for (const code of [
  Code.DeadlineExceeded,
  Code.Aborted,
  Code.Internal,
  Code.ResourceExhausted,
  Code.Canceled,
]) {
  test(`what the server itself calls ${Code[code]} is told, not repeated`, async (t) => {
    const { server, attempts, turnpike } = await serving(() => {
      throw new ConnectError("no", code);
    });
    t.after(() => server.stop());
    await assert.rejects(turnpike.accounts.listAccounts({}), { code, reason: ErrorReason.UNSPECIFIED });
    assert.equal(attempts.length, 1);
    turnpike.close();
  });
}

test("a deadline ends a call once and for all", async (t) => {
  const { server, attempts, turnpike } = await serving(
    (_, context) =>
      new Promise((resolve) => {
        context.signal.addEventListener("abort", () => resolve());
      }),
  );
  t.after(() => server.stop());
  const began = performance.now();
  await assert.rejects(turnpike.accounts.listAccounts({}, { timeoutMs: 300 }), {
    code: Code.DeadlineExceeded,
  });
  const took = performance.now() - began;
  assert.ok(took >= 290 && took < 2_000, `it took ${took} ms`);
  assert.equal(attempts.length, 1);
  turnpike.close();
});

test("a deadline ends the pause before a retry as well", async (t) => {
  const { server, attempts, turnpike } = await serving(() => {
    throw new ConnectError("later", Code.Unavailable, { "grpc-retry-pushback-ms": "20000" });
  });
  t.after(() => server.stop());
  await assert.rejects(turnpike.accounts.listAccounts({}, { timeoutMs: 300 }), {
    code: Code.DeadlineExceeded,
  });
  assert.equal(attempts.length, 1);
  turnpike.close();
});

test("a caller who leaves ends the pauses", async () => {
  const turnpike = new Turnpike({ url: `http://127.0.0.1:${await freePort()}`, apiKey: "tpk_test" });
  const leaving = new AbortController();
  const call = turnpike.accounts.listAccounts({}, { signal: leaving.signal });
  setTimeout(() => leaving.abort(), 100);
  await assert.rejects(call, { code: Code.Canceled });
  turnpike.close();
});

test("nobody listens, and then somebody does", async (t) => {
  const port = await freePort();
  const turnpike = new Turnpike({ url: `http://127.0.0.1:${port}`, apiKey: "tpk_test" });
  const call = turnpike.accounts.listAccounts({});
  await new Promise((resolve) => setTimeout(resolve, 600));
  const server = await Server.start(
    (router) => {
      router.rpc(AccountService.method.listAccounts, () => ({ nextPageToken: "here" }));
    },
    { port },
  );
  t.after(() => server.stop());
  assert.equal((await call).nextPageToken, "here");
  turnpike.close();
});

test("nobody listens at all: UNAVAILABLE, in the end", async () => {
  const turnpike = new Turnpike({ url: `http://127.0.0.1:${await freePort()}`, apiKey: "tpk_secret" });
  await assert.rejects(turnpike.accounts.listAccounts({}), (error: unknown) => {
    assert.ok(error instanceof TurnpikeError);
    assert.equal(error.codeName, "UNAVAILABLE");
    assert.ok(!error.nothingWasSent, "nobody was there to say so");
    assert.ok(!inspect(error, { depth: 20, showHidden: true }).includes("tpk_secret"), "the key is shown");
    return true;
  });
  turnpike.close();
});
