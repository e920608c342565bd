package turnpike.contract;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;

/** What came of each telling and each vector: a line on the screen and an entry in a file. */
final class Report {
  private final PrintStream screen;
  private final JsonArray results = new JsonArray();
  private int failed;

  Report(PrintStream screen) {
    this.screen = screen;
  }

  /** An empty failure is success. */
  void add(String name, String account, int steps, double seconds, String failure) {
    JsonObject result = new JsonObject();
    result.addProperty("name", name);
    result.addProperty("account", account);
    result.addProperty("passed", failure.isEmpty());
    result.addProperty("steps", steps);
    result.addProperty("seconds", Math.round(seconds * 1000) / 1000.0);
    result.addProperty("failure", failure);
    results.add(result);
    failed += failure.isEmpty() ? 0 : 1;
    String line = account.isEmpty() ? name : name + " " + account;
    screen.println(failure.isEmpty() ? "passed " + line : "FAILED " + line + ": " + failure);
  }

  /** A run in which nothing was looked at has not passed. */
  boolean hasPassed() {
    return failed == 0 && !results.isEmpty();
  }

  void write(Path file) throws IOException {
    JsonObject report = new JsonObject();
    report.addProperty("language", "java");
    report.add("results", results);
    String text =
        new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().create().toJson(report);
    Files.writeString(file, text + "\n");
    screen.println(results.size() - failed + " passed, " + failed + " failed");
  }
}
