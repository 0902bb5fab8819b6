#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
#
# What each write disposition and merge strategy does to rows that are there, with the real program on DuckDB, SQLite and
# PostgreSQL: one story for all three.
#
#   OUTFALL=build/release/outfall OUTFALL_POSTGRES=FILE tests/databases/dispositions_test.py [--database NAME] [STORY...]
import sys

from stories import expect, main, story


@story
def upsert_with_nested_rows(db):
    db.load("t", [{"id": 1, "n": "a", "items": [1, 2, 3]}, {"id": 1, "n": "b", "items": [9]},
                  {"id": 2, "n": "c", "items": [7]}, {"id": 2, "n": "d", "items": []}],
            "-w", "merge", "--merge-strategy", "upsert", "-k", "id", says="2 left out for another with the same key")
    db.expect("select n from t order by id", "b", "d")
    db.expect("select value from t__items order by value", "9")
    db.load("t", [{"id": 1, "n": "z", "items": [10, 11]}, {"id": 3, "n": "y"}], says="1 inserted, 1 updated")
    db.expect("select id, n from t order by id", "1,z", "2,d", "3,y")
    db.expect("select i.value from t__items i join t on t._dlt_id = i._dlt_root_id order by 1", "10", "11")


@story
def upsert_of_a_key_that_the_table_has_twice(db):
    db.load("t", [{"id": 1, "v": 1, "items": [1]}, {"id": 1, "v": 1, "items": [2]}, {"id": 2, "v": 1}])
    for n in 7, 8:
        db.load("t", [{"id": 1, "v": n, "items": [n]}, {"id": 2, "v": n}], "-w", "merge", "--merge-strategy", "upsert", "-k", "id",
                says="3 updated")
        db.expect("select id, v from t order by id", f"1,{n}", f"1,{n}", f"2,{n}")
        db.expect("select value from t__items", str(n))
    if db.kind == "postgres":
        db.expect("select count(distinct _dlt_id) from t", "3")
        db.expect("select count(*) from t join t__items i on i._dlt_parent_id = t._dlt_id", "1")


@story
def upsert_into_a_table_whose_trigger_inserts_more(db):
    if db.kind != "postgres":
        return
    db.load("t", [{"id": 1}], "-w", "merge", "--merge-strategy", "upsert", "-k", "id")
    for statement in ("create function more() returns trigger language plpgsql as $$ begin insert into t (id, _dlt_load_id, _dlt_id) "
                      "values (new.id + 100, new._dlt_load_id, new._dlt_id || '+'); return null; end $$",
                      "create trigger more after insert on t for each row when (pg_trigger_depth() = 0) execute function more()"):
        made = db.outfall("query", db.address, statement.replace("more()", f"{db.dataset}.more()").replace("into t ", f"into {db.dataset}.t "),
                          "--dataset", db.dataset, "--write")
        expect(made.returncode == 0, made.stderr)
    db.load("t", [{"id": 1}, {"id": 2}], says="1 inserted, 1 updated")
    db.expect("select id from t order by id", "1", "2", "102")


@story
def upsert_of_unchanged_rows(db):
    how = ["--merge-strategy", "upsert", "-k", "id", "--skip-unchanged"]
    db.load("t", [{"id": 1, "v": 1}, {"id": 2, "v": None}, {"id": 3, "v": 3}], *how)
    db.load("t", [{"id": 1, "v": 1}, {"id": 2, "v": 2}, {"id": 3}], says="merged: 2 updated")
    db.expect("select id, v from t order by id", "1,1", "2,2", "3,")
    how = ["--merge-strategy", "upsert", "-k", "id", "--skip-unchanged", "--row-version", "rev"]
    db.load("u", [{"id": 1, "rev": 1, "v": 1}, {"id": 2, "rev": 1, "v": 2}], *how)
    db.load("u", [{"id": 1, "rev": 1, "v": 10}, {"id": 2, "rev": 2, "v": 20}], says="merged: 1 updated")
    db.expect("select id, v from u order by id", "1,1", "2,20")


@story
def upsert_of_missing_columns(db):
    db.load("t", [{"id": 1, "a": 1, "b": 1}], "--merge-strategy", "upsert", "-k", "id")
    db.load("t", [{"id": 1, "b": 2}])
    db.expect("select a, b from t", ",2")
    db.load("t", [{"id": 1, "a": 5}], "--missing-columns", "keep")
    db.expect("select a, b from t", "5,2")
    db.load("t", [{"id": 1, "a": 6}])
    db.expect("select a, b from t", "6,2")
    db.load("t", [{"id": 1, "a": 7}], "--missing-columns", "null")
    db.expect("select a, b from t", "7,")


@story
def versions(db):
    how = ["--merge-strategy", "scd2", "--boundary"]
    db.load("t", [{"id": 1, "n": "a", "items": [1]}, {"id": 2, "n": "b"}, {"id": 2, "n": "b"}], *how, "2024-01-01")
    db.load("t", [{"id": 1, "n": "a", "items": [2]}, {"id": 3, "n": "c"}], *how, "2024-02-01", says="2 inserted, 2 ended")
    db.load("t", [{"id": 1, "n": "a", "items": [1]}, {"id": 3, "n": "c"}], *how, "2024-03-01", says="1 inserted, 1 ended")
    day = "substr(cast({} as varchar), 1, 10)"
    db.expect(f"select id, n, {day.format('_dlt_valid_from')}, {day.format('_dlt_valid_to')} from t order by 1, 3",
              "1,a,2024-01-01,2024-02-01", "1,a,2024-02-01,2024-03-01", "1,a,2024-03-01,", "2,b,2024-01-01,2024-02-01",
              "3,c,2024-02-01,")
    # What is nested in a version that comes again is there already.
    db.expect("select value from t__items order by 1", "1", "2")
    db.expect("select i.value from t__items i join t on t._dlt_id = i._dlt_parent_id where t._dlt_valid_to is null", "1")
    db.load("t", [{"n": "a", "id": 1, "items": [1]}, {"id": 3, "n": "c"}], says="t is merged (scd2), as before")
    db.expect("select count(*) from t", "5")


@story
def versions_by_natural_key(db):
    how = ["--merge-strategy", "scd2", "--merge-key", "id", "--validity-columns", "since,until", "--active-until", "9999-12-31"]
    db.load("t", [{"id": 1, "n": "a"}, {"id": 2, "n": "b"}], *how, "--boundary", "2024-01-01")
    db.load("t", [{"id": 1, "n": "z"}], "--boundary", "2024-02-01", says="1 inserted, 1 ended")
    day = "substr(cast({} as varchar), 1, 10)"
    db.expect(f"select id, n, {day.format('since')}, {day.format('until')} from t order by 1, 3",
              "1,a,2024-01-01,2024-02-01", "1,z,2024-02-01,9999-12-31", "2,b,2024-01-01,9999-12-31")


@story
def versions_by_a_column(db):
    how = ["--merge-strategy", "scd2", "--row-version", "rev"]
    db.load("t", [{"rev": "x1", "n": "a", "items": [1]}, {"rev": "y1", "n": "b", "items": [2]}], *how)
    db.load("t", [{"rev": "x2", "n": "a", "items": [3]}, {"rev": "y1", "n": "not looked at", "items": [4]}])
    db.expect("select rev, n from t where _dlt_valid_to is null order by 1", "x2,a", "y1,b")
    db.expect("select count(*) from t", "3")
    db.expect("select value from t__items order by 1", "1", "2", "3")


@story
def all_rows_there_are(db):
    how = ["--merge-strategy", "cdc", "-k", "id"]
    db.load("t", [{"id": 1, "r": "x", "items": [1]}, {"id": 2, "r": "x", "items": [2]}, {"id": 3, "r": "y", "items": [3]}], *how)
    db.load("t", [{"id": 1, "r": "x", "items": [10]}, {"id": 4, "r": "x"}], "--destination-scope", "r = 'x'",
            says="1 inserted, 1 updated, 1 deleted")
    db.expect("select id from t order by id", "1", "3", "4")
    db.expect("select value from t__items order by 1", "3", "10")
    db.load("u", [{"id": 1, "r": "x"}, {"id": 2, "r": "x"}, {"id": 3, "r": "y"}, {"id": 4, "r": None}], *how, "--merge-key", "r")
    db.load("u", [{"id": 2, "r": "x"}, {"id": 5, "r": None}])
    db.expect("select id from u order by id", "2", "3", "5")


@story
def filters_and_scopes(db):
    db.load("t", [{"id": 1, "v": 1}, {"id": 2, "v": 2}, {"id": 3, "v": 3}])
    db.load("t", [{"id": 9, "v": 9}, {"id": 10, "v": None}, {"id": 1, "v": 50}], "-w", "merge", "--source-filter", "v < 40",
            "--destination-scope", "v >= (select max(v) from {table})", says="1 inserted, 1 deleted")
    db.expect("select id, v from t order by id", "1,1", "2,2", "9,9")
    # What is wrong with the condition is no fault of the rows.
    db.load("t", [{"id": 1, "v": 1}], "-w", "merge", "--source-filter", "no_such_column < 40", code=1, says="correct --source-filter")
    if "rejected 1" in db.outfall("status").stdout:
        raise AssertionError("the row was rejected for it")
    db.expect("select id, v from t order by id", "1,1", "2,2", "9,9")
    db.load("t", [{"id": 2, "v": 50}], "-k", "id", "--source-filter", "none", "--destination-scope", "none", says="1 inserted, 1 deleted")
    db.expect("select id, v from t order by id", "1,1", "2,50", "9,9")


@story
def deletions(db):
    db.load("t", [{"id": 1, "items": [1]}, {"id": 2, "items": [2]}, {"id": 3}], "-w", "merge", "-k", "id")
    db.load("t", [{"id": 1}, {"id": 7}], "-w", "delete", says="1 deleted")
    db.expect("select id from t order by id", "2", "3")
    db.expect("select value from t__items", "2")
    db.load("t", [{"id": 2, "v": 1}], "-w", "delete", code=2, says="holds more than the keys")
    db.load("nobody", [{"id": 2}], "-w", "delete", "-k", "id", code=2, says="there is no such table")
    db.load("t", [{"id": 4}], says="1 inserted")
    db.expect("select id from t order by id", "2", "3", "4")


@story
def limits_of_deletion(db):
    rows = [{"id": number} for number in range(10)]
    db.load("t", rows, "--merge-strategy", "cdc", "-k", "id")
    db.load("t", rows[:8], "--max-deleted", "1", code=1, says="2 rows would go, and 1 row at most may")
    db.load("t", rows[:8], "--max-deleted", "10%", code=1, says="2 rows would go, and 10% of 10 rows at most may")
    db.expect("select count(*) from t", "10")
    db.load("t", rows[:8], "--max-deleted", "20%", says="2 deleted")
    db.load("t", rows[:2], "-w", "replace", "--max-deleted", "5", code=1, says="6 rows would go")
    db.load("t", rows[:3], "-w", "replace", "--max-deleted", "5")
    db.expect("select count(*) from t", "3")
    db.load("t", [{"id": 1, "v": 2}, {"id": 2}], "-w", "merge", "--merge-strategy", "delete-insert", "--max-deleted", "0")
    db.expect("select count(*) from t", "3")


@story
def replacements(db):
    strategies = ["truncate-and-insert", "insert-from-staging"]
    if db.address.startswith("postgres"):
        strategies.append("staging-optimized")
    for number, strategy in enumerate(strategies):
        db.load("t", [{"id": 1, "items": [1, 2], "old": number}, {"id": 2}])
        db.load("t", [{"id": 3, "items": [3], f"new_{number}": True}], "-w", "replace", "--replace-strategy", strategy)
        db.expect("select id from t", "3")
        db.expect("select value from t__items", "3")
        db.load("t", [{"id": 4}], "-w", "replace", "--replace-strategy", strategy)
        db.expect("select id from t", "4")
        db.expect("select count(*) from t__items", "0")
    if db.address.startswith("postgres"):
        return
    db.load("t", [{"id": 5}], "-w", "replace", "--replace-strategy", "staging-optimized", code=2, says="it has truncate-and-insert, insert-from-staging")
    db.expect("select id from t", "4")


@story
def afresh(db):
    db.load("t", [{"id": 1, "old": "x", "items": [{"a": 1}]}, {"id": 2}])
    db.load("other", [{"id": 1}])
    db.load("t", [{"id": 3, "items": [{"a": 2}]}], "--refresh", "drop_data")
    db.expect("select id, old from t", "3,")
    db.expect("select a from t__items", "2")
    db.load("t", [{"id": "now a text", "items": [{"b": 1}]}], "--refresh", "drop_resources")
    db.expect("select id from t", "now a text")
    db.expect("select b from t__items", "1")
    db.load("t", [{"id": "again", "old": 1}])
    db.expect("select id, old from t order by id", "again,1", "now a text,")
    db.expect("select count(*) from other", "1")
    if not db.outfall("query", db.address, "select a from t__items", "--dataset", db.dataset).returncode:
        raise AssertionError("the column a is there still")
    db.load("t", [{"id": 1}], "--refresh", "drop_sources")
    db.expect("select id from t", "1")
    for gone in ("other", "t__items"):
        if not db.outfall("query", db.address, f"select * from {gone}", "--dataset", db.dataset).returncode:
            raise AssertionError(f"{gone} is there still")
    db.load("t", [{"id": 2}], says="in 1 = delivered 1")
    db.expect("select id from t order by id", "1", "2")


@story
def conditions_that_nobody_can_read_are_refused_first(db):
    db.load("t", [{"id": 1}])
    for option in ("--source-filter", "--destination-scope"):
        for how in ([], ["--dry-run"]):
            db.load("t", [{"id": 2}], "-w", "merge", "-k", "id", option, "id > > (", *how, code=2, says=option)
    db.load("t", [{"id": 2}], "-w", "merge", "-k", "id", "--destination-scope", "{table}.id = 1", "--source-filter", "id > 1")
    db.expect("select id from t", "2")


@story
def letters_of_a_delete_are_not_loaded(db):
    db.load("t", [{"id": 1}, {"id": 2}])
    db.load("t", [{"id": None, "n": "x"}, {"id": 1}], "-w", "delete", "-k", "id", "--on-reject", "dead-letter", code=3)
    db.expect("select id from t", "2")
    done = db.outfall("dead-letter", "replay", db.dataset)
    if done.returncode != 1 or "that were to go" not in done.stderr or "-w delete" not in done.stderr:
        raise AssertionError(f"exit {done.returncode}\n{done.stderr}")
    db.expect("select id from t", "2")


@story
def what_is_merged_comes_to_the_same_again(db):
    db.load("t", [{"id": 1}], "--merge-strategy", "upsert", "-k", "id")
    again = db.load("t", [{"id": 1}], says="was already loaded")
    if "--skip-loaded takes" in again.stderr:
        raise AssertionError(again.stderr)
    db.load("u", [{"id": 1}])
    db.load("u", [{"id": 1}], says="--skip-loaded takes")


@story
def no_number_in_a_merge(db):
    how = ["-w", "merge", "-k", "id", "--max-bad-rows", "100%"]
    db.load("t", [{"id": 1, "x": 1.5}], *how)
    # SQLite would keep it as null.
    has_nan = db.kind != "sqlite"
    db.load("t", [{"id": 1, "x": "NaN"}, {"id": 2, "x": 2.5}], *how, code=0 if has_nan else 3,
            says="delivered 2" if has_nan else "would take NaN for null")
    db.expect("select id from t where x > 2 and x < 3", "2")
    db.expect("select count(*) from t where x < 2", "0" if has_nan else "1")


@story
def nothing_at_all(db):
    db.load("t", [{"id": 1}])
    db.load("t", [{"id": 2}], "-w", "skip")
    db.expect("select id from t", "1")


if __name__ == "__main__":
    sys.exit(main())
