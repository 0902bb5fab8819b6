# SPDX-License-Identifier: Apache-2.0
#
# A proxy that stands between a client and a PostgreSQL server and understands the framing of their messages, so that a test
# can do something at any one of them: cut the connection, kill the server, wait.
import selectors
import socket
import struct
import threading

CODE_OF_TLS = 80877103
TO_SERVER, TO_CLIENT = ">", "<"
SECONDS_MAX = 120  # that a connection may be silent


class Message:
    """One message, and how often its kind came before it in this direction since the statement began."""

    def __init__(self, way, kind, data, statement, turn):
        self.way = way
        self.kind = kind
        self.data = data
        self.statement = statement  # the first word of the last that the client sent; `COMMIT of rows` behind a COPY
        self.turn = turn

    def place(self):
        return (self.statement, self.way, self.kind, self.turn)


class Framing:
    """Cuts the bytes of one direction into messages."""

    def __init__(self, way):
        self.way = way
        self.bytes = b""
        self.is_started = way == TO_CLIENT  # the server's messages have a kind from the first one on
        self.is_bare = False  # the answer to a request for TLS is one byte

    def messages(self, more):
        given, begin = self.bytes + more, 0
        while (length := self.next_length(given, begin)) is not None and len(given) >= begin + length:
            data = given[begin:begin + length]
            begin += length
            yield self.kind_of(data), data
        self.bytes = given[begin:]

    def next_length(self, given, begin):
        if self.is_bare:
            return 1 if begin < len(given) else None
        behind_kind = begin + (1 if self.is_started else 0)
        if len(given) < behind_kind + 4:
            return None
        return behind_kind - begin + struct.unpack_from("!i", given, behind_kind)[0]

    def kind_of(self, data):
        if self.is_bare:
            self.is_bare = False
            return "tls"
        if self.is_started:
            return chr(data[0])
        self.is_started = struct.unpack_from("!i", data, 4)[0] != CODE_OF_TLS
        return "start" if self.is_started else "tls"


def cut(connection):
    """At once, as when a machine is gone: the other side gets a reset."""
    try:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    except OSError:
        pass
    connection.close()


class Conversation:
    """One client's connection, on a thread of its own. `act` is asked about each message: None passes its data on, which `act` may have
    changed; a function is
    called once all before it is passed on, with a function that passes on the first bytes of the message, and then the connection
    is cut."""

    def __init__(self, proxy, client):
        self.proxy = proxy
        self.client = client
        self.server = socket.create_connection(proxy.server)
        self.framings = {TO_SERVER: Framing(TO_SERVER), TO_CLIENT: Framing(TO_CLIENT)}
        self.statement = "start"
        self.has_rows = False
        self.turns = {}

    def run(self):
        selector = selectors.DefaultSelector()
        selector.register(self.client, selectors.EVENT_READ, TO_SERVER)
        selector.register(self.server, selectors.EVENT_READ, TO_CLIENT)
        try:
            while True:
                ready = selector.select(SECONDS_MAX)
                if not ready or not all([self.pass_on(key.fileobj, key.data) for key, _ in ready]):
                    break
        except OSError:
            pass
        self.end()

    def pass_on(self, connection, way):
        more = connection.recv(1 << 16)
        other = self.server if way == TO_SERVER else self.client
        passed = []
        for kind, data in self.framings[way].messages(more):
            message = self.note(way, kind, data)
            act = self.proxy.act(message)
            if act is not None:
                other.sendall(b"".join(passed))
                act(lambda length, data=data: other.sendall(data[:length]))
                return False
            passed.append(message.data)
        other.sendall(b"".join(passed))
        return bool(more)

    def note(self, way, kind, data):
        if way == TO_SERVER and kind in "QP":
            word = data[5:].lstrip(b"\0").split()[0].decode(errors="replace").upper().rstrip(";\0")
            self.has_rows = word != "BEGIN" and (self.has_rows or word == "COPY")
            self.statement = "COMMIT of rows" if word == "COMMIT" and self.has_rows else word
            self.turns = {}
        if way == TO_SERVER and kind == "tls":
            self.framings[TO_CLIENT].is_bare = True
        turn = self.turns[way, kind] = self.turns.get((way, kind), 0) + 1
        return Message(way, kind, data, self.statement, turn)

    def end(self):
        cut(self.client)
        if self.proxy.leaves_server_waiting:
            self.proxy.left.append(self.server)
        else:
            cut(self.server)


class Proxy:
    """Listens on a free port while it is in a `with`. `leaves_server_waiting`: the server is told of no cut, as when the
    network swallows it."""

    def __init__(self, server, act, leaves_server_waiting=False):
        self.server = server
        self.act = act
        self.leaves_server_waiting = leaves_server_waiting
        self.left = []
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port = self.listening.getsockname()[1]

    def __enter__(self):
        threading.Thread(target=self.accept, daemon=True).start()
        return self

    def accept(self):
        while True:
            try:
                client, _ = self.listening.accept()
            except OSError:
                return
            try:
                conversation = Conversation(self, client)
            except OSError:
                cut(client)  # the server is not there
                continue
            threading.Thread(target=conversation.run, daemon=True).start()

    def __exit__(self, *_):
        # Closing alone does not wake the thread that accepts.
        try:
            self.listening.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.listening.close()
        for connection in self.left:
            cut(connection)
