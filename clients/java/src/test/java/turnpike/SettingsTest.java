package turnpike;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class SettingsTest {
  private static final String KEY = "tpk_very_secret";

  @TempDir Path folder;

  private static Map<String, String> environment(String... more) {
    Map<String, String> variables = new HashMap<>();
    variables.put("TURNPIKE_URL", "https://pay.example:50051");
    variables.put("TURNPIKE_API_KEY", KEY);
    for (int at = 0; at < more.length; at += 2) {
      variables.put(more[at], more[at + 1]);
    }
    return variables;
  }

  private static String refusal(Map<String, String> variables) {
    Turnpike.Builder builder = Turnpike.builder();
    IllegalArgumentException wrong =
        assertThrows(
            IllegalArgumentException.class, () -> builder.environment(variables).build().close());
    assertFalse(wrong.toString().contains(KEY), "shows the key");
    return wrong.getMessage();
  }

  @Test
  void whatIsMissingIsNamed() {
    assertEquals("TURNPIKE_URL is missing", refusal(environment("TURNPIKE_URL", "")));
    assertEquals("TURNPIKE_API_KEY is missing", refusal(environment("TURNPIKE_API_KEY", "")));
    assertEquals("TURNPIKE_URL is missing", refusal(Map.of("TURNPIKE_API_KEY", KEY)));
    assertEquals(
        "url is missing",
        assertThrows(IllegalArgumentException.class, () -> Turnpike.connect(null, KEY))
            .getMessage());
    assertEquals(
        "apiKey is missing",
        assertThrows(IllegalArgumentException.class, () -> Turnpike.connect("http://a:1", ""))
            .getMessage());
  }

  @Test
  void anAddressIsSchemeHostAndPort() {
    for (String wrong :
        List.of(
            "127.0.0.1:50051",
            "pay.example",
            "grpc://pay.example:1",
            "http://",
            "http://:1",
            "http://pay.example:0",
            "http://pay.example:65536",
            "http://pay.example:x",
            "http://user:" + KEY + "@pay.example:1",
            "http://pay.example:1/v1",
            "http://pay.example:1?key=" + KEY,
            "http://pay.example:1#a",
            "http://pay example:1")) {
      assertEquals(
          "TURNPIKE_URL must be http://host:port or https://host:port",
          refusal(environment("TURNPIKE_URL", wrong)),
          wrong);
    }
    Map.of(
            "http://127.0.0.1:50051", "Turnpike(http://127.0.0.1:50051)",
            "http://127.0.0.1:50051/", "Turnpike(http://127.0.0.1:50051)",
            "HTTPS://pay.example", "Turnpike(https://pay.example:443)",
            "http://[::1]:50051", "Turnpike(http://[::1]:50051)")
        .forEach(
            (url, shown) -> {
              try (Turnpike turnpike = Turnpike.connect(url, KEY)) {
                // The key is not in it.
                assertEquals(shown, turnpike.toString());
              }
            });
  }

  @Test
  void aKeyIsPrintable() {
    for (String wrong : List.of("two words", "line\nbreak", "é", " ")) {
      assertEquals(
          "TURNPIKE_API_KEY must be printable ASCII characters without spaces",
          refusal(environment("TURNPIKE_API_KEY", wrong)));
    }
  }

  @Test
  void filesAreNamedBeforeAnythingIsConnected() throws Exception {
    String missing = folder.resolve("missing.pem").toString();
    Path nonsense = Files.writeString(folder.resolve("nonsense.pem"), "nonsense");
    assertEquals(
        "TURNPIKE_CA_FILE cannot be read", refusal(environment("TURNPIKE_CA_FILE", missing)));
    assertEquals(
        "TURNPIKE_CA_FILE holds no certificates in PEM",
        refusal(environment("TURNPIKE_CA_FILE", nonsense.toString())));
    assertEquals(
        "TURNPIKE_KEY_FILE is missing: a certificate and its key go together",
        refusal(environment("TURNPIKE_CERT_FILE", missing)));
    assertEquals(
        "TURNPIKE_CERT_FILE is missing: a certificate and its key go together",
        refusal(environment("TURNPIKE_KEY_FILE", missing)));
    assertEquals(
        "TURNPIKE_CERT_FILE cannot be read",
        refusal(environment("TURNPIKE_CERT_FILE", missing, "TURNPIKE_KEY_FILE", missing)));
    assertEquals(
        "TURNPIKE_CA_FILE is set, but TURNPIKE_URL is not https",
        refusal(environment("TURNPIKE_URL", "http://a:1", "TURNPIKE_CA_FILE", missing)));
  }

  @Test
  void aKeyFileIsLookedAtAndNotShown() throws Exception {
    Certificates certificates = new Certificates(folder);
    Certificates.Pair client = certificates.issue("client");
    Path nonsense = Files.writeString(folder.resolve("nonsense.pem"), "nonsense");
    Path cut =
        Files.writeString(
            folder.resolve("cut.pem"),
            "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n");
    String cert = client.certificate().toString();
    assertEquals(
        "TURNPIKE_KEY_FILE holds no private key in PEM as PKCS#8 (BEGIN PRIVATE KEY, not"
            + " encrypted)",
        refusal(environment("TURNPIKE_CERT_FILE", cert, "TURNPIKE_KEY_FILE", nonsense.toString())));
    assertEquals(
        "TURNPIKE_KEY_FILE holds no private key that fits the certificate's kind, EC",
        refusal(environment("TURNPIKE_CERT_FILE", cert, "TURNPIKE_KEY_FILE", cut.toString())));
  }

  @Test
  void timesHaveBounds() {
    Turnpike.Builder builder = Turnpike.builder().url("http://a:1").apiKey(KEY);
    for (Duration wrong : List.of(Duration.ZERO, Duration.ofSeconds(-1), Duration.ofDays(366))) {
      builder.deadline(wrong);
      assertTrue(
          assertThrows(IllegalArgumentException.class, builder::build)
              .getMessage()
              .startsWith("deadline must be"));
    }
    builder.deadline(Duration.ofSeconds(1)).keepalive(Duration.ZERO, Duration.ofSeconds(1));
    assertThrows(IllegalArgumentException.class, builder::build);
  }
}
