#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
#
# A destination for tests that kill, and of runners that share state: speaks protocol 1 and writes down each batch, its key
# and its ids, in one piece. Beside FILE may stand
#   FILE.fatal   a number: rows with an id from there on are given up
#   FILE.gate    a named pipe: it waits for a line there before each answer to a batch but the first
#   FILE.breaks  a command, which is run once before the second batch is written down
#
#   taker.py FILE [deduplicates]
import json
import os
import pathlib
import sys

path = sys.argv[1]
fatal, gate, breaks = (pathlib.Path(f"{path}.{what}") for what in ("fatal", "gate", "breaks"))


def write_down(line):
    taken = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(taken, line.encode())
    os.close(taken)


batches = 0
for line in sys.stdin:
    message = json.loads(line)
    if message["type"] == "end":
        break
    ready = {"type": "ready", "protocol": 1, "deduplicates": "deduplicates" in sys.argv[2:]}
    answer = ready if message["type"] == "hello" else {"type": "ok"}
    if message["type"] == "batch":
        ids = [str(json.loads(next(sys.stdin))["id"]) for _ in range(message["rows"])]
        batches += 1
        if batches == 2 and breaks.exists():
            os.system(breaks.read_text())
        if fatal.exists() and int(ids[-1]) >= int(fatal.read_text()):
            answer = {"type": "fatal", "reason": "no more"}
        else:
            write_down(f"{message['key']} {' '.join(ids)}\n")
        if batches > 1 and gate.exists():
            with open(gate) as opened:
                opened.readline()
    print(json.dumps(answer), flush=True)
