package turnpike;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

final class RequestIdsTest {
  @Test
  void firstMakesOneAndRefusesASecond() {
    RequestIds ids = RequestIds.inMemory();
    String id = ids.first("order-17/charge");
    assertTrue(id.matches("[!-~]{1,64}"), id);
    assertThrows(RequestIdException.class, () -> ids.first("order-17/charge"));
    assertEquals(id, ids.again("order-17/charge"));
    assertNotEquals(id, ids.first("order-18/charge"));
  }

  @Test
  void againRefusesToMakeOne() {
    RequestIds ids = RequestIds.inMemory();
    assertThrows(RequestIdException.class, () -> ids.again("order-17/charge"));
    // And has made none.
    ids.first("order-17/charge");
  }

  @Test
  void forKeyDoesWhicheverIsRight() {
    RequestIds ids = RequestIds.inMemory();
    String id = ids.forKey("order-17/charge");
    assertEquals(id, ids.forKey("order-17/charge"));
    assertThrows(RequestIdException.class, () -> ids.first("order-17/charge"));
  }

  @Test
  void manyThreadsGetOneId() throws InterruptedException {
    RequestIds ids = RequestIds.inMemory();
    Set<String> seen = ConcurrentHashMap.newKeySet();
    CountDownLatch start = new CountDownLatch(1);
    List<Thread> threads = new ArrayList<>();
    for (int each = 0; each < 16; each++) {
      Thread thread =
          new Thread(
              () -> {
                try {
                  start.await();
                  seen.add(ids.forKey("order-17/charge"));
                } catch (InterruptedException interrupted) {
                  Thread.currentThread().interrupt();
                }
              });
      thread.start();
      threads.add(thread);
    }
    start.countDown();
    for (Thread thread : threads) {
      thread.join();
    }
    assertEquals(1, seen.size(), seen::toString);
  }

  @Test
  void anIdIsSavedBeforeItIsReturned() {
    RuntimeException full = new RuntimeException("the disk is full");
    RequestIds ids =
        new RequestIds(
            new RequestIdStore() {
              @Override
              public Optional<String> load(String key) {
                return Optional.empty();
              }

              @Override
              public boolean save(String key, String requestId) {
                throw full;
              }
            });
    assertEquals(full, assertThrows(RuntimeException.class, () -> ids.first("a")));
    assertEquals(full, assertThrows(RuntimeException.class, () -> ids.forKey("a")));
  }

  @Test
  void whatAStoreHasSpoiltIsRefused() {
    for (String spoilt : List.of("", "two words", "x".repeat(65), "é")) {
      RequestIds ids = new RequestIds(holding(spoilt));
      assertThrows(RequestIdException.class, () -> ids.again("a"), spoilt);
      assertThrows(RequestIdException.class, () -> ids.forKey("a"), spoilt);
    }
    assertEquals("x".repeat(64), new RequestIds(holding("x".repeat(64))).forKey("a"));
  }

  @Test
  void aStoreThatContradictsItselfIsRefused() {
    RequestIds ids =
        new RequestIds(
            new RequestIdStore() {
              @Override
              public Optional<String> load(String key) {
                return Optional.empty();
              }

              @Override
              public boolean save(String key, String requestId) {
                return false;
              }
            });
    assertThrows(RequestIdException.class, () -> ids.forKey("a"));
  }

  @Test
  void aKeyIsNeeded() {
    RequestIds ids = RequestIds.inMemory();
    assertThrows(IllegalArgumentException.class, () -> ids.first(""));
    assertThrows(IllegalArgumentException.class, () -> ids.again(null));
    assertThrows(IllegalArgumentException.class, () -> new RequestIds(null));
  }

  private static RequestIdStore holding(String id) {
    return new RequestIdStore() {
      @Override
      public Optional<String> load(String key) {
        return Optional.of(id);
      }

      @Override
      public boolean save(String key, String requestId) {
        return false;
      }
    };
  }
}
