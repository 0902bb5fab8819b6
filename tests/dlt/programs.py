# SPDX-License-Identifier: Apache-2.0
#
# The two programs that are compared: outfall, run as a person runs it, and dlt, called in this process.
import contextlib
import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from databases import DATABASES

ROOT = Path(__file__).resolve().parents[2]
OUTFALL = os.environ.get("OUTFALL") or str(ROOT / "build/release/outfall")
RUN_SECONDS_MAX = 120
MEMORY = Path("/dev/shm")
MEMORY_BYTES_MIN = 256 << 20


def fresh_folder():
    """In memory, where there is room: syncing files to a disk would be most of the time."""
    in_memory = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free >= MEMORY_BYTES_MIN
    return tempfile.TemporaryDirectory(prefix="outfall-dlt-", dir=MEMORY if in_memory else None)


def isolate():
    """Keeps dlt away from the configuration and the data of whoever runs this, and from the network.

    It loads in one thread: in several its jobs lock each other out of a SQLite file.
    """
    scratch = tempfile.mkdtemp(prefix="outfall-dlt-")
    os.environ.update(DLT_DATA_DIR=scratch, DLT_PROJECT_DIR=scratch, HOME=scratch, RUNTIME__DLTHUB_TELEMETRY="false",
                      RUNTIME__LOG_LEVEL="CRITICAL", LOAD__WORKERS="1", TZ="UTC")
    os.chdir(scratch)


class Place:
    """One pipeline, one database, one dataset, and the folders in which the two programs keep their state of it."""

    def __init__(self, folder, pipeline="animals", dataset="zoo", database="duckdb"):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.pipeline = pipeline
        self.dataset = dataset
        self.database = DATABASES[database](self.folder) if isinstance(database, str) else database
        self.visits = 0

    def outfall(self, *arguments, code=0):
        """Runs `outfall run` and returns its report."""
        command = [OUTFALL, "run", *map(str, arguments), "--to", self.database.address, "--pipeline", self.pipeline,
                   "--dataset", self.dataset, "--data-dir", str(self.folder / "outfall"), "--json", "--progress", "none"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=RUN_SECONDS_MAX, cwd=self.folder)
        if done.returncode != code:
            raise AssertionError(f"{' '.join(command)}\nexit {done.returncode}\n{done.stdout}\n{done.stderr}")
        return json.loads(done.stdout) if done.stdout.strip() else {}

    def verb(self, *words, code=0):
        """Runs another command of outfall's and returns the document that it prints."""
        command = [OUTFALL, *map(str, words), "--data-dir", str(self.folder / "outfall"), "--json"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=RUN_SECONDS_MAX, cwd=self.folder)
        if done.returncode != code:
            raise AssertionError(f"{' '.join(command)}\nexit {done.returncode}\n{done.stdout}\n{done.stderr}")
        return json.loads(done.stdout) if done.stdout.strip() else {}

    def where(self):
        """Where the dataset is, for verbs."""
        return ["--to", self.database.address, "--dataset", self.dataset]

    def dlt(self, fresh=False):
        """A dlt pipeline of this place. Fresh: on a machine that has never seen it."""
        import dlt

        self.visits += fresh
        return dlt.pipeline(self.pipeline, destination=self.database.dlt_destination(), dataset_name=self.dataset,
                            pipelines_dir=str(self.folder / f"dlt-{self.visits}"))

    def write(self, name, documents):
        """Writes documents as lines of JSON."""
        path = self.folder / name
        path.write_text("".join(json.dumps(document, ensure_ascii=False) + "\n" for document in documents))
        return path


def documents_of(path):
    return [json.loads(line) for line in Path(path).read_text().splitlines() if line.strip()]


@contextlib.contextmanager
def configured(**values):
    """dlt's configuration through the environment: SCHEMA__NAMING and its like."""
    before = {key: os.environ.get(key) for key in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for key, value in before.items():
            if value is None:
                del os.environ[key]
            else:
                os.environ[key] = value
