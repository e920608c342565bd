import type { Interceptor, Transport } from "@connectrpc/connect";
import { TurnpikeError } from "./errors.js";
import { withKey } from "./key.js";
import { lostConnections } from "./lost.js";
import { retries } from "./retry.js";
import { methodConfig } from "./service_config.js";
import { withTrace } from "./telemetry.js";

/** The largest message that is read or written, in bytes. A page of 200 payments has far less. */
export const MESSAGE_BYTES_MAX = 16 * 1024 * 1024;

/** What stands between a caller and a transport, the outermost first. `withDeadlines` goes around all of it. */
export function interceptors(key: string | null, isBrowser: boolean): Interceptor[] {
  return [withTrace(), ...(key === null ? [] : [withKey(key)]), retries(!isBrowser), lostConnections];
}

/**
 * The outer end of the layer: the deadline of calls that name none, and errors of one type. An interceptor could do
 * neither, because the library starts the clock before them and reports its end after them.
 */
export function withDeadlines(transport: Transport): Transport {
  return {
    async unary(method, signal, timeoutMs, header, input, contextValues) {
      const wait = timeoutMs ?? methodConfig(method).timeoutMs;
      try {
        return await transport.unary(method, signal, wait, header, input, contextValues);
      } catch (error) {
        throw TurnpikeError.from(error);
      }
    },

    async stream(method, signal, timeoutMs, header, input, contextValues) {
      const wait = timeoutMs ?? methodConfig(method).timeoutMs;
      try {
        const answer = await transport.stream(method, signal, wait, header, input, contextValues);
        return { ...answer, message: withErrors(answer.message) };
      } catch (error) {
        throw TurnpikeError.from(error);
      }
    },
  };
}

async function* withErrors<T>(messages: AsyncIterable<T>): AsyncGenerator<T> {
  try {
    yield* messages;
  } catch (error) {
    throw TurnpikeError.from(error);
  }
}
