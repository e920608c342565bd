import { createInterface } from "node:readline";
import { type Followed, Turnpike, TurnpikeError } from "turnpike-client";

/** Does what the lines on the standard input say, one after the other, over one client. */
export async function runSteady(): Promise<void> {
  const turnpike = Turnpike.fromEnvironment(keepalive());
  let events: AsyncGenerator<Followed> | undefined;
  for await (const line of createInterface({ input: process.stdin })) {
    const what = line.trim();
    if (what === "quit") break;
    if (what === "call") {
      console.log(await told(turnpike.accounts.listAccounts({}).then(() => "ok")));
    } else if (what === "event") {
      console.log(await told(nextOf(events)));
    } else if (what === "stream") {
      // Nothing is said about it unless it fails.
      try {
        events = turnpike.follow({ after: await newest(turnpike) });
      } catch (error) {
        console.log(failed(error));
      }
    } else {
      throw new Error(`there is no ${line}`);
    }
  }
  turnpike.close();
  // An input that stays open would keep the program from ending.
  process.stdin.destroy();
}

function keepalive(): { keepaliveMs?: number; keepaliveTimeoutMs?: number } {
  const { TURNPIKE_KEEPALIVE_MS: after, TURNPIKE_KEEPALIVE_TIMEOUT_MS: timeout } = process.env;
  return {
    ...(after && { keepaliveMs: Number(after) }),
    ...(timeout && { keepaliveTimeoutMs: Number(timeout) }),
  };
}

/** The place after the newest event. A stream of new events alone would say it only with its first message. */
async function newest(turnpike: Turnpike): Promise<string> {
  for (let after = ""; ; ) {
    const page = await turnpike.events.listEvents({ after, pageSize: 200 });
    after = page.nextCursor;
    if (!page.hasMore) return after;
  }
}

async function nextOf(events: AsyncGenerator<Followed> | undefined): Promise<string> {
  if (events === undefined) return "failed FAILED_PRECONDITION there is no stream";
  const next = await events.next();
  return next.done ? "failed OUT_OF_RANGE the stream has ended" : `event ${next.value.event.id}`;
}

async function told(outcome: Promise<string>): Promise<string> {
  try {
    return await outcome;
  } catch (error) {
    return failed(error);
  }
}

function failed(error: unknown): string {
  const { codeName, message } = TurnpikeError.from(error);
  return `failed ${codeName} ${message.replaceAll("\n", " ")}`;
}
