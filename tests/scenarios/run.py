#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Plays the scenarios of this folder with the real program; README.md describes their steps.

    OUTFALL=build/release/outfall tests/scenarios/run.py [-v] [NAME...]
"""
import concurrent.futures
import csv
import io
import itertools
import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
OUTFALL = Path(os.environ.get("OUTFALL", ROOT / "build" / "release" / "outfall")).resolve()
COMMAND_SECONDS_MAX = 100
PARALLEL = 2

TABLES = """select table_name from information_schema.tables where table_schema = 'data'
and not starts_with(table_name, '_dlt') order by table_name"""
COLUMNS = """select column_name, data_type from information_schema.columns where table_schema = 'data' and table_name = '{}'
and not starts_with(column_name, '_dlt') order by ordinal_position"""


class Failed(Exception):
    pass


@dataclass
class Step:
    line: int
    word: str
    rest: str
    body: list = field(default_factory=list)


def parse(path):
    steps = []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        if line.startswith("  ") and steps:
            steps[-1].body.append(line[2:])
        elif line.strip() and not line.startswith("#"):
            word, _, rest = line.partition(" ")
            steps.append(Step(number, word, rest.strip()))
    return steps


def substituted(steps, words):
    def filled(text):
        for word, value in words.items():
            text = text.replace(word, value)
        return text

    return [Step(step.line, step.word, filled(step.rest), [filled(line) for line in step.body]) for step in steps]


class Server:
    """A database of a scenario's own on the PostgreSQL server of the tests."""

    counter = itertools.count(1)

    def __init__(self):
        if "OUTFALL_POSTGRES" not in os.environ:
            raise Failed("it needs a server: OUTFALL_POSTGRES names the file that has its address (tests/tools/postgres.py)")
        self.server = Path(os.environ["OUTFALL_POSTGRES"]).read_text().strip().rpartition("/")[0]
        self.name = f"scenario_{os.getpid()}_{next(Server.counter)}"
        self.address = f"{self.server}/{self.name}"
        self.sql(f"CREATE DATABASE {self.name}")

    def sql(self, statement):
        subprocess.run([OUTFALL, "query", "--write", f"{self.server}/outfall", statement], check=True, capture_output=True,
                       timeout=COMMAND_SECONDS_MAX)

    def drop(self):
        self.sql(f"DROP DATABASE {self.name} WITH (FORCE)")


class Player:
    """One scenario in a folder of its own."""

    def __init__(self, folder, verbose):
        self.folder = folder
        self.verbose = verbose
        self.environment = dict(os.environ, OUTFALL=str(OUTFALL), OUTFALL_DATA_DIR=str(folder / "state"), LC_ALL="C.UTF-8",
                                NO_COLOR="1")

    def play(self, step):
        getattr(self, "do_" + step.word.replace("-", "_"), self.unknown)(step)

    def unknown(self, step):
        raise Failed(f"there is no step '{step.word}'")

    def outfall(self, arguments):
        if self.verbose:
            print("  $ outfall", shlex.join(arguments))
        done = subprocess.run([OUTFALL, *arguments], cwd=self.folder, env=self.environment, capture_output=True,
                              stdin=subprocess.DEVNULL, timeout=COMMAND_SECONDS_MAX)
        return done.returncode, done.stdout.decode(), done.stderr.decode(errors="replace")

    def expect(self, arguments, body):
        expected = list(body)
        code_expected = int(expected.pop(0).split()[1]) if expected and expected[0].startswith("exit ") else 0
        code, _, stderr = self.outfall(arguments)
        if code != code_expected:
            raise Failed(f"exit code {code}, expected {code_expected}\n{stderr}")
        at = 0
        for line in expected:
            found = stderr.find(line, at)
            if found < 0:
                raise Failed(f"stderr lacks (here, in this order): {line}\nit is:\n{stderr}")
            at = found + len(line)

    def rows(self, statement):
        code, stdout, stderr = self.outfall(
            ["query", "duckdb:out.duckdb", statement, "--dataset", "data", "--output", "csv"])
        if code != 0:
            raise Failed(f"exit code {code} of the query {statement}\n{stderr}")
        return stdout.splitlines()[1:]

    def compare(self, expected, actual):
        if expected != actual:
            raise Failed("expected:\n  " + "\n  ".join(expected) + "\nbut there is:\n  " + "\n  ".join(actual[:100]))

    def do_file(self, step):
        path = self.folder / step.rest
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(line + "\n" for line in step.body), "utf-8")

    def do_python(self, step):
        program = "\n".join(step.body)
        subprocess.run([sys.executable, "-c", program], cwd=self.folder, check=True, timeout=COMMAND_SECONDS_MAX,
                       env=dict(self.environment, SAMPLES=str(ROOT / "data"), ROOT=str(ROOT)))

    def do_write(self, step):
        """The rows of a query as a file of columns; its name says which kind."""
        form = step.rest.rpartition(".")[2]
        path = self.folder / step.rest
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            subprocess.run([OUTFALL, "query", "duckdb:made.duckdb", " ".join(step.body), "--write", "--output", form],
                           cwd=self.folder, env=self.environment, stdout=file, stderr=subprocess.PIPE, check=True,
                           timeout=COMMAND_SECONDS_MAX)

    def do_run(self, step):
        arguments = ["run", *shlex.split(step.rest)]
        for option, value in (("--to", "duckdb:out.duckdb"), ("--pipeline", "scenario"), ("--dataset", "data")):
            if option not in arguments:
                arguments += [option, value]
        self.expect(arguments, step.body)

    def do_outfall(self, step):
        self.expect(shlex.split(step.rest), step.body)

    def do_letters(self, step):
        code, stdout, stderr = self.outfall(["dead-letter", "list", step.rest, "--json", "--limit", "1000"])
        if code != 0:
            raise Failed(f"exit code {code} of dead-letter list\n{stderr}")
        letters = [json.loads(line) for line in stdout.splitlines()]
        self.compare(step.body, [f"{letter['reason']}: {letter['text']}" for letter in letters])

    def do_sql(self, step):
        if step.rest.startswith("sqlite:"):
            (self.folder / step.rest.removeprefix("sqlite:")).touch()  # an empty file is a database of SQLite
        for statement in filter(None, map(str.strip, " ".join(step.body).split(";"))):
            code, _, stderr = self.outfall(["query", "--write", step.rest, statement])
            if code != 0:
                raise Failed(f"exit code {code} of the statement {statement}\n{stderr}")

    def do_query(self, step):
        self.compare(step.body, self.rows(step.rest))

    def do_tables(self, step):
        names = self.rows(TABLES)
        if not names:
            return self.compare(step.body, [])
        counts = " union all ".join(f"select {i}, '{name}', count(*) from data.\"{name}\"" for i, name in enumerate(names))
        counted = csv.reader(io.StringIO("\n".join(self.rows(counts + " order by 1"))))
        self.compare(step.body, [f"{name} {count}" for _, name, count in counted])

    def do_columns(self, step):
        columns = csv.reader(io.StringIO("\n".join(self.rows(COLUMNS.format(step.rest)))))
        self.compare(step.body, [f"{name} {kind}" for name, kind in columns])

    def do_nothing(self, step):
        if (self.folder / "out.duckdb").exists():
            self.compare([], self.rows(TABLES))


def play_with(path, steps, verbose):
    """What went wrong, or nothing."""
    folder = Path(tempfile.mkdtemp(prefix="outfall_scenario_"))
    player = Player(folder, verbose)
    step = None
    try:
        for step in steps:
            player.play(step)
    except (Failed, subprocess.SubprocessError) as failure:
        return f"{path.name}:{step.line}: {step.word} {step.rest}\n{failure}"
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return None


def play(path, verbose):
    """The same of all databases that it is about."""
    text = path.read_text("utf-8")
    server = None
    try:
        server = Server() if "$database" in text or "$postgres" in text else None
        postgres = {"$postgres": server.address} if server else {}
        databases = [postgres["$postgres"], "sqlite:shop.db", "duckdb:shop.duckdb"] if "$database" in text else [None]
        for database in databases:
            words = {**postgres, "$database": database} if database else postgres
            if failed := play_with(path, substituted(parse(path), words), verbose):
                return failed
    except (Failed, subprocess.SubprocessError) as failure:
        return f"{path.name}: {failure}"
    finally:
        if server:
            server.drop()
    return None


def main():
    arguments = sys.argv[1:]
    verbose = "-v" in arguments
    wanted = tuple(word for word in arguments if word != "-v")
    paths = [path for path in sorted(HERE.glob("*.scenario")) if not wanted or path.name.startswith(wanted)]
    if not paths:
        sys.exit("no scenario has such a name")
    with concurrent.futures.ThreadPoolExecutor(1 if verbose else PARALLEL) as pool:
        outcomes = list(pool.map(lambda path: play(path, verbose), paths))
    failures = [outcome for outcome in outcomes if outcome]
    for failure in failures:
        print(failure, end="\n\n")
    print(f"{len(paths)} scenarios, {len(failures)} failed")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
