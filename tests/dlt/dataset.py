# SPDX-License-Identifier: Apache-2.0
#
# Reads a dataset from a DuckDB file in a form in which two datasets made of the same documents are equal: without what
# is drawn at random (row ids, load ids) and without times of the load. Rows of nested tables are tied to the place of
# their parent row instead of its id.
import base64
import hashlib
import json

import duckdb

VERSION, LOADS, STATE = "_dlt_version", "_dlt_loads", "_dlt_pipeline_state"
SYSTEM_TABLES = (VERSION, LOADS, STATE)
ROW_ID_BYTES = 10


class Dataset:
    def __init__(self, database, name):
        self.name = name
        with duckdb.connect(str(database), read_only=True) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            self._connection = connection
            self.columns = self._read_columns()
            self.rows = {table: self._read_rows(table) for table in self.columns}
        del self._connection

    def _read_columns(self):
        found = self._connection.execute(
            "SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns"
            " WHERE table_schema = ? ORDER BY table_name, ordinal_position", [self.name]).fetchall()
        tables = {}
        for table, column, data_type, nullable in found:
            tables.setdefault(table, []).append((column, data_type, nullable == "YES"))
        return tables

    def _read_rows(self, table):
        """Rows in the order in which they were inserted, as dicts."""
        # Instants as text, for Python has no place for the year 0 or the last microsecond of a zone.
        wanted = ", ".join(f'"{name}"::VARCHAR AS "{name}"' if kind.startswith("TIMESTAMP") else f'"{name}"'
                           for name, kind, _ in self.columns[table])
        cursor = self._connection.execute(f'SELECT {wanted} FROM "{self.name}"."{table}" ORDER BY rowid')
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row)) for row in cursor.fetchall()]

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
        return self.schema_tables()[table].get("parent")

    def schema_tables(self):
        tables = {}
        for row in self.stored_schemas():
            tables.update(row["document"]["tables"])
        return tables

    def places(self, table):
        """Of each row id, the place of its row in the table."""
        return {row["_dlt_id"]: place for place, row in enumerate(self.rows[table])}

    def content(self, table):
        """The rows without ids; JSON parsed. A row of a nested table begins with the place of its parent."""
        kinds = {name: kind for name, kind, _ in self.columns[table]}
        parent = self.parent_of(table)
        parents = self.places(parent) if parent else {}
        roots = self.places(self.root_of(table)) if "_dlt_root_id" in kinds else {}
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
                elif kinds[name] == "JSON" and value is not None:
                    value = json.loads(value)
                cells[name] = value
            rows.append(cells)
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
