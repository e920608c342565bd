package turnpike;

import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Makes request ids once and keeps them. A charge is made at most once for each request id, so the
 * id has to outlive whatever may break in between: it is saved before it is returned, and after a
 * crash the same one is found again.
 *
 * <pre>{@code
 * RequestIds ids = new RequestIds(myStore);
 * ChargeTokenRequest request =
 *     ChargeTokenRequest.newBuilder().setRequestId(ids.forKey("order-17/charge"))...
 * }</pre>
 *
 * <p>It may be used by many threads at once if its store may.
 */
public final class RequestIds {
  /** The longest id that the gateway takes, in characters. */
  private static final int LONGEST = 64;

  private final RequestIdStore store;

  /**
   * Keeps ids in a store of the caller's.
   *
   * @param store the store
   */
  public RequestIds(RequestIdStore store) {
    if (store == null) {
      throw new IllegalArgumentException("the store is missing");
    }
    this.store = store;
  }

  /**
   * Keeps ids in memory, for tests and for programs that send no money after a restart. It grows
   * with every key.
   *
   * @return a new and empty one
   */
  public static RequestIds inMemory() {
    Map<String, String> kept = new ConcurrentHashMap<>();
    return new RequestIds(
        new RequestIdStore() {
          @Override
          public Optional<String> load(String key) {
            return Optional.ofNullable(kept.get(key));
          }

          @Override
          public boolean save(String key, String requestId) {
            return kept.putIfAbsent(key, requestId) == null;
          }
        });
  }

  /**
   * Makes an id for something that is done for the first time.
   *
   * @param key the caller's own name for it, such as {@code order-17/charge}
   * @return the id, a UUID, which is saved already
   * @throws RequestIdException when there is one for this key
   */
  public String first(String key) {
    return make(checked(key))
        .orElseThrow(() -> new RequestIdException("there is a request id already for " + key));
  }

  /**
   * Finds the id of something that was begun before.
   *
   * @param key as in {@link #first}
   * @return the id that is kept
   * @throws RequestIdException when there is none; a new one is not made, as it could charge twice
   */
  public String again(String key) {
    return find(checked(key))
        .orElseThrow(() -> new RequestIdException("there is no request id for " + key));
  }

  /**
   * Finds the id of something, or makes it if this is the first time.
   *
   * @param key as in {@link #first}
   * @return the id, the same for the same key whoever asks
   * @throws RequestIdException when the store says of one key that it is there and that it is not
   */
  public String forKey(String key) {
    return find(checked(key)).or(() -> make(key)).orElseGet(() -> again(key));
  }

  private Optional<String> find(String key) {
    Optional<String> found = store.load(key);
    found.ifPresent(id -> check(key, id));
    return found;
  }

  private Optional<String> make(String key) {
    String id = UUID.randomUUID().toString();
    return store.save(key, id) ? Optional.of(id) : Optional.empty();
  }

  private static String checked(String key) {
    if (key == null || key.isEmpty()) {
      throw new IllegalArgumentException("the key of a request id is empty");
    }
    return key;
  }

  /** What a store has cut or changed would be another request. */
  private static void check(String key, String id) {
    boolean isWhole =
        !id.isEmpty()
            && id.length() <= LONGEST
            && id.chars().allMatch(each -> each > ' ' && each <= '~');
    if (!isWhole) {
      throw new RequestIdException("what is kept for " + key + " is no request id");
    }
  }
}
