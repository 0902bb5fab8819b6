#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
#
# The C++ on this page is that of the examples, which are compiled and run: each block says which one it is from.
import re
import sys
from pathlib import Path

from pages import blocks

ROOT = Path(__file__).resolve().parent.parent.parent
PAGE = ROOT / "docs" / "library.md"


def main():
    wrong = []
    count = 0
    for language, before, lines, number in blocks(PAGE):
        if language != "cpp":
            continue
        count += 1
        named = re.fullmatch(r"<!-- from: (examples/\w+\.cc) -->", before)
        if not named:
            wrong.append(f"{PAGE.name}:{number}: no comment before it says which example it is from")
        elif "\n".join(lines) + "\n" not in (ROOT / named[1]).read_text(encoding="utf-8"):
            wrong.append(f"{PAGE.name}:{number}: {named[1]} does not say that")
    print("\n".join(wrong) or f"{count} pieces are as in the examples")
    return 1 if wrong or count == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
