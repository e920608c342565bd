import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import {
  createRegistry,
  type DescFile,
  equals,
  fromBinary,
  fromJson,
  type JsonValue,
  toBinary,
  toJson,
} from "@bufbuild/protobuf";
import { findTrailerError } from "@connectrpc/connect/protocol-grpc";
import * as client from "turnpike-client";
import { type Result, sorted } from "./report.js";
import { Mismatch } from "./values.js";

const REGISTRY = createRegistry(
  ...Object.entries(client)
    .filter(([name]) => name.startsWith("file_turnpike_v1_"))
    .map(([, file]) => file as DescFile),
);

/** Checks every vector of the kit. What is missing altogether is an error. */
export async function checkVectors(contract: string): Promise<Result[]> {
  const folder = join(contract, "vectors");
  return [
    ...pairs(join(folder, "messages"), checkMessage),
    ...pairs(join(folder, "errors"), checkError),
    ...(await webhooks(join(folder, "webhooks.json"))),
  ];
}

/** Every `NAME.json` has its `NAME.binpb`. */
function pairs(folder: string, check: (name: string, json: JsonValue, bytes: Uint8Array) => void): Result[] {
  if (!existsSync(folder)) throw new Error(`${folder} is missing`);
  const names = new Set(readdirSync(folder).map((name) => name.replace(/\.(json|binpb)$/, "")));
  if (names.size === 0) throw new Error(`${folder} is empty`);
  return sorted([...names]).map((name) =>
    told(name, () => {
      const json: JsonValue = JSON.parse(readFileSync(join(folder, `${name}.json`), "utf8"));
      check(name, json, readFileSync(join(folder, `${name}.binpb`)));
    }),
  );
}

function checkMessage(name: string, json: JsonValue, bytes: Uint8Array): void {
  const typeName = name.replace(/\+.*$/, "");
  const type = REGISTRY.getMessage(typeName);
  if (type === undefined) throw new Mismatch(`there is no message ${typeName}`);
  const message = fromJson(type, json, { registry: REGISTRY });
  if (!equals(type, message, fromBinary(type, bytes))) throw new Mismatch("the JSON and the bytes differ");
  if (!equals(type, message, fromBinary(type, toBinary(type, message)))) {
    throw new Mismatch("the bytes that are written are read back as another message");
  }
  const written = toJson(type, message, { registry: REGISTRY });
  if (!isDeepStrictEqual(written, json))
    throw new Mismatch(`the JSON that is written is ${JSON.stringify(written)}`);
}

interface ErrorVector {
  status: { code: number; message?: string };
  read: {
    code: string;
    reason: string;
    metadata: Record<string, string>;
    fields: Record<string, string>;
    retry_after_ms: number | null;
    nothing_was_sent: boolean;
  };
}

function checkError(_: string, json: JsonValue, bytes: Uint8Array): void {
  const { status, read } = json as unknown as ErrorVector;
  // As it comes in the trailers of a call.
  const trailers = new Headers({
    "grpc-status": String(status.code),
    "grpc-status-details-bin": Buffer.from(bytes).toString("base64"),
  });
  const cause = findTrailerError(trailers);
  if (cause === undefined) throw new Mismatch("it is no error");
  const error = client.TurnpikeError.from(cause);
  if (cause.code !== status.code || cause.rawMessage !== (status.message ?? "")) {
    throw new Mismatch("the code or the message of the status differ");
  }
  const seen = {
    code: error.codeName,
    reason: error.reasonText,
    metadata: { ...error.metadata },
    fields: Object.fromEntries(error.fields.map(({ path, description }) => [path, description])),
    retry_after_ms: error.retryAfterMs ?? null,
    nothing_was_sent: error.nothingWasSent,
  };
  if (!isDeepStrictEqual(seen, read)) throw new Mismatch(`read ${JSON.stringify(seen)}`);
}

interface Delivery {
  about: string;
  now: number;
  secrets: string[];
  headers: Record<string, string>;
  body: string;
  event?: { id: string; type: string };
  refused?: string;
}

async function webhooks(path: string): Promise<Result[]> {
  if (!existsSync(path)) throw new Error(`${path} is missing`);
  const deliveries: Delivery[] = JSON.parse(readFileSync(path, "utf8"));
  if (deliveries.length === 0) throw new Error(`${path} is empty`);
  const results: Result[] = [];
  for (const each of deliveries) {
    const seen = await outcome(each);
    const expected = each.event ? { id: each.event.id, type: each.event.type } : { refused: each.refused };
    results.push(
      told(`webhooks.json: ${each.about}`, () => {
        if (!isDeepStrictEqual(seen, expected)) {
          throw new Mismatch(`expected ${JSON.stringify(expected)}, saw ${JSON.stringify(seen)}`);
        }
      }),
    );
  }
  return results;
}

async function outcome({ body, headers, secrets, now }: Delivery): Promise<object> {
  try {
    const { id, type } = await client.verify(new TextEncoder().encode(body), headers, secrets, { now });
    return { id, type };
  } catch (error) {
    return error instanceof client.WebhookRefused ? { refused: error.refusal } : { threw: String(error) };
  }
}

function told(name: string, check: () => void): Result {
  try {
    check();
    return { name, passed: true, failure: "" };
  } catch (error) {
    return { name, passed: false, failure: error instanceof Error ? error.message : String(error) };
  }
}
