#!/usr/bin/env python3
"""Draws a suite: bars for every contestant of every work, relative to the best peer.

    draw.py SUITE.json OUTPUT.svg
"""

import html
import sys

import results

COLOURS = ["#d1495b", "#00798c", "#edae49", "#30638e", "#7a9e7e", "#6b5b95", "#999999"]
ROW, BAR, LEFT, WIDTH = 10, 9, 260, 560


def speeds(work: results.Work) -> dict[str, float]:
    """Contestants with their speed relative to the best peer, or to the fastest where there is no peer."""
    times = results.times(work)
    if not times:
        return {}
    peers = [time for name, time in times.items() if not name.startswith("xnn")]
    reference = min(peers or times.values())
    return {name: reference / time for name, time in times.items()}


def draw(suite: results.Suite, output: str) -> None:
    names = []
    for work in suite["works"]:
        names += [name for name in work["contestants"] if name not in names]
    colour = {name: COLOURS[i % len(COLOURS)] for i, name in enumerate(names)}
    rows = [(work["name"], speeds(work)) for work in suite["works"]]
    largest = max([1.0, *(speed for _, row in rows for speed in row.values())])
    scale = WIDTH / largest

    parts, y = [], 64
    for i, name in enumerate(names):
        parts.append(f'<rect x="{LEFT + i * 90}" y="30" width="10" height="10" fill="{colour[name]}"/>'
                     f'<text x="{LEFT + 14 + i * 90}" y="39">{html.escape(name)}</text>')
    for work, row in rows:
        parts.append(f'<text x="{LEFT - 8}" y="{y + len(row) * ROW / 2 + 4}" text-anchor="end">{html.escape(work)}</text>')
        for name, speed in row.items():
            parts.append(f'<rect x="{LEFT}" y="{y}" width="{speed * scale:.1f}" height="{BAR}" fill="{colour[name]}"/>'
                         f'<text x="{LEFT + speed * scale + 4:.1f}" y="{y + 8}" font-size="9">{speed:.2f}</text>')
            y += ROW
        y += ROW
    line = LEFT + scale
    parts.append(f'<line x1="{line:.1f}" y1="52" x2="{line:.1f}" y2="{y}" stroke="#444" stroke-dasharray="3 3"/>')
    what = "thrift" if suite["unit"] == "bytes" else "speed"
    title = f'{suite["suite"]}: {what} relative to the best peer, {suite["threads"]} thread(s), {suite["processor"]}'
    with open(output, "w", encoding="utf-8") as file:
        file.write(f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT + WIDTH + 60}" height="{y + 10}" '
                   f'font-family="sans-serif" font-size="11"><rect width="100%" height="100%" fill="white"/>'
                   f'<text x="12" y="18" font-size="13">{html.escape(title)}</text>{"".join(parts)}</svg>\n')


def main() -> None:
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    (suite,) = results.load([sys.argv[1]]).values()
    draw(suite, sys.argv[2])


if __name__ == "__main__":
    main()
