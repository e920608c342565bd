import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { temporaryFolder } from "../support/folder.js";
import { Gateway } from "../support/gateway.js";

const RUNNER = fileURLToPath(new URL("../../contract/runner.js", import.meta.url));
const CONTRACT = fileURLToPath(new URL("../../../../../contract", import.meta.url));

interface Report {
  language: string;
  results: {
    name: string;
    account: string;
    passed: boolean;
    steps: number;
    seconds: number;
    failure: string;
  }[];
}

function tell(gateway: Gateway, contract: string): { status: number | null; report: Report } {
  const path = join(temporaryFolder(), "report.json");
  const env = { ...process.env, ...gateway.environment };
  const { status } = spawnSync(process.execPath, [RUNNER, "stories", contract, path], {
    env,
    stdio: "ignore",
  });
  return { status, report: JSON.parse(readFileSync(path, "utf8")) };
}

test("the stories of the kit, for every account", async (t) => {
  const gateway = await Gateway.start();
  t.after(() => gateway.remove());
  const { status, report } = tell(gateway, CONTRACT);
  assert.deepEqual(
    report.results.filter(({ passed }) => !passed),
    [],
  );
  assert.equal(status, 0);
  assert.equal(report.language, "typescript");
  const charge = report.results.filter(({ name }) => name === "charge_a_saved_card");
  assert.deepEqual(
    charge.map(({ account }) => account),
    ["dintero-dev", "begateway-dev", "paymob-dev", "pivot-dev"],
  );
  const story = JSON.parse(readFileSync(join(CONTRACT, "stories/charge_a_saved_card.json"), "utf8"));
  assert.ok(charge.every(({ steps, seconds }) => steps === story.steps.length && seconds > 0));
  assert.ok(
    report.results.some(({ name, account }) => name === "wrong_requests_say_what_is_wrong" && account === ""),
  );
});

test("what is not as a story says fails it, with the step and the place", async (t) => {
  const gateway = await Gateway.start();
  t.after(() => gateway.remove());
  const contract = temporaryFolder();
  cpSync(join(CONTRACT, "accounts.json"), join(contract, "accounts.json"));
  mkdirSync(join(contract, "stories"));
  const call = "AccountService/ListAccounts";
  const accounts = { $has: [{ name: "dintero-dev" }] };
  const stories: Record<string, [object, RegExp]> = {
    fine: [{ call, request: {}, answer: { accounts } }, /^$/],
    other_answer: [{ call, request: {}, answer: { nextPageToken: "x" } }, /^a: answer\.nextPageToken/],
    later: [{ call, request: {}, answer: { nextPageToken: "x" }, within_seconds: 0.3 }, /^a: answer\.next/],
    no_error: [{ call, request: {}, error: { code: "NOT_FOUND" } }, /^a: expected NOT_FOUND/],
    unexpected_error: [{ call, request: { pageSize: -1 }, answer: {} }, /^a: INVALID_ARGUMENT INVALID_FIELD/],
    other_code: [{ call, request: { pageSize: -1 }, error: { code: "NOT_FOUND" } }, /^a: error\.code/],
    other_fields: [
      { call, request: { pageSize: -1 }, error: { code: "INVALID_ARGUMENT", fields: ["page_token"] } },
      /^a: error\.fields\[0\]/,
    ],
    no_such_call: [
      { call: "AccountService/Guess", request: {}, answer: {} },
      /^a: there is no AccountService/,
    ],
    no_such_field: [{ call, request: { guess: 1 }, answer: {} }, /^a: .*guess/],
    unknown_value: [{ call, request: { pageToken: "${nobody}" }, answer: {} }, /^a: nobody knows/],
    unknown_account: [{}, /^accounts\.json has no stranger/],
    nothing_expected: [{ call, request: {} }, /^a: a step expects/],
  };
  for (const [name, [step]] of Object.entries(stories)) {
    const told = {
      ...(name === "unknown_account" && { accounts: ["stranger"] }),
      steps: [{ step: "a", ...step }],
    };
    writeFileSync(join(contract, "stories", `${name}.json`), JSON.stringify(told));
  }
  const { status, report } = tell(gateway, contract);
  assert.equal(status, 1);
  assert.equal(report.results.length, Object.keys(stories).length);
  for (const { name, passed, failure } of report.results) {
    assert.match(failure, stories[name]?.[1] ?? /never/, name);
    assert.equal(passed, name === "fine", name);
  }
});
