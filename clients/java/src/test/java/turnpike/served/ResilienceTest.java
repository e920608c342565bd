package turnpike.served;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import turnpike.EventFollower;
import turnpike.Turnpike;
import turnpike.v1.Event;
import turnpike.v1.ListEventsRequest;

/** What breaks between a client and its gateway, and what the client makes of it. */
@Tag("served")
@Timeout(180)
@Execution(ExecutionMode.CONCURRENT)
final class ResilienceTest {
  @TempDir Path folder;

  private static Program steady(Map<String, String> environment) throws Exception {
    Map<String, String> all = new HashMap<>(environment);
    all.put("TURNPIKE_KEEPALIVE_MS", "1000");
    all.put("TURNPIKE_KEEPALIVE_TIMEOUT_MS", "1000");
    return new Program(all, "turnpike.contract.Main", "steady");
  }

  @Test
  void aRestartIsSurvivedByCallsAndStreams() throws Exception {
    try (Gateway gateway = new Gateway(folder);
        Program steady = steady(gateway.environment());
        Turnpike turnpike = gateway.client()) {
      steady.tell("stream");
      assertEquals("ok", steady.ask("call"));
      Sessions.open(turnpike);
      String first = steady.ask("event");
      assertTrue(first.startsWith("event evt_"), first);

      gateway.stop();
      gateway.start();
      assertEquals("ok", steady.ask("call"));
      Sessions.open(turnpike);
      String second = steady.ask("event");
      assertTrue(second.startsWith("event evt_"), second);
      assertNotEquals(first, second);
      steady.tell("quit");
      steady.end(10);
      gateway.stop();
    }
  }

  @Test
  void noEventIsLostOrRepeatedByRestarts() throws Exception {
    try (Gateway gateway = new Gateway(folder);
        Turnpike turnpike = gateway.client()) {
      List<String> followed = new ArrayList<>();
      EventFollower events = turnpike.follow("", "session.*");
      int restarts = 3;
      int each = 4;
      CompletableFuture<Void> reader =
          CompletableFuture.runAsync(
              () -> {
                while (followed.size() < restarts * each && events.hasNext()) {
                  followed.add(events.next().event().getId());
                }
              });
      for (int restart = 0; restart < restarts; restart++) {
        for (int session = 0; session < each; session++) {
          Sessions.open(turnpike);
        }
        gateway.stop();
        gateway.start();
      }
      reader.get(60, TimeUnit.SECONDS);
      events.close();
      List<String> listed = new ArrayList<>();
      ListEventsRequest request = ListEventsRequest.newBuilder().addTypes("session.*").build();
      for (Event event : turnpike.pages().events(request)) {
        listed.add(event.getId());
      }
      assertEquals(listed, followed);
      gateway.stop();
    }
  }

  @Test
  void aConnectionThatWasForgottenWhileIdleIsReplacedOrKeptAwake() throws Exception {
    try (Gateway gateway = new Gateway(folder);
        Proxy proxy = new Proxy(gateway.port(), 3000);
        Program steady = steady(Gateway.environment(proxy.port()))) {
      assertEquals("ok", steady.ask("call"));
      Thread.sleep(6000);
      assertEquals("ok", steady.ask("call"));
      steady.tell("quit");
      steady.end(20);
    }
  }

  @Test
  void aHalfOpenConnectionIsReplacedWithinTheDeadline() throws Exception {
    try (Gateway gateway = new Gateway(folder);
        Proxy proxy = new Proxy(gateway.port(), 0);
        Program steady = steady(Gateway.environment(proxy.port()))) {
      assertEquals("ok", steady.ask("call"));
      assertEquals(1, proxy.connections());
      proxy.forgetAll();
      assertEquals("ok", steady.ask("call"));
      assertEquals(2, proxy.connections());
      steady.tell("quit");
      steady.end(20);
    }
  }
}
