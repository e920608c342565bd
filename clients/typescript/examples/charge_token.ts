// A saved card is charged while the customer is not there, and the charge is repeated safely.
//
// TURNPIKE_URL and TURNPIKE_API_KEY say where the gateway is; `turnpike dev` prints both.
import {
  DeclineReason,
  declineOf,
  MemoryRequestIds,
  MerchantReason,
  PaymentState,
  RequestIds,
  Turnpike,
} from "turnpike-client";
import { saveCard } from "./saved_card.js";

const turnpike = Turnpike.fromEnvironment();
const requestIds = new RequestIds(new MemoryRequestIds());
const tokenId = await saveCard(turnpike);

async function charge(requestId: string, amountMinor: bigint) {
  const { payment, replayed } = await turnpike.payments.chargeToken({
    requestId,
    token: { case: "tokenId", value: tokenId },
    money: { amountMinor, currencyCode: "NOK" },
    merchantReference: "order-18",
    initiator: { case: "merchantInitiated", value: { reason: MerchantReason.UNSCHEDULED } },
  });
  if (payment === undefined) throw new Error("there is no payment");
  console.log(`${payment.id}: ${PaymentState[payment.state]}${replayed ? ", as before" : ""}`);
  return payment;
}

const first = await charge(await requestIds.first("order-18/charge"), 25_000n);
// After a crash, nobody knows whether the first one arrived. The same id takes no more money.
const second = await charge(await requestIds.again("order-18/charge"), 25_000n);
if (second.id !== first.id) throw new Error("the card was charged twice");

// This amount is declined by the simulated provider. It is an answer, not an error.
const declined = await charge(await requestIds.first("order-19/charge"), 990_051n);
const decline = declineOf(declined);
console.log(decline ? `declined: ${DeclineReason[decline.reason]}` : "not declined");
turnpike.close();
