#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
#
# A run is killed while programs of its destination are at work: none of them finishes a batch beside the run that goes on.
#
#   OUTFALL=build/release/outfall tests/crash/orphans_test.py
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from world import OUTFALL, Broken, fail_with, fresh_folder, say

READY_SECONDS_MAX = 60  # for anything to happen, on a busy machine
ROWS = 30
BATCH = 10

# Both write down that they have a batch, wait for the file `go`, and write down that they are done with it.
COMMAND = """rows=$(cat); echo "begin $OUTFALL_KEY $$" >> log
while [ ! -e go ]; do sleep 0.05; done
echo "end $OUTFALL_KEY $$" >> log
"""
PROGRAM = """import json, os, sys, time
def say(**answer): print(json.dumps(answer), flush=True)
def log(what): os.write(file, f"{what} {message['key']} {os.getpid()}\\n".encode())
file = os.open("log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
for line in sys.stdin:
    message = json.loads(line)
    if message["type"] == "hello":
        say(type="ready", protocol=1)
    elif message["type"] == "batch":
        for _ in range(message["rows"]): next(sys.stdin)
        log("begin")
        while not os.path.exists("go"): time.sleep(0.05)
        log("end")
        say(type="ok")
    elif message["type"] != "end":
        say(type="ok")
"""


def wait_for(what, holds):
    until = time.monotonic() + READY_SECONDS_MAX
    while not holds():
        if time.monotonic() > until:
            raise Broken(f"{what} did not come about")
        time.sleep(0.02)


def play(folder, name, destination):
    folder = folder / name
    folder.mkdir()
    (folder / "take.sh").write_text(COMMAND)
    (folder / "take.py").write_text(PROGRAM)
    (folder / "rows.jsonl").write_text("".join(f'{{"id":{n}}}\n' for n in range(ROWS)))
    log = folder / "log"
    command = [OUTFALL, "run", "rows.jsonl", "--to", destination, "--pipeline", "orphans", "--data-dir", folder / "state",
               "--batch-size", str(BATCH)]
    run = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_for("a batch", lambda: log.exists() and "begin" in log.read_text())
    run.send_signal(signal.SIGKILL)
    run.wait()
    (folder / "go").touch()  # whoever still lives may finish now
    done = subprocess.run([OUTFALL, "resume", "orphans", "--data-dir", folder / "state", "--batch-size", str(BATCH)],
                          cwd=folder, capture_output=True, text=True, timeout=READY_SECONDS_MAX)
    if done.returncode != 0:
        raise Broken(f"{name}: the resume failed:\n{done.stderr}")
    lines = [line.split() for line in log.read_text().splitlines()]
    begun = [(key, process) for what, key, process in lines if what == "begin"]
    ended = [(key, process) for what, key, process in lines if what == "end"]
    keys = [key for key, _ in ended]
    if len(keys) != ROWS // BATCH or len(set(keys)) != len(keys):
        raise Broken(f"{name}: the batches that were finished: {lines}")
    first_key, orphan = begun[0]
    if first_key not in keys:
        raise Broken(f"{name}: the batch that was out did not come again: {lines}")
    # A process may have the number of one that is dead; then it has begun anew.
    if (first_key, orphan) in ended and begun.count((first_key, orphan)) < 2:
        raise Broken(f"{name}: an orphan finished a batch: {lines}")


def main():
    folder = fresh_folder("orphans")
    played = {"a command": "cmd:sh take.sh", "a program": "exec:python3 take.py",
              "a command of a command": "cmd:sh -c 'sh take.sh' | cat"}
    for name, destination in played.items():
        try:
            play(folder, name.replace(" ", "_"), destination)
        except Broken as problem:
            fail_with(folder, problem)
    say(f"{len(played)} kinds of programs were killed with their run, and nothing was finished twice")
    return 0


if __name__ == "__main__":
    sys.exit(main())
