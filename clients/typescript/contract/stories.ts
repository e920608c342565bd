import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type DescMethod, fromJson, type JsonValue, type MessageShape, toJson } from "@bufbuild/protobuf";
import {
  AccountService,
  EventService,
  PaymentService,
  RecurringService,
  SandboxService,
  SessionService,
  TokenService,
  Turnpike,
  TurnpikeError,
} from "turnpike-client";
import { attempt, match } from "./matching.js";
import { type Result, sorted } from "./report.js";
import { filledIn, type Json, Mismatch, type Values } from "./values.js";

/** The deadline of a call, and how long a stream is read. */
const CALL_MS_MAX = 30_000;
/** How often a call is repeated until its answer matches. */
const REPEAT_EVERY_MS = 100;

interface Story {
  accounts?: string[];
  steps: Step[];
}

interface Step {
  step: string;
  call: string;
  request: Json;
  credentials?: "none" | "unknown";
  answer?: Json;
  within_seconds?: number;
  error?: { code: string; reason?: string; metadata?: Json; fields?: Json };
  stream?: Json[];
}

const SERVICES = {
  SessionService: [SessionService, "sessions"],
  PaymentService: [PaymentService, "payments"],
  TokenService: [TokenService, "tokens"],
  RecurringService: [RecurringService, "recurring"],
  EventService: [EventService, "events"],
  AccountService: [AccountService, "accounts"],
  SandboxService: [SandboxService, "sandbox"],
} as const;

/** Tells every story of the kit, one after the other, and says how each went. */
export async function tellStories(contract: string, say: (result: Result) => void): Promise<Result[]> {
  const folder = join(contract, "stories");
  const names = sorted(readdirSync(folder).filter((name) => name.endsWith(".json")));
  if (names.length === 0) throw new Error(`there are no stories in ${folder}`);
  const accounts: Record<string, Values> = JSON.parse(readFileSync(join(contract, "accounts.json"), "utf8"));
  const url = process.env.TURNPIKE_URL ?? "";
  const callers = {
    own: Turnpike.fromEnvironment(),
    none: new Turnpike({ url, apiKey: null }),
    unknown: new Turnpike({ url, apiKey: "tpk_unknown" }),
  };
  const results: Result[] = [];
  for (const name of names) {
    const story: Story = JSON.parse(readFileSync(join(folder, name), "utf8"));
    for (const account of story.accounts ?? [""]) {
      const known = account === "" ? {} : accounts[account];
      const telling = new Telling(callers, account === "" ? {} : { ...known, account });
      const began = performance.now();
      const failure =
        known === undefined ? `accounts.json has no ${account}` : await telling.tell(story.steps);
      const result = {
        name: name.replace(/\.json$/, ""),
        account,
        passed: failure === "",
        steps: telling.steps,
        seconds: Math.round(performance.now() - began) / 1000,
        failure,
      };
      say(result);
      results.push(result);
    }
  }
  for (const caller of Object.values(callers)) caller.close();
  return results;
}

type Callers = Record<"own" | "none" | "unknown", Turnpike>;
type Call = (request: unknown, options: { signal?: AbortSignal; timeoutMs?: number }) => unknown;

/** One telling of a story: its values, and how far it has come. */
export class Telling {
  steps = 0;
  readonly #callers: Callers;
  #values: Values;

  constructor(callers: Callers, values: Values) {
    this.#callers = callers;
    const run = Array.from(crypto.getRandomValues(new Uint8Array(6)), (byte) =>
      byte.toString(16).padStart(2, "0"),
    ).join("");
    this.#values = { ...values, run };
  }

  /** Returns the first failure; empty when there is none. */
  async tell(steps: readonly Step[]): Promise<string> {
    for (const step of steps) {
      try {
        await this.#take(step);
      } catch (error) {
        return `${step.step}: ${error instanceof Error ? error.message : String(error)}`;
      }
      this.steps++;
    }
    return "";
  }

  async #take(step: Step): Promise<void> {
    const expectations = [step.answer, step.error, step.stream].filter((each) => each !== undefined);
    if (expectations.length !== 1) throw new Mismatch("a step expects an answer, an error or a stream");
    const { method, call } = this.#method(step);
    const request = fromJson(method.input, filledIn(step.request, this.#values) as JsonValue);
    if (step.error !== undefined) await this.#expectError(step.error, method, () => call(request, timed()));
    if (step.stream !== undefined) await this.#expectStream(step.stream, method, call, request);
    if (step.answer !== undefined) await this.#expectAnswer(step.answer, step, method, call, request);
  }

  #method(step: Step): { method: DescMethod; call: Call } {
    const [serviceName = "", methodName = ""] = step.call.split("/");
    const found = SERVICES[serviceName as keyof typeof SERVICES];
    const method = found?.[0].methods.find((each) => each.name === methodName);
    if (found === undefined || method === undefined) throw new Mismatch(`there is no ${step.call}`);
    const caller = this.#callers[step.credentials ?? "own"];
    if (caller === undefined) throw new Mismatch(`there are no credentials ${step.credentials}`);
    const calls = caller[found[1]] as unknown as Record<string, Call>;
    return { method, call: (...given) => calls[method.localName]?.(...given) };
  }

  async #expectAnswer(
    answer: Json,
    step: Step,
    method: DescMethod,
    call: Call,
    request: unknown,
  ): Promise<void> {
    if (method.methodKind !== "unary") throw new Mismatch(`${step.call} answers with a stream`);
    const until = performance.now() + (step.within_seconds ?? 0) * 1000;
    for (;;) {
      const seen = asJson(method, await call(request, timed()));
      try {
        this.#keep(match(filledIn(answer, this.#values), seen));
        return;
      } catch (error) {
        if (performance.now() >= until) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, REPEAT_EVERY_MS));
    }
  }

  async #expectError(
    expected: NonNullable<Step["error"]>,
    method: DescMethod,
    call: () => unknown,
  ): Promise<void> {
    const error = await errorOf(method, call);
    if (error === undefined) throw new Mismatch(`expected ${expected.code}, and the call went well`);
    const seen: Json = {
      code: error.codeName,
      reason: error.reasonText,
      metadata: { ...error.metadata },
      fields: error.fields.map(({ path }) => path),
    };
    this.#keep(match(filledIn({ ...expected }, this.#values), seen, "error"));
  }

  async #expectStream(expected: Json[], method: DescMethod, call: Call, request: unknown): Promise<void> {
    if (method.methodKind !== "server_streaming")
      throw new Mismatch(`${method.name} answers with one message`);
    const signal = AbortSignal.timeout(CALL_MS_MAX);
    let matched = 0;
    try {
      for await (const message of call(request, { signal }) as AsyncIterable<unknown>) {
        const next = expected[matched];
        if (next === undefined) break;
        const saved = attempt(filledIn(next, this.#values), asJson(method, message));
        if (saved === undefined) continue;
        this.#keep(saved);
        if (++matched === expected.length) return;
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
    if (matched < expected.length) {
      const missing = JSON.stringify(filledIn(expected[matched] ?? null, this.#values));
      throw new Mismatch(`${matched} of ${expected.length} came on the stream; not ${missing}`);
    }
  }

  #keep(saved: Values): void {
    this.#values = { ...this.#values, ...saved };
  }
}

function timed(): { timeoutMs: number } {
  return { timeoutMs: CALL_MS_MAX };
}

function asJson(method: DescMethod, message: unknown): Json {
  return toJson(method.output, message as MessageShape<typeof method.output>);
}

async function errorOf(method: DescMethod, call: () => unknown): Promise<TurnpikeError | undefined> {
  try {
    if (method.methodKind === "unary") {
      await call();
    } else {
      // The first message is enough to know that it went well.
      for await (const _ of call() as AsyncIterable<unknown>) break;
    }
  } catch (error) {
    if (error instanceof TurnpikeError) return error;
    throw error;
  }
  return undefined;
}
