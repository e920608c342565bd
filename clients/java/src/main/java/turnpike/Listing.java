package turnpike;

import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.function.Function;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * All entries of a list, page after page. The next page is asked for when it is needed, so whoever
 * stops early asks for no more. Each iteration begins anew.
 *
 * @param <T> the type of the entries
 */
public final class Listing<T> implements Iterable<T> {
  private final Function<String, Page<T>> pages;

  Listing(Function<String, Page<T>> pages) {
    this.pages = pages;
  }

  /** A page: its entries, and the token of the next one. */
  static final class Page<T> {
    final List<T> entries;
    final String next;
    final boolean isLast;

    Page(List<T> entries, String next, boolean isLast) {
      this.entries = entries;
      this.next = next;
      this.isLast = isLast;
    }
  }

  /**
   * Begins with the first page.
   *
   * @return an iterator, which throws a {@link TurnpikeException} when a page cannot be had
   */
  @Override
  public Iterator<T> iterator() {
    return new Entries();
  }

  /**
   * The same as a stream.
   *
   * @return a sequential stream, which asks for pages as it is consumed
   */
  public Stream<T> stream() {
    return StreamSupport.stream(spliterator(), false);
  }

  private final class Entries implements Iterator<T> {
    private Page<T> page = pages.apply("");
    private Iterator<T> entries = page.entries.iterator();

    @Override
    public boolean hasNext() {
      // A page may be empty although more follow.
      while (!entries.hasNext() && !page.isLast) {
        Page<T> following = pages.apply(page.next);
        if (!following.isLast && following.next.equals(page.next)) {
          throw new IllegalStateException("the gateway answered with the same page twice");
        }
        page = following;
        entries = page.entries.iterator();
      }
      return entries.hasNext();
    }

    @Override
    public T next() {
      if (!hasNext()) {
        throw new NoSuchElementException();
      }
      return entries.next();
    }
  }
}
