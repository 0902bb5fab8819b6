#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
#
# Cuts the connection to PostgreSQL at each protocol message of COPY and of COMMIT, in both directions: before the message,
# in its middle and behind it; with a server that learns of it, and with one that does not. Every load is there exactly once, by
# the same run.
#
#   OUTFALL=build/release/outfall OUTFALL_POSTGRES=FILE tests/databases/cut_connections_test.py [--rounds N] [--seed S]
#
# --rounds: so many loads on a server of its own, cut several times at any messages at all, also those of connecting, of migrations and of merges.
import argparse
import concurrent.futures
import os
import random
import shutil
import threading
import time
from pathlib import Path

from database_world import psql
from own_server import OwnServer
from protocol_proxy import TO_CLIENT, TO_SERVER, Proxy
from town import FIRST, MERGE, MERGED, Town
from proof import record
from world import Broken, expect, fail_with, fresh_folder, say

CUT_STATEMENTS = {"COPY", "COMMIT of rows"}
SERVER_KINDS = {"1": "ParseComplete", "2": "BindComplete", "C": "CommandComplete", "G": "CopyInResponse", "Z": "ReadyForQuery",
                "D": "DataRow", "T": "RowDescription"}
CLIENT_KINDS = {"Q": "Query", "d": "CopyData", "c": "CopyDone", "P": "Parse", "B": "Bind", "E": "Execute", "S": "Sync"}
WORKERS = 4


class Cut:
    """Ends the connection at one message, once."""

    HOW = {TO_SERVER: ("before", "in", "behind"), TO_CLIENT: ("before", "in")}  # behind an answer is before the next message

    def __init__(self, place, how):
        self.place = place
        self.how = how
        self.is_done = False
        self.lock = threading.Lock()

    def __call__(self, message):
        with self.lock:
            if self.is_done or message.place() != self.place:
                return None
            self.is_done = True
        length = {"before": 0, "in": len(message.data) // 2, "behind": len(message.data)}[self.how]
        return lambda pass_on: pass_on(length)

    def __str__(self):
        statement, way, kind, turn = self.place
        names = CLIENT_KINDS if way == TO_SERVER else SERVER_KINDS
        return f"{self.how} {names.get(kind, kind)} {turn} of {statement}"


class RandomCuts:
    """Ends connections at messages that are drawn, so many times in all."""

    def __init__(self, draw):
        self.draw = draw
        self.left = draw.randint(1, 3)
        self.wait = self.next_wait()
        self.lock = threading.Lock()
        self.cuts = []

    def next_wait(self):
        return self.draw.randint(1, self.draw.choice([50, 200, 500]))  # messages; a load has some hundreds

    def __call__(self, message):
        with self.lock:
            if self.left == 0 or message.kind in "DT":
                return None
            self.wait -= 1
            if self.wait > 0:
                return None
            self.left -= 1
            self.wait = self.next_wait()
            self.cuts.append(message.place())
            length = self.draw.choice([0, len(message.data) // 2, len(message.data)])
            return lambda pass_on: pass_on(length)


def places(town):
    """The messages of COPY and COMMIT of a load that nobody cuts, each once."""
    seen = []
    with Proxy(town.place, lambda message: seen.append(message.place())) as proxy:
        done = town.run(proxy.port, "recorded", FIRST)
    expect(done.returncode == 0, done.stderr)
    town.check("recorded")
    found = list(dict.fromkeys(place for place in seen if place[0] in CUT_STATEMENTS))
    expect({place[:3] for place in found} >= {("COPY", TO_SERVER, kind) for kind in "Qdc"} | {("COPY", TO_CLIENT, kind) for kind in "GCZ"} |
           {("COMMIT of rows", TO_SERVER, "Q"), ("COMMIT of rows", TO_CLIENT, "C"), ("COMMIT of rows", TO_CLIENT, "Z")}, f"the conversation has only {found}")
    return found


def strike(town, number, cut, leaves_server_waiting):
    dataset = f"p{number}"
    told = f"{cut}{', unknown to the server' if leaves_server_waiting else ''}"
    with Proxy(town.place, cut, leaves_server_waiting) as proxy:
        done = town.run(proxy.port, dataset, FIRST)
    try:
        expect(cut.is_done, "the load never came there")
        expect(done.returncode == 0, f"the run ended with {done.returncode}:\n{done.stderr}")
        town.check(dataset)
    except Broken as broken:
        raise Broken(f"cut {told}: {broken}") from broken
    return told


def strike_everywhere(town):
    points = [(Cut(place, how), leaves) for place in places(town) for how in Cut.HOW[place[1]] for leaves in (False, True)]
    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        for told in pool.map(lambda point: strike(town, point[0], *point[1]), enumerate(points)):
            say(f"  {told}")
    record("postgres", "connection cut at a message of COPY or COMMIT", len(points))
    say(f"{len(points)} cuts of connections, each load exactly once after each")


def play(town, number, seed):
    """A first load and one that merges, both under fire; what is pending then is finished."""
    draw = random.Random(f"{seed} {number}")
    dataset = f"r{number}"
    cuts = []
    with Proxy(town.place, None, leaves_server_waiting=draw.random() < 0.5) as proxy:
        for arguments in (FIRST, MERGE):
            proxy.act = act = RandomCuts(draw)
            done = town.run(proxy.port, dataset, arguments)
            cuts += act.cuts
            proxy.act = lambda message: None
            if done.returncode in (1, 4):  # nothing was sealed, or it waits
                done = town.run(proxy.port, dataset, arguments)
            expect(done.returncode == 0, f"cut at {cuts}: the run ended with {done.returncode}:\n{done.stderr}")
    try:
        town.check(dataset, MERGED, loads=2)
    except Broken as broken:
        raise Broken(f"cut at {cuts}: {broken}") from broken
    shutil.rmtree(town.folder / dataset)
    psql(town.address, "-c", f"DROP SCHEMA {dataset} CASCADE")
    return len(cuts)


def play_rounds(town, rounds, seed):
    say(f"seed {seed}")
    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        cuts = sum(pool.map(lambda number: play(town, number, seed), range(rounds)))
    say(f"{rounds} rounds with {cuts} cuts of connections, each row exactly once after each")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, help="so many loads, cut anywhere")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    asked = parser.parse_args()
    folder = fresh_folder("cuts", in_memory=True)
    try:
        if asked.rounds:
            with OwnServer(folder) as server:
                play_rounds(Town(folder, server.address), asked.rounds, asked.seed)
        else:
            town = Town(folder, Path(os.environ["OUTFALL_POSTGRES"]).read_text().strip())
            strike_everywhere(town)
            town.drop()
    except Broken as broken:
        fail_with(folder, str(broken))
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
