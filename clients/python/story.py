"""The life of a few payments, told by a Python client to a gateway in development mode.

For each account: open a session, pay on the provider's page, confirm, capture, charge the saved
card, repeat that, refund a part, be declined, be refused. One line per step; the first mismatch
ends it with an error.

    TURNPIKE_ADDRESS=127.0.0.1:50051 TURNPIKE_API_KEY=tpk_… python story.py
"""

from __future__ import annotations

import os
import sys
import time
import uuid
from dataclasses import dataclass
from typing import Any

import grpc
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from turnpike.v1 import (
    customer_pb2,
    decline_pb2,
    money_pb2,
    next_action_pb2,
    order_pb2,
    payment_pb2,
    payment_service_pb2,
    payment_service_pb2_grpc,
    sandbox_service_pb2,
    sandbox_service_pb2_grpc,
    session_pb2,
    session_service_pb2,
    session_service_pb2_grpc,
    token_pb2,
    token_service_pb2,
    token_service_pb2_grpc,
)

DEADLINE_SECONDS = 30
SETTLED_SECONDS_MAX = 60


@dataclass(frozen=True)
class Case:
    """An account of `turnpike dev`, and how its simulated provider is made to act."""

    account: str
    provider: str
    currency: str
    card: str
    """A test card that the provider approves without a 3-D Secure challenge."""
    declined_amount: int = 990_051
    """An amount that is declined for insufficient funds, in minor units."""
    declined_card: str = ""
    """A test card that is declined for insufficient funds, where the amount decides nothing."""
    unit: int = 1
    """Minor units for one of the story's: some providers take large or whole amounts only."""
    reserves: bool = True
    """Whether a card is saved with a payment that only reserves. Otherwise it is saved by itself."""
    refunds_again: bool = True
    """Whether there can be more than one refund."""


CASES = (
    Case("dintero-dev", "dintero", "NOK", "4000000000000002"),
    Case("begateway-dev", "begateway", "EUR", "4200000000000000", declined_amount=990_114),
    Case("paymob-dev", "paymob", "EGP", "5123456789012346"),
    Case(
        "pivot-dev", "pivot", "IDR", "4440000112200001", declined_card="4440000334470010", unit=1_000
    ),
    Case("bbmsl-dev", "bbmsl", "HKD", "4111111111111111", reserves=False, refunds_again=False),
)


class Mismatch(Exception):
    """The gateway answered something else than the story has."""


def expect(what: str, seen: object, wanted: object) -> None:
    if seen != wanted:
        raise Mismatch(f"{what}: expected {wanted!r}, saw {seen!r}")


def expect_state(payment: payment_pb2.Payment, wanted: int) -> None:
    name = payment_pb2.PaymentState.Name
    if payment.state != wanted:
        raise Mismatch(f"{payment.id}: expected {name(wanted)}, saw {name(payment.state)}\n{payment}")


@dataclass(frozen=True)
class Refusal:
    """An error, with the details that every error of the gateway carries."""

    code: grpc.StatusCode
    reason: str
    metadata: dict[str, str]
    fields: list[str]

    @staticmethod
    def read(error: grpc.RpcError) -> Refusal:
        status = rpc_status.from_call(error)
        info = error_details_pb2.ErrorInfo()
        fields: list[str] = []
        for detail in status.details if status is not None else ():
            bad_request = error_details_pb2.BadRequest()
            if detail.Unpack(bad_request):
                fields.extend(violation.field for violation in bad_request.field_violations)
            detail.Unpack(info)
        expect("the domain of the error", info.domain, "turnpike")
        return Refusal(error.code(), info.reason, dict(info.metadata), fields)


class Gateway:
    """The stubs, and what each call carries: the API key and a deadline."""

    def __init__(self, address: str, api_key: str) -> None:
        # Outside development: grpc.secure_channel.
        channel = grpc.insecure_channel(address)
        self.sessions = session_service_pb2_grpc.SessionServiceStub(channel)
        self.payments = payment_service_pb2_grpc.PaymentServiceStub(channel)
        self.tokens = token_service_pb2_grpc.TokenServiceStub(channel)
        self.sandbox = sandbox_service_pb2_grpc.SandboxServiceStub(channel)
        self._with = {
            "metadata": [("authorization", f"Bearer {api_key}")],
            "timeout": DEADLINE_SECONDS,
            "wait_for_ready": True,
        }

    def call(self, method: Any, request: Any) -> Any:
        return method(request, **self._with)

    def refusal(self, method: Any, request: Any) -> Refusal:
        try:
            answer = self.call(method, request)
        except grpc.RpcError as error:
            return Refusal.read(error)
        raise Mismatch(f"expected an error, saw {answer}")

    def settled(self, payment: payment_pb2.Payment) -> payment_pb2.Payment:
        """The payment once it needs nobody and nothing any more. Most are settled at once."""
        request = payment_service_pb2.WatchPaymentRequest(payment_id=payment.id, until_settled=True)
        for answer in self.call(self.payments.WatchPayment, request):
            payment = answer.payment
        return payment

    def finished(self, payment: payment_pb2.Payment, operation_id: str) -> payment_pb2.Payment:
        """The payment once its capture or refund is done. Some providers take a while."""
        until = time.monotonic() + SETTLED_SECONDS_MAX
        while True:
            operations = {each.id: each for each in (*payment.captures, *payment.refunds)}
            status = operations[operation_id].status
            if status == payment_pb2.OPERATION_STATUS_SUCCEEDED:
                return payment
            waiting = (payment_pb2.OPERATION_STATUS_PENDING, payment_pb2.OPERATION_STATUS_UNRESOLVED)
            if status not in waiting or time.monotonic() > until:
                raise Mismatch(f"{operation_id} did not succeed:\n{payment}")
            time.sleep(0.25)
            request = payment_service_pb2.ResolvePaymentRequest(payment_id=payment.id)
            payment = self.call(self.payments.ResolvePayment, request).payment


class Story:
    """What happens at one account."""

    def __init__(self, gateway: Gateway, case: Case) -> None:
        self.gateway = gateway
        self.case = case

    def say(self, step: str, what: str) -> None:
        print(f"{self.case.account:<14} {step:<16} {what}", flush=True)

    def minor(self, amount: int) -> int:
        return amount * self.case.unit

    def shown(self, amount: int) -> str:
        """Every currency of the story has two decimal digits."""
        whole, rest = divmod(self.minor(amount), 100)
        return f"{whole}.{rest:02d} {self.case.currency}"

    def money(self, amount: int) -> money_pb2.Money:
        return money_pb2.Money(amount_minor=self.minor(amount), currency_code=self.case.currency)

    def tell(self) -> None:
        if self.case.reserves:
            opened = self.open_session(
                session_pb2.SESSION_PURPOSE_PAY_AND_SAVE, payment_pb2.CAPTURE_MODE_MANUAL, 49_900
            )
        else:
            opened = self.open_session(
                session_pb2.SESSION_PURPOSE_SAVE, payment_pb2.CAPTURE_MODE_AUTOMATIC, 0
            )
        reserved, token_id = self.pay_and_confirm(opened)
        if reserved is not None:
            self.capture(reserved)
        charged = self.charge_and_repeat(token_id)
        self.refund_part(charged)
        if self.case.declined_card:
            self.be_declined_on_the_page_and_try_again()
        else:
            self.be_declined(token_id)
        self.be_refused()

    def open_session(self, purpose: int, capture: int, amount: int) -> session_pb2.Session:
        request = session_service_pb2.CreateSessionRequest(
            request_id=str(uuid.uuid4()),
            account=self.case.account,
            money=self.money(amount),
            merchant_reference="python-story",
            purpose=purpose,
            capture=capture,
            mode=session_pb2.SESSION_MODE_REDIRECT,
            # The customer agreed in the shop already.
            save_card_display=session_pb2.SAVE_CARD_DISPLAY_ALWAYS,
            future_uses=[token_pb2.TOKEN_USE_RECURRING, token_pb2.TOKEN_USE_UNSCHEDULED],
            customer=customer_pb2.Customer(
                customer_id="customer-1",
                email="ada@example.com",
                phone_number="+4799999999",
                given_name="Ada",
                family_name="Byron",
                ip_address="192.0.2.7",
            ),
            billing_address=customer_pb2.Address(
                line1="Storgata 1", city="Oslo", postal_code="0155", country_code="NO"
            ),
            order=order_pb2.Order(
                lines=[
                    order_pb2.OrderLine(
                        reference="line-1",
                        name="A year of tea",
                        quantity="1",
                        total_amount_minor=self.minor(amount),
                    )
                ]
            )
            if amount
            else None,
            return_urls=next_action_pb2.ReturnUrls(
                success_url="https://shop.example/done",
                failure_url="https://shop.example/failed",
                cancelled_url="https://shop.example/cancelled",
            ),
            metadata={"story": "python"},
        )
        answer = self.gateway.call(self.gateway.sessions.CreateSession, request)
        session = answer.session
        expect("replayed", answer.replayed, False)
        expect("the session's status", session.status, session_pb2.SESSION_STATUS_OPEN)
        expect("the session's provider", session.provider, self.case.provider)
        expect("the next action", session.next_action.WhichOneof("action"), "redirect")
        expect("the session's metadata", dict(session.metadata), {"story": "python"})
        # The address of the page is a secret: it is for the browser, not for a log.
        self.say("CreateSession", f"{session.id} is open: send the customer to the page")

        again = self.gateway.call(self.gateway.sessions.CreateSession, request)
        expect("replayed", again.replayed, True)
        expect("the session of the repetition", again.session.id, session.id)
        self.say("CreateSession", "repeated: the same session")
        return session

    def pay_and_confirm(self, session: session_pb2.Session) -> tuple[payment_pb2.Payment | None, str]:
        customer = sandbox_service_pb2.CustomerScenario(
            session_id=session.id,
            pay=sandbox_service_pb2.CustomerPays(card_number=self.case.card, save_card=True),
        )
        request = sandbox_service_pb2.ArrangeScenarioRequest(customer=customer)
        paid = self.gateway.call(self.gateway.sandbox.ArrangeScenario, request)
        if not paid.return_url.startswith("https://shop.example/done"):
            raise Mismatch(f"the browser comes back to {paid.return_url!r}")
        self.say("ArrangeScenario", f"the customer pays: {paid.summary}")

        request = session_service_pb2.ConfirmSessionRequest(
            request_id=str(uuid.uuid4()),
            session_id=session.id,
            returned=session_service_pb2.BrowserReturn(url=paid.return_url),
        )
        answer = self.gateway.call(self.gateway.sessions.ConfirmSession, request)
        payment = None
        if self.case.reserves:
            payment = self.gateway.settled(answer.payment)
            expect_state(payment, payment_pb2.PAYMENT_STATE_AUTHORIZED)
            expect("authorized", payment.totals.authorized_minor, self.minor(49_900))
            expect("captured", payment.totals.captured_minor, 0)
            expect("the last four digits", payment.card.last_four, self.case.card[-4:])
            expect("the session of the payment", payment.session_id, session.id)

        request = session_service_pb2.GetSessionRequest(session_id=session.id)
        session = self.gateway.call(self.gateway.sessions.GetSession, request).session
        expect("the session's status", session.status, session_pb2.SESSION_STATUS_COMPLETED)
        expect("how many cards were saved", len(session.token_ids), 1)
        what = f"{payment.id} is authorized" if payment is not None else "nothing was paid"
        self.say("ConfirmSession", f"{what}, the card is saved")

        token_id = session.token_ids[0]
        request = token_service_pb2.GetTokenRequest(token_id=token_id)
        token = self.gateway.call(self.gateway.tokens.GetToken, request).token
        expect("the token's status", token.status, token_pb2.TOKEN_STATUS_ACTIVE)
        expect("the token's customer", token.customer_id, "customer-1")
        self.say("GetToken", f"{token_id} is a {token.card.brand or 'card'} ending in {token.card.last_four}")
        return payment, token_id

    def capture(self, payment: payment_pb2.Payment) -> None:
        request = payment_service_pb2.CapturePaymentRequest(
            request_id=str(uuid.uuid4()), payment_id=payment.id, amount=self.money(49_900)
        )
        answer = self.gateway.call(self.gateway.payments.CapturePayment, request)
        payment = self.gateway.finished(answer.payment, answer.capture.id)
        expect_state(payment, payment_pb2.PAYMENT_STATE_CAPTURED)
        expect("captured", payment.totals.captured_minor, self.minor(49_900))
        expect("capturable", payment.totals.capturable_minor, 0)
        self.say("CapturePayment", f"{answer.capture.id} captured {self.shown(49_900)}")

    def charge(self, token_id: str, amount: int, reason: int) -> payment_service_pb2.ChargeTokenRequest:
        return payment_service_pb2.ChargeTokenRequest(
            request_id=str(uuid.uuid4()),
            token_id=token_id,
            money=self.money(amount),
            merchant_reference="python-story-charge",
            customer=customer_pb2.Customer(customer_id="customer-1", email="ada@example.com"),
            merchant_initiated=payment_service_pb2.MerchantInitiated(reason=reason),
        )

    def charge_and_repeat(self, token_id: str) -> payment_pb2.Payment:
        request = self.charge(token_id, 25_000, payment_pb2.MERCHANT_REASON_UNSCHEDULED)
        answer = self.gateway.call(self.gateway.payments.ChargeToken, request)
        expect("replayed", answer.replayed, False)
        payment = self.gateway.settled(answer.payment)
        expect_state(payment, payment_pb2.PAYMENT_STATE_CAPTURED)
        expect("captured", payment.totals.captured_minor, self.minor(25_000))
        expect("the token of the payment", payment.token_id, token_id)
        expect("the initiator", payment.initiator, payment_pb2.PAYMENT_INITIATOR_MERCHANT)
        self.say("ChargeToken", f"{payment.id} took {self.shown(25_000)} from the saved card")

        again = self.gateway.call(self.gateway.payments.ChargeToken, request)
        expect("replayed", again.replayed, True)
        expect("the payment of the repetition", again.payment.id, payment.id)
        expect("captured", again.payment.totals.captured_minor, self.minor(25_000))
        self.say("ChargeToken", "repeated: the same payment, nothing more was taken")

        request.money.amount_minor = self.minor(25_001)
        refusal = self.gateway.refusal(self.gateway.payments.ChargeToken, request)
        expect("the code", refusal.code, grpc.StatusCode.ALREADY_EXISTS)
        expect("the reason", refusal.reason, "REQUEST_ID_REUSED")
        expect("the first payment", refusal.metadata.get("resource_id"), payment.id)
        self.say("ChargeToken", f"the same request id for another amount: {refusal.reason}")
        return payment

    def refund_part(self, payment: payment_pb2.Payment) -> None:
        request = payment_service_pb2.RefundPaymentRequest(
            request_id=str(uuid.uuid4()),
            payment_id=payment.id,
            amount=self.money(10_000),
            reason=payment_pb2.REFUND_REASON_REQUESTED_BY_CUSTOMER,
            reason_text="The tea was cold",
        )
        answer = self.gateway.call(self.gateway.payments.RefundPayment, request)
        payment = self.gateway.finished(answer.payment, answer.refund.id)
        expect_state(payment, payment_pb2.PAYMENT_STATE_PARTIALLY_REFUNDED)
        expect("refunded", payment.totals.refunded_minor, self.minor(10_000))
        expect("refundable", payment.totals.refundable_minor, self.minor(15_000))
        self.say("RefundPayment", f"{answer.refund.id} gave {self.shown(10_000)} back")

        request.request_id = str(uuid.uuid4())
        if not self.case.refunds_again:
            request.amount.amount_minor = self.minor(1_000)
            refusal = self.gateway.refusal(self.gateway.payments.RefundPayment, request)
            expect("the reason", refusal.reason, "UNSUPPORTED_BY_PROVIDER")
            if not refusal.metadata.get("alternative"):
                raise Mismatch("the refusal does not say what would work instead")
            self.say("RefundPayment", f"a second one: {refusal.reason}")
            return
        request.amount.amount_minor = self.minor(15_001)
        refusal = self.gateway.refusal(self.gateway.payments.RefundPayment, request)
        expect("the code", refusal.code, grpc.StatusCode.FAILED_PRECONDITION)
        expect("the reason", refusal.reason, "AMOUNT_EXCEEDS_REMAINING")
        expect("what remains", refusal.metadata.get("remaining_minor"), str(self.minor(15_000)))
        self.say("RefundPayment", f"more than remains: {refusal.reason}")

    def be_declined_on_the_page_and_try_again(self) -> None:
        """Where the page offers another try, a decline is not the end of the session."""
        session = self.open_session(
            session_pb2.SESSION_PURPOSE_PAY, payment_pb2.CAPTURE_MODE_AUTOMATIC, 30_000
        )
        for card, state in (
            (self.case.declined_card, payment_pb2.PAYMENT_STATE_REQUIRES_ACTION),
            (self.case.card, payment_pb2.PAYMENT_STATE_CAPTURED),
        ):
            customer = sandbox_service_pb2.CustomerScenario(
                session_id=session.id, pay=sandbox_service_pb2.CustomerPays(card_number=card)
            )
            request = sandbox_service_pb2.ArrangeScenarioRequest(customer=customer)
            self.gateway.call(self.gateway.sandbox.ArrangeScenario, request)
            request = session_service_pb2.ConfirmSessionRequest(
                request_id=str(uuid.uuid4()),
                session_id=session.id,
                returned=session_service_pb2.BrowserReturn(),
            )
            answer = self.gateway.call(self.gateway.sessions.ConfirmSession, request)
            expect_state(answer.payment, state)
            name = payment_pb2.PaymentState.Name(state)
            self.say("ConfirmSession", f"with the card ending in {card[-4:]}: {name}")

    def be_declined(self, token_id: str) -> None:
        # Unscheduled: at some providers a series begins with a first charge that succeeds.
        request = self.charge(token_id, 0, payment_pb2.MERCHANT_REASON_UNSCHEDULED)
        request.money.amount_minor = self.case.declined_amount
        answer = self.gateway.call(self.gateway.payments.ChargeToken, request)
        payment = self.gateway.settled(answer.payment)
        expect_state(payment, payment_pb2.PAYMENT_STATE_DECLINED)
        expect("captured", payment.totals.captured_minor, 0)
        decline = payment.decline
        expect("the reason", decline.reason, decline_pb2.DECLINE_REASON_INSUFFICIENT_FUNDS)
        expect("the advice", decline.retry_advice, decline_pb2.RETRY_ADVICE_LATER)
        if not decline.provider_code:
            raise Mismatch("the decline lacks the provider's own code")
        self.say("ChargeToken", "declined for insufficient funds: try again later")

    def be_refused(self) -> None:
        request = session_service_pb2.CreateSessionRequest(
            account="Dintero DEV",
            customer=customer_pb2.Customer(email="nowhere"),
            order=order_pb2.Order(lines=[order_pb2.OrderLine(reference="line-1")]),
            max_attempts=11,
        )
        refusal = self.gateway.refusal(self.gateway.sessions.CreateSession, request)
        expect("the code", refusal.code, grpc.StatusCode.INVALID_ARGUMENT)
        expect("the reason", refusal.reason, "INVALID_FIELD")
        wanted = [
            "account",
            "customer.email",
            "max_attempts",
            "merchant_reference",
            "money",
            "order.lines[0].name",
            "purpose",
            "request_id",
            "return_urls",
        ]
        expect("the wrong fields", sorted(refusal.fields), wanted)
        expect("how many are wrong", refusal.metadata.get("fields"), str(len(wanted)))
        self.say("CreateSession", f"refused, with all {len(wanted)} wrong fields at once")


def main() -> int:
    try:
        gateway = Gateway(os.environ["TURNPIKE_ADDRESS"], os.environ["TURNPIKE_API_KEY"])
    except KeyError as missing:
        print(f"set {missing}: `turnpike dev` prints it", file=sys.stderr)
        return 2
    for case in CASES:
        try:
            Story(gateway, case).tell()
        except Mismatch as mismatch:
            print(f"{case.account}: {mismatch}", file=sys.stderr)
            return 1
        except grpc.RpcError as error:
            print(f"{case.account}: {error.code().name}: {error.details()}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
