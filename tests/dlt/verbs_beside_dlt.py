# SPDX-License-Identifier: Apache-2.0
#
# What the verbs of outfall do to a pipeline and its dataset, dlt understands; what dlt has done, they do.
import dlt

from dataset import Dataset
from ours_continued import cursor_resource
from place_test_case import PlaceTestCase


class VerbsBesideDlt:
    def test_sync_fetches_what_dlt_has_loaded(self):
        place = self.place()
        rows = [{"at": f"2024-01-0{day}T00:00:00Z", "n": day} for day in (1, 2)]
        pipeline = place.dlt()
        pipeline.run(cursor_resource(rows))
        synced = place.verb("pipeline", "sync", place.pipeline, *place.where())
        self.assertEqual(pipeline.state["_state_version"], synced["state_version"])
        self.assertEqual(pipeline.default_schema.stored_version, synced["schema_version"])
        document = place.verb("schema", "show", place.pipeline)
        self.assertEqual(pipeline.default_schema.stored_version_hash, document["version_hash"])
        place.outfall(place.write("visits.jsonl", [{"at": "2024-06-01T00:00:00Z", "n": 50}]))
        rows.append({"at": "2024-01-03T00:00:00Z", "n": 3})
        place.dlt(fresh=True).run(cursor_resource(rows))
        self.assertEqual([1, 2, 50, 3], self.read(place).value("n", "visits"))

    def test_dlt_hears_of_a_drop(self):
        place = self.place()
        rows = [{"at": f"2024-01-0{day}T00:00:00Z", "n": day, "tags": ["x"]} for day in (1, 2)]
        pipeline = place.dlt()
        pipeline.run(cursor_resource(rows))
        pipeline.run(dlt.resource([{"id": 1}], name="pets"))
        place.verb("pipeline", "sync", place.pipeline, *place.where())
        dropped = place.verb("pipeline", "drop", place.pipeline, "visits", "--yes")
        self.assertEqual(["visits", "visits__tags"], [table["name"] for table in dropped["tables"]])
        self.assertEqual(1, len(dropped["states"]), dropped)
        for again in (place.dlt(), place.dlt(fresh=True)):
            again.sync_destination()
            self.assertNotIn("visits", again.default_schema.tables)
            self.assertIn("pets", again.default_schema.tables)
        # Nothing of the cursor is left: the rows are new once more.
        again = place.dlt()
        again.run(cursor_resource(rows))
        # As after a drop of dlt's, older loads name versions of the schema that are stored no more.
        dataset = Dataset(place.database, place.dataset)
        self.assertEqual([1, 2], dataset.value("n", "visits"))
        self.assertEqual([1], dataset.value("id", "pets"))

    def test_a_load_that_was_advanced_stays_complete_to_dlt(self):
        place = self.place()
        place.outfall(place.write("pets.jsonl", [{"id": 1}]))
        load = place.verb("dataset", "loads", place.database.address, "--dataset", place.dataset)[0]
        advanced = place.verb("dataset", "advance", place.database.address, load["load_id"], "--dataset", place.dataset)
        self.assertEqual([1], [one["status"] for one in advanced])
        pipeline = place.dlt(fresh=True)
        pipeline.sync_destination()
        self.assertFalse(pipeline.first_run)
        self.assertEqual({load["load_id"]}, set(pipeline.dataset().load_ids()))
        statuses = pipeline.dataset().loads_table().select("status").fetchall()
        self.assertEqual([(0,), (1,)], sorted(statuses))
        pipeline.run(dlt.resource([{"id": 2}], name="pets"))
        place.outfall(place.write("pets.jsonl", [{"id": 3}]))
        with pipeline.sql_client() as client:
            rows = client.execute_sql(f"SELECT id FROM {client.make_qualified_table_name('pets')} ORDER BY id")
        self.assertEqual([1, 2, 3], [row[0] for row in rows])


class VerbsOnDuckDb(VerbsBesideDlt, PlaceTestCase):
    database = "duckdb"


class VerbsOnSqlite(VerbsBesideDlt, PlaceTestCase):
    database = "sqlite"


class VerbsOnPostgres(VerbsBesideDlt, PlaceTestCase):
    database = "postgres"
