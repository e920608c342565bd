package turnpike;

import com.google.gson.Gson;
import com.google.gson.reflect.TypeToken;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * Retries and deadlines, as {@code contract/service_config.json} says them for every client.
 *
 * <p>gRPC takes the deadline of such a configuration for the most that a call may have, also where
 * the caller asks for more. Here it is what a call has that says nothing, so it is taken out and
 * set by {@link CallDefaults}.
 */
final class ServiceConfig {
  private static final String RESOURCE = "service_config.json";

  /** What a call has that says nothing else. */
  static final Duration DEADLINE;

  /** What gRPC is told: retries and their limits, without deadlines. */
  static final Map<String, Object> RETRIES;

  static {
    RETRIES = read();
    DEADLINE = takeDeadlines(RETRIES);
  }

  private ServiceConfig() {}

  static Map<String, Object> read() {
    try (InputStream file = ServiceConfig.class.getResourceAsStream(RESOURCE);
        InputStreamReader text = new InputStreamReader(file, StandardCharsets.UTF_8)) {
      return new Gson().fromJson(text, new TypeToken<Map<String, Object>>() {}.getType());
    } catch (IOException unreadable) {
      throw new UncheckedIOException(unreadable);
    }
  }

  private static Duration takeDeadlines(Map<String, Object> config) {
    Object deadline = null;
    for (Object each : (List<?>) config.get("methodConfig")) {
      Object taken = ((Map<?, ?>) each).remove("timeout");
      deadline = taken != null ? taken : deadline;
    }
    return Duration.parse("PT" + deadline);
  }
}
