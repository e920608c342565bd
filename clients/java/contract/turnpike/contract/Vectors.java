package turnpike.contract;

import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.rpc.Status;
import io.grpc.Metadata;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import turnpike.TurnpikeException;
import turnpike.WebhookRefusedException;
import turnpike.Webhooks;
import turnpike.v1.ErrorReason;
import turnpike.v1.Event;

/** Checks the vectors: messages, errors and webhooks, as files of bytes and JSON. */
final class Vectors {
  private static final Metadata.Key<byte[]> DETAILS =
      Metadata.Key.of("grpc-status-details-bin", Metadata.BINARY_BYTE_MARSHALLER);

  private final Path folder;
  private final Report report;

  Vectors(Path folder, Report report) {
    this.folder = folder;
    this.report = report;
  }

  void check() throws IOException {
    for (Path file : paired(folder.resolve("messages"))) {
      report(file, () -> checkMessage(file));
    }
    for (Path file : paired(folder.resolve("errors"))) {
      report(file, () -> checkError(file));
    }
    Path webhooks = folder.resolve("webhooks.json");
    report(webhooks, () -> checkWebhooks(webhooks));
  }

  private interface Check {
    void run() throws Exception;
  }

  private void report(Path file, Check check) {
    String failure = "";
    try {
      check.run();
    } catch (Exception mismatch) {
      failure = mismatch instanceof Mismatch ? mismatch.getMessage() : mismatch.toString();
    }
    report.add(folder.relativize(file).toString(), "", 0, 0, failure);
  }

  /**
   * The JSON files of a folder. One without its bytes fails later; bytes without JSON fail here.
   */
  private static List<Path> paired(Path folder) throws IOException {
    for (Path bytes : Stories.files(folder, ".binpb")) {
      if (!Files.exists(sibling(bytes, ".binpb", ".json"))) {
        throw new IOException(bytes + " has no JSON beside it");
      }
    }
    return Stories.files(folder, ".json");
  }

  private static Path sibling(Path file, String from, String to) {
    String name = file.getFileName().toString();
    return file.resolveSibling(name.substring(0, name.length() - from.length()) + to);
  }

  private static byte[] bytes(Path json) throws IOException {
    return Files.readAllBytes(sibling(json, ".json", ".binpb"));
  }

  private static void require(boolean isTrue, String otherwise) throws Mismatch {
    if (!isTrue) {
      throw new Mismatch(otherwise);
    }
  }

  private static void checkMessage(Path file) throws Exception {
    String name =
        file.getFileName().toString().replaceFirst("\\.json$", "").replaceFirst("\\+.*", "");
    Message prototype = prototype(name);
    JsonElement json = Json.read(file);
    Message fromJson = Json.message(prototype, json);
    Message fromBytes = parsed(prototype, bytes(file));
    require(fromJson.equals(fromBytes), "the JSON and the bytes are different messages");
    Message again = parsed(prototype, fromJson.toByteArray());
    require(again.equals(fromJson), "the bytes that are written are another message");
    JsonElement written = Json.of(fromBytes);
    require(written.equals(json), "the JSON that is written differs: " + written);
  }

  private static Message parsed(Message prototype, byte[] bytes)
      throws InvalidProtocolBufferException, Mismatch {
    Message message = prototype.getParserForType().parseFrom(bytes);
    boolean isKnown = message.getUnknownFields().asMap().isEmpty();
    require(isKnown, "the bytes have fields that the schema does not know");
    return message;
  }

  private static Message prototype(String name) throws Mismatch {
    try {
      Class<?> type = Class.forName(name);
      return (Message) type.getMethod("getDefaultInstance").invoke(null);
    } catch (ReflectiveOperationException | ClassCastException unknown) {
      throw new Mismatch("there is no message " + name);
    }
  }

  private static void checkError(Path file) throws Exception {
    JsonObject vector = Json.read(file).getAsJsonObject();
    byte[] bytes = bytes(file);
    Status status = Status.parseFrom(bytes);
    Message fromJson = Json.message(Status.getDefaultInstance(), vector.get("status"));
    require(
        Json.of(fromJson).equals(Json.of(status)), "the JSON and the bytes are different statuses");
    Metadata trailers = new Metadata();
    trailers.put(DETAILS, bytes);
    TurnpikeException read =
        TurnpikeException.of(
            io.grpc.Status.fromCodeValue(status.getCode())
                .withDescription(status.getMessage())
                .asRuntimeException(trailers));
    JsonObject expected = vector.getAsJsonObject("read");
    JsonObject seen = seen(read);
    require(sorted(seen).equals(sorted(expected)), "read as " + seen + ", not as " + expected);
    checkConstant(read);
  }

  /** The constant is the one of the text, or says that there is none. */
  private static void checkConstant(TurnpikeException read) throws Mismatch {
    boolean isKnown =
        ErrorReason.getDescriptor().findValueByName("ERROR_REASON_" + read.reasonText()) != null;
    String constant = isKnown ? "ERROR_REASON_" + read.reasonText() : "UNRECOGNIZED";
    require(read.reason().name().equals(constant), "the constant is " + read.reason());
  }

  private static JsonObject seen(TurnpikeException read) {
    JsonObject seen = new JsonObject();
    seen.addProperty("code", read.code().name());
    seen.addProperty("reason", read.reasonText());
    seen.add("metadata", object(read.metadata()));
    seen.add("fields", object(read.fields()));
    seen.add(
        "retry_after_ms",
        read.retryAfter()
            .map(Duration::toMillis)
            .<JsonElement>map(JsonPrimitive::new)
            .orElse(JsonNull.INSTANCE));
    seen.addProperty("nothing_was_sent", read.nothingWasSent());
    return seen;
  }

  private static JsonObject object(Map<String, String> texts) {
    JsonObject object = new JsonObject();
    texts.forEach(object::addProperty);
    return object;
  }

  private static Map<String, JsonElement> sorted(JsonObject object) {
    return new TreeMap<>(object.asMap());
  }

  private static void checkWebhooks(Path file) throws Exception {
    int deliveries = 0;
    for (JsonElement each : Json.read(file).getAsJsonArray()) {
      JsonObject delivery = each.getAsJsonObject();
      String about = delivery.get("about").getAsString();
      String outcome = outcome(delivery);
      String expected = expected(delivery);
      require(outcome.equals(expected), about + ": " + outcome + ", not " + expected);
      deliveries++;
    }
    require(deliveries > 0, "there are no deliveries");
  }

  private static String expected(JsonObject delivery) throws Mismatch {
    require(delivery.has("event") != delivery.has("refused"), "an event, or refused");
    if (delivery.has("refused")) {
      return "refused " + delivery.get("refused").getAsString();
    }
    JsonObject event = delivery.getAsJsonObject("event");
    return "event " + event.get("id").getAsString() + " " + event.get("type").getAsString();
  }

  private static String outcome(JsonObject delivery) {
    Map<String, String> headers = new TreeMap<>();
    delivery
        .getAsJsonObject("headers")
        .entrySet()
        .forEach(header -> headers.put(header.getKey(), header.getValue().getAsString()));
    List<String> secrets = new ArrayList<>();
    delivery.getAsJsonArray("secrets").forEach(secret -> secrets.add(secret.getAsString()));
    byte[] body = delivery.get("body").getAsString().getBytes(StandardCharsets.UTF_8);
    Instant now = Instant.ofEpochSecond(delivery.get("now").getAsLong());
    try {
      Event event = Webhooks.verify(body, headers, secrets, Clock.fixed(now, ZoneOffset.UTC));
      return "event " + event.getId() + " " + event.getType();
    } catch (WebhookRefusedException refused) {
      return "refused " + refused.refusal().text();
    }
  }
}
