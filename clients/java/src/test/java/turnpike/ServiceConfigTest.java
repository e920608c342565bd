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
  void theDeadlineIsOneAndOfCallsThatAreNotNamed() {
    assertEquals(Duration.ofSeconds(30), ServiceConfig.DEADLINE);
    List<?> configs = (List<?>) ServiceConfig.read().get("methodConfig");
    List<?> withDeadline =
        configs.stream().filter(each -> ((Map<?, ?>) each).containsKey("timeout")).toList();
    assertEquals(1, withDeadline.size());
    assertEquals(List.of(Map.of()), ((Map<?, ?>) withDeadline.get(0)).get("name"));
    assertFalse(ServiceConfig.RETRIES.toString().contains("timeout"));
    assertTrue(ServiceConfig.RETRIES.toString().contains("UNAVAILABLE"));
  }
}
