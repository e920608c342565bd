package turnpike;

import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.util.JsonFormat;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import turnpike.WebhookRefusedException.Refusal;
import turnpike.v1.Event;

/**
 * Verifies what the gateway sends to a merchant's own servers, in the format of Standard Webhooks:
 * an HMAC-SHA256 over the id, the time and the raw bytes of the body, compared in constant time.
 *
 * <p>An event may come more than once: remember which {@code event.getId()} were taken in.
 */
public final class Webhooks {
  /** How far the sender's clock and this one's may be apart. */
  public static final Duration TOLERANCE = Duration.ofMinutes(5);

  private static final String PREFIX = "whsec_";
  private static final String VERSION = "v1,";
  private static final String ALGORITHM = "HmacSHA256";

  /** 18 digits fit a long; the year 2200 has 10. */
  private static final int LONGEST_TIME = 18;

  private Webhooks() {}

  /**
   * Verifies a delivery and reads its event.
   *
   * @param body the raw bytes of the body, as they came
   * @param header finds a header by its name in lower case, and is null or empty without one:
   *     {@code request::getHeader} of a servlet, {@code exchange.getRequestHeaders()::getFirst} of
   *     the JDK's server
   * @param secrets those that are accepted, {@code whsec_…}; while one is replaced by another, both
   * @return the event, without a cursor
   * @throws WebhookRefusedException when the delivery is not genuine, or not of now
   * @throws IllegalArgumentException when a secret is wrong, or none is given; it is not shown
   */
  public static Event verify(
      byte[] body, Function<String, String> header, Collection<String> secrets) {
    return verify(body, header, secrets, Clock.systemUTC());
  }

  /**
   * The same with headers in a map.
   *
   * @param body the raw bytes of the body, as they came
   * @param headers by their names, in whatever case
   * @param secrets those that are accepted, {@code whsec_…}
   * @return the event, without a cursor
   * @throws WebhookRefusedException when the delivery is not genuine, or not of now
   * @throws IllegalArgumentException when a secret is wrong, or none is given; it is not shown
   */
  public static Event verify(byte[] body, Map<String, String> headers, Collection<String> secrets) {
    return verify(body, anyCase(headers), secrets, Clock.systemUTC());
  }

  /**
   * The same at another time, for tests.
   *
   * @param body the raw bytes of the body, as they came
   * @param headers by their names, in whatever case
   * @param secrets those that are accepted, {@code whsec_…}
   * @param clock tells what time it is
   * @return the event, without a cursor
   * @throws WebhookRefusedException when the delivery is not genuine, or not of that time
   * @throws IllegalArgumentException when a secret is wrong, or none is given; it is not shown
   */
  public static Event verify(
      byte[] body, Map<String, String> headers, Collection<String> secrets, Clock clock) {
    return verify(body, anyCase(headers), secrets, clock);
  }

  private static Event verify(
      byte[] body, Function<String, String> header, Collection<String> secrets, Clock clock) {
    List<byte[]> keys = keys(secrets);
    String id = required(header, "webhook-id");
    String timestamp = required(header, "webhook-timestamp");
    String signatures = required(header, "webhook-signature");
    checkTime(timestamp, clock.instant());
    byte[] signed =
        concatenated((id + "." + timestamp + ".").getBytes(StandardCharsets.UTF_8), body);
    if (!isSigned(signed, keys, signatures)) {
      throw new WebhookRefusedException(Refusal.NO_MATCHING_SIGNATURE);
    }
    return event(body);
  }

  private static List<byte[]> keys(Collection<String> secrets) {
    List<byte[]> keys = new ArrayList<>();
    for (String secret : secrets) {
      keys.add(key(secret));
    }
    if (keys.isEmpty()) {
      throw new IllegalArgumentException("no secret of webhooks is given");
    }
    return keys;
  }

  private static byte[] key(String secret) {
    byte[] key = {};
    try {
      if (secret != null && secret.startsWith(PREFIX)) {
        key = Base64.getDecoder().decode(secret.substring(PREFIX.length()));
      }
    } catch (IllegalArgumentException notBase64) {
      // The decoder's message would tell a part of the secret.
    }
    if (key.length == 0) {
      throw new IllegalArgumentException("a secret of webhooks must be whsec_ and base64");
    }
    return key;
  }

  private static String required(Function<String, String> header, String name) {
    String value = header.apply(name);
    if (value == null || value.isEmpty()) {
      throw new WebhookRefusedException(Refusal.MISSING_HEADER);
    }
    return value;
  }

  private static void checkTime(String timestamp, Instant now) {
    boolean isNumber = timestamp.chars().allMatch(each -> each >= '0' && each <= '9');
    if (!isNumber || timestamp.length() > LONGEST_TIME) {
      throw new WebhookRefusedException(Refusal.BAD_TIMESTAMP);
    }
    long age = now.getEpochSecond() - Long.parseLong(timestamp);
    if (age > TOLERANCE.getSeconds()) {
      throw new WebhookRefusedException(Refusal.TOO_OLD);
    }
    if (age < -TOLERANCE.getSeconds()) {
      throw new WebhookRefusedException(Refusal.TOO_NEW);
    }
  }

  /** All of them are compared, whichever matches, so that time tells nothing. */
  private static boolean isSigned(byte[] signed, List<byte[]> keys, String signatures) {
    boolean matches = false;
    for (byte[] key : keys) {
      byte[] expected =
          (VERSION + Base64.getEncoder().encodeToString(hmac(key, signed)))
              .getBytes(StandardCharsets.UTF_8);
      for (String signature : signatures.split(" ")) {
        matches |= MessageDigest.isEqual(expected, signature.getBytes(StandardCharsets.UTF_8));
      }
    }
    return matches;
  }

  private static byte[] hmac(byte[] key, byte[] signed) {
    try {
      Mac mac = Mac.getInstance(ALGORITHM);
      mac.init(new SecretKeySpec(key, ALGORITHM));
      return mac.doFinal(signed);
    } catch (GeneralSecurityException missing) {
      throw new IllegalStateException("every Java has " + ALGORITHM, missing);
    }
  }

  private static Event event(byte[] body) {
    try {
      JsonObject envelope =
          JsonParser.parseString(new String(body, StandardCharsets.UTF_8)).getAsJsonObject();
      Event.Builder event = Event.newBuilder();
      // Later versions have fields that this one does not know.
      JsonFormat.parser().ignoringUnknownFields().merge(envelope.get("data").toString(), event);
      return event.build();
    } catch (InvalidProtocolBufferException
        | JsonParseException
        | IllegalStateException
        | NullPointerException unreadable) {
      // Without the cause: it may show a part of the body.
      throw new IllegalStateException("the webhook is genuine, but its body is no event");
    }
  }

  private static Function<String, String> anyCase(Map<String, String> headers) {
    Map<String, String> found = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    found.putAll(headers);
    return found::get;
  }

  private static byte[] concatenated(byte[] first, byte[] second) {
    byte[] all = new byte[first.length + second.length];
    System.arraycopy(first, 0, all, 0, first.length);
    System.arraycopy(second, 0, all, first.length, second.length);
    return all;
  }
}
