import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type Session, SessionPurpose, Turnpike } from "turnpike-client";
import { temporaryFolder } from "./folder.js";

/** How long a start or an end may take. */
const PATIENCE_MS = 30_000;

/** A real gateway in development mode. It can be stopped and started again over the same store and port. */
export class Gateway {
  readonly folder = temporaryFolder();
  readonly apiKey = "tpk_the_tests_of_typescript";
  readonly #args: string[];
  #address = "127.0.0.1:0";
  #process: ChildProcess | undefined;

  private constructor(args: string[]) {
    this.#args = args;
  }

  static async start(...args: string[]): Promise<Gateway> {
    const gateway = new Gateway(args);
    await gateway.start();
    return gateway;
  }

  get url(): string {
    return `http://${this.#address}`;
  }

  get environment(): { TURNPIKE_URL: string; TURNPIKE_API_KEY: string } {
    return { TURNPIKE_URL: this.url, TURNPIKE_API_KEY: this.apiKey };
  }

  client(url = this.url, options: { keepaliveMs?: number; keepaliveTimeoutMs?: number } = {}): Turnpike {
    return new Turnpike({ url, apiKey: this.apiKey, ...options });
  }

  async start(): Promise<void> {
    const ready = join(this.folder, "ready.json");
    rmSync(ready, { force: true });
    const binary = process.env.TURNPIKE_BINARY;
    if (!binary) throw new Error("TURNPIKE_BINARY is not set: the path of the gateway");
    const ports = ["--grpc", this.#address, "--simulators", "127.0.0.1:0", "--webhooks", "127.0.0.1:0"];
    const files = ["--data-dir", join(this.folder, "data"), "--ready-file", ready];
    const args = ["dev", ...ports, ...files, "--api-key", this.apiKey, ...this.#args];
    const child = spawn(binary, args, { stdio: "ignore" });
    this.#process = child;
    await until("the gateway starts", () => {
      if (child.exitCode !== null) throw new Error(`the gateway ended with ${child.exitCode}`);
      return existsSync(ready) && readFileSync(ready, "utf8").endsWith("}");
    });
    this.#address = JSON.parse(readFileSync(ready, "utf8")).grpc;
  }

  /** Stops it in good order, or at once. */
  async stop(signal: "SIGTERM" | "SIGKILL" = "SIGTERM"): Promise<void> {
    const child = this.#process;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill(signal);
    await ended;
  }

  async remove(): Promise<void> {
    await this.stop("SIGKILL");
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Opens a session, which is an event or two. */
export async function openSession(turnpike: Turnpike, amountMinor = 49_900n): Promise<Session> {
  const { session } = await turnpike.sessions.createSession({
    requestId: crypto.randomUUID(),
    account: "dintero-dev",
    money: { amountMinor, currencyCode: "NOK" },
    merchantReference: "typescript-test",
    purpose: SessionPurpose.PAY,
    returnUrls: { successUrl: "https://shop.example/done" },
  });
  if (session === undefined) throw new Error("there is no session");
  return session;
}

export async function until(what: string, isSo: () => boolean): Promise<void> {
  const end = Date.now() + PATIENCE_MS;
  while (!isSo()) {
    if (Date.now() > end) throw new Error(`waited in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
