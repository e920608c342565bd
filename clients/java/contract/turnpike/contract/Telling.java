package turnpike.contract;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.protobuf.Message;
import io.grpc.MethodDescriptor;
import java.util.Iterator;
import java.util.Set;
import turnpike.TurnpikeException;

/** One telling of a story: its values, and its steps one after the other. */
final class Telling {
  private static final Set<String> FIELDS =
      Set.of(
          "step", "call", "request", "credentials", "answer", "within_seconds", "error", "stream");

  private static final Set<String> ERROR_FIELDS = Set.of("code", "reason", "metadata", "fields");
  private static final long REPEAT_MILLIS = 100;

  private final Callers callers;
  private final Values values;
  private int steps;

  Telling(Callers callers, Values values) {
    this.callers = callers;
    this.values = values;
  }

  /** How many steps went well. */
  int steps() {
    return steps;
  }

  void tell(JsonObject step) throws Mismatch {
    String name = step.has("step") ? step.get("step").getAsString() : "a step without a name";
    try {
      check(step);
      carryOut(step);
    } catch (Mismatch mismatch) {
      throw new Mismatch(name + ": " + mismatch.getMessage());
    } catch (TurnpikeException failed) {
      throw new Mismatch(name + ": " + failed.getMessage() + shown(failed));
    }
    steps++;
  }

  private static String shown(TurnpikeException failed) {
    return failed.fields().isEmpty() ? "" : " " + failed.fields();
  }

  private static void check(JsonObject step) throws Mismatch {
    for (String field : step.keySet()) {
      if (!FIELDS.contains(field)) {
        throw new Mismatch("a step has no field " + field);
      }
    }
    int outcomes = 0;
    for (String outcome : new String[] {"answer", "error", "stream"}) {
      outcomes += step.has(outcome) ? 1 : 0;
    }
    if (outcomes != 1 || !step.has("call") || !step.has("request")) {
      throw new Mismatch("a step has a call, a request, and one of answer, error and stream");
    }
    if (step.has("within_seconds") && !step.has("answer")) {
      throw new Mismatch("within_seconds belongs to an answer");
    }
  }

  private void carryOut(JsonObject step) throws Mismatch {
    MethodDescriptor<Message, Message> method = Callers.method(step.get("call").getAsString());
    Message request = Callers.request(method, values.filled(step.get("request")));
    String credentials = step.has("credentials") ? step.get("credentials").getAsString() : "";
    if (step.has("error")) {
      expectError(method, request, credentials, step.getAsJsonObject("error"));
    } else if (step.has("stream") != Callers.isStream(method)) {
      throw new Mismatch(method.getFullMethodName() + " answers otherwise");
    } else if (step.has("stream")) {
      JsonArray expected = values.filled(step.get("stream")).getAsJsonArray();
      callers.stream(method, request, credentials, answers -> expectStream(expected, answers));
    } else {
      double seconds = step.has("within_seconds") ? step.get("within_seconds").getAsDouble() : 0;
      expectAnswer(method, request, credentials, values.filled(step.get("answer")), seconds);
    }
  }

  private void expectAnswer(
      MethodDescriptor<Message, Message> method,
      Message request,
      String credentials,
      JsonElement expected,
      double seconds)
      throws Mismatch {
    long end = System.nanoTime() + (long) (seconds * 1e9);
    while (true) {
      JsonElement seen = Json.of(callers.call(method, request, credentials));
      try {
        values.setAll(Matching.match(expected, seen));
        return;
      } catch (Different different) {
        if (System.nanoTime() >= end) {
          throw different;
        }
      }
      pause();
    }
  }

  private void expectStream(JsonArray expected, Iterator<Message> answers) throws Mismatch {
    int at = 0;
    Different last = null;
    try {
      while (at < expected.size() && answers.hasNext()) {
        try {
          values.setAll(Matching.match(expected.get(at), Json.of(answers.next())));
          at++;
          last = null;
        } catch (Different different) {
          last = different;
        }
      }
    } catch (TurnpikeException ended) {
      throw new Mismatch(missing(at, last) + "; the stream ended with " + ended.getMessage());
    }
    if (at < expected.size()) {
      throw new Mismatch(missing(at, last));
    }
  }

  private static String missing(int at, Different last) {
    return "response " + (at + 1) + " never came" + (last == null ? "" : "; " + last.getMessage());
  }

  private void expectError(
      MethodDescriptor<Message, Message> method,
      Message request,
      String credentials,
      JsonObject expected)
      throws Mismatch {
    if (!ERROR_FIELDS.containsAll(expected.keySet()) || !expected.has("code")) {
      throw new Mismatch("an error has a code, and no other fields than " + ERROR_FIELDS);
    }
    JsonElement wanted = values.filled(expected);
    try {
      if (Callers.isStream(method)) {
        callers.stream(method, request, credentials, Iterator::hasNext);
      } else {
        callers.call(method, request, credentials);
      }
    } catch (TurnpikeException failed) {
      values.setAll(Matching.match(wanted, seen(failed)));
      return;
    }
    throw new Mismatch("it should have failed with " + wanted);
  }

  private static JsonObject seen(TurnpikeException failed) {
    JsonObject metadata = new JsonObject();
    failed.metadata().forEach(metadata::addProperty);
    JsonArray fields = new JsonArray();
    failed.fields().keySet().forEach(fields::add);
    JsonObject seen = new JsonObject();
    seen.addProperty("code", failed.code().name());
    seen.addProperty("reason", failed.reasonText());
    seen.add("metadata", metadata);
    seen.add("fields", fields);
    return seen;
  }

  private static void pause() throws Mismatch {
    try {
      Thread.sleep(REPEAT_MILLIS);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new Mismatch("interrupted");
    }
  }
}
