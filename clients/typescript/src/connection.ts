import * as http2 from "node:http2";
import { Code, ConnectError } from "@connectrpc/connect";
import type { createGrpcTransport } from "@connectrpc/connect-node";
import { CLOSED } from "./lost.js";
import { Backoff, sleep } from "./time.js";

/** How long a connection may take to come about, TLS included. */
const CONNECT_MS_MAX = 10_000;
/** How soon the second attempt to connect follows the first. */
const FIRST_PAUSE_MS = 250;
/** How long it takes at most until the next attempt to connect. */
const LONGEST_PAUSE_MS = 5_000;
/** How often a call looks for another connection because the one it was given closed in the same moment. */
const MOMENTS_MAX = 5;

/** What the library asks for connections. */
type SessionManager = NonNullable<Parameters<typeof createGrpcTransport>[0]["sessionManager"]>;

/** How often it is looked for the answer to a ping before the connection counts as dead. */
const LOOKS_FOR_ANSWER = 5;

/** How a silent connection is told from a dead one. */
export interface Keepalive {
  /** A ping is sent after so much silence, in milliseconds, also while no call is under way. */
  readonly afterMs: number;
  /** The connection is dead when the answer takes longer than this, in milliseconds. */
  readonly timeoutMs: number;
}

/**
 * The one HTTP/2 connection of a client. It is opened for the first call, and again for the call after it broke:
 * at once, and with growing pauses while that fails. A call waits for the attempt that is next.
 *
 * The library has a manager of its own, without pauses. And where a connection closes while it is being verified,
 * calls wait in vain.
 */
export class Connection implements SessionManager {
  readonly authority: string;
  readonly #options: http2.SecureClientSessionOptions;
  readonly #keepalive: Keepalive;
  readonly #backoff = new Backoff(FIRST_PAUSE_MS, LONGEST_PAUSE_MS);
  #mayConnectAt = 0;
  #current: Live | undefined;
  #opening: Promise<Live> | undefined;
  #isClosed = false;
  /** Also those that finish their last calls after the server said goodbye. */
  readonly #all = new Map<http2.Http2Session, Live | undefined>();

  constructor(url: string, keepalive: Keepalive, options: http2.SecureClientSessionOptions) {
    this.authority = new URL(url).origin;
    this.#keepalive = keepalive;
    this.#options = options;
  }

  async request(
    method: string,
    path: string,
    headers: http2.OutgoingHttpHeaders,
    options: http2.ClientSessionRequestOptions,
  ): Promise<http2.ClientHttp2Stream> {
    for (let moment = 1; ; moment++) {
      const live = await this.#ready();
      try {
        return live.request({ ...headers, ":method": method, ":path": path }, options);
      } catch (error) {
        if (live.isUsable || moment >= MOMENTS_MAX) throw error;
      }
    }
  }

  notifyResponseByteRead(stream: http2.ClientHttp2Stream): void {
    if (stream.session !== undefined) this.#all.get(stream.session)?.heard();
  }

  /** Ends the connection and the calls on it, for good. */
  close(): void {
    this.#isClosed = true;
    for (const session of this.#all.keys()) session.destroy(closed());
  }

  async #ready(): Promise<Live> {
    if (this.#current?.isUsable) return this.#current;
    this.#opening ??= this.#open().finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  async #open(): Promise<Live> {
    const wait = this.#mayConnectAt - Date.now();
    if (wait > 0) await sleep(wait);
    if (this.#isClosed) throw closed();
    let session: http2.ClientHttp2Session;
    try {
      session = await this.#dial();
    } catch (error) {
      this.#mayConnectAt = Date.now() + this.#backoff.next();
      throw error;
    }
    this.#backoff.reset();
    this.#current = new Live(session, this.#keepalive);
    this.#all.set(session, this.#current);
    return this.#current;
  }

  #dial(): Promise<http2.ClientHttp2Session> {
    return new Promise((resolve, reject) => {
      const session = http2.connect(this.authority, this.#options);
      this.#all.set(session, undefined);
      const timer = setTimeout(() => {
        session.destroy(new Error(`no connection within ${CONNECT_MS_MAX / 1000} s`));
      }, CONNECT_MS_MAX);
      session.once("connect", () => {
        clearTimeout(timer);
        resolve(session);
      });
      // It stays for as long as the session, whose errors would end the program if nobody listened. Calls hear of
      // them on their own streams.
      session.on("error", (error: Error) => {
        reject(
          error instanceof ConnectError
            ? error
            : new ConnectError(
                `no connection: ${error.message}`,
                Code.Unavailable,
                undefined,
                undefined,
                error,
              ),
        );
      });
      session.once("close", () => {
        clearTimeout(timer);
        this.#all.delete(session);
        reject(new ConnectError("no connection: it was closed", Code.Unavailable));
      });
    });
  }
}

function closed(): ConnectError {
  return new ConnectError("the client was closed", Code.Canceled, undefined, undefined, CLOSED);
}

/** A connection that came about, and the pings on it. */
class Live {
  readonly #session: http2.ClientHttp2Session;
  readonly #keepalive: Keepalive;
  #heardAt = Date.now();
  #streams = 0;
  #goesAway = false;
  /** For the next look at the silence, or for the answer to a ping. It never keeps a program from ending. */
  #timer: NodeJS.Timeout | undefined;

  constructor(session: http2.ClientHttp2Session, keepalive: Keepalive) {
    this.#session = session;
    this.#keepalive = keepalive;
    // An idle connection doesn't keep a program from ending; one with calls does.
    session.unref();
    session.once("close", () => clearTimeout(this.#timer));
    session.once("goaway", () => {
      this.#goesAway = true;
    });
    this.#lookLater();
  }

  /** Whether calls may still begin on it. */
  get isUsable(): boolean {
    return !this.#goesAway && !this.#session.closed && !this.#session.destroyed;
  }

  request(
    headers: http2.OutgoingHttpHeaders,
    options: http2.ClientSessionRequestOptions,
  ): http2.ClientHttp2Stream {
    const stream = this.#session.request(headers, options);
    if (++this.#streams === 1) this.#session.ref();
    stream.once("response", () => this.heard());
    stream.once("close", () => {
      if (--this.#streams === 0) this.#session.unref();
    });
    return stream;
  }

  /** Something came, so it is alive. */
  heard(): void {
    this.#heardAt = Date.now();
  }

  #lookLater(): void {
    if (this.#session.destroyed) return;
    clearTimeout(this.#timer);
    const inMs = this.#heardAt + this.#keepalive.afterMs - Date.now();
    this.#timer = setTimeout(() => this.#look(), Math.max(0, inMs)).unref();
  }

  /** The time is divided, so that a program that stood still, and read nothing, loses only one part of it. */
  #awaitAnswer(askedAt: number, looks: number): void {
    const { timeoutMs } = this.#keepalive;
    this.#timer = setTimeout(() => {
      if (this.#heardAt >= askedAt) {
        this.#lookLater();
      } else if (looks > 1) {
        this.#awaitAnswer(askedAt, looks - 1);
      } else {
        const silence = `the connection is dead: no answer to a ping within ${timeoutMs} ms`;
        this.#session.destroy(new ConnectError(silence, Code.Unavailable));
      }
    }, timeoutMs / LOOKS_FOR_ANSWER).unref();
  }

  /** Asks the other end whether it is there, if it has been silent for long enough. */
  #look(): void {
    if (this.#session.destroyed) return;
    if (Date.now() - this.#heardAt < this.#keepalive.afterMs) {
      this.#lookLater();
      return;
    }
    this.#awaitAnswer(Date.now(), LOOKS_FOR_ANSWER);
    this.#session.ping((error) => {
      // The session is closing, and says so itself.
      if (error !== null) return;
      this.heard();
      this.#lookLater();
    });
  }
}
