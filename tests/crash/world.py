# SPDX-License-Identifier: Apache-2.0
#
# What all crash tests share: inputs in which every row has an id of its own, the command under test, a folder to run it
# in, and the one question: is each row at the destination exactly once, and does everything else agree with that?
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
OUTFALL = os.environ.get("OUTFALL", str(ROOT / "build/release/outfall"))
SECONDS_MAX = 120  # of one command, on a busy machine
DATASET = "town"
KILLED = -9


class Broken(Exception):
    """A promise that did not hold."""


def expect(holds, told):
    if not holds:
        raise Broken(told)


def fault_points():
    """The points, from the one list that the program is built from."""
    text = (ROOT / "src/base/fault.h").read_text()
    points = re.findall(r'^  POINT\((\w+), "', text, re.MULTILINE)
    expect(len(points) > 10, "src/base/fault.h: cannot read the list of fault points")
    return points


# Rows. Ids of every table are 0, 1, 2 ... without a gap, so that count, distinct count, least and greatest prove the set.
TAGS = 2  # rows of people__tags, and of people__tags__marks, for each person
NUMBERS = 3  # rows of people__numbers for each person


def person(n, late):
    row = {"id": n, "name": f"person {n}", "value": n if n % 5 else f"word {n}"}
    row["tags"] = [{"tag_id": n * TAGS + i, "marks": [{"mark_id": n * TAGS + i}]} for i in range(TAGS)]
    row["numbers"] = [n * NUMBERS + i for i in range(NUMBERS)]
    if late:
        row["late"] = f"late {n}"
    return row


def write_people(path, first, last, late_from):
    """People first..last-1; a column appears with person `late_from`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w") as out:
        for n in range(first, last):
            out.write(json.dumps(person(n, n >= late_from)) + "\n")


def write_visitors(path, first, last):
    """People as a later version of the source writes them: a new column, another type, a new nested table."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w") as out:
        for n in range(first, last):
            row = person(n, True)
            row["value"] = n + 0.5 if n % 2 else n
            row["score"] = n * 1.5
            row["visits"] = [{"visit_id": n}]
            out.write(json.dumps(row) + "\n")


class World:
    """One folder with inputs, a data folder and a DuckDB file, and the command that joins them."""

    DATABASE_FILES = {"town.duckdb", "town.duckdb.wal"}
    ENDINGS = (0,)  # exit codes of commands that have done all there is to do

    def __init__(self, folder):
        self.folder = Path(folder)
        self.inputs = self.folder / "inputs"
        self.disk = self.folder / "disk"  # what a power cut concerns
        self.data = self.disk / "data"
        self.database = self.disk / "town.duckdb"

    def make(self):
        self.inputs.mkdir(parents=True)
        self.disk.mkdir()
        return self

    def save(self):
        """What is not on the disk of the world, where there is any, to be put back by `restore`."""

    def restore(self):
        pass

    def command(self, files, *more):
        return [OUTFALL, "run", *[str(self.inputs / file) for file in files], "--table", "people", *self.target(), *more]

    def target(self):
        return ["--to", f"duckdb:{self.database}", "--dataset", DATASET, "--pipeline", "town", *self.state()]

    def state(self):
        return ["--data-dir", str(self.data), "--progress", "none"]

    def resume_command(self):
        return [OUTFALL, "resume", *self.state()]

    def run(self, command, fault=None, environment=None):
        env = dict(os.environ, **(environment or {}))
        env.pop("OUTFALL_FAULT", None)
        if fault:
            env["OUTFALL_FAULT"] = fault
        return subprocess.run(command, env=env, cwd=self.folder, capture_output=True, text=True, timeout=SECONDS_MAX)

    def start(self, command):
        return subprocess.Popen(command, cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def finish(self, command):
        """Runs a command that must succeed."""
        done = self.run(command)
        expect(done.returncode in self.ENDINGS, f"{' '.join(command[1:3])} ended with {done.returncode}:\n{done.stderr}")
        return done

    def query(self, statement):
        done = self.finish([OUTFALL, "query", f"duckdb:{self.database}", statement, "--dataset", DATASET, "-o", "json"])
        return [json.loads(line) for line in done.stdout.splitlines()]

    # The ledger is read from a copy: whoever opens the file itself, even to read, takes part in its recovery.
    def ledger(self, statement):
        folder = self.data / "pipelines" / "town"
        if not (folder / "outfall.db").exists():
            return []
        with tempfile.TemporaryDirectory() as copy:
            for name in ("outfall.db", "outfall.db-wal", "outfall.db-journal"):
                if (folder / name).exists():
                    shutil.copy(folder / name, copy)
            connection = sqlite3.connect(Path(copy) / "outfall.db")
            try:
                return connection.execute(statement).fetchall()
            except sqlite3.DatabaseError as error:
                if "no such table" in str(error):
                    return []  # it died before the first transaction
                raise Broken(f"the ledger cannot be read: {error}") from error
            finally:
                connection.close()

    def ended_runs(self):
        """How many runs recorded that all their rows are delivered: the same command is a new load from there on."""
        endings = ", ".join(map(str, self.ENDINGS))
        return len(self.ledger(f"SELECT 1 FROM runs WHERE ending IN ({endings}) AND command LIKE 'run %'"))

    def complete(self, command, ended_before, resume_first=False):
        """Does what a person does after a crash. True if that meant to type the command again."""
        if resume_first:
            self.finish(self.resume_command())
        if self.ended_runs() > ended_before:
            # Its work was done and recorded; typing it again would ask for a second load. Named, so that the pipeline is
            # started although nothing is pending: a start removes debris.
            self.finish([*self.resume_command(), "town"])
            return False
        self.finish(command)
        return True


# One query answers everything, because each start of the program costs as much as a thousand rows.
def table_facts(table, key):
    return (
        f"SELECT '{table}' AS name, count(*) AS rows, count(DISTINCT {key}) AS keys, min({key}) AS first, "
        f"max({key}) AS last, count(DISTINCT _dlt_id) AS ids, NULL AS load FROM {table}"
    )


def orphan_facts(table, parent):
    return (
        f"SELECT 'orphans', count(*), NULL, NULL, NULL, NULL, NULL FROM {table} c "
        f"WHERE NOT EXISTS (SELECT 1 FROM {parent} p WHERE p._dlt_id = c._dlt_parent_id)"
    )


LATE_FACTS = "SELECT 'late', count(late), NULL, NULL, NULL, NULL, NULL FROM people"
LOAD_FACTS = [
    "SELECT 'carried', count(*), NULL, NULL, NULL, NULL, _dlt_load_id FROM people GROUP BY _dlt_load_id",
    "SELECT 'recorded', count(*), NULL, NULL, NULL, NULL, load_id FROM _dlt_loads WHERE status = 0 GROUP BY load_id",
]


class Expected:
    """What the destination holds when all is well: people first..last-1, some of them with visits."""

    def __init__(self, first, last, late_from, visitors_from=None, loads=1, replaced=0):
        self.first = first
        self.last = last
        self.visitors_from = visitors_from
        self.late_from = late_from
        self.loads = loads  # load ids that rows carry
        self.replaced = replaced  # load ids whose rows are gone

    def tables(self):
        people = (self.first, self.last)
        yield "people", "id", people
        yield "people__tags", "tag_id", tuple(n * TAGS for n in people)
        yield "people__tags__marks", "mark_id", tuple(n * TAGS for n in people)
        yield "people__numbers", "value", tuple(n * NUMBERS for n in people)
        if self.visitors_from is not None:
            yield "people__visits", "visit_id", (self.visitors_from, self.last)

    def check(self, world):
        tables = list(self.tables())
        parts = [table_facts(table, key) for table, key, _ in tables]
        parts += [orphan_facts(table, table.rpartition("__")[0]) for table, _, _ in tables if "__" in table]
        facts = world.query(" UNION ALL ".join([*parts, LATE_FACTS, *LOAD_FACTS]))
        self.check_rows({fact["name"]: fact for fact in facts})
        expect(not any(int(fact["rows"]) for fact in facts if fact["name"] == "orphans"), "nested rows without a parent")
        self.check_loads(world, facts)
        check_state(world)

    def check_rows(self, found):
        for table, _, (first, last) in self.tables():
            wanted = {"rows": last - first, "keys": last - first, "first": first, "last": last - 1, "ids": last - first}
            seen = {name: int(found[table][name] or 0) for name in wanted}
            expect(seen == wanted, f"{table}: expected {wanted}, found {seen}")
        late = int(found["late"]["rows"])
        expect(late == self.last - max(self.late_from, self.first), f"the late column has {late} values")

    def check_loads(self, world, facts):
        carried = sorted(fact["load"] for fact in facts if fact["name"] == "carried")
        recorded = sorted(fact["load"] for fact in facts if fact["name"] == "recorded" and int(fact["rows"]) == 1)
        expect(len(carried) == self.loads, f"rows carry the load ids {carried}, expected {self.loads}")
        expect(len(recorded) == self.loads + self.replaced, f"_dlt_loads has {recorded}")
        expect(set(carried) <= set(recorded), f"rows carry {carried}, _dlt_loads has {recorded}")
        ledger = [row[0] for row in world.ledger("SELECT load_id FROM packages ORDER BY load_id")]
        expect(ledger == recorded, f"the ledger has {ledger}, _dlt_loads has {recorded}")


def check_state(world):
    """The data folder after the last command has succeeded."""
    open_packages = world.ledger("SELECT load_id, state FROM packages WHERE state <> 'loaded' OR files_kept <> 0")
    expect(not open_packages, f"the ledger still has work: {open_packages}")
    last = world.ledger("SELECT ending FROM runs ORDER BY started_at DESC, rowid DESC LIMIT 1")
    expect(last and last[0][0] in world.ENDINGS, f"the newest run ended with {last}")
    unsettled = world.ledger("SELECT path FROM inputs WHERE settled = 0")
    expect(not unsettled, f"inputs are not settled: {unsettled}")
    pipeline = world.data / "pipelines" / "town"
    expect(not any((pipeline / "packages").iterdir()), f"debris in {pipeline}/packages")
    known = {"outfall.db", "outfall.db-wal", "outfall.db-shm", "lock", "looks", "packages"}
    strange = {entry.name for entry in pipeline.iterdir()} - known
    expect(not strange, f"debris in {pipeline}: {strange}")
    beside = {entry.name for entry in world.disk.iterdir()} - {"data", "shared"} - world.DATABASE_FILES
    beside = {name for name in beside if not name.startswith(("town.duckdb.wal.torn-", "town.duckdb.torn-"))}  # kept for a person to look at
    expect(not beside, f"debris beside the database: {beside}")


MEMORY = Path("/dev/shm")
MEMORY_BYTES_MIN = 1 << 30  # the program itself stops where a disk has little room left


def fresh_folder(name, in_memory=False):
    """In memory, where there is room: a process that is killed loses nothing that it wrote, so syncs prove nothing there."""
    has_room = in_memory and MEMORY.is_dir() and shutil.disk_usage(MEMORY).free >= MEMORY_BYTES_MIN
    folder = Path(tempfile.mkdtemp(prefix=f"outfall-{name}-", dir=MEMORY if has_room else None))
    return folder.resolve()


def say(text):
    print(text, flush=True)


def fail_with(folder, told):
    say(f"FAILED: {told}\nthe folder is kept: {folder}")
    sys.exit(1)
