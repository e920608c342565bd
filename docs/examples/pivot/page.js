// The page around card.js. It talks to the merchant's own server, never to the gateway: the server
// holds the API key. Two requests, both JSON:
//
//   GET  session   -> { session_id, public_key, ip_address }   from CreateSession in mode API
//   POST confirm   <- { session_id, blob, save_card }          for ConfirmSession
//                  -> { redirect_url } or { status }           from the payment that it answers
"use strict";

(function () {
  const field = (id) => document.getElementById(id);
  const say = (text) => {
    field("status").textContent = text;
  };

  async function pay() {
    const save_card = field("save").checked;
    const session = await (await fetch("session")).json();
    const blob = await pivotCard.encryptCard(
      session.public_key,
      {
        number: field("number").value,
        expiryMonth: field("month").value,
        expiryYear: field("year").value,
        cvc: field("cvc").value,
        nameOnCard: field("holder").value,
      },
      pivotCard.deviceInformations(session.ip_address),
    );
    // The card has done its work: nothing of it stays in the page.
    field("card").reset();
    const answer = await fetch("confirm", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ session_id: session.session_id, blob, save_card }),
    });
    if (!answer.ok) throw new Error(`the shop answered ${answer.status}`);
    const outcome = await answer.json();
    if (outcome.redirect_url) {
      // The bank asks something; it sends the browser back to the return URL of the session.
      location.assign(outcome.redirect_url);
      return;
    }
    say(outcome.status);
  }

  field("card").addEventListener("submit", (event) => {
    event.preventDefault();
    field("pay").disabled = true;
    say("One moment…");
    pay().catch((error) => {
      say(`Not paid: ${error.message}`);
      field("pay").disabled = false;
    });
  });
})();
