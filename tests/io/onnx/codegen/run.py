"""Generates, compiles and runs networks from libonnx-testdata's cases that PyTorch made; fails if less than 80 % of a kind pass.

    python run.py --codegen PROGRAM --build FOLDER [--document PAGE] -- COMPILER FLAG…

With --document the table of a page, between its markers, is written anew.
"""
import argparse
import pathlib
import re
import subprocess
import sys

DATA = pathlib.Path("/usr/share/libonnx-testdata/data")
KINDS = ("pytorch-converted", "pytorch-operator")
WANTED = 0.8
CASES_OF_A_SOURCE = 14
BEGIN, END = "<!-- cases: made by tests/io/onnx/codegen/run.py -->\n", "<!-- end of cases -->\n"
HERE = pathlib.Path(__file__).resolve().parent


def generate(codegen, case, build):
    """The header of a case, and what the generator complained about."""
    header = build / f"{case.parent.name}_{case.name}.hpp".replace("-", "_")
    result = subprocess.run([codegen, case / "model.onnx", "--namespace", header.stem, "-o", header], capture_output=True, text=True)
    return header, result.stderr.strip()


def source_of(cases):
    lines = [f'#include "{HERE}/run.hpp"']
    for case, header in cases:
        name = header.stem
        lines.append(f'#include "{header}"')
        lines.append(f'static const onnx_run::Registered {name}_case("{case}", [](const std::filesystem::path& folder) {{')
        lines.append(f"    return onnx_run::run<{name}::Network, {name}::Inputs>(folder, {name}::load_weights);")
        lines.append("});")
    return "\n".join(lines) + "\n"


def write(path, text):
    """Leaves a file alone that is as it should be, so that compilers' caches work."""
    if not path.exists() or path.read_text() != text:
        path.write_text(text)


def compile_cases(cases, name, build, compiler, problems):
    """Object files of some cases; those that do not compile are a problem each."""
    source, made = build / f"{name}.cpp", build / f"{name}.o"
    write(source, source_of(cases))
    result = subprocess.run([*compiler, "-c", source, "-o", made], capture_output=True, text=True)
    if result.returncode == 0:
        return [made]
    if len(cases) == 1:
        errors = [line for line in result.stderr.splitlines() if "error" in line]
        problems[cases[0][0]] = "does not compile: " + (errors[0] if errors else result.stderr)
        return []
    half = len(cases) // 2
    return compile_cases(cases[:half], name + "a", build, compiler, problems) + compile_cases(cases[half:], name + "b", build, compiler, problems)


def run(codegen, build, compiler):
    """What is wrong with each case; nothing with those that pass."""
    problems, generated = {}, []
    for kind in KINDS:
        for case in sorted((DATA / kind).iterdir()):
            header, complaint = generate(codegen, case, build)
            if complaint:
                problems[case] = re.sub(r"^xnn-codegen: \S*: ", "", complaint)
            else:
                generated.append((case, header))
    objects = []
    for first in range(0, len(generated), CASES_OF_A_SOURCE):
        objects += compile_cases(generated[first:first + CASES_OF_A_SOURCE], f"cases_{first}", build, compiler, problems)
    write(build / "main.cpp", f'#include "{HERE}/run.hpp"\nint main() {{ return onnx_run::run_all(); }}\n')
    program = build / "cases"
    subprocess.run([*compiler, build / "main.cpp", *objects, "-o", program, "-lonnx", "-lonnx_proto", "-lprotobuf"], check=True)
    answers = subprocess.run([program], capture_output=True, text=True)
    for line in answers.stdout.splitlines():
        case, problem = line.split("\t", 1)
        problems[pathlib.Path(case)] = problem
    for case, _ in generated:
        problems.setdefault(case, "did not run to its end")
    return problems


def table(problems):
    lines = ["| kind | cases | pass |", "|---|---|---|"]
    for kind in KINDS:
        of_kind = [problem for case, problem in problems.items() if case.parent.name == kind]
        lines.append(f"| {kind} | {len(of_kind)} | {sum(not problem for problem in of_kind)} |")
    lines += ["", "| case | result |", "|---|---|"]
    for case, problem in sorted(problems.items()):
        lines.append(f"| {case.parent.name}/{case.name} | {problem.replace('|', '/') or 'passes'} |")
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--codegen", type=pathlib.Path, required=True)
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--document", type=pathlib.Path)
    parser.add_argument("compiler", nargs="+")
    arguments = parser.parse_args()
    arguments.build.mkdir(parents=True, exist_ok=True)
    problems = run(arguments.codegen.resolve(), arguments.build.resolve(), arguments.compiler)
    for case, problem in sorted(problems.items()):
        if problem:
            print(f"{case.parent.name}/{case.name}: {problem}")
    enough = True
    for kind in KINDS:
        of_kind = [problem for case, problem in problems.items() if case.parent.name == kind]
        passed = sum(not problem for problem in of_kind)
        print(f"{kind}: {passed} of {len(of_kind)} pass")
        enough = enough and of_kind and passed >= WANTED * len(of_kind)
    if arguments.document:
        page = arguments.document.read_text()
        before, rest = page.split(BEGIN)
        arguments.document.write_text(before + BEGIN + table(problems) + END + rest.split(END)[1])
    return 0 if enough else 1


if __name__ == "__main__":
    sys.exit(main())
