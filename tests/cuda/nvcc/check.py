#!/usr/bin/env python3
"""Checks what nvcc makes of a source.

    check.py chain SOURCE.cu OUTPUT.ptx -- NVCC FLAG...     y = relu(x * w + b) is one kernel that moves 16 bytes at a time
    check.py program SOURCE.cu OUTPUT -- NVCC FLAG...       compiles and links, and no kernel keeps its work in memory

A kernel keeps its work in memory where it has an array that is indexed while it runs, or more variables than registers. Two functions
of CUDA's own have such an array, which is not counted: sine and cosine of large numbers multiply by as much of 2/pi as they need. (In a
kernel with a sine of float, an array that is no larger and done with before may stand in the same memory, and is not seen.)
"""

import pathlib
import re
import subprocess
import sys
import tempfile

# Registers that a kernel saves, for one: across the calls that divisions of 64 bits are.
LARGEST_FRAME = 32

# Sine and cosine of float stand in the kernel itself, which then reads their table of 2/pi; those of double are a function of their own.
FLOAT_TABLE = "__cudart_i2opi_f"
FLOAT_ARRAY = 28


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


def arrays_of(ptx):
    """The bytes of arrays in memory of each kernel and function in a file of PTX: all of them, and those of CUDA's own code."""
    arrays = {}
    for body in re.split(r"^(?=(?:\.visible |\.weak )*\.(?:entry|func)\b)", ptx, flags=re.MULTILINE)[1:]:
        name = re.search(r"\.(?:entry|func(?:\s*\([^)]*\))?)\s+([\w$]+)", body).group(1)
        size = sum(int(n) for n in re.findall(r"\.local [^;]*\b__local_depot\w*\[(\d+)\]", body))
        if name.startswith("__"):
            own = size
        else:
            own = min(size, FLOAT_ARRAY) if FLOAT_TABLE in body else 0
        if "{" in body:  # else it only says that there is such a function
            arrays[name] = size, own
    return arrays


def kernels_of(report):
    """What ptxas reports: architecture and name of each kernel, the bytes of its frame and those stored to free registers, and the
    functions that it calls, whose arrays stand in its frame."""
    kernels = []
    for block in re.split(r"Compiling entry function ", report)[1:]:
        name, architecture = re.match(r"'(\S+)' for 'sm_(\d+)\w*'", block).groups()
        functions = re.findall(r"Function properties for (\S+)\s+(\d+) bytes stack frame, (\d+) bytes spill stores", block)
        (_, frame, stores), *called = functions
        kernels.append((architecture, name, int(frame), int(stores), [f for f, *_ in called]))
    return kernels


def check_program(source, output, nvcc):
    with tempfile.TemporaryDirectory(dir=pathlib.Path(output).parent) as folder:
        report = run([*nvcc, "-Xptxas", "-v", "--keep", "--keep-dir", folder, source, "-o", output])
        arrays = {}
        for file in pathlib.Path(folder).glob("*.ptx"):
            ptx = file.read_text(encoding="utf-8")
            arrays[re.search(r"^\.target sm_(\d+)", ptx, re.MULTILINE).group(1)] = arrays_of(ptx)
    kernels = kernels_of(report)
    if not kernels:
        sys.exit(f"ptxas reported no kernel:\n{report[:4000]}")
    refused = 0
    for architecture, name, frame, stores, called in kernels:
        size, cudas = arrays[architecture][name]
        frame -= max([cudas, *(arrays[architecture][f][1] for f in called if f in arrays[architecture])])
        if size > cudas or frame > LARGEST_FRAME:
            refused += 1
            print(f"sm_{architecture}: {size - cudas} bytes of arrays, a frame of {frame}, {stores} stored for want of registers: {name}")
    architectures = sorted({architecture for architecture, *_ in kernels})
    print(f"{len(kernels)} kernels for {' and '.join('sm_' + a for a in architectures)}, {refused} keep their work in memory")
    if refused:
        sys.exit(1)


def main():
    if len(sys.argv) < 6 or sys.argv[4] != "--" or sys.argv[1] not in ("chain", "program"):
        sys.exit(__doc__)
    check = check_chain if sys.argv[1] == "chain" else check_program
    check(sys.argv[2], sys.argv[3], sys.argv[5:])


if __name__ == "__main__":
    main()
