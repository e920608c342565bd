/**
 * Turnpike's client for browsers and other runtimes with `fetch`.
 *
 * An API key does not belong into a public web page: whoever opens the page has it, and can charge cards with it.
 * This entry is for pages that only the merchant's own staff opens, such as a back office or a test page, and for
 * pages whose calls go through a server of the merchant's that adds the key.
 *
 * @module
 */
import { createConnectTransport, createGrpcWebTransport } from "@connectrpc/connect-web";
import { Services } from "./client.js";
import { interceptors } from "./layer.js";
import { checkedKey, checkedUrl, SettingsError } from "./settings.js";

export * from "./shared.js";

/** How calls travel. */
export type Protocol = "grpc-web" | "connect";

/** What a client is made with. */
export interface TurnpikeOptions {
  /** The gateway, or the server in between: `https://host:port`. It must let the page's origin call. */
  readonly url: string;
  /** The API key. Null where the server in between adds it, or a client certificate is enough. */
  readonly apiKey: string | null;
  /** `grpc-web` by default. */
  readonly protocol?: Protocol;
}

/** A client of one gateway. Connections are the browser's. */
export class Turnpike extends Services {
  /** @throws SettingsError when something in the options is wrong. */
  constructor(options: TurnpikeOptions) {
    const baseUrl = checkedUrl(options.url, "url");
    const key = checkedKey(options.apiKey, "apiKey");
    const { protocol = "grpc-web" } = options;
    const make = TRANSPORTS[protocol];
    if (make === undefined) throw new SettingsError("protocol must be grpc-web or connect");
    super(make({ baseUrl, interceptors: interceptors(key, true) }));
  }
}

const TRANSPORTS = { "grpc-web": createGrpcWebTransport, connect: createConnectTransport };
