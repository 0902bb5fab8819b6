# SPDX-License-Identifier: Apache-2.0
#
# Worlds whose rows go to other databases than DuckDB. What is there is asked with the databases' own clients: they start
# faster, and know nothing of us.
import contextlib
import itertools
import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "crash"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools"))
import postgres
from world import DATASET, SECONDS_MAX, World, expect


class SqliteWorld(World):
    name = "sqlite"
    DATABASE_FILES = {"town.db"}

    def target(self):
        return ["--to", f"sqlite:{self.disk / 'town.db'}", "--pipeline", "town", *self.state()]

    def query(self, statement):
        connection = sqlite3.connect(self.disk / "town.db")
        connection.row_factory = sqlite3.Row
        try:
            return [dict(row) for row in connection.execute(statement)]
        finally:
            connection.close()

    def execute(self, statement):
        connection = sqlite3.connect(self.disk / "town.db", isolation_level=None)
        try:
            connection.execute(statement)
        finally:
            connection.close()


def psql_command(address, *arguments):
    """Answers without any decoration."""
    return [postgres.binaries() / "psql", "--no-psqlrc", "-qAt", "-v", "ON_ERROR_STOP=1", *arguments, address]


def psql(address, *arguments, text=None):
    """What the server answers."""
    done = subprocess.run(psql_command(address, *arguments), input=text, capture_output=True, text=True, timeout=SECONDS_MAX)
    expect(done.returncode == 0, f"psql {address}: {done.stderr}")
    return done.stdout


@contextlib.contextmanager
def client(address, *statements):
    """Another client of the server, that has said something and stays. Gives a function that says more, and does not wait."""
    process = subprocess.Popen(psql_command(address), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def say(statement):
        process.stdin.write(f"{statement};\n")
        process.stdin.flush()
    try:
        for statement in statements:
            say(f"{statement};\nSELECT 'said'")
            while process.stdout.readline().strip() != "said":
                expect(process.poll() is None, "the other client has ended")
        yield say
    finally:
        process.stdin.close()
        process.wait()


class PostgresWorld(World):
    """A database of its own on a server, saved and restored as statements."""

    name = "postgres"
    DATABASE_FILES = set()
    numbers = itertools.count(1)

    def __init__(self, folder, server=None):
        super().__init__(folder)
        self.server = server or Path(os.environ["OUTFALL_POSTGRES"]).read_text().strip().rpartition("/")[0]
        self.called = f"town_{os.getpid()}_{next(self.numbers)}"
        self.address = f"{self.server}/{self.called}"

    def make(self):
        super().make()
        psql(f"{self.server}/postgres", "-c", f"CREATE DATABASE {self.called}")
        return self

    def save(self):
        dumped = subprocess.run([postgres.binaries() / "pg_dump", self.address], capture_output=True, text=True, check=True)
        self.saved = dumped.stdout

    def restore(self):
        # A killed program's sessions may still end.
        end = "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid();"
        psql(self.address, text=f"{end}\nDROP SCHEMA IF EXISTS {DATASET} CASCADE;\n{self.saved}")

    def target(self):
        return ["--to", self.address, "--dataset", DATASET, "--pipeline", "town", *self.state()]

    def query(self, statement):
        asked = f"SET search_path = {DATASET}; SELECT row_to_json(q) FROM ({statement}) AS q"
        return [json.loads(line) for line in psql(self.address, "-c", asked).splitlines()]

    def execute(self, statement):
        psql(self.address, "-c", f"SET search_path = {DATASET}; {statement}")
