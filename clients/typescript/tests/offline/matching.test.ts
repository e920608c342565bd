import assert from "node:assert/strict";
import { test } from "node:test";
import { match } from "../../contract/matching.js";
import { filledIn, type Json, Mismatch } from "../../contract/values.js";

const SEEN: Json = {
  id: "pay_1",
  amount: "49900",
  count: 3,
  isTest: true,
  lines: [{ name: "tea" }, { name: "milk" }],
  empty: [],
};

test("a part of what came is enough", () => {
  for (const expected of [
    {},
    { id: "pay_1" },
    { amount: 49_900, count: "3" },
    { lines: [{ name: "tea" }, {}] },
    { missing: "", other: 0, more: "0", list: [], object: {}, no: false, nothing: null, empty: null },
  ] satisfies Json[]) {
    assert.deepEqual(match(expected, SEEN), {});
  }
});

test("everything else is refused", () => {
  for (const expected of [
    { id: "pay_2" },
    { id: "" },
    { amount: 49_901 },
    { isTest: "true" },
    { isTest: 1 },
    { isTest: false },
    { lines: [] },
    { lines: [{ name: "tea" }] },
    { lines: [{ name: "milk" }, { name: "tea" }] },
    { missing: "x" },
    { missing: { deep: "" } },
    { id: { deep: "" } },
  ] satisfies Json[]) {
    assert.throws(() => match(expected, SEEN), Mismatch, JSON.stringify(expected));
  }
});

test("matchers take what they say", () => {
  assert.deepEqual(match({ id: { $save: "payment" }, lines: [{ name: { $save: "line" } }, {}] }, SEEN), {
    payment: "pay_1",
    line: "tea",
  });
  match({ id: { $any: true }, lines: { $any: true } }, SEEN);
  match({ empty: { $absent: true }, missing: { $absent: true } }, SEEN);
  match({ id: { $matches: "^pay_" } }, SEEN);
  match({ lines: { $has: [{ name: "milk" }] } }, SEEN);
  assert.deepEqual(match({ id: { $one_of: ["ref_1", { $save: "id" }] } }, SEEN), { id: "pay_1" });
});

test("matchers refuse what they should", () => {
  for (const expected of [
    { missing: { $save: "x" } },
    { empty: { $save: "x" } },
    { empty: { $any: true } },
    { missing: { $any: true } },
    { id: { $absent: true } },
    { id: { $matches: "^ref_" } },
    { count: { $matches: "3" } },
    { missing: { $matches: "" } },
    { lines: { $has: [{ name: "milk" }, { name: "bread" }] } },
    { id: { $has: [] } },
    { id: { $one_of: ["ref_1", "cap_1"] } },
    { id: { $one_of: [] } },
    { id: { $unheard_of: true } },
  ] satisfies Json[]) {
    assert.throws(() => match(expected, SEEN), Mismatch, JSON.stringify(expected));
  }
});

test("values are put in whole, or as a part of a text", () => {
  const values = { run: "0a1b", amount: "49900", list: [1, 2], n: 7 };
  assert.deepEqual(
    filledIn({ a: "${amount}", b: ["${run}-x", "${list}"], c: "${n}", d: "${n}${run}" }, values),
    {
      a: "49900",
      b: ["0a1b-x", [1, 2]],
      c: 7,
      d: "70a1b",
    },
  );
  assert.throws(() => filledIn("${nobody}", values), Mismatch);
  assert.throws(() => filledIn("x-${constructor}", values), Mismatch);
});
