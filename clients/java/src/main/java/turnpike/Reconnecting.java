package turnpike;

import io.grpc.ConnectivityState;
import io.grpc.ManagedChannel;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * Shortens the pauses between attempts to connect. gRPC's own grow up to two minutes, and it has no
 * setting for them; so while the gateway cannot be reached, it is told to try again after 0.25 s,
 * and then after twice as long each time, up to 5 s.
 */
final class Reconnecting {
  static final Duration FIRST_PAUSE = Duration.ofMillis(250);
  static final Duration LONGEST_PAUSE = Duration.ofSeconds(5);

  private final ManagedChannel channel;
  private Duration pause = FIRST_PAUSE;
  private boolean isWaiting;

  private Reconnecting(ManagedChannel channel) {
    this.channel = channel;
  }

  static void watch(ManagedChannel channel) {
    new Reconnecting(channel).look();
  }

  private void look() {
    ConnectivityState state = channel.getState(false);
    if (state == ConnectivityState.SHUTDOWN) {
      return;
    }
    channel.notifyWhenStateChanged(state, this::look);
    if (state == ConnectivityState.READY) {
      restart();
    } else if (state == ConnectivityState.TRANSIENT_FAILURE) {
      tryLater();
    }
  }

  private synchronized void restart() {
    pause = FIRST_PAUSE;
  }

  private synchronized void tryLater() {
    if (isWaiting) {
      return;
    }
    isWaiting = true;
    CompletableFuture.delayedExecutor(pause.toMillis(), TimeUnit.MILLISECONDS)
        .execute(this::tryNow);
    pause = doubled(pause);
  }

  private void tryNow() {
    synchronized (this) {
      isWaiting = false;
    }
    if (channel.getState(false) == ConnectivityState.TRANSIENT_FAILURE) {
      channel.resetConnectBackoff();
      tryLater();
    }
  }

  static Duration doubled(Duration pause) {
    Duration twice = pause.multipliedBy(2);
    return twice.compareTo(LONGEST_PAUSE) > 0 ? LONGEST_PAUSE : twice;
  }
}
