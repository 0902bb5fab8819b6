#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A PostgreSQL server of the tests' own: on a free port of the loopback, in a folder of its own, as a user who is not root.

    postgres.py start FILE     starts it, and writes its address (postgres://...) into FILE; the system's newest, or that of
                               .deps/postgres-VERSION where the environment has OUTFALL_POSTGRES_VERSION
    postgres.py stop FILE      stops the server whose address is there, and removes its folder
    postgres.py kill FILE      kills it, as a crash would
    postgres.py restart FILE   starts it again in the same folder, on the same port

The server also ends when the process does that called `start`: ctest, or a shell.
"""
import contextlib
import glob
import json
import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

USER, DATABASE = "outfall", "outfall"


def binaries():
    version = os.environ.get("OUTFALL_POSTGRES_VERSION")
    if version:
        folder = pathlib.Path(__file__).resolve().parents[2] / f".deps/postgres-{version}/bin"
        return folder if folder.exists() else sys.exit(f"error: {folder} is not there\nhint: tools/setup --with postgres")
    found = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parent.parent.name))
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    if on_path is None:
        sys.exit("error: no PostgreSQL server is installed\nhint: tools/setup --with postgres")
    return pathlib.Path(on_path).resolve().parent


def as_server(command):
    """The server refuses to run as root."""
    return ["runuser", "-u", "postgres", "--", *command] if os.geteuid() == 0 else list(command)


def run(*command, said=""):
    done = subprocess.run(as_server([str(word) for word in command]), cwd="/", input=said, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"error: {' '.join(map(str, command))}\n{done.stdout}{done.stderr}")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start_server(folder, port):
    # Killed servers lose nothing without syncs, only those that are cut from power would.
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c max_connections=50 -c fsync=off"
    # pg_ctl's child would hold our output open.
    with open(f"{folder}/start.log", "a") as log:
        done = subprocess.run(
            as_server([str(binaries() / "pg_ctl"), "-D", f"{folder}/data", "-w", "-t", "60", "-l", f"{folder}/log", "-o", options, "start"]),
            cwd="/", stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    if done.returncode != 0:
        sys.exit(f"error: the server did not start\n{pathlib.Path(folder, 'log').read_text()[-2000:]}")


def watch(folder, pid):
    """Stops the server once nobody is left who would."""
    if os.fork() != 0:
        return
    os.setsid()
    silent = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(silent, stream)
    while os.path.exists(folder):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            stop_server(folder)
            break
        time.sleep(1)
    os._exit(0)


def server_pid(folder):
    try:
        return int(pathlib.Path(folder, "data/postmaster.pid").read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return None


def stop_server(folder):
    subprocess.run(as_server([str(binaries() / "pg_ctl"), "-D", f"{folder}/data", "-m", "immediate", "-w", "stop"]), cwd="/",
                   capture_output=True)
    shutil.rmtree(folder, ignore_errors=True)


def is_running(pid):
    """One that nobody has asked for its end is not."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def kill_server(folder):
    """The postmaster and all of its children, before any of them can say a word to a client."""
    pid = server_pid(folder)
    os.kill(pid, signal.SIGSTOP)
    children = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True).stdout.split()
    killed = [*map(int, children), pid]
    for each in killed:
        with contextlib.suppress(ProcessLookupError):
            os.kill(each, signal.SIGKILL)
    while any(map(is_running, killed)):
        time.sleep(0.01)
    # Who is not reaped would be taken for running.
    for left in [f"{folder}/data/postmaster.pid", *glob.glob(f"{folder}/.s.PGSQL.*")]:
        os.unlink(left)


def start(file):
    folder = tempfile.mkdtemp(prefix="outfall-postgres-")
    if os.geteuid() == 0:
        owner = pwd.getpwnam("postgres")
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    run(binaries() / "initdb", "-D", f"{folder}/data", "-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
    # A server for one command alone: not everywhere is there a client beside it.
    run(binaries() / "postgres", "--single", "-D", f"{folder}/data", "postgres", said=f"CREATE DATABASE {DATABASE};\n")
    port = free_port()
    start_server(folder, port)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"postgres://{USER}@127.0.0.1:{port}/{DATABASE}\n")
    file.with_suffix(".json").write_text(json.dumps({"folder": folder, "port": port}))
    watch(folder, os.getppid())


def known(file):
    return json.loads(file.with_suffix(".json").read_text())


def main():
    verb, file = sys.argv[1], pathlib.Path(sys.argv[2])
    if verb == "start":
        start(file)
    elif verb == "stop":
        stop_server(known(file)["folder"])
    elif verb == "kill":
        kill_server(known(file)["folder"])
    elif verb == "restart":
        start_server(known(file)["folder"], known(file)["port"])
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
