import assert from "node:assert/strict";
import { test } from "node:test";
import { context, createTraceState, ROOT_CONTEXT, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { AlwaysOnSampler, BasicTracerProvider } from "@opentelemetry/sdk-trace-base";
import { AccountService, Turnpike } from "turnpike-client";
import { Server } from "../support/server.js";

test("the caller's trace goes along, and only where there is one", async (t) => {
  const seen: Headers[] = [];
  const server = await Server.start((router) => {
    router.rpc(AccountService.method.listAccounts, (_, { requestHeader }) => {
      seen.push(requestHeader);
      return {};
    });
  });
  t.after(() => server.stop());
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const provider = new BasicTracerProvider({ sampler: new AlwaysOnSampler() });
  const turnpike = new Turnpike({ url: server.url, apiKey: "tpk_test" });

  const span = provider.getTracer("test").startSpan("checkout");
  await context.with(trace.setSpan(context.active(), span), () => turnpike.accounts.listAccounts({}));
  const { traceId, spanId } = span.spanContext();
  assert.equal(seen[0]?.get("traceparent"), `00-${traceId}-${spanId}-01`);
  assert.equal(seen[0]?.get("tracestate"), null);

  await turnpike.accounts.listAccounts({});
  assert.equal(seen[1]?.get("traceparent"), null);

  const elsewhere = { traceId, spanId, traceFlags: 0, traceState: createTraceState("shop=1") };
  const remote = trace.setSpanContext(ROOT_CONTEXT, elsewhere);
  await context.with(remote, () => turnpike.accounts.listAccounts({}));
  assert.equal(seen[2]?.get("traceparent"), `00-${traceId}-${spanId}-00`);
  assert.equal(seen[2]?.get("tracestate"), "shop=1");
  turnpike.close();
});
