#!/usr/bin/env python3
"""Checks what nvcc makes of a source.

    check.py chain SOURCE.cu OUTPUT.ptx -- NVCC FLAG...     y = relu(x * w + b) is one kernel that moves 16 bytes at a time
    check.py program SOURCE.cu OUTPUT -- NVCC FLAG...       compiles and links, and no kernel keeps its work in memory
"""

import re
import subprocess
import sys

# Divisions of 64 bits are calls, for which a kernel saves a few registers. Arrays that are indexed while a kernel runs, and so
# stand in memory, take more.
LARGEST_STACK_FRAME = 32


def run(command):
    result = subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if result.returncode:
        sys.exit(f"{' '.join(command)}\n{result.stdout}")
    return result.stdout


def check_chain(source, output, nvcc):
    run([*nvcc, "-ptx", source, "-o", output])
    with open(output, encoding="utf-8") as file:
        kernels = re.split(r"^(?=\.visible \.entry)", file.read(), flags=re.MULTILINE)[1:]
    names = [(re.search(r"\.entry (\w+)", kernel).group(1), kernel) for kernel in kernels]
    chains = [(name, kernel) for name, kernel in names if "4Relu" in name]
    if not all("3Add" in name and "8Multiply" in name for name, _ in chains):
        sys.exit("relu has a kernel without what it is applied to")
    packed = [kernel for name, kernel in chains if "3FewILi4E" in name]
    if len(chains) != 2 or len(packed) != 1:
        sys.exit(f"expected one kernel for packs and one for single elements, got {len(packed)} and {len(chains) - len(packed)}")
    moves = set(re.findall(r"(?:ld|st)\.(?:global|local)[\w.]*", packed[0]))
    if moves != {"ld.global.v4.f32", "st.global.v4.f32"}:
        sys.exit(f"expected loads and stores of 128 bits alone, got {sorted(moves)}")


def check_program(source, output, nvcc):
    report = run([*nvcc, "-Xptxas", "-v", source, "-o", output])
    # "Compiling entry function 'NAME' …", "Function properties for NAME", "N bytes stack frame, N bytes spill stores, …"
    frames = re.findall(r"Function properties for (\S+)\s+(\d+) bytes stack frame, (\d+) bytes spill stores", report)
    if not frames:
        sys.exit(f"ptxas reported no kernel:\n{report[:4000]}")
    spilling = [(name, int(frame), int(spills)) for name, frame, spills in frames if int(frame) > LARGEST_STACK_FRAME]
    for name, frame, spills in spilling:
        print(f"{frame} bytes of memory, {spills} of them registers: {name}")
    print(f"{len(frames)} kernels, {len(spilling)} with more than {LARGEST_STACK_FRAME} bytes of memory each")
    if spilling:
        sys.exit(1)


def main():
    if len(sys.argv) < 6 or sys.argv[4] != "--" or sys.argv[1] not in ("chain", "program"):
        sys.exit(__doc__)
    check = check_chain if sys.argv[1] == "chain" else check_program
    check(sys.argv[2], sys.argv[3], sys.argv[5:])


if __name__ == "__main__":
    main()
