/** What a request id may look like, as the gateway takes it. */
const ID = /^[!-~]{1,64}$/;
/** The longest key, in characters. */
const KEY_LENGTH_MAX = 256;

/**
 * Where request ids are kept: a table of the caller's, with one row for each key. It has to outlive the program,
 * or a charge may be made twice after a restart.
 */
export interface RequestIdStore {
  /** The id that is kept under a key. Undefined when there is none. */
  load(key: string): Promise<string | undefined>;

  /**
   * Keeps an id under a key that must not be there yet, durably. Returns false, and changes nothing, when it is:
   * in SQL, `INSERT … ON CONFLICT DO NOTHING` and whether a row was inserted.
   */
  save(key: string, id: string): Promise<boolean>;
}

/** Why `RequestIds` refused. */
export class RequestIdError extends Error {
  override readonly name = "RequestIdError";

  /** `exists`: `first` found an id. `missing`: `again` found none. */
  readonly refusal: "exists" | "missing";

  constructor(refusal: "exists" | "missing", key: string) {
    super(
      refusal === "exists"
        ? `there is a request id for ${key} already: this is not the first time`
        : `there is no request id for ${key}: nothing was asked for yet`,
    );
    this.refusal = refusal;
  }
}

/**
 * Request ids that are made once and kept, so that the same undertaking has the same id however often it is tried.
 * A key is the caller's own name for it, such as `order-17/charge`, from 1 to 256 characters.
 *
 * What the store throws comes through.
 */
export class RequestIds {
  readonly #store: RequestIdStore;

  constructor(store: RequestIdStore) {
    this.#store = store;
  }

  /** Makes an id, and returns it once it is kept. @throws RequestIdError when there is one already. */
  async first(key: string): Promise<string> {
    const id = newId();
    if (!(await this.#store.save(checkedKey(key), id))) throw new RequestIdError("exists", key);
    return id;
  }

  /** Returns the id that is kept, and never makes one. @throws RequestIdError when there is none. */
  async again(key: string): Promise<string> {
    const id = await this.#load(key);
    if (id === undefined) throw new RequestIdError("missing", key);
    return id;
  }

  /** Returns the id that is kept, or makes one. Of two at once, both get the same. */
  async for(key: string): Promise<string> {
    const kept = await this.#load(key);
    if (kept !== undefined) return kept;
    const id = newId();
    return (await this.#store.save(key, id)) ? id : this.again(key);
  }

  async #load(key: string): Promise<string | undefined> {
    const id = await this.#store.load(checkedKey(key));
    if (id !== undefined && !ID.test(id)) {
      throw new TypeError(`what is kept for ${key} is no request id: 1 to 64 printable ASCII characters`);
    }
    return id;
  }
}

/** A store that forgets everything with the program: for tests, and for programs that send no money after a restart. */
export class MemoryRequestIds implements RequestIdStore {
  readonly #ids = new Map<string, string>();

  async load(key: string): Promise<string | undefined> {
    return this.#ids.get(key);
  }

  async save(key: string, id: string): Promise<boolean> {
    if (this.#ids.has(key)) return false;
    this.#ids.set(key, id);
    return true;
  }
}

function checkedKey(key: string): string {
  if (typeof key !== "string" || key.length < 1 || key.length > KEY_LENGTH_MAX) {
    throw new TypeError(`a key has from 1 to ${KEY_LENGTH_MAX} characters`);
  }
  return key;
}

/** A UUID of version 4. `crypto.randomUUID` is missing on pages without TLS; random bytes are everywhere. */
function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const digits = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
