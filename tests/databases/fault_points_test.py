#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
#
# Kills the real program at every fault point of a load into SQLite and into PostgreSQL, in a first load, in a second one that
# migrates, in one that replaces, in one that merges, in one of which rows are refused and in those that commit in parts, and resumes it until done: each row is there
# exactly once, or a dead letter.
#
#   OUTFALL=build/release/outfall OUTFALL_POSTGRES=FILE tests/databases/fault_points_test.py [--point NAME] [--database NAME]
import argparse
import collections
import concurrent.futures
import shutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "crash"))
import fault_points_test as crash
from database_world import PostgresWorld, SqliteWorld
from proof import record
from world import Expected, expect, fail_with, fault_points, fresh_folder, say


class Scenario(crash.Scenario):
    # Those of DuckDB's files, of batches, of drops and of shared state are elsewhere.
    def __init__(self, name, folder, expected, world):
        super().__init__(f"{world.name} {name}", folder, expected)
        self.before = world(folder)
        crash.make_inputs(self.before.make())


class Merge(Scenario):
    """The second load brings some people of the first one once more, under their keys."""

    def __init__(self, folder, expected, world):
        super().__init__("merge", folder, expected, world)
        self.files = [crash.FIRST[2], *crash.SECOND]
        self.options = ["--write-disposition", "merge", "--primary-key", "id"]


class Merged(Expected):
    """As Expected, but for the load ids: those of people who came again are the second load's."""

    def check_loads(self, world, facts):
        recorded = sorted(fact["load"] for fact in facts if fact["name"] == "recorded" and int(fact["rows"]) == 1)
        expect(len(recorded) == 2, f"_dlt_loads has {recorded}")


class Refused(Scenario):
    """The second load brings some people of the first one once more, and the table refuses them."""

    POINTS = {"before_load_begin", "in_load", "before_load_commit", "after_load_commit", "before_ledger_loaded", "after_ledger_loaded"}

    def __init__(self, folder, expected, world):
        super().__init__("refused", folder, expected, world)
        self.files = [crash.FIRST[2], *crash.SECOND]
        self.options = ["--max-bad-rows", "100%"]

    def passes(self, point):
        return point in self.POINTS

    def refuse_twins(self):
        self.before.execute("CREATE UNIQUE INDEX once ON people (id)")
        self.before.ENDINGS = (0, 3)


class InParts(Scenario):
    """The second load is committed part by part, and what resumes it may know nothing of that."""

    def __init__(self, unit, folder, expected, world):
        super().__init__(f"commit {unit}", folder, expected, world)
        self.options = ["--commit", unit]

    def passes(self, point):
        return point in crash.InParts.POINTS | crash.InParts.SHARED_POINTS


class WithLetters(Expected):
    """As Expected, and those who were refused are letters, once each."""

    def check(self, world):
        super().check(world)
        letters = world.ledger("SELECT status, count(*), count(DISTINCT line) FROM dead_letters GROUP BY status")
        twins = crash.PEOPLE // len(crash.FIRST)
        expect(letters == [("open", twins, twins)], f"the dead letters are {letters}")


def scenarios(folder, world):
    everybody = crash.PEOPLE + crash.VISITORS
    first_expected = Expected(0, crash.PEOPLE, late_from=crash.LATE_FROM)
    second_expected = Expected(0, everybody, visitors_from=crash.PEOPLE, late_from=crash.LATE_FROM, loads=2)
    first = Scenario("first load", folder / "first", first_expected, world)
    first.files = crash.FIRST
    second = Scenario("second load", folder / "second", second_expected, world)
    replace = Scenario("replace", folder / "replace",
                       Expected(crash.PEOPLE, everybody, visitors_from=crash.PEOPLE, late_from=crash.LATE_FROM, replaced=1), world)
    replace.options = ["--write-disposition", "replace"]
    merge = Merge(folder / "merge", Merged(0, everybody, visitors_from=crash.PEOPLE, late_from=crash.LATE_FROM, loads=2), world)
    refused = Refused(folder / "refused", WithLetters(0, everybody, visitors_from=crash.PEOPLE, late_from=crash.LATE_FROM, loads=2), world)
    parts = [InParts(unit, folder / unit, crash.WithoutMarks(0, everybody, visitors_from=crash.PEOPLE, late_from=crash.LATE_FROM, loads=2), world)
             for unit in ("table", "job")]
    for later in (second, replace, merge, refused, *parts):
        later.before.finish(later.before.command(crash.FIRST))
        first_expected.check(later.before)
    refused.refuse_twins()
    return [first, second, replace, merge, refused, *parts]


WORKERS = 3  # scenarios at a time: each waits much, for starts of processes and for the database


def strike_in(scenario, points, folder):
    reached = collections.Counter()
    crash.strike_everywhere(scenario, points, folder, reached)
    return reached


def strike_worlds(worlds, points, folder):
    """All scenarios of the databases, and the points that those of each database came to."""
    reached = {world.name: collections.Counter() for world in worlds}
    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        struck = [(scenario.before.name, pool.submit(strike_in, scenario, points, folder))
                  for made in pool.map(lambda world: scenarios(folder / world.name, world), worlds) for scenario in made]
        for name, counted in struck:
            reached[name] += counted.result()
    return reached


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--point", help="only this fault point")
    parser.add_argument("--database", help="sqlite or postgres")
    chosen = parser.parse_args()
    points = [chosen.point] if chosen.point else fault_points()
    folder = fresh_folder("databases", in_memory=True)
    worlds = [world for world in (SqliteWorld, PostgresWorld) if chosen.database in (None, world.name)]
    for name, reached in strike_worlds(worlds, points, folder).items():
        missed = {"before_load_begin", "in_load", "after_part_commit", "before_load_commit", "before_migration", "after_migration", "after_seal"} & set(points)
        never = [point for point in missed if not reached[point]]
        if never:
            fail_with(folder, f"{name}: no scenario came to {', '.join(never)}")
        if not chosen.point:
            record(name.lower(), "SIGKILL at a fault point", sum(reached.values()))
        say(f"{name}: {sum(reached.values())} kills, each row exactly once after each")
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
