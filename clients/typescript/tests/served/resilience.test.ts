import assert from "node:assert/strict";
import { test } from "node:test";
import { BadNetwork } from "../support/bad_network.js";
import { Gateway, openSession } from "../support/gateway.js";
import { Steady } from "../support/steady.js";

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** A call is given up after 30 s; one that has to find out first that the connection is dead needs two. */
const SOON_MS = 10_000;

test("a gateway that is stopped and started again fails no call", async (t) => {
  const gateway = await Gateway.start();
  t.after(() => gateway.remove());
  const steady = new Steady(gateway.environment);
  t.after(() => steady.kill());
  assert.equal(await steady.ask("call"), "ok");
  await gateway.stop("SIGTERM");
  await gateway.start();
  assert.equal(await steady.ask("call"), "ok");
  // The call is made while nobody listens.
  await gateway.stop("SIGKILL");
  steady.tell("call");
  await pause(300);
  await gateway.start();
  assert.equal(await steady.answer(), "ok");
  assert.equal(await steady.quit(), 0);
});

test("a network that forgets idle connections fails no call", async (t) => {
  const gateway = await Gateway.start();
  const network = await BadNetwork.start(gateway.url, 3_000);
  t.after(async () => {
    network.stop();
    await gateway.remove();
  });
  const environment = { ...gateway.environment, TURNPIKE_URL: network.url, TURNPIKE_KEEPALIVE_MS: "1000" };
  const steady = new Steady(environment);
  t.after(() => steady.kill());
  assert.equal(await steady.ask("call"), "ok");
  await pause(6_000);
  assert.equal(await steady.ask("call"), "ok");
  assert.equal(network.connections, 1);
  assert.equal(await steady.quit(), 0);
});

test("a connection of which the other half is gone fails no call", async (t) => {
  const gateway = await Gateway.start();
  const network = await BadNetwork.start(gateway.url);
  t.after(async () => {
    network.stop();
    await gateway.remove();
  });
  const steady = new Steady({
    ...gateway.environment,
    TURNPIKE_URL: network.url,
    TURNPIKE_KEEPALIVE_MS: "1000",
    TURNPIKE_KEEPALIVE_TIMEOUT_MS: "1000",
  });
  t.after(() => steady.kill());
  assert.equal(await steady.ask("call"), "ok");
  network.forget();
  const began = performance.now();
  assert.equal(await steady.ask("call"), "ok");
  const took = performance.now() - began;
  assert.ok(took < SOON_MS, `it took ${took} ms`);
  assert.equal(network.connections, 2);
  assert.equal(await steady.quit(), 0);
});

test("a stream goes on after restarts, with no event lost or repeated", async (t) => {
  const gateway = await Gateway.start();
  t.after(() => gateway.remove());
  const before = gateway.client();
  await openSession(before);
  const steady = new Steady(gateway.environment);
  t.after(() => steady.kill());
  // The answer to the call says that the stream has begun.
  steady.tell("stream");
  assert.equal(await steady.ask("call"), "ok");
  const told: string[] = [];
  for (const signal of ["SIGTERM", "SIGKILL", "SIGTERM"] as const) {
    const turnpike = gateway.client();
    const page = await turnpike.events.listEvents({ pageSize: 200 });
    await openSession(turnpike);
    const made = await turnpike.events.listEvents({ after: page.nextCursor });
    turnpike.close();
    assert.ok(made.events.length > 0);
    // The last is read after the restart.
    for (const { id } of made.events.slice(0, -1)) assert.equal(await steady.ask("event"), `event ${id}`);
    await gateway.stop(signal);
    await gateway.start();
    assert.equal(await steady.ask("event"), `event ${made.events.at(-1)?.id}`);
    told.push(...made.events.map(({ id }) => id));
  }
  assert.equal(new Set(told).size, told.length);
  before.close();
  assert.equal(await steady.quit(), 0);
});
