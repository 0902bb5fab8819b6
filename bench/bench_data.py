# SPDX-License-Identifier: Apache-2.0
"""The files that bench/run measures with: made once, the same on every machine.

events.jsonl and issues.jsonl repeat the samples in data/ with ids, times, names and texts that change from row to row, so that
neither compression nor caches see the same row twice. flat.jsonl has small rows of seven fields.
"""
import json
import random
import subprocess
from pathlib import Path

SAMPLES = Path(__file__).resolve().parent.parent / "data"
SEED = 7
COUNTRIES = ["DE", "FR", "US", "BR", "IN", "JP", "NG", "SE"]


def timestamp(second):
    day, rest = divmod(second, 86_400)
    month, day = divmod(day, 28)
    return f"{2021 + month // 12}-{month % 12 + 1:02}-{day + 1:02}T{rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02}Z"


def change_event(event, row, chance):
    event["id"] = str(28_281_984_012 + row)
    event["created_at"] = timestamp(row * 3)
    event["actor"]["id"] = chance.randrange(90_000_000)
    event["actor"]["login"] = f"user-{chance.randrange(50_000)}"
    for commit in event["payload"].get("commits", []):
        commit["sha"] = f"{chance.getrandbits(160):040x}"


def change_issue(issue, row, chance):
    issue["id"] = 388_089_021 + row
    issue["number"] = row
    issue["title"] = f"{issue['title'][:40]} ({chance.randrange(1_000_000)})"
    issue["comments"] = chance.randrange(40)
    issue["updated_at"] = timestamp(row * 11)
    issue["user"]["id"] = chance.randrange(90_000_000)


def repeated(sample, change, size):
    originals = [json.loads(line) for line in (SAMPLES / sample).read_text("utf-8").splitlines()]
    chance = random.Random(SEED)
    row = written = 0
    while written < size:
        document = originals[row % len(originals)]
        change(document, row, chance)
        line = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
        row += 1
        written += len(line)
        yield line


def flat(rows):
    chance = random.Random(SEED)
    for row in range(rows):
        who = chance.randrange(1_000_000)
        yield (
            f'{{"id":{row},"name":"user {who}","email":"c{who}@x.org","amount":{chance.randrange(1_000_000) / 100},'
            f'"active":{"true" if who & 1 else "false"},"country":"{COUNTRIES[who % 8]}","at":"{timestamp(row)}"}}\n'
        ).encode()


def make(folder, size, flat_rows):
    """The paths of the three files, each written unless it is there already."""
    folder.mkdir(parents=True, exist_ok=True)
    makers = {
        "events": lambda: repeated("github_events.jsonl", change_event, size),
        "issues": lambda: repeated("github_issues.jsonl", change_issue, size),
        "flat": lambda: flat(flat_rows),
    }
    paths = {}
    for name, lines in makers.items():
        path = paths[name] = folder / f"{name}.jsonl"
        if path.exists():
            continue
        unfinished = path.with_suffix(".part")
        with open(unfinished, "wb", buffering=1 << 20) as out:
            out.writelines(lines())
        unfinished.rename(path)
    return paths


def columns(flat, python):
    """The rows of flat.jsonl as CSV and as Parquet, written by DuckDB."""
    paths = [flat.with_suffix(".csv"), flat.with_suffix(".parquet")]
    for path in paths:
        if path.exists():
            continue
        unfinished = path.with_name("part" + path.suffix)
        subprocess.run([python, "-c", "import duckdb, sys\nduckdb.execute(f\"copy (from read_json('{sys.argv[1]}', "
                        "format='newline_delimited')) to '{sys.argv[2]}'\")", flat, unfinished], check=True)
        unfinished.rename(path)
    return paths


def lists(folder, count):
    """Documents with a list of 20 numbers each."""
    path = folder / "lists.jsonl"
    if not path.exists():
        chance = random.Random(SEED)
        unfinished = path.with_suffix(".part")
        with open(unfinished, "wb", buffering=1 << 20) as out:
            for row in range(count):
                numbers = ",".join(str(chance.randrange(1000)) for _ in range(20))
                out.write(f'{{"id":{row},"values":[{numbers}]}}\n'.encode())
        unfinished.rename(path)
    return path
