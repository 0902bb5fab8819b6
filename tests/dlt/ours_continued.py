# SPDX-License-Identifier: Apache-2.0
#
# A dataset that outfall made is read and continued by a dlt client on another machine, and then by outfall again, whose
# own state is behind by then.
import json

import dlt

import programs
from place_test_case import PlaceTestCase, foreign_state_of, state_of


class OursContinuedByDlt(PlaceTestCase):
    def test_dlt_restores_schema_and_state(self):
        place = self.place()
        place.outfall(programs.ROOT / "data/github_events.jsonl", "--table", "events")
        pipeline = place.dlt(fresh=True)
        pipeline.sync_destination()
        dataset = self.read(place)
        stored = dataset.schema()
        self.assertEqual(stored["version_hash"], pipeline.default_schema.stored_version_hash)
        self.assertFalse(pipeline.default_schema.is_modified)
        self.assertEqual(place.pipeline, pipeline.default_schema_name)
        self.assertFalse(pipeline.first_run)
        self.assertEqual(json.loads(state_of(dataset))["_version_hash"], pipeline.state["_version_hash"])
        self.assert_dlt_agrees(place, dataset, pipeline)

    def test_dlt_reads_rows_and_joins(self):
        place = self.place()
        place.outfall(place.write("pets.jsonl", [{"id": 1, "toys": [{"n": "ball"}, {"n": "bone"}]}, {"id": 2, "toys": []}]))
        pipeline = place.dlt(fresh=True)
        pipeline.sync_destination()
        self.assertEqual([(1,), (2,)], pipeline.dataset().pets.select("id").fetchall())
        joined = pipeline.dataset()("SELECT id, n FROM pets JOIN pets__toys t ON t._dlt_parent_id = pets._dlt_id ORDER BY n")
        self.assertEqual([(1, "ball"), (1, "bone")], joined.fetchall())

    def test_dlt_keeps_our_contract(self):
        place = self.place()
        place.outfall(place.write("pets.jsonl", [{"id": 1, "toys": [{"n": 1}]}]), "--contract", "columns=discard_value,data_type=freeze")
        pipeline = place.dlt(fresh=True)
        pipeline.run(dlt.resource([{"id": 2, "extra": 1, "toys": [{"n": 2, "extra": 1}]}], name="pets"))
        dataset = self.read(place)
        self.assertEqual({"pets": 2, "pets__toys": 2}, dataset.counts())
        self.assertFalse({"extra"} & {name for columns in dataset.columns.values() for name, _, _ in columns})
        with self.assertRaisesRegex(Exception, "data_types.* are frozen"):
            pipeline.run(dlt.resource([{"id": "x"}], name="pets"))

    def test_relay(self):
        """outfall, dlt, outfall, dlt: each adds rows, a column and a nested table; everything is there once."""
        place = self.place()
        place.outfall(place.write("pets.jsonl", [{"id": 1, "tags": ["a"]}, {"id": 2}]))

        pipeline = place.dlt(fresh=True)
        pipeline.run(dlt.resource([{"id": 3, "colour": "red", "toys": [{"n": 1}]}, {"id": "four", "tags": ["b"]}], name="pets"))
        second = self.read(place)
        self.assertEqual({"pets": 4, "pets__tags": 2, "pets__toys": 1}, second.counts())

        place.outfall(place.write("pets.jsonl", [{"id": 5, "colour": 7, "size": 1.5, "toys": [{"n": "x", "owner": {"name": "Z"}}],
                                                  "friends": [{"id": 1}]}]))
        third = self.read(place)
        self.assertEqual([1, 2, 3, None, 5], third.value("id", "pets"))
        self.assertEqual([None, None, None, "four", None], third.value("id__v_text", "pets"))
        self.assertEqual([None, None, "red", None, "7"], third.value("colour", "pets"))
        self.assertEqual([1, None], third.value("n", "pets__toys"))
        self.assertEqual([None, "x"], third.value("n__v_text", "pets__toys"))
        self.assertEqual([1], third.value("id", "pets__friends"))

        # The machine of the first time: its schema is behind by one version.
        pipeline = place.dlt()
        pipeline.run(dlt.resource([{"id": 6, "size": 2, "friends": [{"id": "x"}]}], name="pets"))
        fourth = self.read(place)
        self.assertEqual([1, 2, 3, None, 5, 6], fourth.value("id", "pets"))
        self.assertEqual([1, None], fourth.value("id", "pets__friends"))
        self.assertEqual([None, "x"], fourth.value("id__v_text", "pets__friends"))
        self.assertEqual(4, len(fourth.load_ids()))
        self.assertEqual(4, len(fourth.stored_schemas()))
        self.assert_dlt_agrees(place, fourth, pipeline)

    def test_state_left_by_dlt_meanwhile_is_kept(self):
        """outfall, dlt with a cursor, outfall with a new column, dlt on a third machine: it takes only what is new."""
        place = self.place()
        place.outfall(place.write("pets.jsonl", [{"id": 1}]))
        rows = [{"at": 1}, {"at": 2}]
        place.dlt(fresh=True).run(cursor_resource(rows))
        before = foreign_state_of(self.read(place))
        place.outfall(place.write("pets.jsonl", [{"id": 2, "new": 1}]))
        self.assertEqual(before, foreign_state_of(self.read(place)))
        rows.append({"at": 3})
        place.dlt(fresh=True).run(cursor_resource(rows))
        dataset = self.read(place)
        self.assertEqual([1, 2, 3], dataset.value("at", "visits"))
        self.assertEqual([1, 2], dataset.value("id", "pets"))

    def test_dlt_merges_into_our_table(self):
        place = self.place()
        place.outfall(place.write("pets.jsonl", [{"id": 1, "name": "Mia", "toys": [{"n": 1}]}, {"id": 2, "name": "Bo", "toys": [{"n": 2}]}]),
                      "--root-key")
        pipeline = place.dlt(fresh=True)
        pipeline.run(dlt.resource([{"id": 2, "name": "Bob", "toys": [{"n": 3}]}], name="pets", primary_key="id",
                                  write_disposition="merge"))
        dataset = self.read(place)
        self.assertEqual([(1, "Mia"), (2, "Bob")], sorted((row["id"], row["name"]) for row in dataset.rows["pets"]))
        self.assertEqual([1, 3], sorted(dataset.value("n", "pets__toys")))

    def test_replace_on_both_sides(self):
        place = self.place()
        place.outfall(place.write("pets.jsonl", [{"id": 1, "toys": [1, 2]}]))
        place.dlt(fresh=True).run(dlt.resource([{"id": 2, "toys": [3]}], name="pets", write_disposition="replace"))
        dataset = self.read(place)
        self.assertEqual(([2], [3]), (dataset.value("id", "pets"), dataset.value("value", "pets__toys")))
        place.outfall(place.write("pets.jsonl", [{"id": 3}]), "-w", "replace")
        dataset = self.read(place)
        self.assertEqual(([3], []), (dataset.value("id", "pets"), dataset.value("value", "pets__toys")))


def cursor_resource(rows):
    """Extracts the rows whose `at` is beyond the last one seen."""

    @dlt.resource(name="visits", write_disposition="append")
    def visits(at=dlt.sources.incremental("at")):
        yield rows

    return visits()
