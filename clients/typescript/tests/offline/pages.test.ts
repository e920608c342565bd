import assert from "node:assert/strict";
import { test } from "node:test";
import { items, pages } from "turnpike-client";

type Request = { account?: string; pageToken?: string };

/** Three pages with two accounts each. */
function listing() {
  const asked: Request[] = [];
  const list = async (request: Request) => {
    asked.push(request);
    const page = Number(request.pageToken ?? "0");
    return { names: [`${page}a`, `${page}b`], nextPageToken: page < 2 ? String(page + 1) : "" };
  };
  return { asked, list };
}

async function all<T>(iterable: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const each of iterable) found.push(each);
  return found;
}

test("all entries of all pages, with the same request", async () => {
  const { asked, list } = listing();
  assert.deepEqual(await all(items(list, { account: "a" }, "names")), ["0a", "0b", "1a", "1b", "2a", "2b"]);
  assert.deepEqual(asked, [
    { account: "a" },
    { account: "a", pageToken: "1" },
    { account: "a", pageToken: "2" },
  ]);
});

test("a page is asked for when it is needed", async () => {
  const { asked, list } = listing();
  for await (const name of items(list, {}, "names")) {
    if (name === "1a") break;
  }
  assert.equal(asked.length, 2);
});

test("events have a cursor instead of a token", async () => {
  const asked: unknown[] = [];
  const list = async (request: { after?: string; pageSize?: number }) => {
    asked.push(request);
    const isFirst = request.after === undefined;
    return { events: [isFirst ? 1 : 2], nextCursor: isFirst ? "one" : "two", hasMore: isFirst };
  };
  assert.equal((await all(pages(list, { pageSize: 1 }))).length, 2);
  assert.deepEqual(asked, [{ pageSize: 1 }, { pageSize: 1, after: "one" }]);
});

test("a list that would never end is an error", async () => {
  const list = async (_: Request) => ({ names: ["a"], nextPageToken: "again" });
  await assert.rejects(all(pages(list, {})), /never end/);
});

test("what a page fails with comes through", async () => {
  const list = async (_: Request): Promise<{ names: string[]; nextPageToken: string }> => {
    throw new Error("no page");
  };
  await assert.rejects(all(items(list, {}, "names")), /no page/);
});
