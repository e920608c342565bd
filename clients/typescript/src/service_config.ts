import type { DescMethod } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";

/**
 * Deadlines and retries, as gRPC writes them. It is the same text as `contract/service_config.json`, which a
 * test compares: gRPC libraries read that file themselves, and this one has to do what they do.
 */
export const SERVICE_CONFIG = {
  methodConfig: [
    {
      name: [{}],
      timeout: "30s",
      retryPolicy: {
        maxAttempts: 5,
        initialBackoff: "0.25s",
        maxBackoff: "2s",
        backoffMultiplier: 2,
        retryableStatusCodes: ["UNAVAILABLE"],
      },
    },
    {
      name: [
        { service: "turnpike.v1.SandboxService", method: "ArrangeScenario" },
        { service: "turnpike.v1.SandboxService", method: "AdvanceClock" },
      ],
      timeout: "30s",
    },
    {
      name: [
        { service: "turnpike.v1.EventService", method: "StreamEvents" },
        { service: "turnpike.v1.PaymentService", method: "WatchPayment" },
      ],
    },
  ],
  retryThrottling: { maxTokens: 100, tokenRatio: 0.1 },
} as const;

/** When a call is tried again, and how often. */
export interface RetryPolicy {
  /** The first attempt counts. */
  readonly attemptsMax: number;
  readonly firstPauseMs: number;
  readonly longestPauseMs: number;
  readonly multiplier: number;
  readonly codes: ReadonlySet<Code>;
}

/** What holds for one method. */
export interface MethodConfig {
  /** The deadline of a call that names none. Undefined means none. */
  readonly timeoutMs: number | undefined;
  /** Undefined means that a call is tried once. */
  readonly retries: RetryPolicy | undefined;
}

/** Slows retries down for the whole client when many calls fail. */
export interface Throttling {
  readonly tokensMax: number;
  readonly tokensForSuccess: number;
}

interface Name {
  readonly service?: string;
  readonly method?: string;
}

interface Entry {
  readonly name: readonly Name[];
  readonly timeout?: string;
  readonly retryPolicy?: (typeof SERVICE_CONFIG)["methodConfig"][0]["retryPolicy"];
}

/** The most exact entry wins, as in gRPC: the method's, then the service's, then everyone's. */
export function methodConfig(method: DescMethod): MethodConfig {
  const entries: readonly Entry[] = SERVICE_CONFIG.methodConfig;
  const wanted: Name[] = [
    { service: method.parent.typeName, method: method.name },
    { service: method.parent.typeName },
    {},
  ];
  for (const { service, method: name } of wanted) {
    const entry = entries.find((entry) =>
      entry.name.some((each) => each.service === service && each.method === name),
    );
    if (entry !== undefined) {
      return read(entry);
    }
  }
  return { timeoutMs: undefined, retries: undefined };
}

/** What holds for all methods together. */
export function throttling(): Throttling {
  const { maxTokens, tokenRatio } = SERVICE_CONFIG.retryThrottling;
  return { tokensMax: maxTokens, tokensForSuccess: tokenRatio };
}

function read({ timeout, retryPolicy }: Entry): MethodConfig {
  return {
    timeoutMs: timeout === undefined ? undefined : milliseconds(timeout),
    retries: retryPolicy && {
      attemptsMax: retryPolicy.maxAttempts,
      firstPauseMs: milliseconds(retryPolicy.initialBackoff),
      longestPauseMs: milliseconds(retryPolicy.maxBackoff),
      multiplier: retryPolicy.backoffMultiplier,
      codes: new Set(retryPolicy.retryableStatusCodes.map(codeOfName)),
    },
  };
}

/** A duration as protobuf's JSON writes it, such as `0.25s`. */
function milliseconds(text: string): number {
  return Math.round(Number(text.replace(/s$/, "")) * 1000);
}

/** The name that gRPC has for a code, such as `NOT_FOUND`. */
export function codeName(code: Code): string {
  // The library has `NotFound`; gRPC's one exception is `CANCELLED`.
  return code === Code.Canceled ? "CANCELLED" : Code[code].replace(/(?<=[a-z])[A-Z]/g, "_$&").toUpperCase();
}

function codeOfName(name: string): Code {
  for (const code of Object.values(Code)) {
    if (typeof code === "number" && codeName(code) === name) {
      return code;
    }
  }
  throw new Error(`there is no gRPC code ${name}`);
}
