#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
#
# Signals, terminals and closed pipes: what a transcript cannot show.
import fcntl
import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

OUTFALL = Path(os.environ["OUTFALL"]).resolve()
SECONDS_MAX = 60  # for anything to happen, on a busy machine


def wait_until(holds, otherwise):
    late = time.monotonic() + SECONDS_MAX
    while not holds():
        assert time.monotonic() < late, otherwise
        time.sleep(0.01)


def catches(process, number):
    """Whether the process has a handler for the signal by now."""
    caught = re.search(r"(?m)^SigCgt:\s*(\w+)", Path(f"/proc/{process.pid}/status").read_text())
    return int(caught[1], 16) >> (number - 1) & 1 == 1


class Case(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory(prefix="outfall-signals-")
        self.addCleanup(scratch.cleanup)
        self.folder = Path(scratch.name)
        self.environment = os.environ | {"HOME": scratch.name, "XDG_STATE_HOME": f"{scratch.name}/state", "TERM": "xterm"}
        self.environment.pop("OUTFALL_DATA_DIR", None)
        self.environment.pop("NO_COLOR", None)

    def start(self, *arguments, **options):
        return subprocess.Popen([OUTFALL, *arguments], cwd=self.folder, env=self.environment, **options)

    def outfall(self, *arguments):
        return subprocess.run([OUTFALL, *arguments], cwd=self.folder, env=self.environment, capture_output=True, text=True,
                              timeout=SECONDS_MAX)

    def start_waiting(self, **options):
        """A run that has begun and waits for the rest of its input."""
        run = self.start("run", "-", "--table", "events", "-p", "events", stdin=subprocess.PIPE, stderr=subprocess.PIPE, **options)
        run.stdin.write(b'{"id":1}\n' * 1000)
        run.stdin.flush()
        wait_until(self.holder, "the run did not begin")
        return run

    def holder(self):
        pipelines = json.loads(self.outfall("status", "--json").stdout)["pipelines"]
        return pipelines and pipelines[0]["holder"]


class ClosedDescriptors(Case):
    def test_closed_standard_input_is_an_error(self):
        done = subprocess.run(["sh", "-c", 'exec "$0" run - --table events <&-', OUTFALL], cwd=self.folder,
                              env=self.environment, capture_output=True, text=True, timeout=SECONDS_MAX)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("standard input: Bad file descriptor", done.stderr)


class Signals(Case):
    def check_stopped(self, number, code):
        run = self.start_waiting()
        run.send_signal(number)
        # The input stays open: what waits for it must not keep the run from stopping. How long that takes is measured
        # where a run stands at a known place: tests/crash/stops_test.py --timed.
        run.wait(timeout=SECONDS_MAX)
        _, err = run.communicate(timeout=SECONDS_MAX)
        self.assertEqual(run.returncode, code, err)
        self.assertIn(b"note: nothing was loaded; standard input must be sent again", err)
        self.assertIn(b"in 0 = delivered 0 + rejected 0 + pending 0", err)
        self.assertFalse((self.folder / "events.duckdb").exists())
        [pipeline] = json.loads(self.outfall("status", "--json").stdout)["pipelines"]
        self.assertEqual(pipeline["pending_packages"], 0)
        self.assertEqual(pipeline["package_bytes"], 0)
        self.assertEqual(pipeline["runs"][0]["exit_code"], code)
        self.assertIn(b"stopped: in 0", err)

    def test_interrupt_before_the_seal_leaves_nothing(self):
        self.check_stopped(signal.SIGINT, 130)

    def test_terminate_before_the_seal_leaves_nothing(self):
        self.check_stopped(signal.SIGTERM, 143)

    def test_a_terminal_that_goes_away_is_a_request_to_end(self):
        self.check_stopped(signal.SIGHUP, 143)

    def test_a_second_signal_ends_what_cannot_stop(self):
        reader, writer = os.pipe()
        os.set_blocking(writer, False)
        try:
            while True:
                os.write(writer, b"." * 65536)
        except BlockingIOError:
            os.set_blocking(writer, True)
        # Nobody reads what it says, so it waits for ever where it wants to say that it stopped.
        run = self.start("run", "-", "--table", "events", stdin=subprocess.PIPE, stderr=writer)
        os.close(writer)
        wait_until(lambda: catches(run, signal.SIGTERM), "it does not hear signals")
        run.send_signal(signal.SIGINT)
        run.send_signal(signal.SIGTERM)  # two of the same would be one
        try:
            self.assertIn(run.wait(timeout=SECONDS_MAX), (130, 143))
        finally:
            run.kill()
            run.communicate()
            os.close(reader)

    def test_status_that_watches_ends_by_interrupt(self):
        watch = self.start("status", "--watch", "--json", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        first = json.loads(watch.stdout.readline())
        watch.send_signal(signal.SIGINT)
        watch.communicate(timeout=SECONDS_MAX)
        self.assertEqual(first["pipelines"], [])
        self.assertEqual(watch.returncode, 130)

    def test_interrupt_ends_a_query(self):
        endless = "select count(*) from range(100000000000) a, range(100000000000) b where a.range * 3 = b.range * 7"
        self.outfall("query", "duckdb:x.duckdb", "create table t(i int)", "--write")
        query = self.start("query", "duckdb:x.duckdb", endless, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        # It works as soon as it uses the processor for longer than opening the file takes.
        wait_until(lambda: self.cpu_seconds(query.pid) >= 0.5, "the query did not begin")
        query.send_signal(signal.SIGINT)
        _, err = query.communicate(timeout=SECONDS_MAX)
        self.assertEqual(query.returncode, 130, err)

    @staticmethod
    def cpu_seconds(pid):
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Streams(Case):
    def test_closed_stdout_is_no_crash(self):
        (self.folder / "users.jsonl").write_text('{"id":1}\n')
        reader, writer = os.pipe()
        os.close(reader)
        run = self.start("run", "users.jsonl", "--json", stdout=writer, stderr=subprocess.PIPE)
        os.close(writer)
        _, err = run.communicate(timeout=SECONDS_MAX)
        self.assertEqual(run.returncode, 0, err)
        self.assertIn(b"in 1 = delivered 1", err)

    def test_full_disk_under_stdout_is_an_error(self):
        with open("/dev/full", "wb") as full:
            query = self.start("query", "duckdb:x.duckdb", "select 1", "--write", stdout=full, stderr=subprocess.PIPE)
            _, err = query.communicate(timeout=SECONDS_MAX)
        self.assertEqual(query.returncode, 1, err)
        self.assertIn(b"no space left", err.lower())


class Terminal(Case):
    def on_terminal(self, *arguments, **environment):
        """What a person at a terminal sees of stderr."""
        (self.folder / "users.jsonl").write_text('{"id":1}\n')
        master, slave = pty.openpty()
        self.environment |= environment
        run = self.start(*arguments, stdout=subprocess.DEVNULL, stderr=slave)
        os.close(slave)
        shown = b""
        while select.select([master], [], [], SECONDS_MAX)[0]:
            try:
                piece = os.read(master, 65536)
            except OSError:  # the other end is closed
                break
            if not piece:
                break
            shown += piece
        os.close(master)
        run.wait(timeout=SECONDS_MAX)
        return shown.decode()

    def test_bar_is_drawn_in_place_for_each_stage(self):
        shown = self.on_terminal("run", "users.jsonl")
        self.assertIn("\r", shown)
        self.assertRegex(shown, r"extract .*\x1b\[K")
        self.assertRegex(shown, r"load .*\x1b\[K")
        self.assertTrue(shown.rstrip().endswith("exactly once (transactional)"))

    def test_no_color_is_respected(self):
        self.assertIn("\x1b[1;31merror:", self.on_terminal("run", "missing.jsonl"))
        self.assertNotIn("\x1b[", self.on_terminal("run", "missing.jsonl", NO_COLOR="1"))

    def test_dumb_terminal_gets_plain_lines(self):
        self.assertNotIn("\x1b", self.on_terminal("run", "users.jsonl", TERM="dumb"))


class Asking(Case):
    def drop(self, answer):
        """Drops a pending package as a person at a terminal who answers so; the exit code, and what is pending then."""
        (self.folder / "users.jsonl").write_text('{"id":1}\n')
        self.environment["OUTFALL_FAULT"] = "after_seal"
        self.outfall("run", "users.jsonl", "-p", "shop")
        del self.environment["OUTFALL_FAULT"]
        [pipeline] = json.loads(self.outfall("package", "list", "--json").stdout)["pipelines"]
        master, slave = pty.openpty()
        os.write(master, answer)
        drop = self.start("package", "drop", pipeline["packages"][0]["load_id"], stdin=slave, stderr=slave)
        os.close(slave)
        code = drop.wait(timeout=SECONDS_MAX)
        shown = os.read(master, 65536)
        os.close(master)
        self.assertIn(b"give up 1 document", shown)
        [pipeline] = json.loads(self.outfall("status", "--json").stdout)["pipelines"]
        return code, pipeline["pending_packages"]

    def test_yes_drops(self):
        self.assertEqual(self.drop(b"y\n"), (0, 0))

    def test_anything_else_keeps(self):
        self.assertEqual(self.drop(b"\n"), (2, 1))


class Waiting(Case):
    def test_drop_waits_for_the_pipeline_until_it_is_stopped(self):
        (self.folder / "users.jsonl").write_text('{"id":1}\n')
        self.environment["OUTFALL_FAULT"] = "after_seal"
        self.outfall("run", "users.jsonl", "-p", "shop")
        del self.environment["OUTFALL_FAULT"]
        [pipeline] = json.loads(self.outfall("package", "list", "--json").stdout)["pipelines"]
        drop = ["package", "drop", pipeline["packages"][0]["load_id"], "--yes"]
        with open(self.folder / "state/outfall/pipelines/shop/lock", "r+b") as lock:
            fcntl.lockf(lock, fcntl.LOCK_EX)
            self.assertEqual(self.outfall(*drop).returncode, 5)
            waiting = self.start(*drop, "--lock-wait", "600", stderr=subprocess.PIPE)
            wait_until(lambda: catches(waiting, signal.SIGINT), "it does not hear signals")
            waiting.send_signal(signal.SIGINT)
            _, err = waiting.communicate(timeout=SECONDS_MAX)
            self.assertEqual(waiting.returncode, 130, err)
            self.assertIn(b"stopped while waiting for pipeline 'shop'", err)
        self.assertEqual(self.outfall(*drop).returncode, 0)


class Start(Case):
    def test_the_version_is_all_that_is_said(self):
        version = self.outfall("--version")
        self.assertTrue(re.fullmatch(r"outfall \d+\.\d+\.\d+\n", version.stdout), version.stdout)


if __name__ == "__main__":
    sys.exit(unittest.main())
