# SPDX-License-Identifier: Apache-2.0
#
# A test with a place of its own, and what must hold of any dataset that both programs wrote.
import base64
import re
import unittest
import zlib

import programs
from dataset import STATE, SYSTEM_TABLES, Dataset


class PlaceTestCase(unittest.TestCase):
    maxDiff = None
    database = "duckdb"

    def place(self, **names):
        folder = programs.fresh_folder()
        self.addCleanup(folder.cleanup)
        place = programs.Place(folder.name, database=self.database, **names)
        self.addCleanup(place.database.drop)
        return place

    def read(self, place):
        """The dataset, after a check of what always holds."""
        dataset = Dataset(place.database, place.dataset)
        self.assertEqual([], dataset.broken_links())
        self.assert_versions_chain(dataset)
        return dataset

    def assert_versions_chain(self, dataset):
        """Each stored schema version is newer than the one before and names its hash among the previous ones."""
        by_name = {}
        for row in dataset.stored_schemas():
            before = by_name.get(row["schema_name"])
            document = row["document"]
            self.assertEqual(row["version_hash"], document["version_hash"])
            self.assertEqual(row["version"], document["version"])
            if before:
                self.assertGreater(row["version"], before["version"])
                self.assertIn(before["version_hash"], document["previous_hashes"])
            by_name[row["schema_name"]] = row
        hashes = {row["version_hash"] for row in dataset.stored_schemas()}
        for load in dataset.rows["_dlt_loads"]:
            self.assertIn(load["schema_version_hash"], hashes)
            self.assertEqual(0, load["status"])

    def assert_dlt_agrees(self, place, dataset, pipeline):
        """A dlt client sees the tables and rows that are there."""
        seen = {row[0]: row[1] for row in pipeline.dataset().row_counts().fetchall()}
        self.assertEqual(dataset.counts(), {table: seen[table] for table in seen if table not in SYSTEM_TABLES})


def state_of(dataset):
    """The newest state, as its typed JSON text."""
    newest = max(dataset.rows[STATE], key=lambda row: row["_dlt_load_id"])
    return zlib.decompress(base64.b64decode(newest["state"])).decode()


def foreign_state_of(dataset):
    """The text of the newest state without what outfall says in it: the rest must stay byte for byte."""
    ours = r'"_state_version":\d+|"_version_hash":"[^"]*"|,"outfall_schema_versions":\{[^}]*\}'
    return re.sub(ours, "", state_of(dataset))
