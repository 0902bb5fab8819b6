#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
#
# Kills a run that reads PostgreSQL behind a cursor at every fault point that it passes, into a database and into a program, lets rows
# come in meanwhile (beside the newest value too), and types the same command again: each row has arrived once. Then the server ends
# the session in the middle of a read: nothing is lost, and the same command goes on.
#
#   OUTFALL=build/release/outfall OUTFALL_POSTGRES=FILE tests/databases/cursor_test.py [--point NAME]
import argparse
import collections
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "crash"))
from world import KILLED, OUTFALL, SECONDS_MAX, expect, fault_points, say

POSTGRES = Path(os.environ["OUTFALL_POSTGRES"])
FIRST, MEANWHILE = 2000, 500  # rows before the kill, and between the kill and the next run
SAME = 50  # rows with one value of the cursor
# Those that no run of this kind passes: of drops and aborts, and of shared state.
ELSEWHERE = {"state_claimed", "before_package_drop", "in_package_drop", "after_package_drop", "abort_asked", "in_abort", "after_abort",
             "after_skip", "before_state_push", "after_state_push"}

# Keeps what it is given with the key of each row: a row that comes twice under one key was taken once.
TAKER = """
import json, sys
def say(**answer):
    print(json.dumps(answer), flush=True)
for line in sys.stdin:
    message = json.loads(line)
    if message["type"] == "hello":
        say(type="ready", protocol=1, row_keys=True, deduplicates=True)
    elif message["type"] == "end":
        break
    elif message["type"] != "batch":
        say(type="ok")
    else:
        rows = [next(sys.stdin) for _ in range(message["rows"])]
        with open("taken.jsonl", "a") as taken:
            taken.writelines(rows)
        say(type="ok")
"""


def run(words, folder, fault="", check=False):
    environment = dict(os.environ, OUTFALL_DATA_DIR=str(folder / "state"), NO_COLOR="1")
    if fault:
        environment["OUTFALL_FAULT"] = fault
    done = subprocess.run([OUTFALL, *words], cwd=folder, env=environment, capture_output=True, text=True, timeout=SECONDS_MAX)
    expect(not check or done.returncode == 0, f"outfall {' '.join(words)}: exit {done.returncode}\n{done.stderr}")
    return done


class Shop:
    """A table in a database of its own, whose rows are numbered through; values of the cursor repeat."""

    def __init__(self, folder, name):
        server = POSTGRES.read_text().strip().rpartition("/")[0]
        self.folder = folder
        self.address = f"{server}/{name}"
        self.rows = 0
        run(["query", "--write", f"{server}/outfall", f"CREATE DATABASE {name}"], folder, check=True)
        self.sql("CREATE TABLE sold (id bigint, at timestamptz)")

    def sql(self, statement):
        run(["query", "--write", self.address, statement], self.folder, check=True)

    def sell(self, count):
        # The last value is not complete: the next rows begin with it.
        self.sql(f"INSERT INTO sold SELECT i, '2026-01-01'::timestamptz + (i / {SAME}) * '1 minute'::interval "
                 f"FROM generate_series({self.rows}, {self.rows + count - 1}) AS i")
        self.rows += count

    def clear(self):
        self.sql("TRUNCATE sold")
        self.rows = 0


class IntoSqlite:
    name = "a database"

    def __init__(self, folder):
        self.folder = folder

    def words(self):
        return ["--to", "sqlite:out.db"]

    def arrived(self):
        done = run(["query", "sqlite:out.db", "SELECT id FROM sold", "-o", "json"], self.folder, check=True)
        return collections.Counter(json.loads(line)["id"] for line in done.stdout.splitlines())


class IntoProgram:
    name = "a program"

    def __init__(self, folder):
        self.folder = folder
        (folder / "taker.py").write_text(TAKER)

    def words(self):
        return ["--to", f"exec:{sys.executable} taker.py", "--batch-size", "300"]

    def arrived(self):
        keys = collections.defaultdict(set)
        for line in (self.folder / "taken.jsonl").read_text().splitlines():
            taken = json.loads(line)
            keys[taken["row"]["id"]].add(taken["key"])
        return collections.Counter({row: len(of_row) for row, of_row in keys.items()})


def check(destination, shop, told):
    arrived = destination.arrived()
    lost = [row for row in range(shop.rows) if row not in arrived]
    doubled = [row for row, times in arrived.items() if times != 1]
    expect(not lost and not doubled, f"{told}: {len(lost)} lost {lost[:5]}, {len(doubled)} doubled {doubled[:5]}")


def strike(shop, kind, point):
    """Whether the point was reached."""
    with tempfile.TemporaryDirectory(prefix="outfall-cursor-") as folder:
        destination = kind(Path(folder))
        command = ["run", shop.address, "--source-table", "sold", "--cursor", "at", "-p", "sold", *destination.words()]
        shop.clear()
        shop.sell(FIRST)
        killed = run(command, destination.folder, fault=point)
        expect(killed.returncode in (KILLED, 0), f"{point}: exit {killed.returncode}\n{killed.stderr}")
        shop.sell(MEANWHILE)
        run(command, destination.folder, check=True)
        check(destination, shop, f"killed at {point}, into {kind.name}")
        again = run(command, destination.folder, check=True)
        expect("in 0 = delivered 0" in again.stderr, f"{point}: nothing is new, and yet:\n{again.stderr}")
        return killed.returncode == KILLED


def cut_off(shop, folder):
    """The server ends the session while rows are read: a function in the query sees to it. Then there is no server at all."""
    shop.sql("CREATE TABLE long AS SELECT i AS id, repeat('x', 100) AS note FROM generate_series(0, 199999) AS i")
    shop.sql("CREATE FUNCTION fall(i integer) RETURNS integer LANGUAGE sql VOLATILE AS "
             "'SELECT CASE WHEN i = 150000 AND pg_terminate_backend(pg_backend_pid()) THEN i ELSE i END'")
    there = shop.address.rpartition(":")[2]
    nowhere = shop.address.removesuffix(there) + there.replace(there.partition("/")[0], "1")

    def load(address, query):
        return run(["run", address, "--query", query, "--table", "long", "--cursor", "id", "-p", "long", "--to", "sqlite:long.db"], folder)

    every, falls = "SELECT id, note FROM long", "SELECT id, note FROM long WHERE fall(id) >= 0 AND id > 100000"
    cut = run(["run", shop.address, "--query", falls, "--table", "long", "-p", "long", "--to", "sqlite:long.db"], folder)
    expect(cut.returncode == 1 and "nothing of it was loaded: the same command reads it again" in cut.stderr,
           f"a server that cuts off: exit {cut.returncode}\n{cut.stderr}")
    gone = load(nowhere, every)
    expect(gone.returncode == 1, f"no server: exit {gone.returncode}\n{gone.stderr}")
    done = load(shop.address, every)
    expect(done.returncode == 0 and "in 200000 = delivered 200000" in done.stderr, f"exit {done.returncode}\n{done.stderr}")
    rows = run(["query", "sqlite:long.db", "SELECT count(*) AS n, count(DISTINCT id) AS d FROM long", "-o", "json"], folder, check=True)
    expect(json.loads(rows.stdout) == {"n": 200000, "d": 200000}, rows.stdout)
    say("a server that cuts off in the middle, and none at all: nothing lost, the same command goes on")


def keep_secrets(shop, folder):
    """A password goes into no report, trace, state or error."""
    secret = "hunter2hunter2"
    address = shop.address.replace("outfall@", f"outfall:{secret}@", 1)
    done = run(["run", address, "--source-table", "sold", "--cursor", "at", "-p", "secret", "--to", "sqlite:secret.db", "--json"], folder, check=True)
    said = done.stdout + done.stderr
    wrong = run(["run", address + "_not_there", "--source-table", "sold", "-p", "secret", "--to", "sqlite:secret.db"], folder)
    none = run(["run", address, "--source-table", "nothing", "-p", "secret", "--to", "sqlite:secret.db"], folder)
    said += wrong.stdout + wrong.stderr + none.stdout + none.stderr
    expect(wrong.returncode == 2 and none.returncode == 2, f"exit {wrong.returncode}, {none.returncode}\n{said}")
    expect(secret not in said, said)
    for path in [*folder.rglob("*.db"), *folder.rglob("*.db-wal"), *folder.rglob("*.arrow")]:
        expect(secret.encode() not in path.read_bytes(), f"{path} has the password")
    say("a password is nowhere")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--point", help="only this fault point")
    chosen = parser.parse_args()
    points = [chosen.point] if chosen.point else [point for point in fault_points() if point not in ELSEWHERE]
    folder = Path(tempfile.mkdtemp(prefix="outfall-cursor-"))
    try:
        shop = Shop(folder, f"cursor_{os.getpid()}")
        for kind in (IntoSqlite, IntoProgram):
            reached = [point for point in points if strike(shop, kind, point)]
            expect(chosen.point or {"before_seal", "after_seal", "before_run_end"} <= set(reached), f"{kind.name}: only {reached} were reached")
            say(f"into {kind.name}: {len(reached)} kills, each row exactly once after each")
        if not chosen.point:
            cut_off(shop, folder)
            keep_secrets(shop, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
