#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
#
# SQLite files that cannot be written, that somebody else is writing, that are no databases, and disks without room: a clear error,
# the right exit code, nothing lost, and a later run finishes. And readers that look on while a load writes.
#
#   OUTFALL=build/release/outfall tests/databases/bad_files_test.py
import contextlib
import json
import os
import pathlib
import resource
import shutil
import signal
import sqlite3
import subprocess
import time

import database_world  # finds the folder of the next
from world import OUTFALL, SECONDS_MAX, Broken, expect, fail_with, fresh_folder, say

NOBODY = 65534  # a user without rights to anything; the superuser may write everywhere
ROWS = 50
SECONDS_TO_STOP = 5  # one on a machine that does nothing else


class Place:
    """A folder with an input and a database, and what the last run said."""

    def __init__(self, folder, name):
        self.folder = pathlib.Path(folder) / name
        self.disk = self.folder / "disk"
        self.disk.mkdir(parents=True)
        self.folder.chmod(0o777)
        self.database = self.disk / "t.db"
        self.write("first.jsonl", 0)
        self.write("second.jsonl", ROWS)

    def write(self, name, first, text=""):
        with open(self.folder / name, "w") as out:
            out.writelines(json.dumps({"id": n, "text": text}) + "\n" for n in range(first, first + ROWS))

    def command(self, file):
        return [OUTFALL, "run", file, "--table", "t", "--to", f"sqlite:{self.database}", "--pipeline", "p", "--data-dir", self.folder / "state",
                "--progress", "none"]

    def start(self, file):
        return subprocess.Popen(self.command(file), cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def comes_to_wait(self, process):
        """Its rows are sealed, and it has opened the database that somebody else writes."""
        store = self.folder / "state/pipelines/p/outfall.db"
        until = time.monotonic() + SECONDS_MAX
        while True:
            expect(process.poll() is None and time.monotonic() < until, "it did not wait")
            with contextlib.closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True)) as ledger:
                pending = ledger.execute("SELECT count(*) FROM packages WHERE state = 'pending'").fetchone()[0]
            links = [os.readlink(link) for link in pathlib.Path(f"/proc/{process.pid}/fd").iterdir() if link.is_symlink()]
            if pending and str(self.database) in links:
                return
            time.sleep(0.02)

    def run(self, file, code, *texts, prepare=None, fault=""):
        done = subprocess.run(self.command(file), cwd=self.folder, env=dict(os.environ, OUTFALL_FAULT=fault), capture_output=True, text=True,
                              timeout=SECONDS_MAX, preexec_fn=prepare)
        expect(done.returncode == code, f"exit {done.returncode}, expected {code}\n{done.stderr}")
        at = 0
        for text in texts:
            at = done.stderr.find(text, at)
            expect(at >= 0, f"it does not say, in this place: {text}\n{done.stderr}")

    def as_nobody(self, *arguments):
        def drop():
            if os.getuid() == 0:
                os.setgid(NOBODY)
                os.setuid(NOBODY)
        self.run(*arguments, prepare=drop)

    def sqlite(self):
        return contextlib.closing(sqlite3.connect(self.database, isolation_level=None, timeout=0))

    def has(self, rows):
        with self.sqlite() as connection:
            found = connection.execute("SELECT count(*), count(DISTINCT id), min(id), max(id) FROM t").fetchone()
        expect(found == (rows, rows, 0, rows - 1), f"the table has {found}")


def file_is_read_only(place):
    place.run("first.jsonl", 0)
    with place.sqlite() as connection:
        connection.execute("PRAGMA journal_mode = delete")
    place.database.chmod(0o444)
    shutil.rmtree(place.folder / "state")
    place.as_nobody("second.jsonl", 1, "nothing was loaded", str(place.database), "readonly", "hint: the file or its folder may not be written")
    place.has(ROWS)
    shutil.rmtree(place.folder / "state")
    place.run("second.jsonl", 0)
    place.has(2 * ROWS)


def folder_is_read_only(place):
    place.disk.chmod(0o555)
    place.as_nobody("first.jsonl", 1, "nothing was loaded", str(place.database), "Permission denied", "hint: ")
    place.disk.chmod(0o777)
    place.run("first.jsonl", 0)
    place.has(ROWS)


def somebody_writes(place):
    """A load waits for them: until it is stopped, or until they are done."""
    place.run("first.jsonl", 0)
    with place.sqlite() as writer:
        writer.execute("BEGIN IMMEDIATE")
        waiting = place.start("second.jsonl")
        place.comes_to_wait(waiting)
        begun = time.monotonic()
        waiting.send_signal(signal.SIGINT)
        _, said = waiting.communicate(timeout=SECONDS_MAX)
        took = time.monotonic() - begun
        expect(waiting.returncode == 130 and "pending 50" in said, f"exit {waiting.returncode}\n{said}")
        expect(took < SECONDS_TO_STOP, f"it took {took:.1f} s to stop")
        waiting = place.start("second.jsonl")
        place.comes_to_wait(waiting)
        writer.execute("ROLLBACK")
        _, said = waiting.communicate(timeout=SECONDS_MAX)
        expect(waiting.returncode == 0, f"exit {waiting.returncode}\n{said}")
    place.has(2 * ROWS)


def no_database(place):
    place.database.write_text("this is no database, but a text that is long enough to be taken for something\n" * 20)
    place.run("first.jsonl", 1, str(place.database), "not a database", "hint: the file is damaged or no SQLite database")
    place.database.unlink()
    place.run("first.jsonl", 0)
    place.has(ROWS)


def disk_is_full(place):
    """A limit of file sizes makes the same writes fail that a full disk does."""
    place.run("first.jsonl", 0)
    place.write("second.jsonl", ROWS, "long " * 20_000)
    place.run("second.jsonl", -signal.SIGKILL, fault="after_seal")
    limit = 2_000_000  # less than the rows take
    place.run("second.jsonl", 4, "hint: ", "outfall resume", prepare=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
    place.has(ROWS)
    place.run("second.jsonl", 0)
    place.has(2 * ROWS)


def readers_look_on(place):
    """A database that a load made keeps a log: who reads keeps nobody from writing, and sees one moment."""
    place.run("first.jsonl", 0)
    with place.sqlite() as reader:
        expect(reader.execute("PRAGMA journal_mode").fetchone() == ("wal",), "it keeps no log")
        reader.execute("BEGIN")
        expect(reader.execute("SELECT count(*) FROM t").fetchone() == (ROWS,), "it has other rows")
        place.run("second.jsonl", 0)
        expect(reader.execute("SELECT count(*) FROM t").fetchone() == (ROWS,), "a reader sees two moments")
        reader.execute("COMMIT")
    place.has(2 * ROWS)
    expect({entry.name for entry in place.disk.iterdir()} == {"t.db"}, f"beside the database are {[*place.disk.iterdir()]}")


def journal_is_kept(place):
    """A database that was there keeps the journal that it has."""
    with place.sqlite() as connection:
        connection.execute("PRAGMA journal_mode = truncate")
        connection.execute("CREATE TABLE other (id)")
    place.run("first.jsonl", 0)
    with place.sqlite() as connection:
        mode = connection.execute("PRAGMA journal_mode").fetchone()
    expect(mode != ("wal",), "the journal was changed")
    place.has(ROWS)


CASES = [file_is_read_only, folder_is_read_only, somebody_writes, no_database, disk_is_full, readers_look_on, journal_is_kept]


def main():
    folder = fresh_folder("files", in_memory=True)
    folder.chmod(0o777)
    for case in CASES:
        try:
            case(Place(folder, case.__name__))
        except Broken as broken:
            fail_with(folder, f"{case.__name__}: {broken}")
        say(f"  {case.__name__.replace('_', ' ')}")
    say(f"{len(CASES)} kinds of files")
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
