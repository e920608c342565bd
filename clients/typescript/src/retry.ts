import { type Code, ConnectError, type Interceptor } from "@connectrpc/connect";
import { methodConfig, type RetryPolicy, throttling } from "./service_config.js";
import { sleep } from "./time.js";

/** How far a pause may be from what the policy says: between 0.8 and 1.2 of it, as in gRPC. */
const JITTER = 0.2;
/** A server's own wish for the pause, in milliseconds; what is no such number forbids a retry. */
const PUSHBACK = "grpc-retry-pushback-ms";
/** Tells the server how many attempts there were. */
const ATTEMPTS_BEFORE = "grpc-previous-rpc-attempts";

/**
 * Repeats calls as gRPC does with the service config: the same request, with the same request id, while the
 * code is one that the policy names, the attempts last, the deadline is not over and the throttle allows it.
 *
 * @param tellsAttempts whether the server is told the number of earlier attempts. A browser must not send that
 * header to another origin.
 */
export function retries(tellsAttempts: boolean): Interceptor {
  const throttle = new Throttle();
  return (next) => async (request) => {
    const policy = methodConfig(request.method).retries;
    if (request.stream || policy === undefined) return next(request);
    const deadline = Deadline.of(request.header);
    for (let attempt = 1; ; attempt++) {
      try {
        const answer = await next(request);
        throttle.succeeded();
        return answer;
      } catch (thrown) {
        const error = ConnectError.from(thrown);
        const pause = throttle.failed(error, policy)
          ? pauseBefore(attempt, error.metadata.get(PUSHBACK), policy)
          : undefined;
        if (pause === undefined || request.signal.aborted) throw error;
        await sleep(pause, request.signal);
        deadline?.shorten(request.header);
        if (tellsAttempts) request.header.set(ATTEMPTS_BEFORE, String(attempt));
      }
    }
  };
}

/** How long to wait before the next attempt, or undefined when there is none. */
export function pauseBefore(
  attemptsSoFar: number,
  pushback: string | null,
  policy: RetryPolicy,
  random: () => number = Math.random,
): number | undefined {
  if (attemptsSoFar >= policy.attemptsMax) return undefined;
  if (pushback !== null) return /^\d{1,9}$/.test(pushback) ? Number(pushback) : undefined;
  const whole = Math.min(
    policy.firstPauseMs * policy.multiplier ** (attemptsSoFar - 1),
    policy.longestPauseMs,
  );
  return whole * (1 - JITTER + 2 * JITTER * random());
}

/** gRPC's retry throttling: a bucket of tokens that failures empty; from half of it on nothing is repeated. */
export class Throttle {
  readonly #settings = throttling();
  #tokens = this.#settings.tokensMax;

  succeeded(): void {
    this.#tokens = Math.min(this.#settings.tokensMax, this.#tokens + this.#settings.tokensForSuccess);
  }

  /** Counts a failure. Tells whether the call may be repeated. */
  failed(error: { code: Code; metadata: Headers }, policy: RetryPolicy): boolean {
    const isRetryable = policy.codes.has(error.code);
    if (isRetryable || error.metadata.has(PUSHBACK)) this.#tokens = Math.max(0, this.#tokens - 1);
    return isRetryable && this.#tokens > this.#settings.tokensMax / 2;
  }
}

/** The time that a call has left, which is told to the server anew with each attempt. */
class Deadline {
  readonly #name: string;
  readonly #unit: string;
  readonly #at: number;

  private constructor(name: string, unit: string, leftMs: number) {
    this.#name = name;
    this.#unit = unit;
    this.#at = Date.now() + leftMs;
  }

  /** What the library has put into the headers: `30000m` for gRPC and gRPC-Web, `30000` for Connect. */
  static of(header: Headers): Deadline | undefined {
    for (const name of ["grpc-timeout", "connect-timeout-ms"]) {
      const [, leftMs, unit] = /^(\d+)(m?)$/.exec(header.get(name) ?? "") ?? [];
      if (leftMs !== undefined && unit !== undefined) return new Deadline(name, unit, Number(leftMs));
    }
    return undefined;
  }

  shorten(header: Headers): void {
    header.set(this.#name, `${Math.max(1, Math.round(this.#at - Date.now()))}${this.#unit}`);
  }
}
