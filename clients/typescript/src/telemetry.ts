import type { Interceptor } from "@connectrpc/connect";

type Api = typeof import("@opentelemetry/api");

/**
 * Sends the caller's OpenTelemetry context along, as W3C's `traceparent` and `tracestate`, whatever else a program
 * has set up for its other calls. Without the package `@opentelemetry/api` it does nothing.
 */
export function withTrace(): Interceptor {
  let api: Api | undefined;
  const loaded = import("@opentelemetry/api").then(
    (module: Api) => {
      api = module;
    },
    () => {
      // It is not installed.
    },
  );
  let isLoaded = false;
  void loaded.then(() => {
    isLoaded = true;
  });
  return (next) => async (request) => {
    // Not awaited needlessly: in a browser the context may not outlast it.
    if (!isLoaded) await loaded;
    if (api !== undefined) setTrace(api, request.header);
    return next(request);
  };
}

function setTrace({ context, isSpanContextValid, trace }: Api, header: Headers): void {
  const span = trace.getSpanContext(context.active());
  if (span === undefined || !isSpanContextValid(span)) return;
  const flags = span.traceFlags.toString(16).padStart(2, "0");
  header.set("traceparent", `00-${span.traceId}-${span.spanId}-${flags}`);
  const state = span.traceState?.serialize();
  if (state !== undefined && state !== "") header.set("tracestate", state);
}
