import { type Client, Code, ConnectError } from "@connectrpc/connect";
import type { Event } from "../gen/turnpike/v1/event_pb.js";
import type { EventService, StreamEventsResponse } from "../gen/turnpike/v1/event_service_pb.js";
import { TurnpikeError } from "./errors.js";
import { Backoff, sleep } from "./time.js";

/** The first pause before a stream is taken up again. */
const FIRST_PAUSE_MS = 250;
/** The longest one. */
const LONGEST_PAUSE_MS = 5_000;
/** A stream on which nothing comes for so long is dead: the gateway gives a sign of life every 15 s. */
const SILENCE_MS_MAX = 40_000;

/** With these codes, going on would fail in the same way again. */
const USELESS: ReadonlySet<Code> = new Set([
  Code.InvalidArgument,
  Code.Unauthenticated,
  Code.PermissionDenied,
  Code.Unimplemented,
]);

/** Where to begin, and what to leave out. */
export interface FollowOptions {
  /** The cursor of the last event that was taken in. Empty means from the beginning. */
  readonly after?: string;
  /** Only events of these types, such as `payment.captured` or `payment.*`; at most 50. Empty means all. */
  readonly types?: readonly string[];
  /**
   * Begin with what happens from now on; `after` must be empty then. Until the gateway has said once where that
   * is, which takes it 15 s at most, a broken stream begins with the now of its second beginning.
   */
  readonly onlyNew?: boolean;
  /** Ends it. */
  readonly signal?: AbortSignal;
}

/** An event, and the cursor to keep once it is taken in: give it as `after` to go on. */
export interface Followed {
  readonly event: Event;
  readonly cursor: string;
}

/** What `Services.follow` does. */
export async function* follow(
  events: Client<typeof EventService>,
  { after = "", types = [], onlyNew = false, signal }: FollowOptions,
  silenceMsMax = SILENCE_MS_MAX,
): AsyncGenerator<Followed, never, undefined> {
  const backoff = new Backoff(FIRST_PAUSE_MS, LONGEST_PAUSE_MS);
  let cursor = after;
  for (;;) {
    try {
      const request = { after: cursor, types: [...types], onlyNew: onlyNew && cursor === "" };
      for await (const response of listened(events, request, signal, silenceMsMax)) {
        backoff.reset();
        ({ cursor } = response);
        if (response.event !== undefined) yield { event: response.event, cursor };
      }
    } catch (thrown) {
      const error = TurnpikeError.from(thrown);
      if (signal?.aborted || USELESS.has(error.code)) throw error;
    }
    try {
      await sleep(backoff.next(), signal);
    } catch (reason) {
      throw new TurnpikeError(
        new ConnectError("no longer followed", Code.Canceled, undefined, undefined, reason),
      );
    }
  }
}

/** One stream, until it breaks or falls silent. Only the time of waiting counts: the reader may take its own. */
async function* listened(
  events: Client<typeof EventService>,
  request: { after: string; types: string[]; onlyNew: boolean },
  signal: AbortSignal | undefined,
  silenceMsMax: number,
): AsyncGenerator<StreamEventsResponse, void, undefined> {
  const silent = new AbortController();
  const either = signal === undefined ? silent.signal : AbortSignal.any([signal, silent.signal]);
  const stream = events.streamEvents(request, { signal: either })[Symbol.asyncIterator]();
  try {
    for (;;) {
      const timer = setTimeout(() => silent.abort(), silenceMsMax);
      const next = await stream.next().finally(() => clearTimeout(timer));
      if (next.done) return;
      yield next.value;
    }
  } finally {
    silent.abort();
  }
}
