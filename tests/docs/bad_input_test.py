#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
#
# Makes every kind of bad input that the table in docs/bad-input.md tells of, and compares what is said with what the
# page says. A row's last column names its case here, or a test of another kind as FILE: NAME.
#
# In the second column each text in backticks must be in what the program says, in this order; `...` in it stands for
# anything. The third column is the exit code. What becomes of the rest is for the case to look at.
import fcntl
import gzip
import hashlib
import json
import os
import pathlib
import re
import resource
import sqlite3
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
OUTFALL = pathlib.Path(os.environ.get("OUTFALL", ROOT / "build/release/outfall")).resolve()
PAGE = ROOT / "docs/bad-input.md"
SECONDS_MAX = 120
NOBODY = 65534  # a user without rights to anything; the superuser may write everywhere
GOOD = ['{"id":%d}\n' % i for i in range(100)]


class Place:
    """A folder with inputs, and what the last run said."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.folder.chmod(0o777)
        self.said = ""
        self.code = 0

    def write(self, name, content):
        data = content.encode() if isinstance(content, str) else content
        (self.folder / name).write_bytes(data)

    def good_and(self, row, name="in.jsonl"):
        rows = [line.encode() for line in GOOD]
        self.write(name, b"".join(rows[:50]) + row + b"\n" + b"".join(rows[50:]))

    def run(self, *arguments, to="duckdb:t.duckdb", prepare=None):
        command = [OUTFALL, "run", *arguments, "--to", to, "--dataset", "data", "--data-dir", "state", "--progress", "none"]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, timeout=SECONDS_MAX, preexec_fn=prepare)
        self.said, self.code = done.stderr, done.returncode

    def as_nobody(self, *arguments, **how):
        def drop():
            if os.getuid() == 0:
                os.setgid(NOBODY)
                os.setuid(NOBODY)
        self.run(*arguments, prepare=drop, **how)

    def with_file_limit(self, limit, *arguments, **how):
        """A disk that takes no more is not to be had in a test; a limit of file sizes makes the same writes fail."""
        self.run(*arguments, prepare=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)), **how)

    def query(self, statement):
        command = [OUTFALL, "query", "duckdb:t.duckdb", statement, "--dataset", "data", "--output", "csv"]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, timeout=SECONDS_MAX)
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()[1:]

    def letters(self):
        command = [OUTFALL, "dead-letter", "list", "--json", "--data-dir", "state"]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, timeout=SECONDS_MAX, check=True)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def nothing_is_there(self):
        assert not (self.folder / "t.duckdb").exists(), "something was loaded"

    def rejected_alone(self, row):
        """The same command with --on-reject dead-letter loads all the others and keeps the row; said stays the first."""
        self.nothing_is_there()
        said, code = self.said, self.code
        self.run("in.jsonl", "--on-reject", "dead-letter")
        assert self.code == 3 and "in 101 = delivered 100 + rejected 1 + pending 0" in self.said, self.said
        assert self.query('select count(*) from "in"') == ["100"]
        kept = self.letters()
        assert len(kept) == 1 and kept[0]["line"] == 51 and kept[0]["text_bytes"] == len(row), kept
        self.said, self.code = said, code


def bad_row(row):
    def case(place):
        place.good_and(row)
        place.run("in.jsonl")
        place.rejected_alone(row)
    return case


def broken_json(place):
    place.write("in.jsonl", "".join('{"id":tru}\n' if line == 812_345 else '{"id":1}\n' for line in range(1, 1_000_001)))
    place.run("in.jsonl")
    place.nothing_is_there()


def truncated_gzip(place):
    for name in ("a", "b", "c"):
        place.write(name + ".jsonl.gz", gzip.compress("".join(GOOD).encode()))
    whole = (place.folder / "b.jsonl.gz").read_bytes()
    place.write("b.jsonl.gz", whole[: len(whole) // 2])
    inputs = ("a.jsonl.gz", "b.jsonl.gz", "c.jsonl.gz", "--table", "t")
    place.run(*inputs)
    place.nothing_is_there()
    said, code = place.said, place.code
    place.run(*inputs, "--on-bad-files", "skip")
    assert place.code == 3 and place.query("select count(*) from t") == ["200"], place.said
    place.said, place.code = said, code


def broken_array(place):
    place.write("in.json", '[{"id":1},\n {"id":2},\n {"id":3')
    place.run("in.json", "--on-reject", "dead-letter")
    place.nothing_is_there()


def too_many_fields(place):
    place.write("in.csv", "id,name\n1,a\n2,b,c\n3,d\n4,e\n")
    place.run("in.csv")
    place.nothing_is_there()
    said, code = place.said, place.code
    place.run("in.csv", "--on-reject", "dead-letter")
    assert place.code == 3 and place.query('select id from "in" order by 1') == ["1", "3", "4"], place.said
    place.said, place.code = said, code


def open_quote(place):
    place.write("in.csv", 'id,name\n1,a\n2,"b\n3,c\n')
    place.run("in.csv", "--on-reject", "dead-letter")
    place.nothing_is_there()


def cell_of_another_type(place):
    place.write("first.csv", "id\n1\n")
    place.run("first.csv", "--table", "in")
    place.write("in.csv", "id\n2\nthree\n")
    place.run("in.csv", "--table", "in")
    assert place.query('select id from "in"') == ["1"]


def value_of_another_type(place):
    place.write("first.jsonl", '{"id":1}\n')
    place.run("first.jsonl", "--table", "in")
    place.write("in.jsonl", '{"id":2}\n{"id":"three"}\n')
    place.run("in.jsonl", "--table", "in")
    assert place.query('select id, id__v_text from "in" order by id') == ["1,", "2,", ",three"]


def escaped_nul(place):
    place.good_and(b'{"t":"x\\u0000y"}')
    place.run("in.jsonl")
    assert place.query('select length(t) from "in" where t is not null') == ["3"]


def large_integers(place):
    place.write("in.jsonl", '{"a":123456789012345678901234567890,"b":' + "9" * 50 + "}\n")
    place.run("in.jsonl")
    assert place.query('select a, b from "in"') == ["123456789012345678901234567890," + "9" * 50]


def refused_row(place):
    place.write("in.jsonl", '{"id":7}\n')
    place.run("in.jsonl")
    for statement in ('create table data.keyed (id bigint primary key)', 'insert into data.keyed values (7)',
                      'drop table data."in"', 'alter table data.keyed rename to "in"'):
        subprocess.run([OUTFALL, "query", "duckdb:t.duckdb", statement, "--write"], cwd=place.folder, check=True,
                       capture_output=True, timeout=SECONDS_MAX)
    place.write("in.jsonl", "".join(GOOD))
    place.run("in.jsonl")
    assert place.query('select count(*) from "in"') == ["100"], place.said
    assert [letter["text"] for letter in place.letters()] == ['{"id":7}']
    said, code = place.said, place.code
    place.run("in.jsonl", "--on-reject", "fail")
    assert place.code == 4 and "pending 100" in place.said, place.said
    place.said, place.code = said, code


def missing_file(place):
    place.write("in.jsonl", "".join(GOOD))
    place.run("in.jsonl", "nowhere.jsonl")
    place.nothing_is_there()
    said, code = place.said, place.code
    place.run("in.jsonl", "nowhere.jsonl", "--allow-missing")
    assert place.code == 0 and place.query('select count(*) from "in"') == ["100"], place.said
    place.said, place.code = said, code


def read_only(folder, **how):
    def case(place):
        place.write("in.jsonl", "".join(GOOD))
        (place.folder / folder).mkdir()
        (place.folder / folder).chmod(0o555)
        place.as_nobody("in.jsonl", **how)
        place.nothing_is_there()
    return case


def full(limit, rows):
    def case(place):
        place.write("in.jsonl", "".join('{"id":%d,"text":"%s"}\n' % (i, str(i * 7919) * 20) for i in range(rows)))
        place.with_file_limit(limit, "in.jsonl")
        said, code = place.said, place.code
        place.run("in.jsonl")
        assert place.code == 0 and place.query('select count(*) from "in"') == [str(rows)], place.said
        place.said, place.code = said, code
    return case


def full_database(place):
    """A job file holds one table and the database all of them, so that it meets the limit first."""
    names = [f"{letter}.jsonl" for letter in "abcdefghij"]
    for name in names:
        place.write(name, "".join('{"id":%d,"text":"%s"}\n' % (i, hashlib.sha256(b"%d" % i).hexdigest()) for i in range(3000)))
    place.with_file_limit(600_000, *names)
    said, code = place.said, place.code
    place.run(*names)
    assert place.code == 0 and "finished from run" in place.said, place.said
    assert place.query("select count(*) from a union all select count(*) from j") == ["3000", "3000"]
    place.said, place.code = said, code


def locked_database(place):
    place.write("in.jsonl", "".join(GOOD))
    place.run("in.jsonl")
    with open(place.folder / "t.duckdb", "r+b") as database:
        fcntl.lockf(database, fcntl.LOCK_EX)
        place.run("in.jsonl")
    assert place.query('select count(*) from "in"') == ["100"]


def no_database(place):
    place.write("in.jsonl", "".join(GOOD))
    place.write("notes.txt", "hello\n")
    place.run("in.jsonl", to="duckdb:notes.txt")
    assert (place.folder / "notes.txt").read_text() == "hello\n"


def newer_state_store(place):
    place.write("in.jsonl", "".join(GOOD))
    place.run("in.jsonl")
    [store] = place.folder.glob("state/pipelines/*/outfall.db")
    with sqlite3.connect(store) as database:
        database.execute("PRAGMA user_version = 99")
    database.close()
    place.run("in.jsonl")
    assert place.query('select count(*) from "in"') == ["100"]


def another_kind(place):
    place.write("in.jsonl", b"PAR1\x15\x04\x15\x10\xff\x00")
    place.run("in.jsonl")
    place.nothing_is_there()


def read_only_file(place):
    place.write("in.jsonl", "".join(GOOD))
    place.as_nobody("in.jsonl")
    (place.folder / "t.duckdb").chmod(0o444)
    place.as_nobody("in.jsonl", "--table", "more")
    assert place.query('select count(*) from "in"') == ["100"]


CASES = {
    "another_kind": another_kind,
    "read_only_file": read_only_file,
    "broken_json": broken_json,
    "refused_row": refused_row,
    "invalid_utf8": bad_row(b'{"id":"J\xfcrgen"}'),
    "nul_byte": bad_row(b'{"id":"x\x00y"}'),
    "escaped_nul": escaped_nul,
    "not_a_number": bad_row(b'{"id":NaN}'),
    "huge_number": bad_row(b'{"id":1e999}'),
    "large_integers": large_integers,
    "deep": bad_row(b'{"id":' + b"[" * 1001 + b"]" * 1001 + b"}"),
    "same_names": bad_row(b'{"userId":1,"user_id":2}'),
    "reserved_key": bad_row(b'{"id":1,"_dlt_x":2}'),
    "truncated_gzip": truncated_gzip,
    "broken_array": broken_array,
    "too_many_fields": too_many_fields,
    "open_quote": open_quote,
    "cell_of_another_type": cell_of_another_type,
    "value_of_another_type": value_of_another_type,
    "missing_file": missing_file,
    "read_only_state": read_only("state"),
    "read_only_database": read_only("away", to="duckdb:away/t.duckdb"),
    "full_state_store": full(20_000, 100),
    "full_spool": full(300_000, 6000),
    "full_database": full_database,
    "locked_database": locked_database,
    "no_database": no_database,
    "newer_state_store": newer_state_store,
}


def rows_of_table():
    """(bad input, texts, exit code, case) of each row."""
    rows = []
    for line in PAGE.read_text().splitlines():
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        if len(cells) == 5 and cells[2].isdigit():
            rows.append((cells[0], re.findall(r"`([^`]+)`", cells[1]), int(cells[2]), cells[4].strip("`")))
    return rows


def check(name, texts, code):
    with tempfile.TemporaryDirectory() as folder:
        place = Place(folder)
        CASES[name](place)
        assert place.code == code, f"exit {place.code}, the page says {code}\n{place.said}"
        pattern = ".*?".join(".*?".join(re.escape(part) for part in text.split("...")) for text in texts)
        assert texts and re.search(pattern, place.said, re.DOTALL), f"the page says {texts}, the program\n{place.said}"


def main():
    rows = rows_of_table()
    failed = 0
    told = set()
    for what, texts, code, name in rows:
        told.add(name)
        try:
            if ": " in name:
                file, test = name.split(": ")
                assert re.search(rf"\b{test}\b", (ROOT / file).read_text()), f"{file} has no {test}"
            else:
                check(name, texts, code)
            print(f"ok      {name}")
        except (AssertionError, KeyError, OSError) as error:
            failed += 1
            print(f"FAILED  {what}: {name}: {error!r}" if not str(error) else f"FAILED  {what}: {name}: {error}")
    for name in CASES.keys() - told:
        failed += 1
        print(f"FAILED  {name}: no row of {PAGE.name} tells of it")
    print(f"{len(rows)} rows, {failed} failed")
    return 1 if failed or len(rows) < len(CASES) else 0


if __name__ == "__main__":
    sys.exit(main())
