# SPDX-License-Identifier: Apache-2.0
#
# A dataset that dlt made is continued by outfall, and then by dlt again, on the same machine and on another.
import json

import dlt

import programs
from dataset import STATE
from ours_continued import cursor_resource
from place_test_case import PlaceTestCase, foreign_state_of


class TheirsContinuedByUs(PlaceTestCase):
    def test_new_rows_columns_and_tables(self):
        place = self.place()
        pipeline = place.dlt()
        pipeline.run(dlt.resource([{"id": 1, "name": "Mia", "toys": [{"n": 1}]}], name="pets"))
        report = place.outfall(place.write("pets.jsonl", [{"id": 2, "name": 5, "new": True, "toys": [{"n": 2.5}], "tags": ["x"]}]))
        dataset = self.read(place)
        self.assertEqual([1, 2], dataset.value("id", "pets"))
        self.assertEqual(["Mia", "5"], dataset.value("name", "pets"))
        self.assertEqual([1, None], dataset.value("n", "pets__toys"))
        self.assertEqual([None, 2.5], dataset.value("n__v_double", "pets__toys"))
        self.assertEqual(["x"], dataset.value("value", "pets__tags"))
        self.assertEqual({"pets": ["new"], "pets__toys": ["n__v_double"]},
                         {table["name"]: table["new_columns"] for table in report["tables"] if table["new_columns"]})
        # Its own copy of the schema is behind; what we changed must not be changed otherwise.
        pipeline = place.dlt()
        pipeline.run(dlt.resource([{"id": 3, "new": False, "tags": [1]}], name="pets"))
        dataset = self.read(place)
        self.assertEqual([None, True, False], dataset.value("new", "pets"))
        self.assertEqual(["x", "1"], dataset.value("value", "pets__tags"))
        self.assert_dlt_agrees(place, dataset, pipeline)

    def test_contracts_hold(self):
        """Of a table, of all tables, and of those below one."""
        new = [{"id": 2, "extra": 1}]
        for of_table, of_all in (({"columns": "freeze"}, None), (None, {"columns": "freeze"}), (None, {"columns": "freeze", "data_type": "freeze"})):
            with self.subTest(of_table=of_table, of_all=of_all):
                place = self.place()
                pets = dlt.resource([{"id": 1, "toys": [{"n": 1}]}], name="pets", schema_contract=of_table)
                place.dlt().run(pets, schema_contract=of_all)
                place.outfall(place.write("pets.jsonl", new), code=1)
                place.outfall(place.write("pets.jsonl", [{"id": 2, "toys": [{"n": 2, "extra": 1}]}]), code=1)
                place.outfall(place.write("pets.jsonl", [{"id": 2, "toys": [{"n": 2}]}]))
                place.outfall(place.write("pets.jsonl", new), "--contract", "columns=discard_value")
                self.assertEqual({"pets": 3, "pets__toys": 2}, self.read(place).counts())

    def test_cursor_survives(self):
        for machine in ("the same machine", "another machine"):
            with self.subTest(machine=machine):
                place = self.place()
                rows = [{"at": f"2024-01-0{day}T00:00:00Z", "n": day} for day in (1, 2)]
                place.dlt().run(cursor_resource(rows))
                before = foreign_state_of(self.read(place))
                self.assertIn("last_value", before)
                place.outfall(place.write("visits.jsonl", [{"at": "2024-06-01T00:00:00Z", "n": 50, "extra": [1]}]))
                place.outfall(place.write("visits.jsonl", [{"at": "2024-06-02T00:00:00Z", "n": 51, "more": 1}]))
                self.assertEqual(before, foreign_state_of(self.read(place)))
                rows.append({"at": "2024-01-03T00:00:00Z", "n": 3})
                place.dlt(fresh=machine == "another machine").run(cursor_resource(rows))
                self.assertEqual([1, 2, 50, 51, 3], self.read(place).value("n", "visits"))

    def test_unknown_state_is_carried_byte_for_byte(self):
        """Typed values, keys of other programs, key order, unusual numbers."""
        place = self.place()

        @dlt.resource(name="pets")
        def pets():
            state = dlt.current.source_state()
            state.update({"z": 1, "a": {"when": __import__("datetime").datetime(2024, 1, 2, 3, 4, 5), "big": 10**18,
                          "price": __import__("decimal").Decimal("1.50"), "f": 1e-7, "half": 0.5, "text": "é\u2028\"\\/\x01",
                          "list": [None, True, {}, []], "raw": b"\x00\xff"}})
            yield [{"id": 1}]

        pipeline = place.dlt()
        pipeline.run(pets())
        before = foreign_state_of(self.read(place))
        place.outfall(place.write("pets.jsonl", [{"id": 2}]))
        self.assertEqual(before, foreign_state_of(self.read(place)))
        place.outfall(place.write("plants.jsonl", [{"id": 2}]))
        self.assertEqual(before, foreign_state_of(self.read(place)))
        fresh = place.dlt(fresh=True)
        fresh.sync_destination()
        self.assertEqual(pipeline.state["sources"], fresh.state["sources"])

    def test_schema_of_another_name(self):
        place = self.place()

        @dlt.source(name="shelter")
        def shelter(rows):
            return dlt.resource(rows, name="pets")

        place.dlt().run(shelter([{"id": 1, "tags": ["a"]}]))
        place.outfall(place.write("pets.jsonl", [{"id": 2, "tags": ["b"], "new": 1}]))
        dataset = self.read(place)
        self.assertEqual({"shelter"}, {row["schema_name"] for row in dataset.stored_schemas()})
        self.assertEqual(["shelter"] * 2, dataset.value("schema_name", "_dlt_loads"))
        place.dlt(fresh=True).run(shelter([{"id": 3, "new": "x"}]))
        dataset = self.read(place)
        self.assertEqual([1, 2, 3], dataset.value("id", "pets"))
        self.assertEqual(["a", "b"], dataset.value("value", "pets__tags"))
        self.assertEqual([None, None, "x"], dataset.value("new__v_text", "pets"))

    def test_naming_conventions(self):
        for naming in ("sql_cs_v1", "direct", "duck_case", "sql_ci_v1"):
            with self.subTest(naming=naming):
                place = self.place()
                with programs.configured(SCHEMA__NAMING=naming):
                    pipeline = place.dlt()
                    pipeline.run(dlt.resource([{"Id": 1, "petName": "Mia", "myToys": [{"Size": 1}]}], name="wildPets"))
                    first = self.read(place)
                    place.outfall(place.write("wildPets.jsonl", [{"Id": 2, "petName": "Bo", "myToys": [{"Size": 2, "newKey": 1}]}]))
                    second = self.read(place)
                    self.assertEqual({table: 2 * count for table, count in first.counts().items()}, second.counts())
                    self.assertEqual(naming, second.schema()["document"]["normalizers"]["names"].split(".")[-1])
                    place.dlt(fresh=True).run(dlt.resource([{"Id": 3, "petName": "X", "myToys": [{"Size": 3, "newKey": "y"}]}],
                                                           name="wildPets"))
                    third = self.read(place)
                self.assertEqual({table: 3 * count for table, count in first.counts().items()}, third.counts())
                self.assertEqual(first.columns["_dlt_loads"], third.columns["_dlt_loads"])

    def test_another_naming_is_refused(self):
        place = self.place()
        place.dlt().run(dlt.resource([{"petName": "Mia"}], name="pets"))
        place.outfall(place.write("pets.jsonl", [{"petName": "Bo"}]), "--naming", "direct", code=2)
        self.assertEqual(["Mia"], self.read(place).value("pet_name", "pets"))

    def test_hints_of_the_source_are_kept(self):
        """Primary keys, nesting limits and descriptions in the stored schema stay there."""
        place = self.place()
        pets = lambda rows: dlt.resource(rows, name="pets", primary_key="id", write_disposition="merge", max_table_nesting=0,
                                         columns={"id": {"description": "tag number", "data_type": "bigint"}})
        place.dlt().run(pets([{"id": 1, "toys": [{"n": 1}]}]))
        place.outfall(place.write("pets.jsonl", [{"id": 2, "toys": [{"n": 2}], "new": {"a": 1}}]))
        dataset = self.read(place)
        self.assertEqual(["pets"], dataset.user_tables())
        self.assertEqual([{"a": 1}], [json.loads(value) for value in dataset.value("new", "pets") if value])
        column = dataset.schema()["document"]["tables"]["pets"]["columns"]["id"]
        self.assertEqual((True, "tag number"), (column["primary_key"], column["description"]))
        place.dlt(fresh=True).run(pets([{"id": 2, "toys": []}, {"id": 3}]))
        self.assertEqual([1, 2, 3], sorted(self.read(place).value("id", "pets")))

    def test_types_that_json_does_not_have(self):
        """Columns that dlt made of Python values take what JSON can say of them."""
        import datetime
        import decimal

        place = self.place()
        place.dlt().run(dlt.resource([{"price": decimal.Decimal("1.50"), "day": datetime.date(2024, 1, 2),
                                       "at": datetime.time(3, 4, 5), "raw": b"\x00\x01", "when": datetime.datetime(2024, 1, 2)}],
                                     name="pets", columns={"doc": {"data_type": "json"}}))
        place.outfall(place.write("pets.jsonl", [{"price": 2.25, "day": "2024-01-03", "at": "04:05:06", "raw": "0x0203",
                                                  "when": "2024-01-03T00:00:00Z", "doc": {"a": [1]}}]))
        dataset = self.read(place)
        self.assertEqual(["1.500000000", "2.250000000"], [str(value) for value in dataset.value("price", "pets")])
        self.assertEqual([datetime.date(2024, 1, 2), datetime.date(2024, 1, 3)], dataset.value("day", "pets"))
        self.assertEqual([datetime.time(3, 4, 5), datetime.time(4, 5, 6)], dataset.value("at", "pets"))
        self.assertEqual([b"\x00\x01", b"\x02\x03"], [bytes(value) for value in dataset.value("raw", "pets")])
        self.assertEqual(['{"a":[1]}'], [value for value in dataset.value("doc", "pets") if value])

    def test_no_state_and_no_default_schema(self):
        """A pipeline whose state was never synced: the schemas alone say what is there."""
        place = self.place()
        with programs.configured(RESTORE_FROM_DESTINATION="false"):
            place.dlt().run(dlt.resource([{"id": 1}], name="pets"))
        self.assertNotIn(STATE, self.read(place).columns)
        place.outfall(place.write("pets.jsonl", [{"id": 2}]))
        self.assertEqual([1, 2], self.read(place).value("id", "pets"))
