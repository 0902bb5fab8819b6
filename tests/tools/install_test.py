#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
#
# What `make install` copies is whole: moved elsewhere, the program loads documents with the Arrow and the DuckDB beside it.
import os
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ["OUTFALL_BUILD"]).resolve()


class Install(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name).resolve()
        subprocess.run(["cmake", "--install", BUILD, "--prefix", self.folder / "made"], check=True, stdout=subprocess.DEVNULL, timeout=120)
        self.place = self.folder / "moved"
        shutil.move(self.folder / "made", self.place)

    def test_moved_program_uses_the_libraries_beside_it(self):
        (self.folder / "users.jsonl").write_text('{"id":1}\n')
        environment = {name: value for name, value in os.environ.items() if name != "OUTFALL_DUCKDB"} | {"LD_DEBUG": "files"}
        done = subprocess.run([self.place / "bin" / "outfall", "run", "users.jsonl", "--data-dir", "state"], cwd=self.folder,
                              env=environment, capture_output=True, text=True, timeout=120)
        self.assertEqual(done.returncode, 0, done.stderr[-2000:])
        self.assertIn("in 1 = delivered 1", done.stderr)
        loaded = {Path(path).resolve() for path in re.findall(r"calling init: (\S+)", done.stderr)}
        beside = list((self.place / "lib" / "outfall").iterdir())  # a system Arrow stays where it is
        self.assertIn("libduckdb.so", [path.name for path in beside])
        for path in beside:
            self.assertEqual([path], [other for other in loaded if other.name == path.name])

    def test_public_headers_are_there(self):
        made = {path.name for path in (self.place / "include" / "outfall").iterdir()}
        self.assertEqual({path.name for path in (ROOT / "include" / "outfall").iterdir()} | {"version.h"}, made)


if __name__ == "__main__":
    unittest.main()
