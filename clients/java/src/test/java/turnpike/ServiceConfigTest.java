package turnpike;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;

final class ServiceConfigTest {
  @Test
  void itIsTheOneOfEveryClient() throws Exception {
    byte[] shared = Files.readAllBytes(Path.of("../../contract/service_config.json"));
    try (InputStream own = ServiceConfig.class.getResourceAsStream("service_config.json")) {
      assertEquals(
          new String(shared, StandardCharsets.UTF_8),
          new String(own.readAllBytes(), StandardCharsets.UTF_8),
          "copy contract/service_config.json to src/main/resources/turnpike");
    }
  }

  /** What is taken out for CallDefaults: one deadline, for whatever is not a stream. */
  @Test
  void theDeadlineIsOneForAllThatHaveOne() {
    assertEquals(Duration.ofSeconds(30), ServiceConfig.DEADLINE);
    List<?> configs = (List<?>) ServiceConfig.read().get("methodConfig");
    List<?> deadlines =
        configs.stream()
            .map(each -> ((Map<?, ?>) each).get("timeout"))
            .filter(Objects::nonNull)
            .distinct()
            .toList();
    assertEquals(List.of("30s"), deadlines);
    List<?> without =
        configs.stream()
            .map(each -> (Map<?, ?>) each)
            .filter(each -> !each.containsKey("timeout"))
            .flatMap(each -> ((List<?>) each.get("name")).stream())
            .map(each -> ((Map<?, ?>) each).get("method"))
            .toList();
    assertEquals(List.of("StreamEvents", "WatchPayment"), without);
    assertFalse(ServiceConfig.RETRIES.toString().contains("timeout"));
    assertTrue(ServiceConfig.RETRIES.toString().contains("UNAVAILABLE"));
  }
}
