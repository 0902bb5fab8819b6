# SPDX-License-Identifier: Apache-2.0
#
# What is otherwise than in dlt, each with what dlt does: the lines of "What differs from dlt" in docs/data-shape.md and in
# docs/databases.md. The generated documents of differential.py are without these.
import dlt
from dlt.pipeline.exceptions import PipelineStepFailed

import programs
from dataset import STATE, SYSTEM_TABLES, Dataset
from place_test_case import PlaceTestCase
from plans import Said
from same_dataset import Equality


class OfDocuments(Equality):

    def test_number_in_a_boolean_column_is_a_variant(self):
        """dlt: its truth value; the number is lost."""
        self.load("animals", [{"tame": True}, {"tame": 3.25}, {"tame": 0}])
        ours, theirs = (Dataset(place.database, place.dataset) for place in (self.ours, self.theirs))
        self.assertEqual([True, True, False], theirs.value("tame", "animals"))
        self.assertEqual([True, None, None], ours.value("tame", "animals"))
        self.assertEqual([None, 3.25, None], ours.value("tame__v_double", "animals"))
        self.assertEqual([None, None, 0], ours.value("tame__v_bigint", "animals"))

    def test_integers_beyond_64_bits_are_decimals(self):
        """dlt: extract fails. These are the lengths at which a JSON parser changes its mind."""
        integers = [2**63 - 1, 2**63, 2**64, 20755000000000000000, 50719312123422817289537, -2**63, -2**63 - 1, 10**28]
        self.ours.outfall(self.ours.write("animals.jsonl", [{"n": integer} for integer in integers]))
        ours = Dataset(self.ours.database, self.ours.dataset)
        found = [row["n"] if row["n"] is not None else int(row["n__v_decimal"]) for row in ours.rows["animals"]]
        self.assertEqual(integers, found)

    def test_schema_changes_are_announced_in_the_state(self):
        """dlt: the state stays as it is, so another machine that has the schema from before keeps it."""
        for document in ({"a": 1}, {"a": 2, "b": 1}, {"a": 3}):
            self.load("animals", [document])
        ours, theirs = (Dataset(place.database, place.dataset) for place in (self.ours, self.theirs))
        self.assertEqual([1], theirs.value("version", STATE))
        self.assertEqual([1, 2], ours.value("version", STATE))

    def test_doubles_that_no_integer_column_takes_are_variants(self):
        """dlt: an integer beyond 64 bits, which the database refuses."""
        documents = [{"n": 1}, {"n": 1e22}, {"n": 2.0}]
        self.ours.outfall(self.ours.write("animals.jsonl", documents))
        ours = Dataset(self.ours.database, self.ours.dataset)
        self.assertEqual(([1, None, 2], [None, 1e22, None]), (ours.value("n", "animals"), ours.value("n__v_double", "animals")))
        self.assertRaises(PipelineStepFailed, self.theirs.dlt().run, dlt.resource(documents, name="animals"))

    def test_extreme_integers_in_timestamp_columns_are_variants(self):
        """dlt: normalize stops."""
        documents = [{"t": "2024-01-01T00:00:00Z"}, {"t": 2**63 - 1}]
        self.ours.outfall(self.ours.write("animals.jsonl", documents))
        self.assertEqual([None, 2**63 - 1], Dataset(self.ours.database, self.ours.dataset).value("t__v_bigint", "animals"))
        self.assertRaises(PipelineStepFailed, self.theirs.dlt().run, dlt.resource(documents, name="animals"))

    def test_tables_may_have_names_that_files_cannot_have(self):
        """dlt: normalize stops, for a table's name is part of those of its files."""
        documents = [{"a:b": [1]}]
        self.ours.outfall(self.ours.write("animals.jsonl", documents), "--naming", "direct")
        self.assertEqual([1], Dataset(self.ours.database, self.ours.dataset).value("value", "animals▶a:b"))
        with self.assertRaises(PipelineStepFailed):
            self.load("animals", documents, naming="direct")


class OfMerges(PlaceTestCase):
    def merged(self, said, *loads, program):
        """The rows of `pets` and of tables nested in it after these loads, without what is dlt's; None: a load failed."""
        place = self.place()
        try:
            for rows in loads:
                if program == "outfall":
                    place.outfall(place.write("pets.jsonl", rows), *said.options())
                else:
                    place.dlt().run(dlt.resource(rows, name="pets", **said.hints()))
        except PipelineStepFailed:
            return None
        dataset = Dataset(place.database, place.dataset)
        cells = lambda row: {name: value for name, value in row.items() if not name.startswith("_dlt")}
        return {table: [cells(row) for row in dataset.rows[table]] for table in dataset.columns if table not in SYSTEM_TABLES}

    def check(self, said, loads, ours, theirs):
        self.assertEqual(ours, self.merged(said, *loads, program="outfall"))
        self.assertEqual(theirs, self.merged(said, *loads, program="dlt"))

    def test_last_of_several_rows_counts(self):
        """dlt: which one it is the database decides, and it is the first."""
        versions = [{"id": 1, "n": n} for n in (1, 2, 3)]
        self.check(Said("merge", primary_key=("id",)), [versions], {"pets": [{"id": 1, "n": 3}]}, {"pets": [{"id": 1, "n": 1}]})

    def test_upserted_rows_have_a_key_once(self):
        """dlt: all rows of a load are inserted, or the database refuses them."""
        versions = [{"id": 1, "n": n} for n in (1, 2)]
        self.check(Said("merge", "upsert", ("id",)), [versions], {"pets": [{"id": 1, "n": 2}]}, {"pets": versions})

    def test_upsert_makes_no_row_to_delete(self):
        """dlt: a row that says that its key is to be deleted is inserted where there is none."""
        rows = [{"id": 1, "gone": True}, {"id": 2, "gone": False}]
        self.check(Said("merge", "upsert", ("id",), hard_delete="gone"), [rows], {"pets": rows[1:]}, {"pets": rows})

    def test_merge_keys_without_a_value_are_equal(self):
        """dlt: they are equal to nothing, and pile up; a key that was given as such may not be null at all."""
        loads = [[{"day": "mon", "n": 1}, {"day": None, "n": 2}], [{"day": None, "n": 3}]]
        rows = [row for load in loads for row in load]
        self.check(Said("merge", merge_key="day"), loads, {"pets": [rows[0], rows[2]]}, {"pets": rows})
        resource = dlt.resource(loads[0], name="pets", write_disposition="merge", merge_key="day")
        self.assertRaises(PipelineStepFailed, self.place().dlt().run, resource)

    def test_a_row_without_its_primary_key_is_rejected(self):
        """dlt: normalize stops."""
        rows = [{"id": 1}, {"id": None, "n": 2}]
        place = self.place()
        place.outfall(place.write("pets.jsonl", rows), *Said("merge", primary_key=("id",)).options(), "--on-reject", "dead-letter", code=3)
        self.assertEqual([1], Dataset(place.database, place.dataset).value("id", "pets"))
        self.assertIsNone(self.merged(Said("merge", primary_key=("id",)), rows, program="dlt"))

    def test_insert_only_leaves_lists_of_known_rows_alone(self):
        """dlt: elements at places that the list did not have are added to it."""
        loads = [[{"id": 1, "toys": ["a"]}], [{"id": 1, "toys": ["b", "c"]}]]
        self.check(Said("merge", "insert-only", ("id",)), loads, {"pets": [{"id": 1}], "pets__toys": [{"value": "a"}]},
                   {"pets": [{"id": 1}], "pets__toys": [{"value": "a"}, {"value": "c"}]})

    def test_insert_only_makes_no_nested_rows_of_a_row_to_delete(self):
        """dlt: they are inserted, without the row that they belong to."""
        rows = [{"id": 1, "gone": True, "toys": ["a"]}, {"id": 2, "gone": False, "toys": ["b"]}]
        self.check(Said("merge", "insert-only", ("id",), hard_delete="gone"), [rows],
                   {"pets": [{"id": 2, "gone": False}], "pets__toys": [{"value": "b"}]},
                   {"pets": [{"id": 2, "gone": False}], "pets__toys": [{"value": "a"}, {"value": "b"}]})

    def test_a_merge_without_a_key_is_refused(self):
        """dlt: rows are appended, and nothing is said."""
        place = self.place()
        report = place.outfall(place.write("pets.jsonl", [{"a": 1}]), "-w", "merge", code=2)
        self.assertIn("has no key", report["error"]["message"])
        self.assertEqual({"pets": [{"a": 1}, {"a": 1}]}, self.merged(Said("merge"), [{"a": 1}], [{"a": 1}], program="dlt"))

    def test_a_merged_table_stays_merged(self):
        """dlt: a load that says nothing appends."""
        loads = [[{"id": 1, "n": n}] for n in (1, 2)]
        place, theirs = self.place(), self.place()
        merge = Said("merge", primary_key=("id",))
        for rows, options, hints in ((loads[0], merge.options(), merge.hints()), (loads[1], [], {})):
            place.outfall(place.write("pets.jsonl", rows), *options)
            theirs.dlt().run(dlt.resource(rows, name="pets", **hints))
        self.assertEqual([2], self.read(place).value("n", "pets"))
        self.assertEqual([1, 2], self.read(theirs).value("n", "pets"))


class OfMergesOnEachDatabase:
    """A subclass says which."""

    def test_rows_that_were_appended_are_merged(self):
        """dlt: nested tables with rows cannot get the ids of their root rows, for these may not be null; the load fails."""
        loads = [[{"id": 1, "toys": ["a"]}, {"id": 2, "toys": ["b"]}], [{"id": 1, "toys": ["c", "d"]}]]
        place, theirs = self.place(), self.place()
        merge = Said("merge", primary_key=("id",))
        place.outfall(place.write("pets.jsonl", loads[0]))
        place.outfall(place.write("pets.jsonl", loads[1]), *merge.options())
        self.assertEqual(["b", "c", "d"], sorted(self.read(place).value("value", "pets__toys")))
        theirs.dlt().run(dlt.resource(loads[0], name="pets"))
        self.assertRaises(PipelineStepFailed, theirs.dlt().run, dlt.resource(loads[1], name="pets", **merge.hints()))


class OfMergesOnDuckDb(OfMergesOnEachDatabase, PlaceTestCase):
    database = "duckdb"


class OfMergesOnSqlite(OfMergesOnEachDatabase, PlaceTestCase):
    database = "sqlite"


class OfMergesOnPostgres(OfMergesOnEachDatabase, PlaceTestCase):
    database = "postgres"

    def test_a_hard_delete_column_may_be_called_anything(self):
        """dlt: where rows are nested it is not quoted, and PostgreSQL folds it."""
        loads = [[{"Id": 1, "Gone": False, "toys": ["a"]}, {"Id": 2, "toys": ["b"]}], [{"Id": 1, "Gone": True}]]
        delete = Said("merge", primary_key=("Id",), hard_delete="Gone")
        place, theirs = self.place(), self.place()
        for rows in loads:
            place.outfall(place.write("pets.jsonl", rows), *delete.options(), "--naming", "sql_cs_v1")
        self.assertEqual([2], self.read(place).value("Id", "pets"))
        with programs.configured(SCHEMA__NAMING="sql_cs_v1"):
            self.assertRaises(PipelineStepFailed, theirs.dlt().run, dlt.resource(loads[0], name="pets", **delete.hints()))
