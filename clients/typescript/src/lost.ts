import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";

/** The cause of errors after the caller closed the client: no connection was lost then. */
export const CLOSED = new Error("the client was closed");

/**
 * What the library tells when a connection broke depends on how it broke: CANCELLED, ABORTED, INTERNAL or
 * UNKNOWN. Every gRPC client calls it UNAVAILABLE, and so does this one. What the server itself said stays.
 */
export const lostConnections: Interceptor = (next) => async (request) => {
  try {
    const answer = await next(request);
    return answer.stream ? { ...answer, message: told(answer.message, request.signal) } : answer;
  } catch (thrown) {
    throw asLost(thrown, request.signal);
  }
};

async function* told<T>(messages: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T> {
  try {
    yield* messages;
  } catch (thrown) {
    throw asLost(thrown, signal);
  }
}

function asLost(thrown: unknown, signal: AbortSignal): ConnectError {
  const error = ConnectError.from(thrown);
  // The caller or the deadline ended the call: that is what the caller is told.
  if (signal.aborted || isFromServer(error) || !isLost(error)) return error;
  const message = `the connection was lost: ${error.rawMessage}`;
  return new ConnectError(message, Code.Unavailable, undefined, undefined, error);
}

/** Only what was answered has headers or trailers. */
function isFromServer(error: ConnectError): boolean {
  return [...error.metadata.keys()].length > 0;
}

function isLost(error: ConnectError): boolean {
  if (error.code === Code.Unavailable || error.cause === CLOSED) return false;
  // Nobody cancelled here, so it was the end of the connection.
  if (error.code === Code.Canceled || error.code === Code.Aborted) return true;
  const { cause } = error;
  // What `fetch` throws when there is no network, or no longer.
  if (cause instanceof TypeError) return error.code === Code.Unknown;
  if (!(cause instanceof Error) || !("code" in cause) || typeof cause.code !== "string") return false;
  // A single stream was ended by the server. That is its word, except that it did not take the stream at all.
  if (cause.code === "ERR_HTTP2_STREAM_ERROR") return cause.message.includes("REFUSED_STREAM");
  // Node's own errors of sockets, of TLS and of HTTP/2.
  return true;
}
