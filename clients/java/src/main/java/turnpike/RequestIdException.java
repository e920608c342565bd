package turnpike;

/** A request id that was refused by {@link RequestIds}: nothing may be sent. */
public final class RequestIdException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  RequestIdException(String message) {
    super(message);
  }
}
