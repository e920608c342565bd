package turnpike.contract;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The values of one telling, and how they are put in for {@code ${name}}. */
final class Values {
  private static final Pattern NAME = Pattern.compile("\\$\\{([^}]*)}");

  private final Map<String, JsonElement> known = new HashMap<>();

  void set(String name, JsonElement value) {
    known.put(name, value);
  }

  void setAll(Map<String, JsonElement> values) {
    known.putAll(values);
  }

  /** A copy of JSON in which every text has its values. Names of fields are no texts. */
  JsonElement filled(JsonElement json) throws Mismatch {
    if (json.isJsonObject()) {
      JsonObject copy = new JsonObject();
      for (Map.Entry<String, JsonElement> field : json.getAsJsonObject().entrySet()) {
        copy.add(field.getKey(), filled(field.getValue()));
      }
      return copy;
    }
    if (json.isJsonArray()) {
      JsonArray copy = new JsonArray();
      for (JsonElement entry : json.getAsJsonArray()) {
        copy.add(filled(entry));
      }
      return copy;
    }
    boolean isText = json.isJsonPrimitive() && json.getAsJsonPrimitive().isString();
    return isText ? filled(json.getAsString()) : json;
  }

  private JsonElement filled(String text) throws Mismatch {
    Matcher name = NAME.matcher(text);
    if (name.matches()) {
      return value(name.group(1));
    }
    StringBuilder all = new StringBuilder();
    name.reset();
    while (name.find()) {
      name.appendReplacement(all, Matcher.quoteReplacement(asText(value(name.group(1)))));
    }
    name.appendTail(all);
    return new JsonPrimitive(all.toString());
  }

  private JsonElement value(String name) throws Mismatch {
    JsonElement value = known.get(name);
    if (value == null) {
      throw new Mismatch("nobody knows ${" + name + "}");
    }
    return value;
  }

  private static String asText(JsonElement value) {
    return value.isJsonPrimitive() ? value.getAsString() : value.toString();
  }
}
