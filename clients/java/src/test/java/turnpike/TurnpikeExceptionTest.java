package turnpike;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import turnpike.v1.ErrorReason;

final class TurnpikeExceptionTest {
  private static StatusRuntimeException failed(Status.Code code, Message... details) {
    com.google.rpc.Status.Builder status =
        com.google.rpc.Status.newBuilder().setCode(code.value()).setMessage("in words");
    for (Message detail : details) {
      status.addDetails(Any.pack(detail));
    }
    return StatusProto.toStatusRuntimeException(status.build());
  }

  private static ErrorInfo info(String domain, String reason) {
    return ErrorInfo.newBuilder()
        .setDomain(domain)
        .setReason(reason)
        .putMetadata("payment_id", "pay_1")
        .build();
  }

  @Test
  void tellsAllThatTheGatewaySays() {
    StatusRuntimeException cause =
        failed(
            Status.Code.RESOURCE_EXHAUSTED,
            info("turnpike", "RATE_LIMITED"),
            RetryInfo.newBuilder()
                .setRetryDelay(
                    com.google.protobuf.Duration.newBuilder().setSeconds(1).setNanos(500_000_000))
                .build());
    TurnpikeException read = TurnpikeException.of(cause);
    assertEquals(Status.Code.RESOURCE_EXHAUSTED, read.code());
    assertEquals(ErrorReason.ERROR_REASON_RATE_LIMITED, read.reason());
    assertEquals("RATE_LIMITED", read.reasonText());
    assertEquals(Map.of("payment_id", "pay_1"), read.metadata());
    assertEquals(Optional.of(Duration.ofMillis(1500)), read.retryAfter());
    assertEquals(Map.of(), read.fields());
    assertFalse(read.nothingWasSent());
    assertEquals("RESOURCE_EXHAUSTED RATE_LIMITED: in words", read.getMessage());
    assertSame(cause, read.getCause());
    assertSame(read, TurnpikeException.of(read));
    assertThrows(UnsupportedOperationException.class, () -> read.metadata().put("a", "b"));
  }

  @Test
  void namesAllWrongFieldsInOrder() {
    BadRequest.Builder request = BadRequest.newBuilder();
    for (String path : List.of("money", "account", "order.lines[3].quantity")) {
      request.addFieldViolations(
          BadRequest.FieldViolation.newBuilder().setField(path).setDescription("wrong: " + path));
    }
    TurnpikeException read =
        TurnpikeException.of(
            failed(
                Status.Code.INVALID_ARGUMENT, info("turnpike", "INVALID_FIELD"), request.build()));
    assertEquals(
        List.of("money", "account", "order.lines[3].quantity"),
        new ArrayList<>(read.fields().keySet()));
    assertEquals("wrong: account", read.fields().get("account"));
  }

  @Test
  void readsAReasonThatItDoesNotKnow() {
    TurnpikeException read =
        TurnpikeException.of(
            failed(Status.Code.FAILED_PRECONDITION, info("turnpike", "MOON_IS_FULL")));
    assertEquals(ErrorReason.UNRECOGNIZED, read.reason());
    assertEquals("MOON_IS_FULL", read.reasonText());
  }

  @Test
  void readsEveryReasonThatItKnows() {
    for (ErrorReason reason : ErrorReason.values()) {
      if (reason != ErrorReason.UNRECOGNIZED && reason.getNumber() != 0) {
        String text = reason.name().substring("ERROR_REASON_".length());
        TurnpikeException read =
            TurnpikeException.of(failed(Status.Code.INTERNAL, info("turnpike", text)));
        assertEquals(reason, read.reason());
      }
    }
  }

  @Test
  void believesNoOtherDomain() {
    TurnpikeException read =
        TurnpikeException.of(failed(Status.Code.NOT_FOUND, info("proxy.example", "NO_ROUTE")));
    assertEquals("", read.reasonText());
    assertEquals(ErrorReason.ERROR_REASON_UNSPECIFIED, read.reason());
    assertEquals(Map.of(), read.metadata());
  }

  @Test
  void passesOverWhatCannotBeRead() {
    Any broken =
        Any.newBuilder()
            .setTypeUrl("type.googleapis.com/google.rpc.ErrorInfo")
            .setValue(ByteString.copyFromUtf8("\u0001\u0002\u0003"))
            .build();
    com.google.rpc.Status status =
        com.google.rpc.Status.newBuilder().setCode(14).addDetails(broken).build();
    TurnpikeException read = TurnpikeException.of(StatusProto.toStatusRuntimeException(status));
    assertEquals(Status.Code.UNAVAILABLE, read.code());
    assertEquals("", read.reasonText());
  }

  @Test
  void noCodeAloneSaysThatNothingWasSent() {
    for (Status.Code code : Status.Code.values()) {
      if (code != Status.Code.OK) {
        TurnpikeException read = TurnpikeException.of(code.toStatus().asRuntimeException());
        assertFalse(read.nothingWasSent(), code.name());
        assertEquals(code.name(), read.getMessage());
        assertTrue(read.retryAfter().isEmpty());
      }
    }
  }
}
