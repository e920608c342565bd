/** Waits. It ends early, with the signal's reason, when the signal says so. */
export async function sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted();
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, milliseconds);
    function stop(): void {
      clearTimeout(timer);
      reject(signal?.reason);
    }
    signal?.addEventListener("abort", stop, { once: true });
  });
}

/** Pauses that double from a first to a longest one, each up to a fifth shorter, so that not all come at once. */
export class Backoff {
  readonly #firstMs: number;
  readonly #longestMs: number;
  #failures = 0;

  constructor(firstMs: number, longestMs: number) {
    this.#firstMs = firstMs;
    this.#longestMs = longestMs;
  }

  /** The pause after one more failure. */
  next(): number {
    const whole = Math.min(this.#firstMs * 2 ** this.#failures++, this.#longestMs);
    return whole * (0.8 + 0.2 * Math.random());
  }

  /** Something went well: the next pause is the first again. */
  reset(): void {
    this.#failures = 0;
  }
}
