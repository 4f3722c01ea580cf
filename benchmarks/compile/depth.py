#!/usr/bin/env python3
"""How compile time grows with the depth of a network: residual blocks of the same kind, 2, 4, 8 and 16 of them.

    depth.py [--compiler COMPILER] [--json FILE]

Each network is compiled as run.py compiles programs, with a whole training step. "different" are blocks of different
widths, each of which is a type of its own; "repeated" are blocks of one type in a Repeated. The fit is a line, and its
slope is what one more block costs.
"""

import argparse
import json
import pathlib
import sys
import tempfile

from run import measure

DEPTHS = (2, 4, 8, 16)
PROGRAM = """#include <xnn/models/resnet.hpp>
#include <xnn/xnn.hpp>
using namespace xnn;

template <index_t In, index_t Out>
using Block = models::BasicBlock<In, Out>;
using Model = nn::Sequential<nn::Conv2d<3, 16, 3>, %s, nn::AdaptiveAvgPool2d<1>, nn::Flatten<>, nn::Linear<%d, 10>>;

int main() {
    const auto images = randn<Shape<4, 3, 18, 18>>();
    const Tensor<std::int64_t, Shape<4>> labels{1, 2, 3, 4};
    Model model;
    optim::SGD optimizer{model, {.lr = 0.01}};
    nn::CrossEntropyLoss criterion;
    optimizer.zero_grad();
    auto loss = criterion(model(images), labels);
    loss.backward();
    optimizer.step();
}
"""


def program(kind: str, depth: int) -> str:
    if kind == "repeated":
        return PROGRAM % (f"nn::Repeated<{depth}, Block<16, 16>>", 16)
    widths = [16 + 8 * i for i in range(depth + 1)]
    return PROGRAM % (", ".join(f"Block<{a}, {b}>" for a, b in zip(widths, widths[1:])), widths[-1])


def line(points: list[tuple[int, float]]) -> tuple[float, float]:
    """Slope and intercept of the line with the least squared distance."""
    count = len(points)
    mean_x, mean_y = (sum(column) / count for column in zip(*points))
    slope = sum((x - mean_x) * (y - mean_y) for x, y in points) / sum((x - mean_x) ** 2 for x, _ in points)
    return slope, mean_y - slope * mean_x


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--compiler", default="g++")
    parser.add_argument("--json", help="write results to this file")
    options = parser.parse_args()

    works = []
    with tempfile.TemporaryDirectory() as folder:
        source = pathlib.Path(folder) / "program.cpp"
        for kind in ("different", "repeated"):
            points = []
            for depth in DEPTHS:
                source.write_text(program(kind, depth), encoding="utf-8")
                costs = measure(options.compiler, source, [], [], pathlib.Path(folder))
                if costs is None:
                    sys.exit(f"{kind} blocks, {depth} of them: does not compile")
                points.append((depth, costs[0]))
                works.append({"name": f"{kind}_{depth}", "seconds": costs[0], "megabytes": costs[1], "kilobytes": costs[2]})
            slope, intercept = line(points)
            most = max(seconds for _, seconds in points)
            print(f"{kind} blocks: {intercept:.2f} s + {slope:.3f} s for each", flush=True)
            for (depth, seconds), work in zip(points, works[-len(points):]):
                bar = "#" * round(50 * seconds / most)
                print(f"{depth:>4} {seconds:>7.2f} s {work['megabytes']:>6.0f} MB  {bar}", flush=True)
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps({"suite": "depth", "compiler": options.compiler, "works": works}, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
