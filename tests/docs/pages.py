# SPDX-License-Identifier: Apache-2.0
"""How pages are read, and how what they say is compared with what a command prints."""
import re


def blocks(page):
    """The fenced blocks of a page: language, the comment line before it, its lines, its first line's number."""
    lines = page.read_text(encoding="utf-8").splitlines()
    at = 0
    while at < len(lines):
        opened = re.fullmatch(r"```(\w*)", lines[at])
        if opened:
            end = lines.index("```", at + 1)
            yield opened[1], lines[at - 1], lines[at + 1 : end], at + 2
            at = end
        at += 1


def agrees(expected, seen):
    """Whether the lines are as expected; `...` stands for any number of them."""
    if "..." not in expected:
        return expected == seen
    at = expected.index("...")
    if expected[:at] != seen[:at]:
        return False
    rest = expected[at + 1 :]
    return any(agrees(rest, seen[i:]) for i in range(at, len(seen) + 1))
