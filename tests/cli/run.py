#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
#
# Runs transcripts: command lines with the exit code, stdout and stderr that they must give.
#
#   OUTFALL=build/release/outfall tests/cli/run.py [--update] [TRANSCRIPT...]
#
# Without names: every transcripts/*.txt, and the commands of docs/command-line.md. --update writes what was seen into the
# transcripts; read the difference before you believe it.
#
# A transcript runs in an empty folder of its own, line by line:
#
#   # text       a comment
#   $ command    a line for bash; `outfall` is the program under test
#   > more       goes on with the command
#     text       a line of stdout (two spaces in front)
#   ! text       a line of stderr
#   = 2          the exit code, if it is not 0
#
# What differs from run to run is written as a placeholder: see PLACEHOLDERS. A line of only `...` stands for any lines.
import concurrent.futures
import difflib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.append(str(ROOT / "tests" / "docs"))
from pages import agrees, blocks  # noqa: E402

SECONDS_MAX = 120  # of one command, on a busy machine

# In this order: what it looks like, what it is called.
PLACEHOLDERS = [
    (r"\b\d{10}\.\d{1,9}\b", "<LOAD>"),
    (r"\b20\d\d-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?( UTC|Z|\+00:00)", "<TIME>"),
    (r"(?m)^(time +).*$", r"\1<SECONDS>"),
    (r"seconds\":[0-9.e+-]+", 'seconds":<SECONDS>'),
    (r"\"rows_per_second\":\d+", '"rows_per_second":<N>'),
    (r"\b\d+(\.\d+)? s\b", "<SECONDS>"),
    (r"\b[0-9a-f]{16}\b", "<RUN>"),
    (r"\bprocess( +)\d+ on [^\s,]+", r"process\1<PID> on <HOST>"),
    (r"held in \S+ \(PID \d+\)", "held in <PROGRAM> (PID <PID>)"),
    (r"\"pid\":\d+", '"pid":<PID>'),
    (r"(?m)^(  +key +)[0-9a-f]{32}$", r"\1<KEY>"),
    (r"\"host\":\"[^\"]*\"", '"host":"<HOST>"'),
    (r"(?<=[a-z])-[0-9a-f]{8}\b", "-<KEY>"),
    (r"\b[\d.]+ k?M?B of (state|job files)", r"<SIZE> of \1"),
    (r"(jobs?), [\d.]+ k?M?B", r"\1, <SIZE>"),
    (r"\"(bytes|state_bytes|package_bytes)\":\d+", r'"\1":<SIZE>'),
]


class Step:
    """One command with what it must give."""

    def __init__(self, command, line):
        self.command = command
        self.line = line
        self.code = 0
        self.out = []
        self.err = []


def parse(text):
    """The transcript as comments (str) and steps, in order."""
    parts = []
    for number, line in enumerate(text.splitlines(), start=1):
        step = parts[-1] if parts and isinstance(parts[-1], Step) else None
        if line.startswith("$ "):
            parts.append(Step(line[2:], number))
        elif line.startswith("> ") or line == ">":
            step.command += "\n" + line[2:]
        elif line.startswith("  "):
            step.out.append(line[2:])
        elif line.startswith("! ") or line == "!":
            step.err.append(line[2:])
        elif line.startswith("= "):
            step.code = int(line[2:])
        elif line.startswith("#") or not line.strip():
            parts.append(line)
        else:
            raise SystemExit(f"line {number} begins with nothing known: {line}")
    return parts


def show(step):
    first, *more = step.command.split("\n")
    lines = ["$ " + first] + ["> " + line for line in more]
    lines += ["  " + line for line in step.out]
    lines += [("! " + line).rstrip() for line in step.err]
    return lines + ([f"= {step.code}"] if step.code else [])


def normalized(text, folder):
    text = text.replace(str(folder), "<DIR>").replace(str(ROOT / "data"), "<SAMPLES>")
    for pattern, name in PLACEHOLDERS:
        text = re.sub(pattern, name, text)
    # Plain progress comes once a second: on a slow machine more often than on a fast one.
    return [line for line in text.splitlines() if not line.startswith("progress: ")]


def make_environment(folder):
    programs = folder / ".bin"
    programs.mkdir()
    (programs / "outfall").symlink_to(Path(os.environ["OUTFALL"]).resolve())
    names = ("OUTFALL_DUCKDB", "ASAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS")
    keep = {name: os.environ[name] for name in names if name in os.environ}
    return keep | {
        "PATH": f"{programs}:{os.environ['PATH']}",
        "HOME": str(folder),
        "XDG_STATE_HOME": str(folder / ".state"),
        "SAMPLES": str(ROOT / "data"),
        "LC_ALL": "C.UTF-8",
    }


def run_step(step, folder, environment):
    done = subprocess.run(["bash", "-c", step.command], cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True,
                          timeout=SECONDS_MAX)
    seen = Step(step.command, step.line)
    seen.code = done.returncode
    seen.out = [line.rstrip() for line in normalized(done.stdout.decode(errors="backslashreplace"), folder)]
    seen.err = [line.rstrip() for line in normalized(done.stderr.decode(errors="backslashreplace"), folder)]
    return seen


def run_transcript(path, update):
    """What went wrong, as text; empty for nothing."""
    parts = parse(path.read_text(encoding="utf-8"))
    folder = Path(tempfile.mkdtemp(prefix="outfall-cli-")).resolve()
    problems, lines = [], []
    try:
        environment = make_environment(folder)
        for part in parts:
            if isinstance(part, str):
                lines.append(part)
                continue
            seen = run_step(part, folder, environment)
            good = part.code == seen.code and agrees(part.out, seen.out) and agrees(part.err, seen.err)
            lines += show(part if good else seen)
            if not good:
                difference = difflib.unified_diff(show(part), show(seen), "expected", "seen", lineterm="", n=1)
                problems.append(f"{path.name}:{part.line}: {part.command}\n" + "\n".join(difference))
    except subprocess.TimeoutExpired as late:
        problems.append(f"{path.name}: not done after {SECONDS_MAX} s: {late.cmd}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if update and problems:
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return "\n\n".join(problems)


def run_page(path):
    """Runs the console blocks of a page in order, in one folder; each command must give 0, or what `# exit N` says."""
    folder = Path(tempfile.mkdtemp(prefix="outfall-doc-")).resolve()
    problems = []
    try:
        environment = make_environment(folder)
        (folder / "data").symlink_to(ROOT / "data")
        consoles = [(lines, first) for language, _, lines, first in blocks(path) if language == "console"]
        for lines, first in consoles:
            for number, line in enumerate(lines, start=first):
                if not line.startswith("$ "):
                    continue
                wanted = re.search(r"# exit (\d+)$", line)
                seen = run_step(Step(line[2:], number), folder, environment)
                if seen.code != (int(wanted[1]) if wanted else 0):
                    problems.append(f"{path.name}:{number}: {seen.command}\nexit {seen.code}\n" + "\n".join(seen.out + seen.err))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return "\n\n".join(problems)


def main():
    update = "--update" in sys.argv
    names = [Path(name) for name in sys.argv[1:] if not name.startswith("--")]
    transcripts = names or sorted((HERE / "transcripts").glob("*.txt"))
    with concurrent.futures.ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        results = dict(zip(transcripts, pool.map(lambda path: run_transcript(path, update), transcripts)))
    page = ROOT / "docs" / "command-line.md"
    if not names and page.exists():
        results[page] = run_page(page)
    failed = 0
    for path, problem in results.items():
        print(f"{'FAILED' if problem else 'ok':8}{path.name}")
        if problem:
            failed += 1
            print("\n" + problem + "\n")
    print(f"{len(results) - failed} of {len(results)} transcripts are as they should be")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
