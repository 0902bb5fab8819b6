#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A class whose member is called like a hook, but cannot be called as the hook is, does not compile; the compiler names
the hook."""
import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
CACHE = (Path(os.environ["OUTFALL_BUILD"]) / "CMakeCache.txt").read_text()
COMPILER = re.search(r"(?m)^CMAKE_CXX_COMPILER:\w+=(.*)$", CACHE)[1]
SECONDS_MAX = 120
CALL = "void operator()(const Rows&, const TableSchema&) {}"
ONE_EVENT = ("begin_load", "begin_table", "end_table", "complete_load", "abort_load")

BEGIN = f"""#include "outfall/custom_destination.h"
using namespace outfall;
struct Beneath {{ void end_table(const LoadEvent&) {{}} }};
template <class F> auto made(F function) {{ return custom_destination({{.name = "sink"}}, function); }}
"""
HOOKS = """
  void open(const Configuration&) {}
  template <class Event> void begin_load(const Event&) {}
  Outcome begin_table(LoadEvent) { return {}; }
  void begin_table(int) {}
  static void complete_load(const LoadEvent&) {}
  Outcome resolve(const TableSchema&, const CallContext&) const { return {}; }
"""
GOOD = [f"struct : Beneath {{ {HOOKS} {CALL} }} sink;", f"struct {{ void opened(int) {{}} {CALL} }} sink;",
        f"struct Sink final {{ void open(const Configuration&) {{}} {CALL} }} sink;", "auto sink = [](const Rows&, const TableSchema&) {};",
        "auto sink = +[](const Rows&, const TableSchema&) {};"]
# The hook that the compiler is to name, and what is wrong.
WRONG = [(hook, f"struct {{ void {hook}() {{}} {CALL} }} sink;") for hook in ONE_EVENT] + [
    ("begin_load", f"struct {{ void begin_load(LoadEvent&) {{}} {CALL} }} sink;"),
    ("open", f"struct {{ void open() {{}} void open(Configuration&) {{}} {CALL} }} sink;"),
    ("open", f"class Sink {{ void open(const Configuration&) {{}} public: {CALL} }} sink;"),
    ("open", f"struct {{ bool open = false; {CALL} }} sink;"),
    ("end_table", f"struct : private Beneath {{ {CALL} }} sink;"),
    ("resolve", f"struct {{ Outcome resolve(const CallContext&) {{ return {{}}; }} {CALL} }} sink;"),
]


def named_hooks(sinks):
    """Those of which the compiler complains, one for each complaint."""
    program = BEGIN + "".join(f"namespace case_{i} {{ namespace {{ {sink} }} const auto it = made(sink); }}\n" for i, sink in enumerate(sinks))
    done = subprocess.run([COMPILER, "-std=c++23", "-fsyntax-only", "-Wall", "-Wextra", "-I", ROOT / "include", "-x", "c++", "-"],
                          input=program, capture_output=True, text=True, timeout=SECONDS_MAX)
    hooks = re.findall(r"error: .*the hook (\w+) is a public member that takes \(", done.stderr)
    assert done.stderr.count("error: ") == len(hooks) and "warning: " not in done.stderr, done.stderr
    return sorted(hooks)


def main():
    assert named_hooks(GOOD) == [], "what can be called is a hook, and what has another name is none"
    expected = sorted(hook for hook, _ in WRONG)
    named = named_hooks([sink for _, sink in WRONG])
    assert named == expected, f"the compiler names {named}, and not {expected}"
    print("what looks like a hook is one, or does not compile")
    return 0


if __name__ == "__main__":
    sys.exit(main())
