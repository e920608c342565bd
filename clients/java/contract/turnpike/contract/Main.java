package turnpike.contract;

import java.nio.file.Path;
import turnpike.Turnpike;

/**
 * The runner of the contract kit in Java: tells the stories, checks the vectors, or keeps one
 * connection ("steady"). {@code contract/README.md} says what each does.
 */
public final class Main {
  private Main() {}

  public static void main(String[] arguments) throws Exception {
    String what = arguments.length == 0 ? "" : arguments[0];
    if (what.equals("steady") && arguments.length == 1) {
      Steady.run(System.getenv(), System.in, System.out);
      return;
    }
    if (arguments.length != 3 || !(what.equals("stories") || what.equals("vectors"))) {
      System.err.println("usage: stories CONTRACT REPORT | vectors CONTRACT REPORT | steady");
      System.exit(2);
    }
    Path contract = Path.of(arguments[1]);
    Report report = new Report(System.out);
    if (what.equals("vectors")) {
      new Vectors(contract.resolve("vectors"), report).check();
    } else {
      try (Turnpike turnpike = Turnpike.fromEnvironment();
          Callers callers = new Callers(turnpike, System.getenv("TURNPIKE_URL"))) {
        new Stories(contract, callers, report).tell();
      }
    }
    report.write(Path.of(arguments[2]));
    System.exit(report.hasPassed() ? 0 : 1);
  }
}
