# SPDX-License-Identifier: Apache-2.0
#
# The databases in which both programs load: how each program is told where one is, and how a dataset in it is read.
import contextlib
import os
import sqlite3
import uuid
from pathlib import Path

SECONDS_TO_CONNECT = 10


class DuckDb:
    """A file."""

    kind = "duckdb"
    is_server = False

    def __init__(self, folder):
        self.path = Path(folder) / "data.duckdb"
        self.address = f"duckdb:{self.path}"

    def dlt_destination(self):
        import dlt

        return dlt.destinations.duckdb(str(self.path))

    @contextlib.contextmanager
    def reader(self, dataset):
        import duckdb

        with duckdb.connect(str(self.path), read_only=True) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            yield DuckDbReader(connection, dataset)

    def drop(self):
        """The file goes with its folder."""


class DuckDbReader:
    def __init__(self, connection, dataset):
        self._connection = connection
        self._dataset = dataset

    def columns(self):
        """Of each table its columns: name, type, whether it may be null."""
        found = self._connection.execute(
            "SELECT table_name, column_name, data_type, is_nullable = 'YES' FROM information_schema.columns"
            " WHERE table_schema = ? ORDER BY table_name, ordinal_position", [self._dataset]).fetchall()
        return by_table(found)

    def rows(self, table, columns):
        # Instants as text, for Python has no place for the year 0 or the last microsecond of a zone.
        wanted = ", ".join(f"{quoted(name)}::VARCHAR" if kind.startswith("TIMESTAMP") else quoted(name) for name, kind, _ in columns)
        return self._connection.execute(f"SELECT {wanted} FROM {quoted(self._dataset)}.{quoted(table)} ORDER BY rowid").fetchall()


class Sqlite:
    """A file, and one beside it for each dataset that is not `main`."""

    kind = "sqlite"
    is_server = False

    def __init__(self, folder):
        self.path = Path(folder) / "data.db"
        self.address = f"sqlite:{self.path}"

    def dlt_destination(self):
        import dlt

        return dlt.destinations.sqlalchemy(f"sqlite:///{self.path}")

    @contextlib.contextmanager
    def reader(self, dataset):
        path = self.path if dataset == "main" else self.path.with_name(f"data__{dataset}.db")
        with contextlib.closing(sqlite3.connect(path)) as connection:
            yield SqliteReader(connection)

    def drop(self):
        """The files go with their folder."""


class SqliteReader:
    def __init__(self, connection):
        self._connection = connection

    def columns(self):
        return by_table(self._connection.execute(
            "SELECT m.name, c.name, c.type, c.\"notnull\" = 0"
            " FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table' ORDER BY m.name, c.cid"))

    def rows(self, table, columns):
        wanted = ", ".join(quoted(name) for name, _, _ in columns)
        return self._connection.execute(f"SELECT {wanted} FROM {quoted(table)} ORDER BY rowid").fetchall()


class Postgres:
    """A database of its own on the server whose address is in the file $OUTFALL_POSTGRES."""

    kind = "postgres"
    is_server = True

    def __init__(self, _folder):
        self.name = f"outfall_{uuid.uuid4().hex}"
        self.server = Path(os.environ["OUTFALL_POSTGRES"]).read_text().strip()
        self._execute_at_server(f"CREATE DATABASE {self.name}")
        self.address = f"{self.server.rpartition('/')[0]}/{self.name}"

    def _execute_at_server(self, statement):
        with contextlib.closing(connect(self.server)) as connection:
            connection.autocommit = True
            connection.cursor().execute(statement)

    def dlt_destination(self):
        import dlt

        # The server asks for no password, but dlt does.
        return dlt.destinations.postgres(self.address.replace("@", ":none@"))

    @contextlib.contextmanager
    def reader(self, dataset):
        with contextlib.closing(connect(self.address)) as connection:
            yield PostgresReader(connection, dataset)

    def drop(self):
        self._execute_at_server(f"DROP DATABASE {self.name} WITH (FORCE)")


def connect(address):
    import psycopg2

    return psycopg2.connect(address, connect_timeout=SECONDS_TO_CONNECT, options="-c timezone=UTC")


class PostgresReader:
    def __init__(self, connection, dataset):
        self._connection = connection
        self._dataset = dataset

    def _fetch(self, statement, *values):
        with self._connection.cursor() as cursor:
            cursor.execute(statement, values or None)
            return cursor.fetchall()

    def columns(self):
        return by_table(self._fetch(
            "SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), NOT a.attnotnull"
            " FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE n.nspname = %s AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped ORDER BY c.relname, a.attnum",
            self._dataset))

    def rows(self, table, columns):
        wanted = ", ".join(f"{quoted(name)}::text" if kind.startswith(("timestamp", "json")) else quoted(name)
                           for name, kind, _ in columns)
        rows = self._fetch(f"SELECT {wanted} FROM {quoted(self._dataset)}.{quoted(table)} ORDER BY ctid")
        return [tuple(bytes(value) if isinstance(value, memoryview) else value for value in row) for row in rows]


DATABASES = {database.kind: database for database in (DuckDb, Sqlite, Postgres)}


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


def by_table(rows):
    tables = {}
    for table, column, kind, nullable in rows:
        tables.setdefault(table, []).append((column, kind, bool(nullable)))
    return tables
