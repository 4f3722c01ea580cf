#!/usr/bin/env python3
"""Makes a source of every ```cpp block in Markdown pages.

    extract_examples.py ROOT OUTPUT PAGE...

The word after cpp on the fence says what the block is:

    ```cpp             compiled
    ```cpp run         compiled and run; it holds main(), or its statements become main()
    ```cpp continued   compiled together with the block before it on the page, and what that one continues

A block without main() may mix #include lines, declarations and statements: types and functions go to namespace scope
after `using namespace xnn;`, statements into a function. No block can be left out. Prints one line
"compile|PAGE:LINE|SOURCE" or "run|…" for each.
"""

import pathlib
import re
import sys

FENCE = re.compile(r"^```cpp\b[ \t]*(.*?)[ \t]*$")
DECLARATION = re.compile(r"^(template|struct|class|enum|union|namespace|concept|inline|extern|using\s+(?!namespace))\b")
FUNCTION = re.compile(r"^(?!(?:if|for|while|switch|do|return|else|try)\b)[\w:<>,&*\s\[\]]+[\s&*>]\w+\s*\([^;{}]*\)[^;=]*\{")


def blocks(page):
    """Yields (line number, word after cpp, lines) of each block."""
    lines = page.read_text(encoding="utf-8").splitlines()
    start = None
    for number, line in enumerate(lines, 1):
        fence = FENCE.match(line)
        if start is None and fence:
            start, word = number, fence.group(1)
        elif start is not None and line.startswith("```"):
            yield start, word, lines[start:number - 1]
            start = None
    if start is not None:
        raise ValueError(f"{page}:{start}: the block is not closed")


def code_only(line):
    """The line without strings, characters and its comment, for counting brackets."""
    line = re.sub(r'"(?:\\.|[^"\\])*"|(?<!\w)\'(?:\\.|[^\'\\])\'', '""', line)
    return re.sub(r"//.*|/\*.*?\*/", "", line)


def chunks(first_line, lines):
    """Splits a block into declarations and statements, each as (line number, text)."""
    depth, chunk, start = 0, [], first_line
    for number, line in enumerate(lines, first_line):
        if not chunk:
            start = number
        chunk.append(line)
        code = code_only(line).strip()
        depth += sum(code.count(c) for c in "({[") - sum(code.count(c) for c in ")}]")
        if depth == 0 and (not code or code[-1] in ";}" or code.startswith("#")):
            yield start, "\n".join(chunk)
            chunk = []
    if chunk:
        yield start, "\n".join(chunk)


def is_declaration(text):
    code = "\n".join(code_only(line) for line in text.splitlines()).strip()
    local = re.match(r"using\b", code) and "decltype" in code  # may name a variable of the function
    return bool(not local and (DECLARATION.match(code) or FUNCTION.match(code)))


def source_of(page, parts, action):
    """One translation unit of (line number, lines) parts."""
    includes, declarations, statements = [], [], []
    whole = "\n".join("\n".join(lines) for _, lines in parts)
    has_main = re.search(r"\bint\s+main\s*\(", whole)
    for first_line, lines in parts:
        for number, text in chunks(first_line, lines):
            if text.lstrip().startswith("#include"):
                kind = includes
            elif has_main or is_declaration(text) or not text.strip():
                kind = declarations
            else:
                kind = statements
            kind.append(f'#line {number} "{page}"\n{text}')
    if has_main:
        return "\n".join([*includes, *declarations, ""])
    if not any("xnn/" in text for text in includes):
        includes.insert(0, "#include <xnn/xnn.hpp>")
    function = "int main() {" if action == "run" else "void example() {"
    return "\n".join([*includes, "using namespace xnn;", *declarations, function, *statements, "}", ""])


def extract(root, output, page):
    name = page.relative_to(root)
    parts = []
    for number, word, lines in blocks(page):
        if word not in ("", "run", "continued"):
            raise ValueError(f"{name}:{number}: ```cpp {word}: every example is compiled; "
                             "the word is nothing, 'run' or 'continued'")
        if word == "continued" and not parts:
            raise ValueError(f"{name}:{number}: there is no block to continue")
        parts = (parts if word == "continued" else []) + [(number + 1, lines)]
        action = "run" if word == "run" else "compile"
        path = output / (re.sub(r"\W", "_", str(name)) + f"_{number}.cpp")
        text = source_of(name, parts, action)
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
        print(f"{action}|{name}:{number}|{path}")


def main():
    root, output = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    output.mkdir(parents=True, exist_ok=True)
    try:
        for page in sys.argv[3:]:
            extract(root, output, pathlib.Path(page))
    except ValueError as error:
        sys.exit(f"{error}")


if __name__ == "__main__":
    main()
