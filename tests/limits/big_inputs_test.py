#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
#
# Inputs that are large in one way each, and what the program holds of them: 100,000 small files with few files open at
# once, a pipe of a gigabyte, one line of 200 MB, a load of 270 MB of which the database refuses some rows while it may
# hold 256 MiB. Progress is looked at as well: it never goes back, and ends with what was read.
import base64
import json
import os
import pathlib
import random
import resource
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
OUTFALL = pathlib.Path(os.environ.get("OUTFALL", ROOT / "build/release/outfall")).resolve()
MIB = 1 << 20
HELD_MAX = 256 * MIB  # docs/command-line.md, --memory
FILES = 100_000
OPEN_FILES_MAX = 64
PIPE_BYTES = 1 << 30
LINE_BYTES = 200 * 1_000_000
WIDE_ROWS = 30_000
WIDE_BYTES = 6_750  # of a row, before base64
SANITIZED = any(mark in OUTFALL.read_bytes() for mark in (b"__asan_init", b"__tsan_init"))  # they hold more


def run(folder, *arguments, feed=None, files_max=None):
    """The report, the progress lines, and the bytes that were resident at most."""
    def limit():
        if files_max:
            resource.setrlimit(resource.RLIMIT_NOFILE, (files_max, files_max))
    command = [OUTFALL, "run", *arguments, "--to", "null:", "--data-dir", folder / "state", "--progress", "json"]
    talk = folder / "talk"
    with talk.open("wb") as stderr:
        process = subprocess.Popen(command, stdin=subprocess.PIPE if feed else subprocess.DEVNULL, stderr=stderr, preexec_fn=limit)
        if feed:
            feed(process.stdin)
            process.stdin.close()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    lines = [json.loads(line) for line in talk.read_text().splitlines()]
    assert process.returncode == 0, lines[-1]
    *progress, report = lines
    return report["report"], progress, usage.ru_maxrss * 1024


def tells_the_truth(report, progress):
    read = [line for line in progress if line["event"] == "progress" and line["stage"] == "extract"]
    for key in ("rows", "bytes"):
        counts = [line[key] for line in read]
        assert counts == sorted(counts), f"{key} go back: {counts}"
    assert read[-1]["rows"] == report["balance"]["in"], (read[-1], report["balance"])
    assert read[-1]["bytes"] == report["bytes_read"], (read[-1], report["bytes_read"])


def holds_at_most(held, limit, what):
    print(f"{what}: {held / MIB:.0f} MiB resident")
    assert SANITIZED or held < limit, f"{what}: {held / MIB:.0f} MiB, and {limit / MIB:.0f} are the most"


def many_files(folder):
    (folder / "many").mkdir()
    for number in range(FILES):
        (folder / f"many/{number:06}.jsonl").write_text(f'{{"id":{number},"name":"file {number}"}}\n')
    report, progress, held = run(folder, folder / "many", files_max=OPEN_FILES_MAX)
    assert report["balance"]["in"] == FILES and len(report["inputs"]) == FILES
    tells_the_truth(report, progress)
    holds_at_most(held, HELD_MAX, f"{FILES:,} files")


def long_pipe(folder):
    piece = "".join(f'{{"id":{i},"text":"{"x" * 200}","tags":["a","b"]}}\n' for i in range(4000)).encode()
    times = PIPE_BYTES // len(piece)

    def feed(pipe):
        for _ in range(times):
            pipe.write(piece)
    report, progress, held = run(folder, "-", "--table", "piped", feed=feed)
    assert report["balance"]["in"] == times * 4000
    tells_the_truth(report, progress)
    holds_at_most(held, HELD_MAX, "a pipe of 1 GiB")


def long_line(folder):
    with (folder / "line.jsonl").open("w") as file:
        file.write('{"id":1,"text":"')
        for _ in range(LINE_BYTES // 1_000_000):
            file.write("x" * 1_000_000)
        file.write('"}\n')
    report, progress, held = run(folder, folder / "line.jsonl")
    assert report["balance"]["in"] == 1
    tells_the_truth(report, progress)
    # The document and the text that is made of it.
    holds_at_most(held, HELD_MAX + 2 * LINE_BYTES, f"a line of {LINE_BYTES // 1_000_000} MB")


def query(folder, statement, *options):
    command = [OUTFALL, "query", f"duckdb:{folder}/out.duckdb", statement, "--output", "csv", *options]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[1:]


def wide_rows_refused(folder):
    rows = random.Random(1)
    with (folder / "wide.jsonl").open("w") as file:
        for number in range(WIDE_ROWS):
            file.write(f'{{"id":{number},"text":"{base64.b64encode(rows.randbytes(WIDE_BYTES)).decode()}"}}\n')
    query(folder, "create schema data", "--write")
    query(folder, "create table data.wide (id bigint check (id % 1000 <> 999))", "--write")
    command = [OUTFALL, "run", folder / "wide.jsonl", "--to", f"duckdb:{folder}/out.duckdb", "--dataset", "data", "--pipeline", "wide"]
    command += ["--data-dir", folder / "state", "--memory", "32MiB", "--json", "--progress", "none"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 3, done.stderr
    refused = WIDE_ROWS // 1000
    assert json.loads(done.stdout)["balance"]["rejected"] == refused, done.stdout
    in_order = "select count(*), count(*) filter (where id < before) from (select id, lag(id) over (order by rowid) as before from data.wide)"
    assert query(folder, in_order) == [f"{WIDE_ROWS - refused},0"], query(folder, in_order)
    print(f"{refused} of {WIDE_ROWS:,} wide rows refused, the others in their order")


def main():
    cases = (many_files, long_pipe, long_line, wide_rows_refused)
    for case in cases:
        with tempfile.TemporaryDirectory() as folder:
            case(pathlib.Path(folder))
    print(f"{len(cases)} passed, 0 failed")


if __name__ == "__main__":
    sys.exit(main())
