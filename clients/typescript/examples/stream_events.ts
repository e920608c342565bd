// Follows what becomes true, and goes on where it stopped. It ends when it has seen what it caused itself.
//
// TURNPIKE_URL and TURNPIKE_API_KEY say where the gateway is; `turnpike dev` prints both.
import { SessionPurpose, Turnpike } from "turnpike-client";

const turnpike = Turnpike.fromEnvironment();
const { session } = await turnpike.sessions.createSession({
  requestId: crypto.randomUUID(),
  money: { amountMinor: 49_900n, currencyCode: "NOK" },
  merchantReference: "order-20",
  purpose: SessionPurpose.PAY,
  returnUrls: { successUrl: "https://shop.example/done" },
});

// Kept in the same database as what the events change, in the same transaction. Empty means from the beginning.
let kept = "";
for await (const { event, cursor } of turnpike.follow({ after: kept, types: ["session.*", "payment.*"] })) {
  console.log(`${event.id}: ${event.type}`);
  kept = cursor;
  if (event.payload.case === "session" && event.payload.value.session?.id === session?.id) break;
}
console.log(`go on after ${kept}`);
turnpike.close();
