"""What became of a payment, for whoever prefers errors to answers."""

from __future__ import annotations

from turnpike.v1 import decline_pb2, payment_pb2

_PAID = frozenset({payment_pb2.PAYMENT_STATE_AUTHORIZED, payment_pb2.PAYMENT_STATE_CAPTURED})

_FINAL = frozenset(
    {
        payment_pb2.PAYMENT_STATE_DECLINED,
        payment_pb2.PAYMENT_STATE_FAILED,
        payment_pb2.PAYMENT_STATE_VOIDED,
        payment_pb2.PAYMENT_STATE_EXPIRED,
        payment_pb2.PAYMENT_STATE_REFUNDED,
    }
)


class PaymentOutcome(Exception):
    """A payment that is neither authorized nor captured: one of the four below."""

    payment: payment_pb2.Payment
    """The payment as it stood."""

    def __init__(self, payment: payment_pb2.Payment) -> None:
        super().__init__(payment)
        self.payment = payment

    @property
    def final(self) -> bool:
        """Whether nothing more can come of it. Only then is another charge no second one."""
        return self.payment.state in _FINAL

    # Not the payment itself: it holds the customer's page, which is a secret.
    def __str__(self) -> str:
        return f"{self.payment.id} is {_name(self.payment.state)}"

    def __repr__(self) -> str:
        return f"turnpike.{type(self).__name__}({str(self)!r})"


class Declined(PaymentOutcome):
    """The customer's bank or the provider refused. Final; nothing was taken."""

    @property
    def decline(self) -> decline_pb2.Decline:
        """Why, and what may be tried next with the same card."""
        return self.payment.decline

    def __str__(self) -> str:
        reason = decline_pb2.DeclineReason
        name = reason.Name(self.decline.reason) if self.decline.reason in reason.values() else "GENERIC"
        return f"{self.payment.id} is declined: {name.removeprefix('DECLINE_REASON_')}"


class Unresolved(PaymentOutcome):
    """Something was sent and the outcome is not known. The gateway keeps asking; do not charge again."""


class ActionRequired(PaymentOutcome):
    """The customer has to do something: `payment.next_action` says what."""


class NotPaid(PaymentOutcome):
    """It stands anywhere else: it failed, ended, went back, or is still on its way. `final` tells these apart."""


def decline_of(payment: payment_pb2.Payment) -> decline_pb2.Decline | None:
    """The decline of a payment, or None. In REQUIRES_ACTION it is that of a try that failed, and the customer may
    still try again."""
    return payment.decline if payment.HasField("decline") else None


def require_paid(payment: payment_pb2.Payment) -> payment_pb2.Payment:
    """The payment itself when it is authorized or captured.

    Raises `Declined`, `Unresolved`, `ActionRequired` or `NotPaid`.
    """
    if payment.state in _PAID:
        return payment
    if payment.state == payment_pb2.PAYMENT_STATE_DECLINED:
        raise Declined(payment)
    if payment.state == payment_pb2.PAYMENT_STATE_UNRESOLVED:
        raise Unresolved(payment)
    if payment.state == payment_pb2.PAYMENT_STATE_REQUIRES_ACTION:
        raise ActionRequired(payment)
    raise NotPaid(payment)


def _name(state: payment_pb2.PaymentState.ValueType) -> str:
    # A later server may have states that this version does not know.
    if state not in payment_pb2.PaymentState.values():
        return str(int(state))
    return payment_pb2.PaymentState.Name(state).removeprefix("PAYMENT_STATE_")
