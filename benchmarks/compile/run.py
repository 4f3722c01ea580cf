#!/usr/bin/env python3
"""What a program costs its compiler: seconds (user and system), peak memory, and the size of the stripped binary.

    run.py [--quick] [--filter TEXT] [--json FILE] [--compiler COMPILER]

Each program in this folder is compiled as a newcomer would, with -std=c++20 -O2 and nothing else; rounds are
interleaved and the median counts. A program names its own limits in comments: "// at most: 5 s, 700 MB".
Programs <name>.libtorch.cpp are compiled where PyTorch is found, through XNN_TORCH_PYTHON or python3.
"""

import argparse
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator

HERE = pathlib.Path(__file__).resolve().parent
INCLUDE = HERE.parent.parent / "include"


def libtorch_flags() -> tuple[list[str], list[str]] | None:
    """Compiler and linker flags for libtorch, or None."""
    for python in filter(None, (os.environ.get("XNN_TORCH_PYTHON"), "python3")):
        command = [python, "-c", "import torch; print(torch.utils.cmake_prefix_path)"]
        found = subprocess.run(command, text=True, capture_output=True, check=False)
        if found.returncode == 0:
            root = pathlib.Path(found.stdout.strip()).parent.parent
            api = root / "include/torch/csrc/api/include"
            libraries = [f"-L{root}/lib", "-ltorch_cpu", "-lc10", f"-Wl,-rpath,{root}/lib", "-Wl,--allow-shlib-undefined"]
            return ["-isystem", f"{root}/include", "-isystem", str(api)], libraries
    return None


def measure(compiler: str, source: pathlib.Path, flags: list[str], libraries: list[str],
            folder: pathlib.Path) -> tuple[float, float, float] | None:
    """Compiles once; returns seconds, megabytes, kilobytes, or nothing if that fails."""
    binary = folder / "program"
    command = [compiler, "-std=c++20", "-O2", f"-I{INCLUDE}", *flags, str(source), "-o", str(binary), *libraries]
    # wait4 tells what this one child and its children used; subprocess would add up all compilations.
    child = os.fork()
    if child == 0:
        os.execvp(command[0], command)
    _, status, usage = os.wait4(child, 0)
    if status != 0:
        return None
    subprocess.run(["strip", str(binary)], check=True)
    megabytes = usage.ru_maxrss / 1024  # of the largest process that the compiler's driver started
    return usage.ru_utime + usage.ru_stime, megabytes, binary.stat().st_size / 1024


def programs(text: str) -> Iterator[tuple[pathlib.Path, list[str], list[str]]]:
    torch = libtorch_flags()
    for source in sorted(HERE.glob("*.cpp")):
        if text not in source.stem:
            continue
        if not source.stem.endswith(".libtorch"):
            yield source, [], []
        elif torch:
            yield source, *torch


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one round instead of three")
    parser.add_argument("--filter", default="", help="only programs whose name holds this text")
    parser.add_argument("--json", help="write results to this file")
    parser.add_argument("--compiler", default="g++")
    options = parser.parse_args()

    chosen = list(programs(options.filter))
    rounds = 1 if options.quick else 3
    results = {source: [] for source, _, _ in chosen}
    failed = set()
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(rounds):
            for source, flags, libraries in chosen:
                if source in failed:
                    continue
                costs = measure(options.compiler, source, flags, libraries, pathlib.Path(folder))
                if costs is None:
                    failed.add(source)
                else:
                    results[source].append(costs)

    print(f"compile, {options.compiler} -std=c++20 -O2, median of {rounds} rounds")
    print(f"{'program':<28}{'seconds':>10}{'peak MB':>10}{'stripped KB':>13}   at most")
    works = []
    for source, _, _ in chosen:
        if source in failed:
            print(f"{source.stem:<28}{'does not compile':>20}")
            continue
        seconds, megabytes, kilobytes = (statistics.median(column) for column in zip(*results[source]))
        limit = re.search(r"^// at most: (.*)$", source.read_text(encoding="utf-8"), re.MULTILINE)
        print(f"{source.stem:<28}{seconds:>10.2f}{megabytes:>10.0f}{kilobytes:>13.0f}   {limit.group(1) if limit else ''}")
        works.append({"name": source.stem, "seconds": seconds, "megabytes": megabytes, "kilobytes": kilobytes})
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump({"suite": "compile", "compiler": options.compiler, "rounds": rounds, "works": works}, file, indent=1)
    sys.exit(1 if failed or not chosen else 0)


if __name__ == "__main__":
    main()
