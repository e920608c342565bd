package turnpike;

import io.grpc.Channel;
import turnpike.v1.AccountServiceGrpc;
import turnpike.v1.AccountServiceGrpc.AccountServiceFutureStub;
import turnpike.v1.EventServiceGrpc;
import turnpike.v1.EventServiceGrpc.EventServiceFutureStub;
import turnpike.v1.PaymentServiceGrpc;
import turnpike.v1.PaymentServiceGrpc.PaymentServiceFutureStub;
import turnpike.v1.RecurringServiceGrpc;
import turnpike.v1.RecurringServiceGrpc.RecurringServiceFutureStub;
import turnpike.v1.SandboxServiceGrpc;
import turnpike.v1.SandboxServiceGrpc.SandboxServiceFutureStub;
import turnpike.v1.SessionServiceGrpc;
import turnpike.v1.SessionServiceGrpc.SessionServiceFutureStub;
import turnpike.v1.TokenServiceGrpc;
import turnpike.v1.TokenServiceGrpc.TokenServiceFutureStub;

/**
 * The services without waiting: each call returns a ListenableFuture, which fails with {@link
 * TurnpikeException} and cancels the call when it is cancelled. Deadlines and retries are those of
 * {@link Turnpike}. Streams have no future: {@link Turnpike#channel} tells how to get a stub for
 * them.
 */
public final class FutureServices {
  private final Channel channel;

  FutureServices(Channel channel) {
    this.channel = channel;
  }

  /**
   * Sessions, in which customers pay or save cards.
   *
   * @return the stub
   */
  public SessionServiceFutureStub sessions() {
    return SessionServiceGrpc.newFutureStub(channel);
  }

  /**
   * Payments: charging, capturing, releasing, refunding and reading them.
   *
   * @return the stub
   */
  public PaymentServiceFutureStub payments() {
    return PaymentServiceGrpc.newFutureStub(channel);
  }

  /**
   * Saved cards.
   *
   * @return the stub
   */
  public TokenServiceFutureStub tokens() {
    return TokenServiceGrpc.newFutureStub(channel);
  }

  /**
   * Schedules, which charge saved cards again and again.
   *
   * @return the stub
   */
  public RecurringServiceFutureStub recurring() {
    return RecurringServiceGrpc.newFutureStub(channel);
  }

  /**
   * The log of events and what is sent to webhooks.
   *
   * @return the stub
   */
  public EventServiceFutureStub events() {
    return EventServiceGrpc.newFutureStub(channel);
  }

  /**
   * The merchant's accounts and what they can do.
   *
   * @return the stub
   */
  public AccountServiceFutureStub accounts() {
    return AccountServiceGrpc.newFutureStub(channel);
  }

  /**
   * The simulated providers and the test clock, in development mode only.
   *
   * @return the stub
   */
  public SandboxServiceFutureStub sandbox() {
    return SandboxServiceGrpc.newFutureStub(channel);
  }
}
