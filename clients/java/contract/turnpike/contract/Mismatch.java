package turnpike.contract;

/** Something is not as the contract says. It ends a telling, or a vector. */
class Mismatch extends Exception {
  private static final long serialVersionUID = 1L;

  Mismatch(String message) {
    super(message);
  }
}
