import { writeFileSync } from "node:fs";

/** How a telling or a vector went. Of a vector, only the name, `passed` and `failure` are there. */
export interface Result {
  name: string;
  account?: string;
  passed: boolean;
  steps?: number;
  seconds?: number;
  failure: string;
}

/** A line for people. */
export function lineOf({ name, account, passed, failure }: Result): string {
  const what = account ? `${name} (${account})` : name;
  return passed ? `ok      ${what}` : `FAILED  ${what}: ${failure}`;
}

export function writeReport(path: string, results: readonly Result[]): void {
  writeFileSync(path, `${JSON.stringify({ language: "typescript", results }, null, 2)}\n`);
}

/** The same order everywhere. */
export function sorted(names: readonly string[]): string[] {
  return [...names].sort((one, other) => (one < other ? -1 : 1));
}
