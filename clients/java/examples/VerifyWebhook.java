import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import turnpike.WebhookRefusedException;
import turnpike.Webhooks;
import turnpike.v1.Event;

/**
 * Takes one webhook that is genuine, and ends. TURNPIKE_WEBHOOK_PORT is the port to listen on, and
 * TURNPIKE_WEBHOOK_SECRET the secret, `whsec_…`; for the gateway:
 *
 * <pre>turnpike dev --webhook-to http://127.0.0.1:PORT/hooks --webhook-secret whsec_…</pre>
 */
public final class VerifyWebhook {
  private static final int MAX_BODY_BYTES = 1 << 20;

  public static void main(String[] arguments) throws Exception {
    int port = Integer.parseInt(System.getenv("TURNPIKE_WEBHOOK_PORT"));
    List<String> secrets = List.of(System.getenv("TURNPIKE_WEBHOOK_SECRET"));
    CountDownLatch taken = new CountDownLatch(1);
    HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", port), 0);
    server.createContext(
        "/hooks",
        exchange -> {
          if (take(exchange, secrets)) {
            taken.countDown();
          }
        });
    server.start();
    System.out.println("listening on " + server.getAddress().getPort());
    taken.await();
    server.stop(1);
  }

  private static boolean take(HttpExchange exchange, List<String> secrets) throws IOException {
    try {
      byte[] body = exchange.getRequestBody().readNBytes(MAX_BODY_BYTES);
      // A shop remembers the id of the event here: it may come again.
      Event event = Webhooks.verify(body, exchange.getRequestHeaders()::getFirst, secrets);
      System.out.println("genuine: " + event.getType() + " " + event.getId());
      exchange.sendResponseHeaders(204, -1);
      return true;
    } catch (WebhookRefusedException refused) {
      System.out.println("refused: " + refused.refusal().text());
      exchange.sendResponseHeaders(400, -1);
      return false;
    } finally {
      exchange.close();
    }
  }
}
