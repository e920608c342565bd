"""Follows a quick start literally, as a new user would: in an empty directory, from the packed artefact.

    python3 tests/clients/quickstart.py README

What the blocks of `## Quick start` mean is said in clients/README.md. TURNPIKE_DIST, TURNPIKE_URL and
TURNPIKE_API_KEY are in the environment. Ends with 1 when a command failed or another thing was printed.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

SECONDS_MAX = 600
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COLOURS = re.compile("\x1b\\[[0-9;]*m")
FILE_NAME = re.compile(r"^(?://|#|<!--)\s*([\w./-]+)\s*(?:-->)?$")


def section(readme: str) -> str:
    parts = re.split(r"^## ", readme, flags=re.MULTILINE)
    for part in parts:
        if part.startswith("Quick start\n"):
            return part
    raise SystemExit("there is no section '## Quick start'")


def follow(readme: Path) -> None:
    blocks = FENCE.findall(section(readme.read_text()))
    if not any(kind == "sh" for kind, _ in blocks) or not any(kind == "text" for kind, _ in blocks):
        raise SystemExit("a quick start has commands, and says what they print")
    printed = ""
    with tempfile.TemporaryDirectory(prefix="quickstart-") as folder:
        for kind, text in blocks:
            if kind == "sh":
                printed += run(text, folder, printed)
            elif kind == "text":
                compare(text, printed)
            else:
                write(text, Path(folder))


def write(text: str, folder: Path) -> None:
    first, _, _ = text.partition("\n")
    name = FILE_NAME.match(first.strip())
    if name is None:
        raise SystemExit(f"the first line of a file is a comment with its name, not {first!r}")
    path = folder / name.group(1)
    path.parent.mkdir(parents=True, exist_ok=True)
    # An XML file may have no comment before its declaration; none of ours has a declaration.
    path.write_text(text)


def run(text: str, folder: str, before: str) -> str:
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", text],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=SECONDS_MAX,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        stdin=subprocess.DEVNULL,
    )
    if done.returncode != 0:
        raise SystemExit(f"{before}{done.stdout}\nthis ended with {done.returncode}:\n{text}")
    return COLOURS.sub("", done.stdout)


def compare(expected: str, printed: str) -> None:
    lines = iter(printed.splitlines())
    for wanted in expected.strip().splitlines():
        pattern = re.compile(".*".join(re.escape(part) for part in wanted.strip().split("…")))
        if not any(pattern.fullmatch(line.strip()) for line in lines):
            raise SystemExit(f"{printed}\nthis was not printed, in its order: {wanted}")


if __name__ == "__main__":
    follow(Path(sys.argv[1]))
    print(f"{sys.argv[1]}: followed")
