package turnpike.contract;

import turnpike.Turnpike;

/** Loads the client, makes one, and ends: what that takes is what a program pays at its start. */
public final class Importing {
  private Importing() {}

  public static void main(String[] arguments) {
    Turnpike.connect("http://127.0.0.1:1", "tpk_importing").close();
  }
}
