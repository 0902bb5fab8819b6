#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
#
# The tarball of `make dist` is all that a machine needs beside its C library: unpacked into a root folder that holds nothing else,
# the program loads documents into DuckDB and asks for them. Where a test may not change its root folder, it runs in an empty
# environment instead; where its libraries lie is looked at in any case.
import os
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ["OUTFALL_BUILD"]).resolve()
C_LIBRARY = re.compile(r"(ld-linux[\w-]*|libc|libm|libdl|librt|libpthread)\.so\.\d+")
SECONDS_MAX = 240


def run(*command, **more):
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS_MAX, **more)
    if done.returncode != 0:
        raise AssertionError(f"{command} answered {done.returncode}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}")
    return done


def needed(program):
    """The libraries of a program: name, and where the loader finds it; of the C library's loader there is only a path."""
    lines = run("ldd", program, env={}).stdout.splitlines()
    found = [re.fullmatch(r"\s*(?:(\S+) => )?(/\S+) \(0x\w+\)", line) for line in lines]
    return {Path(match[1] or match[2]).name: Path(match[2]) for match in found if match}


def way_to_change_root(root):
    """The command that runs another one with only `root` and the kernel's own /proc; none if that is not allowed here."""
    program = shutil.which("unshare")
    enter = 'PATH=/usr/bin:/bin:/usr/sbin:/sbin; mount --rbind /proc "$0/proc" && exec chroot "$0" "$@"'
    for rights in (["--map-root-user"], []):  # user namespaces, or the superuser
        if program and subprocess.run([program, *rights, "--mount", "/bin/sh", "-c", enter.replace('"$0" "$@"', "/ /bin/true"), root],
                                      capture_output=True, timeout=SECONDS_MAX).returncode == 0:
            return [program, *rights, "--mount", "/bin/sh", "-c", enter, str(root)]
    return None


@unittest.skipIf(re.search(r"(?m)^CMAKE_CXX_FLAGS:.*-fsanitize", (BUILD / "CMakeCache.txt").read_text()), "nobody packs a sanitized build")
class Dist(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="outfall-dist-")
        cls.addClassCleanup(folder.cleanup)
        cls.packed = Path(folder.name).resolve()
        cls.tarball = Path(run(ROOT / "tools" / "dist", BUILD, cls.packed).stdout.strip())

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="outfall-dist-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name).resolve()
        self.root = self.folder / "root"
        (self.root / "home").mkdir(parents=True)
        (self.root / "proc").mkdir()
        shutil.copy(ROOT / "data" / "github_events.jsonl", self.root / "home")

    def unpack(self):
        run("tar", "-xzf", self.tarball, "-C", self.folder)
        shutil.move(self.folder / self.tarball.name.removesuffix(".tar.gz"), self.root / "outfall")
        return self.root / "outfall" / "bin" / "outfall"

    def add_c_library(self, program):
        for name, place in needed(program).items():
            if C_LIBRARY.fullmatch(name):
                inside = self.root / place.relative_to("/")
                inside.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(place, inside)

    def test_checksum_is_of_the_tarball(self):
        self.assertRegex(self.tarball.name, r"^outfall-\d+\.\d+\.\d+-linux-\w+\.tar\.gz$")
        self.assertEqual({self.tarball.name, f"{self.tarball.name}.sha256"}, {path.name for path in self.packed.iterdir()})
        run("sha256sum", "--check", "--strict", f"{self.tarball.name}.sha256", cwd=self.packed)

    def test_main_job_runs_with_the_c_library_only(self):
        program = self.unpack()
        for name, place in needed(program).items():
            self.assertTrue(C_LIBRARY.fullmatch(name) or place.resolve().is_relative_to(self.root), f"{name} is taken from {place}")
        self.add_c_library(program)
        way = way_to_change_root(self.root)
        if way:
            home, outfall = "/home", [*way, "/outfall/bin/outfall"]
        else:
            print("the root folder may not be changed here: ran in an empty environment instead")
            home, outfall = str(self.root / "home"), [str(program)]
        environment = {"HOME": home, "OUTFALL_DATA_DIR": f"{home}/state"}
        done = run(*outfall, "run", f"{home}/github_events.jsonl", "--to", f"duckdb:{home}/github.duckdb", cwd=self.folder, env=environment)
        self.assertIn("in 100 = delivered 100", done.stdout + done.stderr)
        done = run(*outfall, "query", f"duckdb:{home}/github.duckdb", "select count(*) as n from github_events", cwd=self.folder,
                   env=environment)
        self.assertRegex(done.stdout, r"(?m)^\s*100$")
        self.assertTrue((self.root / "home" / "github.duckdb").exists())


if __name__ == "__main__":
    unittest.main()
