#!/usr/bin/env python3
"""Checks one mistake that must not compile.

    run.py CASE.cpp -- COMPILER FLAG...

A case is a small program with a mistake in it. It names in comments what the first error must say:

    // expect: layer 2
    // expect: Linear<64, 10>

and it compiles when XNN_CASE_CORRECT is defined, which proves that the mistake alone makes it fail. Quotation marks,
suffixes of integers (10ul) and the space in "> >" differ between compilers and do not count.
"""

import os
import re
import subprocess
import sys


def normalise(text):
    text = re.sub(r"['\"`‘’“”]", "", text)
    text = re.sub(r"\b(\d+)(?:[uU][lL]{0,2}|[lL]{1,2}[uU]?)\b", r"\1", text)
    text = re.sub(r"\s+", " ", text)
    return text.replace("> >", ">>").strip()


def compile_case(command, case, *extra):
    plain = ["-fsyntax-only", "-fno-color-diagnostics" if "clang" in os.path.basename(command[0]) else "-fdiagnostics-color=never"]
    result = subprocess.run([*command, *plain, *extra, case], text=True, errors="replace",
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            env={**os.environ, "LC_ALL": "C"}, check=False)
    return result.returncode == 0, result.stdout


def check(case, command):
    """Returns what is wrong with the case, or nothing."""
    with open(case, encoding="utf-8") as source:
        expected = re.findall(r"^\s*//\s*expect:\s*(.*?)\s*$", source.read(), re.MULTILINE)
    if not expected:
        return "the case names no expected text: write lines '// expect: TEXT'"

    compiled, output = compile_case(command, case, "-DXNN_CASE_CORRECT")
    if not compiled:
        return f"it must compile with XNN_CASE_CORRECT defined, but:\n{output}"

    compiled, output = compile_case(command, case)
    if compiled:
        return "it compiled, mistake and all"
    first = next((line for line in output.splitlines() if "error:" in line), None)
    if first is None:
        return f"the compiler failed without an error:\n{output}"
    missing = [text for text in expected if normalise(text) not in normalise(first)]
    if missing:
        lines = "\n".join(f"  {text}" for text in missing)
        return f"the first error\n  {first}\ndoes not say\n{lines}\nWhole output:\n{output[:4000]}"
    print(first)
    return None


def main():
    if len(sys.argv) < 4 or sys.argv[2] != "--":
        sys.exit(__doc__)
    problem = check(sys.argv[1], sys.argv[3:])
    if problem:
        sys.exit(f"{sys.argv[1]}: {problem}")


if __name__ == "__main__":
    main()
