"""Results, as every client's runner writes them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

FAILURE_LENGTH_MAX = 2_000


@dataclass(frozen=True)
class Result:
    """It has passed when there is no failure to tell."""

    name: str
    failure: str = ""
    account: str = ""
    steps: int = 0
    seconds: float = 0.0

    @property
    def passed(self) -> bool:
        """Whether it did."""
        return not self.failure


def write(path: Path, results: Iterable[Result]) -> bool:
    """Prints each as it comes, and writes the report. Whether there were any, and all passed."""
    told = []
    for result in results:
        told.append(result)
        words = f"{result.steps} steps in {result.seconds:.2f} s" if result.steps else ""
        print(f"{'passed' if result.passed else 'FAILED'}  {result.name}  {result.account}  {words}".rstrip())
        if result.failure:
            print(f"        {result.failure[:FAILURE_LENGTH_MAX]}", flush=True)
    rows = [{**asdict(each), "passed": each.passed, "failure": each.failure[:FAILURE_LENGTH_MAX]} for each in told]
    path.write_text(json.dumps({"language": "python", "results": rows}, indent=2) + "\n", encoding="utf-8")
    return bool(told) and all(each.passed for each in told)


def read_json(path: Path) -> Any:
    """A file of JSON, in which a name occurs once."""
    return json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=_once)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError(f"a name occurs twice: {[name for name, _ in pairs]}")
    return found
