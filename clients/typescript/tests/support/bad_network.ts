import * as net from "node:net";

/** Passes TCP on to the gateway, and can forget connections as bad networks do: silently. */
export class BadNetwork {
  readonly #server: net.Server;
  readonly #pipes = new Set<Pipe>();

  private constructor(server: net.Server) {
    this.#server = server;
  }

  /** @param forgetMs connections that were idle for so long lead nowhere from then on. */
  static async start(target: string, forgetMs = Number.POSITIVE_INFINITY): Promise<BadNetwork> {
    const { hostname, port } = new URL(target);
    const server = net.createServer();
    const network = new BadNetwork(server);
    server.on("connection", (inner) => {
      const outer = net.connect(Number(port), hostname);
      const pipe = new Pipe(inner, outer, forgetMs);
      network.#pipes.add(pipe);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return network;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as net.AddressInfo).port}`;
  }

  /** How many connections were made so far. */
  get connections(): number {
    return this.#pipes.size;
  }

  /** Nothing passes on the connections of now any more. They stay open, and new ones work. */
  forget(): void {
    for (const pipe of this.#pipes) pipe.isForgotten = true;
  }

  stop(): void {
    for (const pipe of this.#pipes) pipe.destroy();
    this.#server.close();
  }
}

class Pipe {
  isForgotten = false;
  #usedAt = Date.now();

  readonly #ends: [net.Socket, net.Socket];

  constructor(one: net.Socket, other: net.Socket, forgetMs: number) {
    this.#ends = [one, other];
    for (const [from, to] of [
      [one, other],
      [other, one],
    ] as const) {
      from.on("data", (bytes) => {
        if (Date.now() - this.#usedAt > forgetMs) this.isForgotten = true;
        if (this.isForgotten) return;
        this.#usedAt = Date.now();
        to.write(bytes);
      });
      from.on("close", () => {
        if (!this.isForgotten) to.destroy();
      });
      from.on("error", () => {});
    }
  }

  destroy(): void {
    for (const end of this.#ends) end.destroy();
  }
}
