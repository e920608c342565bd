import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { ConnectError } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { AccountService, Code, ErrorReason, EventService, PaymentService } from "turnpike-client";
import { type Protocol, Turnpike } from "turnpike-client/browser";
import { freePort } from "../support/server.js";

/** Node has the `fetch` of browsers, too, and this server speaks both protocols of theirs. */
async function serving() {
  const attempts: Headers[] = [];
  const handler = connectNodeAdapter({
    routes: (router) => {
      router.rpc(AccountService.method.listAccounts, (_, { requestHeader }) => {
        attempts.push(requestHeader);
        if (attempts.length === 1) throw new ConnectError("later", Code.Unavailable);
        return { nextPageToken: requestHeader.get("authorization") ?? "nobody" };
      });
      router.rpc(PaymentService.method.getPayment, () => {
        const info = new BinaryWriter().tag(1, WireType.LengthDelimited).string("PAYMENT_NOT_FOUND");
        info.tag(2, WireType.LengthDelimited).string("turnpike");
        const error = new ConnectError("no such payment", Code.NotFound);
        error.details = [{ type: "google.rpc.ErrorInfo", value: info.finish() }];
        throw error;
      });
      router.rpc(EventService.method.streamEvents, async function* ({ after }) {
        yield { event: { id: `evt_after_${after}` }, cursor: `${after}1` };
        if (after === "") throw new ConnectError("down", Code.Unavailable);
      });
    },
  });
  const server = createServer(handler);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { server, url, attempts };
}

for (const protocol of ["grpc-web", "connect"] satisfies Protocol[]) {
  test(`the layer over ${protocol}`, async (t) => {
    const { server, url, attempts } = await serving();
    t.after(() => {
      server.closeAllConnections();
      server.close();
    });
    const turnpike = new Turnpike({ url, apiKey: "tpk_test", protocol });
    assert.equal((await turnpike.accounts.listAccounts({})).nextPageToken, "Bearer tpk_test");
    assert.equal(attempts.length, 2);
    const deadlines = attempts.map((header) =>
      Number.parseInt(header.get("grpc-timeout") ?? header.get("connect-timeout-ms") ?? "", 10),
    );
    assert.equal(deadlines[0], 30_000);
    assert.ok((deadlines[1] ?? 0) <= 29_800, String(deadlines));
    // Pages of another origin must not send it.
    assert.ok(attempts.every((header) => !header.has("grpc-previous-rpc-attempts")));
    const type = attempts[0]?.get("content-type");
    assert.equal(type, protocol === "connect" ? "application/json" : "application/grpc-web+proto");

    await assert.rejects(turnpike.payments.getPayment({ paymentId: "pay_1" }), {
      name: "TurnpikeError",
      code: Code.NotFound,
      reason: ErrorReason.PAYMENT_NOT_FOUND,
    });
    const seen: string[] = [];
    for await (const { event } of turnpike.follow()) {
      seen.push(event.id);
      if (seen.length === 2) break;
    }
    assert.deepEqual(seen, ["evt_after_", "evt_after_1"]);
  });

  test(`nobody there is UNAVAILABLE over ${protocol}, and tried again`, async () => {
    const turnpike = new Turnpike({ url: `http://127.0.0.1:${await freePort()}`, apiKey: null, protocol });
    const began = performance.now();
    await assert.rejects(turnpike.accounts.listAccounts({}), { code: Code.Unavailable });
    assert.ok(performance.now() - began > 2_500);
  });
}
