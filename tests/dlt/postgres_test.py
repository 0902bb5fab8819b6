#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
#
# Generated documents, loaded by dlt and by outfall into PostgreSQL, make the same dataset (differential.py has the options).
import sys

from environment import enter_environment

if __name__ == "__main__":
    enter_environment()
    import differential

    sys.exit(differential.main(["--database", "postgres", *sys.argv[1:]]))
