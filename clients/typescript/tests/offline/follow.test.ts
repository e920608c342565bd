import assert from "node:assert/strict";
import { test } from "node:test";
import { ConnectError, type HandlerContext } from "@connectrpc/connect";
import { Code, EventService, type StreamEventsRequest, Turnpike } from "turnpike-client";
import { follow } from "#layer/events.js";
import { Server } from "../support/server.js";

type Told = { event?: { id: string }; cursor: string };
type Stream = (request: StreamEventsRequest, context: HandlerContext) => AsyncGenerator<Told>;

/** Tells each stream in turn. */
async function serving(...streams: Stream[]) {
  const asked: { after: string; onlyNew: boolean }[] = [];
  const server = await Server.start((router) => {
    router.rpc(EventService.method.streamEvents, async function* (request, context) {
      const stream = streams[asked.length];
      asked.push({ after: request.after, onlyNew: request.onlyNew });
      if (stream === undefined) throw new ConnectError("over", Code.PermissionDenied);
      yield* stream(request, context);
    });
  });
  return { server, asked, turnpike: new Turnpike({ url: server.url, apiKey: "tpk_test" }) };
}

const event = (number: number): Told => ({ event: { id: `evt_${number}` }, cursor: String(number) });
const lost = () => new ConnectError("down", Code.Unavailable);

function failing(error: ConnectError): Stream {
  return async function* () {
    yield* [];
    throw error;
  };
}

test("it goes on from the last cursor, whatever broke, until going on is useless", async (t) => {
  const { server, asked, turnpike } = await serving(
    async function* () {
      yield event(1);
      yield event(2);
      throw lost();
    },
    // A clean end is no end.
    async function* () {
      yield event(3);
    },
    // A sign of life moves the place on over events of other types.
    async function* () {
      yield { cursor: "9" };
      throw new ConnectError("broken", Code.Internal);
    },
    async function* () {
      yield event(10);
      throw new ConnectError("too many streams", Code.ResourceExhausted);
    },
  );
  t.after(() => server.stop());
  const seen: string[] = [];
  await assert.rejects(
    async () => {
      for await (const { event, cursor } of turnpike.follow({ after: "0" }))
        seen.push(`${event.id} ${cursor}`);
    },
    { code: Code.PermissionDenied },
  );
  assert.deepEqual(seen, ["evt_1 1", "evt_2 2", "evt_3 3", "evt_10 10"]);
  assert.deepEqual(
    asked.map(({ after }) => after),
    ["0", "2", "3", "9", "10"],
  );
  turnpike.close();
});

test("only what is new, until a place is known", async (t) => {
  const { server, asked, turnpike } = await serving(
    failing(lost()),
    async function* () {
      yield { cursor: "5" };
      throw lost();
    },
    async function* () {
      yield event(6);
    },
  );
  t.after(() => server.stop());
  for await (const { event } of turnpike.follow({ onlyNew: true })) {
    assert.equal(event.id, "evt_6");
    break;
  }
  assert.deepEqual(asked, [
    { after: "", onlyNew: true },
    { after: "", onlyNew: true },
    { after: "5", onlyNew: false },
  ]);
  turnpike.close();
});

for (const code of [Code.InvalidArgument, Code.Unauthenticated, Code.PermissionDenied, Code.Unimplemented]) {
  test(`${Code[code]} ends it`, async (t) => {
    const { server, asked, turnpike } = await serving(failing(new ConnectError("no", code)));
    t.after(() => server.stop());
    await assert.rejects(turnpike.follow().next(), { code });
    assert.equal(asked.length, 1);
    turnpike.close();
  });
}

test("a silent stream is taken up again, and a slow reader is not silence", async (t) => {
  const { server, asked, turnpike } = await serving(
    async function* (_, { signal }) {
      yield event(1);
      yield event(2);
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
    },
    async function* () {
      yield event(3);
    },
  );
  t.after(() => server.stop());
  const seen: string[] = [];
  for await (const { event } of follow(turnpike.events, {}, 200)) {
    seen.push(event.id);
    if (event.id === "evt_1") await new Promise((resolve) => setTimeout(resolve, 500));
    if (event.id === "evt_3") break;
  }
  assert.deepEqual(seen, ["evt_1", "evt_2", "evt_3"]);
  assert.deepEqual(
    asked.map(({ after }) => after),
    ["", "2"],
  );
  turnpike.close();
});

test("the caller's signal ends it, in the pauses as well", async (t) => {
  const { server, turnpike } = await serving(
    async function* (_, { signal }) {
      yield event(1);
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
    },
    failing(lost()),
    failing(lost()),
  );
  t.after(() => server.stop());
  for (const _ of ["while it waits", "in a pause"]) {
    const leaving = new AbortController();
    setTimeout(() => leaving.abort(), 150);
    await assert.rejects(
      async () => {
        for await (const _ of turnpike.follow({ signal: leaving.signal }));
      },
      { code: Code.Canceled, name: "TurnpikeError" },
    );
  }
  turnpike.close();
});
