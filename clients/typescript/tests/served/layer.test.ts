import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Code, ErrorReason, FaultKind, items, pages, Turnpike, TurnpikeError } from "turnpike-client";
import { Gateway, openSession } from "../support/gateway.js";

let gateway: Gateway;
let turnpike: Turnpike;

before(async () => {
  gateway = await Gateway.start();
  turnpike = gateway.client();
});

after(async () => {
  turnpike.close();
  await gateway.remove();
});

test("accounts and events over more than one page", async () => {
  const whole = await turnpike.accounts.listAccounts({});
  const names = whole.accounts.map(({ name }) => name);
  assert.ok(names.length > 4);
  let count = 0;
  for await (const page of pages(turnpike.accounts.listAccounts, { pageSize: 2 })) {
    assert.ok(page.accounts.length <= 2);
    count++;
  }
  assert.equal(count, Math.ceil(names.length / 2));
  const found: string[] = [];
  for await (const { name } of items(turnpike.accounts.listAccounts, { pageSize: 2 }, "accounts"))
    found.push(name);
  assert.deepEqual(found, names);

  for (let sessions = 0; sessions < 3; sessions++) await openSession(turnpike);
  const ids: string[] = [];
  for await (const { id } of items(turnpike.events.listEvents, { pageSize: 2 }, "events")) ids.push(id);
  const all = await turnpike.events.listEvents({ pageSize: 200 });
  assert.ok(ids.length >= 3);
  assert.deepEqual(
    ids,
    all.events.map(({ id }) => id),
  );
});

test("errors of the gateway are typed", async () => {
  await assert.rejects(turnpike.payments.getPayment({ paymentId: "pay_unknown" }), (error: unknown) => {
    assert.ok(error instanceof TurnpikeError);
    assert.equal(error.code, Code.NotFound);
    assert.equal(error.reason, ErrorReason.PAYMENT_NOT_FOUND);
    assert.deepEqual(error.metadata, { payment_id: "pay_unknown" });
    return true;
  });
  await assert.rejects(turnpike.accounts.listAccounts({ pageSize: -1 }), (error: unknown) => {
    assert.ok(error instanceof TurnpikeError);
    assert.equal(error.reason, ErrorReason.INVALID_FIELD);
    assert.deepEqual(
      error.fields.map(({ path }) => path),
      ["page_size"],
    );
    return true;
  });
  for (const [apiKey, reason] of [
    [null, ErrorReason.MISSING_CREDENTIALS],
    ["tpk_unknown", ErrorReason.INVALID_CREDENTIALS],
  ] as const) {
    const stranger = new Turnpike({ url: gateway.url, apiKey });
    await assert.rejects(stranger.accounts.listAccounts({}), { code: Code.Unauthenticated, reason });
    await assert.rejects(stranger.follow().next(), { code: Code.Unauthenticated, reason });
    stranger.close();
  }
  await assert.rejects(turnpike.follow({ after: "no cursor" }).next(), { reason: ErrorReason.INVALID_FIELD });
});

test("the development helpers do what they say", async () => {
  const { development } = turnpike;
  const paid = await openSession(turnpike);
  assert.match(await development.pay(paid), /^https:\/\/shop\.example\/done/);
  const left = await openSession(turnpike);
  assert.match(await development.cancel(left.id), /^https:\/\/shop\.example\/done/);

  const began = await development.now();
  const then = await development.advance({ days: 2, hours: 1, seconds: 0.5 });
  const moved = then.getTime() - began.getTime();
  assert.ok(moved >= 49 * 3_600_000 + 500 && moved < 49 * 3_600_000 + 60_000, String(moved));

  const status = { account: "dintero-dev", times: 50, httpStatus: 503 };
  assert.ok((await development.fault(FaultKind.HTTP_STATUS, status)) > 0);
  assert.ok((await development.fault(FaultKind.LATE, { provider: "bbmsl", delay: { seconds: 1 } })) > 0);
  await assert.rejects(openSession(turnpike), TurnpikeError);
  await development.clear();
  await openSession(turnpike);
});

test("a deadline that is over is DEADLINE_EXCEEDED, at once", async () => {
  const began = performance.now();
  const call = turnpike.accounts.listAccounts({}, { timeoutMs: 1 });
  await assert.rejects(call, { code: Code.DeadlineExceeded, nothingWasSent: false });
  assert.ok(performance.now() - began < 200);
});
