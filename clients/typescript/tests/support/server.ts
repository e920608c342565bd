import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import * as http2 from "node:http2";
import type { AddressInfo, Socket } from "node:net";
import { join } from "node:path";
import type { ConnectRouter } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { temporaryFolder } from "./folder.js";

/** A gRPC server of this language's own, for what a real gateway doesn't do on demand. */
export class Server {
  readonly #server: http2.Http2Server;
  readonly #sessions = new Set<http2.ServerHttp2Session>();
  readonly #sockets = new Set<Socket>();
  readonly url: string;
  /** How many connections there were so far. */
  connections = 0;

  private constructor(server: http2.Http2Server, url: string) {
    this.#server = server;
    this.url = url;
  }

  static async start(
    routes: (router: ConnectRouter) => void,
    { tls, port = 0 }: { tls?: http2.SecureServerOptions; port?: number } = {},
  ): Promise<Server> {
    const handler = connectNodeAdapter({ routes });
    const server = tls ? http2.createSecureServer(tls, handler) : http2.createServer(handler);
    await new Promise<void>((resolve) => server.listen(port, tls ? "localhost" : "127.0.0.1", resolve));
    const address = server.address() as AddressInfo;
    const host = tls ? "https://localhost" : "http://127.0.0.1";
    const started = new Server(server as http2.Http2Server, `${host}:${address.port}`);
    server.on("connection", (socket: Socket) => {
      started.connections++;
      started.#sockets.add(socket);
      socket.on("close", () => started.#sockets.delete(socket));
    });
    server.on("session", (session) => {
      started.#sessions.add(session);
      session.on("close", () => started.#sessions.delete(session));
      session.on("error", () => {});
    });
    return started;
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }

  /** Breaks every connection, without HTTP/2's goodbye: with a reset of TCP, or with its plain end. */
  breakConnections(how: "reset" | "end"): void {
    for (const socket of this.#sockets) how === "reset" ? socket.resetAndDestroy() : socket.destroy();
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const session of this.#sessions) session.destroy();
    await closed;
  }
}

export interface Certificates {
  ca: string;
  cert: string;
  key: string;
  /** Where they are, by the same names with `.pem`. */
  folder: string;
}

/** An authority that lives as long as the test, and a certificate of `localhost` by it. */
export function certificates(name = "localhost"): Certificates {
  const folder = temporaryFolder();
  const openssl = (...args: string[]) => execFileSync("openssl", args, { cwd: folder, stdio: "pipe" });
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  openssl(
    "req",
    "-x509",
    ...newKey,
    "-keyout",
    "ca-key.pem",
    "-out",
    "ca.pem",
    "-subj",
    "/CN=test authority",
  );
  openssl(
    ...["req", "-x509", ...newKey, "-keyout", "key.pem", "-out", "cert.pem", "-subj", `/CN=${name}`],
    ...["-addext", `subjectAltName=DNS:${name}`, "-addext", "basicConstraints=CA:FALSE"],
    ...["-CA", "ca.pem", "-CAkey", "ca-key.pem"],
  );
  const text = (file: string) => readFileSync(join(folder, file), "utf8");
  return { ca: text("ca.pem"), cert: text("cert.pem"), key: text("key.pem"), folder };
}

/** A port on which nobody listens, most probably. */
export async function freePort(): Promise<number> {
  const server = http2.createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
