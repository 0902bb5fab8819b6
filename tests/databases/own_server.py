# SPDX-License-Identifier: Apache-2.0
#
# A PostgreSQL server for one test alone, which may kill it or set it up as it likes.
import json
import os
import subprocess
import sys
from pathlib import Path

POSTGRES = Path(__file__).resolve().parents[1] / "tools/postgres.py"


class OwnServer:
    """Runs while it is in a `with`."""

    def __init__(self, folder, version=""):
        self.file = Path(folder) / "server" / "address"
        self.version = version

    def __enter__(self):
        self.do("start")
        return self

    def __exit__(self, *_):
        self.do("stop")

    def do(self, verb, environment=None):
        subprocess.run([sys.executable, str(POSTGRES), verb, str(self.file)], check=True,
                       env={**(environment or os.environ), "OUTFALL_POSTGRES_VERSION": self.version})

    @property
    def address(self):
        return self.file.read_text().strip()

    @property
    def folder(self):
        return Path(json.loads(self.file.with_suffix(".json").read_text())["folder"])
