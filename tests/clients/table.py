"""Prints language × story from the reports of the contract runners.

    python3 tests/clients/table.py CONTRACT REPORT…

Ends with 1 when a story was told in one language and not in another, or failed anywhere.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path


def expected(contract: Path) -> list[tuple[str, str]]:
    """What has to be told: every story, for each of its accounts."""
    tellings = []
    for path in sorted((contract / "stories").glob("*.json")):
        accounts = json.loads(path.read_text()).get("accounts") or [""]
        tellings.extend((path.stem, provider_of(account)) for account in accounts)
    return tellings


def provider_of(account: str) -> str:
    """Languages have merchants of their own, whose names their accounts end with."""
    return account.split("-")[0]


def main() -> int:
    tellings = expected(Path(sys.argv[1]))
    languages: dict[str, dict[tuple[str, str], bool]] = {}
    for path in sys.argv[2:]:
        report = json.loads(Path(path).read_text())
        told = languages.setdefault(report["language"], {})
        for result in report["results"]:
            told[result["name"], provider_of(result.get("account", ""))] = result["passed"]

    width = max(len(name) for name, _ in tellings) + 2
    print(f"{'story':<{width}}{'provider':<11}" + "".join(f"{language:>12}" for language in languages))
    passed = failed = 0
    for name, provider in tellings:
        cells = ""
        for told in languages.values():
            verdict = told.get((name, provider))
            cells += f"{'passed' if verdict else 'NOT TOLD' if verdict is None else 'FAILED':>12}"
            passed, failed = (passed + 1, failed) if verdict else (passed, failed + 1)
        print(f"{name:<{width}}{provider:<11}{cells}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
