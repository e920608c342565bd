package turnpike;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.protobuf.StatusProto;
import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import turnpike.v1.ErrorReason;

/**
 * A call that failed, with all that the gateway says about it. It is the only kind of error that
 * calls have; a decline is an answer and not an error, see {@link Outcome}. Its texts hold no
 * secrets.
 */
public final class TurnpikeException extends RuntimeException {
  private static final long serialVersionUID = 1L;
  private static final String DOMAIN = "turnpike";
  private static final String PREFIX = "ERROR_REASON_";

  /** Never OK. */
  private final Status.Code code;

  /** Without its prefix; empty when there is none. */
  private final String reasonText;

  // Read-only maps, which Java cannot promise to be serializable.
  private final transient Map<String, String> metadata;
  private final transient Map<String, String> fields;

  /** Null when the gateway said nothing. */
  private final Duration retryAfter;

  private TurnpikeException(Status status, Details details, Throwable cause) {
    super(message(status, details.reason), cause);
    code = status.getCode();
    reasonText = details.reason;
    metadata = Collections.unmodifiableMap(details.metadata);
    fields = Collections.unmodifiableMap(details.fields);
    retryAfter = details.retryAfter;
  }

  /**
   * Reads what gRPC's own exceptions know.
   *
   * @param failed a StatusRuntimeException, a StatusException, or anything else that a call failed
   *     with
   * @return the error, with {@code failed} as its cause; {@code failed} itself if it is one already
   */
  public static TurnpikeException of(Throwable failed) {
    if (failed instanceof TurnpikeException) {
      return (TurnpikeException) failed;
    }
    Status status = Status.fromThrowable(failed);
    return new TurnpikeException(status, Details.of(failed), failed);
  }

  static TurnpikeException of(Status status, Metadata trailers) {
    return of(status.asRuntimeException(trailers));
  }

  /**
   * The gRPC code.
   *
   * @return never OK
   */
  public Status.Code code() {
    return code;
  }

  /**
   * The reason, as a constant.
   *
   * @return UNRECOGNIZED for a reason that this version does not know, which {@link #reasonText}
   *     tells; ERROR_REASON_UNSPECIFIED when the gateway gave none, as when it could not be reached
   */
  public ErrorReason reason() {
    if (reasonText.isEmpty()) {
      return ErrorReason.ERROR_REASON_UNSPECIFIED;
    }
    var known = ErrorReason.getDescriptor().findValueByName(PREFIX + reasonText);
    return known == null ? ErrorReason.UNRECOGNIZED : ErrorReason.valueOf(known);
  }

  /**
   * The reason as the gateway spells it.
   *
   * @return such as {@code PAYMENT_NOT_FOUND}; empty when it gave none
   */
  public String reasonText() {
    return reasonText;
  }

  /**
   * What belongs to the reason; the comments of {@link ErrorReason} say which keys there are.
   *
   * @return read-only, empty when there is nothing
   */
  public Map<String, String> metadata() {
    return metadata == null ? Map.of() : metadata;
  }

  /**
   * The fields of the request that are wrong, all of them.
   *
   * @return the description of each by its path, such as {@code order.lines[3].quantity};
   *     read-only, in the gateway's order, empty when no field is wrong
   */
  public Map<String, String> fields() {
    return fields == null ? Map.of() : fields;
  }

  /**
   * How long to wait before the call is made again.
   *
   * @return empty when the gateway said nothing about it
   */
  public Optional<Duration> retryAfter() {
    return Optional.ofNullable(retryAfter);
  }

  /**
   * Whether the gateway says that nothing was sent to a provider. A connection that broke is told
   * by the same code without a reason, and while an earlier call with the request id runs, that one
   * may have sent something. Either way the same request with the same request id may follow.
   *
   * @return true for UNAVAILABLE with a reason of the gateway's other than REQUEST_STILL_RUNNING
   */
  public boolean nothingWasSent() {
    boolean isUnknown =
        reasonText.isEmpty() || reason() == ErrorReason.ERROR_REASON_REQUEST_STILL_RUNNING;
    return code == Status.Code.UNAVAILABLE && !isUnknown;
  }

  private static String message(Status status, String reason) {
    StringBuilder text = new StringBuilder(status.getCode().name());
    if (!reason.isEmpty()) {
      text.append(' ').append(reason);
    }
    if (status.getDescription() != null) {
      text.append(": ").append(status.getDescription());
    }
    return text.toString();
  }

  /**
   * What travels beside the code. Details of other kinds, and what cannot be read, are passed over.
   */
  private static final class Details {
    private String reason = "";
    private final Map<String, String> metadata = new LinkedHashMap<>();
    private final Map<String, String> fields = new LinkedHashMap<>();
    private Duration retryAfter;

    static Details of(Throwable failed) {
      Details details = new Details();
      com.google.rpc.Status status = StatusProto.fromThrowable(failed);
      if (status != null) {
        status.getDetailsList().forEach(details::take);
      }
      return details;
    }

    private void take(Any detail) {
      read(detail, ErrorInfo.class)
          .filter(info -> info.getDomain().equals(DOMAIN))
          .ifPresent(this::take);
      read(detail, BadRequest.class).ifPresent(this::take);
      read(detail, RetryInfo.class).ifPresent(this::take);
    }

    private void take(ErrorInfo info) {
      reason = info.getReason();
      metadata.putAll(info.getMetadataMap());
    }

    private void take(BadRequest request) {
      request
          .getFieldViolationsList()
          .forEach(each -> fields.put(each.getField(), each.getDescription()));
    }

    private void take(RetryInfo info) {
      var delay = info.getRetryDelay();
      retryAfter = Duration.ofSeconds(delay.getSeconds(), delay.getNanos());
    }

    private static <M extends Message> Optional<M> read(Any detail, Class<M> kind) {
      try {
        return detail.is(kind) ? Optional.of(detail.unpack(kind)) : Optional.empty();
      } catch (InvalidProtocolBufferException unreadable) {
        return Optional.empty();
      }
    }
  }
}
