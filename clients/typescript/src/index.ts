/**
 * Turnpike's client for Node. In a browser, see `turnpike-client/browser`.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import type { SecureClientSessionOptions } from "node:http2";
import { createSecureContext } from "node:tls";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { Services } from "./client.js";
import { Connection } from "./connection.js";
import { interceptors, MESSAGE_BYTES_MAX } from "./layer.js";
import { checkedKey, checkedMs, checkedUrl, SettingsError } from "./settings.js";

export * from "./shared.js";

/** How long a connection is silent before it is pinged, in milliseconds. */
const KEEPALIVE_MS = 10_000;
/** How long the answer to a ping may take, in milliseconds. */
const KEEPALIVE_TIMEOUT_MS = 5_000;

/** Certificates and keys, each as the text of a PEM file or its bytes. */
export interface TlsOptions {
  /** The authorities that are trusted, instead of the system's. */
  readonly ca?: string | Uint8Array;
  /** The client's certificate, for mutual TLS; with `key`. */
  readonly cert?: string | Uint8Array;
  /** The private key of `cert`. */
  readonly key?: string | Uint8Array;
}

/** What a client is made with. */
export interface TurnpikeOptions {
  /** The gateway: `https://host:port`, or `http://host:port` without TLS, for development. */
  readonly url: string;
  /** The API key. Null where the client's certificate is enough. */
  readonly apiKey: string | null;
  /** For `https` only. */
  readonly tls?: TlsOptions;
  /** A ping after so much silence, also while no call is under way; in milliseconds, 30,000 by default. */
  readonly keepaliveMs?: number;
  /** How long the answer to a ping may take; in milliseconds, 10,000 by default. */
  readonly keepaliveTimeoutMs?: number;
}

/**
 * A client of one gateway, over one HTTP/2 connection that is opened when it is needed. Make one and keep it: it is
 * safe to use from everywhere at once. An idle one doesn't keep a program from ending.
 */
export class Turnpike extends Services {
  readonly #connection: Connection;

  /** @throws SettingsError when something in the options is wrong. Nothing is connected yet. */
  constructor(options: TurnpikeOptions) {
    const url = checkedUrl(options.url, "url");
    const key = checkedKey(options.apiKey, "apiKey");
    const keepalive = {
      afterMs: checkedMs(options.keepaliveMs ?? KEEPALIVE_MS, "keepaliveMs"),
      timeoutMs: checkedMs(options.keepaliveTimeoutMs ?? KEEPALIVE_TIMEOUT_MS, "keepaliveTimeoutMs"),
    };
    const connection = new Connection(url, keepalive, tlsSettings(url, options.tls ?? {}));
    const transport = createGrpcTransport({
      baseUrl: url,
      sessionManager: connection,
      interceptors: interceptors(key, false),
      readMaxBytes: MESSAGE_BYTES_MAX,
      writeMaxBytes: MESSAGE_BYTES_MAX,
    });
    super(transport);
    this.#connection = connection;
  }

  /**
   * A client as the environment says: `TURNPIKE_URL`, `TURNPIKE_API_KEY`, `TURNPIKE_CA_FILE` (PEM, instead of the
   * system's authorities), `TURNPIKE_CERT_FILE` and `TURNPIKE_KEY_FILE` (PEM, mutual TLS, with which the key may
   * be left out).
   *
   * @param others what the environment does not say.
   * @throws SettingsError that names the variable.
   */
  static fromEnvironment(
    others: Omit<TurnpikeOptions, "url" | "apiKey" | "tls"> = {},
    environment: Readonly<Record<string, string | undefined>> = process.env,
  ): Turnpike {
    return new Turnpike({ ...others, ...readEnvironment(environment) });
  }

  /** Ends the connection for good. Calls that run, and those that come later, fail with CANCELLED. */
  close(): void {
    this.#connection.close();
  }

  /** `using turnpike = new Turnpike(…)` closes it at the end of the block. */
  [Symbol.dispose](): void {
    this.close();
  }
}

function readEnvironment(environment: Readonly<Record<string, string | undefined>>): TurnpikeOptions {
  const url = environment.TURNPIKE_URL;
  if (!url) throw new SettingsError("TURNPIKE_URL is not set; it is an address such as https://host:port");
  const tls: { -readonly [Part in keyof TlsOptions]: TlsOptions[Part] } = {};
  for (const [part, name] of [
    ["ca", "TURNPIKE_CA_FILE"],
    ["cert", "TURNPIKE_CERT_FILE"],
    ["key", "TURNPIKE_KEY_FILE"],
  ] as const) {
    const file = environment[name];
    if (file) tls[part] = readPem(file, name);
  }
  if ((tls.cert === undefined) !== (tls.key === undefined)) {
    throw new SettingsError("TURNPIKE_CERT_FILE and TURNPIKE_KEY_FILE go together: one of them is not set");
  }
  const apiKey = environment.TURNPIKE_API_KEY || null;
  if (apiKey === null && tls.cert === undefined) throw new SettingsError("TURNPIKE_API_KEY is not set");
  checkedKey(apiKey, "TURNPIKE_API_KEY");
  if (Object.keys(tls).length > 0 && checkedUrl(url, "TURNPIKE_URL").startsWith("http:")) {
    throw new SettingsError("TURNPIKE_URL must begin with https:// where certificates are given");
  }
  return { url: checkedUrl(url, "TURNPIKE_URL"), apiKey, tls };
}

function readPem(file: string, name: string): string {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw new SettingsError(`${name}: ${file} can't be read`, { cause: error });
  }
  if (!text.includes("-----BEGIN ")) throw new SettingsError(`${name}: ${file} is not a PEM file`);
  return text;
}

function tlsSettings(url: string, { ca, cert, key }: TlsOptions): SecureClientSessionOptions {
  if ((cert === undefined) !== (key === undefined)) {
    throw new SettingsError("tls.cert and tls.key go together: one of them is missing");
  }
  const given = Object.entries({ ca, cert, key }).filter(([, value]) => value !== undefined);
  if (given.length > 0 && url.startsWith("http:")) {
    throw new SettingsError("url must begin with https:// where tls is given");
  }
  const settings = Object.fromEntries(
    given.map(([name, value]) => [
      name,
      typeof value === "string" ? value : Buffer.from(value as Uint8Array),
    ]),
  );
  // Wrong certificates are told now, rather than by the first call.
  try {
    if (given.length > 0) createSecureContext(settings);
  } catch (error) {
    throw new SettingsError(
      "tls holds a certificate or a key that is not valid PEM, or they do not fit together",
      {
        cause: error,
      },
    );
  }
  return settings;
}
