package turnpike.contract;

import com.google.gson.JsonElement;

/** A value that came is another one than was expected. The story itself is in order. */
final class Different extends Mismatch {
  private static final long serialVersionUID = 1L;

  /** How much of a value is shown, in characters. */
  private static final int SHOWN = 300;

  Different(String path, JsonElement expected, JsonElement seen) {
    super(
        (path.isEmpty() ? "the whole" : path.substring(1))
            + ": expected "
            + shown(expected)
            + ", saw "
            + (seen == null ? "nothing" : shown(seen)));
  }

  private static String shown(JsonElement value) {
    String text = value.toString();
    return text.length() <= SHOWN ? text : text.substring(0, SHOWN) + "…";
  }
}
