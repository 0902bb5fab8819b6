# SPDX-License-Identifier: Apache-2.0
#
# Reads a dataset in a form in which two datasets made of the same documents are equal: without what
# is drawn at random (row ids, load ids) and without times of the load. Rows of nested tables are tied to the place of
# their parent row instead of its id.
import base64
import functools
import hashlib
import json

VERSION, LOADS, STATE = "_dlt_version", "_dlt_loads", "_dlt_pipeline_state"
SYSTEM_TABLES = (VERSION, LOADS, STATE)
ROW_ID_BYTES = 10


class Dataset:
    def __init__(self, database, name):
        with database.reader(name) as reader:
            self.columns = reader.columns()
            self.rows = {table: self._read_rows(reader, table) for table in self.columns}

    def _read_rows(self, reader, table):
        """Rows in the order in which they were inserted, as dicts."""
        columns = self.columns[table]
        return [dict(zip((name for name, _, _ in columns), row)) for row in reader.rows(table, columns)]

    def user_tables(self):
        return [table for table in self.columns if table not in SYSTEM_TABLES]

    def counts(self):
        return {table: len(self.rows[table]) for table in self.user_tables()}

    def value(self, column, table):
        return [row[column] for row in self.rows[table]]

    # What a dataset says of itself.

    def stored_schemas(self):
        """The rows of `_dlt_version`, oldest first, each with its parsed document."""
        rows = [dict(row, document=json.loads(row["schema"])) for row in self.rows[VERSION]]
        return sorted(rows, key=lambda row: (row["inserted_at"], row["version"]))

    def schema(self, name=None):
        return [row for row in self.stored_schemas() if name in (None, row["schema_name"])][-1]

    def load_ids(self):
        return [row["load_id"] for row in self.rows[LOADS]]

    # Content.

    def parent_of(self, table):
        return self.schema_tables[table].get("parent")

    @functools.cached_property
    def schema_tables(self):
        tables = {}
        for row in self.stored_schemas():
            tables.update(row["document"]["tables"])
        return tables

    def json_columns(self, table):
        """As the schema says: SQLite calls them TEXT."""
        return {name for name, column in self.schema_tables[table]["columns"].items() if column.get("data_type") == "json"}

    def places(self, table):
        """Of each row id, the place of its row in the table."""
        return {row["_dlt_id"]: place for place, row in enumerate(self.rows[table])}

    def content(self, table):
        """The rows without ids; JSON parsed. A row of a nested table begins with the place of its parent."""
        kinds = {name: kind for name, kind, _ in self.columns[table]}
        parent = self.parent_of(table)
        parents = self.places(parent) if parent else {}
        roots = self.places(self.root_of(table)) if "_dlt_root_id" in kinds else {}
        json_columns = self.json_columns(table)
        rows = []
        for row in self.rows[table]:
            cells = {}
            for name, value in row.items():
                if name in ("_dlt_id", "_dlt_load_id"):
                    continue
                if name == "_dlt_parent_id":
                    value = parents[value]
                elif name == "_dlt_root_id":
                    value = roots[value]
                elif name in json_columns and value is not None:
                    value = json.loads(value)
                cells[name] = value
            rows.append(cells)
        return rows

    def trees(self, root, with_ids=False):
        """The rows of a root table with all that is nested in them, as texts that are equal where the rows are: without what is
        drawn, and with the number of the load in place of its id."""
        left_out = () if with_ids else ("_dlt_id", "_dlt_parent_id")
        loads = {load_id: number for number, load_id in enumerate(sorted(self.load_ids()))}
        below = [table for table in self.columns if table not in SYSTEM_TABLES and table != root and self.root_of(table) == root]
        nested = {table: self._by_parent(table) for table in below}
        json_columns = {table: self.json_columns(table) for table in [root, *below]}

        # A table may have rows of two parents: of objects in a list that is an object elsewhere.
        def tree(table, row, root_id):
            cells = {name: cell(row[name], root_id, name, name in json_columns[table]) for name in sorted(row) if name not in left_out}
            if "_dlt_load_id" in cells: cells["_dlt_load_id"] = loads[row["_dlt_load_id"]]
            lists = {}
            for child, rows in nested.items():
                if row["_dlt_id"] in rows:
                    of_row = sorted(rows[row["_dlt_id"]], key=lambda each: each["_dlt_list_idx"])
                    lists[child] = [tree(child, each, root_id) for each in of_row]
            return cells, lists

        return [repr(tree(root, row, row["_dlt_id"])) for row in self.rows[root]]

    def _by_parent(self, table):
        rows = {}
        for row in self.rows[table]:
            rows.setdefault(row["_dlt_parent_id"], []).append(row)
        return rows

    def root_of(self, table):
        while self.parent_of(table):
            table = self.parent_of(table)
        return table

    # Properties that hold in every dataset.

    def broken_links(self):
        """What is wrong with ids and loads, as a list of sentences."""
        wrong = []
        completed = {row["load_id"] for row in self.rows[LOADS] if row["status"] == 0}
        for table in self.columns:
            if table in (VERSION, LOADS):
                continue
            ids = self.value("_dlt_id", table)
            if len(ids) != len(set(ids)) or not all(ids):
                wrong.append(f"{table}: _dlt_id is not unique or empty")
            if "_dlt_load_id" in self.rows[table][0] if self.rows[table] else False:
                wrong += [f"{table}: load {row['_dlt_load_id']} is not complete in _dlt_loads"
                          for row in self.rows[table] if row["_dlt_load_id"] not in completed][:1]
            wrong += self._broken_children(table)
        return wrong

    def orphans(self):
        """Rows whose parent row is nowhere, as a list of sentences by table."""
        ids = {row["_dlt_id"] for table in self.user_tables() for row in self.rows[table]}
        counts = {table: sum(row.get("_dlt_parent_id", row["_dlt_id"]) not in ids for row in self.rows[table])
                  for table in self.user_tables()}
        return {table: f"{table}: {count} rows without a parent" for table, count in counts.items() if count}

    def _broken_children(self, table):
        parent = None if table in SYSTEM_TABLES else self.parent_of(table)
        if not parent:
            return []
        known = set(self.value("_dlt_id", parent))
        for row in self.rows[table]:
            if row["_dlt_parent_id"] not in known:
                return [f"{table}: no row of {parent} has the id {row['_dlt_parent_id']}"]
            if row["_dlt_id"] != nested_id(row["_dlt_parent_id"], table, row["_dlt_list_idx"]):
                return [f"{table}: {row['_dlt_id']} is not the id that follows from parent, table and index"]
        return []


def nested_id(parent_id, table, index):
    digest = hashlib.shake_128(f"{parent_id}_{table}_{index}".encode()).digest(ROW_ID_BYTES)
    return base64.b64encode(digest).decode().rstrip("=")


def differences(theirs, ours):
    """Where two datasets of the same documents differ, as a list of sentences: tables, columns, rows.

    Rows of the state are not counted: we add one with each change of the schema (test OnPurpose).
    """
    found = []
    if set(theirs.columns) != set(ours.columns):
        found.append(f"tables: only dlt {sorted(set(theirs.columns) - set(ours.columns))},"
                     f" only ours {sorted(set(ours.columns) - set(theirs.columns))}")
    for table in sorted(set(theirs.columns) & set(ours.columns)):
        if theirs.columns[table] != ours.columns[table]:
            found.append(f"{table}: columns\n  dlt  {theirs.columns[table]}\n  ours {ours.columns[table]}")
        elif table not in SYSTEM_TABLES:
            found += row_differences(table, theirs.content(table), ours.content(table))
        elif table != STATE and len(theirs.rows[table]) != len(ours.rows[table]):
            found.append(f"{table}: dlt has {len(theirs.rows[table])} rows, ours {len(ours.rows[table])}")
    return found


def row_differences(table, theirs, ours):
    if len(theirs) != len(ours):
        return [f"{table}: dlt has {len(theirs)} rows, ours {len(ours)}"]
    found = []
    for place, (their_row, our_row) in enumerate(zip(theirs, ours)):
        for column in their_row:
            if not same(their_row[column], our_row[column]):
                found.append(f"{table}[{place}].{column}: dlt {their_row[column]!r}, ours {our_row[column]!r}")
    return found[:5]


def same(left, right):
    return type(left) is type(right) and (left == right or left != left and right != right)


def cell(value, root_id, name, is_json):
    """A value that says nothing of ids; JSON whose keys are in one order."""
    if name == "_dlt_root_id":
        return value == root_id
    return json.dumps(json.loads(value), sort_keys=True) if is_json and value is not None else value


# dlt also saves its schema between extract and normalize, so its version has grown once more and it lists a hash that is
# stored nowhere. Neither is part of the version hash.
COUNTED_IN_SAVES = ("version", "previous_hashes")


def schema_differences(theirs, ours):
    """Where two stored schemas differ, hashes included."""
    documents = [{key: value for key, value in row["document"].items() if key not in COUNTED_IN_SAVES}
                 for row in (theirs, ours)]
    return document_differences(*documents)


def document_differences(theirs, ours, path="schema"):
    """Where two JSON documents differ. Only columns have an order."""
    if isinstance(theirs, dict) and isinstance(ours, dict):
        found = []
        if set(theirs) != set(ours) or path.endswith(".columns") and list(theirs) != list(ours):
            found.append(f"{path}: keys\n  dlt  {list(theirs)}\n  ours {list(ours)}")
        for key in theirs.keys() & ours.keys():
            found += document_differences(theirs[key], ours[key], f"{path}.{key}")
        return found
    return [] if theirs == ours else [f"{path}: dlt {theirs!r}, ours {ours!r}"]
