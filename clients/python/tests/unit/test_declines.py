"""Which payments are paid, and what is raised for the others."""

from __future__ import annotations

import pickle

import pytest

import turnpike
from turnpike import v1

RAISED = {
    v1.PAYMENT_STATE_DECLINED: turnpike.Declined,
    v1.PAYMENT_STATE_UNRESOLVED: turnpike.Unresolved,
    v1.PAYMENT_STATE_REQUIRES_ACTION: turnpike.ActionRequired,
}
PAID = {v1.PAYMENT_STATE_AUTHORIZED, v1.PAYMENT_STATE_CAPTURED}
FINAL = {
    v1.PAYMENT_STATE_DECLINED,
    v1.PAYMENT_STATE_FAILED,
    v1.PAYMENT_STATE_VOIDED,
    v1.PAYMENT_STATE_EXPIRED,
    v1.PAYMENT_STATE_REFUNDED,
}
LINK = "https://provider.example/pay?secret=1"


@pytest.mark.parametrize("state", [*v1.PaymentState.values(), 99])
def test_every_state(state: int) -> None:
    payment = v1.Payment(id="pay_1", state=state)  # type: ignore[arg-type]
    payment.next_action.redirect.url = LINK
    if state in PAID:
        assert turnpike.require_paid(payment) is payment
        return
    with pytest.raises(turnpike.PaymentOutcome) as caught:
        turnpike.require_paid(payment)
    assert type(caught.value) is RAISED.get(state, turnpike.NotPaid)  # type: ignore[call-overload]
    assert caught.value.payment is payment
    assert caught.value.final == (state in FINAL)
    shown = f"{caught.value!r} {caught.value}"
    assert "pay_1" in shown
    assert LINK not in shown
    assert pickle.loads(pickle.dumps(caught.value)).payment == payment


def test_who_catches_one_does_not_catch_another() -> None:
    """Above all, an unknown outcome is not taken for none."""
    kinds = [turnpike.Declined, turnpike.Unresolved, turnpike.ActionRequired, turnpike.NotPaid]
    assert not any(issubclass(one, other) for one in kinds for other in kinds if one is not other)


def test_the_decline() -> None:
    decline = v1.Decline(reason=v1.DECLINE_REASON_INSUFFICIENT_FUNDS, retry_advice=v1.RETRY_ADVICE_LATER)
    payment = v1.Payment(id="pay_1", state=v1.PAYMENT_STATE_DECLINED, decline=decline)
    assert turnpike.decline_of(payment) == decline
    assert turnpike.decline_of(v1.Payment(state=v1.PAYMENT_STATE_CAPTURED)) is None
    with pytest.raises(turnpike.Declined, match="pay_1 is declined: INSUFFICIENT_FUNDS") as caught:
        turnpike.require_paid(payment)
    assert caught.value.decline == decline
    payment.decline.reason = 999  # type: ignore[assignment]
    with pytest.raises(turnpike.Declined, match="pay_1 is declined: GENERIC"):
        turnpike.require_paid(payment)
