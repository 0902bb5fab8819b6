#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runners that share the state of a pipeline in a folder: one goes on where another one ended or died, and never two at once."""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile

OUTFALL = os.environ["OUTFALL"]
TIMEOUT_SECONDS = 60  # a run that hangs is a failure, not a wait
KILLED = -9

TAKER = pathlib.Path(__file__).resolve().parent.parent / "crash" / "taker.py"


class Story:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        (self.folder / "shared").mkdir()

    def rows(self, *ids, name="in.jsonl"):
        (self.folder / name).write_text("".join(json.dumps({"id": i}) + "\n" for i in ids))

    def command(self, verb, *arguments, disk="a", state="dir:shared"):
        return [OUTFALL, *verb.split(), *arguments, "--data-dir", disk, *(["--state", state] if state else [])]

    def call(self, verb, *arguments, fault="", code=0, extra={}, sent=None, **where):
        command = self.command(verb, *arguments, **where)
        done = subprocess.run(command, cwd=self.folder, env=dict(os.environ, OUTFALL_FAULT=fault) | extra, input=sent,
                              capture_output=True, text=True, timeout=TIMEOUT_SECONDS)
        assert done.returncode == code, f"exit {done.returncode}, expected {code}: {' '.join(command)}\n{done.stdout}{done.stderr}"
        return done

    def start(self, verb, *arguments, **where):
        return subprocess.Popen(self.command(verb, *arguments, **where), cwd=self.folder, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True)

    def to_program(self):
        return ["in.jsonl", "--pipeline", "p", "--to", f"exec:{sys.executable} {TAKER} taken", "--batch-size", "2"]

    def to_database(self):
        return ["in.jsonl", "--pipeline", "p", "--to", "duckdb:t.duckdb"]

    def taken(self):
        """The ids of each batch that arrived, in their order."""
        path = self.folder / "taken"
        return [line.split()[1:] for line in path.read_text().splitlines()] if path.exists() else []

    def ids(self):
        out = self.call("query", "duckdb:t.duckdb", 'select id from "in" order by id', "--output", "csv", state="").stdout
        return [int(line) for line in out.split()[1:]]

    def head(self):
        """The path of the newest head."""
        return max((self.folder / "shared/p").glob("head.*"))

    def change_head(self, **members):
        path = self.head()
        path.write_text(json.dumps(json.loads(path.read_text()) | members))

    def wait_for_batches(self, running, count):
        while len(self.taken()) < count:
            assert running.poll() is None, running.stderr.read()


def told(text, *parts):
    for part in parts:
        assert part in text, f"'{part}' is not in:\n{text}"


def wipe(story, disk="a"):
    shutil.rmtree(story.folder / disk)


def another_runner_goes_on(story):
    """What a dead runner had sealed is delivered by one with an empty disk, and told as its work; nothing is read twice."""
    story.rows(1, 2, 3)
    story.call("run", *story.to_database(), fault="before_load_begin", code=KILLED)
    wipe(story)
    report = json.loads(story.call("run", *story.to_database(), "--json", disk="b").stdout)
    assert [one["fate"] for one in report["inputs"]] == ["finished"], report["inputs"]
    assert report["state"]["complete"] and report["state"]["address"] == f"dir:{story.folder}/shared", report["state"]
    assert report["state"]["guarantee"].startswith("exactly once"), report["state"]
    assert story.ids() == [1, 2, 3]
    told(story.call("run", *story.to_database(), "--skip-loaded", disk="c").stderr, "skipped: loaded by run")


def a_destination_that_has_the_load_keeps_it_once(story):
    """The newest push says pending, and the database has it: its own mark wins."""
    story.rows(1, 2, 3)
    for point in ("after_load_commit", "before_ledger_loaded", "after_files_removed", "before_run_end", "after_run_end"):
        (story.folder / "in.jsonl").touch()
        story.call("run", *story.to_database(), fault=point, code=KILLED)
        wipe(story)
        told(story.call("run", *story.to_database()).stderr, "finished from run")
        ids = story.ids()
        story.call("query", "duckdb:t.duckdb", 'delete from "in"', "--write", state="")
        assert ids == [1, 2, 3], f"{point}: {ids}"
        story.rows(1, 2, 3, name="in.jsonl")
        wipe(story)
        shutil.rmtree(story.folder / "shared/p")
        (story.folder / "t.duckdb").unlink()


def refused_rows_are_letters_elsewhere(story):
    """What a database is about to refuse is pushed before it commits: no row is neither there nor a letter."""
    story.rows(1, 2)
    story.call("run", *story.to_database())
    story.call("query", "duckdb:t.duckdb", 'create unique index once on "in" (id)', "--write", state="")
    story.rows(2, 3)
    more = ["--max-bad-rows", "1"]
    story.call("run", *story.to_database(), *more, fault="after_load_commit", code=KILLED)
    wipe(story)
    story.call("run", *story.to_database(), *more, disk="b", code=3)
    assert story.ids() == [1, 2, 3]
    letters = story.call("dead-letter list", "p", "--json", disk="c").stdout.splitlines()
    assert len(letters) == 1 and '\\"id\\":2' in letters[0], letters


def only_what_was_not_pushed_comes_again(story):
    """With --state-interval 0 each mark is pushed before the next batch: the one that was out comes again, under its key."""
    for interval, again_max, first in (("0", 1, 1), ("3600", 10, 101)):
        story.rows(*range(first, first + 20))
        story.call("run", *story.to_program(), "--state-interval", interval, fault="batch_answered:6", code=KILLED)
        assert len(story.taken()) == 6, story.taken()
        wipe(story)
        story.call("resume", "p", "--batch-size", "2")
        batches = (story.folder / "taken").read_text().splitlines()
        assert len(batches) - 10 <= again_max, batches
        assert len(set(batches)) == 10, "other cuts, or other keys"
        assert sorted(int(i) for line in set(batches) for i in line.split()[1:]) == list(range(first, first + 20))
        (story.folder / "taken").unlink()


def other_keys_are_told(story):
    """What may have arrived behind the last push is effectively once only while it comes again under its keys."""
    program = story.to_program()
    program[4] += " deduplicates"
    once = ["--require", "effectively-once"]
    def lose(first):
        story.rows(*range(first, first + 20))
        story.call("run", *program, "--state-interval", "3600", fault="batch_answered:6", code=KILLED)
        wipe(story)
    def keys():
        lines = (story.folder / "taken").read_text().splitlines()
        (story.folder / "taken").unlink()
        return len(lines), len(set(lines))

    lose(0)
    assert "pending 0, effectively once" in story.call("resume", "p", *once).stderr, "as it was begun"
    assert keys() == (16, 10)
    lose(100)
    for _ in range(2):
        told(story.call("resume", "p", "--batch-size", "4", *once, code=2).stderr,
             "effectively-once is required, and what another runner has delivered since it pushed its state last comes again",
             "hint: --batch-size 2 gives them the same keys")
    story.call("resume", "p", "--batch-size", "4", fault="batch_answered:1", code=KILLED)
    story.call("resume", "p", *once, code=2)
    told(story.call("resume", "p").stderr, "note: what another runner has delivered", "pending 0, at least once")
    story.rows(*range(200, 204))
    assert "pending 0, effectively once" in story.call("run", *program[:5], *once).stderr, "nothing of that waits"
    # Two runners whose disks are lost, and a cut that is newer than the newest push of a batch.
    (story.folder / "taken").unlink()
    lose(300)
    story.call("resume", "p", "--batch-size", "3", "--state-interval", "3600", fault="batch_answered:3", code=KILLED)
    wipe(story)
    for size in ("2", "3"):
        told(story.call("resume", "p", "--batch-size", size, *once, code=2).stderr,
             "batches were cut with --batch-size 2 or --batch-size 3", "hint: deliver what is pending without --require")
    told(story.call("resume", "p").stderr, "pending 0, at least once")
    story.rows(*range(400, 420))
    story.call("run", *program, "--state-interval", "3600", fault="batch_answered:3", code=KILLED)
    story.call("resume", "p", "--batch-size", "3", "--state-interval", "3600", fault="batch_answered:3", code=KILLED)
    wipe(story)
    told(story.call("resume", "p", "--batch-size", "2", *once, code=2).stderr, "batches were cut with --batch-size 3")


def what_is_on_this_disk_counts_first(story):
    """Where the disk is still there, what it knows beyond the last push is not done again."""
    story.rows(*range(1, 21))
    story.call("run", *story.to_program(), "--state-interval", "3600", fault="batch_answered:6", code=KILLED)
    story.call("resume", "p", "--batch-size", "2")
    assert len(story.taken()) == 11, "the batch that was out, and no other, comes again"


def every_command_works_from_an_empty_disk(story):
    """status, package, dead-letter, pipeline and schema show what was pushed; those that change something push it."""
    story.rows(1, 2, 3)
    story.call("run", *story.to_program(), fault="batch_intended", code=KILLED)
    wipe(story)
    [pipeline] = json.loads(story.call("status", "--json", disk="b").stdout)["pipelines"]
    assert pipeline["pending_documents"] == 3, pipeline
    [package] = pipeline["packages"]
    told(story.call("package show", package["load_id"], disk="c").stdout, "pending", "in.jsonl")
    told(story.call("package list", disk="d").stdout, package["load_id"])
    told(story.call("pipeline info", "p", disk="e").stdout, "p_dataset")
    told(story.call("schema show", "p", disk="f").stdout, "in")
    told(story.call("status", pipeline["runs"][0]["run_id"], disk="g").stdout, "not recorded")
    story.call("package drop", package["load_id"], "--yes", disk="h")
    told(story.call("package list", disk="i").stdout, "none")
    told(story.call("run", *story.to_program(), disk="j").stderr, "in.jsonl: loaded, 3 documents")
    [again] = json.loads(story.call("status", "p", "--json", disk="b").stdout)["pipelines"]
    assert again["pending_packages"] == 0 and again["packages"][0]["load_id"] != package["load_id"], again


def letters_are_replayed_elsewhere(story):
    """Dead letters of a dead disk are listed, dropped and replayed by other runners."""
    (story.folder / "in.jsonl").write_text('{"id":1}\n{"id":}\n{"id":}\n')
    story.call("run", *story.to_program(), "--on-reject", "dead-letter", "--max-bad-rows", "2", code=3)
    wipe(story)
    first, second = [json.loads(line)["id"] for line in story.call("dead-letter list", "--json", disk="b").stdout.splitlines()]
    told(story.call("dead-letter show", first, disk="c").stdout, '{"id":}')
    story.call("dead-letter drop", first, "--yes", disk="d")
    story.call("dead-letter replay", second, disk="e", code=3)
    left = story.call("dead-letter list", "--json", disk="f").stdout.splitlines()
    assert [json.loads(line)["id"] for line in left] == [second], left


def two_runners_at_once(story):
    """While one runner lives another one is refused, or waits; looking is allowed to everybody."""
    story.rows(1, 2, 3, 4)
    os.mkfifo(story.folder / "taken.gate")
    running = story.start("run", *story.to_program())
    try:
        story.wait_for_batches(running, 2)
        refused = story.call("run", *story.to_program(), disk="b", code=5).stderr
        told(refused, "pipeline 'p' in the shared state", f"is held by process {running.pid} on {os.uname().nodename}, since 20", "--lock-wait")
        told(story.call("status", "p", disk="b").stdout, "pending     1 package")
        waiting = story.start("run", *story.to_program(), "--lock-wait", "50", disk="c")
        told(waiting.stderr.readline(), "is held by process")
        (story.folder / "taken.gate").write_text("go on\n")
        assert running.wait(TIMEOUT_SECONDS) == 0, running.stderr.read()
        (story.folder / "taken.gate").unlink()
        assert waiting.wait(TIMEOUT_SECONDS) == 0, waiting.stderr.read()
    finally:
        running.kill()
    assert story.taken() == [["1", "2"], ["3", "4"], ["1", "2"], ["3", "4"]], "two loads, one after the other"


def a_zombie_delivers_nothing_more(story):
    """A runner that stood still is taken over; when it goes on it stops at the next mark and says so, and nobody reads it."""
    story.rows(*range(1, 11))
    os.mkfifo(story.folder / "taken.gate")
    zombie = story.start("run", *story.to_program(), "--state-interval", "0")
    try:
        story.wait_for_batches(zombie, 2)
        zombie.send_signal(signal.SIGSTOP)
        story.change_head(lease_ms=300)
        (story.folder / "taken").rename(story.folder / "first")
        successor = story.start("run", *story.to_program(), disk="b")
        story.wait_for_batches(successor, 2)
        zombie.send_signal(signal.SIGCONT)
        # Each answer but the first waits at the gate: both runners are led on one by one until they end.
        while zombie.poll() is None or successor.poll() is None:
            try:
                gate = os.open(story.folder / "taken.gate", os.O_WRONLY | os.O_NONBLOCK)
            except OSError:
                continue
            try:
                os.write(gate, b"go on\n")
            except BrokenPipeError:
                pass  # whoever waited there has just gone
            finally:
                os.close(gate)
    finally:
        zombie.kill()
    said = zombie.stderr.read()
    assert zombie.returncode == 4, f"{zombie.returncode}\n{said}"
    told(said, "took over pipeline 'p'", "nothing more is delivered here", f"process {successor.pid} on")
    assert successor.returncode == 0, successor.stderr.read()
    assert story.taken() == [["3", "4"], ["5", "6"], ["7", "8"], ["9", "10"]], "all by the successor"
    # What the zombie knows is not read by anybody, not even on its own disk.
    story.call("resume", "p")
    assert len(story.taken()) == 4, story.taken()
    [pipeline] = json.loads(story.call("status", "p", "--json").stdout)["pipelines"]
    assert pipeline["pending_packages"] == 0, pipeline


def a_push_that_fails_ends_the_run(story):
    """Where nothing can be pushed any more the run stops with work pending; once it can, nothing is done again."""
    story.rows(*range(1, 41))
    (story.folder / "taken.breaks").write_text("mv shared/p shared/away; touch shared/p")
    told(story.call("run", *story.to_program(), "--state-interval", "0", code=4).stderr,
         "push the state of pipeline 'p' to dir:", "(5 tries)", "outfall resume p --data-dir a --state dir:shared", "pushed in part")
    taken = len(story.taken())
    assert taken < 20, story.taken()
    (story.folder / "taken.breaks").unlink()
    (story.folder / "shared/p").unlink()
    (story.folder / "shared/away").rename(story.folder / "shared/p")
    story.call("resume", "p", "--batch-size", "2")
    assert len(story.taken()) == 20, story.taken()


def a_seal_that_is_not_pushed_is_not_delivered(story):
    """No row goes out of a package that the shared state does not know."""
    story.rows(1, 2)
    story.call("run", *story.to_database())
    os.mkfifo(story.folder / "slow.jsonl")
    running = story.start("run", "slow.jsonl", "--table", "in", "--pipeline", "p", "--to", "duckdb:t.duckdb")
    with open(story.folder / "slow.jsonl", "w") as out:
        (story.folder / "shared/p").rename(story.folder / "shared/away")
        (story.folder / "shared/p").touch()
        out.write('{"id":3}\n')
    said = running.communicate(timeout=TIMEOUT_SECONDS)[1]
    assert running.returncode == 4, said
    told(said, "sealed, pending", "nothing is pushed")
    assert story.ids() == [1, 2]
    (story.folder / "shared/p").unlink()
    (story.folder / "shared/away").rename(story.folder / "shared/p")
    story.call("resume", "p")
    assert story.ids() == [1, 2, 3]


def it_is_shared_or_left_on_purpose(story):
    """A pipeline that is shared is not run without the others, unless that is asked for; another history is refused."""
    story.rows(1)
    story.call("run", *story.to_database())
    refused = story.call("run", *story.to_database(), state="", code=2).stderr
    told(refused, "shared with other runners", "--state none")
    story.call("run", *story.to_database(), state="", extra={"OUTFALL_STATE": "dir:shared"})
    (story.folder / ".outfall").mkdir()
    (story.folder / ".outfall/config.toml").write_text('state = "dir:shared"\n')
    report = json.loads(story.call("run", *story.to_database(), "--json", state="").stdout)
    assert report["state"]["address"].endswith("/shared"), report["state"]
    shutil.rmtree(story.folder / ".outfall")
    report = json.loads(story.call("run", *story.to_database(), "--json", state="none").stdout)
    assert "state" not in report, report
    told(story.call("run", *story.to_database(), code=2).stderr, "one history here and another one in the shared state")
    (story.folder / "empty").mkdir()
    story.call("run", *story.to_database(), state="dir:empty")
    assert story.ids() == [1] * 5


def a_state_of_before_is_shared_from_now_on(story):
    """State that was alone becomes the shared one where there is none, with what is pending."""
    story.rows(1, 2)
    story.call("run", *story.to_database(), state="", fault="after_seal", code=KILLED)
    story.call("resume", "p", fault="before_load_begin", code=KILLED)
    wipe(story)
    story.call("resume", "p", disk="b")
    assert story.ids() == [1, 2]
    # A folder that was emptied, or is not mounted, is told.
    shutil.rmtree(story.folder / "shared/p")
    told(story.call("resume", "p", disk="b").stderr, "had nothing of this pipeline, which was shared before")


def a_package_that_was_outdone_is_kept_aside(story):
    """Rows that were sealed here, not pushed, and passed over by another runner are not thrown away."""
    story.rows(1)
    story.call("run", *story.to_database())
    story.call("run", "-", "--table", "in", "--pipeline", "p", fault="after_seal", code=KILLED, sent='{"id":2}\n')
    story.rows(3)
    story.call("run", *story.to_database(), disk="b")
    told(story.call("resume", "p").stderr, "another runner went on without packages", "a/pipelines/p/superseded/1")
    assert story.ids() == [1, 3]
    kept = story.folder / "a/pipelines/p/superseded/1"
    assert len([*kept.glob("packages/*/*.arrow")]) > 0 and (kept / "outfall.db").exists()


def what_is_wrong_is_named(story):
    """Each thing that can be wrong with the folder is an error that says what to do."""
    story.rows(1)

    def refused(*parts, code, state="dir:shared", disk="fresh"):
        told(story.call("run", *story.to_database(), code=code, state=state, disk=disk).stderr, *parts)
        shutil.rmtree(story.folder / "fresh", ignore_errors=True)

    refused("dir:", "nowhere: No such file or directory", "mount it", code=2, state="dir:nowhere")
    refused("'s3://bucket' is no place for shared state", "dir:PATH", code=2, state="s3://bucket")
    refused("'dir:' is no place", code=2, state="dir:")
    refused("this is no folder", code=2, state="dir:in.jsonl")
    (story.folder / "shared/p").touch()
    refused("Not a directory", code=1)
    (story.folder / "shared/p").unlink()
    story.call("run", *story.to_database())
    good = story.head().read_text()
    story.head().write_text("garbage")
    refused("head.", "it is damaged", code=1)
    story.head().write_text(json.dumps(json.loads(good) | {"version": 2}))
    refused("version 2 of the shared state", "newer Outfall", code=1)
    story.head().write_text(json.dumps(json.loads(good) | {"pipeline": "q"}))
    refused("it is of pipeline 'q'", code=1)
    story.head().write_text(good)
    state = story.folder / "shared/p" / json.loads(good)["ledger"]["object"]
    state.write_bytes(state.read_bytes()[:-100])
    refused("is not what was pushed", code=1)
    state.unlink()
    refused("is incomplete: head.", f"names {state.name}, which is not there", code=1)
    assert story.ids() == [1]


def unnamed_pipelines_are_shared_too(story):
    """A command without a name finds its pipeline by its target on another disk."""
    story.rows(1, 2)
    command = ["in.jsonl", "--to", "duckdb:t.duckdb"]
    story.call("run", *command, fault="after_load_commit", code=KILLED)
    wipe(story)
    told(story.call("run", *command, disk="b").stderr, "finished from run")
    assert story.ids() == [1, 2]
    told(story.call("resume", disk="c").stderr, "nothing is pending")


def names_that_nobody_wrote_are_left_alone(story):
    """Heads whose numbers no runner writes are not followed, and a number that is taken out of sight ends in an error."""
    story.rows(1)
    (story.folder / "shared/p").mkdir()
    for name in ("head.9", "head.18446744073709551615"):
        (story.folder / "shared/p" / name).write_text("{}")
    story.call("run", *story.to_database())
    wipe(story)
    shutil.rmtree(story.folder / "shared/p")
    (story.folder / "shared/p/head.000000000001").mkdir(parents=True)
    told(story.call("run", *story.to_database(), code=1).stderr, "head.000000000001", "no runner", "another folder")


def one_bad_folder_does_not_hide_the_others(story):
    """status and resume of all pipelines tell what is wrong with one and go on; where it was named it is an error."""
    story.rows(1, 2)
    for name in ("p", ".q"):
        story.call("run", "in.jsonl", "--pipeline", name, "--to", "duckdb:t.duckdb", fault="before_load_begin", code=KILLED)
    wipe(story)
    (story.folder / "shared/bad").mkdir()
    (story.folder / "shared/bad/head.000000000001").write_text("garbage")
    (story.folder / "shared/lost+found").mkdir(mode=0)
    found = {one["pipeline"]: one for one in json.loads(story.call("status", "--json").stdout)["pipelines"]}
    assert list(found)[:3] == [".q", "bad", "p"], list(found)
    told(found["bad"]["problem"], "bad/head.000000000001", "damaged")
    assert not found["p"]["problem"] and found[".q"]["pending_packages"] == found["p"]["pending_packages"] == 1, found
    told(story.call("status").stdout, "damaged")
    told(story.call("status", "bad", code=1).stderr, "damaged")
    told(story.call("package show", found["p"]["packages"][0]["load_id"]).stdout, "pending")
    wipe(story)
    (story.folder / "shared/lost+found").rmdir()
    told(story.call("resume", code=1).stderr, "bad/head.000000000001")
    [left, bad, other] = json.loads(story.call("status", "--json").stdout)["pipelines"]
    assert left["pending_packages"] == other["pending_packages"] == 0 and bad["problem"], (left, other)


def main():
    stories = [another_runner_goes_on, a_destination_that_has_the_load_keeps_it_once, refused_rows_are_letters_elsewhere,
               only_what_was_not_pushed_comes_again, other_keys_are_told, what_is_on_this_disk_counts_first, every_command_works_from_an_empty_disk,
               letters_are_replayed_elsewhere, two_runners_at_once, a_zombie_delivers_nothing_more, a_push_that_fails_ends_the_run,
               a_seal_that_is_not_pushed_is_not_delivered, it_is_shared_or_left_on_purpose, a_state_of_before_is_shared_from_now_on,
               a_package_that_was_outdone_is_kept_aside, what_is_wrong_is_named,
               unnamed_pipelines_are_shared_too, names_that_nobody_wrote_are_left_alone, one_bad_folder_does_not_hide_the_others]
    chosen = [story for story in stories if story.__name__ in sys.argv[1:]] or stories
    for story in chosen:
        with tempfile.TemporaryDirectory() as folder:
            story(Story(pathlib.Path(folder).resolve()))
        print(f"ok: {story.__doc__.splitlines()[0]}", flush=True)
    print(f"{len(chosen)} passed, 0 failed")


if __name__ == "__main__":
    sys.exit(main())
