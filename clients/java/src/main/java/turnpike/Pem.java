package turnpike;

import io.grpc.ChannelCredentials;
import io.grpc.TlsChannelCredentials;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.Collection;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * TLS from files. They are read and looked at when the client is made, so that a wrong one is named
 * then and not when the first call fails.
 */
final class Pem {
  private static final Pattern KEY =
      Pattern.compile("-----BEGIN PRIVATE KEY-----(.+?)-----END PRIVATE KEY-----", Pattern.DOTALL);

  private static final int MAX_FILE_BYTES = 1 << 20;

  private Pem() {}

  static ChannelCredentials credentials(
      String caName, Path ca, String certName, Path cert, String keyName, Path key) {
    TlsChannelCredentials.Builder builder = TlsChannelCredentials.newBuilder();
    try {
      if (ca != null) {
        byte[] authorities = read(caName, ca);
        certificates(caName, authorities);
        builder.trustManager(new ByteArrayInputStream(authorities));
      }
      if (cert != null) {
        byte[] chain = read(certName, cert);
        Certificate own = certificates(certName, chain).iterator().next();
        byte[] secret = read(keyName, key);
        checkKey(keyName, secret, own.getPublicKey());
        builder.keyManager(new ByteArrayInputStream(chain), new ByteArrayInputStream(secret));
      }
    } catch (IOException unreadable) {
      // From streams over bytes that are in memory.
      throw new IllegalStateException(unreadable);
    }
    return builder.build();
  }

  private static byte[] read(String name, Path file) {
    try {
      if (Files.size(file) > MAX_FILE_BYTES) {
        throw new IllegalArgumentException(name + " is larger than a megabyte");
      }
      return Files.readAllBytes(file);
    } catch (IOException unreadable) {
      throw new IllegalArgumentException(name + " cannot be read", unreadable);
    }
  }

  private static Collection<? extends Certificate> certificates(String name, byte[] pem) {
    try {
      Collection<? extends Certificate> found =
          CertificateFactory.getInstance("X.509")
              .generateCertificates(new ByteArrayInputStream(pem));
      if (!found.isEmpty()) {
        return found;
      }
    } catch (CertificateException unreadable) {
      throw new IllegalArgumentException(name + " holds no certificates in PEM", unreadable);
    }
    throw new IllegalArgumentException(name + " holds no certificates in PEM");
  }

  /** Only whether it can be read: no message repeats any of it. */
  private static void checkKey(String name, byte[] pem, PublicKey of) {
    Matcher found = KEY.matcher(new String(pem, StandardCharsets.US_ASCII));
    if (!found.find()) {
      throw new IllegalArgumentException(
          name + " holds no private key in PEM as PKCS#8 (BEGIN PRIVATE KEY, not encrypted)");
    }
    try {
      byte[] key = Base64.getMimeDecoder().decode(found.group(1));
      KeyFactory.getInstance(of.getAlgorithm()).generatePrivate(new PKCS8EncodedKeySpec(key));
    } catch (IllegalArgumentException | GeneralSecurityException unreadable) {
      throw new IllegalArgumentException(
          name + " holds no private key that fits the certificate's kind, " + of.getAlgorithm());
    }
  }
}
