package turnpike.contract;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Tells all stories of a folder, each once for each of its accounts. */
final class Stories {
  private static final Set<String> FIELDS = Set.of("about", "accounts", "steps");
  private static final int RUN_BYTES = 6;

  private final Path contract;
  private final Callers callers;
  private final Report report;
  private final SecureRandom random = new SecureRandom();

  Stories(Path contract, Callers callers, Report report) {
    this.contract = contract;
    this.callers = callers;
    this.report = report;
  }

  void tell() throws IOException {
    JsonObject accounts = Json.read(contract.resolve("accounts.json")).getAsJsonObject();
    for (Path file : files(contract.resolve("stories"), ".json")) {
      String name = file.getFileName().toString().replaceFirst("\\.json$", "");
      JsonObject story = Json.read(file).getAsJsonObject();
      for (String account : accountsOf(story)) {
        tell(name, story, account, accounts.getAsJsonObject(account));
      }
    }
  }

  /** The files of a folder by name; it is an error when there is none. */
  static List<Path> files(Path folder, String ending) throws IOException {
    try (Stream<Path> all = Files.list(folder)) {
      List<Path> found =
          all.filter(file -> file.toString().endsWith(ending))
              .sorted()
              .collect(Collectors.toList());
      if (found.isEmpty()) {
        throw new IOException(folder + " holds nothing that ends in " + ending);
      }
      return found;
    }
  }

  private static List<String> accountsOf(JsonObject story) {
    if (!story.has("accounts")) {
      return List.of("");
    }
    List<String> names = new ArrayList<>();
    story.getAsJsonArray("accounts").forEach(name -> names.add(name.getAsString()));
    return names;
  }

  private void tell(String name, JsonObject story, String account, JsonObject facts) {
    long began = System.nanoTime();
    Telling telling = new Telling(callers, values(account, facts));
    String failure = "";
    try {
      if (!account.isEmpty() && facts == null) {
        throw new Mismatch("accounts.json has no " + account);
      }
      check(story);
      for (JsonElement step : story.getAsJsonArray("steps")) {
        telling.tell(step.getAsJsonObject());
      }
    } catch (Mismatch mismatch) {
      failure = mismatch.getMessage();
    }
    double seconds = (System.nanoTime() - began) / 1e9;
    report.add(name, account, telling.steps(), seconds, failure);
  }

  private static void check(JsonObject story) throws Mismatch {
    if (!FIELDS.containsAll(story.keySet())) {
      throw new Mismatch("a story has no other fields than " + FIELDS);
    }
    if (!story.has("steps") || story.getAsJsonArray("steps").isEmpty()) {
      throw new Mismatch("the story has no steps");
    }
    if (story.has("accounts") && story.getAsJsonArray("accounts").isEmpty()) {
      throw new Mismatch("the story names no accounts");
    }
  }

  private Values values(String account, JsonObject facts) {
    Values values = new Values();
    byte[] run = new byte[RUN_BYTES];
    random.nextBytes(run);
    StringBuilder digits = new StringBuilder();
    for (byte each : run) {
      digits.append(String.format("%02x", each));
    }
    values.set("run", new JsonPrimitive(digits.toString()));
    if (facts != null) {
      for (Map.Entry<String, JsonElement> fact : facts.entrySet()) {
        values.set(fact.getKey(), fact.getValue());
      }
      values.set("account", new JsonPrimitive(account));
    }
    return values;
  }
}
