import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";
import { verify, WebhookRefused } from "turnpike-client";

const OLD = `whsec_${Buffer.from("the old secret of thirty bytes").toString("base64")}`;
const NEW = `whsec_${Buffer.from("the new secret of thirty bytes").toString("base64")}`;
const NOW = 1_800_000_000;
const BODY = JSON.stringify({
  type: "session.opened",
  timestamp: "2027-01-15T08:00:00Z",
  data: {
    id: "evt_1",
    type: "session.opened",
    aFieldOfTomorrow: 1,
    session: {
      session: { id: "ses_1", status: "SESSION_STATUS_OF_TOMORROW", money: { amountMinor: "49900" } },
    },
  },
});

function sign(secret: string, { id = "evt_1", at = NOW, body = BODY } = {}): string {
  const key = Buffer.from(secret.slice("whsec_".length), "base64");
  return `v1,${createHmac("sha256", key).update(`${id}.${at}.${body}`).digest("base64")}`;
}

function headers(signature: string, at: number | string = NOW): Record<string, string> {
  return { "webhook-id": "evt_1", "webhook-timestamp": String(at), "webhook-signature": signature };
}

async function refused(refusal: string, ...given: Parameters<typeof verify>): Promise<void> {
  await assert.rejects(verify(...given), (error: unknown) => {
    assert.ok(error instanceof WebhookRefused, String(error));
    assert.equal(error.refusal, refusal);
    return true;
  });
}

test("a genuine notification is an event", async () => {
  const event = await verify(Buffer.from(BODY), headers(sign(OLD)), [OLD], { now: NOW });
  assert.equal(event.id, "evt_1");
  assert.equal(event.type, "session.opened");
  assert.ok(event.payload.case === "session");
  assert.equal(event.payload.value.session?.money?.amountMinor, 49_900n);
});

test("headers of every kind are read, in upper and lower case", async () => {
  const given = headers(sign(OLD));
  const upper = Object.fromEntries(Object.entries(given).map(([name, text]) => [name.toUpperCase(), [text]]));
  for (const each of [given, upper, new Headers(given)]) {
    assert.equal((await verify(BODY, each, [OLD], { now: NOW })).id, "evt_1");
  }
});

test("during a rotation, one secret on either side is enough", async () => {
  const both = headers(`${sign(OLD)} ${sign(NEW)}`);
  for (const secrets of [[OLD], [NEW], [OLD, NEW]]) await verify(BODY, both, secrets, { now: NOW });
  await verify(BODY, headers(sign(NEW)), [OLD, NEW], { now: NOW });
  await refused("no_matching_signature", BODY, headers(sign(NEW)), [OLD], { now: NOW });
});

test("what was changed or forged is refused", async () => {
  const now = { now: NOW };
  await refused("no_matching_signature", `${BODY} `, headers(sign(OLD)), [OLD], now);
  await refused("no_matching_signature", BODY, { ...headers(sign(OLD)), "webhook-id": "evt_2" }, [OLD], now);
  await refused("no_matching_signature", BODY, headers(sign(OLD), NOW + 1), [OLD], now);
  await refused("no_matching_signature", BODY, headers(sign(OLD).replace("v1,", "v1a,")), [OLD], now);
  await refused("no_matching_signature", BODY, headers("v1,"), [OLD], now);
  await refused("no_matching_signature", BODY, headers("v1,no base64!"), [OLD], now);
});

test("five minutes either way, and no second more", async () => {
  for (const at of [NOW - 300, NOW + 300]) {
    await verify(BODY, headers(sign(OLD, { at }), at), [OLD], { now: NOW });
  }
  await refused("too_old", BODY, headers(sign(OLD, { at: NOW - 301 }), NOW - 301), [OLD], { now: NOW });
  await refused("too_new", BODY, headers(sign(OLD, { at: NOW + 301 }), NOW + 301), [OLD], { now: NOW });
  await refused("too_old", BODY, headers(sign(OLD, { at: NOW - 9e8 }), NOW - 9e8), [OLD]);
});

test("without its headers nothing is looked at", async () => {
  for (const name of ["webhook-id", "webhook-timestamp", "webhook-signature"]) {
    await refused("missing_header", BODY, { ...headers(sign(OLD)), [name]: undefined }, [OLD], { now: NOW });
    await refused("missing_header", BODY, { ...headers(sign(OLD)), [name]: "" }, [OLD], { now: NOW });
  }
  for (const at of ["soon", "1e9", "-1", "1.5", "0x10"]) {
    await refused("bad_timestamp", BODY, headers(sign(OLD), at), [OLD], { now: NOW });
  }
});

test("a genuine body that is no event is told apart", async () => {
  for (const body of ["hello", "[]", "{}", '{"data": {"id": 5}}']) {
    await refused("unreadable_event", body, headers(sign(OLD, { body })), [OLD], { now: NOW });
  }
});

test("wrong secrets are a mistake of the caller's, and are not shown", async () => {
  for (const secrets of [[], ["hunter2"], ["whsec_"], ["whsec_no base64!"], Array(17).fill(OLD)]) {
    await assert.rejects(verify(BODY, headers(sign(OLD)), secrets, { now: NOW }), (error: unknown) => {
      assert.ok(error instanceof TypeError);
      assert.ok(!error.message.includes("hunter2"));
      return true;
    });
  }
});
