package turnpike.served;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * A TCP proxy that can forget connections as firewalls do: what comes is swallowed, and nobody is
 * told. New connections are always taken.
 */
final class Proxy implements AutoCloseable {
  private final ServerSocket listener;
  private final int target;
  private final long forgetsAfterMillis;
  private final List<Link> links = new CopyOnWriteArrayList<>();

  /**
   * @param forgetsAfterMillis how long a connection may be idle; zero means for ever
   */
  Proxy(int target, long forgetsAfterMillis) throws IOException {
    this.target = target;
    this.forgetsAfterMillis = forgetsAfterMillis;
    listener = new ServerSocket(0, 16, InetAddress.getLoopbackAddress());
    start(this::accept);
  }

  int port() {
    return listener.getLocalPort();
  }

  /** How many connections there have been. */
  int connections() {
    return links.size();
  }

  /** From now on the connections of before swallow everything. */
  void forgetAll() {
    links.forEach(link -> link.isForgotten = true);
  }

  private static void start(Runnable work) {
    Thread thread = new Thread(work);
    thread.setDaemon(true);
    thread.start();
  }

  private void accept() {
    try {
      while (true) {
        Socket client = listener.accept();
        Link link = new Link(client, new Socket(InetAddress.getLoopbackAddress(), target));
        links.add(link);
        start(() -> link.carry(link.client, link.gateway));
        start(() -> link.carry(link.gateway, link.client));
      }
    } catch (IOException closed) {
      // The test is over.
    }
  }

  private final class Link {
    private final Socket client;
    private final Socket gateway;
    private volatile boolean isForgotten;
    private volatile long lastMillis = System.currentTimeMillis();

    Link(Socket client, Socket gateway) {
      this.client = client;
      this.gateway = gateway;
    }

    void carry(Socket from, Socket to) {
      byte[] bytes = new byte[16 << 10];
      try {
        InputStream in = from.getInputStream();
        OutputStream out = to.getOutputStream();
        for (int read = in.read(bytes); read >= 0; read = in.read(bytes)) {
          long now = System.currentTimeMillis();
          if (forgetsAfterMillis > 0 && now - lastMillis >= forgetsAfterMillis) {
            isForgotten = true;
          }
          if (!isForgotten) {
            lastMillis = now;
            out.write(bytes, 0, read);
          }
        }
      } catch (IOException closed) {
        // As an end.
      }
      if (!isForgotten) {
        end();
      }
    }

    void end() {
      try {
        client.close();
        gateway.close();
      } catch (IOException closed) {
        // Already.
      }
    }
  }

  @Override
  public void close() throws IOException {
    listener.close();
    links.forEach(Link::end);
  }
}
