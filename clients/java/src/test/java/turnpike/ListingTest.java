package turnpike;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import org.junit.jupiter.api.Test;
import turnpike.Listing.Page;

final class ListingTest {
  private final List<String> asked = new ArrayList<>();

  private Listing<Integer> listing(Map<String, Page<Integer>> pages) {
    return new Listing<>(
        token -> {
          asked.add(token);
          return pages.get(token);
        });
  }

  private static Page<Integer> page(String next, Integer... entries) {
    return new Page<>(List.of(entries), next, next.isEmpty());
  }

  @Test
  void pagesAreAskedForWhenTheyAreNeeded() {
    Listing<Integer> listing =
        listing(Map.of("", page("a", 1, 2), "a", page("b"), "b", page("c", 3), "c", page("", 4)));
    Iterator<Integer> entries = listing.iterator();
    assertEquals(1, entries.next());
    assertEquals(2, entries.next());
    assertEquals(List.of(""), asked);
    assertEquals(3, entries.next());
    assertEquals(List.of("", "a", "b"), asked);
    assertEquals(4, entries.next());
    assertFalse(entries.hasNext());
    assertThrows(NoSuchElementException.class, entries::next);
    assertEquals(List.of(1, 2, 3, 4), listing.stream().toList());
    assertEquals(List.of(1, 2), listing.stream().limit(2).toList());
  }

  @Test
  void anEmptyListHasNothing() {
    assertFalse(listing(Map.of("", page(""))).iterator().hasNext());
  }

  @Test
  void aPageThatLeadsToItselfIsAnError() {
    Iterator<Integer> entries = listing(Map.of("", page("a", 1), "a", page("a", 2))).iterator();
    assertEquals(1, entries.next());
    assertThrows(IllegalStateException.class, entries::hasNext);
  }
}
