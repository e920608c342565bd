import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import * as node from "turnpike-client";
import * as browser from "turnpike-client/browser";
import { temporaryFolder } from "../support/folder.js";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const BYTES_MAX = 1_000_000;
const IMPORT_MS_MAX = 500;

/** A folder in which the packed artefact is installed, beside what it depends on and nothing else. */
function installed(): { folder: string; bytes: number } {
  const folder = temporaryFolder();
  const run = (command: string, ...args: string[]) =>
    execFileSync(command, args, { cwd: ROOT, encoding: "utf8" });
  const name = run("npm", "pack", "--silent", "--ignore-scripts", "--pack-destination", folder).trim();
  const modules = join(folder, "node_modules");
  mkdirSync(join(modules, "turnpike-client"), { recursive: true });
  run("tar", "-xzf", join(folder, name), "-C", join(modules, "turnpike-client"), "--strip-components=1");
  for (const scope of ["@bufbuild", "@connectrpc"]) {
    symlinkSync(join(ROOT, "node_modules", scope), join(modules, scope));
  }
  return { folder, bytes: statSync(join(folder, name)).size };
}

const { folder, bytes } = installed();

/** Runs a module in the folder, away from this package. */
function evaluate(code: string): string {
  writeFileSync(join(folder, "program.mjs"), code);
  // Links are kept as they are: what they lead to would find more than a user has.
  const args = ["--preserve-symlinks", "--preserve-symlinks-main", "program.mjs"];
  return execFileSync(process.execPath, args, { cwd: folder, encoding: "utf8" });
}

test("the artefact is small and holds what it should", (t) => {
  t.diagnostic(`${bytes} bytes`);
  assert.ok(bytes < BYTES_MAX);
  const inside = readdirSync(join(folder, "node_modules", "turnpike-client")).sort();
  assert.deepEqual(inside, ["LICENSE", "README.md", "dist", "gen", "package.json"]);
});

test("it is imported quickly, without OpenTelemetry being there", (t) => {
  const times = [1, 2, 3].map(() => {
    const output = evaluate(`
      const began = performance.now();
      const before = process.cpuUsage();
      const { Turnpike } = await import("turnpike-client");
      new Turnpike({ url: "http://127.0.0.1:1", apiKey: "tpk_test" }).close();
      const { user, system } = process.cpuUsage(before);
      console.log(JSON.stringify([performance.now() - began, (user + system) / 1000]));
      const missing = await import("@opentelemetry/api").then(() => "there", () => "missing");
      if (missing !== "missing") throw new Error("OpenTelemetry is installed here");
    `);
    const [onTheClock = 0, ofTheProcessor = 0]: number[] = JSON.parse(output);
    t.diagnostic(`${Math.round(onTheClock)} ms, ${Math.round(ofTheProcessor)} ms of the processor`);
    // Other programs may keep this one waiting.
    return Math.min(onTheClock, ofTheProcessor);
  });
  assert.ok(Math.min(...times) < IMPORT_MS_MAX, String(times));
});

test("whoever uses it gets its types and their comments", () => {
  writeFileSync(
    join(folder, "user.ts"),
    `
    import { PaymentState, Turnpike, type Payment } from "turnpike-client";
    import { Turnpike as InBrowser } from "turnpike-client/browser";
    import { verify } from "turnpike-client/webhooks";
    const turnpike = new Turnpike({ url: "http://127.0.0.1:1", apiKey: "tpk_test" });
    export async function charge(): Promise<Payment | undefined> {
      const { payment } = await turnpike.payments.chargeToken({ money: { amountMinor: 100n, currencyCode: "NOK" } });
      return payment?.state === PaymentState.CAPTURED ? payment : undefined;
    }
    // @ts-expect-error An amount is never a number.
    turnpike.payments.chargeToken({ money: { amountMinor: 100, currencyCode: "NOK" } });
    // @ts-expect-error A key that was forgotten is not the same as none.
    new InBrowser({ url: "http://127.0.0.1:1" });
    export const event: Promise<{ id: string }> = verify("", {}, []);
    `,
  );
  const options = [
    "--strict",
    "--module",
    "nodenext",
    "--target",
    "es2022",
    "--noEmit",
    "--preserveSymlinks",
  ];
  const tsc = join(ROOT, "node_modules", ".bin", "tsc");
  execFileSync(tsc, [...options, "--types", "", "--lib", "es2022,dom,esnext.disposable", "user.ts"], {
    cwd: folder,
    stdio: "inherit",
  });
  const types = join(folder, "node_modules", "turnpike-client", "gen", "turnpike", "v1", "money_pb.d.ts");
  assert.match(
    execFileSync("cat", [types], { encoding: "utf8" }),
    /The amount in minor units of the currency/,
  );
});

test("a bundle for browsers is made without OpenTelemetry", async () => {
  const { warnings } = await build({
    stdin: {
      contents: `import { Turnpike } from "turnpike-client/browser"; new Turnpike({});`,
      resolveDir: folder,
    },
    bundle: true,
    format: "esm",
    preserveSymlinks: true,
    write: false,
    logLevel: "silent",
  });
  assert.deepEqual(warnings, []);
});

test("both entries offer all that is generated, and the same layer, whose names hide no message", async () => {
  const files = readdirSync(join(ROOT, "gen", "turnpike", "v1")).filter((name) => name.endsWith("_pb.js"));
  assert.ok(files.length > 20);
  const generated: Record<string, unknown> = {};
  for (const file of files) Object.assign(generated, await import(join(ROOT, "gen", "turnpike", "v1", file)));
  for (const [name, value] of Object.entries(generated)) {
    assert.equal((node as Record<string, unknown>)[name], value, name);
    assert.equal((browser as Record<string, unknown>)[name], value, name);
  }
  assert.deepEqual(Object.keys(node).sort(), Object.keys(browser).sort());
  const layer = Object.keys(node).filter((name) => !(name in generated));
  assert.ok(layer.includes("TurnpikeError"));
  assert.deepEqual(
    layer.filter((name) => `${name}Schema` in generated),
    [],
  );
});
