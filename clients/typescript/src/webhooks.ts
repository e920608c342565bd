import { fromJson, type JsonValue } from "@bufbuild/protobuf";
import { type Event, EventSchema } from "../gen/turnpike/v1/event_pb.js";

/** How far the time of a notification may be from now, in seconds. */
const TOLERANCE_SECONDS = 5 * 60;
/** The largest body that is looked at, in bytes. */
const BODY_BYTES_MAX = 4 * 1024 * 1024;
/** How many signatures of a notification are looked at. */
const SIGNATURES_MAX = 16;
/** How many secrets can be accepted at once; during a rotation there are two. */
const SECRETS_MAX = 16;

/** Why a notification was refused. */
export type Refusal =
  | "missing_header"
  | "bad_timestamp"
  | "too_old"
  | "too_new"
  | "no_matching_signature"
  /** It is genuine, and holds no event that this client can read. */
  | "unreadable_event";

const MESSAGES: Record<Refusal, string> = {
  missing_header: "webhook-id, webhook-timestamp or webhook-signature is missing",
  bad_timestamp: "webhook-timestamp is not a number of seconds",
  too_old: "webhook-timestamp is too long ago",
  too_new: "webhook-timestamp lies in the future",
  no_matching_signature: "no signature fits a secret",
  unreadable_event: "it is signed, but no event",
};

/** A notification that must not be believed. Answer with 400, and do nothing else. */
export class WebhookRefused extends Error {
  override readonly name = "WebhookRefused";
  readonly refusal: Refusal;

  constructor(refusal: Refusal, cause?: unknown) {
    super(`${refusal}: ${MESSAGES[refusal]}`, cause === undefined ? undefined : { cause });
    this.refusal = refusal;
  }
}

/** Headers as `fetch` has them, or as Node's `http` does. Upper and lower case are the same. */
export type WebhookHeaders = Headers | Readonly<Record<string, string | readonly string[] | undefined>>;

/** For tests. */
export interface VerifyOptions {
  /** Seconds since 1970 instead of the clock's. */
  readonly now?: number;
}

/**
 * Checks that a notification is the gateway's (Standard Webhooks, `v1`), and returns its event. The same event may
 * come more than once: remember which ids were taken in.
 *
 * @param body the bytes as they came. Parsed and written again they are others.
 * @param secrets `whsec_…`, those that are accepted: one, or two during a rotation; 16 at most.
 * @throws WebhookRefused when it is not to be believed.
 * @throws TypeError when the secrets are wrong.
 */
export async function verify(
  body: Uint8Array | string,
  headers: WebhookHeaders,
  secrets: readonly string[],
  { now = Math.floor(Date.now() / 1000) }: VerifyOptions = {},
): Promise<Event> {
  const keys = await Promise.all(checkedSecrets(secrets).map(importKey));
  const [id, timestamp, signature] = ["webhook-id", "webhook-timestamp", "webhook-signature"].map((name) =>
    headerOf(headers, name),
  );
  if (!id || !timestamp || !signature) throw new WebhookRefused("missing_header");
  if (!/^\d{1,15}$/.test(timestamp)) throw new WebhookRefused("bad_timestamp");
  const age = now - Number(timestamp);
  if (age > TOLERANCE_SECONDS) throw new WebhookRefused("too_old");
  if (age < -TOLERANCE_SECONDS) throw new WebhookRefused("too_new");

  const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
  if (bytes.length > BODY_BYTES_MAX) throw new WebhookRefused("no_matching_signature");
  const signed = joined(new TextEncoder().encode(`${id}.${timestamp}.`), bytes);
  if (!(await isSigned(signed, signature, keys))) throw new WebhookRefused("no_matching_signature");
  return readEvent(bytes);
}

/** Whether one of the signatures fits one of the keys. Web Crypto compares in constant time. */
async function isSigned(
  signed: Uint8Array<ArrayBuffer>,
  header: string,
  keys: CryptoKey[],
): Promise<boolean> {
  for (const each of header.split(" ").slice(0, SIGNATURES_MAX)) {
    const signature = each.startsWith("v1,") ? fromBase64(each.slice(3)) : undefined;
    if (signature === undefined) continue;
    for (const key of keys) {
      if (await crypto.subtle.verify("HMAC", key, signature, signed)) return true;
    }
  }
  return false;
}

function readEvent(body: Uint8Array): Event {
  try {
    const told: JsonValue = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
    const data = typeof told === "object" && told !== null && !Array.isArray(told) ? told.data : undefined;
    // Later versions have more fields.
    return fromJson(EventSchema, data ?? null, { ignoreUnknownFields: true });
  } catch (error) {
    throw new WebhookRefused("unreadable_event", error);
  }
}

function headerOf(headers: WebhookHeaders, name: string): string | undefined {
  if (headers instanceof Headers) return headers.get(name) ?? undefined;
  const found = Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1];
  return typeof found === "string" ? found : found?.join(" ");
}

function checkedSecrets(secrets: readonly string[]): Uint8Array<ArrayBuffer>[] {
  if (!Array.isArray(secrets) || secrets.length < 1 || secrets.length > SECRETS_MAX) {
    throw new TypeError(`there must be from 1 to ${SECRETS_MAX} secrets`);
  }
  return secrets.map((secret: string, index) => {
    const bytes = secret.startsWith("whsec_") ? fromBase64(secret.slice("whsec_".length)) : undefined;
    // The secret itself is not told.
    if (!bytes?.length) throw new TypeError(`secret ${index + 1} is not whsec_ and base64`);
    return bytes;
  });
}

function importKey(bytes: Uint8Array<ArrayBuffer>): Promise<CryptoKey> {
  return crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["verify"]);
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    return undefined;
  }
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}
