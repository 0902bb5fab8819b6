# SPDX-License-Identifier: Apache-2.0
#
# What tests of crashes have shown in this build folder, for the table of docs/guarantees.md (tests/docs/guarantee_table_test.py).
import json
import os
import re
import sys
from pathlib import Path


def folder():
    return Path(os.environ["OUTFALL_BUILD"]) / "proof" if "OUTFALL_BUILD" in os.environ else None


def record(destination, shown, times):
    """`times` times `shown` was done to loads into `destination`, and each time every row was there once. To be called at the end of
    a test, with words that are always the same."""
    if folder() is None:
        return
    folder().mkdir(exist_ok=True)
    test = Path(sys.argv[0]).resolve()
    name = re.sub(r"\W+", "-", f"{destination} {shown}") + ".json"
    (folder() / name).write_text(json.dumps({
        "destination": destination, "shown": shown, "times": times, "test": f"tests/{test.parent.name}/{test.name}"}))


def records():
    found = folder().glob("*.json") if folder() is not None else []
    return [json.loads(file.read_text()) for file in sorted(found)]
