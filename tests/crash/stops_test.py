#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
#
# Ctrl-C and its relatives: before the seal nothing is loaded, after it nothing is lost, and a second one ends at once.
#
#   OUTFALL=build/release/outfall tests/crash/stops_test.py [--timed]
#
# --timed: each stop takes 2 seconds at most, as is promised. A busy machine may need longer, so `make soak` asks for it and not
# every test run.
import fcntl
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from world import OUTFALL, Broken, Expected, World, expect, fail_with, fresh_folder, person, say, write_people

PEOPLE = 200
MORE = 100
LATE_FROM = 50
STOP_SECONDS_MAX = 2.0
READY_SECONDS_MAX = 60  # for anything to happen, on a busy machine


def rows(first, last):
    return "".join(json.dumps(person(n, n >= LATE_FROM)) + "\n" for n in range(first, last))


def leads_to(descriptor, path):
    try:
        return os.readlink(descriptor) == str(path)
    except FileNotFoundError:  # closed since it was listed
        return False


class StandardInput:
    """A run that reads what we give it, so that we know where it is."""

    slowest_stop = 0.0

    def __init__(self, world, source="-"):
        self.world = world
        command = [OUTFALL, "run", source, "--table", "people", *world.target()]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=world.folder)

    def send(self, text):
        self.process.stdin.write(text)
        self.process.stdin.flush()

    def wait_for(self, what, holds):
        until = time.monotonic() + READY_SECONDS_MAX
        while not holds():
            if self.process.poll() is not None:
                raise Broken(f"it ended before {what}:\n{self.process.stderr.read()}")
            expect(time.monotonic() < until, f"no {what} in {READY_SECONDS_MAX} s")
            time.sleep(0.01)

    def has_open(self, path):
        descriptors = Path(f"/proc/{self.process.pid}/fd")
        return any(leads_to(descriptor, path) for descriptor in descriptors.iterdir())

    def stop(self, *signals):
        """Sends the signals and returns the exit code and what was said."""
        begun = time.monotonic()
        if len(signals) > 1:
            self.process.send_signal(signal.SIGSTOP)  # so that the first cannot end it before the second is there
        for each in signals:
            self.process.send_signal(each)
        if len(signals) > 1:
            self.process.send_signal(signal.SIGCONT)
        try:
            self.process.wait(timeout=READY_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise Broken(f"it ignores {signals}") from None
        StandardInput.slowest_stop = max(StandardInput.slowest_stop, time.monotonic() - begun)
        return self.process.returncode, self.process.stderr.read()


def extracting(world):
    """A run in the middle of its input."""
    run = StandardInput(world)
    run.send(rows(PEOPLE, PEOPLE + MORE))
    packages = world.data / "pipelines" / "town" / "packages"
    run.wait_for("begin of a package", lambda: packages.exists() and any(packages.iterdir()))
    return run


def nothing_loaded(world, expected, sent, wanted):
    run = extracting(world)
    code, told = run.stop(*sent)
    expect(code in wanted, f"exit {code}, expected {wanted}:\n{told}")
    if len(sent) == 1:
        expect(re.search("nothing was loaded", told), f"it does not say that nothing was loaded:\n{told}")
    else:
        world.finish([*world.resume_command(), "town"])  # as after kill -9: the next start removes debris
    packages = world.data / "pipelines" / "town" / "packages"
    expect(not any(packages.iterdir()), "the unsealed package is still there")
    world.finish(world.command(["none.jsonl"], "--skip-loaded"))
    expected.check(world)


def pending_told(world, expected):
    """After the seal: another process holds the database, so the load waits, and we know where it is."""
    run = extracting(world)
    with open(world.database, "r+b") as database:
        fcntl.lockf(database, fcntl.LOCK_EX)
        run.process.stdin.close()
        # What is recorded of a failed attempt comes right before the wait for the next one.
        run.wait_for("failed attempt", lambda: world.ledger("SELECT 1 FROM packages WHERE state = 'pending' AND attempts > 0"))
        code, told = run.stop(signal.SIGINT)
    expect(code == 130, f"exit {code}, expected 130:\n{told}")
    expect(f"pending {MORE}" in told, f"it does not say how many rows are pending:\n{told}")
    world.finish(world.resume_command())
    expected.check(world)


def silent_pipe(world, expected):
    """A named pipe that nobody writes to, and one whose writer is silent."""
    pipe = world.inputs / "pipe"
    records = world.inputs / "pipe.csv"  # kept as a whole before the first is shaped
    for path in (pipe, records):
        os.mkfifo(path)
    for path, writer in ((pipe, None), (pipe, "silent"), (records, None), (records, "silent")):
        held = os.open(path, os.O_RDWR) if writer else None
        run = StandardInput(world, str(path))
        run.wait_for("pipe that is open", lambda: run.has_open(path))
        code, told = run.stop(signal.SIGINT)
        if held is not None:
            os.close(held)
        expect(code == 130, f"exit {code}, expected 130:\n{told}")
        world.finish(world.command(["none.jsonl"], "--skip-loaded"))
        expected.check(world)
    run = StandardInput(world, str(pipe))
    pipe.write_text(rows(PEOPLE, PEOPLE + MORE))
    expect(run.process.wait(timeout=READY_SECONDS_MAX) == 0, "what came late through the pipe was not loaded")
    Expected(0, PEOPLE + MORE, late_from=LATE_FROM, loads=2).check(world)


def stopped_repeat(world, folder):
    """Killed between commit and end, typed again and stopped in a further input, typed a third time."""
    first = world.command(["part1.jsonl"])
    died = world.run(first, fault="before_run_end")
    expect(died.returncode == -signal.SIGKILL, f"ended with {died.returncode} instead of dying:\n{died.stderr}")
    broken = world.inputs / "broken.jsonl"
    broken.write_text('{"id": ')
    failed = world.run(world.command(["part1.jsonl", "broken.jsonl"]))
    expect(failed.returncode == 1, f"a broken input ended with {failed.returncode}:\n{failed.stderr}")
    broken.write_text(rows(PEOPLE, PEOPLE + MORE))
    world.finish(world.command(["part1.jsonl", "broken.jsonl"]))
    Expected(0, PEOPLE + MORE, late_from=LATE_FROM, loads=2).check(world)


def loaded_world(folder):
    world = World(folder).make()
    write_people(world.inputs / "part1.jsonl", 0, PEOPLE, LATE_FROM)
    write_people(world.inputs / "none.jsonl", 0, 0, LATE_FROM)
    return world


def main():
    folder = fresh_folder("stops")
    try:
        world = loaded_world(folder / "stops")
        world.finish(world.command(["part1.jsonl"]))
        before = Expected(0, PEOPLE, late_from=LATE_FROM)
        interrupt, terminate = signal.SIGINT, signal.SIGTERM
        nothing_loaded(world, before, [interrupt], {130})
        say("SIGINT before the seal: nothing was loaded, exit 130")
        nothing_loaded(world, before, [terminate], {143})
        say("SIGTERM before the seal: nothing was loaded, exit 143")
        nothing_loaded(world, before, [interrupt, terminate], {130, 143})
        say("two signals: gone at once")
        pending_told(world, Expected(0, PEOPLE + MORE, late_from=LATE_FROM, loads=2))
        say("SIGINT after the seal: the pending rows are told, exit 130, and resume delivers them")
        piped = loaded_world(folder / "pipe")
        piped.finish(piped.command(["part1.jsonl"]))
        silent_pipe(piped, before)
        say("SIGINT while a named pipe is silent, with and without a writer: exit 130; a late writer is read")
        stopped_repeat(loaded_world(folder / "repeat"), folder)
        say("killed before the end, failed when repeated, repeated again: each row once")
        slowest = StandardInput.slowest_stop
        say(f"the slowest stop took {slowest:.2f} s")
        expect("--timed" not in sys.argv or slowest < STOP_SECONDS_MAX, f"a stop took {slowest:.1f} s")
    except Broken as broken:
        fail_with(folder, str(broken))
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
