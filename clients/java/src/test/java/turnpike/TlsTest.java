package turnpike;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.ServerCredentials;
import io.grpc.Status;
import io.grpc.TlsServerCredentials;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import turnpike.v1.ListAccountsRequest;

@Execution(ExecutionMode.CONCURRENT)
final class TlsTest {
  @TempDir static Path folder;

  private static Certificates certificates;
  private static Certificates.Pair server;
  private static Certificates.Pair client;

  @BeforeAll
  static void issue() throws Exception {
    certificates = new Certificates(folder);
    server = certificates.issue("server");
    client = certificates.issue("client");
  }

  private static FakeGateway gateway(boolean asksForCertificates) throws Exception {
    TlsServerCredentials.Builder builder =
        TlsServerCredentials.newBuilder()
            .keyManager(server.certificate().toFile(), server.key().toFile());
    if (asksForCertificates) {
      builder
          .trustManager(certificates.authority().toFile())
          .clientAuth(TlsServerCredentials.ClientAuth.REQUIRE);
    }
    ServerCredentials credentials = builder.build();
    return new FakeGateway(credentials);
  }

  private static Turnpike client(FakeGateway gateway, Path ca, Certificates.Pair pair) {
    Map<String, String> variables = new HashMap<>();
    variables.put("TURNPIKE_URL", "https://127.0.0.1:" + gateway.port());
    variables.put("TURNPIKE_API_KEY", "tpk_test");
    if (ca != null) {
      variables.put("TURNPIKE_CA_FILE", ca.toString());
    }
    if (pair != null) {
      variables.put("TURNPIKE_CERT_FILE", pair.certificate().toString());
      variables.put("TURNPIKE_KEY_FILE", pair.key().toString());
    }
    return Turnpike.builder().environment(variables).build();
  }

  private static void call(Turnpike turnpike) {
    turnpike
        .accounts()
        .withDeadlineAfter(5, TimeUnit.SECONDS)
        .listAccounts(ListAccountsRequest.getDefaultInstance());
  }

  private static void assertFails(Turnpike turnpike) {
    TurnpikeException failed = assertThrows(TurnpikeException.class, () -> call(turnpike));
    assertEquals(Status.Code.UNAVAILABLE, failed.code());
  }

  @Test
  void aGatewayOfAKnownAuthorityIsTrusted() throws Exception {
    try (FakeGateway gateway = gateway(false);
        Turnpike turnpike = client(gateway, certificates.authority(), null)) {
      call(turnpike);
      assertEquals(1, gateway.requests.size());
    }
  }

  @Test
  void aGatewayOfAnUnknownAuthorityIsNot() throws Exception {
    Path other = Files.createDirectory(folder.resolve("other"));
    Certificates strangers = new Certificates(other);
    try (FakeGateway gateway = gateway(false);
        Turnpike ofTheSystem = client(gateway, null, null);
        Turnpike ofStrangers = client(gateway, strangers.authority(), null)) {
      assertFails(ofTheSystem);
      assertFails(ofStrangers);
      assertTrue(gateway.requests.isEmpty());
    }
  }

  @Test
  void aCertificateOpensAGatewayThatAsksForOne() throws Exception {
    try (FakeGateway gateway = gateway(true);
        Turnpike known = client(gateway, certificates.authority(), client);
        Turnpike nobody = client(gateway, certificates.authority(), null)) {
      call(known);
      assertEquals(1, gateway.requests.size());
      assertFails(nobody);
      assertEquals(1, gateway.requests.size());
    }
  }

  @Test
  void plaintextDoesNotReachATlsGateway() throws Exception {
    try (FakeGateway gateway = gateway(false);
        Turnpike turnpike = gateway.client()) {
      assertFails(turnpike);
    }
  }
}
