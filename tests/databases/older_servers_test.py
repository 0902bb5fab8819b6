#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
#
# PostgreSQL 13 and 14 take what 15 takes, by the same statements: the conformance suite and the stories of all dispositions against
# servers of those versions.
#
#   OUTFALL=build/release/outfall OUTFALL_BUILD=build/release tests/databases/older_servers_test.py [VERSION]
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from own_server import OwnServer

HERE = Path(__file__).resolve().parent
VERSIONS = ("13", "14")


def is_fetched(version):
    """They are made for one kind of machine alone."""
    return os.uname().machine == "x86_64" or (HERE.parents[1] / f".deps/postgres-{version}").exists()


def check(version, folder):
    with OwnServer(folder, version) as server:
        environment = {**os.environ, "OUTFALL_POSTGRES": str(server.file)}
        suite = Path(os.environ["OUTFALL_BUILD"]) / "outfall_conformance_tests"
        for command in ([str(suite), "--gtest_filter=*/postgres", "--gtest_brief=1"],
                        [sys.executable, str(HERE / "dispositions_test.py"), "--database", "postgres"]):
            subprocess.run(command, check=True, env=environment, timeout=300)
        said = subprocess.run([os.environ["OUTFALL"], "query", server.address, "show server_version"], capture_output=True, text=True, check=True)
        if version not in said.stdout.split()[2]:
            sys.exit(f"the server is another one than PostgreSQL {version}: {said.stdout}")


def main():
    wanted = [version for version in sys.argv[1:] or VERSIONS if is_fetched(version)]
    for version in wanted:
        with tempfile.TemporaryDirectory(prefix="outfall-older-") as folder:
            check(version, folder)
    print(f"PostgreSQL {', '.join(wanted)}: as 15")


if __name__ == "__main__":
    main()
