import assert from "node:assert/strict";
import { test } from "node:test";
import { MemoryRequestIds, RequestIdError, type RequestIdStore, RequestIds } from "turnpike-client";

const refusal = (refusal: string) => (error: unknown) =>
  error instanceof RequestIdError && error.refusal === refusal && error.message.includes("order-17/charge");

test("an id is made once and kept", async () => {
  const ids = new RequestIds(new MemoryRequestIds());
  const id = await ids.first("order-17/charge");
  assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.equal(await ids.again("order-17/charge"), id);
  assert.equal(await ids.for("order-17/charge"), id);
  assert.notEqual(await ids.first("order-18/charge"), id);
});

test("the first time is refused the second time", async () => {
  const ids = new RequestIds(new MemoryRequestIds());
  const id = await ids.first("order-17/charge");
  await assert.rejects(ids.first("order-17/charge"), refusal("exists"));
  assert.equal(await ids.again("order-17/charge"), id);
});

test("again never makes an id", async () => {
  const store = new MemoryRequestIds();
  await assert.rejects(new RequestIds(store).again("order-17/charge"), refusal("missing"));
  assert.equal(await store.load("order-17/charge"), undefined);
});

test("of two at once, both get what was kept", async () => {
  const ids = new RequestIds(new MemoryRequestIds());
  const [one, other] = await Promise.all([ids.for("order-17/charge"), ids.for("order-17/charge")]);
  assert.equal(one, other);
});

test("an id is kept before it is returned", async () => {
  const broken: RequestIdStore = {
    load: async () => undefined,
    save: async () => {
      throw new Error("the disk is full");
    },
  };
  const ids = new RequestIds(broken);
  await assert.rejects(ids.first("order-17/charge"), /the disk is full/);
  await assert.rejects(ids.for("order-17/charge"), /the disk is full/);
});

test("what is no key and what is no id is refused", async () => {
  const ids = new RequestIds(new MemoryRequestIds());
  await assert.rejects(ids.for(""), TypeError);
  await assert.rejects(ids.for("x".repeat(257)), TypeError);
  const odd = new MemoryRequestIds();
  await odd.save("order-17/charge", "with a space");
  await assert.rejects(new RequestIds(odd).again("order-17/charge"), TypeError);
});
