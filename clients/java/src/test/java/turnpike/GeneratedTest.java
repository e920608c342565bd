package turnpike;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** That the generated code is as it should be read. */
final class GeneratedTest {
  @Test
  void theCommentsOfTheSchemaComeAlong() throws Exception {
    String money = Files.readString(Path.of("gen/turnpike/v1/Money.java"));
    assertTrue(money.contains("The amount in minor units of the currency"));
    String payments = Files.readString(Path.of("gen/turnpike/v1/PaymentServiceGrpc.java"));
    assertTrue(payments.contains("one request id moves money at most once"));
  }
}
