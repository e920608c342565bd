package turnpike;

import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** An authority of a test's own and what it issues, made with the JDK's keytool. */
final class Certificates {
  private static final String PASSWORD = "changeit";

  private final Path folder;

  /** The certificates and the private key of one holder, in PEM. */
  record Pair(Path certificate, Path key) {}

  Certificates(Path folder) throws Exception {
    this.folder = folder;
    keytool(
        "-genkeypair -alias authority -keyalg EC -groupname secp256r1 -dname CN=authority"
            + " -ext bc:critical=ca:true -validity 2");
    write("authority.pem", "CERTIFICATE", store().getCertificate("authority").getEncoded());
  }

  Path authority() {
    return folder.resolve("authority.pem");
  }

  /** A certificate for 127.0.0.1. */
  Pair issue(String name) throws Exception {
    keytool(
        "-genkeypair -keyalg EC -groupname secp256r1 -validity 2 -signer authority"
            + " -ext san=ip:127.0.0.1,dns:localhost -alias "
            + name
            + " -dname CN="
            + name);
    KeyStore store = store();
    StringBuilder chain = new StringBuilder();
    for (Certificate each : store.getCertificateChain(name)) {
      chain.append(pem("CERTIFICATE", each.getEncoded()));
    }
    Path certificate = Files.writeString(folder.resolve(name + ".pem"), chain.toString());
    byte[] key = store.getKey(name, PASSWORD.toCharArray()).getEncoded();
    return new Pair(certificate, write(name + ".key", "PRIVATE KEY", key));
  }

  private Path write(String name, String kind, byte[] bytes) throws Exception {
    return Files.writeString(folder.resolve(name), pem(kind, bytes));
  }

  private static String pem(String kind, byte[] bytes) {
    String text = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(bytes);
    return "-----BEGIN " + kind + "-----\n" + text + "\n-----END " + kind + "-----\n";
  }

  private KeyStore store() throws Exception {
    KeyStore store = KeyStore.getInstance("PKCS12");
    try (InputStream file = Files.newInputStream(folder.resolve("keys.p12"))) {
      store.load(file, PASSWORD.toCharArray());
    }
    return store;
  }

  private void keytool(String arguments) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "keytool").toString());
    command.addAll(List.of(arguments.split(" ")));
    command.addAll(List.of("-storetype", "PKCS12", "-storepass", PASSWORD));
    command.addAll(List.of("-keystore", folder.resolve("keys.p12").toString()));
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("keytool.log").toFile())
            .start();
    if (!process.waitFor(60, TimeUnit.SECONDS) || process.exitValue() != 0) {
      throw new IllegalStateException(Files.readString(folder.resolve("keytool.log")));
    }
  }
}
