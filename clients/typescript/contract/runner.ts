// The runner of the contract kit; see contract/README.md in the root of the repository.
//
//     node build/contract/runner.js stories CONTRACT REPORT
//     node build/contract/runner.js vectors CONTRACT REPORT
//     node build/contract/runner.js steady
import { lineOf, type Result, writeReport } from "./report.js";
import { runSteady } from "./steady.js";
import { tellStories } from "./stories.js";
import { checkVectors } from "./vectors.js";

async function main([what, contract, report]: string[]): Promise<number> {
  if (what === "steady" && contract === undefined) {
    await runSteady();
    return 0;
  }
  if ((what !== "stories" && what !== "vectors") || contract === undefined || report === undefined) {
    console.error("usage: stories CONTRACT REPORT, vectors CONTRACT REPORT, or steady");
    return 2;
  }
  const say = (result: Result) => console.log(lineOf(result));
  let results: Result[];
  if (what === "stories") {
    results = await tellStories(contract, say);
  } else {
    results = await checkVectors(contract);
    results.forEach(say);
  }
  writeReport(report, results);
  return results.every(({ passed }) => passed) ? 0 : 1;
}

process.exitCode = await main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  return 1;
});
