# SPDX-License-Identifier: Apache-2.0
"""The database of pages whose readers have a PostgreSQL server: one of the page's own on the server of the tests."""
import os
import subprocess
from pathlib import Path

ADDRESS = "postgres://ann@localhost/shop"
SECONDS_MAX = 60


class Database:
    made = 0

    def __init__(self):
        Database.made += 1
        self.server = Path(os.environ["OUTFALL_POSTGRES"]).read_text(encoding="utf-8").strip().rpartition("/")[0]
        self.name = f"docs_{os.getpid()}_{Database.made}"
        self.address = f"{self.server}/{self.name}"
        self.sql(f"CREATE DATABASE {self.name}")

    def sql(self, statement):
        subprocess.run([os.environ["OUTFALL"], "query", "--write", f"{self.server}/outfall", statement], check=True,
                       capture_output=True, timeout=SECONDS_MAX)

    def drop(self):
        self.sql(f"DROP DATABASE {self.name} WITH (FORCE)")

    def as_it_is(self, script):
        return script.replace(ADDRESS, self.address)

    def as_on_the_page(self, text):
        return text.replace(self.address, ADDRESS)
