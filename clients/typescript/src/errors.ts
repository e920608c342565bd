import { Code, ConnectError } from "@connectrpc/connect";
import { ErrorReason } from "../gen/turnpike/v1/error_reason_pb.js";
import { readDetails, type WrongField } from "./details.js";
import { codeName } from "./service_config.js";

export { Code } from "@connectrpc/connect";
export type { WrongField } from "./details.js";

/**
 * The only error of calls. It shows nothing secret: no key, no token, no card number.
 *
 * A decline is not an error but an answer; see `declineOf` and `requirePaid`.
 */
export class TurnpikeError extends Error {
  override readonly name = "TurnpikeError";

  /** gRPC's code. */
  readonly code: Code;

  /** gRPC's name of the code, such as `NOT_FOUND`. */
  readonly codeName: string;

  /**
   * Why, from the gateway's catalogue. `UNSPECIFIED` when this version of the client does not know the reason,
   * or when the error does not come from the gateway at all; then go by the code.
   */
  readonly reason: ErrorReason;

  /** The reason as the gateway wrote it, such as `PAYMENT_NOT_FOUND`. Empty when there is none. */
  readonly reasonText: string;

  /** What the reason is about; `ErrorReason` tells the keys of each. */
  readonly metadata: Readonly<Record<string, string>>;

  /** The wrong fields of the request, all of them. Empty for other errors. */
  readonly fields: readonly WrongField[];

  /** When to come back, in milliseconds from now. Undefined when the gateway did not say. */
  readonly retryAfterMs: number | undefined;

  /** The error as the library beneath told it. */
  declare readonly cause: ConnectError;

  constructor(cause: ConnectError) {
    const { reason, metadata, fields, retryAfterMs } = readDetails(cause);
    const name = codeName(cause.code);
    super(`${reason === "" ? name : `${name} ${reason}`}: ${cause.rawMessage}`, { cause });
    this.code = cause.code;
    this.codeName = name;
    this.reason = knownReason(reason);
    this.reasonText = reason;
    this.metadata = metadata;
    this.fields = fields;
    this.retryAfterMs = retryAfterMs;
  }

  /**
   * Whether the gateway says that nothing was sent to a provider: UNAVAILABLE with one of its reasons. A lost
   * connection has the same code without a reason, and while an earlier call with the request id runs, that one may
   * have sent something. Either way the same request, with the same request id, may be sent again: it moves money
   * once.
   */
  get nothingWasSent(): boolean {
    const isUnknown = this.reasonText === "" || this.reason === ErrorReason.REQUEST_STILL_RUNNING;
    return this.code === Code.Unavailable && !isUnknown;
  }

  /** Turns whatever a call threw into a `TurnpikeError`. */
  static from(error: unknown): TurnpikeError {
    return error instanceof TurnpikeError ? error : new TurnpikeError(ConnectError.from(error));
  }
}

function knownReason(text: string): ErrorReason {
  const value: unknown = (ErrorReason as unknown as Record<string, unknown>)[text];
  return typeof value === "number" ? value : ErrorReason.UNSPECIFIED;
}
