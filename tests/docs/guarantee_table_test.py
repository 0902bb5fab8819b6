#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
#
# The table of docs/guarantees.md that says what is promised where, and which runs are behind it. The promise is what the program says
# of the destination; the runs are those that the tests of crashes have recorded in the build folder (tests/crash/proof.py). A test
# that has shown less than the table says, or something that the table does not have, fails here.
#
#   OUTFALL=build/release/outfall OUTFALL_BUILD=build/release tests/docs/guarantee_table_test.py [--update]
import argparse
import difflib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/crash"))
import proof

PAGE = ROOT / "docs/guarantees.md"
BEGIN, END = "<!-- made by tests/docs/guarantee_table_test.py --update -->\n", "<!-- end -->\n"
DESTINATIONS = ("duckdb", "sqlite", "postgres")
RUN = re.compile(r"(\d+) × (.+?) \(`(tests/\S+)`\)")


def promise(destination):
    said = subprocess.run([os.environ["OUTFALL"], "destination", "capabilities", destination, "--json"], capture_output=True, text=True, check=True)
    return json.loads(said.stdout)["mode"]


def rows_of(table):
    """By destination and what was shown: how often, and by which test."""
    rows = {}
    for line in table.splitlines():
        for times, shown, test in RUN.findall(line):
            rows[re.match(r"\| `(\w+):`", line)[1], shown] = {"times": int(times), "test": test}
    return rows


def table_of(rows):
    lines = ["| destination | promised | runs behind it: after each of them every row was there once |", "|---|---|---|"]
    for destination in DESTINATIONS:
        shown = [f"{row['times']} × {what} (`{row['test']}`)" for (of, what), row in sorted(rows.items()) if of == destination]
        if shown:
            lines.append(f"| `{destination}:` | {promise(destination)} | {'; '.join(shown)} |")
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--update", action="store_true")
    update = parser.parse_args().update
    page = PAGE.read_text()
    before, rest = page.split(BEGIN)
    table, after = rest.split(END)
    told = {} if update else rows_of(table)
    for record in proof.records():
        key = record["destination"], record["shown"]
        row = {"times": record["times"], "test": record["test"]}
        # More than the table says is no fault of it: some tests go on for as long as there is time.
        if key not in told or told[key]["times"] > row["times"] or told[key]["test"] != row["test"]:
            told[key] = row
    made = table_of(told)
    if update:
        PAGE.write_text(before + BEGIN + made + END + after)
    elif made != table:
        sys.exit("".join(difflib.unified_diff(table.splitlines(True), made.splitlines(True), "docs/guarantees.md", "what was shown")) +
                 "tests/docs/guarantee_table_test.py --update writes the table")


if __name__ == "__main__":
    main()
