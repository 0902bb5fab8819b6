#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
#
# Readers of PostgreSQL do not wait for a load: not while its rows come, not while it waits for somebody else, and not while a table is
# altered or swapped. And new tables have the constraints that dlt gives them, whoever reads them meanwhile.
#
#   OUTFALL=build/release/outfall OUTFALL_POSTGRES=FILE tests/databases/readers_test.py [STORY]
import contextlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path

from database_world import client, psql
from world import OUTFALL, SECONDS_MAX, expect, fail_with, fresh_folder, say

SERVER = Path(os.environ["OUTFALL_POSTGRES"]).read_text().strip()
# Of a reader: more than the shortest try for a lock, less than anything that a load waits for.
PATIENCE_MS = 350
STORIES = []


def story(function):
    STORIES.append(function)
    return function


class Town:
    def __init__(self, folder, name):
        self.folder = folder / name
        self.folder.mkdir()
        self.dataset = f"readers_{name}_{os.getpid()}"

    def command(self, rows, *more):
        (self.folder / "people.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        return [OUTFALL, "run", "people.jsonl", "--to", SERVER, "--dataset", self.dataset, "-p", "town", *more]

    def start(self, command, fault=None):
        environment = dict(os.environ, OUTFALL_DATA_DIR=str(self.folder / "state"), **({"OUTFALL_FAULT": fault} if fault else {}))
        return subprocess.Popen(command, cwd=self.folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def end(self, process, code=0):
        _, said = process.communicate(timeout=SECONDS_MAX)
        expect(process.returncode == code, f"ended with {process.returncode}, not {code}:\n{said}")
        return said

    def load(self, rows, *more, code=0):
        return self.end(self.start(self.command(rows, *more)), code)

    def read(self, statement):
        return psql(SERVER, "-c", f"SET search_path = {self.dataset}; SET statement_timeout = {PATIENCE_MS}; {statement}").split("\n")[:-1]

    def constraints(self):
        return self.read("SELECT conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint "
                         f"WHERE connamespace = '{self.dataset}'::regnamespace ORDER BY 1")

    def is_waiting(self):
        return self.read("SELECT count(*) FROM pg_stat_activity WHERE application_name <> 'psql' AND wait_event_type = 'Lock' "
                         f"AND query NOT LIKE '%pg_stat_activity%' AND '{self.dataset}' = ANY (SELECT n.nspname FROM pg_locks AS l "
                         "JOIN pg_class AS c ON c.oid = l.relation JOIN pg_namespace AS n ON n.oid = c.relnamespace "
                         "WHERE l.pid = pg_stat_activity.pid)") != ["0"]


def until(holds, told):
    end = time.monotonic() + SECONDS_MAX
    while not holds():
        expect(time.monotonic() < end, told)


def numbered(first, last):
    return [{"id": n, "name": f"name {n}"} for n in range(first, last)]


@contextlib.contextmanager
def session(town, *statements):
    with client(SERVER, f"SET search_path = {town.dataset}", *statements) as say_more:
        yield say_more


CONSTRAINTS = ["_dlt_pipeline_state__dlt_id_key UNIQUE (_dlt_id)", "people__dlt_id_key UNIQUE (_dlt_id)",
               "people__parts__dlt_id_key UNIQUE (_dlt_id)"]


@story
def new_tables_have_the_constraints_of_dlt(town):
    town.load([{"id": 1, "parts": [{"part": 1}, {"part": 2}]}])
    expect(town.constraints() == CONSTRAINTS, f"the constraints are {town.constraints()}")
    town.load([{"id": 2, "parts": [{"part": 1}, {"part": 2}]}])
    expect(town.constraints() == CONSTRAINTS, f"after the second load the constraints are {town.constraints()}")


@story
def a_reader_of_a_new_table_keeps_its_constraint_waiting_and_not_the_load(town):
    town.end(town.start(town.command(numbered(0, 3)), fault="after_migration"), -9)
    with session(town, "BEGIN", "SELECT count(*) FROM people"):
        town.load(numbered(0, 3))
        expect(town.read("SELECT count(*) FROM people") == ["3"], "the rows are not there")
        expect(not any(one.startswith("people") for one in town.constraints()), f"there is a constraint: {town.constraints()}")
        index = town.read(f"SELECT count(*) FROM pg_indexes WHERE schemaname = '{town.dataset}' AND indexname = 'people__dlt_id_key'")
        expect(index == ["1"], "the index of the constraint is not there")
    town.load(numbered(3, 5))
    expect("people__dlt_id_key UNIQUE (_dlt_id)" in town.constraints(), f"the constraints are {town.constraints()}")


@story
def rows_with_one_id_in_a_new_table_are_refused_one_by_one(town):
    rows = [{"_dlt_id": "a", "id": 1}, {"_dlt_id": "b", "id": 2}, {"_dlt_id": "a", "id": 3}]
    said = town.load(rows, "--keep-dlt-columns", "--max-bad-rows", "100%", code=3)
    expect("_dlt_id" in said, f"it says nothing of the id: {said}")
    expect(town.read("SELECT id FROM people ORDER BY id") == ["1", "2"], "other rows are there")
    expect("people__dlt_id_key UNIQUE (_dlt_id)" in town.constraints(), f"the constraints are {town.constraints()}")


@story
def a_table_with_rows_stays_as_it_is(town):
    town.load(numbered(0, 2))
    psql(SERVER, "-c", f"ALTER TABLE {town.dataset}.people DROP CONSTRAINT people__dlt_id_key")
    town.load(numbered(2, 4))
    expect(not any(one.startswith("people") for one in town.constraints()), f"there is a constraint: {town.constraints()}")


@story
def a_table_that_is_swapped_loads_again_and_again(town):
    town.end(town.start(town.command(numbered(0, 3)), fault="after_migration"), -9)
    with session(town, "BEGIN", "SELECT count(*) FROM people"):
        town.load(numbered(0, 3))
    for _ in range(2):
        town.load(numbered(5, 7), "-w", "replace", "--replace-strategy", "staging-optimized")
        expect(town.read("SELECT id FROM people ORDER BY id") == ["5", "6"], "the rows are not replaced")
    town.load(numbered(7, 8), "-w", "append")


@story
def an_index_that_can_be_no_constraint_stays_one(town):
    columns = "id bigint, name varchar, _dlt_load_id varchar NOT NULL, _dlt_id varchar NOT NULL"
    psql(SERVER, "-c", f"CREATE SCHEMA {town.dataset}", "-c", f"CREATE TABLE {town.dataset}.people ({columns}) PARTITION BY HASH (_dlt_id)",
         "-c", f"CREATE TABLE {town.dataset}.half PARTITION OF {town.dataset}.people FOR VALUES WITH (MODULUS 1, REMAINDER 0)")
    town.load(numbered(0, 2))
    town.load(numbered(2, 4))
    expect(town.read("SELECT id FROM people ORDER BY id") == ["0", "1", "2", "3"], "the rows are not there")


@story
def an_index_of_another_order_stays_one(town):
    town.load(numbered(0, 2))
    psql(SERVER, "-c", f"ALTER TABLE {town.dataset}.people DROP CONSTRAINT people__dlt_id_key",
         "-c", f"CREATE UNIQUE INDEX people__dlt_id_key ON {town.dataset}.people (_dlt_id DESC)")
    town.load(numbered(2, 4))
    expect(town.read("SELECT id FROM people ORDER BY id") == ["0", "1", "2", "3"], "the rows are not there")


@story
def appends_to_a_table_that_has_rows_and_no_index_do_not_wait_for_each_other(town):
    town.load(numbered(0, 3))
    psql(SERVER, "-c", f"ALTER TABLE {town.dataset}.people DROP CONSTRAINT people__dlt_id_key",
         "-c", f"CREATE UNIQUE INDEX ON {town.dataset}.people (id)")
    with session(town, "BEGIN", "INSERT INTO people SELECT 3, name, _dlt_load_id, 'other' FROM people WHERE id = 1") as say_more:
        process = town.start(town.command(numbered(3, 4)))
        until(town.is_waiting, "the load never waited for the row")
        other = town.command(numbered(10, 12))
        other[other.index("-p") + 1] = "beside"
        town.end(town.start(other))
        expect(town.read("SELECT count(*) FROM people") == ["5"], "the rows of the other load are not there")
        expect(process.poll() is None, "the load has ended")
        say_more("ROLLBACK")
        town.end(process)
    expect(town.read("SELECT count(*) FROM people") == ["6"], "the row is not there")


def read_while_it_waits(town, command, blocker, rows_before):
    """Somebody keeps the load waiting for long; whoever reads meanwhile does not wait."""
    with session(town, "BEGIN", blocker) as say_more:
        process = town.start(command)
        until(town.is_waiting, "the load never waited")
        for _ in range(5):
            expect(town.read("SELECT count(*) FROM people") == [str(rows_before)], "the reader sees other rows")
        expect(process.poll() is None, "the load has ended")
        say_more("COMMIT")
        town.end(process)


@story
def nobody_waits_while_rows_come(town):
    town.load(numbered(0, 3))
    psql(SERVER, "-c", f"CREATE UNIQUE INDEX ON {town.dataset}.people (id)")
    # The row of the load waits for what becomes of this one.
    read_while_it_waits(town, town.command(numbered(3, 4)), "DELETE FROM people WHERE id = 2; INSERT INTO people SELECT 3, name, _dlt_load_id, "
                        "'other' FROM people WHERE id = 1; DELETE FROM people WHERE id = 3", 3)
    expect(town.read("SELECT count(*) FROM people") == ["3"], "the rows are not there")


@story
def nobody_waits_for_a_column_that_waits(town):
    town.load(numbered(0, 3))
    read_while_it_waits(town, town.command([{"id": 4, "new": 1}]), "SELECT * FROM people", 3)
    expect(town.read("SELECT count(new) FROM people") == ["1"], "the row is not there")


@story
def nobody_waits_for_a_table_that_is_dropped(town):
    town.load(numbered(0, 3))
    read_while_it_waits(town, town.command(numbered(5, 7), "--refresh", "drop_resources"), "SELECT * FROM people", 3)
    expect(town.read("SELECT id FROM people ORDER BY id") == ["5", "6"], "the table is not new")


def replaced(strategy):
    def story_of_one(town):
        town.load(numbered(0, 3))
        read_while_it_waits(town, town.command(numbered(5, 7), "-w", "replace", "--replace-strategy", strategy), "SELECT * FROM people", 3)
        expect(town.read("SELECT id FROM people ORDER BY id") == ["5", "6"], "the rows are not replaced")
    story_of_one.__name__ = f"nobody_waits_for_a_replacement_{strategy.replace('-', '_')}"
    STORIES.append(story_of_one)


replaced("insert-from-staging")
replaced("staging-optimized")


def main():
    folder = fresh_folder("readers")
    told = [tell for tell in STORIES if tell.__name__ in sys.argv[1:] or len(sys.argv) == 1]
    for number, tell in enumerate(told):
        try:
            tell(Town(folder, f"s{number}"))
        except Exception as broken:
            fail_with(folder, f"{tell.__name__}: {broken}")
    say(f"{len(told)} stories, no reader waited")


if __name__ == "__main__":
    main()
