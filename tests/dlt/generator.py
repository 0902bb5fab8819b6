# SPDX-License-Identifier: Apache-2.0
#
# Makes documents from a seed: nested lists and objects, nulls, values that do not fit their column, odd names, extremes.
#
# What the two programs treat otherwise on purpose, or dlt cannot do, is not made here; most of it is a test of its own
# (differences_on_purpose.py): numbers in boolean columns, integers beyond 64 bits and what becomes one in an integer column,
# extreme integers in timestamp columns, NaN, texts in JSON columns that are JSON themselves, two keys with one name, rows of
# one load with the same key and no word on which of them counts, keys without a value, rows that delete what is not there
# (upsert), lists of rows that are there or are to be deleted (insert-only), names of tables that no file can have, names of
# more bytes than characters that are too long for PostgreSQL.
import json
import string

FIELDS_MAX = 6
DOCUMENTS_MAX = 6
DEPTH_MAX = 3
ELEMENTS_MAX = 3
KEYS = 6

# Their normalized names differ in every naming convention, and none is a key that merges go by.
NAMES = ["name", "select", "order", "from", "user", "value", "desc", "naïveCamelCase", "with space", "a.b-c", "1st", "_private",
         "trailing_", "HTTPServer", "it's", 'quo"te', "back\\slash", "emoji🐈x", "日本x", "+plus", "%s", "$1", "MixedCase2",
         "colon:x", "question?", "line\nbreak", "long" + "k" * 70, "list", "index", "table", "null"]

# Where names are kept as they are: characters that dlt has in the names of its files then, and too many of them.
NOT_IN_FILES = ':?.%{}"\\\n'
KEPT_NAME_MAX = 20

INTEGERS = [0, 1, -1, 7, 42, 1000, 2**31, -2**31 - 1, 2**53 + 1, 2**63 - 1, -2**63]
DOUBLES = [0.5, 1.5, -2.25, 0.1, 1e22, 1e16, 123456.789, 123456789.123456789, 5e-324, 1e300, 1e-7, 3.0, -0.0001, 2.5e15]
TEXTS = ["", " ", "ann", "Bob's", 'say "hi"', "back\\slash", "two\nlines", "tab\there", "crlf\r\n", "é", "ÄÖü", "日本語", "🐈", "e\u0301",
         "null", "True", "no", "12", "-7", "1.50", "1e3", " 5 ", "0x1F", "1_000", "00501", "2024",
         "2024-02-29", "10:20:30", "P1D", "a,b;c|d", "%s %d", "$1", "{}", "[1]", "--", "'; DROP TABLE x; --", "\x7f", "\u2028",
         "x" * 3000]
TIMESTAMPS = ["2024-01-02T03:04:05Z", "2024-01-02T03:04:05.123456Z", "2024-01-02 03:04:05", "2024-01-02T03:04:05+02:30",
              "1970-01-01T00:00:00Z", "1969-12-31T23:59:59.999999Z", "2024-02-29T23:59:59.5-08:00", "0001-01-01T00:00:00Z",
              "9999-12-31T23:59:59Z", "1900-01-01T00:00:00"]
SMALL_DOUBLES = [0.5, 1.5, -2.25, 0.1, 3.0, -0.0001, 2.5e15]
SMALL_NUMBERS = [0, 1, 1614834367, 1614834367.25, -86400, 12.5]



def is_json(text):
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


PLAIN_TEXTS = [text for text in TEXTS if not is_json(text)]

# What a field holds, and what it may hold instead where its column has a type already.
CONFLICTS = {
    "integer": ("small double", "text", "object", "list"),
    "double": ("text", "list"),
    "text": ("integer", "double", "boolean", "timestamp", "object", "list"),
    "boolean": ("text", "timestamp", "list"),
    "timestamp": ("text", "small number", "boolean", "object"),
    "object": ("integer", "text", "list"),
    "list": ("integer", "text", "object"),
}

# Of a column that has its type from the start, by its name.
TYPED = {
    "amount": ["1.50", "0.000000001", "-12345678901234567890123456789.123456789", 3, 2.5, -1, "1E+3"],
    "fee": ["1.25", 3, 0.5, "-99999999.99", "0"],
    "day": ["2024-02-29", "1999-12-31", "1970-01-01", "9999-12-31", "0001-01-01"],
    "at": ["10:20:30", "23:59:59.999999", "00:00:00"],
    "raw": [{"a": [1, {"b": None}]}, [], {}, [1, "x", 2.5], {"é": "🐈"}],
    "price": [1, 2.5, "1e3", 1e300, -0.5],
    "count": [1, "12", 2**63 - 1, -2**63, 3.0],
    "small": [1, -2**15, 2**15 - 1],
    "blob": ["AQI=", "0x00ff", "", "0x"],
    "note": ["", "é" * 20, "ann", 5],
    "moment": ["2024-01-02T03:04:05.123456Z", "2024-01-02", 1614834367, "1969-12-31T23:59:59Z"],
}


class Field:
    """A key of documents, and what its values are."""

    def __init__(self, random, name, depth, names):
        self.random = random
        self.name = name
        self.kind = random.choices(list(CONFLICTS), weights=[4, 3, 5, 2, 3, 2 if depth else 0, 3 if depth else 0])[0]
        self.presence = random.choice([1, 1, 0.8, 0.5, 0.2])
        self.nulls = random.choice([0, 0, 0.2, 0.6])
        self.conflict = random.choice(CONFLICTS[self.kind]) if random.random() < 0.3 else None
        if self.conflict in ("object", "list") and not depth:
            self.conflict = None
        self.inner = Fields(random, depth - 1, names) if depth else None
        self.elements = random.choice(["integer", "text", "double", "mixed", "object", "object", "object", "lists"])
        # A few that come again and again. Where a column may be JSON, dlt takes a text apart and PostgreSQL refuses what it finds.
        self.texts = random.sample(PLAIN_TEXTS if {self.kind, self.conflict} & {"object", "list"} else TEXTS, 4)

    def value(self):
        if self.random.random() < self.nulls:
            return None
        kind = self.conflict if self.conflict and self.random.random() < 0.3 else self.kind
        return self._of_kind(kind)

    def _of_kind(self, kind):
        if kind == "object":
            return self.inner.document()
        if kind == "list":
            return [self._element() for _ in range(self.random.randint(0, ELEMENTS_MAX))]
        return self._scalar(kind)

    def _scalar(self, kind):
        choices = {"integer": INTEGERS, "double": DOUBLES, "small double": SMALL_DOUBLES, "text": self.texts, "boolean": [True, False], "timestamp": TIMESTAMPS,
                   "small number": SMALL_NUMBERS}
        return self.random.choice(choices[kind])

    def _element(self):
        if self.elements == "object":
            return self.inner.document()
        if self.elements == "lists":
            return [self._scalar("integer") for _ in range(self.random.randint(0, 2))]
        if self.elements == "mixed":
            return self.random.choice([None, 1, "a", 2.5, "b"])
        return self._scalar(self.elements)


class Fields:
    """The keys of an object."""

    def __init__(self, random, depth, names, count_min=1):
        self.random = random
        self.fields = [Field(random, name, depth, names) for name in random.sample(names, random.randint(count_min, FIELDS_MAX))]

    def document(self):
        present = [field for field in self.fields if self.random.random() < field.presence]
        if self.random.random() < 0.1:
            self.random.shuffle(present)
        return {field.name: field.value() for field in present}


class Documents:
    """The documents of one table, load by load."""

    def __init__(self, random, plan):
        self.random = random
        self.plan = plan
        depth = random.randint(0, DEPTH_MAX)
        if plan.naming:
            names = [name for name in NAMES if len(name) <= KEPT_NAME_MAX and not set(name) & set(NOT_IN_FILES)]
            self.fields = Fields(random, min(depth, 2), names, count_min=2)
        else:
            self.fields = Fields(random, depth, NAMES, count_min=2)
        if not plan.has_nulls:
            for field in self.fields.fields: field.nulls = 0
        self.keys = self._keys()
        self.alive, self.seen = set(), set()
        self.is_begun = False

    def _keys(self):
        kind = self.random.choice(["integer", "integer", "text", "timestamp"])
        if kind == "integer":
            return self.random.sample(range(1, 100), KEYS)
        if kind == "text":
            return self.random.sample([*string.ascii_letters, "é", "it's", "a b", "10", "🐈"], KEYS)
        return [f"2024-01-0{day}T00:00:00Z" for day in range(1, KEYS + 1)]

    def _document(self, **key):
        # dlt makes a column with a type at once, we do where its first value is: so the first document has them all.
        typed = {}
        for name, _ in self.plan.columns:
            if not self.is_begun or self.random.random() < 0.7:
                typed[name] = self.random.choice(TYPED[name] + ([None] if self.is_begun else []))
        self.is_begun = True
        return {**typed, **key, **self.fields.document()}

    def load(self, said):
        """The documents of one load, in which `said` is what the run says of the table."""
        # A table must have rows in its first load: dlt makes no table of nothing.
        count = self.random.randint(1, DOCUMENTS_MAX)
        if not self.plan.keyed:
            return [self._document() for _ in range(count)]
        keys = [self.random.choice(self.keys) for _ in range(count)] if said.dedup_sort else self.random.sample(self.keys, min(count, KEYS))
        turns = self.random.sample(range(1000), len(keys))
        documents = [self._keyed(key, turn, said) for key, turn in zip(keys, turns)]
        self.alive |= set(keys)
        self.seen |= set(keys)
        self.alive -= {document["id"] for document in documents if document.get("gone") is True}
        return documents

    def _keyed(self, key, turn, said):
        document = self._document(id=key)
        if self.plan.key == ("id", "part"):
            document["part"] = self.keys.index(key) % 2
        if self.plan.merge_key:
            document["day"] = self.random.choice(["mon", "tue", "wed"])
        if self.plan.dedup_sort:
            document["turn"] = turn
        if self.plan.hard_delete:
            document.update(self._deletion(key, said))
        if said.strategy == "insert-only" and (key in self.seen or document.get("gone")):
            document = {name: value for name, value in document.items() if not isinstance(value, (list, dict))}
        return document

    def _deletion(self, key, said):
        if self.random.random() < 0.4:
            return {}
        may_go = key in self.alive or said.strategy != "upsert"
        if self.plan.hard_delete == "gone_at":
            return {"gone_at": "2024-05-06T07:08:09Z"} if may_go and self.random.random() < 0.5 else {"gone_at": None}
        return {"gone": may_go and self.random.random() < 0.5}
