"""Every number of the paper: computed from its source, and compared with the text.

    python -m paper.numbers            # a table of them; fails if paper.md has others
    python -m paper.numbers --write    # writes paper.md from template.md

Numbers stand in `template.md` as names in double braces. Those of measurements that take long are read from
`benchmarks/results/`; the table names the commands that measure each anew.
"""

import argparse
import difflib
import itertools
import re
import sys
from collections.abc import Mapping
from pathlib import Path

from paper.sources import Number, all_numbers

FOLDER = Path(__file__).parent
TEMPLATE, PAPER = FOLDER / "template.md", FOLDER / "paper.md"
MAX_WORDS = 1000
NAME = re.compile(r"\{\{(\w+)\}\}")


def rendered(template: str, numbers: Mapping[str, Number]) -> str:
    """Return the text with its numbers.

    Raises
    ------
    ValueError
        If the template has a name that no source gives, or lacks one that a source gives.
    """
    named = set(NAME.findall(template))
    if unknown := sorted(named - set(numbers)):
        raise ValueError(f"No source gives {', '.join(unknown)}. Add it to paper/sources.py.")
    if unused := sorted(set(numbers) - named):
        raise ValueError(f"The template does not use {', '.join(unused)}. Remove it from paper/sources.py.")
    return NAME.sub(lambda match: numbers[match[1]].text, template)


def body(text: str) -> str:
    """Return the text without front matter, figures with their captions, fenced code and the list of references."""
    text = re.sub(r"\A---\n.*?\n---\n", "", text, flags=re.DOTALL)
    text = re.sub(r"^!\[.*?\]\([^()\s]+\)(\{[^}]*\})?$", "", text, flags=re.DOTALL | re.MULTILINE)
    text = re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE)
    return text.partition("\n# References\n")[0]


def words(text: str) -> int:
    """Return the number of words of the body; citations in brackets do not count, others as they are printed."""
    text = re.sub(r"\[@[^\]]*\]", "", body(text))
    text = re.sub(r"@\w+", "Author et al. (year)", text)
    text = re.sub(r"\$[^$]*\$", "formula", text)
    return sum(any(character.isalnum() for character in part) for part in text.split())


def table(numbers: Mapping[str, Number]) -> str:
    """Return all numbers, each under its source and the commands that measure it anew."""
    lines = []
    width = max(len(number.text) for number in numbers.values())
    for (source, commands), same in itertools.groupby(numbers.items(), lambda item: item[1][1:]):
        lines += ["", source, "  measured anew by", *(f"    {command}" for command in commands)]
        lines += [f"  {number.text:>{width}}  {name}" for name, number in same]
    return "\n".join(lines[1:])


def main() -> None:
    """Print the table, and write the text or compare it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--write", action="store_true", help="write paper.md from template.md")
    given = parser.parse_args()
    numbers = all_numbers()
    text = rendered(TEMPLATE.read_text("utf-8"), numbers)
    print(table(numbers))
    print(f"\n{words(text)} words of {MAX_WORDS}.")
    if given.write:
        PAPER.write_text(text, encoding="utf-8")
        return
    differences = [
        *difflib.unified_diff(PAPER.read_text("utf-8").splitlines(), text.splitlines(), lineterm="", n=0)
    ]
    if differences:
        print("\n".join(differences[2:]))
        sys.exit(
            "paper.md is not what template.md and the sources give. Run: python -m paper.numbers --write"
        )


if __name__ == "__main__":
    main()
