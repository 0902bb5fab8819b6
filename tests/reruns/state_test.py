#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the data folder keeps between runs: packages on request, enough to go on elsewhere, and one pipeline apart from another."""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

OUTFALL = os.environ["OUTFALL"]
TIMEOUT_SECONDS = 60  # a run that hangs is a failure, not a wait
KILLED = -9


class Story:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)

    def rows(self, name, *rows):
        (self.folder / name).write_text("".join(json.dumps(row) + "\n" for row in rows))

    def call(self, *arguments, fault="", code=0, before=()):
        command = [*before, OUTFALL, *arguments]
        environment = dict(os.environ, OUTFALL_FAULT=fault)
        done = subprocess.run(command, cwd=self.folder, env=environment, capture_output=True, text=True, timeout=TIMEOUT_SECONDS)
        assert done.returncode == code, f"exit {done.returncode}, expected {code}: {' '.join(command)}\n{done.stderr}"
        return done

    def run(self, *arguments, state="state", **more):
        return self.call("run", *arguments, "--data-dir", state, "--to", "duckdb:t.duckdb", **more).stderr

    def query(self, statement, *more):
        out = self.call("query", "duckdb:t.duckdb", statement, "--output", "csv", *more).stdout
        return [line.split(",") for line in out.splitlines()[1:]]

    def job_files(self):
        return sorted({path.parent.name for path in self.folder.glob("state/pipelines/*/packages/*/*.arrow")})


def packages_are_kept_on_request(story):
    """--keep-packages N keeps the job files of the newest N loaded packages, and drops them when it is given no more."""
    loads = []
    for i in range(3):
        story.rows("in.jsonl", {"id": i})
        story.run("in.jsonl", "--keep-packages", "2")
        loads.append(story.query("select max(_dlt_load_id) from \"in\"")[0][0])
    assert story.job_files() == loads[1:], f"{story.job_files()} of {loads}"
    story.run("in.jsonl")
    assert story.job_files() == [], story.job_files()


def a_copy_resumes_elsewhere(story):
    """A plain copy of the data folder, taken while nothing runs, delivers what was pending."""
    story.rows("in.jsonl", {"id": 1}, {"id": 2})
    story.run("in.jsonl", fault="after_seal", code=KILLED)
    shutil.copytree(story.folder / "state", story.folder / "copy")
    shutil.rmtree(story.folder / "state")
    (story.folder / "in.jsonl").unlink()  # all that is needed is in the copy
    story.call("resume", "--data-dir", "copy")
    assert story.query("select id from \"in\" order by 1") == [["1"], ["2"]]


def a_destination_that_is_gone_begins_anew(story):
    """The database is deleted: schema and state are made anew, with a note; nothing of the old shape is assumed."""
    story.rows("in.jsonl", {"id": 1, "old": "x"})
    story.run("in.jsonl", "--pipeline", "p")
    (story.folder / "t.duckdb").unlink()
    story.rows("in.jsonl", {"id": 2, "new": "y"})
    told = story.run("in.jsonl", "--pipeline", "p")
    assert "note: p_dataset is no longer at duckdb:" in told, told
    assert story.query("select id, \"new\" from \"in\"") == [["2", "y"]]
    columns = story.query("select column_name from information_schema.columns where table_name = 'in' and column_name = 'old'")
    assert columns == [], "the old column came back"


def pending_survives_its_destination(story):
    """The database is deleted while a package is pending: the package is delivered all the same."""
    story.rows("in.jsonl", {"id": 1, "old": "x"})
    story.run("in.jsonl", "--pipeline", "p")
    story.rows("in.jsonl", {"id": 2, "late": "y"})
    story.run("in.jsonl", "--pipeline", "p", fault="after_seal", code=KILLED)
    (story.folder / "t.duckdb").unlink()
    story.call("resume", "p", "--data-dir", "state")
    assert story.query("select id, late from \"in\"") == [["2", "y"]]


def what_a_destination_has_lost_is_not_loaded(story):
    """--skip-loaded, and the command of a killed run, leave out only what the destination still has."""
    ids = lambda: [row[0] for row in story.query("select id from \"t\" order by id")]
    database = story.folder / "t.duckdb"
    story.rows("a.jsonl", {"id": 1})
    skip = ("a.jsonl", "--table", "t", "--pipeline", "p", "--skip-loaded")
    story.run(*skip)
    assert "a.jsonl: skipped" in story.run(*skip)
    for lose in (database.unlink, lambda: story.query("drop schema p_dataset cascade", "--write")):
        lose()
        rehearsed = story.run(*skip, "--dry-run")
        assert "would be loaded" in rehearsed, rehearsed
        told = story.run(*skip)
        assert "which duckdb:" in told and "no longer has: loaded again" in told, told
        assert ids() == ["1"], ids()
        assert "a.jsonl: skipped" in story.run(*skip)

    # A file from before the newest load is put in its place.
    shutil.copy(database, story.folder / "backup")
    story.rows("b.jsonl", {"id": 2})
    both = ("b.jsonl", *skip)
    story.run(*both)
    shutil.copy(story.folder / "backup", database)
    told = story.run(*both)
    assert "b.jsonl: loaded" in told and "a.jsonl: skipped" in told, told
    assert ids() == ["1", "2"], ids()

    # What is pending makes the dataset anew, and that brings back nothing else.
    story.rows("c.jsonl", {"id": 3})
    story.run("c.jsonl", *both, fault="after_seal", code=KILLED)
    database.unlink()
    story.run("c.jsonl", *both)
    assert ids() == ["1", "2", "3"], ids()

    # Loaded by a run that died before its end, and lost since.
    story.rows("d.jsonl", {"id": 4})
    story.run("d.jsonl", "--table", "t", "--pipeline", "p", fault="before_run_end", code=KILLED)
    database.unlink()
    told = story.run("d.jsonl", "--table", "t", "--pipeline", "p")
    assert "d.jsonl: loaded" in told and ids() == ["4"], told


def a_run_key_whose_load_is_lost(story):
    """Standard input under a run key counts as not loaded as well."""
    send = lambda: subprocess.run([OUTFALL, "run", "-", "--table", "t", "--run-key", "k", "--skip-loaded", "--data-dir", "state",
                                   "--to", "duckdb:t.duckdb"], cwd=story.folder, input='{"id":1}\n', capture_output=True, text=True,
                                  timeout=TIMEOUT_SECONDS, check=True).stderr
    send()
    assert "skipped" in send()
    (story.folder / "t.duckdb").unlink()
    told = send()
    assert "no longer has: loaded again" in told and story.query("select id from t") == [["1"]], told


def unnamed_pipelines_of_one_dataset(story):
    """Two pipelines that were not named load into one dataset: each keeps its own schema and state."""
    story.rows("ants.jsonl", {"id": 1, "legs": 6})
    story.rows("bees.jsonl", {"id": 2, "wings": 4})
    for turn in range(2):
        for file in ("ants.jsonl", "bees.jsonl"):
            story.run(file, "--dataset", "zoo")
    assert len(list((story.folder / "state/pipelines").iterdir())) == 2
    names = story.query("select schema_name, count(distinct version_hash) from _dlt_version group by 1 order by 1", "--dataset", "zoo")
    assert [name for name, _ in names] == ["ants", "bees"], names
    mixed = story.query(
        "select count(*) from _dlt_loads l join _dlt_version v on l.schema_version_hash = v.version_hash "
        "where l.schema_name <> v.schema_name", "--dataset", "zoo")
    assert mixed == [["0"]], mixed
    states = story.query("select pipeline_name, count(*) from _dlt_pipeline_state group by 1 order by 1", "--dataset", "zoo")
    assert states == [["ants", "1"], ["bees", "1"]], states
    story.rows("ants.jsonl", {"id": 3, "legs": 6, "wings": "no"})
    story.run("ants.jsonl", "--dataset", "zoo")
    types = story.query(
        "select table_name, data_type from information_schema.columns where column_name = 'wings' order by 1", "--dataset", "zoo")
    assert types == [["ants", "VARCHAR"], ["bees", "BIGINT"]], types


def unnamed_runs_of_several_tables(story):
    """Runs without a name that load several tables share nothing in one dataset; each finds its own again."""
    for number, name in enumerate(("ants", "bees", "cats", "dogs")):
        story.rows(f"{name}.jsonl", {"id": number, "legs": 4})
    insects, pets = ("ants.jsonl", "bees.jsonl", "--dataset", "zoo"), ("cats.jsonl", "dogs.jsonl", "--dataset", "zoo")
    story.run(*insects)
    told = story.run(*pets, fault="after_seal", code=KILLED)
    told = story.run(*insects)
    assert "sealed by an earlier run" not in told and "in 2 = delivered 2" in told, told
    told = story.run(*pets)
    assert told.count("finished from run") == 2, told
    assert "in 2 = delivered 2" in story.run(*insects), "the second time"
    names = story.query("select distinct pipeline_name from _dlt_pipeline_state order by 1", "--dataset", "zoo")
    assert len(names) == 2 and all(name.startswith("outfall-") for [name] in names), names
    held = story.query(
        "select distinct schema_name, contains(schema, '\"ants\"'), contains(schema, '\"cats\"') from _dlt_version order by 2, 3",
        "--dataset", "zoo")
    assert [row[1:] for row in held] == [["false", "true"], ["true", "false"]], held
    told = story.call("resume", names[0][0], "--data-dir", "state").stderr
    assert "nothing was pending" in told, told


def tables_of_another_schema_are_continued(story):
    """A pipeline that is new to a dataset takes the tables that it loads into as they are, and knows their types."""
    story.rows("ants.jsonl", {"id": 1, "legs": 6, "eyes": [{"n": 1}]})
    story.rows("bees.jsonl", {"id": 2})
    story.run("ants.jsonl", "--dataset", "zoo")
    story.rows("ants.jsonl", {"id": 3, "legs": "six", "eyes": [{"n": "many"}]})
    told = story.run("ants.jsonl", "bees.jsonl", "--dataset", "zoo")
    assert "ants.legs__v_text" in told and "ants__eyes.n__v_text" in told and "bees  " in told, told
    assert "note: ants is continued as the schema ants has it" in told, told
    assert story.query("select id, legs, legs__v_text from ants order by id") == [["1", "6", ""], ["3", "", "six"]]
    story.rows("ants.jsonl", {"id": 4, "legs": "none"})
    story.rows("cats.jsonl", {"id": 5})
    told = story.run("ants.jsonl", "bees.jsonl", "cats.jsonl", "--dataset", "zoo")
    assert "in 3 = delivered 3" in told, told


def columns_of_another_schema_are_continued(story):
    """Two pipelines fill one table: what one adds to it, the other knows before it seals rows of its own."""
    mine, other = ("in.jsonl", "--table", "t", "--dataset", "d", "--pipeline", "mine"), ("in.jsonl", "--table", "t", "--dataset", "d", "--pipeline", "other")
    story.rows("in.jsonl", {"id": 1})
    story.run(*mine)
    story.rows("in.jsonl", {"id": 2, "age": 5, "pets": [{"n": 1}]})
    story.run(*other)
    story.rows("in.jsonl", {"id": 3, "age": "old", "pets": [{"n": "many"}]})
    rehearsed = story.run(*mine, "--dry-run")
    assert "t.age__v_text" in rehearsed, rehearsed
    told = story.run(*mine)
    assert "note: t is continued with 1 more column and 1 more table that the schema other has" in told, told
    assert "t.age__v_text" in told and "t__pets.n__v_text" in told, told
    assert story.query("select id, age, age__v_text from d.t order by id") == [["1", "", ""], ["2", "5", ""], ["3", "", "old"]]
    assert "is continued" not in story.run(*mine), "twice"


def first_processes_of_two_containers(story):
    """Two processes that both have the number 1, each in a container of its own, exclude each other."""
    container = ["unshare", "--pid", "--fork", "--kill-child"]
    if subprocess.run([*container, "true"], capture_output=True).returncode != 0:
        return "not tried, this system makes no process namespaces"
    story.rows("in.jsonl", {"id": 1})
    command = [*container, OUTFALL, "run", "-", "--table", "in", "--pipeline", "p", "--data-dir", "state", "--to", "duckdb:t.duckdb"]
    holder = subprocess.Popen(command, cwd=story.folder, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        lock = story.folder / "state/pipelines/p/lock"
        while not (lock.exists() and "pid 1\n" in lock.read_text()):
            assert holder.poll() is None, holder.stderr.read()
        told = story.run("in.jsonl", "--pipeline", "p", code=5, before=container)
        assert "is held by process 1 " in told, told
        holder.communicate('{"id":2}\n', timeout=TIMEOUT_SECONDS)
        assert holder.returncode == 0
    finally:
        holder.kill()
        holder.wait()
    story.run("in.jsonl", "--pipeline", "p", before=container)
    assert story.query("select id from \"in\" order by 1") == [["1"], ["2"]]
    return None


def main():
    stories = [packages_are_kept_on_request, a_copy_resumes_elsewhere, a_destination_that_is_gone_begins_anew,
               pending_survives_its_destination, what_a_destination_has_lost_is_not_loaded, a_run_key_whose_load_is_lost, unnamed_pipelines_of_one_dataset,
               unnamed_runs_of_several_tables, tables_of_another_schema_are_continued,
               columns_of_another_schema_are_continued, first_processes_of_two_containers]
    for story in stories:
        with tempfile.TemporaryDirectory() as folder:
            not_tried = story(Story(folder))
        print(f"{not_tried or 'ok'}: {story.__doc__.splitlines()[0]}")
    print(f"{len(stories)} passed, 0 failed")


if __name__ == "__main__":
    sys.exit(main())
