import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const RUNNER = fileURLToPath(new URL("../../contract/runner.js", import.meta.url));
/** Beyond the deadline of a call. */
const ANSWER_MS_MAX = 40_000;

/** The runner's `steady`, as the harness of all clients uses it. */
export class Steady {
  readonly #process: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor(environment: Record<string, string>) {
    const env = { ...process.env, ...environment };
    this.#process = spawn(process.execPath, [RUNNER, "steady"], { env, stdio: ["pipe", "pipe", "inherit"] });
    if (this.#process.stdout === null) throw new Error("there is no output");
    this.#lines = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]();
  }

  tell(line: string): void {
    this.#process.stdin?.write(`${line}\n`);
  }

  async answer(): Promise<string> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error("steady says nothing")), ANSWER_MS_MAX);
    });
    const next = await Promise.race([this.#lines.next(), late]).finally(() => clearTimeout(timer));
    return next.done ? "(the end)" : next.value;
  }

  async ask(line: string): Promise<string> {
    this.tell(line);
    return this.answer();
  }

  /** The way out when a test failed before. */
  kill(): void {
    this.#process.kill("SIGKILL");
  }

  /** Returns the code with which it ends. */
  async quit(): Promise<number | null> {
    const ended = new Promise<number | null>((resolve) => this.#process.once("exit", resolve));
    this.tell("quit");
    return ended;
  }
}
