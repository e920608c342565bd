import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { type Browser, chromium } from "playwright-core";
import { Gateway, openSession } from "../support/gateway.js";

const CHROMIUM = process.env.TURNPIKE_CHROMIUM ?? "/usr/bin/chromium";
const FLAGS = [
  ...["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"],
  ...["--disable-background-networking", "--disable-component-update", "--disable-sync"],
];
/** What a page of the shop's back office weighs at most with the client in it, in bytes. */
const BUNDLE_BYTES_MAX = 400_000;

/** What the page does, as a program of the page's own. */
const PAGE = `
  import { Code, ErrorReason, Turnpike, TurnpikeError } from "turnpike-client/browser";

  window.run = async ({ url, apiKey, after }) => {
    const turnpike = new Turnpike({ url, apiKey });
    const { accounts } = await turnpike.accounts.listAccounts({});
    let refused;
    try {
      await turnpike.payments.getPayment({ paymentId: "pay_unknown" });
    } catch (error) {
      refused = {
        isTyped: error instanceof TurnpikeError,
        isNotFound: error.code === Code.NotFound && error.reason === ErrorReason.PAYMENT_NOT_FOUND,
        metadata: error.metadata,
      };
    }
    const fields = await turnpike.accounts.listAccounts({ pageSize: -1 }).catch((error) => error.fields);
    const leaving = await turnpike.accounts.listAccounts({}, { timeoutMs: 1 }).catch((error) => error.codeName);
    for await (const { event, cursor } of turnpike.follow({ after, types: ["session.*"] })) {
      return { accounts: accounts.map(({ name }) => name), refused, fields, leaving, event: event.id, cursor };
    }
  };

  window.unreachable = async (url) => {
    const began = performance.now();
    const turnpike = new Turnpike({ url, apiKey: null });
    const code = await turnpike.accounts.listAccounts({}).catch((error) => error.codeName);
    return { code, took: performance.now() - began };
  };
`;

async function bundled(): Promise<string> {
  const { outputFiles, warnings } = await build({
    stdin: { contents: PAGE, resolveDir: fileURLToPath(new URL(".", import.meta.url)) },
    bundle: true,
    format: "esm",
    minify: true,
    platform: "browser",
    target: "es2022",
    write: false,
    // It is installed here for a test. A page without it has no such module either.
    external: ["@opentelemetry/api"],
  });
  assert.deepEqual(warnings, []);
  const code = outputFiles[0]?.text ?? "";
  assert.ok(!/node:/.test(code), "something of Node is in it");
  assert.ok(code.length < BUNDLE_BYTES_MAX, `it has ${code.length} bytes`);
  return code;
}

test("a page calls, is told a typed error, and follows an event", async (t) => {
  assert.ok(existsSync(CHROMIUM), `${CHROMIUM} is missing; TURNPIKE_CHROMIUM says where a Chromium is`);
  const gateway = await Gateway.start();
  t.after(() => gateway.remove());
  const code = await bundled();
  t.diagnostic(`${code.length} bytes of JavaScript`);
  const page = createServer((request, response) => {
    const isCode = request.url === "/page.js";
    response.setHeader("content-type", isCode ? "text/javascript" : "text/html");
    response.end(isCode ? code : '<!doctype html><script type="module" src="/page.js"></script>');
  });
  await new Promise<void>((resolve) => page.listen(0, "127.0.0.1", resolve));
  let browser: Browser | undefined;
  t.after(async () => {
    await browser?.close();
    page.close();
  });
  const client = gateway.client();
  await openSession(client);
  const { events, nextCursor } = await client.events.listEvents({});
  const opened = events.find(({ type }) => type === "session.opened");

  browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
  const tab = await browser.newPage();
  await tab.goto(`http://127.0.0.1:${(page.address() as AddressInfo).port}/`);
  await tab.waitForFunction("window.run");
  const run = (after: string) =>
    tab.evaluate(`window.run(${JSON.stringify({ url: gateway.url, apiKey: gateway.apiKey, after })})`);

  const seen = (await run("")) as Record<string, unknown>;
  assert.ok((seen.accounts as string[]).includes("dintero-dev"));
  assert.deepEqual(seen.refused, {
    isTyped: true,
    isNotFound: true,
    metadata: { payment_id: "pay_unknown" },
  });
  assert.equal((seen.fields as { path: string }[])[0]?.path, "page_size");
  assert.equal(seen.leaving, "DEADLINE_EXCEEDED");
  assert.equal(seen.event, opened?.id);

  // The next one happens while the page follows, over a restart of the gateway.
  const next = run(nextCursor);
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  await gateway.stop();
  await gateway.start();
  const session = await openSession(client);
  const made = await client.events.listEvents({ after: nextCursor });
  const expected = made.events.find(
    ({ payload, type }) =>
      type === "session.opened" && payload.case === "session" && payload.value.session?.id === session.id,
  );
  assert.equal(((await next) as Record<string, unknown>).event, expected?.id);
  client.close();

  await gateway.stop();
  const gone = (await tab.evaluate(`window.unreachable(${JSON.stringify(gateway.url)})`)) as {
    code: string;
    took: number;
  };
  assert.equal(gone.code, "UNAVAILABLE");
  assert.ok(gone.took > 2_500, `it was not tried again: ${gone.took} ms`);
});
