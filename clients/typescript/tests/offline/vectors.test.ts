import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHmac } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { toBinary } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { create, ListAccountsRequestSchema, MoneySchema } from "turnpike-client";
import { temporaryFolder } from "../support/folder.js";

const RUNNER = fileURLToPath(new URL("../../contract/runner.js", import.meta.url));
const SECRET = `whsec_${Buffer.from("a secret of thirty bytes, more or less").toString("base64")}`;

/** A folder with one good vector of each kind, made by hand. */
function kit() {
  const folder = temporaryFolder();
  for (const part of ["messages", "errors"]) mkdirSync(join(folder, "vectors", part), { recursive: true });
  const write = (path: string, content: unknown) => {
    const bytes = content instanceof Uint8Array ? content : JSON.stringify(content);
    writeFileSync(join(folder, "vectors", path), bytes);
  };
  const money = create(MoneySchema, { amountMinor: 999_999_999_999_999n, currencyCode: "NOK" });
  write("messages/turnpike.v1.Money+most.json", { amountMinor: "999999999999999", currencyCode: "NOK" });
  write("messages/turnpike.v1.Money+most.binpb", toBinary(MoneySchema, money));

  const text = (writer: BinaryWriter, number: number, value: string | Uint8Array) => {
    const tagged = writer.tag(number, WireType.LengthDelimited);
    return typeof value === "string" ? tagged.string(value) : tagged.bytes(value);
  };
  const pair = text(text(new BinaryWriter(), 1, "key"), 2, "value").finish();
  const info = text(
    text(text(new BinaryWriter(), 1, "UNKNOWN_TO_THIS_CLIENT"), 2, "turnpike"),
    3,
    pair,
  ).finish();
  const any = text(text(new BinaryWriter(), 1, "type.googleapis.com/google.rpc.ErrorInfo"), 2, info).finish();
  const status = text(text(new BinaryWriter().tag(1, WireType.Varint).int32(14), 2, "later"), 3, any);
  write("errors/UNKNOWN_TO_THIS_CLIENT.binpb", status.finish());
  write("errors/UNKNOWN_TO_THIS_CLIENT.json", {
    status: { code: 14, message: "later" },
    read: {
      code: "UNAVAILABLE",
      reason: "UNKNOWN_TO_THIS_CLIENT",
      metadata: { key: "value" },
      fields: {},
      retry_after_ms: null,
      nothing_was_sent: true,
    },
  });

  const body = '{"type":"session.opened","data":{"id":"evt_1","type":"session.opened"}}';
  const signature = createHmac("sha256", Buffer.from(SECRET.slice(6), "base64")).update(`evt_1.1000.${body}`);
  const headers = {
    "webhook-id": "evt_1",
    "webhook-timestamp": "1000",
    "webhook-signature": `v1,${signature.digest("base64")}`,
  };
  const delivery = { now: 1000, secrets: [SECRET], headers, body };
  const webhooks = [
    { ...delivery, about: "genuine", event: { id: "evt_1", type: "session.opened" } },
    { ...delivery, about: "late", now: 1301, refused: "too_old" },
  ];
  write("webhooks.json", webhooks);
  return { folder, write, webhooks };
}

function check(folder: string) {
  const path = join(folder, "report.json");
  const { status, stderr } = spawnSync(process.execPath, [RUNNER, "vectors", folder, path], {
    encoding: "utf8",
  });
  const results = () => JSON.parse(readFileSync(path, "utf8")).results as { name: string; passed: boolean }[];
  return { status, stderr, failed: () => results().filter(({ passed }) => !passed), results };
}

test("good vectors pass", () => {
  const { folder } = kit();
  const { status, results } = check(folder);
  assert.equal(status, 0);
  assert.deepEqual(
    results().map(({ name, passed }) => [name, passed]),
    [
      ["turnpike.v1.Money+most", true],
      ["UNKNOWN_TO_THIS_CLIENT", true],
      ["webhooks.json: genuine", true],
      ["webhooks.json: late", true],
    ],
  );
});

test("a vector that is not so fails", () => {
  const { folder, write, webhooks } = kit();
  const other = create(MoneySchema, { amountMinor: 1n });
  write("messages/turnpike.v1.Money.json", { amountMinor: "2" });
  write("messages/turnpike.v1.Money.binpb", toBinary(MoneySchema, other));
  // Read well, but not written like this.
  write("messages/turnpike.v1.ListAccountsRequest.json", { page_size: 5 });
  const five = create(ListAccountsRequestSchema, { pageSize: 5 });
  write("messages/turnpike.v1.ListAccountsRequest.binpb", toBinary(ListAccountsRequestSchema, five));
  write("messages/turnpike.v1.Stranger.json", {});
  write("messages/turnpike.v1.Stranger.binpb", new Uint8Array());
  write("messages/turnpike.v1.Token.json", {});
  write("errors/DRAINING.json", { status: { code: 14 }, read: {} });
  write("errors/DRAINING.binpb", Uint8Array.of(8, 14));
  write("webhooks.json", [
    { ...webhooks[0], about: "not genuine", refused: "too_old", event: undefined },
    { ...webhooks[1], about: "not late", refused: "too_new" },
  ]);
  const { status, failed } = check(folder);
  assert.equal(status, 1);
  assert.deepEqual(
    failed().map(({ name }) => name),
    [
      "turnpike.v1.ListAccountsRequest",
      "turnpike.v1.Money",
      "turnpike.v1.Stranger",
      "turnpike.v1.Token",
      "DRAINING",
      "webhooks.json: not genuine",
      "webhooks.json: not late",
    ],
  );
});

test("without vectors nothing passes", () => {
  const nothing = temporaryFolder();
  assert.equal(check(nothing).status, 1);
  for (const part of ["messages", "errors"]) mkdirSync(join(nothing, "vectors", part), { recursive: true });
  const empty = check(nothing);
  assert.equal(empty.status, 1);
  assert.match(empty.stderr, /is empty/);
  const { folder, write } = kit();
  write("webhooks.json", []);
  assert.match(check(folder).stderr, /is empty/);
});
