package turnpike;

import java.util.Locale;

/** A delivery that is not taken: answer it with a status of 400. */
public final class WebhookRefusedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Why. */
  private final Refusal refusal;

  WebhookRefusedException(Refusal refusal) {
    super("webhook refused: " + refusal.text());
    this.refusal = refusal;
  }

  /**
   * Why.
   *
   * @return one of five
   */
  public Refusal refusal() {
    return refusal;
  }

  /** Why a delivery is not taken. */
  public enum Refusal {
    /**
     * One of {@code webhook-id}, {@code webhook-timestamp} and {@code webhook-signature} is not
     * there.
     */
    MISSING_HEADER,
    /** The time is not a number of seconds. */
    BAD_TIMESTAMP,
    /** It was signed more than 5 minutes ago: somebody may be sending it again. */
    TOO_OLD,
    /** It was signed more than 5 minutes from now: one of the clocks is wrong. */
    TOO_NEW,
    /** None of the secrets signed these bytes. */
    NO_MATCHING_SIGNATURE;

    /**
     * The name that every client of Turnpike has for it.
     *
     * @return such as {@code too_old}
     */
    public String text() {
      return name().toLowerCase(Locale.ROOT);
    }
  }
}
