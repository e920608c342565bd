package turnpike.contract;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import turnpike.EventFollower;
import turnpike.Turnpike;
import turnpike.TurnpikeException;
import turnpike.v1.Event;
import turnpike.v1.ListAccountsRequest;
import turnpike.v1.ListEventsRequest;

/** Keeps one client, and does with it what it is told, line by line. */
final class Steady implements AutoCloseable {
  private final Turnpike turnpike;
  private final PrintStream out;
  private EventFollower events;

  private Steady(Turnpike turnpike, PrintStream out) {
    this.turnpike = turnpike;
    this.out = out;
  }

  static void run(Map<String, String> environment, InputStream in, PrintStream out)
      throws IOException {
    Turnpike turnpike =
        Turnpike.builder()
            .environment(environment)
            .keepalive(
                millis(environment, "TURNPIKE_KEEPALIVE_MS", 30_000),
                millis(environment, "TURNPIKE_KEEPALIVE_TIMEOUT_MS", 10_000))
            .build();
    BufferedReader lines = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8));
    try (Steady steady = new Steady(turnpike, out)) {
      String line = lines.readLine();
      while (line != null && !line.equals("quit")) {
        steady.obey(line);
        line = lines.readLine();
      }
    }
  }

  private static Duration millis(Map<String, String> environment, String name, long otherwise) {
    String value = environment.getOrDefault(name, "");
    return Duration.ofMillis(value.isEmpty() ? otherwise : Long.parseLong(value));
  }

  private void obey(String line) {
    try {
      switch (line) {
        case "call":
          turnpike.accounts().listAccounts(ListAccountsRequest.getDefaultInstance());
          say("ok");
          break;
        case "stream":
          follow();
          break;
        case "event":
          if (events == null) {
            say("failed FAILED_PRECONDITION there is no stream");
          } else {
            say("event " + events.next().event().getId());
          }
          break;
        default:
          say("failed INVALID_ARGUMENT there is no " + line);
      }
    } catch (TurnpikeException failed) {
      say("failed " + failed.code() + " " + failed.getMessage().replace('\n', ' '));
    }
  }

  /** After the newest of now: looked up, so that nothing that follows the line is missed. */
  private void follow() {
    String newest = "";
    for (Event event :
        turnpike.pages().events(ListEventsRequest.newBuilder().setPageSize(200).build())) {
      newest = event.getCursor();
    }
    if (events != null) {
      events.close();
    }
    events = turnpike.follow(newest);
  }

  private void say(String line) {
    out.println(line);
    out.flush();
  }

  @Override
  public void close() {
    if (events != null) {
      events.close();
    }
    turnpike.close();
  }
}
