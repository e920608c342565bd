import { create } from "@bufbuild/protobuf";
import { type Decline, DeclineReason, DeclineSchema } from "../gen/turnpike/v1/decline_pb.js";
import { type Payment, PaymentState } from "../gen/turnpike/v1/payment_pb.js";

/** Why a payment was declined. Undefined when it was not, also while the customer may still try another card. */
export function declineOf(payment: Payment): Decline | undefined {
  return payment.state === PaymentState.DECLINED ? (payment.decline ?? create(DeclineSchema)) : undefined;
}

/**
 * Returns a payment that is authorized or captured, for whoever prefers errors to answers.
 *
 * @throws DeclinedError, UnresolvedError, ActionRequiredError, or else NotPaidError, each with the payment.
 */
export function requirePaid(payment: Payment): Payment {
  switch (payment.state) {
    case PaymentState.AUTHORIZED:
    case PaymentState.CAPTURED:
      return payment;
    case PaymentState.DECLINED:
      throw new DeclinedError(payment);
    case PaymentState.UNRESOLVED:
      throw new UnresolvedError(payment);
    case PaymentState.REQUIRES_ACTION:
      throw new ActionRequiredError(payment);
    default:
      throw new NotPaidError(payment);
  }
}

/** A payment is neither authorized nor captured. The other errors of `requirePaid` are kinds of it. */
export class NotPaidError extends Error {
  override readonly name: string = "NotPaidError";

  /** The payment. It isn't shown when the error is printed: it may hold the customer's link. */
  declare readonly payment: Payment;

  constructor(payment: Payment, message?: string) {
    const state = PaymentState[payment.state] ?? String(payment.state);
    super(`${payment.id}: ${message ?? `the payment is ${state}`}`);
    Object.defineProperty(this, "payment", { value: payment, enumerable: false });
  }
}

/** The customer's bank or the provider refused. Nothing was taken. */
export class DeclinedError extends NotPaidError {
  override readonly name = "DeclinedError";

  /** Why, and what may be tried next. */
  readonly decline: Decline;

  constructor(payment: Payment) {
    const decline = payment.decline ?? create(DeclineSchema);
    super(payment, `the payment was declined: ${DeclineReason[decline.reason] ?? String(decline.reason)}`);
    this.decline = decline;
  }
}

/** Something was sent, and the outcome is not known yet. Do not charge again: the gateway keeps asking. */
export class UnresolvedError extends NotPaidError {
  override readonly name = "UnresolvedError";

  constructor(payment: Payment) {
    super(payment, "the outcome of the payment is not known yet");
  }
}

/** The customer has to do something; see `payment.nextAction`. */
export class ActionRequiredError extends NotPaidError {
  override readonly name = "ActionRequiredError";

  constructor(payment: Payment) {
    super(payment, "the payment waits for the customer");
  }
}
