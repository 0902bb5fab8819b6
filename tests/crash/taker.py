#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
#
# A destination for crash tests: speaks protocol 1 and writes down each batch with its key, in one piece. Beside FILE may
# stand FILE.fatal, with a number: rows with an id from there on are given up.
#
#   taker.py FILE
import json
import os
import pathlib
import sys

taken = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
for line in sys.stdin:
    message = json.loads(line)
    if message["type"] == "end":
        break
    answer = {"type": "ready", "protocol": 1} if message["type"] == "hello" else {"type": "ok"}
    if message["type"] == "batch":
        ids = [str(json.loads(next(sys.stdin))["id"]) for _ in range(message["rows"])]
        limit = pathlib.Path(sys.argv[1] + ".fatal")
        if limit.exists() and int(ids[-1]) >= int(limit.read_text()):
            answer = {"type": "fatal", "reason": "no more"}
        else:
            os.write(taken, f"{message['key']} {' '.join(ids)}\n".encode())
    print(json.dumps(answer), flush=True)
