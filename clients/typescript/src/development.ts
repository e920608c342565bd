import type { Duration, Timestamp } from "@bufbuild/protobuf/wkt";
import type { Client } from "@connectrpc/connect";
import {
  type ArrangeScenarioResponse,
  ChallengeOutcome,
  type FaultKind,
  type SandboxService,
} from "../gen/turnpike/v1/sandbox_service_pb.js";

/** A length of time. What is left out is zero; each part is a number of whole or half or whatever units. */
export interface Span {
  readonly days?: number;
  readonly hours?: number;
  readonly minutes?: number;
  readonly seconds?: number;
}

/** Which calls to simulated providers a fault hits; what is left out doesn't matter. */
export interface Fault {
  /** Only calls of this account. */
  readonly account?: string;
  /** Only calls to this provider, such as `dintero`. */
  readonly provider?: string;
  /** Only this call, by the names that ListExchanges shows. */
  readonly operation?: string;
  /** How many such calls go well first, up to 10,000. */
  readonly skip?: number;
  /** How many are hit after that, up to 10,000. One by default. */
  readonly times?: number;
  /** How long the answer is held back, up to ten minutes. */
  readonly delay?: Span;
  /** The HTTP status for FaultKind.HTTP_STATUS, from 400 to 599. 500 by default. */
  readonly httpStatus?: number;
}

/**
 * What a test does with the simulated providers and the clock of `turnpike dev`. Other gateways answer with
 * UNIMPLEMENTED.
 *
 * @throws TurnpikeError as SandboxService does.
 */
export class Development {
  readonly #sandbox: Client<typeof SandboxService>;

  constructor(sandbox: Client<typeof SandboxService>) {
    this.#sandbox = sandbox;
  }

  /**
   * Moves the merchant's clock forward, and lets happen what falls due. Returns the time there then. A year takes
   * seconds; the call has no deadline unless the gateway ends it, after ten minutes at most.
   */
  async advance(by: Span): Promise<Date> {
    const forward = { case: "by", value: duration(by) } as const;
    const { now } = await this.#sandbox.advanceClock({ forward }, { timeoutMs: 0 });
    return date(now);
  }

  /** The time of the merchant. */
  async now(): Promise<Date> {
    const { now } = await this.#sandbox.getClock({});
    return date(now);
  }

  /**
   * The customer of a session enters a card, has it saved where the page asks, and pays. Returns the address to
   * which the browser comes back: give it to ConfirmSession.
   *
   * @param card the number of a test card. Empty means one that the provider approves.
   */
  async pay(session: string | { readonly id: string }, card = ""): Promise<string> {
    const pay = { cardNumber: card, saveCard: true, challenge: ChallengeOutcome.PASS };
    const { returnUrl } = await this.#customer(session, { case: "pay", value: pay });
    return returnUrl;
  }

  /** The customer of a session gives up. Returns the address to which the browser comes back. */
  async cancel(session: string | { readonly id: string }): Promise<string> {
    const { returnUrl } = await this.#customer(session, { case: "cancel", value: {} });
    return returnUrl;
  }

  /** Makes simulated providers misbehave. Returns how many faults are now in force. */
  async fault(kind: FaultKind, { delay, ...where }: Fault = {}): Promise<number> {
    const value = { kind, ...where, ...(delay && { delay: duration(delay) }) };
    const { activeFaults } = await this.#sandbox.arrangeScenario({ scenario: { case: "fault", value } });
    return activeFaults;
  }

  /** Ends all faults, or those of one account. */
  async clear(account = ""): Promise<void> {
    await this.#sandbox.arrangeScenario({ scenario: { case: "clear", value: { account } } });
  }

  #customer(
    session: string | { readonly id: string },
    action:
      | { case: "pay"; value: { cardNumber: string; saveCard: boolean; challenge: ChallengeOutcome } }
      | { case: "cancel"; value: object },
  ): Promise<ArrangeScenarioResponse> {
    const place = { case: "sessionId", value: typeof session === "string" ? session : session.id } as const;
    return this.#sandbox.arrangeScenario({ scenario: { case: "customer", value: { place, action } } });
  }
}

function duration({
  days = 0,
  hours = 0,
  minutes = 0,
  seconds = 0,
}: Span): Pick<Duration, "seconds" | "nanos"> {
  const milliseconds = Math.round((((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000);
  if (!Number.isSafeInteger(milliseconds)) throw new TypeError("a span is made of numbers");
  const whole = Math.floor(milliseconds / 1000);
  return { seconds: BigInt(whole), nanos: (milliseconds - whole * 1000) * 1_000_000 };
}

function date(time: Timestamp | undefined): Date {
  return new Date(Number(time?.seconds ?? 0n) * 1000 + Math.floor((time?.nanos ?? 0) / 1_000_000));
}
