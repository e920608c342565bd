package turnpike.served;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A Java program of this folder, an example or the runner, as a process of its own. */
final class Program implements AutoCloseable {
  private final Process process;
  private final PrintWriter input;
  private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();
  private final List<String> said = new ArrayList<>();

  Program(Map<String, String> environment, String... arguments) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp"));
    command.add(System.getProperty("java.class.path"));
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().putAll(environment);
    process = builder.start();
    input = new PrintWriter(process.getOutputStream(), true, StandardCharsets.UTF_8);
    Thread reader = new Thread(this::read);
    reader.setDaemon(true);
    reader.start();
  }

  private void read() {
    try (BufferedReader output = process.inputReader(StandardCharsets.UTF_8)) {
      for (String line = output.readLine(); line != null; line = output.readLine()) {
        lines.add(line);
      }
    } catch (IOException ended) {
      // It was ended from outside.
    }
  }

  void tell(String line) {
    input.println(line);
  }

  /** The next line that it prints, waited for. */
  String hear(long seconds) throws InterruptedException {
    String line = lines.poll(seconds, TimeUnit.SECONDS);
    if (line == null) {
      throw new AssertionError("it says nothing; before, it said " + said);
    }
    said.add(line);
    return line;
  }

  String ask(String line) throws InterruptedException {
    tell(line);
    return hear(40);
  }

  /** Waits for a good end, and tells all that was printed since the last line that was heard. */
  List<String> end(long seconds) throws InterruptedException {
    boolean hasEnded = process.waitFor(seconds, TimeUnit.SECONDS);
    Thread.sleep(50);
    List<String> rest = new ArrayList<>();
    lines.drainTo(rest);
    if (!hasEnded || process.exitValue() != 0) {
      String how = hasEnded ? "ended with " + process.exitValue() : "did not end";
      throw new AssertionError(how + ": " + said + rest);
    }
    return rest;
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}
