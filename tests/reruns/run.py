#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Typing the same command again when something went wrong between: no row is lost, none is doubled.

Each case is a short story of runs over one folder of inputs, with the ids that the table must hold at its end.
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

OUTFALL = os.environ["OUTFALL"]
TIMEOUT_SECONDS = 60  # a run that hangs is a failure, not a wait


class Story:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        (self.folder / "in").mkdir()

    def write(self, name, text):
        (self.folder / "in" / name).write_text(text)

    def rows(self, name, *ids):
        self.write(name, "".join(json.dumps({"id": i}) + "\n" for i in ids))

    def run(self, *arguments, fault="", code=0, inputs=("in",), extra={}):
        command = [OUTFALL, "run", *inputs, "--data-dir", "state", "--to", "duckdb:t.duckdb", *arguments]
        environment = dict(os.environ, OUTFALL_FAULT=fault) | extra
        done = subprocess.run(command, cwd=self.folder, env=environment, capture_output=True, text=True, timeout=TIMEOUT_SECONDS)
        assert done.returncode == code, f"exit {done.returncode}, expected {code}: {' '.join(command)}\n{done.stderr}"
        return done.stderr

    def ids(self, table="in"):
        command = [OUTFALL, "query", "duckdb:t.duckdb", f'select id from "{table}" order by id', "--output", "csv"]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=True)
        return [int(line) for line in done.stdout.split()[1:]]


KILLED = -9


def failed_run_between(story):
    """What a killed run sealed is not loaded again because a later run failed on another input."""
    story.rows("1.jsonl", 1)
    story.rows("2.jsonl", 2)
    story.run(fault="after_seal", code=KILLED)
    story.write("3.jsonl", '{"id":\n')
    story.run(code=1)
    assert story.ids() == [1, 2]
    story.rows("3.jsonl", 3)
    story.run()
    assert story.ids() == [1, 2, 3]


def replace_reads_the_whole_table(story):
    """A table is replaced with all of its inputs, also those that a killed run had sealed."""
    story.rows("1.jsonl", 1)
    story.rows("2.jsonl", 2)
    story.run("-w", "replace", fault="after_seal", code=KILLED)
    story.rows("3.jsonl", 3)
    story.run("-w", "replace")
    assert story.ids() == [1, 2, 3]
    story.run("-w", "replace")
    assert story.ids() == [1, 2, 3]


def replace_refuses_to_empty_a_table(story):
    """One of several replaced tables without documents is an error, and nothing changes."""
    story.rows("a.jsonl", 1)
    story.rows("b.jsonl", 2)
    both = ("in/a.jsonl", "in/b.jsonl")
    story.run("-w", "replace", inputs=both)
    story.write("b.jsonl", "")
    story.run("-w", "replace", inputs=both, code=1)
    assert story.ids("a") == [1] and story.ids("b") == [2]
    story.run("-w", "replace", "--skip-loaded", inputs=both, code=2)


def bad_document_with_little_memory(story):
    """The error of the first document ends a run whose reader waits for memory."""
    story.write("big.jsonl", '{"id":}\n' + '{"id":1,"text":"%s"}\n' % ("x" * 100) * 50_000)
    for memory in ("1MB", "3MB", "4MB"):
        assert "line 1, column" in story.run("--memory", memory, code=1)


def wrong_set_up_with_pending_work(story):
    """What is wrong with the set-up is exit 2 where nothing waits, and 4 where a sealed package does."""
    story.rows("1.jsonl", 1)
    no_library = {"OUTFALL_DUCKDB": "/nowhere/libduckdb.so"}
    story.run(code=2, extra=no_library)
    story.run(fault="after_seal", code=KILLED)
    assert "outfall resume" in story.run(code=4, extra=no_library)
    story.rows("2.jsonl", 2)
    assert "pending 2" in story.run(code=4, extra=no_library)
    story.run()
    assert story.ids() == [1, 2]


def main():
    stories = [failed_run_between, replace_reads_the_whole_table, replace_refuses_to_empty_a_table, bad_document_with_little_memory,
               wrong_set_up_with_pending_work]
    for story in stories:
        with tempfile.TemporaryDirectory() as folder:
            story(Story(folder))
        print(f"ok  {story.__doc__.splitlines()[0]}")
    print(f"{len(stories)} passed, 0 failed")


if __name__ == "__main__":
    sys.exit(main())
