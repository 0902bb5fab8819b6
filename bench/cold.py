# SPDX-License-Identifier: Apache-2.0
"""Whole cold processes, and tables of what they took."""
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path


class Cold:
    """One command line; each run is in an empty folder, which is gone before the next."""

    def __init__(self, *command):
        self.command = [str(word) for word in command]
        self.seconds = []
        self.cpu_seconds = []
        self.rss_bytes = 0

    def run(self, scratch):
        folder = Path(tempfile.mkdtemp(dir=scratch))
        environment = dict(os.environ, OUTFALL_DATA_DIR=str(folder / "state"))
        try:
            begin = time.monotonic()
            child = subprocess.Popen(self.command, cwd=folder, env=environment, stdin=subprocess.DEVNULL,
                                     stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
            complaint = child.stderr.read()
            _, status, usage = os.wait4(child.pid, 0)
            self.seconds.append(time.monotonic() - begin)
            self.cpu_seconds.append(usage.ru_utime + usage.ru_stime)
            child.returncode = os.waitstatus_to_exitcode(status)
            if child.returncode != 0:
                sys.exit(f"{' '.join(self.command)}: exit code {child.returncode}\n{complaint.decode(errors='replace')}")
            self.rss_bytes = max(self.rss_bytes, usage.ru_maxrss * 1024)
        finally:
            shutil.rmtree(folder)
        return self

    @property
    def best(self):
        return min(self.seconds)

    @property
    def cpu(self):
        return min(self.cpu_seconds)


def alternate(sides, rounds, scratch):
    """Runs all sides in turn, so that a busy machine is busy for each of them."""
    for _ in range(rounds):
        for side in sides.values():
            side.run(scratch)
    return sides


def against(value, goal, form="{:.2f}", at_least=False):
    """A figure with its goal, which says so when it is missed."""
    missed = value < goal if at_least else value > goal
    sign = ">=" if at_least else "<="
    return f"{form.format(value)} ({sign} {form.format(goal)}{', MISSED' if missed else ''})"


def print_table(title, rows):
    print(f"\n{title}")
    widths = [max(len(cells[i]) for cells in rows) for i in range(len(rows[0]))]
    for cells in rows:
        print("  " + "  ".join(cell.ljust(width) if i == 0 else cell.rjust(width)
                               for i, (cell, width) in enumerate(zip(cells, widths))))
