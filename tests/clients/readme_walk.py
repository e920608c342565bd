"""Takes the minute with `turnpike dev` and the schedules out of the README and runs them as they are written,
with curl and jq, at one account after the other.

    python3 tests/clients/readme_walk.py [ACCOUNT…]

TURNPIKE_URL and TURNPIKE_API_KEY say where a fresh gateway is. Ends with 1 when something else was printed.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

README = Path(__file__).parents[2] / "README.md"
SECONDS_MAX = 180
KEY = "export KEY=tpk_dev_…"
ADDRESS = "http://127.0.0.1:50051"
FIRST_LINE = "account=dintero-dev currency=NOK unit=1 before=0 run=1"
FIRST_AMOUNT = "first=$((29900 * unit)) purpose=SESSION_PURPOSE_PAY_AND_SAVE capture=CAPTURE_MODE_MANUAL"


@dataclass(frozen=True)
class Row:
    """What the README's table says of an account."""

    currency: str
    unit: int = 1
    before: int = 0
    reserves: bool = True


ROWS = {
    "dintero-dev": Row("NOK"),
    "begateway-dev": Row("EUR"),
    "paymob-dev": Row("EGP", before=1),
    "pivot-dev": Row("IDR", unit=1000),
    "bbmsl-dev": Row("HKD", reserves=False),
}

EXPECTED = (
    r'"PAYMENT_STATE_CAPTURED",false\]',
    r'"PAYMENT_STATE_CAPTURED",true\]',
    r'"a fault was arranged"[^\n]*\s*"PAYMENT_STATE_(UNRESOLVED|CAPTURED)"',
    "SCHEDULE_STATUS_CANCELLED",
)
"""What has to be printed, in this order, whatever else is: regular expressions. A notice may be quicker than the
answer that got lost."""


def blocks() -> list[str]:
    readme = README.read_text()
    walk = readme[readme.index("## A minute with `turnpike dev`") : readme.index("## The truth arrives by many roads")]
    return re.findall(r"```sh\n(.*?)```", walk, re.DOTALL)


def replaced(text: str, old: str, new: str) -> str:
    """Every one of these stands in the README, or the walk is another one by now."""
    if old not in text:
        raise SystemExit(f"the README has no {old!r}")
    return text.replace(old, new)


def script(account: str, row: Row) -> str:
    parts = blocks()
    if not row.reserves:
        parts = ["payment=$(charge | jq -r '.[0]')\n" if "CapturePayment" in part else part for part in parts]
    text = "set -eu\n" + "\n".join(parts)
    text = replaced(text, KEY, f"export KEY={os.environ['TURNPIKE_API_KEY']}")
    text = replaced(text, ADDRESS, os.environ["TURNPIKE_URL"])
    first_line = f"account={account} currency={row.currency} unit={row.unit} before={row.before} run=1"
    text = replaced(text, FIRST_LINE, first_line)
    if not row.reserves:
        text = replaced(
            text, FIRST_AMOUNT, "first=0 purpose=SESSION_PURPOSE_SAVE capture=CAPTURE_MODE_AUTOMATIC"
        )
    return text


def walk(account: str, row: Row) -> None:
    done = subprocess.run(
        ["bash", "-c", script(account, row)], capture_output=True, text=True, timeout=SECONDS_MAX
    )
    place = 0
    for wanted in EXPECTED:
        found = re.compile(wanted).search(done.stdout, place)
        if found is None or done.returncode != 0:
            raise SystemExit(f"{account}: {wanted} was not printed, in its order:\n{done.stdout}\n{done.stderr}")
        place = found.end()
    print(f"{account}: as the README says")


if __name__ == "__main__":
    for name in sys.argv[1:] or ROWS:
        walk(name, ROWS[name])
