# SPDX-License-Identifier: Apache-2.0
#
# What consecutive loads of one table say, as options of outfall and as hints of dlt.
import dataclasses
from dataclasses import dataclass

EVERYWHERE = ("duckdb", "sqlite", "postgres")
# dlt's SQLite, which goes through SQLAlchemy, merges by delete-insert and scd2 only.
WITH_MERGE_STATEMENT = ("duckdb", "postgres")


@dataclass(frozen=True)
class Said:
    """What one load says of its tables."""

    disposition: str = "append"
    strategy: str = ""
    primary_key: tuple = ()
    merge_key: str = ""
    hard_delete: str = ""
    dedup_sort: str = ""
    boundary: str = ""  # scd2: the moment at which versions begin and end
    skip_unchanged: bool = False
    contract: str = ""  # one mode for all, or for some: `columns=discard_value`

    def options(self):
        """For `outfall run`."""
        words = ["-w", self.disposition]
        if self.strategy: words += ["--merge-strategy", self.strategy]
        if self.primary_key: words += ["--primary-key", ",".join(self.primary_key)]
        if self.merge_key: words += ["--merge-key", self.merge_key]
        if self.hard_delete: words += ["--hard-delete", self.hard_delete]
        if self.dedup_sort: words += ["--dedup-sort", self.dedup_sort]
        if self.boundary: words += ["--boundary", self.boundary]
        if self.skip_unchanged: words += ["--skip-unchanged"]
        if self.contract: words += ["--contract", self.contract, "--max-bad-rows", "100%", "--rejected-ok"]
        if self.strategy in ("scd2", "cdc"): words += ["--allow-empty"]
        if self.disposition == "replace": words += ["--allow-empty"]
        return words

    def hints(self):
        """For `dlt.resource`."""
        columns = {}
        # A merge key that is given to dlt as such would be NOT NULL.
        if self.merge_key: columns[self.merge_key] = {"merge_key": True}
        if self.hard_delete: columns[self.hard_delete] = {"hard_delete": True}
        if self.dedup_sort:
            column, _, order = self.dedup_sort.partition(":")
            columns[column] = {"dedup_sort": order or "asc"}
        disposition = {"disposition": self.disposition, "strategy": self.strategy} if self.strategy else self.disposition
        if self.boundary: disposition["boundary_timestamp"] = self.boundary
        if self.skip_unchanged: disposition["skip_unchanged_rows"] = True
        hints = {"write_disposition": disposition, "primary_key": list(self.primary_key) or None, "columns": columns or None}
        return {**hints, "schema_contract": contract_hint(self.contract)} if self.contract else hints


@dataclass(frozen=True)
class Plan:
    """Loads of the same tables, one after the other, and how their documents are shaped."""

    name: str
    loads: tuple
    databases: tuple = EVERYWHERE
    naming: str = ""
    nesting: int | None = None
    root_key: bool = False
    replace_strategy: str = ""
    columns: tuple = ()  # name and type of those that have one from the start
    has_nulls: bool = True

    def _first(self, what):
        return next((getattr(said, what) for said in self.loads if getattr(said, what)), None)

    @property
    def key(self): return self._first("primary_key")

    @property
    def merge_key(self): return self._first("merge_key")

    @property
    def hard_delete(self): return self._first("hard_delete")

    @property
    def dedup_sort(self): return self._first("dedup_sort")

    @property
    def keyed(self): return bool(self.key or self.merge_key or self.has_versions)

    @property
    def has_versions(self): return bool(self._first("boundary"))

    @property
    def has_content_ids(self):
        """Whether ids of rows follow from what they hold."""
        return all(said.strategy in ("upsert", "insert-only", "scd2", "cdc") for said in self.loads)

    def options(self):
        words = []
        if self.naming: words += ["--naming", self.naming]
        if self.nesting is not None: words += ["--max-table-nesting", str(self.nesting)]
        if self.root_key: words += ["--root-key"]
        if self.replace_strategy: words += ["--replace-strategy", self.replace_strategy]
        for name, kind in self.columns: words += ["--column", f"{name}:{kind}"]
        return words

    def hints(self, said):
        """For `dlt.resource`."""
        hints = said.hints()
        hints["columns"] = {**dict((name, column_hint(kind)) for name, kind in self.columns), **(hints["columns"] or {})} or None
        return hints


def contract_hint(contract):
    if "=" not in contract:
        return contract
    return {"tables": "evolve", "columns": "evolve", "data_type": "evolve", **dict(part.split("=") for part in contract.split(","))}


def column_hint(kind):
    """What dlt calls `decimal(38,9)`."""
    name, _, rest = kind.partition("(")
    numbers = [int(number) for number in rest.rstrip(")").split(",") if number]
    return {"data_type": name, "nullable": True, **dict(zip(("precision", "scale"), numbers))}


TYPED = (("amount", "decimal(38,9)"), ("fee", "decimal(10,2)"), ("day", "date"), ("at", "time"), ("raw", "json"), ("price", "double"),
         ("count", "bigint"), ("small", "bigint(16)"), ("blob", "binary"), ("note", "text(20)"), ("moment", "timestamp"))
# Decimals are texts in our SQLite tables, and dlt cannot load bytes there.
TYPED_IN_SQLITE = tuple(column for column in TYPED if not column[1].startswith(("decimal", "binary")))

append, replace = Said(), Said("replace")
merge = Said("merge", primary_key=("id",))
by_day = Said("merge", merge_key="day")
upsert = dataclasses.replace(merge, strategy="upsert")
insert_only = dataclasses.replace(merge, strategy="insert-only")
versions = tuple(Said("merge", "scd2", boundary=f"2024-0{month}-01T00:00:00Z") for month in (1, 2, 3))
whole = dataclasses.replace(merge, strategy="cdc")
deleting = dataclasses.replace(merge, hard_delete="gone")

PLANS = (
    Plan("append", (append, append)),
    Plan("append with root keys", (append, append), root_key=True),
    Plan("append flat", (append, append), nesting=0),
    Plan("append, two levels", (append, append), nesting=2),
    Plan("append, direct names", (append, append), naming="direct"),
    Plan("append, names as in duck_case", (append, append), naming="duck_case"),
    Plan("append, names as in sql_cs_v1", (append, append), naming="sql_cs_v1"),
    Plan("append, names as in sql_ci_v1", (append, append), naming="sql_ci_v1"),
    Plan("append to columns with types", (append, append), WITH_MERGE_STATEMENT, columns=TYPED),
    Plan("merge into columns with types", (merge, merge), WITH_MERGE_STATEMENT, columns=TYPED),
    Plan("append to columns with SQLite's types", (append, append), ("sqlite",), columns=TYPED_IN_SQLITE),
    Plan("merge into columns with SQLite's types", (merge, merge), ("sqlite",), columns=TYPED_IN_SQLITE),
    Plan("replace", (replace, replace)),
    Plan("replace from staging", (replace, replace), replace_strategy="insert-from-staging"),
    Plan("replace by another table", (replace, replace), ("postgres",), replace_strategy="staging-optimized"),
    Plan("replace what was appended", (append, replace, append)),
    Plan("merge", (merge, merge, merge)),
    Plan("merge by two columns", (dataclasses.replace(merge, primary_key=("id", "part")),) * 2),
    Plan("merge by a merge key", (by_day, by_day)),
    Plan("merge by both", (dataclasses.replace(merge, merge_key="day"),) * 2),
    Plan("merge with deletions", (deleting,) * 3),
    Plan("merge with deletions by time", (dataclasses.replace(merge, hard_delete="gone_at"),) * 2),
    Plan("merge, first of several", (dataclasses.replace(merge, dedup_sort="turn:asc"),) * 2),
    Plan("merge, last of several, with deletions", (dataclasses.replace(deleting, dedup_sort="turn:desc"),) * 2),
    # Without root keys from the start dlt cannot add them to nested tables that have rows.
    Plan("merge what was appended", (append, merge), root_key=True),
    Plan("append to what was merged", (merge, append)),
    Plan("replace what was merged", (merge, replace, merge)),
    Plan("merge with direct names", (merge, merge), naming="direct"),
    Plan("merge flat", (merge, merge), nesting=0),
    Plan("upsert", (upsert,) * 2, WITH_MERGE_STATEMENT),
    Plan("upsert by two columns", (dataclasses.replace(upsert, primary_key=("id", "part")),) * 2, WITH_MERGE_STATEMENT),
    Plan("upsert with deletions", (dataclasses.replace(upsert, hard_delete="gone"),) * 3, WITH_MERGE_STATEMENT),
    Plan("upsert what changed", (dataclasses.replace(upsert, skip_unchanged=True),) * 2, WITH_MERGE_STATEMENT),
    Plan("versions", versions),
    Plan("versions by a merge key", tuple(dataclasses.replace(said, merge_key="id") for said in versions[:2])),
    Plan("whole sources", (whole,) * 2, WITH_MERGE_STATEMENT),
    Plan("whole sources with deletions", (dataclasses.replace(whole, hard_delete="gone"),) * 3, WITH_MERGE_STATEMENT),
    # What comes into a new nested table after its first row dlt takes for a change. A row that is set aside it takes out of a nested
    # table alone, and one with a null under a new name with those that have a value there.
    Plan("nothing new", (append, Said(contract="tables=discard_value,columns=discard_value"), append)),
    Plan("no other types", (append, Said(contract="data_type=discard_value"))),
    Plan("no change at all", (append, Said(contract="discard_value"))),
    Plan("no row that would change anything", (append, Said(contract="discard_row")), nesting=0, has_nulls=False),
    Plan("insert only", (insert_only,) * 2, WITH_MERGE_STATEMENT),
    Plan("insert only with deletions", (dataclasses.replace(insert_only, hard_delete="gone"),) * 2, WITH_MERGE_STATEMENT),
)
