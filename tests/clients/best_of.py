"""Prints the shortest time that a command took, in seconds.

    python3 tests/clients/best_of.py TIMES COMMAND…
"""

import subprocess
import sys
import time


def once(command: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


print(f"{min(once(sys.argv[2:]) for _ in range(int(sys.argv[1]))):.3f}")
