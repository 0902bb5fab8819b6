#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
#
# A disk that fills while rows are spooled ends the run before the state store has no room left, with nothing loaded and
# nothing left behind; the same command loads all once there is space.
import json
import os
import pathlib
import subprocess
import sys
import tempfile

OUTFALL = os.environ["OUTFALL"]
SHIM = pathlib.Path(os.environ["OUTFALL_BUILD"]).resolve() / "tests/reruns/libfull_disk_shim.so"
TIMEOUT_SECONDS = 120  # a run that hangs is a failure, not a wait
ROWS = 40_000  # of a kilobyte: more than is spooled between two looks at the disk


def run(folder, code, **environment):
    command = [OUTFALL, "run", "rows.jsonl", "--to", "duckdb:t.duckdb", "--data-dir", "state"]
    done = subprocess.run(command, cwd=folder, env=dict(os.environ) | environment, capture_output=True, text=True,
                          timeout=TIMEOUT_SECONDS)
    assert done.returncode == code, f"exit {done.returncode}, expected {code}\n{done.stderr}"
    return done.stderr


def main():
    # A sanitizer's runtime wants to be the first library.
    preload = {"LD_PRELOAD": str(SHIM), "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"}
    with tempfile.TemporaryDirectory() as place:
        folder = pathlib.Path(place)
        with open(folder / "rows.jsonl", "w") as out:
            out.writelines(json.dumps({"id": i, "text": f"{i:x>1000}"}) + "\n" for i in range(ROWS))
        said = run(folder, 1, **preload)
        assert "state/pipelines" in said and "has 0 MiB left, and 64 MiB must stay free" in said, said
        assert "nothing was loaded" in said and "--data-dir" in said, said
        assert not (folder / "t.duckdb").exists(), "something was loaded"
        assert not [*folder.glob("state/pipelines/*/packages/*")], "job files were left on the full disk"
        said = run(folder, 0)
        assert f"delivered {ROWS} " in said, said
    print("ok  a disk that fills while rows are spooled ends the run with nothing left behind")


if __name__ == "__main__":
    sys.exit(main())
