import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { inspect } from "node:util";
import { SettingsError, Turnpike } from "turnpike-client";
import * as browser from "turnpike-client/browser";
import { temporaryFolder } from "../support/folder.js";
import { certificates } from "../support/server.js";

const KEY = "tpk_secret_of_a_merchant";
const SOUND = { TURNPIKE_URL: "https://gateway.example:50051", TURNPIKE_API_KEY: KEY };

function refusal(environment: Record<string, string>): string {
  try {
    Turnpike.fromEnvironment({}, environment);
  } catch (error) {
    assert.ok(error instanceof SettingsError);
    assert.ok(!inspect(error).includes(KEY), "the key is shown");
    return error.message;
  }
  throw new Error("it was taken");
}

test("what is wrong in the environment is named", () => {
  const folder = temporaryFolder();
  const noPem = join(folder, "no.pem");
  writeFileSync(noPem, "hello");
  const { folder: tls } = certificates();
  for (const [environment, name] of [
    [{ TURNPIKE_API_KEY: KEY }, "TURNPIKE_URL"],
    [{ TURNPIKE_URL: SOUND.TURNPIKE_URL }, "TURNPIKE_API_KEY"],
    [{ ...SOUND, TURNPIKE_URL: "gateway.example:50051" }, "TURNPIKE_URL"],
    [{ ...SOUND, TURNPIKE_URL: "grpc://gateway.example" }, "TURNPIKE_URL"],
    [{ ...SOUND, TURNPIKE_URL: `https://user:${KEY}@gateway.example` }, "TURNPIKE_URL"],
    [{ ...SOUND, TURNPIKE_URL: "https://gateway.example/api" }, "TURNPIKE_URL"],
    [{ ...SOUND, TURNPIKE_URL: "https://gateway.example?x=1" }, "TURNPIKE_URL"],
    [{ ...SOUND, TURNPIKE_API_KEY: `${KEY} ` }, "TURNPIKE_API_KEY"],
    [{ ...SOUND, TURNPIKE_API_KEY: `${KEY}\n` }, "TURNPIKE_API_KEY"],
    [{ ...SOUND, TURNPIKE_CA_FILE: join(folder, "nothing.pem") }, "TURNPIKE_CA_FILE"],
    [{ ...SOUND, TURNPIKE_CA_FILE: noPem }, "TURNPIKE_CA_FILE"],
    [{ ...SOUND, TURNPIKE_CERT_FILE: join(tls, "cert.pem") }, "TURNPIKE_KEY_FILE"],
    [{ ...SOUND, TURNPIKE_KEY_FILE: join(tls, "key.pem") }, "TURNPIKE_CERT_FILE"],
    [
      { ...SOUND, TURNPIKE_URL: "http://gateway.example", TURNPIKE_CA_FILE: join(tls, "ca.pem") },
      "TURNPIKE_URL",
    ],
  ] satisfies [Record<string, string>, string][]) {
    assert.ok(refusal(environment).includes(name), `${refusal(environment)} does not name ${name}`);
  }
});

test("a sound environment makes a client, with a certificate instead of a key as well", () => {
  Turnpike.fromEnvironment({}, SOUND).close();
  Turnpike.fromEnvironment({}, { ...SOUND, TURNPIKE_URL: "http://127.0.0.1:50051" }).close();
  const { folder } = certificates();
  Turnpike.fromEnvironment(
    {},
    {
      TURNPIKE_URL: SOUND.TURNPIKE_URL,
      TURNPIKE_CA_FILE: join(folder, "ca.pem"),
      TURNPIKE_CERT_FILE: join(folder, "cert.pem"),
      TURNPIKE_KEY_FILE: join(folder, "key.pem"),
    },
  ).close();
});

test("what is wrong in the options is named", () => {
  const url = "http://127.0.0.1:1";
  const cert = certificates();
  const other = certificates();
  for (const [make, name] of [
    [() => new Turnpike({ url: "127.0.0.1:1", apiKey: KEY }), /^url/],
    [() => new Turnpike({ url, apiKey: "" }), /^apiKey/],
    [() => new Turnpike({ url, apiKey: undefined as unknown as string }), /^apiKey/],
    [() => new Turnpike({ url, apiKey: KEY, keepaliveMs: 0 }), /^keepaliveMs/],
    [() => new Turnpike({ url, apiKey: KEY, keepaliveTimeoutMs: 1.5 }), /^keepaliveTimeoutMs/],
    [() => new Turnpike({ url, apiKey: KEY, tls: { ca: cert.ca } }), /^url/],
    [() => new Turnpike({ url: "https://a.example", apiKey: KEY, tls: { cert: cert.cert } }), /^tls/],
    [
      () => new Turnpike({ url: "https://a.example", apiKey: KEY, tls: { cert: cert.cert, key: other.key } }),
      /^tls/,
    ],
    [() => new browser.Turnpike({ url: "/api", apiKey: null }), /^url/],
    [() => new browser.Turnpike({ url, apiKey: KEY, protocol: "soap" as "connect" }), /^protocol/],
  ] satisfies [() => unknown, RegExp][]) {
    assert.throws(make, (error: unknown) => error instanceof SettingsError && name.test(error.message));
  }
});

test("a printed client shows no key", () => {
  const options = { showHidden: true, depth: 20, getters: true };
  for (const client of [
    new Turnpike({ url: "http://127.0.0.1:1", apiKey: KEY }),
    new browser.Turnpike({ url: "http://127.0.0.1:1", apiKey: KEY }),
  ]) {
    assert.ok(!inspect(client, options).includes(KEY));
    assert.ok(!JSON.stringify(client).includes(KEY));
  }
});
