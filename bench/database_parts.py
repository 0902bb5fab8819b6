# SPDX-License-Identifier: Apache-2.0
"""The parts of bench/databases: each makes what its sides begin with, runs them in turn, and prints a table."""
import dataclasses
import os
import random
import shutil
import signal
import statistics
import subprocess
import sys
import time
from pathlib import Path

import bench_data
import postgres
from cold import against, print_table

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build" / "release"
OUTFALL = Path(os.environ.get("OUTFALL", BUILD / "outfall"))
SQLITE_INSERTS = BUILD / "bench_sqlite_inserts"
READ_ROWS = BUILD / "bench_read_rows"
DLT_PYTHON = Path(os.environ.get("OUTFALL_DLT_PYTHON", ROOT / ".deps" / "venv-dlt" / "bin" / "python"))
WITH_DLT = ROOT / "bench" / "load_with_dlt.py"
GOAL = 0.9
GOAL_DLT = 10.0
DATASET = "bench"
BASE, WORK = "bench_base", "bench_work"  # databases: what sides begin with, and the copy that one works on


@dataclasses.dataclass
class Size:
    name: str
    flat_rows: int
    target_rows: int
    merged_rows: int
    dlt_rows: int


FULL = Size("full", 1_700_000, 10_000_000, 1_000_000, 200_000)
QUICK = Size("quick", 85_000, 500_000, 50_000, 10_000)


class Side:
    """One way to do the work: `prepare` is not timed, `work` is, unless it gives its own seconds."""

    def __init__(self, prepare, work):
        self.prepare, self.work = prepare, work
        self.seconds = []

    def run(self):
        self.prepare()
        begin = time.monotonic()
        told = self.work()
        self.seconds.append(told if isinstance(told, float) else time.monotonic() - begin)

    @property
    def median(self):
        return statistics.median(self.seconds)


def alternate(sides, rounds):
    for _ in range(rounds):
        for side in sides.values():
            side.run()
    return sides


def checked(command, environment=None, expected=0, **options):
    """What a program prints."""
    done = subprocess.run([str(word) for word in command], env=dict(os.environ, **(environment or {})), capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, **options)
    if done.returncode != expected:
        sys.exit(f"{' '.join(map(str, command))}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


class Bench:
    """A server of its own, files to load, and packages that are sealed and not yet sent."""

    def __init__(self, folder, scratch, size):
        self.scratch, self.size = scratch, size
        self.files = folder / size.name
        self.address_file = scratch / "server" / "address"

    def __enter__(self):
        checked([sys.executable, ROOT / "tests/tools/postgres.py", "start", self.address_file])
        self.server = self.address_file.read_text().strip().rpartition("/")[0]
        for setting in ("max_wal_size = '8GB'", "shared_buffers = '1GB'", "maintenance_work_mem = '256MB'"):
            self.sql("postgres", f"ALTER SYSTEM SET {setting}")
        for verb in ("kill", "restart"):
            checked([sys.executable, ROOT / "tests/tools/postgres.py", verb, self.address_file])
        return self

    def __exit__(self, *_):
        checked([sys.executable, ROOT / "tests/tools/postgres.py", "stop", self.address_file])

    def address(self, database):
        return f"{self.server}/{database}"

    def sql(self, database, *statements):
        """Each statement on its own; psql's commands, too."""
        words = [word for statement in statements for word in ("-c", statement)]
        return checked([postgres.binaries() / "psql", "--no-psqlrc", "-qAt", "-v", "ON_ERROR_STOP=1", *words, self.address(database)])

    def make_base(self):
        self.sql("postgres", f"DROP DATABASE IF EXISTS {BASE}", f"CREATE DATABASE {BASE}")

    def work_on_copy(self):
        self.sql("postgres", f"DROP DATABASE IF EXISTS {WORK}", f"CREATE DATABASE {WORK} TEMPLATE {BASE} STRATEGY FILE_COPY", "CHECKPOINT")

    def call_base(self, name):
        """Both names stand for one database, in turn: a pipeline remembers where it loads into."""
        other = BASE if name == WORK else WORK
        self.sql("postgres", f"DROP DATABASE IF EXISTS {name}", f"ALTER DATABASE {other} RENAME TO {name}")

    def load(self, state, *words, environment=None, expected=0, cwd=None):
        return checked([OUTFALL, *words, "--progress", "none"], {"OUTFALL_DATA_DIR": str(state), **(environment or {})}, expected,
                       cwd=cwd or self.scratch)

    def seal(self, state, *words, cwd=None):
        """Ends behind the seal, as a crash would."""
        self.load(state, *words, environment={"OUTFALL_FAULT": "after_seal"}, expected=-signal.SIGKILL, cwd=cwd)

    def resume(self, state, cwd=None):
        self.load(state, "resume", cwd=cwd)


def copied_state(bench, sealed):
    """Another copy of a data directory at rest."""
    state = bench.scratch / "state"
    shutil.rmtree(state, ignore_errors=True)
    shutil.copytree(sealed, state)
    return state


def flat_file(bench):
    return bench_data.make(bench.files, 1_000_000, bench.size.flat_rows)["flat"]


def first_lines(path, count, to):
    with open(path, "rb") as lines, open(to, "wb") as out:
        out.writelines(next(lines) for _ in range(count))
    return to


def ratio_table(title, sides, ours, theirs, goal=GOAL):
    """How fast `ours` is, as a share of `theirs`."""
    rates = f"{sides[theirs].median / sides[ours].median:.2f}"
    print_table(title, [["outfall", theirs, "rate / rate", "all rounds"],
                        [f"{sides[ours].median:.2f} s", f"{sides[theirs].median:.2f} s", against(float(rates), goal, at_least=True),
                         " ".join(f"{a:.2f}/{b:.2f}" for a, b in zip(sides[ours].seconds, sides[theirs].seconds))]])
    sys.stdout.flush()


def append(bench, rounds):
    flat = flat_file(bench)
    few = first_lines(flat, 100, bench.scratch / "few.jsonl")
    target = ["--to", bench.address(WORK), "--dataset", DATASET, "--pipeline", "bench", "--table", "flat"]
    sealed = bench.scratch / "sealed"
    bench.make_base()
    bench.call_base(WORK)
    bench.load(sealed, "run", few, *target)
    bench.seal(sealed, "run", flat, *target)
    bench.call_base(BASE)

    # The rows as they come to lie there, as CSV.
    bench.work_on_copy()
    bench.resume(copied_state(bench, sealed))
    csv = bench.scratch / "flat.csv"
    bench.sql(WORK, f"\\copy (SELECT * FROM {DATASET}.flat OFFSET 100) TO '{csv}' CSV")

    def prepare():
        bench.work_on_copy()
        copied_state(bench, sealed)
    sides = alternate({
        "outfall": Side(prepare, lambda: bench.resume(bench.scratch / "state")),
        "\\copy": Side(prepare, lambda: bench.sql(WORK, f"\\copy {DATASET}.flat FROM '{csv}' CSV"))}, rounds)
    counted = bench.sql(WORK, f"SELECT count(*) FROM {DATASET}.flat").strip()
    ratio_table(f"append {bench.size.flat_rows:,} flat rows to PostgreSQL ({counted} there in the end)", sides, "outfall", "\\copy")
    csv.unlink()
    shutil.rmtree(sealed)


def changed_rows(bench, path):
    """As flat.jsonl; every other key is in the target."""
    chance = random.Random(bench_data.SEED + 1)
    keys = random.Random(bench_data.SEED).sample(range(2 * bench.size.target_rows), bench.size.merged_rows)
    with open(path, "w", buffering=1 << 20) as out:
        for key in keys:
            who = chance.randrange(1_000_000)
            out.write(f'{{"id":{key},"name":"user {who}","email":"c{who}@x.org","amount":{chance.randrange(1_000_000) / 100},'
                      f'"active":{"true" if who & 1 else "false"},"country":"{bench_data.COUNTRIES[who % 8]}",'
                      f'"at":"{bench_data.timestamp(key)}"}}\n')
    return path


# `rows` is the temporary table of those who do it by hand; each says what stands between COPY and COMMIT.
def by_hand(strategy, columns):
    names = ", ".join(columns)
    if strategy == "upsert":
        set_list = ", ".join(f"{name} = s.{name}" for name in columns)
        values = ", ".join(f"s.{name}" for name in columns)
        return [f"MERGE INTO {DATASET}.flat AS t USING rows AS s ON t.id = s.id WHEN MATCHED THEN UPDATE SET {set_list} "
                f"WHEN NOT MATCHED THEN INSERT ({names}) VALUES ({values})"]
    return [f"DELETE FROM {DATASET}.flat AS t USING rows AS s WHERE t.id = s.id", f"INSERT INTO {DATASET}.flat ({names}) SELECT {names} FROM rows"]


def merge(bench, rounds):
    changed = changed_rows(bench, bench.scratch / "changed.jsonl")
    few = first_lines(changed, 1, bench.scratch / "few.jsonl")
    for strategy in ("upsert", "delete-insert"):
        target = ["--to", bench.address(WORK), "--dataset", DATASET, "--pipeline", "bench", "--table", "flat", "--primary-key", "id",
                  "--write-disposition", "merge", "--merge-strategy", strategy]
        sealed = bench.scratch / "sealed"
        bench.make_base()
        bench.call_base(WORK)
        bench.load(sealed, "run", few, *target)
        columns = bench.sql(WORK, "SELECT quote_ident(attname) FROM pg_attribute WHERE attnum > 0 AND "
                            f"attrelid = '{DATASET}.flat'::regclass ORDER BY attnum").split()
        made = {"id": "2 * n", "name": "'user ' || n % 1000000", "email": "'c' || n % 1000000 || '@x.org'", "amount": "n % 1000000 / 100.0",
                "active": "n % 2 = 0", "country": "'DE'", "at": "TIMESTAMPTZ '2021-01-01' + n * INTERVAL '1 second'",
                "_dlt_load_id": "'1'", "_dlt_id": "left(md5(n::text), 14)"}
        bench.sql(WORK, f"TRUNCATE {DATASET}.flat", f"INSERT INTO {DATASET}.flat ({', '.join(columns)}) SELECT "
                  f"{', '.join(made[name] for name in columns)} FROM generate_series(0, {bench.size.target_rows - 1}) AS n",
                  f"VACUUM (FREEZE, ANALYZE) {DATASET}.flat")
        bench.seal(sealed, "run", changed, *target)
        bench.call_base(BASE)

        bench.work_on_copy()
        bench.resume(copied_state(bench, sealed))
        csv = bench.scratch / "changed.csv"
        bench.sql(WORK, f"\\copy (SELECT * FROM {DATASET}.flat WHERE _dlt_load_id <> '1') TO '{csv}' CSV")
        text = ["BEGIN", f"CREATE TEMPORARY TABLE rows (LIKE {DATASET}.flat) ON COMMIT DROP", f"\\copy rows FROM '{csv}' CSV", "ANALYZE rows",
                *by_hand(strategy, columns), "COMMIT"]

        def prepare():
            bench.work_on_copy()
            copied_state(bench, sealed)
        sides = alternate({"outfall": Side(prepare, lambda: bench.resume(bench.scratch / "state")),
                           "by hand": Side(prepare, lambda: bench.sql(WORK, *text))}, rounds)
        ratio_table(f"{strategy} {bench.size.merged_rows:,} rows onto {bench.size.target_rows:,} at PostgreSQL", sides, "outfall", "by hand")
        csv.unlink()
        shutil.rmtree(sealed)


def with_dlt(bench, rounds):
    if subprocess.run([DLT_PYTHON, "-c", "import dlt, psycopg2"], capture_output=True).returncode != 0:
        print(f"\ndlt is left out: {DLT_PYTHON} has no dlt for PostgreSQL; tools/setup --with dlt installs it")
        return
    rows = first_lines(flat_file(bench), bench.size.dlt_rows, bench.scratch / "flat.jsonl")
    bench.make_base()

    def prepare():
        bench.work_on_copy()
        for name in ("state", "dlt"):
            shutil.rmtree(bench.scratch / name, ignore_errors=True)
        (bench.scratch / "dlt").mkdir()

    def run():
        bench.load(bench.scratch / "state", "run", rows, "--to", bench.address(WORK), "--dataset", DATASET)

    def run_dlt():
        checked([DLT_PYTHON, WITH_DLT, rows, bench.address(WORK)], cwd=bench.scratch / "dlt")
    sides = alternate({"outfall": Side(prepare, run), "dlt": Side(prepare, run_dlt)}, rounds)
    ratio_table(f"{bench.size.dlt_rows:,} flat rows of JSONL to PostgreSQL, whole runs", sides, "outfall", "dlt", GOAL_DLT)


def sqlite(bench, rounds):
    flat = flat_file(bench)
    few = first_lines(flat, 100, bench.scratch / "few.jsonl")
    folder = bench.scratch / "sqlite"
    folder.mkdir()
    target = ["--to", "sqlite:work.db", "--pipeline", "bench", "--table", "flat"]
    sealed = bench.scratch / "sealed"
    bench.load(sealed, "run", few, *target, cwd=folder)
    for file in folder.iterdir():
        shutil.copy(file, bench.scratch / f"base-{file.name}")
    bench.seal(sealed, "run", flat, *target, cwd=folder)
    bench.resume(copied_state(bench, sealed), cwd=folder)
    shutil.copy(folder / "work.db", bench.scratch / "filled.db")

    def prepare():
        shutil.rmtree(folder)
        folder.mkdir()
        for file in bench.scratch.glob("base-*"):
            shutil.copy(file, folder / file.name.removeprefix("base-"))
        copied_state(bench, sealed)

    def loop():
        return float(checked([SQLITE_INSERTS, bench.scratch / "filled.db", "flat", folder / "work.db"]))
    sides = alternate({"outfall": Side(prepare, lambda: bench.resume(bench.scratch / "state", cwd=folder)),
                       "prepared inserts": Side(prepare, loop)}, rounds)
    ratio_table(f"append {bench.size.flat_rows:,} flat rows to SQLite", sides, "outfall", "prepared inserts")
    shutil.rmtree(sealed)


def read(bench, rounds):
    bench.make_base()
    peaks = {}

    def reader(side, count):
        def work():
            rows, seconds, peak = checked([READ_ROWS, side, bench.address(BASE), f"SELECT * FROM flat WHERE id < {count}"]).split()
            assert int(rows) == count
            peaks[side, count] = int(peak)
            return float(seconds)
        return work
    many = bench.size.target_rows
    bench.sql(BASE, "CREATE TABLE flat AS SELECT n AS id, 'user ' || n % 1000000 AS name, 'c' || n || '@x.org' AS email, n % 1000000 / "
              "100.0::double precision AS amount, n % 2 = 0 AS active, TIMESTAMPTZ '2021-01-01' + n * INTERVAL '1 second' AS at "
              f"FROM generate_series(0, {many - 1}) AS n", "VACUUM (FREEZE, ANALYZE) flat")
    sides = alternate({"outfall": Side(lambda: None, reader("session", many)), "driver": Side(lambda: None, reader("driver", many))}, rounds)
    ratio_table(f"read {many:,} rows from PostgreSQL as Arrow", sides, "outfall", "driver")
    reader("session", many // 10)()
    print_table("held at most, MiB", [["a tenth of the rows", "all of them"],
                                      [f"{peaks['session', n] / 2**20:.0f}" for n in (many // 10, many)]])


PARTS = {"append": append, "merge": merge, "dlt": with_dlt, "sqlite": sqlite, "read": read}
