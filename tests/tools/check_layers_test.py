#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
#
# The layer check finds what it must find, stays quiet where it must, and holds for this repository.
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CHECK = ROOT / "tools" / "check_layers.py"


def check(files):
    """Exit code and output of the check on a tree with these files: path to text."""
    with tempfile.TemporaryDirectory() as folder:
        for path, text in files.items():
            target = Path(folder) / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
        return run(folder)


def run(folder):
    done = subprocess.run([sys.executable, CHECK, folder], capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout


class LayerCheck(unittest.TestCase):
    def refuses(self, path, include, reason):
        code, output = check({path: f"// first line\n#include {include}\n"})
        self.assertEqual(code, 1, f"{path} including {include} was allowed")
        self.assertIn(f"{path}:2: ", output)
        self.assertIn(reason, output)

    def allows(self, path, *includes):
        code, output = check({path: "".join(f"#include {include}\n" for include in includes)})
        self.assertEqual((code, output), (0, ""))

    def test_lower_rank_is_allowed(self):
        self.allows("src/normalize/shape.h", '"columnar/builder.h"', '"base/text.h"', '"outfall/error.h"', '"normalize/path.h"')

    def test_higher_rank_is_refused(self):
        self.refuses("src/base/text.cc", '"schema/naming.h"', "base (rank 1) must not know schema (rank 2)")

    def test_same_rank_is_refused(self):
        self.refuses("src/schema/table.h", '"ledger/ledger.h"', "schema (rank 2) must not know ledger (rank 2)")
        self.refuses("src/destinations/null/null.cc", '"destinations/duckdb/duckdb.h"', "must not know destinations/duckdb")

    def test_public_headers_know_nothing_of_ours(self):
        self.refuses("include/outfall/pipeline.h", '"base/text.h"', "outfall (rank 0) must not know base")

    def test_public_headers_use_the_standard_library_only(self):
        self.allows("include/outfall/pipeline.h", "<vector>", "<cstdint>", '"outfall/error.h"')
        self.refuses("include/outfall/pipeline.h", "<unistd.h>", "not the C++ standard library")
        self.refuses("include/outfall/pipeline.h", "<fmt/format.h>", "fmt belongs in the .cc files")

    def test_command_line_and_examples_see_only_public_headers(self):
        self.allows("src/cli/run.cc", '"outfall/pipeline.h"', '"cli/options.h"', "<CLI/CLI.hpp>")
        self.refuses("src/cli/run.cc", '"engine/registry.h"', "sees only include/outfall")
        self.refuses("examples/load.cc", '"base/text.h"', "sees only include/outfall")

    def test_example_of_several_files(self):
        self.assertEqual(check({"examples/load.cc": '#include "shared.h"\n', "examples/shared.h": ""}), (0, ""))
        self.refuses("examples/load.cc", '"shared.h"', "does not begin with a folder of ours")

    def test_third_party_header_belongs_to_its_owner(self):
        self.allows("src/columnar/spool.cc", "<arrow/api.h>", "<zlib.h>")
        self.refuses("src/delivery/lane.cc", "<arrow/api.h>", "arrow belongs to columnar")
        self.refuses("src/delivery/lane.cc", '"duckdb.h"', "duckdb.h belongs to sql")

    def test_fmt_stays_out_of_headers(self):
        self.allows("src/delivery/lane.cc", "<fmt/format.h>")
        self.refuses("src/delivery/lane.h", "<fmt/format.h>", "fmt belongs in the .cc files")

    def test_test_libraries_stay_in_tests(self):
        self.allows("src/base/text_test.cc", "<gtest/gtest.h>")
        self.refuses("src/base/text.cc", "<gtest/gtest.h>", "belongs in *_test.cc")
        self.refuses("include/outfall/types.h", "<gtest/gtest.h>", "belongs in *_test.cc")

    def test_headers_of_tests_stay_in_tests(self):
        files = {
            "src/base/scratch.h": "#include <gtest/gtest.h>\n",
            "src/base/fixture.h": '#include "base/scratch.h"\n',
            "src/base/text_test.cc": '#include "base/fixture.h"\n',
        }
        self.assertEqual(check(files), (0, ""))
        files["src/base/text.cc"] = '#include "base/fixture.h"\n'
        code, output = check(files)
        self.assertEqual(code, 1)
        self.assertIn("src/base/text.cc:1: base/fixture.h is for tests", output)

    def test_unknown_headers_and_folders_are_refused(self):
        self.refuses("src/base/text.cc", "<boost/asio.hpp>", "has no owner")
        self.refuses("src/base/text.cc", '"text.h"', "write the path from src/")
        code, output = check({"src/misc/text.cc": "\n"})
        self.assertEqual(code, 1)
        self.assertIn("misc has no rank", output)

    def test_this_repository_holds_to_its_layers(self):
        code, output = run(ROOT)
        self.assertEqual((code, output), (0, ""))


if __name__ == "__main__":
    unittest.main()
