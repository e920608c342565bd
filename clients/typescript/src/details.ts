import { BinaryReader, type WireType } from "@bufbuild/protobuf/wire";
import type { ConnectError } from "@connectrpc/connect";

/** A field of a request that is wrong. */
export interface WrongField {
  /** Where it is, such as `order.lines[3].quantity`. */
  readonly path: string;
  /** What is wrong with it, for people. It never repeats the value. */
  readonly description: string;
}

/** What the gateway says about an error beside its code. */
export interface Details {
  /** Empty when the error is not the gateway's, such as that of a proxy. */
  reason: string;
  metadata: Record<string, string>;
  fields: WrongField[];
  retryAfterMs: number | undefined;
}

/** The domain of every reason in `ErrorReason`. A proxy may have reasons of its own, in another domain. */
const DOMAIN = "turnpike";

/**
 * Reads google.rpc's ErrorInfo, BadRequest and RetryInfo, which never change. Three messages are read field by
 * field, so that nobody needs a further package for them. What can't be read is left out: the code still stands.
 */
export function readDetails(error: ConnectError): Details {
  const details: Details = { reason: "", metadata: {}, fields: [], retryAfterMs: undefined };
  for (const detail of error.details) {
    // The other kind is for servers that make errors.
    if (!("type" in detail)) continue;
    try {
      READERS[detail.type]?.(detail.value, details);
    } catch {
      // Bytes that are no message.
    }
  }
  return details;
}

const READERS: Record<string, (bytes: Uint8Array, into: Details) => void> = {
  "google.rpc.ErrorInfo": (bytes, into) => {
    let [reason, domain] = ["", ""];
    const metadata: Record<string, string> = {};
    fieldsOf(bytes, {
      1: (reader) => {
        reason = reader.string();
      },
      2: (reader) => {
        domain = reader.string();
      },
      3: (reader) => {
        const [key, value] = textPair(reader.bytes());
        metadata[key] = value;
      },
    });
    if (domain === DOMAIN) Object.assign(into, { reason, metadata });
  },
  "google.rpc.BadRequest": (bytes, into) => {
    fieldsOf(bytes, {
      1: (reader) => {
        const [path, description] = textPair(reader.bytes());
        into.fields.push({ path, description });
      },
    });
  },
  "google.rpc.RetryInfo": (bytes, into) => {
    fieldsOf(bytes, {
      1: (reader) => {
        let [seconds, nanos] = [0, 0];
        fieldsOf(reader.bytes(), {
          1: (duration) => {
            seconds = Number(duration.int64());
          },
          2: (duration) => {
            nanos = duration.int32();
          },
        });
        into.retryAfterMs = seconds * 1000 + Math.round(nanos / 1_000_000);
      },
    });
  },
};

/** The texts in the fields 1 and 2: an entry of a map, or a field and what is wrong with it. */
function textPair(bytes: Uint8Array): [string, string] {
  const pair: [string, string] = ["", ""];
  fieldsOf(bytes, {
    1: (reader) => {
      pair[0] = reader.string();
    },
    2: (reader) => {
      pair[1] = reader.string();
    },
  });
  return pair;
}

function fieldsOf(bytes: Uint8Array, readers: Record<number, (reader: BinaryReader) => void>): void {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [number, type]: [number, WireType] = reader.tag();
    const read = readers[number];
    if (read === undefined) reader.skip(type, number);
    else read(reader);
  }
}
