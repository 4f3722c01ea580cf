#!/usr/bin/env python3
"""Writes results into a page, between its lines <!-- results --> and <!-- end of results -->.

    document.py RESULTS.json PAGE.md    results of `scripts/bench.sh all --json RESULTS.json`
"""

import pathlib
import re
import sys

import results
import targets


def table(columns: list[str], rows: list[list[str]]) -> list[str]:
    lines = [columns, ["---"] * len(columns), *rows]
    return ["| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines]


def rate(work: results.Work, time: float) -> str:
    for kind, unit, factor in (("items", "/s", 1), ("flops", "GFLOP/s", 1e-9), ("bytes", "GB/s", 1e-9)):
        if kind in work:
            return f"{results.number(work[kind] / time * factor)} {unit}"
    return ""


def row(work: results.Work, unit: str) -> list[str]:
    """A work against its best peer."""
    ours, peer = results.ours(work), work.get("best_peer")
    cells = [work["name"], results.amount(ours, unit) if ours else "wrong"]
    if unit == "s":
        cells += [rate(work, ours) if ours else "", f"{100 * work['share']:.0f} %" if "share" in work else ""]
    cells.append(f"{peer}, {results.amount(results.times(work)[peer], unit)}" if peer else "")
    return [*cells, results.number(work["ratio"]) if peer else ""]


def suite_lines(suite: results.Suite) -> list[str]:
    lines = [f"### {suite['suite']}", ""]
    if suite["suite"] == "compile":
        rows = [[w["name"], f"{w['seconds']:.2f}", f"{w['megabytes']:.0f}", f"{w['kilobytes']:.0f}"] for w in suite["works"]]
        return [*lines, *table(["program", "seconds", "MB", "stripped KB"], rows), ""]
    unit = suite["unit"]
    rates = ["rate", "share of peak"] if unit == "s" else []
    columns = ["work", "xnn", *rates, "best peer", "times as fast" if unit == "s" else "times as much"]
    lines += [f"{suite['threads']} threads, on the clock", ""] if suite["threads"] > 1 else []
    return [*lines, *table(columns, [row(work, unit) for work in suite["works"]]), ""]


def machine_lines(suites: dict[str, results.Suite]) -> list[str]:
    suite = next(s for s in suites.values() if "machine" in s)
    fma = ", ".join(f"{results.number(flops * 1e-9)} in {bits} bits" for bits, flops in suite["machine"]["fma"].items())
    return [f"{suite['processor']}, {suite['threads']} thread(s); {suite['compiler']}; {suite['peers']}. Median of {suite['rounds']} rounds.",
            f"Peaks: {fma} GFLOP/s of FMA in registers; {results.number(suite['machine']['copy'] * 1e-9)} GB/s read and written by a copy "
            "in main memory, which works that stay in the caches exceed.", ""]


def main() -> None:
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    suites = results.load([sys.argv[1]])
    found = [[v.target, v.bound, v.measured, v.text()] for v in targets.verdicts(suites)]
    lines = [*machine_lines(suites), *table(["target", "bound", "measured", ""], found), ""]
    for suite in suites.values():
        lines += suite_lines(suite)
    page = pathlib.Path(sys.argv[2])
    begin, end = "<!-- results -->", "<!-- end of results -->"
    text, count = re.subn(f"{begin}.*{end}", lambda _: "\n".join([begin, "", *lines, end]), page.read_text(encoding="utf-8"), flags=re.DOTALL)
    if count != 1:
        sys.exit(f"{page} has no section from {begin} to {end}")
    page.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
