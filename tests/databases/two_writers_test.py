#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
#
# Several pipelines load into one dataset at the same moment, again and again, on PostgreSQL and on SQLite: they make the same tables
# and columns, append, and merge onto the same keys. None fails, and each row is there exactly once. And where the database ends a
# transaction because two wait for each other, or cannot be serialized, the load is tried again by itself.
#
#   OUTFALL=build/release/outfall OUTFALL_POSTGRES=FILE tests/databases/two_writers_test.py [--rounds N]
import argparse
import contextlib
import json
import os
import shutil
import sqlite3
import struct
import subprocess
from pathlib import Path

from database_world import client, psql
from protocol_proxy import TO_SERVER, Proxy
from town import FIRST, ROWS, Town
from proof import record
from world import OUTFALL, SECONDS_MAX, Broken, expect, fail_with, fresh_folder, say

WRITERS = 3
ROUNDS = 3


class Dataset:
    """What pipelines write into together."""

    def __init__(self, name, folder, to, ask):
        self.name = name
        self.folder = folder
        self.to = to
        self.ask = ask

    def command(self, pipeline, file, *more, table="people"):
        return [OUTFALL, "run", file, "--table", table, *self.to, "--pipeline", pipeline, "--data-dir", self.folder / "state",
                "--progress", "none", *more]

    def write(self, name, ids, column):
        with open(self.folder / name, "w") as out:
            out.writelines(json.dumps({"id": n, column: f"{column} {n}", "parts": [{"part_id": n}]}) + "\n" for n in ids)

    def run_together(self, commands):
        processes = [subprocess.Popen(command, cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for command in commands]
        for process in processes:
            _, said = process.communicate(timeout=SECONDS_MAX)
            expect(process.returncode == 0, f"a writer ended with {process.returncode}:\n{said}")

    def has(self, statement, wanted):
        found = self.ask(statement)
        expect(found == wanted, f"{statement}: {found}, expected {wanted}")


def append_together(dataset, rounds):
    """Each writer brings rows and, each round, a column that all of them bring."""
    commands = []
    for turn in range(rounds):
        commands.append([])
        for writer in range(WRITERS):
            first = (turn * WRITERS + writer) * ROWS
            dataset.write(f"{turn}_{writer}.jsonl", range(first, first + ROWS), f"column_{turn}")
            commands[-1].append(dataset.command(f"writer_{writer}", f"{turn}_{writer}.jsonl"))
    for turn, together in enumerate(commands):
        dataset.run_together(together)
        total = (turn + 1) * WRITERS * ROWS
        dataset.has("SELECT count(*), count(DISTINCT id), max(id) FROM people", (total, total, total - 1))
        dataset.has("SELECT count(*), count(DISTINCT part_id), max(part_id) FROM people__parts", (total, total, total - 1))
        dataset.has("SELECT count(*), count(DISTINCT load_id) FROM _dlt_loads", ((turn + 1) * WRITERS,) * 2)
        dataset.has(f"SELECT count(column_{turn}) FROM people", (WRITERS * ROWS,))


def merge_together(dataset, rounds):
    """All writers bring the same keys: whoever comes last is there."""
    for strategy in ("delete-insert", "upsert"):
        for turn in range(rounds):
            for writer in range(WRITERS):
                # Each in another order, so that rows are locked in another order, too.
                ids = list(range(ROWS))
                dataset.write(f"m{writer}.jsonl", ids if writer % 2 else reversed(ids), f"writer_{writer}")
            name = f"merged_{strategy.replace('-', '_')}"
            how = ("--write-disposition", "merge", "--merge-strategy", strategy, "--primary-key", "id")
            dataset.run_together([dataset.command(f"merger_{writer}", f"m{writer}.jsonl", *how, table=name) for writer in range(WRITERS)])
            dataset.has(f"SELECT count(*), count(DISTINCT id) FROM {name}", (ROWS, ROWS))
            dataset.has(f"SELECT count(*), count(DISTINCT part_id) FROM {name}__parts", (ROWS, ROWS))
            dataset.has(f"SELECT count(DISTINCT _dlt_load_id) FROM {name}", (1,))


def replace_together(dataset, rounds):
    """All writers replace the table: the rows of one of them are there."""
    for writer in range(WRITERS):
        dataset.write(f"r{writer}.jsonl", range(ROWS), f"writer_{writer}")
    for _ in range(rounds):
        dataset.run_together([dataset.command(f"replacer_{writer}", f"r{writer}.jsonl", "--write-disposition", "replace", table="replaced")
                              for writer in range(WRITERS)])
        dataset.has("SELECT count(*), count(DISTINCT id), count(DISTINCT _dlt_load_id) FROM replaced", (ROWS, ROWS, 1))
        dataset.has("SELECT count(*), count(DISTINCT part_id) FROM replaced__parts", (ROWS, ROWS))


def struck_once(town, dataset, act, what, loads=(FIRST,)):
    """The last of these loads through a proxy is told of `what`, and is there all the same, by the same run."""
    begun = []
    with Proxy(town.place, lambda message: act(message) if len(begun) == len(loads) else None) as proxy:
        for load in loads:
            begun.append(load)
            done = town.run(proxy.port, dataset, load)
            expect(done.returncode == 0, f"the load ended with {done.returncode}:\n{done.stderr}")
    town.check(dataset, ROWS * len(loads), len(loads))
    expect(what in failures(town, dataset), f"no attempt failed: {failures(town, dataset)}")


def deadlocks(town):
    """Another client has locked the second table and then wants the first one, where the load has rows. The load is the second one: it
    looks at tables only when it fills them."""
    town.write("more.jsonl", ROWS, 2 * ROWS)
    with contextlib.ExitStack() as held:
        says = []

        def act(message):
            if message.statement == "COPY" and message.way == TO_SERVER and message.kind == "Q" and not says:
                says.append(held.enter_context(client(town.address, "SET deadlock_timeout = '10min'", "BEGIN", "LOCK deadlock.people__parts")))
            elif message.statement == "COPY" and message.kind == "Z" and len(says) == 1:
                says.append(says[0]("LOCK deadlock.people; COMMIT"))  # the rows of people are in
            return None
        struck_once(town, "deadlock", act, "deadlock detected", (FIRST, ("more.jsonl",)))


def cannot_be_serialized(town):
    """The server says so when the load is to be committed."""
    struck = []

    def act(message):
        if message.place() != ("COMMIT of rows", TO_SERVER, "Q", 1) or struck:
            return None
        failing = b"DO $$ BEGIN RAISE 'could not serialize access' USING ERRCODE = '40001'; END $$\0"
        struck.append(True)
        message.data = b"Q" + struct.pack("!i", len(failing) + 4) + failing
        return None
    struck_once(town, "serialize", act, "could not serialize access")


def failures(town, dataset):
    """What attempts were answered, as the state store has it."""
    [store] = (town.folder / dataset).glob("pipelines/*/outfall.db")
    with contextlib.closing(sqlite3.connect(store)) as connection:
        return str(connection.execute("SELECT last_error FROM packages").fetchall())


def postgres_dataset(town):
    folder = town.folder / "postgres"
    folder.mkdir()

    def ask(statement):
        return tuple(map(int, psql(town.address, "-c", f"SET search_path = shared; {statement}").strip().split("|")))
    return Dataset("postgres", folder, ["--to", town.address, "--dataset", "shared"], ask)


def sqlite_dataset(folder):
    folder.mkdir()

    def ask(statement):
        with contextlib.closing(sqlite3.connect(folder / "shared.db")) as connection:
            return connection.execute(statement).fetchone()
    return Dataset("sqlite", folder, ["--to", f"sqlite:{folder / 'shared.db'}"], ask)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    rounds = parser.parse_args().rounds
    folder = fresh_folder("writers", in_memory=True)
    town = Town(folder, Path(os.environ["OUTFALL_POSTGRES"]).read_text().strip())
    try:
        for dataset in (postgres_dataset(town), sqlite_dataset(folder / "sqlite")):
            acts = (append_together, merge_together, replace_together)
            for together in acts:
                together(dataset, rounds)
            record(dataset.name, f"{WRITERS} writers appending, merging or replacing at the same time", len(acts) * rounds)
            say(f"  {dataset.name}: {WRITERS} writers at a time, {rounds} times each")
        for struck in (deadlocks, cannot_be_serialized):
            struck(town)
            say(f"  {struck.__name__.replace('_', ' ')}: tried again")
    except Broken as broken:
        fail_with(folder, str(broken))
    town.drop()
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
