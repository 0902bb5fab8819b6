#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
#
# What a person may do about a pipeline and its dataset beside loading, with the real program on DuckDB, SQLite and
# PostgreSQL: sync, drop, loads and their status, leftovers, --dev-mode, and what the configuration says of databases.
#
#   OUTFALL=build/release/outfall OUTFALL_POSTGRES=FILE tests/databases/pipeline_verbs_test.py [--database NAME] [STORY...]
import json
import re
import shutil
import sys

import stories
from stories import Database, expect, story


class Shop(Database):
    """A pipeline with two resources, one of which has nested rows."""

    def fill(self):
        self.load("items", [{"id": 1, "tags": ["a", "b"]}, {"id": 2, "tags": []}])
        self.load("users", [{"id": 7}])

    def verb(self, *arguments, code=0, says=""):
        done = self.outfall(*arguments)
        if done.returncode != code or says not in done.stderr + done.stdout:
            raise AssertionError(f"{' '.join(arguments)}: exit {done.returncode}, wanted {code} and '{says}'\n{done.stdout}{done.stderr}")
        return done

    def pipeline(self, verb, *arguments, **wanted):
        return self.verb("pipeline", verb, self.dataset, *arguments, **wanted)

    def about(self, verb, *arguments, **wanted):
        return self.verb("dataset", verb, self.address, *arguments, "--dataset", self.dataset, **wanted)

    def documents(self, done):
        return json.loads(done.stdout)

    def change(self, statement):
        self.verb("query", self.address, statement, "--dataset", self.dataset, "--write")

    def forget(self):
        shutil.rmtree(self.folder / "state")


@story
def sync_restores_what_was_lost(shop):
    shop.fill()
    version = shop.documents(shop.pipeline("sync", "--json"))
    expect(version["changed"] is False and version["state_version"] == version["state_version_before"], version)
    shop.forget()
    shop.pipeline("sync", code=2, says="--to")
    where = ["--to", shop.address, "--dataset", shop.dataset]
    synced = shop.documents(shop.pipeline("sync", *where, "--json"))
    expect(synced["state_version"] == version["state_version"] and synced["state_version_before"] is None and synced["changed"], synced)
    expect(synced["schema_version"] == version["schema_version"], synced)
    tables = shop.verb("schema", "show", shop.dataset).stdout
    expect("items__tags" in tables and "users" in tables, tables)
    # Tied to that destination, as after a run.
    shop.pipeline("sync", "--to", shop.address, "--dataset", "elsewhere", code=2, says="elsewhere")
    shop.load("users", [{"id": 8}])
    shop.expect("select id from users order by 1", "7", "8")


@story
def sync_takes_what_is_newer(shop):
    shop.fill()
    shutil.copytree(shop.folder / "state", shop.folder / "old")
    shop.load("orders", [{"id": 1}])
    shop.forget()
    (shop.folder / "old").rename(shop.folder / "state")
    before = shop.verb("schema", "show", shop.dataset).stdout
    expect("orders" not in before, before)
    shop.pipeline("sync", says="was version")
    expect("orders" in shop.verb("schema", "show", shop.dataset).stdout, "orders")
    shop.pipeline("sync", says="as it was")


@story
def sync_leaves_everything_where_nothing_is_there(shop):
    shop.fill()
    shop.verb("pipeline", "sync", "nobody", "--to", shop.address, "--dataset", shop.dataset, code=2, says="of the pipeline nobody")
    shop.pipeline("sync", "--to", "null:", code=2, says="is no database")
    shop.expect("select id from users", "7")


@story
def drop_takes_tables_and_state(shop):
    shop.fill()
    shop.pipeline("drop", "nothing", code=2, says="there are items, users")
    shop.pipeline("drop", code=2, says="no resource was named")
    shop.pipeline("drop", "items", code=2, says="nobody can be asked whether to drop 2 tables")
    shop.expect("select count(*) from items", "2")
    dropped = shop.documents(shop.pipeline("drop", "re:it.*", "--yes", "--json"))
    expect([(one["name"], one["rows"]) for one in dropped["tables"]] == [("items", 2), ("items__tags", 2)], dropped)
    loads = shop.documents(shop.about("loads", "--json"))
    expect(loads[-1]["load_id"] == dropped["load_id"] and len(loads) == 3, loads)
    tables = shop.documents(shop.about("tables", "--json"))
    expect(tables == [{"table": "users", "rows": 1}], tables)
    expect("items" not in shop.verb("schema", "show", shop.dataset).stdout, "items are forgotten")
    shop.expect("select count(*) from _dlt_version", "1")
    # The other state store hears of it, and the table is made anew.
    shop.pipeline("sync", says="as it was")
    shop.load("items", [{"id": "x"}])
    shop.expect("select id from items", "x")
    shop.pipeline("drop", "--all", "--yes")
    expect(shop.documents(shop.about("tables", "--json")) == [], "all are gone")


@story
def drop_of_the_state_alone_leaves_the_tables(shop):
    shop.fill()
    state = shop.documents(shop.pipeline("sync", "--json"))["state_version"]
    shop.pipeline("drop", "items", "--state-only", "--yes")
    shop.expect("select count(*) from items", "2")
    expect(shop.documents(shop.pipeline("sync", "--json"))["state_version"] == state, "there was no state of it")


@story
def loads_reach_a_status_after_the_other(shop):
    shop.fill()
    first, second = [load["load_id"] for load in shop.documents(shop.about("loads", "--json"))]
    shop.about("advance", first, says="status 1")
    shop.about("advance", first, "--status", "3", says="status 3")
    shop.about("advance", first, "--status", "3", code=2, says="has reached status 3")
    shop.about("advance", "1.1", code=2, says="has no load 1.1")
    shop.expect("select load_id, status from _dlt_loads order by 1, 2", f"{first},0", f"{first},1", f"{first},3", f"{second},0")
    # It stays one load to whoever asks what is complete.
    shop.load("users", [{"id": 8}])
    shop.expect("select count(distinct load_id) from _dlt_loads where status = 0", "3")
    tables = shop.documents(shop.about("tables", "--load-id", first, "--json"))
    expect(tables == [{"table": "items", "rows": 2}, {"table": "items__tags", "rows": 2}, {"table": "users", "rows": 0}], tables)


@story
def leftovers_are_listed_and_removed(shop):
    shop.fill()
    shop.about("leftovers", says="every row is of a load that came to its end")
    shop.change("insert into items (id, _dlt_id, _dlt_load_id) values (9, 'r9', '1.5')")
    shop.change("insert into items__tags (value, _dlt_id, _dlt_parent_id, _dlt_list_idx) values ('z', 'r10', 'r9', 0)")
    if not shop.address.startswith("sqlite"):
        staging = f'"{shop.dataset}_staging"'
        shop.change(f"create schema {staging}")
        shop.change(f"create table {staging}.items (id bigint)")
    left = shop.documents(shop.about("leftovers", "--json"))
    expect(left[0] == {"dataset": shop.dataset, "table": "items", "load_id": "1.5", "rows": 1}, left)
    expect(len(left) == 1 or left[1] == {"dataset": f"{shop.dataset}_staging", "table": "items", "load_id": None, "rows": 0}, left)
    shop.about("leftovers", "--remove", code=2, says="nobody can be asked")
    shop.about("leftovers", "--remove", "--yes")
    shop.about("leftovers", says="every row is of a load that came to its end")
    shop.expect("select id from items order by 1", "1", "2")
    shop.expect("select value from items__tags order by 1", "a", "b")


@story
def replace_strategy_is_configured(shop):
    shop.load("items", [{"id": 1}])
    shop.environment["DESTINATION__REPLACE_STRATEGY"] = "nonsense"
    shop.load("items", [{"id": 2}], "-w", "replace", code=2, says="known: truncate-and-insert")
    shop.environment["DESTINATION__REPLACE_STRATEGY"] = "staging-optimized"
    if shop.address.startswith("postgres"):
        before = shop.rows(f"select '{shop.dataset}.items'::regclass::oid")
        shop.load("items", [{"id": 2}], "-w", "replace")
        expect(shop.rows(f"select '{shop.dataset}.items'::regclass::oid") != before, "another table is in its place")
    else:
        shop.load("items", [{"id": 2}], "-w", "replace", code=1, says="has no --replace-strategy staging-optimized")
        shop.load("items", [{"id": 2}], "-w", "replace", "--replace-strategy", "insert-from-staging")
    shop.expect("select id from items", "2")


@story
def dev_mode(shop):
    shop.fill()
    seen = set()
    for _ in range(2):
        done = shop.load("items", [{"id": 1}], "--dev-mode")
        dataset = re.search(rf"{shop.dataset}_\d{{14}}", done.stderr)
        expect(dataset, done.stderr)
        seen.add(dataset[0])
        rows = shop.verb("query", shop.address, "select count(*) from items", "--dataset", dataset[0], "-o", "csv").stdout.split()
        expect(rows[-1] == "1", rows)
    expect(len(seen) == 2, seen)
    shop.expect("select count(*) from items", "2")


if __name__ == "__main__":
    sys.exit(stories.main(Shop))
