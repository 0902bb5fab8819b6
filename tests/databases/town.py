# SPDX-License-Identifier: Apache-2.0
#
# A database on a PostgreSQL server in which each load has a dataset, a pipeline and a data folder of its own, so that many can
# be struck at the same time.
import json
import os
import subprocess
from urllib.parse import urlsplit

from database_world import psql
from world import OUTFALL, SECONDS_MAX, expect

ROWS = 50  # of a load, with one nested row each
MERGED = ROWS + ROWS // 2  # rows that are there when the second load was merged
FIRST = ("first.jsonl",)
MERGE = ("second.jsonl", "--write-disposition", "merge", "--primary-key", "id")


class Town:
    def __init__(self, folder, server):
        self.folder = folder
        self.server = server.rpartition("/")[0]
        parts = urlsplit(self.server)
        self.place = (parts.hostname, parts.port)
        self.user = parts.username
        self.database = f"town_{os.getpid()}"
        self.address = f"{self.server}/{self.database}"
        psql(f"{self.server}/postgres", "-c", f"CREATE DATABASE {self.database}")
        self.write("first.jsonl", 0, ROWS)
        self.write("second.jsonl", ROWS // 2, MERGED)

    def write(self, name, first, last):
        with open(self.folder / name, "w") as out:
            out.writelines(json.dumps({"id": n, "parts": [{"part_id": n}]}) + "\n" for n in range(first, last))

    def address_by(self, port):
        return f"postgres://{self.user}@127.0.0.1:{port}/{self.database}"

    def command(self, port, dataset, arguments):
        return [OUTFALL, "run", *arguments, "--table", "people", "--dataset", dataset, "--pipeline", dataset, "--to",
                self.address_by(port), "--data-dir", self.folder / dataset, "--progress", "none"]

    def run(self, port, dataset, arguments):
        return self.finish(self.command(port, dataset, arguments))

    def resume(self, dataset):
        return self.finish([OUTFALL, "resume", dataset, "--data-dir", self.folder / dataset, "--progress", "none"])

    def finish(self, command):
        return subprocess.run(command, cwd=self.folder, capture_output=True, text=True, timeout=SECONDS_MAX)

    def check(self, dataset, rows=ROWS, loads=1, first=0):
        facts = psql(self.address, "-c", f"SELECT count(*), count(DISTINCT id), min(id), max(id) FROM {dataset}.people", "-c",
                     f"SELECT count(*), count(DISTINCT part_id), min(part_id), max(part_id) FROM {dataset}.people__parts", "-c",
                     f"SELECT count(*), count(DISTINCT load_id) FROM {dataset}._dlt_loads").split()
        wanted = f"{rows}|{rows}|{first}|{first + rows - 1}"
        expect(facts == [wanted, wanted, f"{loads}|{loads}"], f"found {facts}, expected {wanted} twice and {loads} loads")

    def drop(self):
        psql(f"{self.server}/postgres", "-c", f"DROP DATABASE {self.database} WITH (FORCE)")
