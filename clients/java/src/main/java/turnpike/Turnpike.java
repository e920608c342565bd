package turnpike;

import io.grpc.Channel;
import io.grpc.ManagedChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import turnpike.v1.AccountServiceGrpc;
import turnpike.v1.AccountServiceGrpc.AccountServiceBlockingStub;
import turnpike.v1.EventServiceGrpc;
import turnpike.v1.EventServiceGrpc.EventServiceBlockingStub;
import turnpike.v1.PaymentServiceGrpc;
import turnpike.v1.PaymentServiceGrpc.PaymentServiceBlockingStub;
import turnpike.v1.RecurringServiceGrpc;
import turnpike.v1.RecurringServiceGrpc.RecurringServiceBlockingStub;
import turnpike.v1.SandboxServiceGrpc;
import turnpike.v1.SandboxServiceGrpc.SandboxServiceBlockingStub;
import turnpike.v1.SessionServiceGrpc;
import turnpike.v1.SessionServiceGrpc.SessionServiceBlockingStub;
import turnpike.v1.TokenServiceGrpc;
import turnpike.v1.TokenServiceGrpc.TokenServiceBlockingStub;

/**
 * A connection to a Turnpike gateway, and its services. Make one and share it: it may be used by
 * many threads at once.
 *
 * <pre>{@code
 * try (Turnpike turnpike = Turnpike.fromEnvironment()) {
 *   ListAccountsResponse answer =
 *       turnpike.accounts().listAccounts(ListAccountsRequest.getDefaultInstance());
 * }
 * }</pre>
 *
 * <p>Nothing is connected before the first call. A call has 30 seconds unless it says otherwise
 * ({@code turnpike.payments().withDeadlineAfter(60, TimeUnit.SECONDS)}); streams have no deadline.
 * A call that the gateway answers with UNAVAILABLE, with which it says that nothing was sent, is
 * repeated up to four times within its deadline, with the same request id; nothing else is ever
 * repeated. Calls fail with {@link TurnpikeException}.
 */
public final class Turnpike implements AutoCloseable {
  /** How long {@link #close} waits for calls that are under way before it cancels them. */
  private static final Duration FAREWELL = Duration.ofSeconds(5);

  private final Settings settings;
  private final ManagedChannel connection;
  private final Channel channel;

  private Turnpike(Settings settings) {
    this.settings = settings;
    connection = Connection.open(settings);
    channel = CallDefaults.around(connection, settings);
  }

  /**
   * Connects to one address with an API key.
   *
   * @param url {@code http://host:port} for plaintext, {@code https://host:port} for TLS with the
   *     authorities that Java trusts
   * @param apiKey the key, {@code tpk_…}
   * @return the client, which the caller closes
   * @throws IllegalArgumentException when one of them is wrong; it names which
   */
  public static Turnpike connect(String url, String apiKey) {
    return builder().url(url).apiKey(apiKey).build();
  }

  /**
   * Connects as the environment says: {@code TURNPIKE_URL}, {@code TURNPIKE_API_KEY}, and where
   * they are set {@code TURNPIKE_CA_FILE}, {@code TURNPIKE_CERT_FILE} and {@code
   * TURNPIKE_KEY_FILE}, which are files in PEM.
   *
   * @return the client, which the caller closes
   * @throws IllegalArgumentException when one of them is missing or wrong; it names which
   */
  public static Turnpike fromEnvironment() {
    return builder().environment(System.getenv()).build();
  }

  /**
   * Begins a client with more than an address and a key.
   *
   * @return a builder in which nothing is set
   */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Sessions, in which customers pay or save cards.
   *
   * @return the blocking stub
   */
  public SessionServiceBlockingStub sessions() {
    return SessionServiceGrpc.newBlockingStub(channel);
  }

  /**
   * Payments: charging, capturing, releasing, refunding and reading them.
   *
   * @return the blocking stub
   */
  public PaymentServiceBlockingStub payments() {
    return PaymentServiceGrpc.newBlockingStub(channel);
  }

  /**
   * Saved cards.
   *
   * @return the blocking stub
   */
  public TokenServiceBlockingStub tokens() {
    return TokenServiceGrpc.newBlockingStub(channel);
  }

  /**
   * Schedules, which charge saved cards again and again.
   *
   * @return the blocking stub
   */
  public RecurringServiceBlockingStub recurring() {
    return RecurringServiceGrpc.newBlockingStub(channel);
  }

  /**
   * The log of events and what is sent to webhooks. To read it as it grows, use {@link #follow}.
   *
   * @return the blocking stub
   */
  public EventServiceBlockingStub events() {
    return EventServiceGrpc.newBlockingStub(channel);
  }

  /**
   * The merchant's accounts and what they can do.
   *
   * @return the blocking stub
   */
  public AccountServiceBlockingStub accounts() {
    return AccountServiceGrpc.newBlockingStub(channel);
  }

  /**
   * The simulated providers and the test clock, in development mode only. {@link #development} has
   * the usual moves in one line each.
   *
   * @return the blocking stub
   */
  public SandboxServiceBlockingStub sandbox() {
    return SandboxServiceGrpc.newBlockingStub(channel);
  }

  /**
   * The same services without waiting: each call returns a future.
   *
   * @return the stubs
   */
  public FutureServices future() {
    return new FutureServices(channel);
  }

  /**
   * Lists that ask for their next page by themselves.
   *
   * @return the lists
   */
  public Pages pages() {
    return new Pages(this);
  }

  /**
   * Follows the events of these types after a place in the log, for as long as the caller wants.
   *
   * @param after the cursor of the last event that was taken in; empty means from the beginning
   * @param types such as {@code payment.captured} or {@code payment.*}, at most 50; none means all
   * @return the events, which the caller closes
   */
  public EventFollower follow(String after, String... types) {
    return EventFollower.after(channel, after, types);
  }

  /**
   * Follows the events of these types after a place in the log, without a thread of the caller's
   * that waits: what {@link #follow} hands out goes to the subscribers. Each of them has a stream
   * of its own, and a thread of its own that calls it. {@code onError} gets a {@link
   * TurnpikeException} where going on is useless; {@code onComplete} is never called.
   *
   * @param after as in {@link #follow}
   * @param types as in {@link #follow}
   * @return the events, for any number of subscribers
   */
  public Flow.Publisher<FollowedEvent> followAsync(String after, String... types) {
    return new EventPublisher(() -> follow(after, types));
  }

  /**
   * Follows the events of these types from now on.
   *
   * @param types as in {@link #follow}
   * @return the events, which the caller closes
   */
  public EventFollower followNew(String... types) {
    return EventFollower.onlyNew(channel, types);
  }

  /**
   * What a test does to a gateway in development mode.
   *
   * @return the moves, one line each
   */
  public Development development() {
    return new Development(this);
  }

  /**
   * The channel with the whole layer in it, for stubs that are not at hand here: {@code
   * PaymentServiceGrpc.newStub(turnpike.channel())} is the one with StreamObserver. The blocking,
   * future and asynchronous stubs of this package's generated code fail with {@link
   * TurnpikeException}; of errors of other stubs {@link TurnpikeException#of} makes one.
   *
   * @return the channel, which lives as long as this client
   */
  public Channel channel() {
    return channel;
  }

  /** Waits up to 5 seconds for calls that are under way, cancels the others, and disconnects. */
  @Override
  public void close() {
    connection.shutdown();
    try {
      connection.awaitTermination(FAREWELL.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    } finally {
      connection.shutdownNow();
    }
  }

  /** Tells the address, and never the key. */
  @Override
  public String toString() {
    return "Turnpike(" + settings.url() + ")";
  }

  /** What a client is made of. Every setting but the address and the key has a default. */
  public static final class Builder {
    private Settings settings = new Settings();

    private Builder() {}

    /**
     * The address.
     *
     * @param url {@code http://host:port} for plaintext or {@code https://host:port} for TLS;
     *     required
     * @return this builder
     */
    public Builder url(String url) {
      settings.url = url;
      return this;
    }

    /**
     * The API key.
     *
     * @param apiKey printable ASCII characters without spaces; required
     * @return this builder
     */
    public Builder apiKey(String apiKey) {
      settings.apiKey = apiKey;
      return this;
    }

    /**
     * The authorities that may vouch for the gateway, instead of those that Java trusts.
     *
     * @param file certificates in PEM
     * @return this builder
     */
    public Builder caFile(Path file) {
      settings.caFile = file;
      return this;
    }

    /**
     * The caller's own certificate and its key, for mutual TLS.
     *
     * @param certFile the certificate and what leads to its authority, in PEM
     * @param keyFile its private key in PEM, as PKCS#8 ({@code BEGIN PRIVATE KEY}) and not
     *     encrypted
     * @return this builder
     */
    public Builder certificate(Path certFile, Path keyFile) {
      settings.certFile = certFile;
      settings.keyFile = keyFile;
      return this;
    }

    /**
     * How a connection that has died is noticed: a ping is sent after a time of silence, also while
     * no call is under way, and must be answered in time.
     *
     * @param time the silence before a ping, 10 seconds by default. gRPC for Java takes what is
     *     below 10 seconds for 10 seconds
     * @param timeout the time to answer it, 5 seconds by default
     * @return this builder
     */
    public Builder keepalive(Duration time, Duration timeout) {
      settings.keepaliveTime = time;
      settings.keepaliveTimeout = timeout;
      return this;
    }

    /**
     * How much time a call has that says nothing else, all its repetitions together.
     *
     * @param deadline more than nothing; 30 seconds by default
     * @return this builder
     */
    public Builder deadline(Duration deadline) {
      settings.deadline = deadline;
      return this;
    }

    /**
     * Takes address, key and files from these variables, and names them when they are wrong.
     *
     * @param variables such as {@code System.getenv()}
     * @return this builder
     */
    public Builder environment(Map<String, String> variables) {
      settings.readEnvironment(variables);
      return this;
    }

    /**
     * Makes the client. Nothing is connected before the first call.
     *
     * @return the client, which the caller closes
     * @throws IllegalArgumentException when a setting is missing or wrong; it names which
     */
    public Turnpike build() {
      return new Turnpike(settings.checked());
    }
  }
}
