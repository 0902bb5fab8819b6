#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
#
# Inputs that are large in one way each, and what the program holds of them: 100,000 small files with few files open at
# once, a pipe of a gigabyte, one line of 200 MB. Progress is looked at as well: it never goes back, and ends with what
# was read.
import json
import os
import pathlib
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


def main():
    for case in (many_files, long_pipe, long_line):
        with tempfile.TemporaryDirectory() as folder:
            case(pathlib.Path(folder))
    print("3 passed, 0 failed")


if __name__ == "__main__":
    sys.exit(main())
