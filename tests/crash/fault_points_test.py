#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
#
# Kills the real program at every fault point, in a first load, in a second one that migrates, in one that replaces, in one that
# commits job by job, while a package is dropped, in a load into a database of somebody's own that replaces, while a program or a
# plugin takes rows in batches, while job files that it gave up are skipped or aborted, and while
# dead letters are replayed, and resumes it until done; also where that is done by another runner that has nothing but the
# state that the killed one has shared. Then each row must be there exactly once; a program must have got
# each once, where it counts what comes under one key once, but for those that were given up.
#
#   OUTFALL=build/release/outfall tests/crash/fault_points_test.py [--point NAME]
import argparse
import collections
import json
import shutil
import sqlite3
import subprocess
from pathlib import Path

from proof import record
from world import DATASET, HERE, KILLED, OUTFALL, ROOT, Broken, Expected, World, expect, fail_with, fault_points, fresh_folder, say, write_people, write_visitors

PEOPLE = 120  # of the first load, in three files
VISITORS = 80  # of the second, in two
FIRST = ["part1.jsonl", "part2.jsonl", "part3.jsonl"]
SECOND = ["part4.jsonl", "part5.jsonl"]
LATE_FROM = 50
# Points that one run passes several times are also tried at a later turn.
LATER_TURNS = {"job_file_created": 3, "job_file_written": 2, "in_load": 2, "after_part_commit": 2, "batch_answered": 5, "before_state_push": 2, "after_state_push": 2}


def make_inputs(world):
    third = PEOPLE // 3
    for i, file in enumerate(FIRST):
        write_people(world.inputs / file, i * third, (i + 1) * third, LATE_FROM)
    half = VISITORS // 2
    for i, file in enumerate(SECOND):
        write_visitors(world.inputs / file, PEOPLE + i * half, PEOPLE + (i + 1) * half)


class Scenario:
    """A world as it is before the command that will die, and what must be there when all is finished."""

    def __init__(self, name, folder, expected):
        self.name = name
        self.before = World(folder)
        self.expected = expected
        self.files = SECOND
        self.options = []

    def command(self, world):
        return world.command(self.files, *self.options)

    def passes(self, point):
        return point not in Drop.POINTS | Program.POINTS | Abort.POINTS | Skip.POINTS | Elsewhere.POINTS | InParts.POINTS

    def finish(self, world, point, ended_before, resume_first):
        world.complete(self.command(world), ended_before, resume_first)


class Drop(Scenario):
    """A sealed package is given up, and its files are loaded anew."""

    POINTS = {"before_package_drop", "in_package_drop", "after_package_drop"}
    SHARED_POINTS = {"run_begun", "before_files_removed", "after_files_removed", "before_run_end", "after_run_end"}

    def passes(self, point):
        return point in self.POINTS | self.SHARED_POINTS

    def __init__(self, folder, expected):
        super().__init__("drop", folder, expected)
        make_inputs(self.before.make())
        self.before.finish(self.before.command(FIRST))
        self.before.run(self.before.command(SECOND), fault="after_seal")
        [(self.load_id,)] = self.before.ledger("SELECT load_id FROM packages WHERE state = 'pending'")

    def command(self, world):
        return [OUTFALL, "package", "drop", self.load_id, "--yes", "--data-dir", str(world.data)]

    def finish(self, world, point, ended_before, resume_first):
        if resume_first:
            world.finish(world.resume_command())
        else:
            world.run(self.command(world))  # dropped, or gone already
        # The run that had sealed them has no end, so typing its command loads its files, or finds them delivered.
        world.finish(world.command(SECOND))


class InParts(Scenario):
    """A load is committed job by job, and what resumes it may know nothing of that."""

    POINTS = {"after_part_commit"}
    SHARED_POINTS = {"before_migration", "after_migration", "before_load_begin", "in_load", "before_load_commit", "after_load_commit",
                     "before_ledger_loaded"}

    def __init__(self, folder, expected):
        super().__init__("commit job", folder, expected)
        self.options = ["--commit", "job"]

    def passes(self, point):
        return point in self.POINTS | self.SHARED_POINTS


class WithoutMarks(Expected):
    """As Expected, and nothing is left of what told the parts."""

    def check(self, world):
        super().check(world)
        left = world.query("SELECT * FROM _outfall_commits")
        expect(not left, f"marks of parts are left: {left}")


class ProgramWorld(World):
    """Rows go to a program, which writes down what it got."""

    def target(self):
        taker = f"exec:python3 {HERE / 'taker.py'} {self.disk / 'taken'}"
        return ["--to", taker, "--batch-size", "7", "--pipeline", "town", *self.state()]


class PluginWorld(ProgramWorld):
    """The same with a plugin, which is compiled for the file that it writes to."""

    def target(self):
        plugin = self.folder / "libtaker.so"
        if not plugin.exists():
            subprocess.run(["cc", "-std=c11", "-D_POSIX_C_SOURCE=200809L", "-shared", "-fPIC", "-I", ROOT / "include",
                            f'-DTAKEN="{self.disk / "taken"}"', HERE / "taker.c", "-o", plugin], check=True)
        return ["--to", f"plugin:{plugin}#taker", "--batch-size", "7", "--pipeline", "town", *self.state()]


class FolderWorld(World):
    """A database of somebody's own, in a plugin: examples/folder_destination.h. Its files are asked as tables of SQLite."""

    DATABASE_FILES = {"town"}

    def target(self):
        plugin = Path(OUTFALL).parent / "example_folder_destination_plugin.so"
        return ["--to", f"plugin:{plugin}#folder", "--dataset", DATASET, "--pipeline", "town", *self.state()]

    def run(self, command, fault=None, environment=None):
        return super().run(command, fault, {"DESTINATION__PATH": str(self.disk / "town"), **(environment or {})})

    def tables(self):
        dataset = self.disk / "town" / DATASET
        tables = {"_dlt_loads": []}
        for load in sorted((dataset / "loads").glob("*[0-9]")):
            tables["_dlt_loads"].append({"load_id": load.name, "status": 0})
            for word, *rest in (line.split("\t") for line in load.read_text().splitlines()):
                if word == "emptied":
                    tables[rest[0]] = []
                elif word == "job":
                    rows = (dataset / "jobs" / rest[1]).read_text().splitlines()
                    tables.setdefault(rest[0], []).extend(map(json.loads, rows))
        return tables

    def query(self, statement):
        database = sqlite3.connect(":memory:")
        database.row_factory = sqlite3.Row
        for table, rows in self.tables().items():
            columns = list(dict.fromkeys(column for row in rows for column in row))
            database.execute(f"CREATE TABLE {table} ({', '.join(columns)})")
            places = ", ".join("?" * len(columns))
            database.executemany(f"INSERT INTO {table} VALUES ({places})", [[row.get(column) for column in columns] for row in rows])
        return [dict(row) for row in database.execute(statement)]


class Taken:
    """People below `last` were taken; letters have these states."""

    def __init__(self, last=PEOPLE, letters=()):
        self.last = last
        self.letters = list(letters)

    def check(self, world):
        batches = {}
        for line in (world.disk / "taken").read_text().splitlines():
            key, *ids = line.split()
            expect(batches.setdefault(key, ids) == ids, f"other rows came under the key {key}")
        ids = [int(id) for batch in batches.values() for id in batch]
        expect(ids == list(range(self.last)), f"{len(ids)} rows were taken, {len(set(ids))} of them different, of {self.last}")
        letters = world.ledger("SELECT status, count(*) FROM dead_letters GROUP BY status ORDER BY status")
        expect(letters == self.letters, f"the dead letters are {letters}, expected {self.letters}")
        pending = world.ledger("SELECT load_id FROM packages WHERE state = 'pending'")
        expect(not pending, f"packages are pending: {pending}")
        unended = world.ledger("SELECT load_id FROM aborts WHERE ended_at IS NULL")
        expect(not unended, f"aborts have no end: {unended}")


class Program(Scenario):
    """A program takes the rows in batches."""

    POINTS = {"batch_intended", "batch_answered"}
    SHARED_POINTS = {"after_seal", "before_ledger_loaded", "after_ledger_loaded", "before_run_end", "after_run_end"}

    def __init__(self, name, folder, world=ProgramWorld):
        super().__init__(name, folder, Taken())
        self.before = world(folder)
        self.files = FIRST
        make_inputs(self.before.make())

    def passes(self, point):
        return point in self.POINTS | self.SHARED_POINTS


class Failed(Scenario):
    """A program has given up the second half of a job file, and a person does something about it."""

    TAKEN = 63
    SHARED_POINTS = {"run_begun", "before_run_end", "after_run_end"}
    UNTOLD = set()  # points behind the rows that it rejects, and before it has told of them

    def __init__(self, name, folder, expected):
        super().__init__(name, folder, expected)
        self.before = ProgramWorld(folder)
        make_inputs(self.before.make())
        (self.before.disk / "taken.fatal").write_text(str(self.TAKEN))
        self.before.run(self.before.command(FIRST))
        (self.before.disk / "taken.fatal").unlink()
        [(self.load_id,)] = self.before.ledger("SELECT load_id FROM lanes WHERE state = 'failed'")

    def passes(self, point):
        return point in self.POINTS | self.SHARED_POINTS

    def command(self, world):
        return [OUTFALL, "package", self.name, self.load_id, "--yes", "--data-dir", str(world.data)]

    def finish(self, world, point, ended_before, resume_first):
        if not resume_first:
            world.run(self.command(world))  # done, or done already
        resumed = world.run(world.resume_command())
        # Whoever was killed has told nobody of the rows that were given up.
        told = 3 if point in self.UNTOLD else 0
        expect(resumed.returncode == told, f"resume ended with {resumed.returncode}, not {told}:\n{resumed.stderr}")
        if world.ledger("SELECT 1 FROM packages WHERE state = 'pending'"):
            world.run(self.command(world))
        world.run([*world.resume_command(), "town"])


class Abort(Failed):
    POINTS = {"abort_asked", "in_abort", "after_abort"}

    def __init__(self, folder):
        super().__init__("abort", folder, Taken(self.TAKEN))


class Skip(Failed):
    POINTS = {"after_skip"}
    UNTOLD = {"after_skip", "before_run_end"}

    def __init__(self, folder):
        super().__init__("skip", folder, Taken(self.TAKEN, [("open", PEOPLE - self.TAKEN)]))


class Replay(Failed):
    """What was skipped is delivered after all."""

    POINTS = set()
    SHARED_POINTS = {"run_begun", "job_files_synced", "before_seal", "in_seal", "after_seal", "batch_intended", "batch_answered",
                     "before_ledger_loaded", "after_ledger_loaded", "before_run_end", "after_run_end"}

    def __init__(self, folder):
        super().__init__("skip", folder, Taken(letters=[("replayed", PEOPLE - self.TAKEN)]))
        self.before.finish(self.command(self.before))
        self.before.finish(self.before.resume_command())
        self.name = "replay"

    def command(self, world):
        if self.name == "skip":
            return super().command(world)
        return [OUTFALL, "dead-letter", "replay", "town", *world.state()]

    def finish(self, world, point, ended_before, resume_first):
        if resume_first:
            world.finish(world.resume_command())
        world.finish(self.command(world))


class Shared:
    """A world whose runners share their state in a folder."""

    def make(self):
        super().make()
        (self.disk / "shared").mkdir()
        return self

    def state(self):
        return [*super().state(), "--state", f"dir:{self.disk / 'shared'}"]


class SharedWorld(Shared, World):
    pass


class SharedProgramWorld(Shared, ProgramWorld):
    pass


class Elsewhere(Scenario):
    """The disk of the runner that died is gone; another one has the inputs, the destination and the shared state."""

    POINTS = {"state_claimed", "before_state_push", "after_state_push"}

    def __init__(self, name, folder, expected, world):
        super().__init__(name, folder, expected)
        self.before = world(folder)
        self.files = FIRST
        make_inputs(self.before.make())

    def passes(self, point):
        takes_batches = isinstance(self.before, ProgramWorld)
        return point in self.POINTS or (point in Program.POINTS if takes_batches else super().passes(point))

    def finish(self, world, point, ended_before, resume_first):
        shutil.rmtree(world.data)
        world.finish([OUTFALL, "status", "--data-dir", str(world.data), "--state", f"dir:{world.disk / 'shared'}"])
        super().finish(world, point, ended_before, resume_first)


def scenarios(folder):
    first = Scenario("first load", folder / "first", Expected(0, PEOPLE, late_from=LATE_FROM))
    first.files = FIRST
    make_inputs(first.before.make())
    everybody = PEOPLE + VISITORS
    second = Scenario(
        "second load", folder / "second", Expected(0, everybody, visitors_from=PEOPLE, late_from=LATE_FROM, loads=2))
    replace = Scenario(
        "replace", folder / "replace", Expected(PEOPLE, everybody, visitors_from=PEOPLE, late_from=LATE_FROM, replaced=1))
    replace.options = ["--write-disposition", "replace"]
    own = Scenario("own database", folder / "own", replace.expected)
    own.before = FolderWorld(folder / "own")
    own.options = replace.options
    parts = InParts(folder / "parts", WithoutMarks(0, everybody, visitors_from=PEOPLE, late_from=LATE_FROM, loads=2))
    # The binding of the pipeline holds the database's path, so each place does its own first load.
    for later in (second, replace, own, parts):
        make_inputs(later.before.make())
        later.before.finish(later.before.command(FIRST))
        first.expected.check(later.before)
    return [first, second, replace, own, parts, Drop(folder / "drop", second.expected), Program("program", folder / "program"),
            Program("plugin", folder / "plugin", PluginWorld),
            Abort(folder / "abort"), Skip(folder / "skip"), Replay(folder / "replay"),
            Elsewhere("elsewhere", folder / "elsewhere", first.expected, SharedWorld),
            Elsewhere("batches there", folder / "batches", Taken(), SharedProgramWorld)]


def restore(scenario, saved):
    """Puts the world back as it was; its path stays, because the pipeline remembers it."""
    shutil.rmtree(scenario.before.disk)
    shutil.copytree(saved, scenario.before.disk)
    scenario.before.restore()


def strike(scenario, fault, resume_first):
    """One kill and what follows; False if the run never came to that point."""
    world = scenario.before
    command = scenario.command(world)
    ended_before = world.ended_runs()
    died = world.run(command, fault=fault)
    if died.returncode in world.ENDINGS:
        scenario.expected.check(world)
        return False
    expect(died.returncode == KILLED, f"ended with {died.returncode} instead of dying:\n{died.stderr}")
    scenario.finish(world, fault.partition(":")[0], ended_before, resume_first)
    scenario.expected.check(world)
    return True


def strike_everywhere(scenario, points, folder, reached):
    saved = scenario.before.folder / "saved"
    shutil.copytree(scenario.before.disk, saved)
    scenario.before.save()
    for turn, point in enumerate(filter(scenario.passes, points)):
        faults = [point] + ([f"{point}:{LATER_TURNS[point]}"] if point in LATER_TURNS else [])
        for fault in faults:
            restore(scenario, saved)
            how = "outfall resume, then the same command" if turn % 2 else "the same command"
            try:
                hit = strike(scenario, fault, resume_first=turn % 2 == 1)
            except Broken as broken:
                fail_with(folder, f"{scenario.name}, killed at {fault}, then {how}: {broken}")
            reached[point] += hit
            say(f"  {scenario.name:13} {fault:22} " + (f"killed, then {how}" if hit else "not reached"))
    shutil.rmtree(saved)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--point", help="only this fault point")
    chosen = parser.parse_args().point
    points = [chosen] if chosen else fault_points()
    folder = fresh_folder("faults", in_memory=True)
    reached = collections.Counter()
    into_duckdb = 0
    for scenario in scenarios(folder):
        before = sum(reached.values())
        strike_everywhere(scenario, points, folder, reached)
        into_duckdb += 0 if isinstance(scenario.before, (ProgramWorld, FolderWorld)) else sum(reached.values()) - before
    never = [point for point in points if not reached[point]]
    if never:
        fail_with(folder, f"no scenario came to {', '.join(never)}")
    if not chosen:
        record("duckdb", "SIGKILL at a fault point", into_duckdb)
    say(f"{sum(reached.values())} kills at {len(points)} fault points, each row exactly once after each")
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
