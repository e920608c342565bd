package turnpike;

import java.util.Optional;

/**
 * Where a program keeps its request ids: a table of its database, mostly. What {@link #save} has
 * returned from must be there after a crash.
 */
public interface RequestIdStore {
  /**
   * Reads what is kept.
   *
   * @param key the caller's own name for what is being done, such as {@code order-17/charge}
   * @return the request id, or nothing
   */
  Optional<String> load(String key);

  /**
   * Keeps an id under a key that must not be there yet. Of two calls at once for one key, one
   * saves.
   *
   * @param key as in {@link #load}
   * @param requestId up to 64 printable ASCII characters
   * @return false, with nothing changed, when the key is there already
   */
  boolean save(String key, String requestId);
}
