#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
#
# Loads that commit in parts (--commit table, --commit job), with the real program on DuckDB, SQLite and PostgreSQL: what readers see
# when one is killed between two parts, and that whatever finishes it brings each row once. That each fault point is one of them is
# in fault_points_test.py.
#
#   OUTFALL=build/release/outfall OUTFALL_POSTGRES=FILE tests/databases/commit_units_test.py [--database NAME] [STORY]
import json
import subprocess
import sys

import stories
from stories import OUTFALL, main, story

KILLED = -9


class Database(stories.Database):
    def run(self, tables, *arguments, code=0, says="", fault=None):
        """One run over all tables, in this order."""
        for table, rows in tables.items():
            (self.folder / f"{table}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        files = [str(self.folder / f"{table}.jsonl") for table in tables]
        return self.do("run", *files, "--to", self.address, "--dataset", self.dataset, "-p", self.dataset, *arguments, code=code, says=says,
                       fault=fault)

    def do(self, *arguments, code=0, says="", fault=None):
        environment = dict(self.environment, **({"OUTFALL_FAULT": fault} if fault else {}))
        done = subprocess.run([OUTFALL, *arguments], capture_output=True, text=True, env=environment, cwd=self.folder)
        if done.returncode != code or says not in done.stderr:
            raise AssertionError(f"{' '.join(arguments)}: exit {done.returncode}, wanted {code} and '{says}'\n{done.stderr}")
        return done

    def write(self, statement):
        self.do("query", self.address, statement, "--dataset", self.dataset, "--write")

    def index(self):
        """What is called once, in a new statement."""
        return f"{self.dataset}.once" if self.kind == "sqlite" else "once"

    def is_finished(self, loads):
        self.expect("select count(*) from _dlt_loads where status = 0", str(loads))
        self.expect("select count(*) from _outfall_commits", "0")


def numbered(first, last):
    return [{"id": n, "parts": [{"part": n}]} for n in range(first, last)]


@story
def a_part_is_seen_and_the_rest_comes(db):
    said = "exactly once (table by table: readers may see a part)"
    db.run({"a": numbered(0, 3), "b": numbered(0, 4)}, "--commit", "table", code=KILLED, fault="after_part_commit")
    db.expect("select id from a order by id", "0", "1", "2")
    db.expect("select part from a__parts order by 1", "0", "1", "2")
    db.expect("select count(*) from b", "0")
    db.expect("select count(*) from _dlt_loads", "0")
    db.do("resume", "--commit", "table", says=said)
    db.expect("select id from a order by id", "0", "1", "2")
    db.expect("select part from b__parts order by 1", "0", "1", "2", "3")
    db.is_finished(1)
    db.run({"a": numbered(3, 5), "b": numbered(4, 5)}, "--commit", "table", says=said)
    db.expect("select count(*) from a", "5")
    db.expect("select count(*) from b__parts", "5")
    db.is_finished(2)


@story
def a_load_that_began_in_parts_ends_in_one(db):
    db.run({"a": numbered(0, 3), "b": numbered(0, 4)}, "--commit", "job", code=KILLED, fault="after_part_commit:3")
    db.do("resume", says="exactly once (job by job: readers may see a part)")
    for table, rows in (("a", 3), ("a__parts", 3), ("b", 4), ("b__parts", 4)):
        db.expect(f"select count(*) from {table}", str(rows))
    db.is_finished(1)


@story
def tables_are_replaced_one_by_one(db):
    db.run({"a": numbered(0, 3), "b": numbered(0, 3)})
    new = {"a": numbered(10, 12), "b": numbered(10, 12)}
    db.run(new, "-w", "replace", "--commit", "job", code=KILLED, fault="after_part_commit")
    db.expect("select id from a order by id", "10", "11")
    db.expect("select part from a__parts order by 1", "10", "11")
    db.expect("select id from b order by id", "0", "1", "2")
    db.run(new, "-w", "replace", "--commit", "job")
    db.expect("select id from a order by id", "10", "11")
    db.expect("select id from b order by id", "10", "11")
    db.is_finished(2)


@story
def tables_are_merged_one_by_one(db):
    how = ["-k", "id", "-w", "merge", "--commit", "job"]
    db.run({"a": numbered(0, 3), "b": numbered(0, 3)}, *how)
    db.run({"a": numbered(2, 5), "b": numbered(2, 5)}, *how, code=KILLED, fault="after_part_commit")
    db.expect("select id from a order by id", "0", "1", "2", "3", "4")
    db.expect("select id from b order by id", "0", "1", "2")
    db.do("resume")
    db.expect("select id from b order by id", "0", "1", "2", "3", "4")
    db.expect("select part from b__parts order by 1", "0", "1", "2", "3", "4")
    db.is_finished(2)


@story
def refused_rows_are_left_out_of_the_last_part(db):
    db.run({"a": numbered(0, 1), "b": numbered(0, 1), "c": numbered(0, 1)})
    db.write(f"create unique index {db.index()} on b (id)")
    db.run({"a": numbered(1, 3), "b": numbered(0, 3), "c": numbered(1, 3)}, "--commit", "table", "--max-bad-rows", "100%", code=3,
           says="rejected 1 + pending 0, exactly once (table by table")
    for table in "abc":
        db.expect(f"select id from {table} order by id", "0", "1", "2")
        db.expect(f"select part from {table}__parts order by 1", "0", "1", "2")
    letters = json.loads(db.do("dead-letter", "list", "--json").stdout)
    assert len(json.dumps(letters).split('"open"')) == 2, letters
    db.is_finished(2)


@story
def a_refused_row_whose_document_is_half_there_waits(db):
    db.run({"a": numbered(0, 1)})
    db.write(f"create unique index {db.index()} on a__parts (part)")
    db.run({"a": numbered(0, 3)}, "--commit", "job", "--max-bad-rows", "100%", code=4, says="a part of the load is committed, and stays")
    db.expect("select id from a order by id", "0", "0", "1", "2")
    db.write(f"drop index {db.dataset}.once")
    db.do("resume", "--commit", "job")
    db.expect("select id from a order by id", "0", "0", "1", "2")
    db.expect("select part from a__parts order by 1", "0", "0", "1", "2")
    db.is_finished(2)


@story
def a_refused_row_of_one_job_is_left_out(db):
    db.run({"a": [{"id": 0}]})
    db.write(f"create unique index {db.index()} on a (id)")
    # So large that each file is a job.
    for name, ids in (("one", range(1, 13)), ("two", (0, *range(13, 25)))):
        (db.folder / f"{name}.jsonl").write_text("".join(json.dumps({"id": n, name: "x" * 1_000_000}) + "\n" for n in ids))
    db.do("run", "one.jsonl", "two.jsonl", "--table", "a", "--to", db.address, "--dataset", db.dataset, "-p", db.dataset, "--commit", "job",
          "--max-bad-rows", "100%", code=3, says="rejected 1 + pending 0, exactly once (job by job")
    db.expect("select id from a order by id", *map(str, range(25)))
    letter = json.loads(db.do("dead-letter", "list", "--json").stdout)
    assert letter["input"].endswith("two.jsonl") and letter["line"] == 1, letter
    db.is_finished(2)


@story
def a_limit_of_deletions_is_of_all_tables(db):
    how = ["-w", "replace", "--commit", "table", "--max-deleted"]
    db.run({"a": [{"id": n} for n in range(3)], "b": [{"id": n} for n in range(3)]})
    new = {"a": [{"id": n} for n in range(5, 8)], "b": [{"id": 5}]}
    db.run(new, *how, "1", code=1, says="2 rows would go, and 1 row at most may; nothing was changed")
    db.expect("select id from a order by id", "0", "1", "2")
    db.run(new, *how, "2")
    db.expect("select id from a order by id", "5", "6", "7")
    db.expect("select id from b", "5")


@story
def a_part_is_not_said_to_be_nowhere(db):
    db.run({"a": [{"id": 0}], "b": [{"id": 0}]})
    db.write(f"create unique index {db.index()} on b (id)")
    said = db.run({"a": [{"id": 1}], "b": [{"id": 0}]}, "--commit", "table", "--max-bad-rows", "0", code=4,
                  says="a part of the load is committed, and stays").stderr
    assert "no row was loaded" not in said and "--max-bad-rows N or P% loads the others" in said, said
    db.expect("select id from a order by id", "0", "1")
    db.do("resume", "--max-bad-rows", "100%", code=3)
    db.expect("select id from a order by id", "0", "1")
    db.is_finished(2)


@story
def a_package_that_is_given_up_leaves_its_parts(db):
    db.run({"a": numbered(0, 3), "b": numbered(0, 4)}, "--commit", "table", code=KILLED, fault="after_part_commit")
    [package] = db.folder.glob("state/pipelines/*/packages/*")
    db.do("package", "drop", package.name, "--yes", says="a part of it is at")
    db.expect("select count(*) from a", "3")


@story
def programs_are_no_databases(db):
    db.address = "null:"
    db.run({"a": numbered(0, 1)}, "--commit", "table", code=2, says="--commit table is for databases")


if __name__ == "__main__":
    sys.exit(main(Database))
