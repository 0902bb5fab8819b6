#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
#
# Kills the PostgreSQL server in the middle of many loads at once, each of which has come to another moment: while tables are
# made, while rows are copied, merged, replaced, before COMMIT, and between COMMIT and its answer. The server is started again,
# early or late; then every row is there exactly once: a run tries again by itself, and what it gives up is resumed.
#
#   OUTFALL=build/release/outfall tests/databases/killed_server_test.py [--rounds N] [--seed S]
# --rounds: so many kills more.
import argparse
import concurrent.futures
import random
import shutil
import threading
import time

from own_server import OwnServer
from protocol_proxy import TO_CLIENT, TO_SERVER, Proxy
from town import FIRST, MERGE, MERGED, ROWS, Town
from proof import record
from world import SECONDS_MAX, Broken, expect, fail_with, fresh_folder, say

REPLACE = ("second.jsonl", "--write-disposition", "replace")


class Moment:
    """A load waits when it comes to a message, until the server was killed."""

    def __init__(self, name, arguments, is_here, passes=True):
        self.name = name
        self.arguments = arguments
        self.is_here = is_here
        self.passes = passes  # whether the server still gets the message


def statement(text, way=TO_SERVER, kind="Q"):
    return lambda message: message.way == way and message.kind == kind and text in message.data


def of(name, way, kind):
    return lambda message: message.statement == name and message.way == way and message.kind == kind


MOMENTS = [
    Moment("tables are made", FIRST, statement(b"CREATE TABLE")),
    Moment("tables are made, COMMIT unanswered", FIRST, of("COMMIT", TO_CLIENT, "C"), passes=False),
    Moment("COPY begins", FIRST, of("COPY", TO_CLIENT, "G")),
    Moment("rows are copied", FIRST, of("COPY", TO_SERVER, "d")),
    Moment("COPY ends", FIRST, of("COPY", TO_SERVER, "c")),
    Moment("nested rows are copied", FIRST, statement(b'"people__parts" (')),
    Moment("before COMMIT", FIRST, of("COMMIT of rows", TO_SERVER, "Q"), passes=False),
    Moment("COMMIT is sent", FIRST, of("COMMIT of rows", TO_SERVER, "Q")),
    Moment("COMMIT unanswered", FIRST, of("COMMIT of rows", TO_CLIENT, "C"), passes=False),
    Moment("keys are compared", MERGE, statement(b'_outfall_merge_0_doomed')),
    Moment("merge deletes", MERGE, statement(b'people" AS t WHERE EXISTS')),
    Moment("merge inserts", MERGE, statement(b"INSERT INTO")),
    Moment("merge, before COMMIT", MERGE, of("COMMIT of rows", TO_SERVER, "Q"), passes=False),
    Moment("merge, COMMIT unanswered", MERGE, of("COMMIT of rows", TO_CLIENT, "C"), passes=False),
    Moment("replaced rows are gone", REPLACE, of("COPY", TO_SERVER, "d")),
    Moment("replace, COMMIT unanswered", REPLACE, of("COMMIT of rows", TO_CLIENT, "C"), passes=False),
]
LONG_GONE = [moment for moment in MOMENTS if moment.name in ("rows are copied", "COMMIT unanswered", "merge inserts")]


class Strike:
    """One load that waits at its moment, and what becomes of it."""

    def __init__(self, town, number, moment):
        self.town = town
        self.moment = moment
        self.dataset = f"k{number}"
        self.came = threading.Event()
        self.went_on = threading.Event()
        self.has_ended = threading.Event()
        self.lock = threading.Lock()
        self.is_armed = False

    def act(self, message):
        with self.lock:
            if not self.is_armed or not self.moment.is_here(message):
                return None
            self.is_armed = False
        return lambda pass_on: self.wait(pass_on, message)

    def wait(self, pass_on, message):
        if self.moment.passes:
            pass_on(len(message.data))
        self.came.set()
        self.went_on.wait(SECONDS_MAX)

    def run(self):
        with Proxy(self.town.place, self.act) as proxy:
            try:
                if self.moment.arguments is not FIRST:
                    self.finish(lambda: self.town.run(proxy.port, self.dataset, FIRST))
                self.is_armed = True
                done = self.town.run(proxy.port, self.dataset, self.moment.arguments)
                expect(not self.is_armed, f"the load never came there:\n{done.stderr}")
            finally:
                self.came.set()
                self.has_ended.set()
            if done.returncode != 0:
                self.resume(proxy, done)
        self.check()
        return done.returncode

    def finish(self, run):
        done = run()
        expect(done.returncode == 0, f"a run ended with {done.returncode}:\n{done.stderr}")

    def resume(self, proxy, done):
        """What a run gave up while the server was away."""
        expect(done.returncode == 4 and "outfall resume" in done.stderr, f"the run ended with {done.returncode}:\n{done.stderr}")
        self.is_back.wait(SECONDS_MAX)
        self.finish(lambda: self.town.resume(self.dataset))

    def check(self):
        if self.moment.arguments is REPLACE:
            self.town.check(self.dataset, ROWS, loads=2, first=ROWS // 2)
        else:
            self.town.check(self.dataset, *((MERGED, 2) if self.moment.arguments is MERGE else (ROWS, 1)))


def told_of(strike):
    try:
        return strike.run()
    except Broken as broken:
        raise Broken(f"killed at: {strike.moment.name}: {broken}") from broken


def kill_and_restart(server, strikes, is_late):
    """Kills the server once all loads have come to their moments. Late: it is away until all runs have given up."""
    is_back = threading.Event()
    with concurrent.futures.ThreadPoolExecutor(len(strikes)) as pool:
        for strike in strikes:
            strike.is_back = is_back
        runs = [pool.submit(told_of, strike) for strike in strikes]
        try:
            for strike in strikes:
                expect(strike.came.wait(SECONDS_MAX), f"no load came to: {strike.moment.name}")
            server.do("kill")
            if not is_late:
                server.do("restart")
            for strike in strikes:
                strike.went_on.set()
            if is_late:
                for strike in strikes:
                    expect(strike.has_ended.wait(SECONDS_MAX), f"a run goes on without a server: {strike.moment.name}")
                server.do("restart")
        finally:
            for strike in strikes:
                strike.went_on.set()
            is_back.set()
        codes = [run.result() for run in runs]
    for strike, code in zip(strikes, codes):
        say(f"  {strike.moment.name:35} {'tried again' if code == 0 else 'given up and resumed'}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=0, help="so many times more, at moments that are drawn")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    asked = parser.parse_args()
    folder = fresh_folder("kills", in_memory=True)
    draw = random.Random(asked.seed)
    number = 0
    with OwnServer(folder) as server:
        town = Town(folder, server.address)
        turns = [(MOMENTS, False), (LONG_GONE, True)]
        turns += [(draw.choices(MOMENTS, k=8), draw.random() < 0.3) for _ in range(asked.rounds)]
        for turn, (moments, is_late) in enumerate(turns):
            strikes = [Strike(town, number + i, moment) for i, moment in enumerate(moments)]
            number += len(strikes)
            try:
                kill_and_restart(server, strikes, is_late)
            except Broken as broken:
                fail_with(folder, f"seed {asked.seed}, turn {turn + 1}: {broken}")
    record("postgres", "server killed while it loads, merges, replaces or commits", number)
    say(f"{number} loads whose server was killed, each row exactly once after each")
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
