// A customer pays on the provider's page.
//
// TURNPIKE_URL and TURNPIKE_API_KEY say where the gateway is; `turnpike dev` prints both.
import {
  MemoryRequestIds,
  PaymentState,
  RequestIds,
  requirePaid,
  SessionPurpose,
  Turnpike,
} from "turnpike-client";

const turnpike = Turnpike.fromEnvironment();
// A shop keeps them in its database, beside the order.
const requestIds = new RequestIds(new MemoryRequestIds());

const { session } = await turnpike.sessions.createSession({
  requestId: await requestIds.first("order-17/session"),
  account: "dintero-dev",
  money: { amountMinor: 49_900n, currencyCode: "NOK" },
  merchantReference: "order-17",
  purpose: SessionPurpose.PAY,
  customer: { customerId: "customer-1", email: "ada@example.com" },
  returnUrls: { successUrl: "https://shop.example/done" },
});
if (session?.nextAction?.action.case !== "redirect")
  throw new Error("there is no page to send the customer to");
console.log(`${session.id}: send the browser to the provider's page`);

// In a shop, the browser comes back by itself. In development, the customer is played.
const url = await turnpike.development.pay(session);

// What the browser brings is a hint: the gateway asks the provider.
const { payment } = await turnpike.sessions.confirmSession({
  requestId: await requestIds.first("order-17/confirm"),
  sessionId: session.id,
  means: { case: "returned", value: { url } },
});
if (payment === undefined) throw new Error("there is no payment yet");
// Or look at payment.state: a decline is an answer, and becomes an error only here.
const { id, state, totals } = requirePaid(payment);
console.log(`${id}: ${PaymentState[state]}, ${totals?.authorizedMinor} øre authorized`);
turnpike.close();
