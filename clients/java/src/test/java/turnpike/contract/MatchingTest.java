package turnpike.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.google.gson.JsonElement;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class MatchingTest {
  private static JsonElement json(String text) {
    return text == null ? null : JsonParser.parseString(text);
  }

  private static Map<String, JsonElement> match(String expected, String seen) throws Mismatch {
    return Matching.match(json(expected), json(seen));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{}|{\"a\":1}",
        "{\"a\":1}|{\"a\":\"1\",\"b\":2}",
        "{\"a\":\"49900\"}|{\"a\":49900}",
        "{\"a\":{\"b\":[1,\"x\"]}}|{\"a\":{\"b\":[\"1\",\"x\"],\"c\":0}}",
        "{\"a\":false}|{}",
        "{\"a\":0}|{}",
        "{\"a\":\"0\"}|{}",
        "{\"a\":\"\"}|{}",
        "{\"a\":[]}|{}",
        "{\"a\":{}}|{}",
        "{\"a\":null}|{}",
        "{\"a\":true}|{\"a\":true}",
        "{\"a\":{\"$any\":true}}|{\"a\":{\"b\":1}}",
        "{\"a\":{\"$absent\":true}}|{}",
        "{\"a\":{\"$absent\":true}}|{\"a\":\"\"}",
        "{\"a\":{\"$absent\":true}}|{\"a\":\"0\"}",
        "{\"a\":{\"$one_of\":[1,{\"b\":2}]}}|{\"a\":{\"b\":2}}",
        "{\"a\":{\"$matches\":\"^pay_\"}}|{\"a\":\"pay_1\"}",
        "{\"a\":{\"$matches\":\"y_\"}}|{\"a\":\"pay_1\"}",
        "{\"a\":{\"$has\":[{\"b\":2},1]}}|{\"a\":[1,{\"b\":2,\"c\":3},4]}",
        "{\"a\":{\"$has\":[1]},\"b\":2}|{\"a\":[1],\"b\":2}",
      })
  void matches(String expected, String seen) throws Mismatch {
    match(expected, seen);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{\"a\":1}|{}",
        "{\"a\":1}|{\"a\":2}",
        "{\"a\":1}|{\"a\":1.0}",
        "{\"a\":false}|{\"a\":true}",
        "{\"a\":\"true\"}|{\"a\":true}",
        "{\"a\":0}|{\"a\":1}",
        "{\"a\":\"\"}|{\"a\":\"x\"}",
        "{\"a\":[]}|{\"a\":[1]}",
        "{\"a\":[1]}|{\"a\":[1,2]}",
        "{\"a\":[1,2]}|{\"a\":[2,1]}",
        "{\"a\":[1]}|{}",
        "{\"a\":{\"b\":1}}|{\"a\":1}",
        "{\"a\":{\"b\":1}}|{\"a\":[1]}",
        "{\"a\":[1]}|{\"a\":1}",
        "{\"a\":null}|{\"a\":1}",
        "{\"a\":{}}|{\"a\":1}",
        "{\"a\":{\"$any\":true}}|{}",
        "{\"a\":{\"$any\":true}}|{\"a\":\"\"}",
        "{\"a\":{\"$any\":true}}|{\"a\":false}",
        "{\"a\":{\"$save\":\"x\"}}|{\"a\":\"0\"}",
        "{\"a\":{\"$absent\":true}}|{\"a\":1}",
        "{\"a\":{\"$one_of\":[1,2]}}|{\"a\":3}",
        "{\"a\":{\"$matches\":\"^ay_\"}}|{\"a\":\"pay_1\"}",
        "{\"a\":{\"$matches\":\".\"}}|{\"a\":1}",
        "{\"a\":{\"$matches\":\".*\"}}|{}",
        "{\"a\":{\"$has\":[1,2]}}|{\"a\":[1,3]}",
        "{\"a\":{\"$has\":[1]}}|{}",
        "{\"a\":{\"$has\":[1]}}|{\"a\":1}",
      })
  void differs(String expected, String seen) {
    assertThrows(Different.class, () -> match(expected, seen));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{\"a\":{\"$like\":1}}",
        "{\"a\":{\"$any\":false}}",
        "{\"a\":{\"$absent\":1}}",
        "{\"a\":{\"$one_of\":1}}",
        "{\"a\":{\"$one_of\":[]}}",
        "{\"a\":{\"$has\":[]}}",
        "{\"a\":{\"$matches\":\"(\"}}",
        "{\"a\":{\"$save\":1}}",
        "{\"a\":{\"$one_of\":[{\"$like\":1},1]}}",
      })
  void aStoryThatMakesNoSenseIsRefused(String expected) {
    Mismatch refused = assertThrows(Mismatch.class, () -> match(expected, "{\"a\":1}"));
    assertEquals(Mismatch.class, refused.getClass(), refused.getMessage());
  }

  @Test
  void whatIsSavedIsOfWhatMatches() throws Mismatch {
    assertEquals(
        Map.of("x", json("{\"b\":1}")), match("{\"a\":{\"$save\":\"x\"}}", "{\"a\":{\"b\":1}}"));
    String either = "{\"$one_of\":[{\"a\":{\"$save\":\"x\"},\"b\":9},{\"b\":{\"$save\":\"y\"}}]}";
    assertEquals(Map.of("y", json("2")), match(either, "{\"a\":1,\"b\":2}"));
  }

  @Test
  void aDifferenceNamesItsPlace() {
    Different different =
        assertThrows(Different.class, () -> match("{\"a\":[{\"b\":1}]}", "{\"a\":[{\"b\":2}]}"));
    assertEquals("a[0].b: expected 1, saw 2", different.getMessage());
  }

  @Test
  void valuesAreTakenInOrPutIn() throws Mismatch {
    Values values = new Values();
    values.set("run", new JsonPrimitive("abc"));
    values.set("list", json("[1]"));
    assertEquals(
        json("{\"a\":\"abc-1\",\"b\":[1],\"${run}\":[\"$abc\",\"x[1]\",7,\"{run}\"]}"),
        values.filled(
            json(
                "{\"a\":\"${run}-1\",\"b\":\"${list}\","
                    + "\"${run}\":[\"$${run}\",\"x${list}\",7,\"{run}\"]}")));
    assertThrows(Mismatch.class, () -> values.filled(json("[\"${nobody}\"]")));
    assertThrows(Mismatch.class, () -> values.filled(json("[\"a ${nobody}\"]")));
  }
}
