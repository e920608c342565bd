// Encrypts a card for Pivot in the customer's browser, with WebCrypto and nothing else.
//
// The key comes with the session (next_action.collect_card.public_key) and is good for that session
// only. What comes out goes to the merchant's server as one text, and from there, unchanged, into
// ConfirmSessionRequest.encrypted_card.blob. Neither the merchant's server nor the gateway can read it.
//
// The scheme, which Pivot's guide calls "RSA": the card as JSON, AES-256-GCM under a fresh key, that
// key with RSA-OAEP (SHA-256, MGF1 with SHA-256), all three parts in base64, and base64 around them.
"use strict";

(function (scope) {
  function toBase64(bytes) {
    let text = "";
    for (const byte of new Uint8Array(bytes)) text += String.fromCharCode(byte);
    return btoa(text);
  }

  function fromBase64(text) {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  }

  // card: { number, expiryMonth, expiryYear, cvc, nameOnCard }, all texts; the month has two digits,
  // the year two or four. device: what the browser knows of itself, see deviceInformations below.
  async function encryptCard(publicKey, card, device) {
    const subtle = scope.crypto.subtle;
    const plaintext = {
      card: {
        number: card.number.replace(/[^0-9]/g, ""),
        expiryMonth: card.expiryMonth.padStart(2, "0"),
        expiryYear: card.expiryYear.slice(-2),
        cvc: card.cvc,
        nameOnCard: card.nameOnCard,
      },
      deviceInformations: device,
      metadata: {},
    };
    const rsaKey = await subtle.importKey(
      "spki",
      fromBase64(publicKey),
      { name: "RSA-OAEP", hash: "SHA-256" },
      false,
      ["encrypt"],
    );
    const aesKey = await subtle.generateKey({ name: "AES-GCM", length: 256 }, true, ["encrypt"]);
    const nonce = scope.crypto.getRandomValues(new Uint8Array(12));
    // WebCrypto appends the 16 bytes of the tag to the ciphertext, as Pivot wants it.
    const ciphertext = await subtle.encrypt(
      { name: "AES-GCM", iv: nonce, tagLength: 128 },
      aesKey,
      new TextEncoder().encode(JSON.stringify(plaintext)),
    );
    const encryptedKey = await subtle.encrypt(
      { name: "RSA-OAEP" },
      rsaKey,
      await subtle.exportKey("raw", aesKey),
    );
    return btoa(
      JSON.stringify({
        encryptedKey: toBase64(encryptedKey),
        nonce: toBase64(nonce),
        ciphertext: toBase64(ciphertext),
      }),
    );
  }

  // Every name is there and every value is a text; what a browser does not know stays empty. The IP
  // address is the merchant's server's to fill in, because a page cannot see its own.
  function deviceInformations(ipAddress) {
    return {
      type: "",
      userAgent: scope.navigator ? scope.navigator.userAgent : "",
      ipAddress: ipAddress || "",
      acceptLanguage: scope.navigator ? scope.navigator.language || "" : "",
      cookieToken: "",
      deviceId: "",
      browserWidth: String(scope.innerWidth || ""),
      browserHeight: String(scope.innerHeight || ""),
      country: "",
    };
  }

  scope.pivotCard = { encryptCard, deviceInformations };
})(globalThis);
