#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
#
# Datasets made here and by dlt are the same but for what differs on purpose, and either program continues what the other made.
#
#   run.py [-v] [Class[.test]]...
from environment import enter_environment

if __name__ == "__main__":
    enter_environment()
    import unittest

    import programs

    programs.isolate()
    from differences_on_purpose import OfDocuments, OfMerges, OfMergesOnDuckDb, OfMergesOnPostgres, OfMergesOnSqlite  # noqa: E402,F401
    from ours_continued import *  # noqa: E402,F403 the tests, for unittest to find here
    from relay import RelayOnDuckDb, RelayOnPostgres, RelayOnSqlite  # noqa: E402,F401
    from same_dataset import *  # noqa: E402,F403
    from theirs_continued import *  # noqa: E402,F403
    from verbs_beside_dlt import VerbsOnDuckDb, VerbsOnPostgres, VerbsOnSqlite  # noqa: E402,F401

    unittest.main(warnings="ignore")  # of dlt's own
