package turnpike.served;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import turnpike.Turnpike;

/** `turnpike dev` as a process, of the program that TURNPIKE_BINARY names. */
final class Gateway implements AutoCloseable {
  private static final String KEY = "tpk_of_the_java_tests";
  private static final long PATIENCE_SECONDS = 60;

  private final Path folder;
  private final List<String> more;
  private Process process;
  private String address = "127.0.0.1:0";

  Gateway(Path folder, String... more) throws Exception {
    this.folder = folder;
    this.more = List.of(more);
    start();
  }

  /** Starts it; after a stop, at the same address over the same store. */
  void start() throws Exception {
    Path ready = folder.resolve("ready.json");
    Files.deleteIfExists(ready);
    List<String> command = new ArrayList<>();
    command.add(System.getenv("TURNPIKE_BINARY"));
    command.addAll(List.of("dev", "--grpc", address, "--simulators", "127.0.0.1:0"));
    command.addAll(List.of("--webhooks", "127.0.0.1:0", "--api-key", KEY));
    command.addAll(List.of("--data-dir", folder.resolve("data").toString()));
    command.addAll(List.of("--ready-file", ready.toString()));
    command.addAll(more);
    process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(folder.resolve("log").toFile()))
            .start();
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    while (!Files.exists(ready) || Files.size(ready) == 0) {
      if (!process.isAlive() || System.nanoTime() > end) {
        throw new IOException(
            "the gateway does not start: " + Files.readString(folder.resolve("log")));
      }
      Thread.sleep(20);
    }
    JsonObject told = JsonParser.parseString(Files.readString(ready)).getAsJsonObject();
    address = told.get("grpc").getAsString();
  }

  /** Asks it to stop, and waits until it has. */
  void stop() throws Exception {
    process.destroy();
    if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      throw new IOException("the gateway does not stop");
    }
  }

  int port() {
    return Integer.parseInt(address.substring(address.lastIndexOf(':') + 1));
  }

  Map<String, String> environment() {
    return environment(port());
  }

  /** As a program is told that reaches the gateway by another port. */
  static Map<String, String> environment(int port) {
    return Map.of("TURNPIKE_URL", "http://127.0.0.1:" + port, "TURNPIKE_API_KEY", KEY);
  }

  Turnpike client() {
    return Turnpike.builder().environment(environment()).build();
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}
