package turnpike;

import io.grpc.ChannelCredentials;
import io.grpc.InsecureChannelCredentials;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;

/**
 * What a client is told before it connects, and whether that makes sense. No message tells a key.
 */
final class Settings {
  /** Longer than any sensible wait; gRPC counts in nanoseconds. */
  private static final Duration LONGEST = Duration.ofDays(365);

  private static final int HIGHEST_PORT = 65535;

  String url;
  String apiKey;
  Path caFile;
  Path certFile;
  Path keyFile;
  Duration keepaliveTime = Duration.ofSeconds(10);
  Duration keepaliveTimeout = Duration.ofSeconds(5);
  Duration deadline = ServiceConfig.DEADLINE;

  // Whether messages name the variables of the environment, or the methods of the builder.
  private boolean fromEnvironment;
  private URI address;
  private ChannelCredentials credentials;

  void readEnvironment(Map<String, String> variables) {
    fromEnvironment = true;
    url = variables.get("TURNPIKE_URL");
    apiKey = variables.get("TURNPIKE_API_KEY");
    caFile = path(variables, "TURNPIKE_CA_FILE");
    certFile = path(variables, "TURNPIKE_CERT_FILE");
    keyFile = path(variables, "TURNPIKE_KEY_FILE");
  }

  private static Path path(Map<String, String> variables, String name) {
    String value = variables.get(name);
    try {
      return value == null || value.isEmpty() ? null : Path.of(value);
    } catch (InvalidPathException wrong) {
      throw new IllegalArgumentException(name + " is not the path of a file", wrong);
    }
  }

  /** A copy that later changes of the builder do not reach, with everything looked at. */
  Settings checked() {
    Settings copy = new Settings();
    copy.fromEnvironment = fromEnvironment;
    copy.url = url;
    copy.apiKey = apiKey;
    copy.caFile = caFile;
    copy.certFile = certFile;
    copy.keyFile = keyFile;
    copy.keepaliveTime = positive("the time of keepalive", keepaliveTime);
    copy.keepaliveTimeout = positive("the timeout of keepalive", keepaliveTimeout);
    copy.deadline = positive("deadline", deadline);
    copy.checkUrl();
    copy.checkApiKey();
    copy.makeCredentials();
    return copy;
  }

  /** The address without anything that it should not hold. */
  String url() {
    return (isTls() ? "https://" : "http://") + authority();
  }

  String host() {
    return address.getHost();
  }

  int port() {
    if (address.getPort() != -1) {
      return address.getPort();
    }
    return isTls() ? 443 : 80;
  }

  ChannelCredentials credentials() {
    return credentials;
  }

  private boolean isTls() {
    return address.getScheme().equalsIgnoreCase("https");
  }

  private String authority() {
    return host() + ":" + port();
  }

  private void checkUrl() {
    String name = name("TURNPIKE_URL", "url");
    if (url == null || url.isEmpty()) {
      throw new IllegalArgumentException(name + " is missing");
    }
    // What is wrong is not shown: an address may hold a password.
    IllegalArgumentException wrong =
        new IllegalArgumentException(name + " must be http://host:port or https://host:port");
    try {
      address = new URI(url);
    } catch (URISyntaxException unreadable) {
      throw wrong;
    }
    String scheme = address.getScheme();
    String path = address.getRawPath();
    boolean isPlain =
        scheme != null
            && (scheme.equalsIgnoreCase("http") || scheme.equalsIgnoreCase("https"))
            && address.getHost() != null
            && address.getRawUserInfo() == null
            && (path == null || path.isEmpty() || path.equals("/"))
            && address.getRawQuery() == null
            && address.getRawFragment() == null;
    if (!isPlain || address.getPort() == 0 || address.getPort() > HIGHEST_PORT) {
      throw wrong;
    }
  }

  private void checkApiKey() {
    String name = name("TURNPIKE_API_KEY", "apiKey");
    if (apiKey == null || apiKey.isEmpty()) {
      throw new IllegalArgumentException(name + " is missing");
    }
    if (!apiKey.chars().allMatch(each -> each > ' ' && each <= '~')) {
      throw new IllegalArgumentException(
          name + " must be printable ASCII characters without spaces");
    }
  }

  private void makeCredentials() {
    String ca = name("TURNPIKE_CA_FILE", "caFile");
    String cert = name("TURNPIKE_CERT_FILE", "certFile");
    String key = name("TURNPIKE_KEY_FILE", "keyFile");
    if ((certFile == null) != (keyFile == null)) {
      throw new IllegalArgumentException(
          (certFile == null ? cert : key) + " is missing: a certificate and its key go together");
    }
    if (isTls()) {
      credentials = Pem.credentials(ca, caFile, cert, certFile, key, keyFile);
      return;
    }
    if (caFile != null || certFile != null) {
      throw new IllegalArgumentException(
          (caFile != null ? ca : cert)
              + " is set, but "
              + name("TURNPIKE_URL", "url")
              + " is not https");
    }
    credentials = InsecureChannelCredentials.create();
  }

  private static Duration positive(String name, Duration value) {
    if (value == null
        || value.isNegative()
        || value.toMillis() == 0
        || value.compareTo(LONGEST) > 0) {
      throw new IllegalArgumentException(name + " must be from a millisecond to a year");
    }
    return value;
  }

  private String name(String variable, String method) {
    return fromEnvironment ? variable : method;
  }
}
