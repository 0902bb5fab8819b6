#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
#
# Kills the real program at random moments, also while it resumes, and resumes it until done. Each row must be at the
# destination exactly once.
#
#   OUTFALL=build/release/outfall tests/crash/run.py [--seconds N | --rounds N] [--seed S]
#
# make test: a minute. make soak N=...: N rounds, and power cuts by power_cut_test.py, one for every five rounds.
import argparse
import collections
import os
import random
import shutil
import signal
import subprocess
import sys
import time

from world import HERE, KILLED, Broken, Expected, World, expect, fail_with, fresh_folder, say, write_people, write_visitors

PEOPLE = 6_000  # so many that a run lasts long enough to be hit anywhere
VISITORS = 4_000
FIRST = ["part1.jsonl", "part2.jsonl", "part3.jsonl"]
SECOND = ["part4.jsonl", "part5.jsonl"]
LATE_FROM = 2_500
KILLS_MAX = 4  # of one round; then it is let through
FAULTS_AROUND_COMMIT = ["after_load_commit", "before_ledger_loaded", "after_ledger_loaded", "before_run_end"]


class Tally:
    def __init__(self):
        self.rounds = 0
        self.kills = collections.Counter()  # by what the ledger said afterwards
        self.survived = 0

    def told(self):
        where = ", ".join(f"{count} {state}" for state, count in sorted(self.kills.items()))
        return f"{self.rounds} rounds, {sum(self.kills.values())} kills ({where}), {self.survived} came too late"


def state_of(world, ended_before):
    """Where a killed run stood, in the ledger's words."""
    if world.ended_runs() > ended_before:
        return "after the recorded end"
    if not world.ledger("SELECT 1 FROM inputs WHERE settled = 0"):
        return "before the seal"
    pending = world.ledger("SELECT 1 FROM packages WHERE state = 'pending'")
    return "sealed and not recorded as loaded" if pending else "loaded and not ended"


class Killer:
    """Starts commands and ends them in the middle."""

    def __init__(self, draw, tally):
        self.draw = draw
        self.tally = tally
        self.usual_seconds = 0.5  # of a run that is let through; learned

    def strike(self, world, command, ended_before):
        """Runs the command and kills it at some moment; False if it was through before."""
        if self.draw.random() < 0.15:
            # Random moments seldom fall between the destination's commit and the end of the run.
            died = world.run(command, fault=self.draw.choice(FAULTS_AROUND_COMMIT))
            code, told = died.returncode, died.stderr
        else:
            code, told = self.kill_after(world, command, self.draw.uniform(0, self.usual_seconds * 1.1))
        if code == 0:
            self.tally.survived += 1
            return False
        expect(code == KILLED, f"ended with {code} instead of being killed:\n{told}")
        self.tally.kills[state_of(world, ended_before)] += 1
        return True

    def kill_after(self, world, command, seconds):
        process = world.start(command)
        try:
            _, told = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            _, told = process.communicate()
        return process.returncode, told

    def load(self, world, command):
        """Types the command until it is through, and kills it on the way."""
        ended_before = world.ended_runs()
        for _ in range(self.draw.randint(1, KILLS_MAX)):
            if world.ended_runs() > ended_before:
                break  # typed once more it would be a second load
            self.strike(world, self.draw.choice([command, command, world.resume_command()]), ended_before)
        begun = time.monotonic()
        world.complete(command, ended_before, resume_first=self.draw.random() < 0.5)
        self.usual_seconds = 0.8 * self.usual_seconds + 0.2 * min(time.monotonic() - begun, 2.0)


def make_inputs(world):
    third = PEOPLE // 3
    for i, file in enumerate(FIRST):
        write_people(world.inputs / file, i * third, (i + 1) * third, LATE_FROM)
    half = VISITORS // 2
    for i, file in enumerate(SECOND):
        write_visitors(world.inputs / file, PEOPLE + i * half, PEOPLE + (i + 1) * half)


def play(world, killer, draw):
    """One round: a first load and a second one that appends or replaces, all of it under fire."""
    shutil.rmtree(world.disk)
    world.disk.mkdir()
    killer.load(world, world.command(FIRST))
    Expected(0, PEOPLE, late_from=LATE_FROM).check(world)
    everybody = PEOPLE + VISITORS
    if draw.random() < 0.5:
        killer.load(world, world.command(SECOND))
        Expected(0, everybody, visitors_from=PEOPLE, late_from=LATE_FROM, loads=2).check(world)
    else:
        killer.load(world, world.command(SECOND, "--write-disposition", "replace"))
        Expected(PEOPLE, everybody, visitors_from=PEOPLE, late_from=LATE_FROM, replaced=1).check(world)


def cut_power(cases, seed):
    command = [sys.executable, str(HERE / "power_cut_test.py"), "--cases", str(cases), "--seed", str(seed)]
    return subprocess.run(command, check=False).returncode


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=int, default=60, help="go on for so long")
    parser.add_argument("--rounds", type=int, help="so many rounds, and a power cut for every five")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    asked = parser.parse_args()
    say(f"seed {asked.seed}")
    folder = fresh_folder("kills")
    tally = Tally()
    draw = random.Random(asked.seed)
    world = World(folder).make()
    make_inputs(world)
    killer = Killer(draw, tally)
    until = time.monotonic() + asked.seconds
    try:
        while tally.rounds < asked.rounds if asked.rounds else time.monotonic() < until:
            play(world, killer, draw)
            tally.rounds += 1
            if tally.rounds % 10 == 0:
                say(f"  {tally.told()}")
    except Broken as broken:
        fail_with(folder, f"seed {asked.seed}, round {tally.rounds + 1}: {broken}")
    say(f"{tally.told()}; each row exactly once after each round")
    shutil.rmtree(folder)
    sys.exit(cut_power(max(1, asked.rounds // 5), asked.seed) if asked.rounds else 0)


if __name__ == "__main__":
    main()
