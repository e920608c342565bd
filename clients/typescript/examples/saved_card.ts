import { SaveCardDisplay, SessionPurpose, TokenUse, type Turnpike } from "turnpike-client";

/** A customer pays once and agrees that the card is kept. Returns the id of the token. */
export async function saveCard(turnpike: Turnpike): Promise<string> {
  const { session } = await turnpike.sessions.createSession({
    requestId: crypto.randomUUID(),
    account: "dintero-dev",
    money: { amountMinor: 9_900n, currencyCode: "NOK" },
    merchantReference: "first-payment",
    purpose: SessionPurpose.PAY_AND_SAVE,
    saveCardDisplay: SaveCardDisplay.ALWAYS,
    futureUses: [TokenUse.RECURRING, TokenUse.UNSCHEDULED],
    customer: { customerId: "customer-1", email: "ada@example.com" },
    returnUrls: { successUrl: "https://shop.example/done" },
  });
  if (session === undefined) throw new Error("there is no session");
  const { tokens } = await turnpike.sessions.confirmSession({
    requestId: crypto.randomUUID(),
    sessionId: session.id,
    means: { case: "returned", value: { url: await turnpike.development.pay(session) } },
  });
  const token = tokens[0];
  if (token === undefined) throw new Error("no card was saved");
  return token.id;
}
