package turnpike;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.Test;
import turnpike.WebhookRefusedException.Refusal;
import turnpike.v1.Event;

final class WebhooksTest {
  private static final long NOW = 1_800_000_000;
  private static final String OLD = secret("the old secret of thirty bytes");
  private static final String NEW = secret("the new secret of thirty bytes");
  private static final String BODY =
      "{\"type\":\"payment.captured\",\"timestamp\":\"2027-01-15T08:00:00Z\",\"data\":"
          + "{\"id\":\"evt_1\",\"type\":\"payment.captured\",\"aFieldOfTomorrow\":1,"
          + "\"payment\":{\"payment\":{\"id\":\"pay_1\",\"money\":{\"amountMinor\":\"999999999999999\"}}}}}";

  private static String secret(String key) {
    return "whsec_" + Base64.getEncoder().encodeToString(key.getBytes(StandardCharsets.UTF_8));
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /** By the text of Standard Webhooks, not by the code that is tested. */
  private static String signature(String secret, String signed) throws Exception {
    Mac mac = Mac.getInstance("HmacSHA256");
    byte[] key = Base64.getDecoder().decode(secret.substring("whsec_".length()));
    mac.init(new SecretKeySpec(key, "HmacSHA256"));
    return "v1," + Base64.getEncoder().encodeToString(mac.doFinal(bytes(signed)));
  }

  private static Map<String, String> headers(String secret, long time) throws Exception {
    Map<String, String> headers = new HashMap<>();
    headers.put("webhook-id", "evt_1");
    headers.put("webhook-timestamp", String.valueOf(time));
    headers.put("webhook-signature", signature(secret, "evt_1." + time + "." + BODY));
    return headers;
  }

  private static Event verify(Map<String, String> headers, String body, String... secrets) {
    Clock clock = Clock.fixed(Instant.ofEpochSecond(NOW), ZoneOffset.UTC);
    return Webhooks.verify(bytes(body), headers, List.of(secrets), clock);
  }

  private static void assertRefused(
      Refusal expected, Map<String, String> headers, String body, String... secrets) {
    WebhookRefusedException refused =
        assertThrows(WebhookRefusedException.class, () -> verify(headers, body, secrets));
    assertEquals(expected, refused.refusal());
  }

  @Test
  void theGenuineIsRead() throws Exception {
    Event event = verify(headers(OLD, NOW), BODY, OLD);
    assertEquals("evt_1", event.getId());
    assertEquals("payment.captured", event.getType());
    assertEquals(999_999_999_999_999L, event.getPayment().getPayment().getMoney().getAmountMinor());
  }

  @Test
  void theNamesOfHeadersMayHaveAnyCase() throws Exception {
    Map<String, String> shouted = new HashMap<>();
    headers(OLD, NOW).forEach((name, value) -> shouted.put(name.toUpperCase(), value));
    assertEquals("evt_1", verify(shouted, BODY, OLD).getId());
  }

  @Test
  void aLookUpIsAskedInLowerCase() throws Exception {
    Map<String, String> headers = headers(OLD, Instant.now().getEpochSecond());
    Event event = Webhooks.verify(bytes(BODY), headers::get, List.of(OLD));
    assertEquals("evt_1", event.getId());
  }

  @Test
  void duringARotationEitherSecretDoes() throws Exception {
    assertEquals("evt_1", verify(headers(OLD, NOW), BODY, NEW, OLD).getId());
    Map<String, String> both = headers(OLD, NOW);
    both.merge(
        "webhook-signature",
        headers(NEW, NOW).get("webhook-signature"),
        (first, second) -> first + " " + second);
    assertEquals("evt_1", verify(both, BODY, OLD).getId());
    assertEquals("evt_1", verify(both, BODY, NEW).getId());
    assertRefused(Refusal.NO_MATCHING_SIGNATURE, both, BODY, secret("of somebody else"));
  }

  @Test
  void theForgedIsRefused() throws Exception {
    assertRefused(Refusal.NO_MATCHING_SIGNATURE, headers(NEW, NOW), BODY, OLD);
    assertRefused(Refusal.NO_MATCHING_SIGNATURE, headers(OLD, NOW), BODY + " ", OLD);
    Map<String, String> another = headers(OLD, NOW);
    another.put("webhook-id", "evt_2");
    assertRefused(Refusal.NO_MATCHING_SIGNATURE, another, BODY, OLD);
    Map<String, String> later = headers(OLD, NOW);
    later.put("webhook-timestamp", String.valueOf(NOW + 1));
    assertRefused(Refusal.NO_MATCHING_SIGNATURE, later, BODY, OLD);
    Map<String, String> ofAnotherVersion = headers(OLD, NOW);
    ofAnotherVersion.computeIfPresent(
        "webhook-signature", (name, value) -> value.replace("v1,", "v2,"));
    assertRefused(Refusal.NO_MATCHING_SIGNATURE, ofAnotherVersion, BODY, OLD);
    Map<String, String> cut = headers(OLD, NOW);
    cut.computeIfPresent("webhook-signature", (name, value) -> value.substring(0, 20));
    assertRefused(Refusal.NO_MATCHING_SIGNATURE, cut, BODY, OLD);
  }

  @Test
  void theTimeMustBeNow() throws Exception {
    assertEquals("evt_1", verify(headers(OLD, NOW - 300), BODY, OLD).getId());
    assertEquals("evt_1", verify(headers(OLD, NOW + 300), BODY, OLD).getId());
    assertRefused(Refusal.TOO_OLD, headers(OLD, NOW - 301), BODY, OLD);
    assertRefused(Refusal.TOO_NEW, headers(OLD, NOW + 301), BODY, OLD);
    for (String wrong : List.of("soon", "-1", "1.5", " 1", "9".repeat(19), "١٢٣")) {
      Map<String, String> headers = headers(OLD, NOW);
      headers.put("webhook-timestamp", wrong);
      assertRefused(Refusal.BAD_TIMESTAMP, headers, BODY, OLD);
    }
  }

  @Test
  void allHeadersMustBeThere() throws Exception {
    for (String name : headers(OLD, NOW).keySet()) {
      Map<String, String> without = headers(OLD, NOW);
      without.remove(name);
      assertRefused(Refusal.MISSING_HEADER, without, BODY, OLD);
      without.put(name, "");
      assertRefused(Refusal.MISSING_HEADER, without, BODY, OLD);
    }
  }

  @Test
  void aWrongSecretIsNamedButNotShown() throws Exception {
    Map<String, String> headers = headers(OLD, NOW);
    for (String wrong : List.of("", "whsec_", "whsec_not base64!", "dGhpcyBoYXMgbm8gcHJlZml4")) {
      IllegalArgumentException refused =
          assertThrows(IllegalArgumentException.class, () -> verify(headers, BODY, OLD, wrong));
      assertTrue(refused.getMessage().contains("whsec_ and base64"));
      assertFalse(wrong.length() > 6 && refused.toString().contains(wrong.substring(6)));
    }
    assertThrows(IllegalArgumentException.class, () -> verify(headers, BODY));
  }

  @Test
  void aGenuineBodyThatIsNoEventIsAnError() throws Exception {
    for (String body : List.of("", "[]", "{}", "{\"data\":1}", "{\"data\":{\"id\":[]}}")) {
      Map<String, String> headers = headers(OLD, NOW);
      headers.put("webhook-signature", signature(OLD, "evt_1." + NOW + "." + body));
      assertThrows(IllegalStateException.class, () -> verify(headers, body, OLD), body);
    }
  }

  @Test
  void refusalsHaveTheNamesOfTheContract() {
    assertEquals(
        List.of("missing_header", "bad_timestamp", "too_old", "too_new", "no_matching_signature"),
        List.of(Refusal.values()).stream().map(Refusal::text).toList());
  }
}
