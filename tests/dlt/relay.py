# SPDX-License-Identifier: Apache-2.0
#
# On each database the two programs take turns on one dataset, appending and merging: what one made the other continues, and
# dlt extracts only what is new to its cursor after our loads in between.
import dlt

from dataset import Dataset
from place_test_case import PlaceTestCase, foreign_state_of

JANUARY = [{"id": 1, "name": "Mia", "seen": "2024-01-01T00:00:00Z", "toys": [{"n": 1}, {"n": 2}]},
           {"id": 2, "name": "Bo", "seen": "2024-01-02T00:00:00Z", "toys": [{"n": 3}]}]
FEBRUARY = [{"id": 2, "name": "Bob", "seen": "2024-02-01T00:00:00Z", "toys": [{"n": 4}]},
            {"id": 3, "name": "Cy", "seen": "2024-02-02T00:00:00Z", "tame": True}]
MARCH = [{"id": 3, "name": "Cyd", "seen": "2024-03-01T00:00:00Z", "toys": [{"n": 5}]},
         {"id": 4, "name": "Di", "seen": "2024-03-02T00:00:00Z", "tame": False}]
APRIL = [{"id": 4, "name": "Dia", "seen": "2024-04-01T00:00:00Z", "toys": [{"n": 6}, {"n": "seven"}]}]


class Relay:
    """Tests of one database; a subclass says which."""

    def test_append(self):
        place = self.place()
        pipeline = self.dlt_loads(place, JANUARY, "append")
        self.outfall_loads(place, FEBRUARY)
        # What it has loaded before comes again, and has to be left out.
        self.dlt_loads(place, JANUARY + MARCH, "append", fresh=True)
        self.outfall_loads(place, APRIL)
        dataset = self.read(place)
        self.assertEqual([1, 2, 2, 3, 3, 4, 4], sorted(dataset.value("id", "pets")))
        self.assertEqual({"pets": 7, "pets__toys": 7}, dataset.counts())
        self.assert_dlt_reads(place, dataset, pipeline)

    def test_merge(self):
        place = self.place()
        pipeline = self.dlt_loads(place, JANUARY, "merge")
        self.outfall_loads(place, FEBRUARY)
        self.dlt_loads(place, JANUARY + MARCH, "merge", fresh=True)
        self.outfall_loads(place, APRIL)
        self.assert_merged(place)
        self.assert_dlt_reads(place, self.read(place), pipeline)

    def test_merge_that_we_began(self):
        place = self.place()
        self.outfall_loads(place, JANUARY, "--write-disposition", "merge", "--primary-key", "id")
        self.dlt_loads(place, FEBRUARY, "merge", fresh=True)
        self.outfall_loads(place, MARCH)
        pipeline = self.dlt_loads(place, FEBRUARY + APRIL, "merge", fresh=True)
        self.assert_merged(place)
        self.assert_dlt_reads(place, self.read(place), pipeline)

    def test_replace(self):
        place = self.place()
        pipeline = self.dlt_loads(place, JANUARY, "replace")
        self.outfall_loads(place, FEBRUARY, "--write-disposition", "replace")
        self.assertEqual({"pets": 2, "pets__toys": 1}, self.read(place).counts())
        self.dlt_loads(place, MARCH, "replace", fresh=True)
        dataset = self.read(place)
        self.assertEqual(["Cyd", "Di"], sorted(dataset.value("name", "pets")))
        self.assertEqual([5], dataset.value("n", "pets__toys"))
        self.assert_dlt_reads(place, dataset, pipeline)

    def dlt_loads(self, place, rows, disposition, fresh=False):
        """Those rows whose `seen` is beyond the cursor."""
        begin = "2024-01-01T00:00:00Z"

        @dlt.resource(name="pets", write_disposition=disposition, primary_key="id")
        def pets(seen=dlt.sources.incremental("seen", initial_value=begin)):
            yield rows

        pipeline = place.dlt(fresh=fresh)
        pipeline.run(pets())
        self.assertEqual(rows[-1]["seen"], pipeline.state["sources"][place.pipeline]["resources"]["pets"]["incremental"]["seen"]["last_value"])
        return pipeline

    def outfall_loads(self, place, rows, *options):
        """dlt's state stays what it was."""
        before = state_if_any(place)
        place.outfall(place.write("pets.jsonl", rows), *options)
        self.assertEqual(before, state_if_any(place) if before else before)

    def assert_merged(self, place):
        dataset = self.read(place)
        rows = sorted((row["id"], row["name"], row["tame"]) for row in dataset.rows["pets"])
        cells = [None if tame is None else bool(tame) for _, _, tame in rows]
        self.assertEqual([(1, "Mia"), (2, "Bob"), (3, "Cyd"), (4, "Dia")], [row[:2] for row in rows])
        self.assertEqual([None] * 4, cells)
        ids = {row["_dlt_id"]: row["id"] for row in dataset.rows["pets"]}
        toys = sorted((ids[row["_dlt_parent_id"]], row["_dlt_list_idx"], row["n"], row["n__v_text"]) for row in dataset.rows["pets__toys"])
        self.assertEqual([(1, 0, 1, None), (1, 1, 2, None), (2, 0, 4, None), (3, 0, 5, None), (4, 0, 6, None), (4, 1, None, "seven")], toys)
        self.assertTrue(all(row["_dlt_root_id"] == row["_dlt_parent_id"] for row in dataset.rows["pets__toys"]))

    def assert_dlt_reads(self, place, dataset, pipeline):
        """On a machine that has never seen it, and on the one whose schema and state are behind by now."""
        for client in (place.dlt(fresh=True), pipeline):
            client.sync_destination()
            self.assertEqual(dataset.schema()["version_hash"], client.default_schema.stored_version_hash)
            self.assert_dlt_agrees(place, dataset, client)
            names = [row[0] for row in client.dataset().pets.select("name").fetchall()]
            self.assertEqual(sorted(dataset.value("name", "pets")), sorted(names))


def state_if_any(place):
    dataset = Dataset(place.database, place.dataset) if place.visits or (place.folder / "dlt-0").exists() else None
    return foreign_state_of(dataset) if dataset else None


class RelayOnDuckDb(Relay, PlaceTestCase):
    database = "duckdb"


class RelayOnSqlite(Relay, PlaceTestCase):
    database = "sqlite"


class RelayOnPostgres(Relay, PlaceTestCase):
    database = "postgres"
