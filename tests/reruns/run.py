#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Typing the same command again when something went wrong between: no row is lost, none is doubled.

Each case is a short story of runs over one folder of inputs, with the ids that the table must hold at its end.
"""
import fcntl
import gzip
import hashlib
import json
import os
import pathlib
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time

OUTFALL = os.environ["OUTFALL"]
TIMEOUT_SECONDS = 60  # a run that hangs is a failure, not a wait


class Story:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        (self.folder / "in").mkdir()

    def write(self, name, text):
        (self.folder / "in" / name).write_text(text)

    def rows(self, name, *ids):
        self.write(name, "".join(json.dumps({"id": i}) + "\n" for i in ids))

    def run(self, *arguments, inputs=("in",), to="duckdb:t.duckdb", **how):
        return self.outfall("run", *inputs, "--to", to, *arguments, **how)

    def send(self, *arguments, ids, **how):
        """Standard input with these ids."""
        text = "".join(json.dumps({"id": i}) + "\n" for i in ids)
        return self.run("--table", "in", *arguments, inputs=("-",), sent=text, **how)

    def outfall(self, *arguments, fault="", code=0, sent=None, stdin=None, of_stdout=False, extra={}):
        command = [OUTFALL, *arguments, "--data-dir", "state"]
        environment = dict(os.environ, OUTFALL_FAULT=fault) | extra
        source = {"stdin": stdin} if stdin else {"input": sent}
        done = subprocess.run(command, cwd=self.folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              timeout=TIMEOUT_SECONDS, **source)
        assert done.returncode == code, f"exit {done.returncode}, expected {code}: {' '.join(command)}\n{done.stderr}"
        return done.stdout if of_stdout else done.stderr

    def packages(self):
        """Folders of job files."""
        return [entry.name for folder in (self.folder / "state/pipelines").glob("*/packages") for entry in folder.iterdir()]

    def ids(self, table="in"):
        command = [OUTFALL, "query", "duckdb:t.duckdb", f'select id from "{table}" order by id', "--output", "csv"]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=True)
        return [int(line) for line in done.stdout.split()[1:]]


KILLED = -9


def status(story):
    return json.loads(story.outfall("status", "--json", of_stdout=True))["pipelines"]


def runs(story, name=None):
    """The ids of all runs, or of those of one pipeline, the newest first."""
    return [run["run_id"] for pipeline in status(story) if name in (None, pipeline["pipeline"]) for run in pipeline["runs"]]


def pipelines(story):
    """What the pipelines are called."""
    return [pipeline["pipeline"] for pipeline in status(story)]


def failed_run_between(story):
    """What a killed run sealed is not loaded again because a later run failed on another input."""
    story.rows("1.jsonl", 1)
    story.rows("2.jsonl", 2)
    story.run(fault="after_seal", code=KILLED)
    story.write("3.jsonl", '{"id":\n')
    story.run(code=1)
    assert story.ids() == [1, 2]
    story.rows("3.jsonl", 3)
    story.run()
    assert story.ids() == [1, 2, 3]


def each_input_is_told_its_fate(story):
    """The report says of each input what became of it, and names the run that had sealed it."""
    story.rows("1.jsonl", 1)
    story.rows("2.jsonl", 2)
    story.run(fault="after_seal", code=KILLED)
    [killed] = runs(story)
    story.rows("2.jsonl", 3)
    story.rows("3.jsonl", 4)
    story.run(fault="before_run_end", code=KILLED)
    story.rows("3.jsonl", 4, 5)
    report = json.loads(story.run("--json", of_stdout=True))
    second = next(run for run in runs(story) if run not in (killed, report["run_id"]))
    fates = [(pathlib.Path(seen["path"]).name, seen["fate"], seen["run"]) for seen in report["inputs"]]
    assert fates == [("1.jsonl", "finished", killed), ("2.jsonl", "finished", second), ("3.jsonl", "changed", None)], fates
    assert story.ids() == [1, 2, 3, 4, 4, 5]
    story.run(fault="after_seal", code=KILLED)
    story.rows("1.jsonl", 6)
    story.rows("4.jsonl", 7)
    seen = story.run()
    told(seen, "1.jsonl: changed since: loaded again", "2.jsonl: finished from run", "4.jsonl: loaded, 1 document")


def a_step_that_failed_is_not_finished(story):
    """The report has each step of a run with its end, also the one in which the run ended."""
    def steps(*how, code):
        report = json.loads(story.run("--json", *how, code=code, of_stdout=True))
        return [(step["step"], step["finished"]) for step in report["steps"]]

    story.write("1.jsonl", '{"id":\n')
    assert steps(code=1) == [("extract", False)]
    story.rows("1.jsonl", 1)
    assert steps(code=0) == [("extract", True), ("seal", True), ("load", True)]
    story.outfall("query", "duckdb:t.duckdb", 'create unique index once on "in" (id)', "--write")
    assert steps("--on-reject", "fail", code=4) == [("extract", True), ("seal", True), ("load", False)]


def the_report_is_shown_again_as_it_was(story):
    """`status RUN` shows what the run itself has said, however it ended."""
    def shown_again(*arguments, code=0):
        told = story.run(*arguments, code=code)
        again = story.outfall("status", runs(story)[0], of_stdout=True)
        assert again.endswith("\n" + told), f"{told}\nand later\n{again}"

    story.rows("1.jsonl", 1)
    shown_again()
    story.write("2.jsonl", '{"id":2,"n":"x"}\n{"id":\n{"id":3,"n":4}\n')
    shown_again(code=1)
    shown_again("--on-reject", "dead-letter", "--max-bad-rows", "5", code=3)
    (story.folder / "in/2.jsonl").unlink()
    story.outfall("query", "duckdb:t.duckdb", 'delete from "in"', "--write")
    story.outfall("query", "duckdb:t.duckdb", 'create unique index once on "in" (id)', "--write")
    story.rows("1.jsonl", 1, 1)
    shown_again("--on-reject", "fail", code=4)


def what_was_replaced_since_counts_as_new(story):
    """A load that a later one has replaced is not there, so that its inputs are no longer finished by it."""
    story.rows("1.jsonl", 1)
    story.rows("2.jsonl", 2)
    for words in ((), ("--write-disposition", "replace")):
        one = ("--table", "A Table", "--pipeline", "p", *words)
        story.run(*one, inputs=("in/1.jsonl",), fault="after_seal", code=KILLED)
        story.run("--table", "A Table", "--pipeline", "p", "--write-disposition", "replace", inputs=("in/2.jsonl",))
        assert story.ids(table="a_table") == [2]
        told(story.run(*one, "--dry-run", inputs=("in/1.jsonl",)), "would load 1 document")
        told(story.run(*one, inputs=("in/1.jsonl",)), "1.jsonl: loaded, 1 document")
        assert story.ids(table="a_table") == ([1] if words else [1, 2])
        told(story.run(*one, inputs=("in/1.jsonl",)), "1.jsonl: loaded, 1 document")
        assert story.ids(table="a_table") == ([1] if words else [1, 1, 2])
    one = ("--table", "A Table", "--pipeline", "p")
    story.run(*one, inputs=("in/1.jsonl",), fault="before_run_end", code=KILLED)
    story.run(*one, "--write-disposition", "replace", inputs=("in/2.jsonl",))
    story.run(*one, inputs=("in/1.jsonl",), fault="before_run_end", code=KILLED)
    told(story.run(*one, inputs=("in/1.jsonl",)), "1.jsonl: finished from run")
    told(story.run(*one, inputs=("in/1.jsonl",)), "1.jsonl: loaded, 1 document")
    assert story.ids(table="a_table") == [1, 1, 2]


def what_a_replacement_brought_itself_is_there(story):
    """A replacement takes nothing away that it has brought, nor where a backup from before it was put back."""
    story.rows("1.jsonl", 1)
    story.rows("2.jsonl", 2)
    one = ("--table", "t", "--pipeline", "p")
    story.run(*one, inputs=("in/1.jsonl",), fault="before_run_end", code=KILLED)
    shutil.copy(story.folder / "t.duckdb", story.folder / "backup.duckdb")
    story.run(*one, "--write-disposition", "replace", inputs=("in/1.jsonl", "in/2.jsonl"))
    told(story.run(*one, inputs=("in/1.jsonl",)), "1.jsonl: finished from run")
    assert story.ids(table="t") == [1, 2]
    story.run(*one, "--write-disposition", "replace", inputs=("in/1.jsonl",), fault="before_run_end", code=KILLED)
    shutil.copy(story.folder / "t.duckdb", story.folder / "backup.duckdb")
    story.run(*one, "--write-disposition", "replace", inputs=("in/2.jsonl",))
    shutil.copy(story.folder / "backup.duckdb", story.folder / "t.duckdb")
    told(story.run(*one, "--write-disposition", "replace", inputs=("in/1.jsonl",)), "1.jsonl: finished from run")
    assert story.ids(table="t") == [1]


def a_replacement_that_is_given_up_is_told(story):
    """What was sealed behind it counts on what it would have removed."""
    story.rows("1.jsonl", 1)
    story.run("--write-disposition", "replace", inputs=("in/1.jsonl",), fault="after_seal", code=KILLED)
    [waiting] = story.packages()
    story.rows("2.jsonl", 2)
    with open(story.folder / "t.duckdb", "wb") as foreign:
        foreign.write(b"not a database")
    story.run("--table", "1", inputs=("in/2.jsonl",), code=4)
    (story.folder / "t.duckdb").unlink()
    told(story.outfall("package", "drop", waiting, "--yes"), "it was to replace", "1 package waits behind it")


def the_report_comes_before_the_record_of_the_end(story):
    """Whoever was told how a run ended, and nobody else, starts a new one with the same command."""
    story.rows("1.jsonl", 1)
    told(story.run(fault="before_run_end", code=KILLED), "in 1 = delivered 1 + rejected 0 + pending 0")
    told(story.run(), "1.jsonl: finished from run")
    assert story.ids() == [1]
    told(story.run(fault="after_run_end", code=KILLED), "in 1 = delivered 1 + rejected 0 + pending 0")
    assert story.ids() == [1, 1]


def resume_ends_as_the_worst_pipeline(story):
    """Of several pipelines the one that failed decides, then one with pending work, wherever it stands in the row."""
    story.rows("1.jsonl", 1)
    for name in ("a", "b", "c"):
        (story.folder / name).mkdir()
        story.run("-p", name, to=f"duckdb:{name}/t.duckdb", fault="after_seal", code=KILLED)
    (story.folder / "b").rename(story.folder / "away")
    story.outfall("resume", code=4)
    store = story.folder / "state/pipelines/c/outfall.db"
    whole = store.read_bytes()
    store.write_bytes(b"no store")
    story.outfall("resume", code=1)
    store.write_bytes(whole)
    (story.folder / "away").rename(story.folder / "b")
    story.outfall("resume")


A, B, C = "in/a.jsonl", "in/b.jsonl", "in/c.jsonl"


def three_files(story):
    for i, name in enumerate("abc"):
        story.rows(f"{name}.jsonl", i)


def another_set_of_tables_remembers_nothing_and_says_so(story):
    """Files named one by one are a pipeline of their tables: with one more file it is another, which loads all again and says so."""
    three_files(story)
    story.run("--dataset", "outfall_dataset", "--table", "x", inputs=(A,))
    assert "was already loaded" not in story.run(inputs=(A, B))
    [known] = [name for name in pipelines(story) if name.startswith("outfall-")]
    note = re.compile(rf"note: a.jsonl \(same content\) was already loaded at .* by the pipeline {known}, which --pipeline {known} goes on with\n")
    assert note.search(story.run("--skip-loaded", "--dry-run", inputs=(A, B, C)))
    story.run(inputs=(A, B, C), fault="run_begun", code=KILLED)
    assert note.search(story.run("--skip-loaded", inputs=(A, B, C)))
    for known_set in ((A, B), (A, B, C)):
        assert "was already loaded" not in story.run("--skip-loaded", inputs=known_set)
    assert [story.ids(table=table) for table in "abc"] == [[0, 0], [1, 1], [2]]
    # One that was not named can be named by its folder.
    told(story.run("--skip-loaded", "--pipeline", known, inputs=(A, B, C)), "c.jsonl: loaded, 1 document", "a.jsonl: skipped")
    story.rows("a.jsonl", 10)
    assert "a.jsonl (same content)" not in story.run(inputs=(A, C))


def another_set_of_tables_does_not_double_what_was_cut_off(story):
    """What a killed run of other tables has sealed is refused to a command that would load it again, in every window and whatever the command is."""
    three_files(story)
    story.run(inputs=(A, B), fault="before_seal", code=KILLED)
    [killed] = pipelines(story)
    for fault, words in (("after_seal", "sealed by run {} of the pipeline {}, where it is pending"), ("before_run_end", "loaded by run {}, which was cut off, of the pipeline {}")):
        story.run(inputs=(A, B), fault=fault, code=KILLED)
        before = [story.ids(table=table) for table in "ab"] if fault == "before_run_end" else [[0], [1]]
        for others in ((A, B, C), (A, "--table", "A", "--dataset", "outfall_dataset"), ("in", "--table-per-file", "--dataset", "OUTFALL_dataset")):
            for dry in ((), ("--dry-run",)):
                told(story.run(*dry, inputs=others, code=1), words.format(runs(story, killed)[0], killed) + ": it would come twice", f"--pipeline {killed} goes on with that one")
        told(story.run("--pipeline", killed, inputs=(A, B)), "a.jsonl: finished from run")
        assert [story.ids(table=table) for table in "ab"] == before


def neighbours_that_are_no_reason_to_refuse(story):
    """What the destination has no longer, what has no rows, and pipelines that somebody named."""
    three_files(story)
    story.rows("empty.jsonl")
    story.run(inputs=(A, B, "in/empty.jsonl"), fault="before_run_end", code=KILLED)
    story.run(inputs=(C, "in/empty.jsonl"))
    (story.folder / "t.duckdb").unlink()
    story.run(inputs=(A, B, C))
    assert [story.ids(table=table) for table in "abc"] == [[0], [1], [2]]
    story.run(inputs=(A, C), fault="before_run_end", code=KILLED)
    story.run("--write-disposition", "replace", inputs=(A, B, C))
    told(story.run(inputs=(A, B, C), code=1), "it would come twice")  # who replaced what is not asked
    story.run(inputs=(A, C))
    story.run(inputs=(A, B, C))
    assert [story.ids(table=table) for table in "abc"] == [[0, 0], [1, 1], [2, 2]]
    # A replacement that waits brings it once, whatever is there then.
    story.run("--write-disposition", "replace", inputs=(A, B), fault="after_seal", code=KILLED)
    story.run("--write-disposition", "replace", inputs=(A, C))
    story.outfall("resume")
    assert [story.ids(table=table) for table in "abc"] == [[0], [1], [2]]
    told(story.run("--write-disposition", "replace", inputs=(A, B)), "a.jsonl: finished from run")
    # To replace what is there leaves behind it what waits elsewhere.
    story.run(inputs=(A, C), fault="after_seal", code=KILLED)
    told(story.run("--write-disposition", "replace", inputs=(A, B, C), code=1), "it would come twice")
    story.run("--pipeline", "named", "--dataset", "other", inputs=(A, B), fault="after_seal", code=KILLED)
    story.run("--dataset", "other", inputs=(A, C))


def neighbours_are_met_under_any_name(story):
    """Pipelines that were not named ask each other also where a table is spelled in another way, or where one is called by its folder."""
    story.rows("Orders.jsonl", 1)
    story.run(inputs=("in/Orders.jsonl",), fault="after_seal", code=KILLED)
    told(story.run("--table", "orders", inputs=("in/Orders.jsonl",), code=1), "it would come twice")
    story.run("--table", "orders", "--pipeline", "own", inputs=("in/Orders.jsonl",))
    three_files(story)
    story.run(inputs=(A, B), fault="after_seal", code=KILLED)
    [first] = [name for name in pipelines(story) if name.startswith("outfall-")]
    story.run("--dataset", "outfall_dataset", "--table", "c", inputs=(C,), fault="after_seal", code=KILLED)
    told(story.run("--pipeline", first, inputs=(A, C), code=1), "c.jsonl (same content) was sealed by run")
    # What somebody has named is apart, also where it looks like a key.
    story.run("--pipeline", "shop-20240101", "--dataset", "shop", inputs=(A, B), fault="after_seal", code=KILLED)
    story.run("--dataset", "shop", inputs=(A, C))


def a_database_that_is_busy_at_the_seal_is_not_asked(story):
    """Whether neighbours have loaded an input is asked before it is read: what is read is sealed, whoever has the database then."""
    three_files(story)
    story.run(inputs=(A, B))
    os.mkfifo(story.folder / "in/p.jsonl")
    command = [OUTFALL, "run", "in/p.jsonl", A, "--to", "duckdb:t.duckdb", "--dataset", "outfall_dataset", "--data-dir", "state"]
    with subprocess.Popen(command, cwd=story.folder, stderr=subprocess.PIPE, text=True) as run:
        with open(story.folder / "in/p.jsonl", "w") as sent, open(story.folder / "t.duckdb", "r+b") as database:
            fcntl.lockf(database, fcntl.LOCK_EX)
            sent.write('{"id":7}\n')
            sent.close()
            told(run.communicate(timeout=TIMEOUT_SECONDS)[1], "in 2 = delivered 0 + rejected 0 + pending 2")
            assert run.returncode == 4
    story.outfall("resume")
    assert [story.ids(table=table) for table in "ap"] == [[0, 0], [7]]


def a_pipeline_is_named_by_its_folder_too(story):
    """The name that status and messages give a pipeline that was not named is one for --pipeline: it goes on with the same schema."""
    story.rows("1.jsonl", 1)
    story.run("--naming", "direct")
    [key] = pipelines(story)
    again = story.run("--pipeline", key, "--skip-loaded")
    assert "skipped" in again and "anew" not in again, again
    story.rows("2.jsonl", 2)
    story.run("--pipeline", key, "--skip-loaded")
    assert pipelines(story) == [key] and story.ids() == [1, 2]
    told(story.run("--pipeline", "in", "--dataset", "in_dataset", "--dry-run"), f"loads of the pipeline {key} of this data directory", f"--pipeline {key} goes on")
    schemas = story.outfall("query", "duckdb:t.duckdb", "select distinct schema_name from _dlt_version", "--output", "csv", of_stdout=True)
    assert schemas == "schema_name\nin\n", schemas


def what_is_gone_of_another_pipeline_does_not_count(story):
    """What another pipeline has loaded, and the destination has no longer, is no reason to refuse anything."""
    three_files(story)
    story.run(inputs=(A, B), fault="before_run_end", code=KILLED)
    (story.folder / "t.duckdb").unlink()
    story.run(inputs=(A, B, C))
    assert [story.ids(table=table) for table in "abc"] == [[0], [1], [2]]
    story.run(inputs=(A, C), fault="before_run_end", code=KILLED)
    story.run("--write-disposition", "replace", inputs=(A, B, C))
    story.rows("c.jsonl", 5)
    story.run(inputs=(A, B, C))
    assert [story.ids(table=table) for table in "abc"] == [[0, 0], [1, 1], [2, 5]]
    # To replace what is there leaves behind it what waits elsewhere.
    story.run(inputs=(A, C), fault="after_seal", code=KILLED)
    told(story.run("--write-disposition", "replace", inputs=(A, B, C), code=1), "where it waits: it would come twice")


def another_table_is_another_load(story):
    """What a killed run sealed for one table is no answer to a command for another one."""
    story.rows("1.jsonl", 1)
    story.run("-p", "p", "--table", "first", fault="after_seal", code=KILLED)
    told = story.run("-p", "p", "--table", "second")
    assert "finished from run" not in told, told
    assert story.ids("first") == [1] and story.ids("second") == [1]
    assert "finished from run" in story.run("-p", "p", "--table", "first")
    assert story.ids("first") == [1]


def skipping_is_by_table(story):
    """What one table has, --skip-loaded takes for another one all the same."""
    story.rows("1.jsonl", 1)
    story.run("-p", "p", "--table", "first")
    told = story.run("-p", "p", "--table", "second", "--skip-loaded")
    assert "skipped" not in told, told
    assert story.ids("first") == [1] and story.ids("second") == [1]
    assert "skipped: loaded by run" in story.run("-p", "p", "--table", "second", "--skip-loaded")
    assert story.ids("second") == [1]


def another_table_is_another_load_of_standard_input(story):
    """The same holds under a run key."""
    story.send("-p", "p", "--run-key", "k", ids=[1], fault="after_seal", code=KILLED)
    story.run("-p", "p", "--run-key", "k", "--table", "second", inputs=("-",), sent='{"id": 1}\n')
    assert story.ids() == [1] and story.ids("second") == [1]


def a_pipe_is_read_once(story):
    """A pipe with a name is as good as standard input: --skip-loaded takes it, and after a kill nobody says it changed."""
    def piped(*arguments, **how):
        return story.outfall("run", "/dev/stdin", "--table", "in", "--to", "duckdb:t.duckdb", *arguments,
                             sent='{"id": 1}\n', **how)
    assert "in 1 = delivered 1" in piped("--skip-loaded")
    assert story.ids() == [1]
    piped(fault="after_seal", code=KILLED)
    told = piped()
    assert "changed" not in told and "no identity" in told, told
    assert story.ids() == [1, 1, 1]


def a_full_disk_takes_no_output_for_written(story):
    """What could not be written to standard output is an error of the command that was to write it."""
    story.rows("1.jsonl", *range(50_000))
    story.run(fault="after_seal", code=KILLED)
    [load_id] = pending_id(story)
    [run_id] = runs(story)
    state = ["--data-dir", "state"]
    load = ["run", "in", "--to", "duckdb:t.duckdb", *state]
    commands = [
        ["package", "list", *state], ["package", "list", "--json", *state], ["package", "show", load_id, *state],
        [*load, "--json"], ["query", "duckdb:t.duckdb", "from \"in\"", "-o", "csv"], ["status", *state],
        ["query", "duckdb:t.duckdb", "select repeat('x', 50) as a, repeat('y', 50) as b from range(50)"],
        ["status", "--json", *state], ["status", run_id, *state], ["status", "--watch", *state], ["--help"], ["--version"],
    ]
    with open("/dev/full", "w") as full:
        for command in commands:
            done = subprocess.run([OUTFALL, *command], cwd=story.folder, stdout=full, stderr=subprocess.PIPE, text=True,
                                  timeout=TIMEOUT_SECONDS)
            assert "write to standard output: No space left" in done.stderr, done
            # How a run ended stays its exit code.
            assert done.returncode == (0 if command[0] == "run" else 1), done
    assert story.ids() == list(range(50_000))


def a_limit_of_file_sizes_is_an_error(story):
    """A file that may not grow further ends a run with words and a code of ours, and the same command loads all."""
    story.rows("1.jsonl", *range(30_000))
    limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
    done = subprocess.run([OUTFALL, "run", "in", "--to", "duckdb:t.duckdb", "--data-dir", "state"], cwd=story.folder,
                          preexec_fn=limit, capture_output=True, text=True, timeout=TIMEOUT_SECONDS)
    assert done.returncode == 1 and "cannot write" in done.stderr, done
    story.run()
    assert story.ids() == list(range(30_000))


def replacing_is_more_than_appending(story):
    """What a killed run sealed to append does not replace; what one sealed to replace does."""
    story.rows("1.jsonl", 1)
    story.run()
    story.run(fault="after_seal", code=KILLED)
    story.run("--write-disposition", "replace")
    assert story.ids() == [1]
    story.run("--write-disposition", "replace", fault="after_seal", code=KILLED)
    assert "finished from run" in story.run("--write-disposition", "replace")
    assert story.ids() == [1]


def replace_reads_the_whole_table(story):
    """A table is replaced with all of its inputs, also those that a killed run had sealed."""
    story.rows("1.jsonl", 1)
    story.rows("2.jsonl", 2)
    story.run("-w", "replace", fault="after_seal", code=KILLED)
    story.rows("3.jsonl", 3)
    story.run("-w", "replace")
    assert story.ids() == [1, 2, 3]
    story.run("-w", "replace")
    assert story.ids() == [1, 2, 3]


def replace_refuses_to_empty_a_table(story):
    """One of several replaced tables without documents is an error, and nothing changes."""
    story.rows("a.jsonl", 1)
    story.rows("b.jsonl", 2)
    both = ("in/a.jsonl", "in/b.jsonl")
    story.run("-w", "replace", inputs=both)
    story.write("b.jsonl", "")
    story.run("-w", "replace", inputs=both, code=1)
    assert story.ids("a") == [1] and story.ids("b") == [2]
    story.run("-w", "replace", "--skip-loaded", inputs=both, code=2)


def bad_document_with_little_memory(story):
    """The error of the first document ends a run whose reader waits for memory."""
    story.write("big.jsonl", '{"id":}\n' + '{"id":1,"text":"%s"}\n' % ("x" * 100) * 50_000)
    for memory in ("1MB", "3MB", "4MB"):
        assert "line 1, column" in story.run("--memory", memory, code=1)


def wrong_set_up_with_pending_work(story):
    """What is wrong with the set-up is exit 2 where nothing waits, and 4 where a sealed package does."""
    story.rows("1.jsonl", 1)
    no_library = {"OUTFALL_DUCKDB": "/nowhere/libduckdb.so"}
    story.run(code=2, extra=no_library)
    story.run(fault="after_seal", code=KILLED)
    assert "outfall resume" in story.run(code=4, extra=no_library)
    story.rows("2.jsonl", 2)
    assert "pending 2" in story.run(code=4, extra=no_library)
    story.run()
    assert story.ids() == [1, 2]


def told(text, *parts):
    for part in parts:
        assert part in text, f"nothing says {part!r}:\n{text}"


def run_key_recognizes_standard_input(story):
    """Standard input under a run key is loaded once, however often it is sent until a run ends."""
    story.send("--run-key", "day 1", ids=[1, 2], fault="after_seal", code=KILLED)
    told(story.send("--run-key", "day 1", ids=[1, 2]), "run key day 1: finished from run")
    assert story.ids() == [1, 2]
    told(story.send("--run-key", "day 1", "--skip-loaded", ids=[1, 2]), "run key day 1: skipped: loaded by run")
    assert story.ids() == [1, 2]
    told(story.send("--run-key", "day 1", ids=[1, 2]), "run key day 1 (same content) was already loaded at")
    assert story.ids() == [1, 1, 2, 2]


def the_database_is_free_while_inputs_are_compared(story):
    """Whether an input is the same one is found out without keeping the database from others."""
    text = "".join(json.dumps({"id": i}) + "\n" for i in range(200_000))
    half = len(text) // 2  # far more than a pipe holds
    command = [OUTFALL, "run", "-", "--table", "in", "--to", "duckdb:t.duckdb", "--run-key", "k", "--data-dir", "state"]
    story.run("--table", "in", "--run-key", "k", inputs=("-",), sent=text, fault="before_run_end", code=KILLED)
    with subprocess.Popen(command, cwd=story.folder, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as again:
        again.stdin.write(text[:half])
        again.stdin.flush()
        assert len(story.ids()) == 200_000
        told(again.communicate(text[half:], timeout=TIMEOUT_SECONDS)[1], "run key k: finished from run")


def run_key_recognizes_packed_records(story):
    """Under a run key the bytes that were sent count, also of records that are unpacked and kept until they are shaped."""
    packed = story.folder / "rows.csv.gz"
    packed.write_bytes(gzip.compress(b"id\n1\n2\n"))

    def send(**how):
        with open(packed, "rb") as sent:
            return story.run("--table", "in", "--input-format", "csv", "--run-key", "k", inputs=("-",), stdin=sent, **how)
    send(fault="after_seal", code=KILLED)
    told(send(), "run key k: finished from run")
    assert story.ids() == [1, 2]


def run_key_survives_every_window(story):
    """Killed before the seal, behind the commit, and after a resume: the same key is loaded once."""
    story.send("--run-key", "k", ids=[1], fault="before_seal", code=KILLED)
    story.send("--run-key", "k", ids=[1], fault="after_load_commit", code=KILLED)
    story.outfall("resume")
    told(story.send("--run-key", "k", ids=[1]), "run key k: finished from run")
    story.send("--run-key", "l", ids=[2])
    assert story.ids() == [1, 2]


def run_key_is_free_again_after_a_replacement(story):
    """What a killed run sealed under a key and a replacement removed is settled by the run that sends it again."""
    story.send("--run-key", "k", ids=[1], fault="before_run_end", code=KILLED)
    story.send("--write-disposition", "replace", ids=[2])
    for ids in ([1, 2], [1, 1, 2]):
        told(story.send("--run-key", "k", ids=[1]), "run key k: loaded, 1 document")
        assert story.ids() == ids
    told(story.send("--run-key", "k", ids=[3]), "run key k has other content")


def a_skipped_input_is_settled_too(story):
    """A run with an end settles all that was sealed of its inputs, also where it skips what they hold now."""
    story.rows("1.jsonl", 1)
    story.run()
    story.rows("1.jsonl", 2)
    story.run(fault="before_run_end", code=KILLED)
    story.rows("1.jsonl", 1)
    told(story.run("--skip-loaded"), "1.jsonl: skipped")
    story.rows("1.jsonl", 2)
    told(story.run(), "1.jsonl: loaded, 1 document")
    assert story.ids() == [1, 2, 2]


def run_key_with_other_content(story):
    """A run key stands for one content: other bytes under it are refused, until a run with it has ended."""
    story.send("--run-key", "k", ids=[1], fault="after_seal", code=KILLED)
    told(story.send("--run-key", "k", ids=[2], code=1), "run key k", "other content", "hint:", "delivered 1")
    assert story.ids() == [1]
    story.send("--run-key", "k", ids=[1])
    told(story.send("--run-key", "k", "--skip-loaded", ids=[3], code=1), "run key k", "other content")
    told(story.send("--run-key", "k", ids=[3]), "run key k", "other content")
    assert story.ids() == [1, 3]


def run_key_needs_standard_input(story):
    """A run key without standard input is a mistake, and so is one that is no text."""
    story.rows("1.jsonl", 1)
    told(story.run("--run-key", "k", code=2), "--run-key names standard input")
    for wrong in ("a\nb", "", "x" * 1000):
        told(story.send("--run-key", wrong, ids=[1], code=2), "--run-key is empty, too long, or has control characters")


def standard_input_without_a_key(story):
    """Before the seal it must be sent again, after it resume finishes it; both are said."""
    story.send(ids=[1], fault="job_files_synced", code=KILLED)
    assert story.packages(), "the kill left no debris, so nothing is tested"
    told(story.outfall("resume"), "nothing of it was loaded", "what it was sent must be sent again")
    assert not story.packages(), "resume without a name left debris"
    assert "sent again" not in story.outfall("resume"), "told twice"
    story.send(ids=[1], fault="job_files_synced", code=KILLED)
    told(story.send(ids=[1]), "what it was sent must be sent again")
    assert story.ids() == [1]
    story.send(ids=[2], fault="after_seal", code=KILLED)
    told(story.outfall("resume"), "sealed by an earlier run")
    assert story.ids() == [1, 2]
    story.send(ids=[3], fault="after_seal", code=KILLED)
    told(story.send(ids=[3]), "has no identity", "--run-key")
    assert story.ids() == [1, 2, 3, 3]


def killed_files_are_told_by_resume(story):
    """After a kill before the seal resume says that nothing of the run was loaded, and what loads it."""
    story.rows("1.jsonl", 1)
    story.run(fault="before_seal", code=KILLED)
    told(story.outfall("resume"), "nothing of it was loaded", "the same command")
    assert not story.packages()


def runs_that_only_finish_a_load_are_told_by_resume(story):
    """Of dead runs of a command that had sealed its inputs resume does not say that nothing was loaded."""
    story.rows("1.jsonl", 1)
    story.run(fault="after_seal", code=KILLED)
    story.run(fault="before_load_commit", code=KILLED)
    story.run(fault="before_load_commit", code=KILLED)
    third, second, _ = runs(story)
    story.rows("2.jsonl", 2)
    seen = story.outfall("resume")
    told(seen, f"note: runs {second}, {third} died before their seal; a run of the same command has sealed load ",
         ", and the same command loads what that does not have", "delivered 1")
    assert "nothing of it was loaded" not in seen, seen
    told(story.run(), "1.jsonl: finished from run", "2.jsonl: loaded")
    assert story.ids() == [1, 2]
    story.run(fault="before_seal", code=KILLED)
    told(story.outfall("resume"), "nothing of it was loaded; the same command loads its inputs")


def a_load_that_was_told_of_still_has_its_inputs(story):
    """The same, where another resume has failed since the load was sealed."""
    blocked = f"duckdb:{story.folder}/blocked/t.duckdb"
    (story.folder / "blocked").mkdir()
    story.rows("1.jsonl", 1)
    story.run(to=blocked, fault="after_seal", code=KILLED)
    (story.folder / "blocked").rename(story.folder / "away")
    story.outfall("resume", code=4)
    (story.folder / "away").rename(story.folder / "blocked")
    story.run(to=blocked, fault="before_load_commit", code=KILLED)
    told(story.outfall("resume"), f"note: run {runs(story)[1]} died before its seal; a run of the same command", "delivered 1")


def pending_packages_are_limited(story):
    """New data is sealed behind what still fails, up to a limit; beyond it is refused, and nothing is discarded."""
    (story.folder / "blocked").mkdir()
    blocked = f"duckdb:{story.folder}/blocked/t.duckdb"
    story.rows("1.jsonl", 1)
    story.run(to=blocked, fault="after_seal", code=KILLED)
    (story.folder / "blocked").rename(story.folder / "away")
    limited = ("--max-pending-packages", "2")
    story.rows("2.jsonl", 2)
    seen = story.run(*limited, to=blocked, code=4)
    told(seen, "1.jsonl: sealed by run", ", pending", "pending 2")
    assert "finished from run" not in seen, seen
    story.rows("3.jsonl", 3)
    told(story.run(*limited, to=blocked, code=4), "2 packages", "--max-pending-packages", "outfall resume")
    assert len(story.packages()) == 2
    (story.folder / "away").rename(story.folder / "blocked")
    story.run(*limited, to=blocked)
    (story.folder / "t.duckdb").symlink_to(story.folder / "blocked/t.duckdb")
    assert story.ids() == [1, 2, 3]


BAD = '{"id":1}\n{"id":tru}\n{"id":2}\n{"id":1e999}\n{"id":3}\n'


def letters(story):
    listed = story.outfall("dead-letter", "list", "--json", of_stdout=True)
    return sorted((letter["line"], letter["text"]) for letter in map(json.loads, listed.splitlines()))


def rejected_rows_have_one_letter(story):
    """Wherever a run is killed, the same command leaves each good row once and one letter for each bad one, and says so."""
    points = ["job_files_synced", "before_seal", "in_seal", "after_seal", "before_load_commit", "after_load_commit",
              "before_ledger_loaded", "after_ledger_loaded", "before_run_end"]
    for at, point in enumerate(points, 1):
        story.write("1.jsonl", BAD.replace("1}", "10}", at))  # another content for each
        how = ("--on-reject", "dead-letter", "--pipeline", point)
        story.run(*how, to=f"duckdb:{point}.duckdb", fault=point, code=KILLED)
        sealed = points.index(point) >= points.index("after_seal")
        listed = story.outfall("dead-letter", "list", point, "--json", of_stdout=True).splitlines()
        assert len(listed) == (2 if sealed else 0), f"{point}: {listed}"
        told(story.run(*how, to=f"duckdb:{point}.duckdb", code=3), "rejected 2 + pending 0", f"outfall dead-letter list {point}")
        listed = [json.loads(line) for line in story.outfall("dead-letter", "list", point, "--json", of_stdout=True).splitlines()]
        assert [letter["line"] for letter in listed] == [2, 4], f"{point}: {listed}"
        count = [OUTFALL, "query", f"duckdb:{point}.duckdb", 'select count(*) from "in"', "--output", "csv"]
        done = subprocess.run(count, cwd=story.folder, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=True)
        assert done.stdout.split()[1:] == ["3"], f"{point}: {done.stdout}"


def rejected_rows_of_pending_work_are_told_when_it_is_finished(story):
    """Pending comes before rejected: exit 4 while rows wait, 3 when they are delivered, and 0 where that is asked for."""
    story.write("1.jsonl", BAD)
    (story.folder / "blocked").mkdir()
    blocked = f"duckdb:{story.folder}/blocked/t.duckdb"
    story.run("--on-reject", "dead-letter", to=blocked, fault="after_seal", code=KILLED)
    (story.folder / "blocked").rename(story.folder / "away")
    told(story.outfall("resume", code=4), "in 5 = delivered 0 + rejected 2 + pending 3")
    (story.folder / "away").rename(story.folder / "blocked")
    told(story.outfall("resume", code=3), "in 5 = delivered 3 + rejected 2 + pending 0")
    told(story.run("--on-reject", "dead-letter", "--rejected-ok", to=blocked), "finished from run", "rejected 2")
    assert len(letters(story)) == 2


def half_a_row_is_not_a_bad_one(story):
    """The last line of a file that somebody is writing right now ends the run, whatever becomes of bad rows."""
    path = story.folder / "in/1.jsonl"
    how = ("--on-reject", "dead-letter")
    story.write("1.jsonl", '{"id":1}\n{"id":2')
    os.utime(path, (time.time() + 3600,) * 2)  # as young as can be, however long this test takes
    told(story.run(*how, code=1), "is it still being written?", "in 0 =")
    os.utime(path, (time.time() - 60,) * 2)
    told(story.run(*how, code=3), "in 2 = delivered 1 + rejected 1")


def a_mended_file_has_rejected_nothing(story):
    """What a killed run has rejected of a file is not told of the file that is loaded anew."""
    story.write("1.jsonl", BAD)
    story.run("--on-reject", "dead-letter", fault="before_run_end", code=KILLED)
    story.rows("1.jsonl", 4)
    told(story.run(), "changed since: loaded again", "in 1 = delivered 1 + rejected 0 + pending 0")


def table_with_a_key(story, database="t.duckdb"):
    for statement in ('create schema d', 'create table d."in" (id bigint primary key)', 'insert into d."in" values (2), (3)'):
        story.outfall("query", f"duckdb:{database}", statement, "--write")


def letters_of(story, pipeline):
    listed = story.outfall("dead-letter", "list", pipeline, "--json", of_stdout=True)
    return [json.loads(letter)["text"] for letter in listed.splitlines()]


def refused_rows_have_one_letter(story):
    """Wherever a run is killed, the same command leaves each row once: in the table, or as one letter where its key refuses it."""
    points = ["after_seal", "before_load_begin", "in_load", "before_load_commit", "after_load_commit", "before_ledger_loaded",
              "after_ledger_loaded", "before_run_end"]
    for at, point in enumerate(points, 10):
        database = f"{point}.duckdb"
        table_with_a_key(story, database)
        story.write("1.jsonl", f'{{"id":1}}\n{{"id":2}}\n{{"id":3}}\n{{"id":{at}}}\n{{"id":1}}\n')
        how = ("--pipeline", point, "--dataset", "d")
        story.run(*how, to=f"duckdb:{database}", fault=point, code=KILLED)
        counts = points.index(point) >= points.index("after_ledger_loaded")
        assert len(letters_of(story, point)) == (3 if counts else 0), f"{point}: {letters_of(story, point)}"
        told(story.run(*how, to=f"duckdb:{database}", code=3), "rejected 3 + pending 0", f"outfall dead-letter list {point}")
        package = json.loads(story.outfall("status", point, "--json", of_stdout=True))["pipelines"][0]["packages"][0]
        assert (package["documents"], package["rejected"], package["rows"]) == (2, 3, 2), f"{point}: {package}"
        assert letters_of(story, point) == ['{"id":2}', '{"id":3}', '{"id":1}'], f"{point}: {letters_of(story, point)}"
        rows = story.outfall("query", f"duckdb:{database}", 'select id from d."in" order by 1', "-o", "csv", of_stdout=True)
        assert rows.split()[1:] == ["1", "2", "3", str(at)], f"{point}: {rows}"
        told(story.run(*how, "--skip-loaded", to=f"duckdb:{database}"), "in 0 =")


def replayed_rows_come_once(story):
    """Wherever a replay is killed, the same command delivers each row once, and one that is refused again keeps its letter."""
    points = ["run_begun", "before_seal", "after_seal", "before_load_commit", "after_load_commit", "before_ledger_loaded",
              "after_ledger_loaded", "before_run_end"]
    for point in points:
        database = f"{point}.duckdb"
        table_with_a_key(story, database)
        story.rows("1.jsonl", 1, 2, 3)
        story.run("--pipeline", point, "--dataset", "d", to=f"duckdb:{database}", code=3)
        story.outfall("query", f"duckdb:{database}", 'delete from d."in" where id = 2', "--write")
        replay = ("dead-letter", "replay", point)
        story.outfall(*replay, fault=point, code=KILLED)
        story.outfall(*replay, code=3)
        assert letters_of(story, point) == ['{"id":3}'], f"{point}: {letters_of(story, point)}"
        listed = story.outfall("dead-letter", "list", point, "--all", "--json", of_stdout=True).splitlines()
        every = [(letter["text"], letter["status"]) for letter in map(json.loads, listed)]
        assert every == [('{"id":2}', "replayed"), ('{"id":3}', "open")], f"{point}: {every}"
        rows = story.outfall("query", f"duckdb:{database}", 'select id from d."in" order by 1', "-o", "csv", of_stdout=True)
        assert rows.split()[1:] == ["1", "2", "3"], f"{point}: {rows}"


def row_that_is_refused_no_more(story):
    """A run was killed when it was about to leave a row out; what was in its way has gone."""
    table_with_a_key(story)
    story.rows("1.jsonl", 1, 2)
    story.run("--dataset", "d", "--pipeline", "p", fault="before_load_commit", code=KILLED)
    story.outfall("query", "duckdb:t.duckdb", 'delete from d."in" where id = 2', "--write")


def what_is_taken_after_all_is_not_refused(story):
    """What an attempt was about to leave out is loaded where the reason has gone until the next one."""
    row_that_is_refused_no_more(story)
    told(story.run("--dataset", "d", "--pipeline", "p"), "in 2 = delivered 2 + rejected 0 + pending 0")
    assert letters_of(story, "p") == []


def what_was_to_be_left_out_is_loaded_under_another_option(story):
    """Also where the next attempt leaves nothing out."""
    row_that_is_refused_no_more(story)
    told(story.outfall("resume", "p", "--on-reject", "fail"), "in 2 = delivered 2 + rejected 0 + pending 0")
    assert letters_of(story, "p") == []


def a_part_replaces_a_table_where_that_is_allowed(story):
    """Also what came through a pipe, and is finished without it."""
    table_with_a_key(story)
    how = ("--dataset", "d", "--table", "in", "--pipeline", "p", "-w", "replace")
    told(story.run(*how, inputs=("-",), sent='{"id":1}\n{"id":1}\n', code=4), "outfall resume p --allow-partial")
    told(story.outfall("resume", "p", code=4), "a part of its rows does not replace a table")
    told(story.outfall("resume", "p", "--allow-partial", code=3), "in 2 = delivered 1 + rejected 1 + pending 0")


def what_is_refused_can_be_given_up(story):
    """Beyond the bound nothing is loaded and nothing waits; what waited before goes on waiting, is shown no letters of, and can be given up."""
    table_with_a_key(story)
    story.rows("1.jsonl", 1, 2, 3)
    how = ("--dataset", "d", "--pipeline", "p", "--max-bad-rows", "1")
    told(story.run(*how, code=1), "nothing was loaded", "2 documents are refused of 3", "in 0 =")
    assert not pending_id(story) and not story.packages()
    story.run(*how, fault="after_seal", code=KILLED)
    told(story.run(*how, code=4), "2 documents are refused of 3", "outfall package drop", "pending 3")
    assert letters_of(story, "p") == []
    [load_id] = pending_id(story)
    story.outfall("package", "drop", load_id, "--yes")
    story.run(*how, fault="after_seal", code=KILLED)
    told(story.outfall("resume", "p", "--max-bad-rows", "50%", code=4), "--max-bad-rows allows 50%")
    told(story.outfall("resume", "p", "--max-bad-rows", "70%", "--rejected-ok"), "in 3 = delivered 1 + rejected 2 + pending 0")
    assert letters_of(story, "p") == ['{"id":2}', '{"id":3}']


def a_load_that_failed_is_no_earlier_load(story):
    """Its columns may be at the destination; that it had loads which nobody knows is not said."""
    table_with_a_key(story)
    story.rows("1.jsonl", 2)
    how = ("--dataset", "d", "--pipeline", "p")
    story.run(*how, "--max-bad-rows", "0", code=1)
    assert "earlier loads" not in story.run(*how, code=3)


def what_came_through_a_pipe_is_not_given_up(story):
    """It cannot be read again: beyond the bound it waits."""
    table_with_a_key(story)
    how = ("--dataset", "d", "--table", "in", "--pipeline", "p", "--max-bad-rows", "0")
    told(story.run(*how, inputs=("-",), sent='{"id":1}\n{"id":2}\n', code=4), "1 document is refused of 2", "pending 2")
    told(story.outfall("resume", "p", "--rejected-ok"), "in 2 = delivered 1 + rejected 1 + pending 0")
    told(story.run(*how, "--run-key", "k", inputs=("-",), sent='{"id":2}\n{"id":8}\n', code=4), "1 document is refused of 2")
    story.outfall("resume", "p", "--rejected-ok")
    told(story.run(*how[:-2], "--run-key", "other", inputs=("-",), sent='{"id":3}\n{"id":9}\n', code=3), "1 document, 1 rejected")


def a_name_is_tied_by_its_first_seal(story):
    """A run that loaded nothing does not keep a pipeline from going somewhere else."""
    story.write("1.jsonl", "{bad\n")
    story.run("--pipeline", "p", to="duckdb:typo.duckdb", code=1)
    story.rows("1.jsonl", 1)
    story.run("--pipeline", "p")
    assert story.ids() == [1]
    told(story.run("--pipeline", "p", to="duckdb:other.duckdb", code=2), "a pipeline keeps its target")


def a_dropped_package_takes_its_letters_along(story):
    """Its inputs count as not loaded: loaded again, they are rejected again."""
    story.write("1.jsonl", BAD)
    story.run("--on-reject", "dead-letter", fault="after_seal", code=KILLED)
    assert len(letters(story)) == 2
    [load_id] = pending_id(story)
    story.outfall("package", "drop", load_id, "--yes")
    assert not letters(story)
    story.run("--on-reject", "dead-letter", code=3)
    assert len(letters(story)) == 2
    assert story.ids() == [1, 2, 3]


def pending_id(story):
    listed = json.loads(story.outfall("package", "list", "--json", of_stdout=True))
    return [package["load_id"] for pipeline in listed["pipelines"] for package in pipeline["packages"] if package["state"] == "pending"]


def dropped_package_counts_as_not_loaded(story):
    """What was dropped is gone with its job files, and its inputs can be loaded again, also by --skip-loaded."""
    story.rows("1.jsonl", 1)
    story.run()
    story.rows("2.jsonl", 2, 3)
    story.run("--skip-loaded", fault="after_seal", code=KILLED)
    [load_id] = pending_id(story)
    told(story.outfall("package", "drop", load_id, code=2), "2 documents", "--yes")
    assert pending_id(story) == [load_id]
    told(story.outfall("packages", "drop", load_id[:-1], "--yes"), load_id, "2 documents", "2.jsonl")
    assert not pending_id(story) and not story.packages()
    told(story.outfall("package", "drop", load_id, "--yes", code=2), "no package")
    assert story.ids() == [1]
    story.run("--skip-loaded")
    assert story.ids() == [1, 2, 3]


def delivered_package_is_not_dropped(story):
    """A package that the destination has already is not given up, whatever the state store says; nor is a loaded one."""
    story.rows("1.jsonl", 1)
    story.run(fault="after_load_commit", code=KILLED)
    [load_id] = pending_id(story)
    told(story.outfall("package", "drop", load_id, "--yes", code=1), "nothing was dropped", "already", "outfall resume")
    story.outfall("resume")
    told(story.outfall("package", "drop", load_id, "--yes", code=2), "not pending")
    told(story.outfall("package", "drop", load_id, code=2), "not pending")
    told(story.run(), "finished from run")
    assert story.ids() == [1]


def an_aborted_package_counts_as_loaded(story):
    """What was aborted is given up for good: it is told once as rejected, and --skip-loaded passes over it; a load that is there already is not aborted."""
    story.rows("1.jsonl", 1)
    story.run()
    story.rows("2.jsonl", 2, 3)
    story.run("--skip-loaded", fault="after_load_commit", code=KILLED)
    [load_id] = pending_id(story)
    told(story.outfall("package", "abort", load_id, "--yes", code=1), "nothing was aborted", "already", "outfall resume")
    story.outfall("resume")
    story.rows("3.jsonl", 4)
    story.run("--skip-loaded", fault="after_seal", code=KILLED)
    [load_id] = pending_id(story)
    told(story.outfall("package", "abort", load_id, "--yes"), "1 document given up")
    assert not pending_id(story) and not story.packages()
    told(story.run("--skip-loaded", code=3), "3.jsonl: finished from run", "rejected 1 + pending 0")
    told(story.run("--skip-loaded"), "3.jsonl: skipped", "in 0 =")
    assert story.ids() == [1, 2, 3]
    told(story.run(), "as far as that was not aborted")
    assert story.ids() == [1, 1, 2, 2, 3, 3, 4]


def package_is_kept_while_nobody_can_say_where_it_is(story):
    """While the destination cannot be asked whether it has a package, the package is not dropped."""
    story.rows("1.jsonl", 1)
    story.run()
    story.rows("2.jsonl", 2)
    story.run("--skip-loaded", fault="after_load_commit", code=KILLED)
    [load_id] = pending_id(story)
    with open(story.folder / "t.duckdb", "r+b") as database:
        fcntl.lockf(database, fcntl.LOCK_EX)
        told(story.outfall("package", "drop", load_id, "--yes", code=1), "nothing was dropped", "could not be asked")
    assert pending_id(story) == [load_id]
    told(story.run("--skip-loaded"), "2.jsonl: finished from run")
    assert story.ids() == [1, 2]


def dropped_first_package_leaves_a_fresh_start(story):
    """After the only package is dropped the next run begins as if it had not been, without talk of a lost dataset."""
    story.rows("1.jsonl", 1)
    story.run(fault="after_seal", code=KILLED)
    story.outfall("package", "drop", *pending_id(story), "--yes")
    assert "no longer" not in story.run()
    assert story.ids() == [1]


def bytes_on_disk(story):
    """What each file is, but for what each reader of SQLite makes: the index of its log, and the log while it is empty."""
    files = [path for path in story.folder.rglob("*") if path.is_file() and not path.name.endswith("-shm")]
    files = [path for path in files if not (path.name.endswith("-wal") and path.stat().st_size == 0)]
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def dry_run_writes_nothing(story):
    """A dry run tells what a run would do, and changes no byte of state, job files and database."""
    story.rows("1.jsonl", 1)
    nothing = bytes_on_disk(story)
    told(story.run("--dry-run"), "would be created", "1 to add")
    assert bytes_on_disk(story) == nothing, "the first dry run made something"
    story.run()
    story.rows("2.jsonl", 2, 3)
    before = bytes_on_disk(story)
    told(story.run("--dry-run", "--skip-loaded"), "1.jsonl: would be skipped", "2.jsonl: would be loaded", "2 to add", "would load 2")
    told(story.run("--dry-run"), "1.jsonl (same content) was already loaded", "would load 3")
    told(story.run("--dry-run", "-w", "replace"), "3 to add, 0 to change, 1 to delete")
    assert bytes_on_disk(story) == before, "a dry run wrote"


def dry_run_tells_of_pending_work(story):
    """Pending packages and what they hold are told apart from what would be loaded."""
    story.rows("1.jsonl", 1)
    story.run()
    story.rows("2.jsonl", 2)
    story.run("--skip-loaded", fault="after_seal", code=KILLED)
    story.rows("3.jsonl", 3)
    before = bytes_on_disk(story)
    dry = story.run("--dry-run", "--skip-loaded")
    told(dry, "1 package is pending and would be delivered first", "2.jsonl: was sealed by run", "would be finished, not loaded again",
         "3.jsonl: would be loaded", "would load 1")
    assert "pending 1" not in dry, dry
    told(story.run("--dry-run", "-w", "replace"), "unknown to delete")
    told(story.send("--dry-run", ids=[1]), "would load 1")
    assert bytes_on_disk(story) == before, "a dry run wrote"
    story.run("--skip-loaded")
    assert story.ids() == [1, 2, 3]


def dry_run_with_a_locked_database(story):
    """While another process has the database, a dry run says who, and does not wait for it."""
    story.rows("1.jsonl", 1)
    story.run()
    with open(story.folder / "t.duckdb", "r+b") as database:
        fcntl.lockf(database, fcntl.LOCK_EX)
        told(story.run("--dry-run", code=1), "t.duckdb", "another process has the file open")


def an_emptied_folder_is_still_the_same_load(story):
    """What was sealed is delivered by the same command, although its inputs are gone by then."""
    story.rows("1.jsonl", 1)
    story.run(fault="after_seal", code=KILLED)
    (story.folder / "in/1.jsonl").unlink()
    told(story.run(), "in is a folder without files", "in 1 = delivered 1")
    assert story.ids() == [1]


def a_folder_of_tables_is_the_same_load_with_more_files(story):
    """A new file is a new table, not another pipeline that would load the old ones again."""
    story.rows("1.jsonl", 1)
    story.run("--table-per-file", fault="after_seal", code=KILLED)
    story.rows("2.jsonl", 2)
    told(story.run("--table-per-file"), "1.jsonl: finished from run", "2.jsonl: loaded", "in 2 = delivered 2")
    assert story.ids("_1") == [1] and story.ids("_2") == [2]
    story.run("--table-per-file", inputs=("in/*.jsonl",), fault="after_seal", code=KILLED)
    for name in ("1.jsonl", "2.jsonl"):
        (story.folder / "in" / name).unlink()
    story.run("--table-per-file", "--allow-missing", inputs=("in/*.jsonl",))
    assert story.ids("_1") == [1, 1] and story.ids("_2") == [2, 2]


def a_file_that_changed_after_a_crash_is_settled(story):
    """The run that loads the changed file ends the command: from then on each run is a load of its own, also of old content."""
    story.rows("1.jsonl", 1)
    story.run(fault="after_seal", code=KILLED)
    story.rows("1.jsonl", 2)
    told(story.run(), "1.jsonl: changed since: loaded again", "in 2 = delivered 2")
    told(story.run(), "1.jsonl: loaded, 1 document")
    story.rows("1.jsonl", 1)
    told(story.run(), "1.jsonl: loaded, 1 document")
    assert story.ids() == [1, 1, 2, 2]


def texts_of(story, database, dataset):
    asked = story.outfall("query", f"duckdb:{database}", "select v::varchar from t order by id", "--dataset", dataset, "--output", "csv",
                          of_stdout=True)
    return asked.splitlines()[1:]


def a_dropped_package_leaves_its_types_to_the_next(story):
    """What is sealed behind a package that widens a column has the wider type, and the column gets it all the same."""
    (story.folder / "db").mkdir()
    load = ("-p", "p", "--table", "t", "--type-conflicts", "widen")
    where = {"to": "duckdb:db/t.duckdb", "inputs": ("in/1.jsonl",)}
    story.write("1.jsonl", '{"id":1,"v":1}\n')
    story.run(*load, **where)
    story.write("1.jsonl", '{"id":2,"v":"x"}\n')
    story.run(*load, **where, fault="after_seal", code=KILLED)
    (story.folder / "db").rename(story.folder / "away")
    story.write("1.jsonl", '{"id":3,"v":"008"}\n')
    story.run(*load, **where, code=4)
    (story.folder / "away").rename(story.folder / "db")
    first = sorted(story.packages())[0]
    story.outfall("package", "drop", first, "--yes")
    story.outfall("resume", "p")
    assert texts_of(story, "db/t.duckdb", "p_dataset") == ["1", "008"]


def a_column_that_another_pipeline_made_text_stays_text(story):
    """Widening never narrows: what the other pipeline's rows have is kept as it is."""
    rows = [("p", "1", ()), ("q", "5", ()), ("p", '"x"', ("--type-conflicts", "widen")), ("q", "1.5", ("--type-conflicts", "widen"))]
    for at, (pipeline, value, how) in enumerate(rows):
        story.write("1.jsonl", '{"id":%d,"v":%s}\n' % (at, value))
        story.run("-p", pipeline, "--dataset", "shared", "--table", "t", *how, inputs=("in/1.jsonl",))
    assert texts_of(story, "t.duckdb", "shared") == ["1", "5", "x", "1.5"]


def types_of(story, dataset):
    asked = story.outfall("query", "duckdb:t.duckdb", "select data_type from information_schema.columns where column_name = 'v'",
                          "--dataset", dataset, "--output", "csv", of_stdout=True)
    return asked.splitlines()[1:]


def a_database_put_back_gets_the_types_again(story):
    """A package behind the one that widened a column goes to a backup from before it: the column is widened there too."""
    load = ("-p", "p", "--table", "t", "--type-conflicts", "widen")
    for at, (value, fault) in enumerate((("1", ""), ("2.75", ""), ("3.5", "after_seal"))):
        story.write("1.jsonl", '{"id":%d,"v":%s}\n' % (at, value))
        story.run(*load, inputs=("in/1.jsonl",), fault=fault, code=KILLED if fault else 0)
        if at == 0:
            shutil.copy(story.folder / "t.duckdb", story.folder / "backup.duckdb")
    (story.folder / "backup.duckdb").rename(story.folder / "t.duckdb")
    story.outfall("resume", "p")
    assert texts_of(story, "t.duckdb", "p_dataset") == ["1.0", "3.5"], texts_of(story, "t.duckdb", "p_dataset")


def a_column_that_would_cut_values_is_refused(story):
    """What is sealed goes into no column that somebody altered to one that would round it; the error says how to go on."""
    load = ("-p", "p", "--table", "t")
    change = "alter table p_dataset.t alter column v set data type {}"
    story.write("1.jsonl", '{"id":1,"v":1.5}\n')
    story.run(*load, inputs=("in/1.jsonl",))
    story.write("1.jsonl", '{"id":2,"v":2.75}\n')
    story.run(*load, inputs=("in/1.jsonl",), fault="after_seal", code=KILLED)
    story.outfall("query", "duckdb:t.duckdb", change.format("integer"), "--write")
    for _ in range(2):
        told(story.outfall("resume", "p", code=4), "the column v is INTEGER at DuckDB, and values of double would be cut",
             'ALTER TABLE "p_dataset"."t" ALTER COLUMN "v" SET DATA TYPE DOUBLE')
    story.outfall("query", "duckdb:t.duckdb", change.format("double"), "--write")
    story.outfall("resume", "p")
    assert texts_of(story, "t.duckdb", "p_dataset") == ["2.0", "2.75"]


def a_column_that_somebody_altered_is_filled_as_it_is(story):
    """Rows are shaped for the types that the database has, also behind a load that had widened the column."""
    load = ("-p", "p", "--table", "t")
    for at, value in enumerate(("1", "2.75")):
        story.write("1.jsonl", '{"id":%d,"v":%s}\n' % (at, value))
        story.run(*load, "--type-conflicts", "widen", inputs=("in/1.jsonl",))
    story.outfall("query", "duckdb:t.duckdb", "alter table p_dataset.t alter column v set data type decimal(12,2)", "--write")
    story.write("1.jsonl", '{"id":2,"v":3.50}\n{"id":3,"v":3.125}\n')
    told(story.run(*load, inputs=("in/1.jsonl",), fault="after_seal", code=KILLED))
    told(story.run(*load, inputs=("in/1.jsonl",)), "finished from run")
    assert texts_of(story, "t.duckdb", "p_dataset") == ["1.00", "2.75", "3.50", ""], texts_of(story, "t.duckdb", "p_dataset")
    assert types_of(story, "p_dataset") == ['"DECIMAL(12,2)"']
    story.write("1.jsonl", '{"id":4,"v":4.5}\n')
    assert "no longer" not in story.run(*load, inputs=("in/1.jsonl",)), "the schema has the type by now"


def a_log_with_computed_defaults_is_replayed(story):
    """DuckDB itself cannot replay a log that alters a table with a computed default: after a kill there the load is finished all the same."""
    def ask(statement, code=0):
        return story.outfall("query", "duckdb:t.duckdb", "--dataset", "d", statement, "--write", code=code)

    story.outfall("query", "duckdb:t.duckdb", "create schema d", "--write")
    ask("create sequence numbers")
    ask("create macro half(a) as a / 2")
    story.rows("1.jsonl", 1)
    for i, fault in enumerate(("after_migration", "before_load_begin", "in_load", "after_load_commit")):
        # The schema of a default is where its table is, also where the log is replayed.
        ask(f"create table t{i} (id bigint, seen timestamptz default now(), n bigint default nextval('numbers'), h double default half(5))")
        again = ("--table", f"t{i}", "--dataset", "d", "--pipeline", f"p{i}")
        story.run(*again, fault=fault, code=KILLED)
        told(story.outfall("query", "duckdb:t.duckdb", "from t0", code=1), "DuckDB cannot replay by itself; nothing is lost")
        told(story.run(*again), "delivered 1" if fault != "after_load_commit" else "finished from run")
        rows = story.outfall("query", "duckdb:t.duckdb", "--dataset", "d", "--output", "csv",
                             f"select id, seen is null as a, n < 1 as b, h from t{i}", of_stdout=True)
        assert rows == "id,a,b,h\n1,false,false,2.5\n", rows
    ask("create table u (id bigint, seen timestamptz default now())")
    story.run("--table", "u", "--dataset", "d", "--pipeline", "u", fault="after_migration", code=KILLED)
    ask("select 1")
    story.outfall("resume", "u")


def a_log_with_computed_defaults_and_no_whole_commit_is_emptied(story):
    """A kill, or a power cut, between two writes of the first commit; whatever the file is called."""
    story.write("1.jsonl", json.dumps({"id": 1} | {f"k{i}": i for i in range(100)}) + "\n")
    for name in ("t", "main", "memory", "system", "o'x", "my.db", "a b"):
        for bytes_left in (None, 4096, 800):
            to = f"duckdb:{name}.duckdb"
            (story.folder / f"{name}.duckdb").unlink(missing_ok=True)
            story.outfall("query", to, "create table data(id bigint, seen timestamptz default now())", "--write")
            again = ("--table", "data", "--dataset", "main", "--pipeline", f"{name}-{bytes_left}".replace("'", "").replace(" ", ""))
            story.run(*again, to=to, fault="after_migration", code=KILLED)
            log = story.folder / f"{name}.duckdb.wal"
            assert log.stat().st_size > 4096
            os.truncate(log, bytes_left or log.stat().st_size)
            told(story.run(*again, to=to), "delivered 1", "it was replayed with the file attached to another database")
            rows = story.outfall("query", to, "select id, seen is null as a, k99 from main.data", "--output", "csv", of_stdout=True)
            assert rows == "id,a,k99\n1,false,99\n", rows


def pipelines_wait_for_the_database(story):
    """Several pipelines that load into one file at the same moment wait for each other where they are asked to."""
    story.rows("1.jsonl", *range(20_000))
    story.run("-p", "p0", "--table", "t0")
    command = [OUTFALL, "run", "in", "--to", "duckdb:t.duckdb", "--data-dir", "state", "--lock-wait", "300"]
    started = [subprocess.Popen([*command, "-p", f"p{i}", "--table", f"t{i}"], cwd=story.folder, stderr=subprocess.PIPE, text=True)
               for i in range(1, 6)]
    for process in started:
        _, talk = process.communicate(timeout=TIMEOUT_SECONDS)
        assert process.returncode == 0, talk
    for i in range(6):
        told(story.outfall("query", "duckdb:t.duckdb", f"select count(*) from p{i}_dataset.t{i}", of_stdout=True), "20000")


def a_grown_file_is_told_to_be_loaded_whole(story):
    """--skip-loaded knows contents, not rows: what a file had before is loaded again with what was added, and that is said."""
    story.rows("1.jsonl", 1)
    story.run()
    story.rows("1.jsonl", 1, 2)
    told(story.run("--skip-loaded"), "1.jsonl: changed since: loaded again, 2 documents")
    assert story.ids() == [1, 1, 2]
    story.rows("2.jsonl", 3)
    told(story.run("--skip-loaded"), "1.jsonl: skipped", "2.jsonl: loaded, 1 document")


def a_column_is_widened_once_in_any_window(story):
    """A package that alters a column is delivered whole, wherever the run that sealed it, or the next one, is killed."""
    values = {"after_seal": '"a"', "before_migration": "1.5", "after_migration": '"b"', "in_load": "2.5", "before_load_commit": "true",
              "after_load_commit": '"c"'}
    for at, (fault, value) in enumerate(values.items()):
        table = f"t{at}"
        story.write("1.jsonl", '{"id":1,"v":1}\n')
        story.run("-p", "p", "--table", table)
        story.write("1.jsonl", '{"id":2,"v":2}\n{"id":3,"v":%s}\n' % value)
        widening = ("-p", "p", "--table", table, "--type-conflicts", "widen")
        story.run(*widening, fault=fault, code=KILLED)
        story.run(*widening)
        assert story.ids(table) == [1, 2, 3], fault


def a_lost_data_directory_is_told(story):
    """What a dataset has taken is known to the data directory; a new one beside it says that it knows nothing."""
    story.rows("1.jsonl", 1, 2)
    assert "does not know" not in story.run()
    (story.folder / "state").rename(story.folder / "lost")
    for arguments in (("--dry-run",), ()):
        told(story.run(*arguments), "note: in_dataset at duckdb:", "this data directory does not know which inputs")
    assert "does not know" not in story.run(), "told again where the directory knows its own load"
    assert story.ids() == [1, 1, 1, 2, 2, 2], story.ids()


def pending_work_for_a_database_that_moved_is_told(story):
    """Pending rows are delivered to a database that is made anew, and the report says that the one of before is gone."""
    story.rows("1.jsonl", 1)
    story.run()
    story.rows("2.jsonl", 2)
    story.run("--skip-loaded", fault="after_seal", code=KILLED)
    (story.folder / "t.duckdb").rename(story.folder / "moved.duckdb")
    told(story.outfall("resume"), "note: in_dataset is no longer at duckdb:", "what was pending begins it anew",
         "in 1 = delivered 1")
    assert story.ids() == [2], story.ids()


def pending_work_is_told_when_its_input_is_gone(story):
    """A command whose input is not there says that sealed work waits, and status how to finish it."""
    story.rows("1.jsonl", 1)
    story.run(inputs=("in/1.jsonl",), fault="after_seal", code=KILLED)
    (story.folder / "in/1.jsonl").unlink()
    told(story.run(inputs=("in/1.jsonl",), code=2), "error: there is no file in/1.jsonl",
         "sealed work of earlier runs waits (1 package in ", "outfall resume delivers it")
    told(story.outfall("status", of_stdout=True), "finishes it", "--data-dir state` finishes it")
    story.outfall("resume")
    assert story.ids("_1") == [1], story.ids("_1")


def a_data_directory_that_is_not_there_has_nothing_pending(story):
    """Nothing is pending where nothing is, and a mistyped folder is told from an idle one."""
    told(story.outfall("resume"), "nothing is pending in ", "state: there is no such folder")


def main():
    stories = [
        a_lost_data_directory_is_told, pending_work_for_a_database_that_moved_is_told, pending_work_is_told_when_its_input_is_gone,
        a_data_directory_that_is_not_there_has_nothing_pending,
        a_file_that_changed_after_a_crash_is_settled, a_dropped_package_leaves_its_types_to_the_next, a_column_that_another_pipeline_made_text_stays_text,
        a_column_is_widened_once_in_any_window, a_database_put_back_gets_the_types_again,
        a_column_that_would_cut_values_is_refused, a_column_that_somebody_altered_is_filled_as_it_is, a_log_with_computed_defaults_is_replayed, a_log_with_computed_defaults_and_no_whole_commit_is_emptied, pipelines_wait_for_the_database,
        a_grown_file_is_told_to_be_loaded_whole,
        dry_run_writes_nothing, dry_run_tells_of_pending_work, dry_run_with_a_locked_database,
        dropped_package_counts_as_not_loaded, delivered_package_is_not_dropped, an_aborted_package_counts_as_loaded, replayed_rows_come_once,
        package_is_kept_while_nobody_can_say_where_it_is, dropped_first_package_leaves_a_fresh_start,
        an_emptied_folder_is_still_the_same_load, a_folder_of_tables_is_the_same_load_with_more_files,
        each_input_is_told_its_fate, a_step_that_failed_is_not_finished, the_report_is_shown_again_as_it_was, the_report_comes_before_the_record_of_the_end,
        a_replacement_that_is_given_up_is_told, what_was_replaced_since_counts_as_new, what_a_replacement_brought_itself_is_there, resume_ends_as_the_worst_pipeline,
        failed_run_between, another_set_of_tables_remembers_nothing_and_says_so,
        another_set_of_tables_does_not_double_what_was_cut_off, neighbours_that_are_no_reason_to_refuse, neighbours_are_met_under_any_name, a_database_that_is_busy_at_the_seal_is_not_asked, a_pipeline_is_named_by_its_folder_too, another_table_is_another_load, another_table_is_another_load_of_standard_input,
        a_limit_of_file_sizes_is_an_error, a_pipe_is_read_once, a_full_disk_takes_no_output_for_written,
        skipping_is_by_table, replacing_is_more_than_appending, replace_reads_the_whole_table, replace_refuses_to_empty_a_table, bad_document_with_little_memory,
        wrong_set_up_with_pending_work, run_key_recognizes_standard_input, the_database_is_free_while_inputs_are_compared,
        run_key_recognizes_packed_records,
        run_key_survives_every_window, run_key_with_other_content, run_key_is_free_again_after_a_replacement, a_skipped_input_is_settled_too,
        rejected_rows_have_one_letter, rejected_rows_of_pending_work_are_told_when_it_is_finished, a_mended_file_has_rejected_nothing, half_a_row_is_not_a_bad_one,
        a_dropped_package_takes_its_letters_along, refused_rows_have_one_letter, what_is_taken_after_all_is_not_refused, what_was_to_be_left_out_is_loaded_under_another_option, a_part_replaces_a_table_where_that_is_allowed, what_is_refused_can_be_given_up,
        a_load_that_failed_is_no_earlier_load, what_came_through_a_pipe_is_not_given_up, a_name_is_tied_by_its_first_seal,
        run_key_needs_standard_input, standard_input_without_a_key, killed_files_are_told_by_resume, runs_that_only_finish_a_load_are_told_by_resume, a_load_that_was_told_of_still_has_its_inputs, pending_packages_are_limited,
    ]
    if len(sys.argv) > 1:
        stories = [story for story in stories if story.__name__ in sys.argv[1:]]
    for story in stories:
        with tempfile.TemporaryDirectory() as folder:
            story(Story(folder))
        print(f"ok  {story.__doc__.splitlines()[0]}")
    print(f"{len(stories)} passed, 0 failed")


if __name__ == "__main__":
    sys.exit(main())
