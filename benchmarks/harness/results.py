#!/usr/bin/env python3
"""Collects the JSON files of suites.

    results.py merge OUTPUT.json SUITE.json...    one file with all of them
"""

import json
import sys
from typing import Any

Suite = dict[str, Any]
Work = dict[str, Any]


def load(names: list[str]) -> dict[str, Suite]:
    """Suites by name, from files of one suite or of several."""
    suites = {}
    for name in names:
        with open(name, encoding="utf-8") as file:
            content = json.load(file)
        for suite in content.get("suites", [content]):
            suites[suite["suite"]] = suite
    return suites


def times(work: Work) -> dict[str, float]:
    """What was measured of each contestant that was right."""
    return {name: c["median"] for name, c in work.get("contestants", {}).items() if "median" in c}


def ours(work: Work) -> float | None:
    """What was measured of the first contestant of ours."""
    return next((time for name, time in times(work).items() if name == "xnn" or name.startswith("xnn ")), None)


def number(value: float) -> str:
    """With three digits."""
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def amount(value: float, unit: str) -> str:
    """With a unit that leaves few digits."""
    if unit == "bytes":
        return f"{number(value * 1e-6)} MB"
    for name, factor in (("ns", 1e9), ("µs", 1e6), ("ms", 1e3)):
        if value * factor < 1000:
            return f"{number(value * factor)} {name}"
    return f"{number(value)} s"


def main() -> None:
    if len(sys.argv) < 4 or sys.argv[1] != "merge":
        sys.exit(__doc__)
    with open(sys.argv[2], "w", encoding="utf-8") as file:
        json.dump({"suites": list(load(sys.argv[3:]).values())}, file, indent=1, ensure_ascii=False)
        file.write("\n")


if __name__ == "__main__":
    main()
