#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
#
# tools/setup asks nothing of the network when all is there, refuses a file with another hash, and says what to install where it
# cannot. Runs on a copy of tools/ with stand-ins for the programs that would reach outside.
import os
import platform
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("arrow", "duckdb", "duckdb-header", "adbc-postgresql", "adbc-header", "simdjson")


class Setup(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        self.programs = self.root / "programs"
        self.programs.mkdir()
        self.calls = self.root / "calls"
        (self.root / "tools").mkdir()
        for name in ("setup", "pins.txt", "requirements-dlt.txt"):
            shutil.copy(ROOT / "tools" / name, self.root / "tools" / name)
        for outside in ("apt-get", "sudo", "npm", "curl"):
            self.stand_in(outside, f'echo "{outside} $*" >>"{self.calls}"; exit 9')

    def stand_in(self, name, script):
        path = self.programs / name
        path.write_text(f"#!/bin/bash\n{script}\n")
        path.chmod(0o755)

    def stamp(self, parts, machine=platform.machine()):
        stamps = self.root / ".deps" / "stamps"
        stamps.mkdir(parents=True)
        for line in (self.root / "tools" / "pins.txt").read_text().splitlines():
            words = line.split()
            if words and words[0] in parts and words[1] in (machine, "any"):
                (stamps / words[0]).write_text(" ".join(words) + "\n")

    def run_setup(self, *arguments):
        environment = dict(os.environ, PATH=f"{self.programs}:{os.environ['PATH']}")
        done = subprocess.run([self.root / "tools" / "setup", "--no-packages", *arguments], env=environment,
                              capture_output=True, text=True, timeout=60)
        return done.returncode, done.stderr

    def test_second_run_reaches_nothing(self):
        self.stamp(PARTS)
        shutil.copy(self.root / "tools" / "requirements-dlt.txt", self.root / ".deps" / "stamps" / "venv-dlt")
        self.assertEqual(self.run_setup("--with", "dlt"), (0, ""))
        self.assertFalse(self.calls.exists())

    def test_changed_pin_is_fetched_again(self):
        self.stamp(PARTS)
        pins = self.root / "tools" / "pins.txt"
        pins.write_text(pins.read_text().replace("1.5.5-r.5", "1.5.5-r.6"))
        code, said = self.run_setup()
        self.assertEqual(code, 1)
        self.assertIn("1.5.5-r.6 could not be downloaded", said)
        self.assertIn("npm pack", self.calls.read_text())

    def test_file_with_another_hash_is_refused(self):
        self.stamp(set(PARTS) - {"duckdb"})
        self.stand_in("npm", "echo something else >package.tgz")
        code, said = self.run_setup()
        self.assertEqual(code, 1)
        self.assertIn("is not the file that tools/pins.txt names", said)
        self.assertFalse((self.root / ".deps" / "duckdb").exists())
        self.assertFalse((self.root / ".deps" / "stamps" / "duckdb").exists())

    def test_unknown_machine_is_told_what_to_install(self):
        self.stand_in("uname", '[ "$1" = -m ] && echo riscv64 || echo Linux')
        code, said = self.run_setup()
        self.assertEqual(code, 1)
        self.assertIn("not Linux on riscv64", said)
        self.assertIn("hint: install a C++23 compiler", said)
        self.assertIn("-DOUTFALL_ARROW=system", said)

    def test_arm64_is_picked_and_called_untested(self):
        self.stamp(PARTS, machine="aarch64")
        self.stand_in("uname", '[ "$1" = -m ] && echo aarch64 || echo Linux')
        code, said = self.run_setup()
        self.assertEqual(code, 0, said)
        self.assertIn("nobody has tested it yet", said)

    def test_unknown_option_is_refused(self):
        code, said = self.run_setup("--fast")
        self.assertEqual(code, 1)
        self.assertIn("does not know '--fast'", said)


if __name__ == "__main__":
    unittest.main()
