# SPDX-License-Identifier: Apache-2.0
#
# The crontabs and the systemd units of a page: whether each is well formed, and whether its command does what the page
# says, started with the few variables that cron and systemd give to a command.
import configparser
import re
import shutil
import subprocess

from pages import blocks

CRON_FIELDS = [(0, 59), (0, 23), (1, 31), (1, 12), (0, 7)]
# What systemd.service(5), systemd.timer(5) and systemd.unit(5) know of what a page may say. A oneshot service is
# refused as a whole where it says RestartForceExitStatus= or a Restart= that starts it again after success.
KNOWN = {
    "Unit": {"StartLimitIntervalSec": r"\d+(s|min|h)", "StartLimitBurst": r"\d+"},
    "Service": {
        "Type": "oneshot",
        "User": r"\w+",
        "Environment": r"\w+=\S+",
        "WorkingDirectory": r"/\S+",
        "ExecStart": r"/\S.*",
        "SuccessExitStatus": r"\d+( \d+)*",
        "RestartPreventExitStatus": r"\d+( \d+)*",
        "Restart": "no|on-failure",
        "RestartSec": r"\d+(s|min|h)",
    },
    "Timer": {"OnCalendar": r"\*-\*-\* \d\d:\d\d", "Persistent": "true|false"},
    "Install": {"WantedBy": r"timers\.target"},
}
PREFIX = "/opt/outfall/bin"  # where pages say that the program was installed
FOLDER = "/srv/orders"


def field_problem(field, low, high):
    if field == "*":
        return None
    if field.isdigit() and low <= int(field) <= high:
        return None
    return f"{field} is not within {low} to {high}"


def read_crontab(lines):
    """(problems, variables, commands)"""
    problems, variables, commands = [], {}, []
    for line in lines:
        if set_here := re.fullmatch(r"(\w+)=(.*)", line):
            variables[set_here[1]] = set_here[2]
            continue
        if not line.strip():
            continue
        *fields, command = line.split(None, 5)
        if len(fields) != 5:
            problems.append(f"{line}: five fields and a command")
            continue
        problems += [f"{line}: {problem}" for field, (low, high) in zip(fields, CRON_FIELDS) if (problem := field_problem(field, low, high))]
        if re.search(r"(?<!\\)%", command):
            problems.append(f"{line}: cron takes % for the end of the line")
        commands.append(command)
    return problems, variables, commands


def read_unit(lines):
    """(problems, {section: {name: value}})"""
    unit = configparser.ConfigParser(interpolation=None, delimiters=("=",), comment_prefixes=("#",))
    unit.optionxform = str
    unit.read_string("\n".join(lines))
    problems = []
    for section in unit.sections():
        for name, value in unit[section].items():
            if not re.fullmatch(KNOWN.get(section, {}).get(name, "(?!)"), value):
                problems.append(f"[{section}] {name}={value}: systemd does not take it, or this test does not know it")
    if unit.has_section("Service") and "User" not in unit["Service"]:
        problems.append("[Service] without User=: the command has no HOME")
    return problems, {section: dict(unit[section]) for section in unit.sections()}


def commands_of(page):
    """(problems, [(environment, command)])"""
    problems, found = [], []
    for language, _, lines, number in blocks(page):
        if language == "crontab":
            wrong, variables, commands = read_crontab(lines)
            found += [(variables, command) for command in commands]
        elif language == "ini":
            wrong, unit = read_unit(lines)
            if service := unit.get("Service"):
                name, _, value = service.get("Environment", "=").partition("=")
                found.append(({name: value}, f"cd {service['WorkingDirectory']} && {service['ExecStart']}"))
        else:
            continue
        problems += [f"{page.name}:{number}: {problem}" for problem in wrong]
    return problems, found


def check_schedules(page, folder):
    """Each command twice, in a folder that has the page's files: the first loads a row, the second finds it loaded."""
    problems, found = commands_of(page)
    for number, (variables, command) in enumerate(found):
        home = folder / f"night{number}"
        shutil.copytree(folder / "files", home)
        (home / "exports").mkdir()
        (home / "exports" / "monday.jsonl").write_text('{"id":1}\n', encoding="utf-8")

        def in_place(text):
            return text.replace(PREFIX, str(folder / ".bin")).replace(FOLDER, str(home))

        environment = {"PATH": "/usr/bin:/bin", "SHELL": "/bin/sh", "HOME": str(home)}
        environment |= {name: in_place(value) for name, value in variables.items()}
        for expected in ("orders: exit 0, in 1 = delivered 1", "orders: exit 0, in 0 = delivered 0"):
            done = subprocess.run(["/bin/sh", "-c", in_place(command)], cwd="/", env=environment, capture_output=True, text=True, timeout=120)
            if done.returncode != 0 or not done.stdout.startswith(expected):
                problems.append(f"{page.name}: {command}: exit {done.returncode}, expected {expected}\n{done.stdout}{done.stderr}")
    return problems
