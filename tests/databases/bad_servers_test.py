#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
#
# Servers that are not there, do not let us in, or fail in the middle of a load; and every form of address that docs/databases.md
# says is taken. Each failure says where, what and what to do next, ends with the right exit code, and loses nothing: a later run
# finishes. Passwords are in no output and in no file.
#
#   OUTFALL=build/release/outfall tests/databases/bad_servers_test.py [NAME...]
import concurrent.futures
import contextlib
import json
import os
import pathlib
import pwd
import shutil
import signal
import socket
import sqlite3
import struct
import subprocess
import sys
import threading
import time

from database_world import client, psql
from own_server import OwnServer
from protocol_proxy import TO_SERVER, Proxy
from town import FIRST, Town
from world import OUTFALL, SECONDS_MAX, Broken, expect, fail_with, fresh_folder, say

PASSWORD = "tr1cky/p@ss?50%"
ESCAPED = "tr1cky%2Fp%40ss%3F50%25"
FULL_DISK = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

/* A table's file grows no more while the file FULL is there. */
static int is_full(int fd, off_t end) {
  char link[64], path[4096];
  struct stat file;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = 0;
  return strstr(path, "/data/base/") && access(FULL, F_OK) == 0 && fstat(fd, &file) == 0 && end > file.st_size;
}
ssize_t pwrite64(int fd, const void *bytes, size_t count, off_t at) {
  static ssize_t (*next)(int, const void *, size_t, off_t);
  if (!next) next = dlsym(RTLD_NEXT, "pwrite64");
  if (is_full(fd, at + (off_t)count)) { errno = ENOSPC; return -1; }
  return next(fd, bytes, count, at);
}
ssize_t pwrite(int fd, const void *bytes, size_t count, off_t at) { return pwrite64(fd, bytes, count, at); }
"""


class Server(OwnServer):
    """With TLS, users of all kinds, and a disk that can be full."""

    HBA = """
local all all trust
host all outfall 127.0.0.1/32 trust
hostssl all tls_only 127.0.0.1/32 trust
host all secretive 127.0.0.1/32 scram-sha-256
host all reader,cramped,hurried,impatient,single,guest,ghost 127.0.0.1/32 trust
"""
    SETUP = f"""
ALTER SYSTEM SET ssl = on;
SELECT pg_reload_conf();
CREATE ROLE tls_only LOGIN; CREATE ROLE reader LOGIN; CREATE ROLE cramped LOGIN; CREATE ROLE guest LOGIN;
CREATE ROLE hurried LOGIN; ALTER ROLE hurried SET statement_timeout = '500ms';
CREATE ROLE impatient LOGIN; ALTER ROLE impatient SET lock_timeout = '100ms';
CREATE ROLE single LOGIN CONNECTION LIMIT 1;
CREATE ROLE secretive LOGIN PASSWORD '{PASSWORD}';
ALTER ROLE reader SET default_transaction_read_only = on;
"""

    def set_up(self, folder):
        data = self.folder / "data"
        shim = self.build_shim(folder)
        self.do("kill")
        self.make_certificates(folder, data)
        (data / "pg_hba.conf").write_text(self.HBA)
        self.do("restart", dict(os.environ, LD_PRELOAD=str(shim)))
        psql(self.address, text=self.SETUP)

    def build_shim(self, folder):
        source, shim = self.folder / "full_disk.c", self.folder / "full_disk.so"
        source.write_text(FULL_DISK)
        subprocess.run(["cc", "-shared", "-fPIC", f'-DFULL="{self.full_disk}"', source, "-o", shim, "-ldl"], check=True)
        return shim

    @property
    def full_disk(self):
        return self.folder / "full"

    def make_certificates(self, folder, data):
        def openssl(*arguments):
            subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)
        new = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
        openssl(*new, "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", "server.key", "-out", "ca.crt")
        openssl(*new, "-subj", "/CN=another", "-keyout", "another.key", "-out", "another.crt")
        for file, name in (("server.key", "server.key"), ("ca.crt", "server.crt")):
            shutil.copy(folder / file, data / name)
            (data / name).chmod(0o600)
            if os.geteuid() == 0:
                owner = pwd.getpwnam("postgres")
                os.chown(data / name, owner.pw_uid, owner.pw_gid)


class Place:
    """One case: a dataset of its own, runs, and what the last one said."""

    def __init__(self, town, name):
        self.town = town
        self.dataset = "b_" + name
        self.state = town.folder / self.dataset
        self.host, self.port = town.place
        self.said = ""
        self.code = 0
        self.environment = {}

    def address(self, user="outfall", host=None, port=None, database=None, options=""):
        return f"postgres://{user}@{host or self.host}:{port or self.port}/{database or self.town.database}{options}"

    def command(self, to):
        return [OUTFALL, "run", *FIRST, "--table", "people", "--dataset", self.dataset, "--pipeline", self.dataset, "--to", to,
                "--data-dir", self.state, "--progress", "none"]

    def start(self, command):
        return subprocess.Popen(command, cwd=self.town.folder, env=dict(os.environ, **self.environment), stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True)

    def finish(self, process):
        _, self.said = process.communicate(timeout=SECONDS_MAX)
        self.code = process.returncode

    def run(self, to):
        self.finish(self.start(self.command(to)))

    def says(self, code, *texts):
        expect(self.code == code, f"exit {self.code}, expected {code}\n{self.said}")
        at = 0
        for text in texts:
            at = self.said.find(text, at)
            expect(at >= 0, f"it does not say, in this place: {text}\n{self.said}")

    def fails(self, to, code, *texts):
        self.run(to)
        self.says(code, *texts)

    def loads(self, to):
        """Whatever stands behind, each row is there once."""
        self.run(to)
        self.says(0)
        self.town.check(self.dataset)

    def sql(self, statement, user="outfall"):
        return psql(self.address(user), "-c", statement)

    def failures(self):
        """What attempts were answered."""
        [store] = self.state.glob("pipelines/*/outfall.db")
        with contextlib.closing(sqlite3.connect(store)) as connection:
            return str(connection.execute("SELECT last_error FROM packages").fetchall())

    def own_schema(self, user):
        self.sql(f"CREATE SCHEMA {self.dataset} AUTHORIZATION {user}")


@contextlib.contextmanager
def listener(answer):
    """What listens on a port of its own, and is no server: `answer` gets each connection."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        def accept():
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = listening.accept()
                    threading.Thread(target=answer, args=(connection,), daemon=True).start()
        threading.Thread(target=accept, daemon=True).start()
        yield listening.getsockname()[1]
        with contextlib.suppress(OSError):
            listening.shutdown(socket.SHUT_RDWR)


def refusing(state, message):
    """A server that has no time for anybody."""
    def answer(connection):
        with contextlib.suppress(OSError):
            connection.recv(8)
            connection.sendall(b"N")
            connection.recv(1000)
            fields = b"".join(kind + text.encode() + b"\0" for kind, text in ((b"S", "FATAL"), (b"C", state), (b"M", message))) + b"\0"
            connection.sendall(b"E" + struct.pack("!i", len(fields) + 4) + fields)
            connection.close()
    return answer


def silent(came):
    """A server that takes whatever comes, and says nothing."""
    def answer(connection):
        with contextlib.suppress(OSError):
            while connection.recv(1000):
                came.set()
    return answer


def banner(connection):
    with contextlib.suppress(OSError):
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        connection.close()


# Cases: what is wrong before a load begins. Nothing was touched, or nothing was loaded.
def wrong_password(place):
    place.fails(place.address("secretive:wr0ng-word"), 2, "password authentication failed", "hint: check user and password", "PGPASSWORD")
    expect("wr0ng-word" not in place.said, place.said)
    expect(not place.state.exists(), "something was made")
    place.fails(place.address("secretive"), 2, "no password supplied", "hint: check user and password")


def no_such_host(place):
    place.fails(place.address(host="no-such-host.invalid"), 1, 'could not translate host name "no-such-host.invalid"', "hint: check the host",
                "in 0 = delivered 0")


def nothing_listens(place):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    place.fails(place.address(port=port), 1, "nothing was loaded", f"port {port}", "Connection refused", "hint: check host and port")
    place.loads(place.address())


def tls_is_required(place):
    place.fails(place.address("tls_only", options="?sslmode=disable"), 2, "no encryption", "hint: ", "sslmode=require")
    place.own_schema("tls_only")
    place.loads(place.address("tls_only", options="?sslmode=require"))


def tls_is_not_there(place):
    with listener(refusing("57P03", "never said")) as port:
        place.fails(place.address(port=port, options="?sslmode=require"), 2, "server does not support SSL", "hint: the server has no TLS")


def tls_verified(place):
    ca = place.town.folder / "ca.crt"
    another = place.town.folder / "another.crt"
    place.fails(place.address(options=f"?sslmode=verify-full&sslrootcert={another}", host="localhost"), 2, "certificate verify failed",
                "hint: ?sslrootcert=FILE")
    place.fails(place.address(options=f"?sslmode=verify-full&sslrootcert={ca}"), 2, "server certificate for", "hint: ", "host of the address")
    place.loads(place.address(options=f"?sslmode=verify-full&sslrootcert={ca}", host="localhost"))
    expect(place.sql(f"SELECT count(*) FROM {place.dataset}.people").strip() == "50", "it is not there")


def no_such_database(place):
    place.fails(place.address(database="nowhere"), 2, 'database "nowhere" does not exist', "hint: make it with createdb")


def no_such_user(place):
    place.fails(place.address("stranger"), 2, 'no pg_hba.conf entry', "hint: the server's pg_hba.conf")
    place.fails(place.address("ghost"), 2, 'role "ghost" does not exist', "hint: name another user")


def unknown_option(place):
    place.fails(place.address(options="?conect_timeout=3"), 2, 'invalid URI query parameter: "conect_timeout"', "hint: write postgres://")


def reads_only(place):
    place.fails(place.address("reader"), 1, "nothing was loaded", "can only read", "hint: ", "default_transaction_read_only")


def may_not_make_schema(place):
    place.fails(place.address("guest"), 2, f"may not make the schema {place.dataset}", "hint: ", "GRANT CREATE ON DATABASE")


def starting_up(place):
    for state, message in (("57P03", "the database system is starting up"), ("57P03", "the database system is in recovery mode")):
        with listener(refusing(state, message)) as port:
            place.fails(place.address(port=port), 1, "nothing was loaded", message, "hint: try again once it takes connections")


def is_full(place):
    with listener(refusing("53300", "sorry, too many clients already")) as port:
        place.fails(place.address(port=port), 1, "too many clients", "hint: close other sessions")
    place.own_schema("single")
    with client(place.address("single"), "SELECT 1"):
        place.fails(place.address("single"), 1, 'too many connections for role "single"', "hint: close other sessions")


def no_postgres(place):
    with listener(banner) as port:
        place.fails(place.address(port=port), 2, "received invalid response to SSL negotiation: H", "hint: what answers there does not speak")


def never_answers(place):
    came = threading.Event()
    with listener(silent(came)) as port:
        begun = time.monotonic()
        place.fails(place.address(port=port, options="?connect_timeout=2"), 1, "nothing was loaded", "timeout expired", "hint: nothing answered in time")
        expect(time.monotonic() - begun < 30, "it waited longer than connect_timeout")
        came.clear()
        ends_at_once(place, place.address(port=port), came.is_set)
    expect("cancelled" in place.said or "stopped" in place.said, place.said)
    place.loads(place.address())


def ends_at_once(place, to, is_waiting):
    """Once it waits, a signal ends it."""
    process = place.start(place.command(to))
    until = time.monotonic() + SECONDS_MAX
    while not is_waiting():
        expect(time.monotonic() < until and process.poll() is None, "it never waited")
        time.sleep(0.02)
    begun = time.monotonic()
    process.send_signal(signal.SIGINT)
    place.finish(process)
    took = time.monotonic() - begun
    expect(took < SECONDS_TO_STOP, f"it took {took:.1f} s to stop")
    place.says(130)


SECONDS_TO_STOP = 5  # a second on a machine that does nothing else


# Cases: what fails in the middle.
def may_not_make_tables(place):
    place.sql(f"CREATE SCHEMA {place.dataset}; GRANT USAGE ON SCHEMA {place.dataset} TO guest")
    place.fails(place.address("guest"), 4, f"permission denied for schema {place.dataset}", "[42501]", "hint: ", "GRANT", "outfall resume")
    place.sql(f"GRANT CREATE ON SCHEMA {place.dataset} TO guest")
    place.loads(place.address("guest"))


COLUMNS = "id bigint, _dlt_load_id varchar NOT NULL, _dlt_id varchar NOT NULL UNIQUE"


def locked_table(place, user, *texts):
    """Somebody has locked the table."""
    place.own_schema(user)
    place.sql(f"CREATE TABLE {place.dataset}.people ({COLUMNS})", user)
    with client(place.address(), f"BEGIN; LOCK {place.dataset}.people"):
        place.fails(place.address(user), 4, *texts)
    place.loads(place.address(user))


def statement_timeout(place):
    locked_table(place, "hurried", "canceling statement due to statement timeout", "[57014]", "hint: ", "statement_timeout", "outfall resume")


def lock_timeout(place):
    locked_table(place, "impatient", "failed 5 times", "canceling statement due to lock timeout", "[55P03]", "hint: ", "another session", "outfall resume")


def reader_stands_in_the_way(place):
    """A table is to get a column, while somebody reads it for long: other readers do not wait behind the load for ever."""
    place.sql(f"CREATE SCHEMA {place.dataset}; CREATE TABLE {place.dataset}.people (_dlt_load_id varchar NOT NULL, _dlt_id varchar NOT NULL UNIQUE)")
    waits = f"SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'LOCK TABLE \"{place.dataset}\"%'"
    with client(place.address(), f"BEGIN; SELECT FROM {place.dataset}.people"):
        process = place.start(place.command(place.address()))
        while place.sql(waits).strip() == "0":
            expect(process.poll() is None, "it never waited")
        psql(place.address(), "-c", f"SELECT count(*) FROM {place.dataset}.people")  # comes when the load gives up for now
        while "other sessions kept the tables" not in place.failures():
            expect(process.poll() is None, "no attempt has failed")
    place.finish(process)
    place.says(0)
    place.town.check(place.dataset)


def cancelled_in_copy(place):
    place.own_schema("guest")
    place.sql(f"CREATE TABLE {place.dataset}.people ({COLUMNS})", "guest")
    waits = f"SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'COPY \"{place.dataset}\"%'"
    with client(place.address(), f"BEGIN; LOCK {place.dataset}.people"):
        ends_at_once(place, place.address("guest"), lambda: place.sql(waits).strip() == "1")
    expect("pending 50" in place.said, place.said)
    place.loads(place.address("guest"))


def table_is_dropped(place):
    dropped = []

    def act(message):
        # The tables were made, and one of them is about to be looked at before its rows go in: behind that it is held.
        looks = message.kind in "PB" and b'."people"' in message.data and b"CREATE" not in message.data
        if message.way == TO_SERVER and looks and not dropped:
            dropped.append(place.sql(f"DROP TABLE {place.dataset}.people CASCADE"))
        return None
    with Proxy(place.town.place, act) as proxy:
        place.loads(place.address(port=proxy.port, options="?sslmode=disable"))
    expect(dropped, "nothing was dropped")


def disk_is_full(place):
    place.town.full_disk.touch()
    try:
        place.fails(place.address(), 4, "No space left on device", "[53100]", "hint: ", "outfall resume")
    finally:
        place.town.full_disk.unlink()
    place.loads(place.address())


# Cases: all forms of address.
def passwords(place):
    place.own_schema("secretive")
    passfile = place.town.folder / "pgpass"
    passfile.write_text(f"*:*:*:secretive:{PASSWORD}\n")
    passfile.chmod(0o600)
    services = place.town.folder / "services.conf"
    services.write_text(f"[ours]\nhost={place.host}\nport={place.port}\nuser=secretive\ndbname={place.town.database}\npassword={PASSWORD}\n")
    words = f"postgres:host={place.host} port = {place.port} dbname='{place.town.database}' user=secretive"
    hosts = f"127.0.0.1:1,{place.host}:{place.port}"
    forms = [
        (place.address(f"secretive:{ESCAPED}"), {}),
        (place.address(f"secretive:{ESCAPED}").replace("postgres://", "postgresql://"), {}),
        (place.address("secretive", options=f"?password={ESCAPED}"), {}),
        (place.address("secretive"), {"PGPASSWORD": PASSWORD}),
        (place.address("secretive"), {"PGPASSFILE": str(passfile)}),
        (f"{words} password = '{PASSWORD}'", {}),
        (words, {"PGPASSFILE": str(passfile)}),
        ("postgres:service=ours", {"PGSERVICEFILE": str(services)}),
        (f"postgres://secretive@{hosts}/{place.town.database}", {"PGPASSWORD": PASSWORD}),
        (f"postgres:///{place.town.database}?host={place.town.sockets}&port={place.port}&user=outfall", {}),
        (f"postgres://{place.host}:{place.port}", {"PGUSER": "outfall", "PGDATABASE": place.town.database}),
    ]
    for number, (to, environment) in enumerate(forms):
        place.environment = environment
        place.state = place.town.folder / f"{place.dataset}_{number}"
        place.run(to)
        place.says(0, "in 50 = delivered 50")
        hides_password(place)
    rows = place.sql(f"SELECT count(*) FROM {place.dataset}.people").strip()
    expect(rows == str(50 * len(forms)), f"{rows} rows")


def told_passwords(place):
    """Addresses that cannot be read, of which libpq would quote what it does not understand."""
    for to in (place.address(f"secretive:{PASSWORD}", host="no-such-host.invalid"), place.address(f"secretive:{PASSWORD}", options="?nonsense=1"),
               place.address(f"secretive:{ESCAPED}", port="port"), place.address(f"secretive:{ESCAPED}", host="no-such-host.invalid"), f"postgres:host=h user=secretive password={PASSWORD} {PASSWORD}",
               place.address("secretive", options=f"?password={PASSWORD}&nonsense=1")):
        place.run(to)
        expect(place.code in (1, 2), place.said)
        hides_password(place)


def hides_password(place):
    secrets = [PASSWORD, ESCAPED, "tr1cky", "p@ss"]
    told = [("what it says", place.said)]
    told += [(str(file), file.read_bytes().decode(errors="replace")) for file in place.state.rglob("*") if file.is_file()]
    for where, text in told:
        for secret in secrets:
            expect(secret not in text, f"the password is in {where}: {text if where == 'what it says' else ''}")


CASES = [reader_stands_in_the_way, wrong_password, no_such_host, nothing_listens, tls_is_required, tls_is_not_there, tls_verified, no_such_database, no_such_user,
         unknown_option, reads_only, may_not_make_schema, starting_up, is_full, no_postgres, never_answers, may_not_make_tables,
         statement_timeout, lock_timeout, cancelled_in_copy, table_is_dropped, passwords, told_passwords]
ALONE = [disk_is_full]  # what the others would feel
WORKERS = 4


def play(town, case):
    try:
        case(Place(town, case.__name__))
    except Broken as broken:
        return f"{case.__name__}: {broken}"
    say(f"  {case.__name__.replace('_', ' ')}")
    return None


def main():
    chosen = set(sys.argv[1:])
    folder = fresh_folder("servers", in_memory=True)
    with Server(folder) as server:
        server.set_up(folder)
        town = Town(folder, server.address)
        town.full_disk = server.full_disk
        town.sockets = server.folder
        with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
            broken = list(pool.map(lambda case: play(town, case), [case for case in CASES if not chosen or case.__name__ in chosen]))
        broken += [play(town, case) for case in ALONE if not chosen or case.__name__ in chosen]
    broken = [each for each in broken if each]
    if broken:
        fail_with(folder, "\n\n".join(broken))
    say(f"{len(CASES) + len(ALONE)} kinds of servers and addresses")
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
