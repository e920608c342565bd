import type { DescMethodServerStreaming, DescService } from "@bufbuild/protobuf";
import { type CallOptions, type Client, createClient, type Transport } from "@connectrpc/connect";

type Streaming = (input: unknown, options?: CallOptions) => AsyncIterable<unknown>;

/**
 * The generated stubs of a service, with one difference from the library's: whoever leaves the loop over a stream
 * ends the call. Otherwise it would go on unseen, and hold one of the places that the gateway has for streams.
 */
export function serviceOf<S extends DescService>(service: S, transport: Transport): Client<S> {
  const client = createClient(service, transport);
  const methods = client as unknown as Record<string, Streaming>;
  for (const method of service.methods) {
    const call = methods[method.localName];
    if (isStreaming(method) && call !== undefined) methods[method.localName] = endedByLeaving(call);
  }
  return client;
}

function isStreaming(method: DescService["methods"][number]): method is DescMethodServerStreaming {
  return method.methodKind === "server_streaming";
}

function endedByLeaving(call: Streaming): Streaming {
  return (input, options) => {
    const left = new AbortController();
    const signal = options?.signal ? AbortSignal.any([options.signal, left.signal]) : left.signal;
    // The call begins with the loop. A stream that nobody reads could fail unheard.
    return (async function* () {
      try {
        yield* call(input, { ...options, signal });
      } finally {
        left.abort();
      }
    })();
  };
}
