#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
#
# Runs what the pages say: every command of the ```console blocks must print what stands below it, every link and every
# path must lead somewhere, every statement on the state store must work, what cron and systemd are given must run, and
# the README's program must load.
#
#   OUTFALL=build/release/outfall OUTFALL_BUILD=build/release tests/docs/run.py [--update] [PAGE...]
#
# --update writes what was seen into the pages; read the difference before you believe it.
#
# A page runs from top to bottom in one shell, in an empty folder of its own:
#
#   $ command           one command; lines that begin with `> ` go on with it
#   lines               what it prints: stdout, then stderr
#   ...                 any lines
#   $ echo $?           must follow each command that fails
#   <!-- file: NAME --> the fenced block below is a file in that folder
#   <!-- needs: NAME --> the console block below is passed over where there is no such program
#   /opt/outfall        in a command: what `make install` makes, for this page alone
#   postgres://ann@localhost/shop   in a command: an empty database, for this page alone
#
# Pages show real values. What differs from run to run is compared by its form: see VARYING.
import concurrent.futures
import difflib
import os
import re
import shlex
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

import installed
import server
from pages import agrees, blocks
from schedules import check_schedules

ROOT = Path(__file__).resolve().parent.parent.parent
PAGES = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "docs/*.md", "docs/formats/*.md", "src/README.md"]
RUN_ELSEWHERE = ["docs/command-line.md"]  # its commands: tests/cli/run.py
HOME = "/home/ann"  # what pages call the folder in which they run
SECONDS_MAX = 240  # of one page, on a busy machine
PATH_LIKE = r"(?:include|src|docs|tests|tools|cmake|data|examples|fuzz|bench|\.ci)/[\w./*-]*|[A-Z_]+\.(?:md|json|txt)"

# What it looks like, what both sides are turned into.
VARYING = [
    (r"\b\d{10}\.\d{1,9}\b", "<load>"),
    (r"\b20\d\d-\d\d-\d\d[T ]\d\d:\d\d:\d\d\.?\d*( UTC|Z|\+00:00)", "<time>"),
    (r"(?m)^(time +)\d[\d.]* s\b.*$", r"\1<seconds>"),
    (r"\b\d+(\.\d+)? s\b", "<seconds>"),
    (r"\b[0-9a-f]{16}\b", "<run>"),
    (r"\b[0-9a-f]{32}\b", "<key of rows>"),
    (r"(?<=[a-z])-[0-9a-f]{8}\b", "-<key>"),
    (r"\bprocess \d+ on [^\s,]+", "process <pid> on <host>"),
    (r"\b[\d.]+ k?M?B of (state|job files)", r"<size> of \1"),
    (r"(jobs?), [\d.]+ k?M?B", r"\1, <size>"),
    (r"(?<![\w+/])(?=[a-z/]*[A-Z0-9+])[A-Za-z0-9+/]{14}(?![\w+/])", "<row id>"),
]
NOT_SHOWN = [
    (r"(?m)^\S+: line \d+: +\d+ (Killed).*$", r"\1"),
    (r"(?m)^progress: .*\n", ""),  # more of them on a slow machine
    (r"(?m) +$", ""),
]


class Command:
    def __init__(self, text, line):
        self.text = text
        self.line = line
        self.printed = []


def read_script(page):
    """The page's files and its commands, in the order of the page."""
    parts = []
    for language, before, lines, number in blocks(page):
        named = re.fullmatch(r"<!-- file: (\S+) -->", before)
        if named:
            parts.append((named[1], "\n".join(lines) + "\n"))
        if language != "console":
            continue
        needed = re.fullmatch(r"<!-- needs: (\S+) -->", before)
        if needed and not shutil.which(needed[1]):
            continue
        for place, line in enumerate(lines, start=number):
            if line.startswith("$ "):
                parts.append(Command(line[2:], place))
            elif line.startswith("> "):
                parts[-1].text += "\n" + line[2:]
            else:
                parts[-1].printed.append(line)
    return parts


def shell_script(parts, folder):
    """One bash script that does it all, each command's answer in files of its own."""
    script = ["code=0"]
    for number, part in enumerate(parts):
        if isinstance(part, tuple):
            script.append(f"mkdir -p {shlex.quote(os.path.dirname(part[0]) or '.')}")
            script.append(f"printf %s {shlex.quote(part[1])} > {shlex.quote(part[0])}")
            continue
        answer = shlex.quote(f"{folder}/.answers/{number}")
        script.append(f"(exit $code); eval {shlex.quote(part.text)} > {answer}.out 2> {answer}.err < /dev/null; code=$?")
        script.append(f"echo $code > {answer}.code")
    return "\n".join(script)


def environment(folder):
    names = ("OUTFALL_DUCKDB", "ASAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS")
    keep = {name: os.environ[name] for name in names if name in os.environ}
    return keep | {"PATH": f"{folder}/.bin:{os.environ['PATH']}", "HOME": str(folder), "LC_ALL": "C.UTF-8"}


def make_folder(page):
    folder = Path(tempfile.mkdtemp(prefix="outfall-docs-")).resolve()
    (folder / ".answers").mkdir()
    (folder / ".bin").mkdir()
    (folder / ".bin" / "outfall").symlink_to(Path(os.environ["OUTFALL"]).resolve())
    text = page.read_text(encoding="utf-8")
    for of_clone in ("data", "examples", "include"):
        if f"{of_clone}/" in text:
            shutil.copytree(ROOT / of_clone, folder / of_clone)
    return folder


def run_script(script, folder):
    """Nothing of it outlives this call."""
    shell = subprocess.Popen(["bash", "-c", script], cwd=folder, env=environment(folder), start_new_session=True)
    try:
        shell.wait(SECONDS_MAX)
    finally:
        if shell.poll() is None:
            os.killpg(shell.pid, signal.SIGKILL)
            shell.wait()


def on_the_page(text, folder):
    """As a page shows it."""
    text = installed.as_on_the_page(text, folder).replace(str(folder), HOME)
    for pattern, shown in NOT_SHOWN:
        text = re.sub(pattern, shown, text)
    return text


def form(text):
    for pattern, name in VARYING:
        text = re.sub(pattern, name, text)
    return text.splitlines()


def read_answer(folder, number, kind):
    path = folder / ".answers" / f"{number}.{kind}"
    return path.read_text(encoding="utf-8", errors="backslashreplace") if path.exists() else ""


def write_answers(page, answers):
    """Puts below each command what it printed. From the last one up, so that line numbers stay true."""
    lines = page.read_text(encoding="utf-8").splitlines()
    for command, printed in reversed(answers):
        below = command.line + command.text.count("\n")
        lines[below : below + len(command.printed)] = printed
    page.write_text("\n".join(lines) + "\n", encoding="utf-8")


def check_commands(page, update):
    parts = read_script(page)
    if not any(isinstance(part, Command) for part in parts):
        return []
    wants_installed = any(isinstance(part, Command) and installed.PLACE in part.text for part in parts)
    if wants_installed and not installed.can_be_linked():
        return []
    wants_server = any(isinstance(part, Command) and server.ADDRESS in part.text for part in parts)
    problems, answers = [], []
    folder = make_folder(page)
    database = server.Database() if wants_server else None
    try:
        if wants_installed:
            installed.install(folder)
        script = installed.as_it_is(shell_script(parts, folder), folder)
        run_script(database.as_it_is(script) if database else script, folder)
        for number, part in enumerate(parts):
            if isinstance(part, tuple):
                continue
            where = f"{page.relative_to(ROOT)}:{part.line}: {part.text}"
            following = parts[number + 1].text if number + 1 < len(parts) and isinstance(parts[number + 1], Command) else ""
            code = read_answer(folder, number, "code").strip()
            if code != "0" and following != "echo $?":
                problems.append(f"{where}\nexit {code or 'never'}, and the page does not ask with `echo $?`")
            printed = on_the_page(read_answer(folder, number, "out") + read_answer(folder, number, "err"), folder)
            printed = database.as_on_the_page(printed) if database else printed
            expected, seen = form("\n".join(part.printed)), form(printed)
            good = agrees(expected, seen)
            answers.append((part, part.printed if good else printed.splitlines()))
            if not good:
                difference = difflib.unified_diff(expected, seen, "the page says", "it printed", lineterm="", n=1)
                problems.append(where + "\n" + "\n".join(difference))
    except subprocess.TimeoutExpired:
        problems.append(f"{page.relative_to(ROOT)}: not done after {SECONDS_MAX} s")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if database:
            database.drop()
    if update and problems:
        write_answers(page, answers)
    return problems


def anchors(page):
    headings = re.findall(r"(?m)^#+ (.*)$", page.read_text(encoding="utf-8"))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def check_links(page):
    """Links and paths in back quotes lead to files of the repository; anchors to headings."""
    text = page.read_text(encoding="utf-8")
    prose = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    name = page.relative_to(ROOT)
    problems = []
    for target in re.findall(r"\]\(([^)]+)\)", prose):
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        aim = (page.parent / path).resolve() if path else page
        if not aim.exists():
            problems.append(f"{name}: the link {target} leads nowhere")
        elif anchor and anchor not in anchors(aim):
            problems.append(f"{name}: {target}: the page has no such heading")
    for path in re.findall(rf"`({PATH_LIKE})`", prose):
        places = [page.parent, ROOT]
        if not any(list(place.glob(path.rstrip("/"))) for place in places):
            problems.append(f"{name}: there is no {path}")
    return problems


def check_statements(page):
    """The ```sql blocks of the state store's page, on a real state store."""
    statements = ["\n".join(lines) for language, _, lines, _ in blocks(page) if language == "sql"]
    folder = make_folder(page)
    try:
        run_script("printf '{\"id\":1}\\n' > users.jsonl && outfall run users.jsonl --pipeline shop --data-dir state 2> log", folder)
        store = folder / "state" / "pipelines" / "shop" / "outfall.db"
        if not store.exists():
            return [f"{page.relative_to(ROOT)}: no state store\n" + (folder / "log").read_text(encoding="utf-8")]
        connection = sqlite3.connect(f"file:{store}?mode=ro", uri=True)
        problems = []
        for statement in statements:
            try:
                connection.execute(statement).fetchall()
            except sqlite3.Error as error:
                problems.append(f"{page.relative_to(ROOT)}: {statement}\n{error}")
        connection.close()
        return problems
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def check_program(page):
    """The README's C++ program, built from the page by CMakeLists.txt beside this file."""
    program = Path(os.environ["OUTFALL_BUILD"]).resolve() / "docs_readme"
    folder = make_folder(page)
    try:
        done = subprocess.run([program], cwd=folder, env=environment(folder), capture_output=True, timeout=SECONDS_MAX, text=True)
        if done.returncode == 0 and "github_events: 100 rows" in done.stdout:
            return []
        return [f"the README's program: exit {done.returncode}\n{done.stdout}{done.stderr}"]
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def check_nights(page):
    """What cron and systemd are given, with the page's files."""
    folder = make_folder(page)
    try:
        (folder / "files").mkdir()
        for part in read_script(page):
            if isinstance(part, tuple):
                (folder / "files" / part[0]).write_text(part[1], encoding="utf-8")
        return check_schedules(page, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def check(page, update):
    problems = check_links(page)
    name = str(page.relative_to(ROOT))
    if name not in RUN_ELSEWHERE:
        problems += check_commands(page, update)
    if name == "docs/state-store.md":
        problems += check_statements(page)
    if name == "README.md":
        problems += check_program(page)
    if name == "docs/every-night.md":
        problems += check_nights(page)
    return problems


def main():
    update = "--update" in sys.argv
    patterns = [pattern for pattern in sys.argv[1:] if not pattern.startswith("--")] or PAGES
    pages = sorted({path for pattern in patterns for path in ROOT.glob(pattern)})
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        for page, problems in zip(pages, pool.map(lambda page: check(page, update), pages)):
            print(f"{'FAILED' if problems else 'ok':8}{page.relative_to(ROOT)}")
            for problem in problems:
                print("\n" + problem)
            failed += bool(problems)
    print(f"{len(pages) - failed} of {len(pages)} pages say what is so")
    return 1 if failed or not pages else 0


if __name__ == "__main__":
    sys.exit(main())
