# SPDX-License-Identifier: Apache-2.0
#
# The same documents, loaded by dlt into one file and by outfall into another, make the same dataset: tables, columns,
# types, nullability, rows, the stored schema and its hash.
import unittest
from pathlib import Path

import dlt
from dlt.extract.source import DltSource

import programs
from dataset import Dataset, differences, schema_differences
from plans import column_hint

SAMPLES = programs.ROOT / "data"


def source_of(name, documents, schema_name, columns=None, nesting=None, root_key=False):
    """A dlt source with one resource."""
    source = DltSource(dlt.Schema(schema_name), schema_name, [dlt.resource(documents, name=name, columns=columns)])
    if nesting is not None:
        source.max_table_nesting = nesting
    if root_key:
        source.root_key = True
    return source


class Equality(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        folder = programs.fresh_folder()
        self.addCleanup(folder.cleanup)
        self.ours = programs.Place(Path(folder.name) / "ours")
        self.theirs = programs.Place(Path(folder.name) / "theirs")

    def load(self, table, documents, naming=None, nesting=None, root_key=False, columns=None, file=None):
        """Loads the documents once more on both sides."""
        options = ["--table", table]
        if naming: options += ["--naming", naming]
        if nesting is not None: options += ["--max-table-nesting", nesting]
        if root_key: options += ["--root-key"]
        for name, kind in (columns or {}).items(): options += ["--column", f"{name}:{kind}"]
        self.ours.outfall(file or self.ours.write(f"{table}.jsonl", documents), *options)

        pipeline = self.theirs.dlt()
        with programs.configured(**({"SCHEMA__NAMING": naming} if naming else {})):
            hints = {name: column_hint(kind) for name, kind in (columns or {}).items()}
            pipeline.run(source_of(table, documents, pipeline.pipeline_name, hints, nesting, root_key))

    def assert_same(self):
        theirs = Dataset(self.theirs.database, self.theirs.dataset)
        ours = Dataset(self.ours.database, self.ours.dataset)
        found = differences(theirs, ours)
        their_schema, our_schema = theirs.schema(), ours.schema()
        found += schema_differences(their_schema, our_schema)
        self.assertEqual(our_schema["version_hash"], our_schema["document"]["version_hash"])
        self.assertEqual([], found, "\n" + "\n".join(found))
        self.assertEqual([], theirs.broken_links())
        self.assertEqual([], ours.broken_links())

    def check(self, table, documents, **options):
        self.load(table, documents, **options)
        self.assert_same()


def within_64_bits(value):
    if isinstance(value, dict):
        return {key: within_64_bits(element) for key, element in value.items()}
    if isinstance(value, list):
        return [within_64_bits(element) for element in value]
    return value % 2**63 if isinstance(value, int) and not isinstance(value, bool) else value


class Samples(Equality):
    def sample(self, name, **options):
        file = SAMPLES / f"{name}.jsonl"
        self.check(name, programs.documents_of(file), file=file, **options)

    def test_github_events(self): self.sample("github_events")
    def test_github_issues(self): self.sample("github_issues")
    def test_rasa_tracker(self): self.sample("rasa_tracker")
    def test_mlb_players(self): self.sample("mlb_players")

    def test_ethereum_blocks(self):
        # dlt's JSON writer refuses integers beyond 64 bits, so they are cut down for both (see OnPurpose); its own
        # _dlt_meta is a key that we refuse.
        documents = programs.documents_of(SAMPLES / "ethereum_blocks.jsonl")
        for document in documents:
            document.pop("_dlt_meta")
        self.check("ethereum_blocks", within_64_bits(documents), naming="duck_case")

    def test_keys_that_become_one_column_are_refused(self):
        """On purpose otherwise: dlt keeps one of the two values of blockHash and block_hash and says nothing."""
        report = self.ours.outfall(SAMPLES / "ethereum_blocks.jsonl", code=1)
        self.assertIn("blockHash", report["error"]["message"])
        self.assertIn("block_hash", report["error"]["message"])
        self.assertIn("--naming duck_case", report["error"]["hint"])


class MadeDocuments(Equality):
    def test_variants_late_columns_and_nulls(self):
        self.check("animals", [
            {"id": 1, "weight": 4, "name": "Mia", "gone": None},
            {"id": "two", "weight": 4.5, "born": "2021-03-04T05:06:07Z", "tame": True},
            {"id": 3, "weight": "heavy", "born": "yesterday", "tame": "no", "name": None},
            {"id": 4, "weight": None, "late": {"column": 1, "other": None}, "tame": False},
            {"id": 5.5, "late": {"column": "x"}, "name": 7},
        ])

    def test_nested_tables(self):
        self.check("animals", [
            {"id": 1, "toys": [{"name": "ball", "parts": [{"n": 1}, {"n": 2, "s": [1, "a", None]}]}, {"name": "bone"}],
             "home": {"city": {"zip": 1, "streets": ["a", "b"]}, "rooms": [{"m2": 3}]}, "tags": ["x", 1, None, 2.5]},
            {"id": 2, "toys": [], "home": {}, "tags": None},
            {"id": 3, "toys": [{"parts": [{"s": ["b"]}], "name": 5}], "home": {"rooms": [{"m2": 4.5}], "city": {"zip": "a"}}},
        ])

    def test_lists_of_lists(self):
        self.check("animals", [{"id": 1, "m": [[1, 2], [3, [4, 5]], [], [[{"a": 1}]]]}, {"id": 2, "m": [["x"], None, 7]}])

    def test_values_at_the_root(self):
        self.check("animals", [1, "a", 2, {"value": 3, "x": [1]}])

    def test_timestamps(self):
        self.check("animals", [
            {"a": "2021-03-04T05:06:07Z", "b": "2021-03-04T05:06:07.123456+02:30", "c": "2021-03-04", "d": "05:06:07"},
            {"a": "2021-03-04T05:06:07", "b": "2021-03-04 05:06:07", "c": "2021-03-05T00:00:00Z", "d": "2021"},
            {"a": 1614834367, "b": "1999-12-31T23:59:59.999999Z", "c": 5, "d": 6.5},
            {"a": 1614834367.25, "b": "2021-W09-4", "c": "2021-063", "d": "2021-03-04T05"},
        ])

    def test_unicode_and_odd_keys(self):
        self.check("animals", [
            {"Größe": 1, "naïveCamelCase": "é", "with space": "☃", "a.b-c": "\U0001f408", "1st": True, "_private": 1,
             "trailing_": 2, "double__under": {"x__y": 3}, "HTTPServer": "tab\tnew\nquote\"back\\slash", "+1": 1, "*": 2},
            {"id": 'it\'s', "": 5}, {" ": 6},
            {"k" * 120: 1, "o" * 70: {"p" * 70: [{"q" * 70: 1}]}},
        ])

    def test_reserved_words(self):
        self.check("order", [{"select": 1, "from": "x", "table": {"group": [{"by": 2}]}, "user": None, "end": 2.5}])

    def test_numbers(self):
        self.check("animals", [
            {"i": 9223372036854775807, "f": 1e300, "z": -0.0, "e": 1e3, "s": 0.1},
            {"i": -9223372036854775808, "f": 5e-324, "z": 0, "e": 12, "s": 1.0},
            {"i": 0, "f": 123456789.123456789, "z": 1.5, "e": 1.5, "s": 3},
        ])

    def test_empty_texts_and_objects(self):
        self.check("animals", [{"a": "", "b": {}, "c": [], "d": [{}], "e": [[]], "f": {"g": {}}}, {"a": " ", "d": [{"x": 1}]}])

    def test_nesting_levels(self):
        documents = [{"id": 1, "a": {"b": {"c": [1, {"d": [2]}]}}, "l": [{"m": {"n": [1]}, "o": [[1]]}], "z": 1.50}]
        for nesting in (0, 1, 2, 3):
            with self.subTest(nesting=nesting):
                self.setUp()
                self.check("animals", documents, nesting=nesting)

    def test_root_key(self):
        self.check("animals", [{"id": 1, "l": [{"m": [1, 2]}, {"n": 1}]}, {"id": 2, "l": [{"m": [3]}]}], root_key=True)

    def test_naming_conventions(self):
        documents = [{"Id": 1, "camelCase": {"innerKey": [1]}, "with space": [{"Ünder_score": "x", "a-b": 2}], "Upper": "u"},
                     {"Id": "x", "camelCase": {"innerKey": ["y"]}}]
        for naming in ("snake_case", "direct", "duck_case", "sql_ci_v1", "sql_cs_v1"):
            with self.subTest(naming=naming):
                self.setUp()
                self.check("wildAnimals", documents, naming=naming)

    def test_declared_columns(self):
        documents = [{"amount": "1.50", "day": "2021-03-04", "at": "05:06:07", "raw": {"a": [1]}, "price": 2.5, "n": "7"},
                     {"amount": 3, "day": "2021-03-05", "at": None, "raw": [1, {"b": 2}], "price": 1, "n": 8}]
        self.check("animals", documents,
                   columns={"amount": "decimal(38,9)", "day": "date", "at": "time", "raw": "json", "price": "double", "n": "bigint"})

    def test_second_load_migrates(self):
        self.load("animals", [{"id": 1, "tags": ["a"]}])
        self.assert_same()
        self.load("animals", [{"id": "x", "new": 2.5, "tags": [1], "toys": [{"n": 1}]}])
        self.assert_same()
        self.load("plants", [{"id": 1}])
        self.assert_same()
        self.load("plants", [{"id": 2}])
        self.assert_same()
