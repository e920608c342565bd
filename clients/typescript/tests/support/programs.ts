import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

/** How long an example may take. */
const PATIENCE_MS = 60_000;

/** An example that runs. */
export class Program {
  output = "";
  readonly #process: ChildProcess;
  readonly #ended: Promise<number | null>;

  constructor(name: string, environment: Record<string, string>) {
    const path = fileURLToPath(new URL(`../../examples/${name}.js`, import.meta.url));
    this.#process = spawn(process.execPath, [path], {
      env: { ...process.env, ...environment },
      timeout: PATIENCE_MS,
    });
    this.#process.stdout?.on("data", (text) => {
      this.output += text;
    });
    this.#process.stderr?.on("data", (text) => {
      this.output += text;
    });
    this.#ended = new Promise((resolve) => this.#process.once("close", resolve));
  }

  /** Waits for its end. Returns the code; null when it took too long. */
  ended(): Promise<number | null> {
    return this.#ended;
  }

  kill(): void {
    this.#process.kill("SIGKILL");
  }
}
