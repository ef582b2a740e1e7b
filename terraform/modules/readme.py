#!/usr/bin/env python3
"""Writes the tables of inputs and outputs into the README of each module, as terraform-docs does. Needs Python 3 only.

    readme.py           writes the tables
    readme.py --check   fails if a table is out of date
"""

import re
import sys
from pathlib import Path

MODULES = Path(__file__).resolve().parent
BEGIN, END = "<!-- BEGIN_TF_DOCS -->", "<!-- END_TF_DOCS -->"


def blocks(module, kind):
    """(name, body) of each block of a kind, in the order of the files."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in sorted(module.glob("*.tf")))
    return re.findall(rf'^{kind} "(\w+)" {{\n(.*?)^}}\n', text, re.M | re.S)


def argument(body, name):
    """The text of an argument, on one line, or None."""
    found = re.search(rf"^  {name}\s*= (.+?)$(?=\n  \w|\n\n|\n*\Z)", body, re.M | re.S)
    if not found:
        return None
    text = re.sub(r"(?<=[\w)])\s*\n\s*(?=\w)", ", ", found.group(1))
    return re.sub(r"\s+", " ", text)


def tables(module):
    rows = ["## Inputs", "", "| Name | Description | Type | Default | Required |", "|------|-------------|------|---------|:--------:|"]
    for name, body in blocks(module, "variable"):
        value = argument(body, "default")
        text = argument(body, "description").strip('"')
        rows.append(f"| {name} | {text} | `{argument(body, 'type')}` | {'n/a' if value is None else f'`{value}`'} | {'yes' if value is None else 'no'} |")
    rows += ["", "## Outputs", "", "| Name | Description |", "|------|-------------|"]
    for name, body in blocks(module, "output"):
        text = argument(body, "description").strip('"')
        rows.append(f"| {name} | {text} |")
    return "\n".join(rows)


def main():
    if sys.argv[1:] not in ([], ["--check"]):
        sys.exit(__doc__)
    for module in sorted(path.parent for path in MODULES.glob("*/README.md")):
        readme = module / "README.md"
        text = readme.read_text(encoding="utf-8")
        wanted = re.sub(rf"{BEGIN}.*{END}", lambda _: f"{BEGIN}\n{tables(module)}\n{END}", text, flags=re.S)
        if BEGIN not in text:
            sys.exit(f"readme.py: {readme} has no {BEGIN}")
        if sys.argv[1:] and text != wanted:
            sys.exit(f"readme.py: {readme} is out of date; run terraform/modules/readme.py")
        readme.write_text(wanted, encoding="utf-8")


if __name__ == "__main__":
    main()
