#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
#
# Power cuts: a run is recorded by power_cut_shim.c, the disk is put into a state that a cut at some moment may leave, and
# the run is resumed there. Each row must be there exactly once.
#
#   OUTFALL=build/release/outfall OUTFALL_BUILD=build/release tests/crash/power_cut_test.py [--cases N] [--seed S]
#   ... --ignore-syncs      as if no sync was ever made: then a loss must be found, or the test itself is blind
import argparse
import os
import random
import re
import shutil
import time
from pathlib import Path

from power_cut import Disk, Op, read_log
from world import KILLED, OUTFALL, ROOT, Broken, Expected, World, expect, fail_with, fault_points, fresh_folder, say, write_people, write_visitors

PEOPLE = 300
VISITORS = 200
FIRST = ["part1.jsonl", "part2.jsonl"]
SECOND = ["part3.jsonl"]
LATE_FROM = 100
BLIND_CASES_MAX = 40  # a harness that finds no loss in so many cuts of an unsynced disk finds none


def shim():
    build = Path(os.environ.get("OUTFALL_BUILD", ROOT / "build/release"))
    for place in (build / "tests/crash/libpower_cut_shim.so", build / "libpower_cut_shim.so"):
        if place.exists():
            return place
    raise Broken(f"{build}: there is no libpower_cut_shim.so")


class Recording:
    """A world, its state before a run, and what the run did to the disk."""

    def __init__(self, name, world, files, expected):
        self.name = name
        self.world = world
        self.files = files
        self.expected = expected
        self.before = world.folder / "before"
        self.log = world.folder / "log"
        self.operations = []

    def record(self, faults=()):
        """Types the command until it is through; each of the faults kills it, unless its place was passed before."""
        world = self.world
        shutil.copytree(world.disk, self.before)
        self.ended_before = world.ended_runs()
        environment = {"LD_PRELOAD": str(shim()), "POWER_CUT_ROOT": str(world.disk), "POWER_CUT_LOG": str(self.log)}
        for fault in (*faults, None):
            done = world.run(world.command(self.files), fault=fault, environment=environment)
            if done.returncode == 0:
                break  # typed once more it would be a second load
            expect(fault and done.returncode == KILLED, f"{self.name} ended with {done.returncode}:\n{done.stderr}")
        self.operations = read_log(self.log)
        expect(len(self.operations) > 100, f"only {len(self.operations)} operations were recorded")
        self.expected.check(world)

    def moments(self, draw):
        """Where to cut: anywhere, around a sync, or after the end."""
        syncs = [i for i, operation in enumerate(self.operations) if operation.op in (Op.SYNC_BEGIN, Op.SYNC_END)]
        while True:
            yield len(self.operations)
            yield draw.randint(0, len(self.operations))
            yield draw.choice(syncs)  # all that this sync promises may be missing
            yield draw.choice(syncs) + 1

    def cut(self, moment, draw, honours_syncs):
        """Leaves the world as the cut leaves it; says how."""
        shutil.rmtree(self.world.disk)
        shutil.copytree(self.before, self.world.disk)
        disk = Disk(self.world.disk)
        disk.honours_syncs = honours_syncs
        for operation in self.operations[:moment]:
            disk.do(operation)
        shutil.rmtree(self.world.disk)
        return disk.after_cut(draw, self.world.disk)

    def resume(self, moment):
        world = self.world
        if moment == len(self.operations):
            expect(world.ended_runs() > self.ended_before, "the program had ended with 0, and its end is not recorded")
        refused = self.database_refused()
        if refused:
            self.restore_database()
        world.complete(world.command(self.files), self.ended_before)
        self.expected.check(world)
        return refused

    def database_refused(self):
        """DuckDB's answer if it cannot open its own file after the cut, while all rows are still sealed here.

        It does not read a log or a file with torn sectors that it had not synced. That is not ours to mend; ours is to say
        so, to keep the rows, and to deliver them when the database is back.
        """
        world = self.world
        if not world.ledger("SELECT 1 FROM packages WHERE state = 'pending'"):
            return None
        tried = world.run([OUTFALL, "query", f"duckdb:{world.database}", "SELECT 1"])
        if tried.returncode == 0 or not re.search(r"Corrupt|replaying WAL|Could not read enough", tried.stderr):
            return None
        done = world.run(world.command(self.files))
        expect(done.returncode == 4, f"an unreadable database ended with {done.returncode}:\n{done.stderr}")
        expect(re.search(r"pending [1-9]", done.stderr), f"it does not tell what is pending:\n{done.stderr}")
        return tried.stderr.splitlines()[0]

    def restore_database(self):
        """The database as it was before the run, as from a backup."""
        for file in self.world.disk.glob("town.duckdb*"):
            file.unlink()
        for file in self.before.glob("town.duckdb*"):
            shutil.copy(file, self.world.disk)


def first_load(folder):
    world = World(folder).make()
    half = PEOPLE // 2
    write_people(world.inputs / FIRST[0], 0, half, LATE_FROM)
    write_people(world.inputs / FIRST[1], half, PEOPLE, LATE_FROM)
    return Recording("first load", world, FIRST, Expected(0, PEOPLE, late_from=LATE_FROM))


def second_load(folder):
    first = first_load(folder)
    world = first.world
    world.finish(world.command(FIRST))
    write_visitors(world.inputs / SECOND[0], PEOPLE, PEOPLE + VISITORS)
    expected = Expected(0, PEOPLE + VISITORS, visitors_from=PEOPLE, late_from=LATE_FROM, loads=2)
    return Recording("second load", world, SECOND, expected)


def record_all(folder, draw):
    plain = first_load(folder / "first")
    plain.record()
    killed = first_load(folder / "killed")
    killed.name = "first load, killed on the way"
    points = [point for point in fault_points() if point != "after_run_end"]
    killed.record(sorted(draw.sample(points, 3), key=points.index))
    migrating = second_load(folder / "second")
    migrating.record()
    return [plain, migrating, killed]


def try_cases(recordings, cases, draw, honours_syncs):
    """Raises Broken at the first case that does not end well. Returns how often DuckDB could not open its file."""
    refusals = 0
    moments = [recording.moments(draw) for recording in recordings]
    for case in range(cases):
        recording = recordings[case % len(recordings)]
        moment = next(moments[case % len(recordings)])
        mood = recording.cut(moment, draw, honours_syncs)
        told = f"case {case}: {recording.name}, cut at {moment} of {len(recording.operations)}, the disk {mood}"
        try:
            refused = recording.resume(moment)
        except Broken as broken:
            raise Broken(f"{told}: {broken}") from broken
        refusals += refused is not None
        say(f"  {told}: each row once" + (f", with the database of before: {refused}" if refused else ""))
    return refusals


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--cases", type=int, default=20)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--ignore-syncs", action="store_true", help="only show that losses are found")
    asked = parser.parse_args()
    say(f"seed {asked.seed}")
    folder = fresh_folder("cuts")
    try:
        recordings = record_all(folder, random.Random(asked.seed))
        try:
            try_cases(recordings, BLIND_CASES_MAX, random.Random(asked.seed), honours_syncs=False)
        except Broken as found:
            say(f"without any sync a loss is found, as it must be: {str(found).splitlines()[0]}")
        else:
            raise Broken("without any sync no loss was found: this test sees nothing")
        if not asked.ignore_syncs:
            refusals = try_cases(recordings, asked.cases, random.Random(asked.seed), honours_syncs=True)
    except Broken as broken:
        fail_with(folder, f"seed {asked.seed}: {broken}")
    if not asked.ignore_syncs:
        say(f"{asked.cases} power cuts, each row exactly once after each; DuckDB could not open its own file {refusals} times")
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
