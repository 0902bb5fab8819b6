# SPDX-License-Identifier: Apache-2.0
#
# Stories that are told on DuckDB, SQLite and PostgreSQL alike: loads with the real program, and what is there afterwards.
import argparse
import concurrent.futures
import csv
import io
import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

OUTFALL = os.environ["OUTFALL"]
DATABASES = ("duckdb", "sqlite", "postgres")
STORIES = {}


def story(function):
    STORIES[function.__name__] = function
    return function


class Database:
    """A dataset of one story in one database."""

    def __init__(self, kind, story):
        self.kind = kind
        self.folder = Path(tempfile.mkdtemp(prefix="outfall-dispositions-"))
        self.dataset = f"d_{story}_{os.getpid()}"
        if kind == "postgres":
            self.address = Path(os.environ["OUTFALL_POSTGRES"]).read_text().strip()
        else:
            self.address = f"{kind}:{self.folder / ('file.' + kind)}"
        self.environment = {**os.environ, "OUTFALL_DATA_DIR": str(self.folder / "state")}

    def outfall(self, *arguments):
        return subprocess.run([OUTFALL, *arguments], capture_output=True, text=True, env=self.environment, cwd=self.folder)

    def load(self, table, rows, *arguments, code=0, says=""):
        file = self.folder / f"{table}.jsonl"
        file.write_text("".join(json.dumps(row) + "\n" for row in rows))
        done = self.outfall("run", str(file), "--to", self.address, "--dataset", self.dataset, "-p", self.dataset, *arguments)
        if done.returncode != code or says not in done.stderr:
            raise AssertionError(f"run {' '.join(arguments)}: exit {done.returncode}, wanted {code} and '{says}'\n{done.stderr}")
        return done

    def rows(self, statement):
        done = self.outfall("query", self.address, statement, "--dataset", self.dataset, "-o", "csv")
        if done.returncode != 0:
            raise AssertionError(f"{statement}\n{done.stderr}")
        return [",".join(row) for row in list(csv.reader(io.StringIO(done.stdout)))[1:]]

    def expect(self, statement, *rows):
        found = self.rows(statement)
        if found != list(rows):
            raise AssertionError(f"{statement}\n  wanted {list(rows)}\n  found  {found}")


def expect(holds, message):
    if not holds:
        raise AssertionError(message)


def tell(name, database):
    try:
        STORIES[name](database)
    except AssertionError as error:
        return f"{database.kind}: {name}: {error}"
    finally:
        shutil.rmtree(database.folder, ignore_errors=True)
    return None


def main(make_database=Database):
    """Those that the command line names, on the databases that it names."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--database", choices=DATABASES)
    parser.add_argument("story", nargs="*", choices=[[], *STORIES])
    chosen = parser.parse_args()
    wanted = chosen.story or STORIES
    databases = [name for name in DATABASES if chosen.database in (None, name)]
    with concurrent.futures.ThreadPoolExecutor(max_workers=3) as pool:
        told = [pool.submit(tell, name, make_database(kind, name)) for name in wanted for kind in databases]
        failures = [failure for failure in (one.result() for one in told) if failure]
    print("\n".join(failures) or f"{len(wanted)} stories on {', '.join(databases)}")
    return 1 if failures else 0
