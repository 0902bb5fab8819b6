#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
#
# What `make install` copies is whole. Moved elsewhere, the program loads documents with the libraries beside it, other projects find
# and link the library, and a host that has an Arrow or a DuckDB of its own keeps both apart from ours.
import collections
import os
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ["OUTFALL_BUILD"]).resolve()
HERE = Path(__file__).resolve().parent / "install"
README_PROGRAM = BUILD / "tests" / "docs" / "readme.cc"
PROJECT = """cmake_minimum_required(VERSION 3.25)
project(app LANGUAGES CXX)
find_package(outfall 0.1 REQUIRED)
foreach(name IN ITEMS {names})
  add_executable(${{name}} ${{name}}.cc)
  target_link_libraries(${{name}} PRIVATE {others} outfall::outfall)
endforeach()
"""
SECONDS_MAX = 240


def cached(name):
    """What the build was configured with."""
    return re.search(rf"(?m)^{name}:\w+=(.*)$", (BUILD / "CMakeCache.txt").read_text())[1]


def exported(library, *options):
    done = subprocess.run(["nm", "-D", "--defined-only", *options, library], check=True, capture_output=True, text=True, timeout=60)
    return [line.split(maxsplit=2)[1:] for line in done.stdout.splitlines()]  # kind, name


def declared_functions():
    """The functions of the public headers that are defined elsewhere, each as often as it is overloaded."""
    found = collections.Counter()
    for header in (ROOT / "include" / "outfall").iterdir():
        text = re.sub(r"//.*", "", header.read_text(encoding="utf-8")).replace(" = {}", "")
        found.update(re.findall(r"(?m)^(?!inline|namespace|using|struct|class|enum|template|\[\[|#)[A-Za-z_:][\w:<>, ]* (\w+)\([^{}]*?\);", text))
        inline = set(re.findall(r"(?m)^inline [\w:<>]+ (\w+::\w+)\(", text))
        for name, body in re.findall(r"(?ms)^(?:class|struct) (\w+) \{$(.*?)^\};$", text):
            methods = re.findall(r"(?m)^  (?! )(?:static |explicit )?(?:[\w:<>, ]+ )?(\w+)\(([^;{}]*);", body)
            found.update(method for method, rest in ((f"{name}::{method}", rest) for method, rest in methods)
                         if method not in inline and not rest.endswith(("= 0", "= default", "= delete")))
    return found


class Install(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="outfall-install-")
        cls.addClassCleanup(folder.cleanup)
        made = Path(folder.name).resolve() / "made"
        subprocess.run(["cmake", "--install", BUILD, "--prefix", made], check=True, stdout=subprocess.DEVNULL, timeout=120)
        cls.place = made.with_name("moved")
        shutil.move(made, cls.place)

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="outfall-install-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name).resolve()
        (self.folder / "data").symlink_to(ROOT / "data")
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith(("OUTFALL", "LD_"))}
        self.environment |= {"OUTFALL_DATA_DIR": str(self.folder / "state")}

    def run_here(self, *command, **more):
        done = subprocess.run(command, cwd=self.folder, env=self.environment | more, capture_output=True, text=True, timeout=SECONDS_MAX)
        self.assertEqual(done.returncode, 0, f"{command}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}")
        return done

    def build(self, sources, others="", configure=()):
        if "-fsanitize" in cached("CMAKE_CXX_FLAGS"):
            self.skipTest("a host of a sanitized library must be sanitized itself")
        for source in sources:
            shutil.copy(source, self.folder)
        project = PROJECT.format(names=" ".join(source.stem for source in sources), others=others)
        (self.folder / "CMakeLists.txt").write_text(project)
        self.run_here("cmake", "-G", "Ninja", "-B", "build", f"-DCMAKE_PREFIX_PATH={self.place}", *configure, ".")
        self.run_here("cmake", "--build", "build")

    def test_moved_program_uses_the_libraries_beside_it(self):
        (self.folder / "users.jsonl").write_text('{"id":1}\n')
        done = self.run_here(self.place / "bin" / "outfall", "run", "users.jsonl", LD_DEBUG="files")
        self.assertIn("in 1 = delivered 1", done.stderr)
        # Where no server is, its driver is loaded all the same.
        nowhere = subprocess.run([self.place / "bin" / "outfall", "destination", "test", "postgres://127.0.0.1:1/none"], cwd=self.folder,
                                 env=self.environment | {"LD_DEBUG": "files"}, capture_output=True, text=True, timeout=SECONDS_MAX)
        self.assertIn("Connection refused", nowhere.stderr)
        loaded = {Path(path).resolve() for path in re.findall(r"calling init: (\S+)", done.stderr + nowhere.stderr)}
        beside = [path for path in (self.place / "lib" / "outfall").iterdir() if not path.is_symlink()]
        self.assertIn("libduckdb.so", [path.name for path in beside])
        for path in beside:
            self.assertEqual([path], [other for other in loaded if other.name == path.name])

    def test_public_headers_are_there(self):
        made = {path.name for path in (self.place / "include" / "outfall").iterdir()}
        self.assertEqual({path.name for path in (ROOT / "include" / "outfall").iterdir()} | {"version.h"}, made)

    def test_library_shows_the_public_functions_only(self):
        """A function that was added to a public header needs its line in cmake/liboutfall.map."""
        shown = {name for _, name in exported(self.place / "lib" / "liboutfall.so", "-C")}  # a constructor is there twice
        names = collections.Counter(re.match(r"outfall::([\w:]+)[\[(]|(.*)", name)[1] or name for name in shown)
        self.assertGreater(len(names), 10)
        self.assertEqual(dict(sorted(declared_functions().items())), dict(sorted(names.items())))

    def test_other_projects_find_and_link_it(self):
        examples = sorted(path for path in (ROOT / "examples").glob("*.cc") if not path.stem.endswith("_plugin"))
        for header in (ROOT / "examples").glob("*.h"):
            shutil.copy(header, self.folder)
        self.build([README_PROGRAM, *examples])
        self.assertIn("github_events: 100 rows", self.run_here("build/readme").stdout)
        for example in examples:
            self.run_here(f"build/{example.stem}")

    def test_plugins_need_the_headers_alone(self):
        """A plugin that takes whole loads links nothing, and the suite that is in the program is for it as well."""
        self.run_here("c++", "-std=c++23", "-shared", "-fPIC", "-fvisibility=hidden", "-I", self.place / "include",
                      ROOT / "examples" / "folder_destination_plugin.cc", "-o", "libfolder.so")
        self.assertNotIn("outfall", self.run_here("ldd", "libfolder.so").stdout)
        said = self.run_here(self.place / "bin" / "outfall", "destination", "test", "plugin:./libfolder.so#folder", "--conformance",
                             DESTINATION__PATH=str(self.folder / "out")).stdout
        self.assertIn("append goes on when it was broken off behind complete_load: passed\n", said)
        self.assertNotIn("FAILED", said)
        self.run_here("cc", "-std=c11", "-shared", "-fPIC", "-I", self.place / "include", ROOT / "examples" / "notify.c", "-o", "libnotify.so")

    def test_host_uses_an_arrow_of_its_own(self):
        if cached("OUTFALL_ARROW") != "pinned":
            self.skipTest("with a system Arrow, host and library share it")
        arrow = Path(cached("OUTFALL_DEPS")).resolve() / "pyarrow"
        shutil.copy(arrow / "lib" / "libarrow.so.2600", self.folder)
        self.build([HERE / "arrow_host.cc"], others="${CMAKE_SOURCE_DIR}/libarrow.so.2600",
                   configure=[f"-DCMAKE_CXX_FLAGS=-isystem {arrow}/include"])
        said = self.run_here("build/arrow_host").stdout
        self.assertIn(f"{self.folder}/libarrow.so.2600\n", said)
        self.assertIn(f"{self.place}/lib/outfall/libofarrow.so.26\n", said)

    def test_host_with_other_versions_disturbs_nothing(self):
        """Libraries with every name that an Arrow and a DuckDB show, each function of which ends the process."""
        if cached("OUTFALL_ARROW") != "pinned":
            self.skipTest("with a system Arrow, host and library share it")
        deps = Path(cached("OUTFALL_DEPS"))
        for made, whose in (("libarrow.so.1400", deps / "pyarrow/lib/libarrow.so.2600"), ("libduckdb.so", deps / "duckdb/libduckdb.so")):
            functions = {name for kind, name in exported(whose) if kind in "TW" and not re.match(r"_Z[A-Z]*N?K?S[a-z]", name)}
            lines = [".text", *(f".globl {name}\n.type {name}, @function\n{name}:" for name in sorted(functions)), "ud2"]
            (self.folder / "other.s").write_text("\n".join(lines) + "\n")
            self.run_here("c++", "-shared", "-nostdlib", f"-Wl,-soname,{made}", "-o", made, "other.s")
        self.build([HERE / "plain_host.cc"],
                   others="-Wl,--no-as-needed ${CMAKE_SOURCE_DIR}/libarrow.so.1400 ${CMAKE_SOURCE_DIR}/libduckdb.so -Wl,--as-needed")
        said = self.run_here("build/plain_host").stdout
        for name in ("libarrow.so.1400", "libduckdb.so"):
            self.assertIn(f"{self.folder}/{name}\n", said)
        self.assertIn(f"{self.place}/lib/outfall/libduckdb.so\n", said)


if __name__ == "__main__":
    unittest.main()
