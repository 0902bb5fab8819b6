# SPDX-License-Identifier: Apache-2.0
#
# Loads generated documents by dlt into one database and by outfall into another, and compares the two datasets: tables, columns,
# types, nullability, rows with what is nested in them, and the stored schema. A case is a table and its consecutive loads. Several
# cases of one plan are one pipeline, for most of what a load of dlt costs does not depend on the number of tables.
import argparse
import collections
import concurrent.futures
import json
import random
import shutil
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path

import programs
from dataset import COUNTED_IN_SAVES, STATE, SYSTEM_TABLES, Dataset, document_differences, schema_differences
from databases import DATABASES
from generator import Documents
from plans import PLANS

DATASET = "zoo"
SIDES = ("theirs", "ours")
SHOWN_MAX = 3
HASHED = ("version_hash", *COUNTED_IN_SAVES)
CASES_OF_A_PLAN = 2  # with all plans and databases more than 200, in about a minute of two cores


@dataclass(frozen=True)
class Case:
    """One table: of each load its documents."""

    table: str
    loads: list


def make_cases(plan, seed, count):
    """The cases of a plan; each of them depends on nothing but the seed, the plan and its number."""
    cases = []
    for number in range(count):
        documents = Documents(random.Random(f"{seed} {plan.name} {number}"), plan)
        cases.append(Case(f"case_{number}", [documents.load(said) for said in plan.loads]))
    return cases


class Pair:
    """The places of the two programs, by pipeline.

    Each pipeline has its own file: opening one costs as much as there is in it. A server has a database for each program.
    """

    def __init__(self, database, folder):
        self.folder = Path(folder)
        self.kind = DATABASES[database]
        self.servers = {side: self.kind(folder) for side in SIDES} if self.kind.is_server else {}
        self.pipelines = 0

    def drop(self):
        for database in self.servers.values():
            database.drop()

    def load(self, plan, cases):
        """Loads the cases on both sides, and returns the datasets: dlt's, ours."""
        self.pipelines += 1
        theirs, ours = (self.place(side, f"p{self.pipelines}") for side in SIDES)
        with concurrent.futures.ThreadPoolExecutor(1) as beside:
            ended = beside.submit(load_ours, ours, plan, cases)
            load_theirs(theirs, plan, cases)
            ended.result()
        datasets = tuple(Dataset(place.database, place.dataset) for place in (theirs, ours))
        for place in (theirs, ours):
            shutil.rmtree(place.folder)
        return datasets

    def place(self, side, name):
        return programs.Place(self.folder / side / name, name, f"{DATASET}_{name}", self.servers.get(side) or self.kind.kind)


def load_ours(place, plan, cases):
    for number, said in enumerate(plan.loads):
        folder = place.folder / str(number)
        folder.mkdir()
        files = [write(folder / f"{case.table}.jsonl", case.loads[number]) for case in cases]
        place.outfall(*files, *said.options(), *plan.options())


def write(path, documents):
    """Numbers as dlt writes them: inside JSON we keep them as they were written."""
    import orjson

    path.write_bytes(b"".join(orjson.dumps(document) + b"\n" for document in documents))
    return path


def load_theirs(place, plan, cases):
    import dlt
    from dlt.extract.source import DltSource

    pipeline = place.dlt()
    said_of_all = {"SCHEMA__NAMING": plan.naming, "DESTINATION__REPLACE_STRATEGY": plan.replace_strategy}
    with programs.configured(**{key: value for key, value in said_of_all.items() if value}):
        for number, said in enumerate(plan.loads):
            resources = [dlt.resource(case.loads[number], name=case.table, **plan.hints(said)) for case in cases]
            source = DltSource(dlt.Schema(place.pipeline), place.pipeline, resources)
            source.max_table_nesting = plan.nesting
            if plan.root_key: source.root_key = True
            pipeline.run(source)


def dataset_differences(theirs, ours, plan):
    """As sentences, by table."""
    found = collections.defaultdict(list)
    for table in sorted(set(theirs.columns) | set(ours.columns)):
        if table not in theirs.columns or table not in ours.columns:
            found[table].append(f"{table} is a table of {'dlt' if table in theirs.columns else 'ours'} only")
        elif theirs.columns[table] != ours.columns[table]:
            found[table].append(column_difference(table, theirs.columns[table], ours.columns[table]))
    for table in SYSTEM_TABLES:
        if table != STATE and len(theirs.rows[table]) != len(ours.rows[table]):
            found[table].append(f"{table}: {len(theirs.rows[table])} rows of dlt, {len(ours.rows[table])} of ours")
    for table in theirs.columns:
        if table not in SYSTEM_TABLES and table in ours.columns and not theirs.parent_of(table):
            found[table] += tree_differences(table, theirs, ours, plan.has_content_ids)
    for table, sentence in ours.orphans().items():
        found[table].append(sentence)
    found["schema"] += document_differences_of(theirs.schema(), ours.schema(), plan)
    return found


def document_differences_of(theirs, ours, plan):
    """Of hints of versions dlt spells out what is so anyway, and keeps the boundary as it was written."""
    if not plan.has_versions:
        return schema_differences(theirs, ours)
    return document_differences(*({key: without_defaults(value) for key, value in row["document"].items() if key not in HASHED}
                                  for row in (theirs, ours)))


def without_defaults(value):
    if not isinstance(value, dict):
        return value
    return {key: without_defaults(inner) for key, inner in value.items()
            if inner is not None and inner is not False and key != "x-boundary-timestamp" or key == "nullable"}


def column_difference(table, theirs, ours):
    only_theirs = [column for column in theirs if column not in ours]
    only_ours = [column for column in ours if column not in theirs]
    if only_theirs or only_ours:
        return f"{table}: columns\n  dlt  {only_theirs}\n  ours {only_ours}"
    return f"{table}: order of columns\n  dlt  {[name for name, _, _ in theirs]}\n  ours {[name for name, _, _ in ours]}"


def tree_differences(table, theirs, ours, with_ids):
    if "_dlt_id" not in {name for name, _, _ in ours.columns[table]}:
        return [f"{table} has no _dlt_id"]
    left, right = (collections.Counter(dataset.trees(table, with_ids)) for dataset in (theirs, ours))
    only_theirs, only_ours = sorted((left - right).elements()), sorted((right - left).elements())
    if not only_theirs and not only_ours:
        return []
    lines = [f"  {side} {tree}" for side, trees in (("dlt ", only_theirs), ("ours", only_ours)) for tree in trees[:SHOWN_MAX]]
    return [f"{table}: {len(only_theirs)} rows of dlt and {len(only_ours)} of ours have no like\n" + "\n".join(lines)]


def innermost(error):
    while error.__cause__ is not None:
        error = error.__cause__
    return error


def check(pair, plan, cases):
    """What differs, as sentences by case; of cases that stop a load as a whole each is loaded by itself."""
    try:
        found = dataset_differences(*pair.load(plan, cases), plan)
    except Exception as error:
        if len(cases) == 1:
            return {cases[0].table: [f"{type(error).__name__}: {innermost(error)}"]}
        return {name: told for case in cases for name, told in check(pair, plan, [case]).items()}
    return {table: told for table, told in found.items() if told}


def run(database, plans, seed, count, only):
    """Checks so many cases of each plan; returns how many cases there were, and the differences as sentences."""
    wrong, total = [], 0
    with programs.fresh_folder() as folder:
        pair = Pair(database, folder)
        try:
            for plan in plans:
                if database not in plan.databases:
                    continue
                cases = [case for case in make_cases(plan, seed, count) if only in (None, case.table)]
                total += len(cases)
                for place, told in check(pair, plan, cases).items():
                    wrong += [f"{database}, {plan.name}, seed {seed}, {place}: {sentence}" for sentence in told]
        finally:
            pair.drop()
    return total, wrong


def show(plans, chosen):
    for plan in plans:
        for case in make_cases(plan, chosen.seed, chosen.cases):
            if chosen.case in (None, case.table):
                for said, documents in zip(plan.loads, case.loads):
                    print(f"{plan.name}, {case.table}: {' '.join([*said.options(), *plan.options()])}")
                    print(*(json.dumps(document, ensure_ascii=False) for document in documents), sep="\n")


def main(arguments):
    parser = argparse.ArgumentParser()
    parser.add_argument("--database", choices=DATABASES, help="default: all of them")
    parser.add_argument("--seed", default="1")
    parser.add_argument("--cases", type=int, default=CASES_OF_A_PLAN, help="of each plan; default: %(default)s")
    parser.add_argument("--plan", choices=[plan.name for plan in PLANS], metavar="NAME", help="only this one")
    parser.add_argument("--case", metavar="case_N", help="only this one")
    parser.add_argument("--show", action="store_true", help="print the documents too")
    chosen = parser.parse_args(arguments)
    programs.isolate()
    warnings.simplefilter("ignore")
    plans = [plan for plan in PLANS if chosen.plan in (None, plan.name)]
    if chosen.show: show(plans, chosen)
    wrong, total = [], 0
    for database in DATABASES:
        if chosen.database in (None, database):
            count, found = run(database, plans, chosen.seed, chosen.cases, chosen.case)
            total += count
            wrong += found
    print(*wrong, f"{total} cases, {len(wrong)} differences", sep="\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
