package turnpike.contract;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonPrimitive;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/** Whether what came is what was expected, by the rules of {@code contract/README.md}. */
final class Matching {
  /** How long a date is, such as 2026-01-31. */
  private static final int DATE_LENGTH = 10;

  private final Map<String, JsonElement> saved = new HashMap<>();

  private Matching() {}

  /**
   * Matches, or tells the first place where it does not.
   *
   * @param seen null where there is nothing
   * @return what was to be saved
   * @throws Different when it does not match
   * @throws Mismatch when what is expected makes no sense
   */
  static Map<String, JsonElement> match(JsonElement expected, JsonElement seen) throws Mismatch {
    Matching matching = new Matching();
    matching.match("", expected, seen);
    return matching.saved;
  }

  private void match(String path, JsonElement expected, JsonElement seen) throws Mismatch {
    if (isMatcher(expected)) {
      if (!matchesBy(expected.getAsJsonObject().entrySet().iterator().next(), seen)) {
        throw new Different(path, expected, seen);
      }
    } else if (isNothing(seen) && isEmpty(expected)) {
      return;
    } else if (expected.isJsonObject() && isObject(seen)) {
      for (Map.Entry<String, JsonElement> field : expected.getAsJsonObject().entrySet()) {
        String below = path + "." + field.getKey();
        match(below, field.getValue(), seen.getAsJsonObject().get(field.getKey()));
      }
    } else if (expected.isJsonArray()
        && isList(seen)
        && seen.getAsJsonArray().size() == expected.getAsJsonArray().size()) {
      for (int at = 0; at < expected.getAsJsonArray().size(); at++) {
        String below = path + "[" + at + "]";
        match(below, expected.getAsJsonArray().get(at), seen.getAsJsonArray().get(at));
      }
    } else if (!isSame(expected, seen)) {
      throw new Different(path, expected, seen);
    }
  }

  private boolean matchesBy(Map.Entry<String, JsonElement> matcher, JsonElement seen)
      throws Mismatch {
    String name = matcher.getKey();
    JsonElement argument = matcher.getValue();
    switch (name) {
      case "$save":
        if (!isEmpty(seen)) {
          saved.put(text(name, argument), seen);
        }
        return !isEmpty(seen);
      case "$save_date":
        return savesDate(text(name, argument), seen);
      case "$any":
        return insist(name, argument) && !isEmpty(seen);
      case "$absent":
        return insist(name, argument) && isEmpty(seen);
      case "$one_of":
        return isOneOf(list(name, argument), seen);
      case "$matches":
        return pattern(text(name, argument)).test(isText(seen) ? seen.getAsString() : null);
      case "$has":
        return hasAll(list(name, argument), seen);
      default:
        throw new Mismatch("there is no matcher " + name);
    }
  }

  /** Of a time, the date. */
  private boolean savesDate(String name, JsonElement seen) {
    if (!isText(seen) || seen.getAsString().length() < DATE_LENGTH) {
      return false;
    }
    saved.put(name, new JsonPrimitive(seen.getAsString().substring(0, DATE_LENGTH)));
    return true;
  }

  private boolean isOneOf(JsonArray alternatives, JsonElement seen) throws Mismatch {
    for (JsonElement alternative : alternatives) {
      if (matches(alternative, seen)) {
        return true;
      }
    }
    return false;
  }

  private boolean hasAll(JsonArray wanted, JsonElement seen) throws Mismatch {
    for (JsonElement each : wanted) {
      boolean isThere = false;
      if (isList(seen)) {
        for (JsonElement entry : seen.getAsJsonArray()) {
          isThere = isThere || matches(each, entry);
        }
      }
      if (!isThere) {
        return false;
      }
    }
    return true;
  }

  /** Saves only where all of it matches. */
  private boolean matches(JsonElement expected, JsonElement seen) throws Mismatch {
    try {
      saved.putAll(match(expected, seen));
      return true;
    } catch (Different different) {
      return false;
    }
  }

  private static boolean isMatcher(JsonElement expected) {
    return isObject(expected)
        && expected.getAsJsonObject().size() == 1
        && expected.getAsJsonObject().keySet().iterator().next().startsWith("$");
  }

  private static boolean isNothing(JsonElement value) {
    return value == null || value.isJsonNull();
  }

  private static boolean isObject(JsonElement value) {
    return value != null && value.isJsonObject();
  }

  private static boolean isList(JsonElement value) {
    return value != null && value.isJsonArray();
  }

  private static boolean isText(JsonElement value) {
    return value != null && value.isJsonPrimitive() && value.getAsJsonPrimitive().isString();
  }

  static boolean isEmpty(JsonElement value) {
    if (isNothing(value)) {
      return true;
    }
    if (value.isJsonObject()) {
      return value.getAsJsonObject().isEmpty();
    }
    if (value.isJsonArray()) {
      return value.getAsJsonArray().isEmpty();
    }
    String text = value.getAsString();
    JsonPrimitive primitive = value.getAsJsonPrimitive();
    return primitive.isBoolean() ? text.equals("false") : text.isEmpty() || text.equals("0");
  }

  /** Numbers and texts that spell the same are equal; a truth is equal to a truth only. */
  private static boolean isSame(JsonElement expected, JsonElement seen) {
    return seen != null
        && expected.isJsonPrimitive()
        && seen.isJsonPrimitive()
        && expected.getAsJsonPrimitive().isBoolean() == seen.getAsJsonPrimitive().isBoolean()
        && expected.getAsString().equals(seen.getAsString());
  }

  private static boolean insist(String name, JsonElement argument) throws Mismatch {
    boolean isTrue = argument.isJsonPrimitive() && argument.getAsString().equals("true");
    if (!isTrue) {
      throw new Mismatch(name + " takes nothing but true");
    }
    return true;
  }

  private static String text(String name, JsonElement argument) throws Mismatch {
    if (!isText(argument)) {
      throw new Mismatch(name + " takes a text");
    }
    return argument.getAsString();
  }

  private static JsonArray list(String name, JsonElement argument) throws Mismatch {
    if (!argument.isJsonArray() || argument.getAsJsonArray().isEmpty()) {
      throw new Mismatch(name + " takes a list that is not empty");
    }
    return argument.getAsJsonArray();
  }

  private static Predicate<String> pattern(String expression) throws Mismatch {
    try {
      Pattern pattern = Pattern.compile(expression);
      return text -> text != null && pattern.matcher(text).find();
    } catch (PatternSyntaxException wrong) {
      throw new Mismatch("$matches takes a regular expression, not " + expression);
    }
  }
}
