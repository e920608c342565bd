// A subscription: a saved card is charged every month. The clock of `turnpike dev` is moved over two of them.
//
// TURNPIKE_URL and TURNPIKE_API_KEY say where the gateway is; `turnpike dev` prints both.
import { items, OccurrenceStatus, Turnpike } from "turnpike-client";
import { saveCard } from "./saved_card.js";

const turnpike = Turnpike.fromEnvironment();
const tokenId = await saveCard(turnpike);
const today = (await turnpike.development.now()).toISOString().slice(0, "2027-01-31".length);

const { schedule, upcoming } = await turnpike.recurring.scheduleRecurring({
  requestId: crypto.randomUUID(),
  terms: {
    tokenId,
    money: { amountMinor: 19_900n, currencyCode: "NOK" },
    merchantReference: "subscription-7",
    cadence: { rhythm: { case: "months", value: 1 } },
    firstDate: today,
    timeZone: "Europe/Oslo",
    end: { last: { case: "count", value: 3 } },
  },
});
if (schedule === undefined) throw new Error("there is no schedule");
console.log(`${schedule.id}: ${upcoming.length} charges ahead`);

await turnpike.development.advance({ days: 70 });
for await (const { number, status } of items(
  turnpike.recurring.listOccurrences,
  { scheduleId: schedule.id },
  "occurrences",
)) {
  console.log(`occurrence ${number}: ${OccurrenceStatus[status]}`);
}
turnpike.close();
