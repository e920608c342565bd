package turnpike;

import turnpike.v1.Event;

/** An event, and the place after it. Whoever has taken the event in keeps the cursor with it. */
public final class FollowedEvent {
  private final Event event;
  private final String cursor;

  FollowedEvent(Event event, String cursor) {
    this.event = event;
    this.cursor = cursor;
  }

  /**
   * What became true.
   *
   * @return the event
   */
  public Event event() {
    return event;
  }

  /**
   * Where to go on after this event.
   *
   * @return up to 128 characters, opaque; give it to {@link Turnpike#follow}
   */
  public String cursor() {
    return cursor;
  }
}
