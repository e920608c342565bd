package turnpike;

import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.concurrent.Flow;
import java.util.concurrent.Semaphore;
import java.util.function.Supplier;

/**
 * The events of {@link EventFollower} for those who do not want to wait: each subscriber has a
 * thread of its own, which calls it, and a stream of its own, which begins with its subscription.
 * No event is handed out before it was asked for.
 */
final class EventPublisher implements Flow.Publisher<FollowedEvent> {
  private final Supplier<EventFollower> follow;

  EventPublisher(Supplier<EventFollower> follow) {
    this.follow = follow;
  }

  @Override
  public void subscribe(Flow.Subscriber<? super FollowedEvent> subscriber) {
    Objects.requireNonNull(subscriber, "subscriber");
    Subscription subscription = new Subscription(follow.get(), subscriber);
    Thread thread = new Thread(subscription, "turnpike-events");
    thread.setDaemon(true);
    thread.start();
  }

  private static final class Subscription implements Flow.Subscription, Runnable {
    private final EventFollower events;
    private final Flow.Subscriber<? super FollowedEvent> subscriber;
    // How many events are asked for. More than an int holds is without end.
    private final Semaphore wanted = new Semaphore(0);
    private volatile boolean isCancelled;
    private volatile boolean isWrong;

    Subscription(EventFollower events, Flow.Subscriber<? super FollowedEvent> subscriber) {
      this.events = events;
      this.subscriber = subscriber;
    }

    @Override
    public synchronized void request(long count) {
      if (count <= 0) {
        isWrong = true;
        events.close();
        wanted.drainPermits();
        wanted.release();
      } else if (!isWrong) {
        int room = Integer.MAX_VALUE - wanted.availablePermits();
        wanted.release((int) Math.min(count, room));
      }
    }

    @Override
    public void cancel() {
      isCancelled = true;
      events.close();
      request(1);
    }

    @Override
    public void run() {
      try {
        subscriber.onSubscribe(this);
        handOut();
      } catch (InterruptedException interrupted) {
        // Nobody else knows this thread.
        Thread.currentThread().interrupt();
      } catch (TurnpikeException useless) {
        if (!isCancelled) {
          subscriber.onError(useless);
        }
      } finally {
        events.close();
      }
    }

    private void handOut() throws InterruptedException {
      while (!isCancelled) {
        wanted.acquire();
        if (isWrong && !isCancelled) {
          subscriber.onError(new IllegalArgumentException("request(n) wants n to be above zero"));
          return;
        }
        FollowedEvent next;
        try {
          next = events.next();
        } catch (NoSuchElementException closed) {
          // Cancelled meanwhile, or asked for wrongly, which has left a permit to find that out.
          continue;
        }
        subscriber.onNext(next);
      }
    }
  }
}
