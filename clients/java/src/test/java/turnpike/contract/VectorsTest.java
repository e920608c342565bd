package turnpike.contract;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.protobuf.Any;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import com.google.rpc.Status;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import turnpike.v1.Money;

/** That the checker of vectors passes what is right, and fails each kind of what is wrong. */
final class VectorsTest {
  private static final String MONEY = "messages/turnpike.v1.Money";
  private static final String ERROR = "errors/PROVIDER_THROTTLED";
  private static final Money AMOUNT =
      Money.newBuilder().setAmountMinor(999_999_999_999_999L).setCurrencyCode("NOK").build();

  @TempDir Path folder;

  @BeforeEach
  void writeWhatIsRight() throws IOException {
    Files.createDirectories(folder.resolve("messages"));
    Files.createDirectories(folder.resolve("errors"));
    write(MONEY + ".json", "{\"amountMinor\": \"999999999999999\", \"currencyCode\": \"NOK\"}");
    write(MONEY + ".binpb", AMOUNT.toByteArray());
    write(MONEY + "+empty.json", "{}");
    write(MONEY + "+empty.binpb", new byte[0]);
    write(
        ERROR + ".json",
        """
        {"status": {"code": 14, "message": "later", "details": [
            {"@type": "type.googleapis.com/google.rpc.ErrorInfo",
             "reason": "PROVIDER_THROTTLED", "domain": "turnpike", "metadata": {"account": "a"}},
            {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "1.500s"}]},
         "read": {"code": "UNAVAILABLE", "reason": "PROVIDER_THROTTLED",
                  "metadata": {"account": "a"}, "fields": {}, "retry_after_ms": 1500,
                  "nothing_was_sent": true}}
        """);
    write(ERROR + ".binpb", status("PROVIDER_THROTTLED").toByteArray());
    write(
        "webhooks.json",
        "["
            + delivery("1614265330", "\"refused\":\"no_matching_signature\"")
            + ","
            + delivery("soon", "\"refused\":\"bad_timestamp\"")
            + "]");
  }

  private static Status status(String reason) {
    return Status.newBuilder()
        .setCode(14)
        .setMessage("later")
        .addDetails(
            Any.pack(
                ErrorInfo.newBuilder()
                    .setReason(reason)
                    .setDomain("turnpike")
                    .putMetadata("account", "a")
                    .build()))
        .addDetails(
            Any.pack(
                RetryInfo.newBuilder()
                    .setRetryDelay(
                        com.google.protobuf.Duration.newBuilder()
                            .setSeconds(1)
                            .setNanos(500_000_000))
                    .build()))
        .build();
  }

  private static String delivery(String timestamp, String outcome) {
    return "{\"about\":\"one\",\"now\":1614265330,"
        + "\"secrets\":[\"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\"],\"headers\":{"
        + "\"webhook-id\":\"msg_p5jXN8AQM9LWM0D4loKWxJek\",\"webhook-timestamp\":\""
        + timestamp
        + "\",\"webhook-signature\":\"v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=\"},"
        + "\"body\":\"{\\\"test\\\": 2432232315}\","
        + outcome
        + "}";
  }

  private void write(String name, String text) throws IOException {
    Files.writeString(folder.resolve(name), text);
  }

  private void write(String name, byte[] bytes) throws IOException {
    Files.write(folder.resolve(name), bytes);
  }

  private JsonObject check() throws IOException {
    Report report = new Report(new PrintStream(new ByteArrayOutputStream()));
    new Vectors(folder, report).check();
    Path file = folder.resolve("report.json");
    report.write(file);
    JsonObject written = JsonParser.parseString(Files.readString(file)).getAsJsonObject();
    int failed = 0;
    for (var result : written.getAsJsonArray("results")) {
      failed += result.getAsJsonObject().get("passed").getAsBoolean() ? 0 : 1;
    }
    assertEquals(failed == 0, report.hasPassed());
    return written;
  }

  private void assertFails(String file, String because) throws IOException {
    for (var each : check().getAsJsonArray("results")) {
      JsonObject result = each.getAsJsonObject();
      boolean isMeant = result.get("name").getAsString().equals(file);
      assertEquals(!isMeant, result.get("passed").getAsBoolean(), result::toString);
      if (isMeant) {
        String failure = result.get("failure").getAsString();
        assertTrue(failure.contains(because), failure);
      }
    }
  }

  @Test
  void whatIsRightPasses() throws IOException {
    JsonObject report = check();
    assertEquals("java", report.get("language").getAsString());
    assertEquals(4, report.getAsJsonArray("results").size());
    assertFails("nothing", "");
  }

  @Test
  void otherBytesFail() throws IOException {
    write(MONEY + ".binpb", AMOUNT.toBuilder().setAmountMinor(1).build().toByteArray());
    assertFails(MONEY + ".json", "different messages");
  }

  @Test
  void bytesThatAreMissingFail() throws IOException {
    Files.delete(folder.resolve(MONEY + ".binpb"));
    assertFails(MONEY + ".json", "NoSuchFile");
  }

  @Test
  void jsonThatIsWrittenOtherwiseFails() throws IOException {
    // It is read as the same message, but protobuf writes 64-bit integers as texts.
    write(MONEY + ".json", "{\"amountMinor\": 999999999999999, \"currencyCode\": \"NOK\"}");
    assertFails(MONEY + ".json", "the JSON that is written differs");
  }

  @Test
  void fieldsThatNobodyKnowsFail() throws IOException {
    write(MONEY + ".json", "{\"amountMajor\": 1}");
    assertFails(MONEY + ".json", "cannot be read from JSON");
  }

  @Test
  void aMessageThatNobodyKnowsFails() throws IOException {
    write("messages/turnpike.v1.Gold.json", "{}");
    write("messages/turnpike.v1.Gold.binpb", new byte[0]);
    assertFails("messages/turnpike.v1.Gold.json", "there is no message");
  }

  @Test
  void anErrorThatReadsOtherwiseFails() throws IOException {
    String vector = Files.readString(folder.resolve(ERROR + ".json"));
    write(ERROR + ".json", vector.replace("\"retry_after_ms\": 1500", "\"retry_after_ms\": null"));
    assertFails(ERROR + ".json", "read as");
    write(ERROR + ".json", vector);
    write(ERROR + ".binpb", status("PROVIDER_UNREACHABLE").toByteArray());
    assertFails(ERROR + ".json", "different statuses");
  }

  @Test
  void aDeliveryThatEndsOtherwiseFails() throws IOException {
    write("webhooks.json", "[" + delivery("soon", "\"refused\":\"too_old\"") + "]");
    assertFails("webhooks.json", "one: refused bad_timestamp, not refused too_old");
    write("webhooks.json", "[]");
    assertFails("webhooks.json", "no deliveries");
    Files.delete(folder.resolve("webhooks.json"));
    assertFails("webhooks.json", "NoSuchFile");
  }

  @Test
  void aGenuineDeliveryIsReadAsItsEvent() throws Exception {
    String body =
        "{\"type\":\"payment.captured\",\"data\":{\"id\":\"evt_1\",\"type\":\"payment.captured\"}}";
    Mac mac = Mac.getInstance("HmacSHA256");
    mac.init(new SecretKeySpec("of the test".getBytes(UTF_8), "HmacSHA256"));
    Base64.Encoder base64 = Base64.getEncoder();
    JsonObject headers = new JsonObject();
    headers.addProperty("webhook-id", "evt_1");
    headers.addProperty("webhook-timestamp", "1614265330");
    byte[] signature = mac.doFinal(("evt_1.1614265330." + body).getBytes(UTF_8));
    headers.addProperty("webhook-signature", "v1," + base64.encodeToString(signature));
    JsonObject event = new JsonObject();
    event.addProperty("id", "evt_1");
    event.addProperty("type", "payment.captured");
    JsonArray secrets = new JsonArray();
    secrets.add("whsec_" + base64.encodeToString("of the test".getBytes(UTF_8)));
    JsonObject delivery = new JsonObject();
    delivery.addProperty("about", "genuine");
    delivery.addProperty("now", 1614265330);
    delivery.add("secrets", secrets);
    delivery.add("headers", headers);
    delivery.addProperty("body", body);
    delivery.add("event", event);
    write("webhooks.json", "[" + delivery + "]");
    check();
    assertFails("nothing", "");
    event.addProperty("type", "payment.declined");
    write("webhooks.json", "[" + delivery + "]");
    assertFails("webhooks.json", "genuine: event evt_1 payment.captured, not event");
  }

  @Test
  void aFolderThatIsMissingOrEmptyIsAnError() throws IOException {
    Vectors missing = new Vectors(folder.resolve("missing"), new Report(System.out));
    assertThrows(IOException.class, missing::check);
    Path empty = Files.createDirectories(folder.resolve("empty/messages")).getParent();
    Vectors none = new Vectors(empty, new Report(System.out));
    assertThrows(IOException.class, none::check);
    Files.writeString(folder.resolve("messages/alone.binpb"), "");
    assertThrows(IOException.class, this::check);
  }
}
