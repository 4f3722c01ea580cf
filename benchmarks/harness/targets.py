#!/usr/bin/env python3
"""Compares results with targets.json: which targets are reached, and by how much the others are missed.

    targets.py RESULTS.json...    one suite's or several suites'; targets of other suites are left out
"""

import json
import math
import pathlib
import re
import sys
from typing import Any, NamedTuple

import results

Condition = dict[str, Any]


class Verdict(NamedTuple):
    """What a target demands and what was measured; `missing` is a part of the bound, 0 where it is reached."""

    target: str
    bound: str
    measured: str
    missing: float | None

    def text(self) -> str:
        if self.missing is None:
            return "not measured"
        return "reached" if self.missing == 0 else f"misses {100 * self.missing:.0f} %"


def value_of(work: results.Work, condition: Condition, suite: results.Suite) -> float | None:
    if condition["measure"] != "relative":
        return work.get(condition["measure"])
    other = next((w for w in suite["works"] if w["name"] == condition["to"]), None)
    mine, reference = results.ours(work), min(results.times(other).values(), default=None) if other else None
    return mine / reference if mine and reference else None


def counted(work: results.Work, condition: Condition) -> bool:
    if not re.fullmatch(condition["works"], work["name"]):
        return False
    return "above" not in condition or max(results.times(work).values(), default=0) > condition["above"]


def judge(target: str, condition: Condition, suites: dict[str, results.Suite]) -> Verdict:
    """One condition."""
    least = "at_least" in condition
    bound = condition["at_least" if least else "at_most"]
    percent = condition["measure"] == "share"
    show = (lambda x: f"{100 * x:.0f} %") if percent else results.number
    demanded = f"{'≥' if least else '≤'} {show(bound)}"
    suite = suites[condition["suite"]]
    values = {w["name"]: value_of(w, condition, suite) for w in suite["works"] if counted(w, condition)}
    known = {name: value for name, value in values.items() if value is not None}
    if not known:
        return Verdict(target, demanded, "", None)
    if condition["over"] == "mean":
        value = math.exp(sum(math.log(v) for v in known.values()) / len(known))
        measured = f"{show(value)} over {len(known)} works"
    else:
        name = (min if least else max)(known, key=lambda n: known[n])
        value = known[name]
        measured = f"{show(value)} at {name}" if len(known) > 1 else show(value)
    missing = max(0.0, (bound - value if least else value - bound) / bound)
    return Verdict(target, demanded, measured, missing)


def verdicts(suites: dict[str, results.Suite]) -> list[Verdict]:
    """All targets of these suites, in the order of the file."""
    file = pathlib.Path(__file__).resolve().parent.parent / "targets.json"
    found = []
    for entry in json.loads(file.read_text(encoding="utf-8"))["targets"]:
        conditions = entry["condition"] if isinstance(entry["condition"], list) else [entry["condition"]]
        tried = [judge(entry["target"], c, suites) for c in conditions if c["suite"] in suites]
        if tried:
            found.append(min(tried, key=lambda v: math.inf if v.missing is None else v.missing))
    return found


def main() -> None:
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    found = verdicts(results.load(sys.argv[1:]))
    if not found:
        return
    rows = [("target", "bound", "", "measured"), *((v.target, v.bound, v.text(), v.measured) for v in found)]
    widths = [max(len(row[i]) for row in rows) for i in range(4)]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())
    print(f"{sum(v.missing == 0 for v in found)} of {len(found)} targets are reached")


if __name__ == "__main__":
    main()
