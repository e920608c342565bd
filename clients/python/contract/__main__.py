"""The runner: see contract/README.md in the root of the repository.

python contract stories CONTRACT REPORT
python contract vectors CONTRACT REPORT
python contract steady
"""

from __future__ import annotations

import sys
from pathlib import Path

import report
import steady
import stories
import vectors

from turnpike import SettingsError


def main(arguments: list[str]) -> int:
    try:
        if arguments == ["steady"]:
            steady.run()
            return 0
        if len(arguments) == 3 and arguments[0] in ("stories", "vectors"):
            kind, contract, path = arguments
            run = stories.run if kind == "stories" else vectors.run
            return 0 if report.write(Path(path), run(Path(contract))) else 1
    except (SettingsError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
