import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import http2 from "node:http2";
import { syncBuiltinESMExports } from "node:module";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { inspect } from "node:util";
import { AccountService, Code, EventService, Turnpike } from "turnpike-client";
import { BadNetwork } from "../support/bad_network.js";
import { Server } from "../support/server.js";

const IMPATIENT = { keepaliveMs: 200, keepaliveTimeoutMs: 1_000 };

/** The first `hanging` calls get no answer. */
async function serving({ hanging = 0 } = {}) {
  let calls = 0;
  const server = await Server.start((router) => {
    router.rpc(AccountService.method.listAccounts, async (_, { signal }) => {
      if (++calls <= hanging) await new Promise((resolve) => signal.addEventListener("abort", resolve));
      return {};
    });
    router.rpc(EventService.method.streamEvents, async function* (_, { signal }) {
      yield { cursor: "1" };
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
    });
  });
  return { server, calls: () => calls };
}

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

test("one connection is enough for calls at once, and is kept alive while there are none", async (t) => {
  const { server } = await serving();
  const network = await BadNetwork.start(server.url, 1_500);
  const turnpike = new Turnpike({ url: network.url, apiKey: "tpk_test", ...IMPATIENT });
  t.after(async () => {
    turnpike.close();
    network.stop();
    await server.stop();
  });
  await Promise.all(Array.from({ length: 20 }, () => turnpike.accounts.listAccounts({})));
  await pause(4_000);
  await turnpike.accounts.listAccounts({});
  assert.equal(network.connections, 1);
});

test("without pings, the same network would have lost it", async (t) => {
  const { server } = await serving();
  const network = await BadNetwork.start(server.url, 500);
  const turnpike = new Turnpike({ url: network.url, apiKey: "tpk_test" });
  t.after(async () => {
    turnpike.close();
    network.stop();
    await server.stop();
  });
  await turnpike.accounts.listAccounts({});
  await pause(1_000);
  const call = turnpike.accounts.listAccounts({}, { timeoutMs: 1_000 });
  await assert.rejects(call, { code: Code.DeadlineExceeded });
});

test("a call on a dead connection is carried out on another", async (t) => {
  const { server } = await serving();
  const network = await BadNetwork.start(server.url);
  const turnpike = new Turnpike({ url: network.url, apiKey: "tpk_test", ...IMPATIENT });
  t.after(async () => {
    turnpike.close();
    network.stop();
    await server.stop();
  });
  await turnpike.accounts.listAccounts({});
  network.forget();
  await Promise.all(
    Array.from({ length: 3 }, () => turnpike.accounts.listAccounts({}, { timeoutMs: 5_000 })),
  );
  assert.equal(network.connections, 2);
});

for (const how of ["reset", "end"] as const) {
  test(`a connection that breaks under a call is UNAVAILABLE, and so tried again: ${how}`, async (t) => {
    const { server, calls } = await serving({ hanging: 1 });
    const turnpike = new Turnpike({ url: server.url, apiKey: "tpk_test" });
    t.after(async () => {
      turnpike.close();
      await server.stop();
    });
    const call = turnpike.accounts.listAccounts({});
    await pause(200);
    server.breakConnections(how);
    await call;
    assert.equal(calls(), 2);

    const stream = turnpike.events.streamEvents({})[Symbol.asyncIterator]();
    assert.equal((await stream.next()).value.cursor, "1");
    server.breakConnections(how);
    await assert.rejects(stream.next(), { code: Code.Unavailable });
  });
}

test("a stream on a dead connection ends with UNAVAILABLE", async (t) => {
  const { server } = await serving();
  const network = await BadNetwork.start(server.url);
  const turnpike = new Turnpike({ url: network.url, apiKey: "tpk_test", ...IMPATIENT });
  t.after(async () => {
    turnpike.close();
    network.stop();
    await server.stop();
  });
  const stream = turnpike.events.streamEvents({})[Symbol.asyncIterator]();
  assert.equal((await stream.next()).value.cursor, "1");
  network.forget();
  await assert.rejects(stream.next(), { code: Code.Unavailable });
});

test("whoever leaves the loop over a stream ends the call", async (t) => {
  let isOver = false;
  const server = await Server.start((router) => {
    router.rpc(EventService.method.streamEvents, async function* (_, { signal }) {
      yield { cursor: "1" };
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      isOver = true;
    });
  });
  const turnpike = new Turnpike({ url: server.url, apiKey: "tpk_test" });
  t.after(async () => {
    turnpike.close();
    await server.stop();
  });
  for await (const _ of turnpike.events.streamEvents({})) break;
  for (let looks = 0; !isOver && looks < 100; looks++) await pause(20);
  assert.ok(isOver);
});

test("a closed client is closed", async (t) => {
  const { server, calls } = await serving({ hanging: 1 });
  t.after(() => server.stop());
  const turnpike = new Turnpike({ url: server.url, apiKey: "tpk_secret" });
  const call = turnpike.accounts.listAccounts({});
  call.catch(() => {});
  await pause(200);
  turnpike.close();
  for (const each of [call, turnpike.accounts.listAccounts({})]) {
    await assert.rejects(each, (error: unknown) => {
      assert.equal((error as { code: Code }).code, Code.Canceled);
      assert.ok(!inspect(error, { depth: 10, showHidden: true }).includes("tpk_secret"));
      return true;
    });
  }
  assert.equal(calls(), 1);
});

test("a program that stood still does not take its connection for dead", async (t) => {
  // This program answers nobody while it stands still, so the server is another one.
  const path = fileURLToPath(new URL("../support/ping_server.js", import.meta.url));
  const other = spawn(process.execPath, [path], { stdio: ["ignore", "pipe", "inherit"] });
  t.after(() => other.kill());
  const [url] = (await once(createInterface({ input: other.stdout }), "line")) as [string];
  const network = await BadNetwork.start(url);
  t.after(() => network.stop());
  const { connect } = http2;
  let pings = 0;
  t.mock.method(http2, "connect", (...given: Parameters<typeof connect>) => {
    const session = connect(...given);
    const ping = session.ping.bind(session) as (answered: () => void) => boolean;
    session.ping = (answered: unknown) => {
      const isSent = ping(answered as () => void);
      pings++;
      // The answer comes, and the time for it runs out, while nothing can be read.
      const until = performance.now() + 300;
      while (performance.now() < until);
      return isSent;
    };
    return session;
  });
  syncBuiltinESMExports();
  const turnpike = new Turnpike({ url, apiKey: "tpk_test", keepaliveMs: 10, keepaliveTimeoutMs: 200 });
  t.after(() => {
    turnpike.close();
    t.mock.restoreAll();
    syncBuiltinESMExports();
  });
  await turnpike.accounts.listAccounts({});
  for (let looks = 0; pings < 3 && looks < 100; looks++) await pause(20);
  assert.equal((await turnpike.accounts.listAccounts({})).nextPageToken, "1");
  assert.ok(pings >= 3);
});
