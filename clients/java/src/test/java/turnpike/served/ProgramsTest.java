package turnpike.served;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import turnpike.Turnpike;

/** The examples and the runner, each as a program of its own. */
@Tag("served")
@Timeout(180)
final class ProgramsTest {
  private static final String SECRET =
      "whsec_"
          + Base64.getEncoder()
              .encodeToString("a secret of twenty-nine bytes".getBytes(StandardCharsets.UTF_8));

  @TempDir Path folder;

  private Gateway gateway;
  private int webhooks;

  @BeforeEach
  void start() throws Exception {
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      webhooks = free.getLocalPort();
    }
    gateway =
        new Gateway(
            folder,
            "--webhook-to",
            "http://127.0.0.1:" + webhooks + "/hooks",
            "--webhook-secret",
            SECRET);
  }

  @AfterEach
  void stop() throws Exception {
    gateway.stop();
  }

  private List<String> run(String name) throws Exception {
    try (Program program = new Program(gateway.environment(), name)) {
      return program.end(60);
    }
  }

  private static void assertSaid(List<String> said, String... patterns) {
    assertEquals(patterns.length, said.size(), said::toString);
    for (int at = 0; at < patterns.length; at++) {
      assertTrue(said.get(at).matches(patterns[at]), said.get(at) + " is not " + patterns[at]);
    }
  }

  @Test
  void checkout() throws Exception {
    assertSaid(run("Checkout"), "opened ses_\\w+ at \\w+", "paid 29900 NOK");
  }

  @Test
  void chargeToken() throws Exception {
    assertSaid(
        run("ChargeToken"),
        "charged 25000",
        "asked again: replayed is true",
        "declined: DECLINE_REASON_INSUFFICIENT_FUNDS");
  }

  @Test
  void schedule() throws Exception {
    assertSaid(
        run("Schedule"),
        "created sch_\\w+",
        "planned 1",
        "planned 2",
        "planned 3",
        "planned 4",
        "planned 5",
        "occurrence 3 OCCURRENCE_STATUS_PAID",
        "occurrence 2 OCCURRENCE_STATUS_PAID",
        "occurrence 1 OCCURRENCE_STATUS_PAID");
  }

  @Test
  void streamEvents() throws Exception {
    List<String> said = run("StreamEvents");
    assertTrue(said.stream().anyMatch(line -> line.matches("session.opened evt_\\w+")));
    assertTrue(said.stream().anyMatch(line -> line.matches("payment.captured evt_\\w+")));
    assertEquals("to go on later, a cursor was kept: true", said.get(said.size() - 1));
  }

  @Test
  void verifyWebhook() throws Exception {
    Map<String, String> environment =
        Map.of(
            "TURNPIKE_WEBHOOK_PORT", String.valueOf(webhooks), "TURNPIKE_WEBHOOK_SECRET", SECRET);
    try (Program program = new Program(environment, "VerifyWebhook");
        Turnpike turnpike = gateway.client()) {
      assertEquals("listening on " + webhooks, program.hear(20));
      Sessions.open(turnpike);
      String line = program.hear(30);
      assertTrue(line.matches("genuine: [a-z_]+\\.[a-z_]+ evt_\\w+"), line);
      program.end(20);
    }
  }

  @Test
  void theRunnerTellsEveryStory() throws Exception {
    Path report = folder.resolve("report.json");
    try (Program program =
        new Program(
            gateway.environment(),
            "turnpike.contract.Main",
            "stories",
            "../../contract",
            report.toString())) {
      program.end(120);
    }
    JsonObject told = JsonParser.parseString(Files.readString(report)).getAsJsonObject();
    assertEquals("java", told.get("language").getAsString());
    assertTrue(told.getAsJsonArray("results").size() >= 5);
  }

  @Test
  void theRunnerFailsAStoryThatIsNotSo() throws Exception {
    Path contract = folder.resolve("contract");
    Files.createDirectories(contract.resolve("stories"));
    Files.writeString(contract.resolve("accounts.json"), "{}");
    Files.writeString(
        contract.resolve("stories/wrong.json"),
        """
        {"about": "It is not so.", "steps": [{"step": "look", "call": "AccountService/ListAccounts",
          "request": {}, "answer": {"accounts": {"$has": [{"name": "nobody"}]}}}]}
        """);
    try (Program program =
        new Program(
            gateway.environment(),
            "turnpike.contract.Main",
            "stories",
            contract.toString(),
            folder.resolve("report.json").toString())) {
      String line = program.hear(30);
      assertTrue(line.startsWith("FAILED wrong: look: accounts: expected {\"$has\""), line);
      assertEquals("0 passed, 1 failed", program.hear(5));
    }
  }
}
