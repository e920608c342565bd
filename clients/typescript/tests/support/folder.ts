import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A new folder, which goes with the program. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "turnpike-typescript-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
