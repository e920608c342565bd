import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { ConnectError } from "@connectrpc/connect";
import {
  ActionRequiredError,
  Code,
  create,
  DeclinedError,
  DeclineReason,
  declineOf,
  ErrorReason,
  NotPaidError,
  PaymentSchema,
  PaymentState,
  requirePaid,
  TurnpikeError,
  UnresolvedError,
} from "turnpike-client";

function text(writer: BinaryWriter, number: number, value: string): BinaryWriter {
  return writer.tag(number, WireType.LengthDelimited).string(value);
}

function message(writer: BinaryWriter, number: number, inner: BinaryWriter): BinaryWriter {
  return writer.tag(number, WireType.LengthDelimited).bytes(inner.finish());
}

function info(reason: string, metadata: Record<string, string>, domain = "turnpike"): Uint8Array {
  const writer = text(text(new BinaryWriter(), 1, reason), 2, domain);
  for (const [key, value] of Object.entries(metadata)) {
    message(writer, 3, text(text(new BinaryWriter(), 1, key), 2, value));
  }
  // A field that nobody knows yet.
  return text(writer, 99, "new").finish();
}

function thrown(code: Code, details: Record<string, Uint8Array>): TurnpikeError {
  const error = new ConnectError("told", code);
  error.details = Object.entries(details).map(([type, value]) => ({ type: `google.rpc.${type}`, value }));
  return TurnpikeError.from(error);
}

test("an error tells its reason and what it is about", () => {
  const error = thrown(Code.NotFound, { ErrorInfo: info("PAYMENT_NOT_FOUND", { payment_id: "pay_1" }) });
  assert.equal(error.code, Code.NotFound);
  assert.equal(error.codeName, "NOT_FOUND");
  assert.equal(error.reason, ErrorReason.PAYMENT_NOT_FOUND);
  assert.equal(error.reasonText, "PAYMENT_NOT_FOUND");
  assert.deepEqual(error.metadata, { payment_id: "pay_1" });
  assert.deepEqual(error.fields, []);
  assert.equal(error.retryAfterMs, undefined);
  assert.equal(error.nothingWasSent, false);
  assert.equal(error.message, "NOT_FOUND PAYMENT_NOT_FOUND: told");
  assert.ok(error.cause instanceof ConnectError);
});

test("wrong fields have a path and a description", () => {
  const field = text(text(new BinaryWriter(), 1, "order.lines[3].quantity"), 2, "must be a number");
  const badRequest = message(
    message(new BinaryWriter(), 1, field),
    1,
    text(new BinaryWriter(), 1, "account"),
  );
  const error = thrown(Code.InvalidArgument, {
    ErrorInfo: info("INVALID_FIELD", { fields: "2" }),
    BadRequest: badRequest.finish(),
  });
  assert.deepEqual(error.fields, [
    { path: "order.lines[3].quantity", description: "must be a number" },
    { path: "account", description: "" },
  ]);
});

test("the time to come back is in milliseconds", () => {
  const delay = new BinaryWriter()
    .tag(1, WireType.Varint)
    .int64(2n)
    .tag(2, WireType.Varint)
    .int32(500_000_000);
  const error = thrown(Code.Unavailable, {
    ErrorInfo: info("DRAINING", {}),
    RetryInfo: message(new BinaryWriter(), 1, delay).finish(),
  });
  assert.equal(error.retryAfterMs, 2_500);
  assert.equal(error.nothingWasSent, true);
});

test("a reason of a later version is there as text, and one of a stranger is none", () => {
  const later = thrown(Code.FailedPrecondition, { ErrorInfo: info("REASON_OF_TOMORROW", { a: "b" }) });
  assert.equal(later.reason, ErrorReason.UNSPECIFIED);
  assert.equal(later.reasonText, "REASON_OF_TOMORROW");
  assert.deepEqual(later.metadata, { a: "b" });
  const stranger = thrown(Code.Unavailable, { ErrorInfo: info("DRAINING", { a: "b" }, "a-proxy.example") });
  assert.equal(stranger.reasonText, "");
  assert.deepEqual(stranger.metadata, {});
});

test("bytes that are no details leave the code", () => {
  const junk = Uint8Array.of(0x0a, 0xff, 0xff);
  const error = thrown(Code.Internal, { ErrorInfo: junk, BadRequest: junk, RetryInfo: junk, Unheard: junk });
  assert.equal(error.codeName, "INTERNAL");
  assert.deepEqual([error.reasonText, error.fields, error.retryAfterMs], ["", [], undefined]);
});

test("gRPC's names of the codes", () => {
  const names = [Code.Canceled, Code.DeadlineExceeded, Code.Unavailable, Code.DataLoss, Code.OutOfRange].map(
    (code) => thrown(code, {}).codeName,
  );
  assert.deepEqual(names, ["CANCELLED", "DEADLINE_EXCEEDED", "UNAVAILABLE", "DATA_LOSS", "OUT_OF_RANGE"]);
});

function payment(state: PaymentState) {
  return create(PaymentSchema, {
    id: "pay_1",
    state,
    decline: { reason: DeclineReason.INSUFFICIENT_FUNDS },
    nextAction: { action: { case: "redirect", value: { url: "https://pay.example/secret" } } },
  });
}

test("a decline is an answer", () => {
  assert.equal(declineOf(payment(PaymentState.DECLINED))?.reason, DeclineReason.INSUFFICIENT_FUNDS);
  assert.equal(declineOf(payment(PaymentState.REQUIRES_ACTION)), undefined);
  assert.equal(declineOf(payment(PaymentState.CAPTURED)), undefined);
  const silent = create(PaymentSchema, { state: PaymentState.DECLINED });
  assert.equal(declineOf(silent)?.reason, DeclineReason.UNSPECIFIED);
});

test("whoever prefers an error asks for it", () => {
  for (const state of [PaymentState.AUTHORIZED, PaymentState.CAPTURED]) {
    const paid = payment(state);
    assert.equal(requirePaid(paid), paid);
  }
  const kinds = new Map<PaymentState, unknown>([
    [PaymentState.DECLINED, DeclinedError],
    [PaymentState.UNRESOLVED, UnresolvedError],
    [PaymentState.REQUIRES_ACTION, ActionRequiredError],
  ]);
  for (const state of Object.values(PaymentState).filter((each) => typeof each === "number")) {
    if (state === PaymentState.AUTHORIZED || state === PaymentState.CAPTURED) continue;
    assert.throws(
      () => requirePaid(payment(state)),
      (error: unknown) => {
        assert.ok(error instanceof NotPaidError);
        assert.equal(error.constructor, kinds.get(state) ?? NotPaidError);
        assert.equal(error.payment.id, "pay_1");
        assert.ok(!inspect(error, { depth: 10 }).includes("secret"), "the customer's link is shown");
        return true;
      },
    );
  }
  const tomorrow = payment(99 as PaymentState);
  assert.throws(() => requirePaid(tomorrow), NotPaidError);
});
