import type { Client, Transport } from "@connectrpc/connect";
import { AccountService } from "../gen/turnpike/v1/account_service_pb.js";
import { EventService } from "../gen/turnpike/v1/event_service_pb.js";
import { PaymentService } from "../gen/turnpike/v1/payment_service_pb.js";
import { RecurringService } from "../gen/turnpike/v1/recurring_service_pb.js";
import { SandboxService } from "../gen/turnpike/v1/sandbox_service_pb.js";
import { SessionService } from "../gen/turnpike/v1/session_service_pb.js";
import { TokenService } from "../gen/turnpike/v1/token_service_pb.js";
import { Development } from "./development.js";
import { type Followed, type FollowOptions, follow } from "./events.js";
import { withDeadlines } from "./layer.js";
import { serviceOf } from "./services.js";

/**
 * What a client has wherever it runs: the services of the gateway, with deadlines, retries and errors as the
 * contract has them. Every method takes the request and `CallOptions`: `signal` ends a call, `timeoutMs` is its
 * deadline in milliseconds instead of 30 s (0 for none), `headers` go along.
 */
export class Services {
  /** Sessions in which customers pay or save cards. */
  readonly sessions: Client<typeof SessionService>;
  /** Charges of saved cards, and all that follows a payment. */
  readonly payments: Client<typeof PaymentService>;
  /** Saved cards. */
  readonly tokens: Client<typeof TokenService>;
  /** Schedules that charge a saved card again and again. */
  readonly recurring: Client<typeof RecurringService>;
  /** What became true, in order; see also `follow`. */
  readonly events: Client<typeof EventService>;
  /** The caller's accounts at providers, and what they can do. */
  readonly accounts: Client<typeof AccountService>;
  /** The simulated providers of `turnpike dev`; see also `development`. */
  readonly sandbox: Client<typeof SandboxService>;
  /** What a test does with the simulated providers, in one line each. */
  readonly development: Development;

  protected constructor(bare: Transport) {
    const transport = withDeadlines(bare);
    this.sessions = serviceOf(SessionService, transport);
    this.payments = serviceOf(PaymentService, transport);
    this.tokens = serviceOf(TokenService, transport);
    this.recurring = serviceOf(RecurringService, transport);
    this.events = serviceOf(EventService, transport);
    this.accounts = serviceOf(AccountService, transport);
    this.sandbox = serviceOf(SandboxService, transport);
    this.development = new Development(this.sandbox);
  }

  /**
   * Follows the events, and goes on from the last cursor when the stream breaks, for as long as the reader wants.
   * Leave the loop, or abort `options.signal`, to end it.
   *
   * @throws TurnpikeError where going on is useless: a wrong cursor, a wrong key, not allowed, no such service;
   * or CANCELLED when the signal was aborted.
   */
  follow(options: FollowOptions = {}): AsyncGenerator<Followed, never, undefined> {
    return follow(this.events, options);
  }
}
