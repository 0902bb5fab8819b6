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
import shutil
import time
from pathlib import Path

from power_cut import Chance, Disk, Op, read_log
from proof import record
from world import KILLED, ROOT, Broken, Expected, World, expect, fail_with, fault_points, fresh_folder, say, write_people, write_visitors

PEOPLE = 300
VISITORS = 200
FIRST = ["part1.jsonl", "part2.jsonl"]
SECOND = ["part3.jsonl"]
LATE_FROM = 100
EARLY_DEATHS = 24  # until the state store is there
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

    def record(self, deaths=(), finish=True):
        """Types the command again and again; it dies each time, unless its place was passed before, and the last is through.

        A death is the name of a fault point, or a number: the process is gone behind so many operations on files.
        """
        world = self.world
        if not self.before.exists():
            shutil.copytree(world.disk, self.before)
            self.ended_before = world.ended_runs()
        for death in (*deaths, *([None] if finish else [])):
            environment = {"LD_PRELOAD": str(shim()), "POWER_CUT_ROOT": str(world.disk), "POWER_CUT_LOG": str(self.log),
                           "ASAN_OPTIONS": "verify_asan_link_order=0"}  # a sanitized program need not come before the shim
            counted = isinstance(death, int)
            if counted:
                environment["POWER_CUT_DIE_BEHIND"] = str(death)
            done = world.run(world.command(self.files), fault=None if counted else death, environment=environment)
            if done.returncode == 0 or world.ended_runs() > self.ended_before:
                break  # typed once more it would be a second load
            expect(death and done.returncode == KILLED, f"{self.name} ended with {done.returncode}:\n{done.stderr}")
        self.operations = read_log(self.log)
        if finish:
            expect(len(self.operations) > 100, f"only {len(self.operations)} operations were recorded")
            self.expected.check(world)

    def moments(self, draw):
        """Where to cut: anywhere, around a sync, while the database writes, or after the end."""
        syncs = [i for i, operation in enumerate(self.operations) if operation.op in (Op.SYNC_BEGIN, Op.SYNC_END)]
        writes = self.writes_of_database()
        while True:
            yield len(self.operations)
            yield draw.randint(0, len(self.operations))
            yield draw.choice(syncs)  # all that this sync promises may be missing
            yield draw.choice(syncs) + 1
            yield draw.choice(writes) + 1

    def writes_of_database(self):
        names = {operation.inode: operation.path for operation in self.operations if operation.op in (Op.CREATE, Op.FOUND)}
        return [i for i, operation in enumerate(self.operations)
                if operation.op == Op.WRITE and "town.duckdb" in names[operation.inode]]

    def cut(self, moment, draw, honours_syncs, mood=None):
        """Leaves the world as the cut leaves it; says how."""
        shutil.rmtree(self.world.disk)
        shutil.copytree(self.before, self.world.disk)
        disk = Disk(self.world.disk)
        disk.honours_syncs = honours_syncs
        for operation in self.operations[:moment]:
            disk.do(operation)
        shutil.rmtree(self.world.disk)
        return disk.after_cut(draw, self.world.disk, mood)

    def rewind(self):
        """Back to what it was before anything was recorded."""
        shutil.rmtree(self.world.disk)
        shutil.copytree(self.before, self.world.disk)
        self.log.unlink()

    def resume(self, told_to_be_over):
        """Types the command again, and returns how often that made good what was torn: DuckDB's log, a block of its file."""
        world = self.world
        if told_to_be_over:
            expect(world.ended_runs() > self.ended_before, "the program had ended with 0, and its end is not recorded")
        world.complete(world.command(self.files), self.ended_before)
        self.expected.check(world)
        return [len(list(world.disk.glob(name))) for name in ("town.duckdb.wal.torn-*", "town.duckdb.torn-*")]


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
    points = [point for point in fault_points() if point != "after_run_end" and not point.endswith("package_drop")]
    killed.record(sorted(draw.sample(points, 3), key=points.index))
    migrating = second_load(folder / "second")
    migrating.record()
    return [plain, migrating, killed]


class Chain:
    """Each time another recording: the process dies behind some operation, resumed behind another, then the power goes."""

    def __init__(self, folder):
        self.recordings = [first_load(folder / "first"), second_load(folder / "second")]
        for recording in self.recordings:
            recording.record()
            recording.usual = len(recording.operations)
        self.turn = 0

    def next(self, draw):
        recording = self.recordings[self.turn % len(self.recordings)]
        self.turn += 1
        recording.rewind()
        deaths = [draw.randint(1, recording.usual) for _ in range(draw.randint(1, 2))]
        recording.record(deaths, finish=False)
        recording.name = f"{recording.name.split(',')[0]}, killed behind operations {' and '.join(map(str, deaths))}"
        # The cut comes with the last death, or a little before.
        last = len(recording.operations)
        return recording, draw.choice([last, draw.randint(max(0, last - 20), last)])


def try_early_deaths(folder, draw):
    """What a first run made and did not live to sync, the next one finds, and must not take for durable."""
    recording = first_load(folder)
    for death in range(1, EARLY_DEATHS + 1):
        recording.record([death])
        recording.name = f"first load, killed behind operation {death} and typed again"
        cut_and_resume(recording, len(recording.operations), draw, honours_syncs=True, is_over=True, mood="drops all")
        recording.rewind()
    say(f"  killed behind each of the first {EARLY_DEATHS} operations, typed again, all that was not synced is lost: each row once")


def cut_and_resume(recording, moment, draw, honours_syncs, is_over, mood=None):
    """Raises Broken if that does not end well; says in which mood the disk was, and what was made good."""
    mood = recording.cut(moment, draw, honours_syncs, mood)
    told = f"{recording.name}, cut at {moment} of {len(recording.operations)}, the disk {mood}"
    try:
        return told, *recording.resume(is_over)
    except Broken as broken:
        raise Broken(f"{told}: {broken}") from broken


def try_cases(recordings, chain, cases, draw, honours_syncs, mood=None):
    """Returns after how many cuts DuckDB's log was torn, and a block of its file."""
    logs = 0
    blocks = 0
    moments = [recording.moments(draw) for recording in recordings]
    kinds = len(recordings) + (chain is not None)
    for case in range(cases):
        kind = case % kinds
        if kind < len(recordings):
            recording, moment = recordings[kind], next(moments[kind])
            is_over = moment == len(recording.operations)
        else:
            (recording, moment), is_over = chain.next(draw), False
        try:
            told, torn_logs, torn_blocks = cut_and_resume(recording, moment, draw, honours_syncs, is_over, mood)
        except Broken as broken:
            raise Broken(f"case {case}: {broken}") from broken
        logs += torn_logs > 0
        blocks += torn_blocks > 0
        torn = [what for what, count in (("log", torn_logs), ("file", torn_blocks)) if count]
        say(f"  case {case}: {told}: each row once" + (f", DuckDB's {' and '.join(torn)} torn" if torn else ""))
    return logs, blocks


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--cases", type=int, default=20)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--mood", choices=list(Chance.MOODS), help="of the disk in every case; default: drawn for each")
    parser.add_argument("--ignore-syncs", action="store_true", help="only show that losses are found")
    asked = parser.parse_args()
    say(f"seed {asked.seed}")
    folder = fresh_folder("cuts")
    try:
        recordings = record_all(folder, random.Random(asked.seed))
        try:
            try_cases(recordings, None, BLIND_CASES_MAX, random.Random(asked.seed), honours_syncs=False)
        except Broken as found:
            say(f"without any sync a loss is found, as it must be: {str(found).splitlines()[0]}")
        else:
            raise Broken("without any sync no loss was found: this test sees nothing")
        if not asked.ignore_syncs:
            try_early_deaths(folder / "early", random.Random(asked.seed))
            logs, blocks = try_cases(recordings, Chain(folder / "chain"), asked.cases, random.Random(asked.seed), honours_syncs=True,
                                      mood=asked.mood)
    except Broken as broken:
        fail_with(folder, f"seed {asked.seed}: {broken}")
    if not asked.ignore_syncs:
        record("duckdb", "power cut, with what was not synced missing or torn", asked.cases)
        say(f"{asked.cases} power cuts, each row exactly once after each; {logs} of them had torn DuckDB's log, {blocks} a block of its file")
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
