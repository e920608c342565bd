import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Gateway, openSession, until } from "../support/gateway.js";
import { Program } from "../support/programs.js";

const OLD = `whsec_${Buffer.from("the old secret of thirty bytes").toString("base64")}`;
const NEW = `whsec_${Buffer.from("the new secret of thirty bytes").toString("base64")}`;
const STRANGER = `whsec_${Buffer.from("a secret that nobody else knows").toString("base64")}`;

let gateway: Gateway;
before(async () => {
  gateway = await Gateway.start();
});
after(() => gateway.remove());

const OUTPUTS: Record<string, RegExp> = {
  checkout: /^ses_\w+: send the browser .*\npay_\w+: CAPTURED, 49900 øre authorized\n$/,
  charge_token:
    /^(pay_\w+): CAPTURED\n\1: CAPTURED, as before\npay_\w+: DECLINED\ndeclined: INSUFFICIENT_FUNDS\n$/,
  schedule: /^sch_\w+: 3 charges ahead\noccurrence 3: PAID\noccurrence 2: PAID\noccurrence 1: PAID\n$/,
  stream_events: /^(evt_\w+: \w+\.\w+\n)+evt_\w+: session\.opened\ngo on after \S+\n$/,
};

for (const [name, output] of Object.entries(OUTPUTS)) {
  test(`the example ${name}`, async () => {
    const program = new Program(name, gateway.environment);
    assert.equal(await program.ended(), 0, program.output);
    assert.match(program.output, output);
  });
}

test("the example verify_webhook takes what the gateway signs, and nothing else", async (t) => {
  const receiver = new Program("verify_webhook", { WEBHOOK_SECRET: `${OLD},${NEW}`, PORT: "0" });
  t.after(() => receiver.kill());
  await until("the receiver waits", () => receiver.output.includes("waiting on port "));
  const url = `http://127.0.0.1:${/port (\d+)/.exec(receiver.output)?.[1]}/hooks`;

  for (const [headers, status] of [
    [{}, 400],
    [{ "webhook-id": "evt_1", "webhook-timestamp": "1", "webhook-signature": "v1,AAAA" }, 400],
  ] as const) {
    assert.equal((await fetch(url, { method: "POST", headers, body: "{}" })).status, status);
  }
  const large = await fetch(url, { method: "POST", body: "x".repeat(1024 * 1024 + 1) });
  assert.equal(large.status, 413);
  const forger = await Gateway.start("--webhook-to", url, "--webhook-secret", STRANGER);
  t.after(() => forger.remove());
  const forging = forger.client();
  await openSession(forging);
  await until("the forgery is refused", () => receiver.output.includes("no_matching_signature"));
  forging.close();
  assert.ok(!receiver.output.includes("session.opened"));

  const sender = await Gateway.start("--webhook-to", url, "--webhook-secret", NEW);
  t.after(() => sender.remove());
  const sending = sender.client();
  await openSession(sending);
  assert.equal(await receiver.ended(), 0, receiver.output);
  const { events } = await sending.events.listEvents({});
  sending.close();
  assert.ok(events.some(({ id, type }) => receiver.output.includes(`${id}: ${type}\n`)));
});
