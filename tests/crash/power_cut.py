# SPDX-License-Identifier: Apache-2.0
#
# What a disk may hold after a power cut, from the record of power_cut_shim.c.
#
# The rules, which are those of POSIX and stricter than today's file systems: a file's bytes are durable when a sync of that
# file began after they were written and succeeded; a name is durable when a sync of its folder did. Of the rest each write
# may be there, missing, or there in some of its 512-byte sectors; the names of one folder change in their order, up to
# some point.
import enum
import os
import struct
from pathlib import Path

SECTOR = 512
HEAD = struct.Struct("<IIIIQQQ")


class Op(enum.IntEnum):
    CREATE = 1
    FOUND = 2
    WRITE = 3
    TRUNCATE = 4
    EXTEND = 5
    SYNC_BEGIN = 6
    SYNC_END = 7
    MKDIR = 8
    RMDIR = 9
    UNLINK = 10
    RENAME = 11
    UNSEEN = 12


class Operation:
    def __init__(self, op, inode, offset, path, other, data):
        self.op = op
        self.inode = inode
        self.offset = offset
        self.path = path
        self.other = other
        self.data = data


def read_log(path):
    log = Path(path).read_bytes()
    operations = []
    at = 0
    while at + HEAD.size <= len(log):
        op, path_bytes, other_bytes, _, inode, offset, data_bytes = HEAD.unpack_from(log, at)
        at += HEAD.size
        parts = []
        for count in (path_bytes, other_bytes, data_bytes):
            parts.append(log[at : at + count])
            at += count
        if at > len(log):
            break  # the process died while it recorded
        operations.append(Operation(Op(op), inode, offset, parts[0].decode(), parts[1].decode(), parts[2]))
    return operations


class File:
    def __init__(self, durable=b""):
        self.durable = bytearray(durable)
        self.waiting = []  # (sequence, operation), in order

    def settle(self, before):
        """A sync that began at `before` has succeeded."""
        for sequence, operation in self.waiting:
            if sequence < before:
                apply(self.durable, operation)
        self.waiting = [entry for entry in self.waiting if entry[0] >= before]

    def after_cut(self, chance):
        content = bytearray(self.durable)
        for _, operation in self.waiting:
            if operation.op == Op.WRITE:
                chance.keep_write(content, operation)
            elif chance.keeps():
                apply(content, operation)
        return content


def apply(content, operation):
    if operation.op == Op.WRITE:
        place(content, operation.offset, operation.data)
    elif operation.op == Op.TRUNCATE and operation.offset < len(content):
        del content[operation.offset :]
    elif operation.offset > len(content):
        content.extend(bytes(operation.offset - len(content)))


def place(content, offset, data):
    if offset > len(content):
        content.extend(bytes(offset - len(content)))
    content[offset : offset + len(data)] = data


class Folder:
    def __init__(self):
        self.durable = {}  # name -> File or Folder
        self.waiting = []  # (sequence, [(name, File or Folder or None)]), in order
        self.now = {}

    def change(self, sequence, entries):
        self.waiting.append((sequence, entries))
        put(self.now, entries)

    def settle(self, before):
        for sequence, entries in self.waiting:
            if sequence < before:
                put(self.durable, entries)
        self.waiting = [entry for entry in self.waiting if entry[0] >= before]

    def after_cut(self, chance):
        names = dict(self.durable)
        for _, entries in self.waiting[: chance.prefix(len(self.waiting))]:
            put(names, entries)
        return names


def put(names, entries):
    for name, thing in entries:
        if thing is None:
            names.pop(name, None)
        else:
            names[name] = thing


class Chance:
    """How a cut treats what was not synced, drawn from a seed but for a mood that is asked for."""

    # How likely a write, or one sector of it, is there after all.
    MOODS = {"drops all": (0.0, 0.0), "keeps some": (0.5, 0.0), "tears": (0.3, 0.6), "keeps most": (0.9, 0.05)}

    def __init__(self, random, mood=None):
        self.random = random
        self.mood = mood or random.choice(list(self.MOODS))
        self.kept, self.torn = self.MOODS[self.mood]

    def keeps(self):
        return self.random.random() < self.kept

    def prefix(self, count):
        return 0 if self.kept == 0 else self.random.randint(0, count)

    def keep_write(self, content, operation):
        drawn = self.random.random()
        if drawn < self.kept:
            apply(content, operation)
        elif drawn < self.kept + self.torn:
            for first in range(0, len(operation.data), SECTOR):
                if self.random.random() < 0.5:
                    place(content, operation.offset + first, operation.data[first : first + SECTOR])


class Disk:
    """The tree below `root`, as it was when the recording began and as the operations change it."""

    def __init__(self, root):
        self.root = Path(root)
        self.top = load(self.root)
        self.by_inode = {}
        self.begun = {}
        self.sequence = 0
        self.honours_syncs = True

    def folder(self, path):
        here = self.top
        for part in Path(path).relative_to(self.root).parts:
            here = here.now[part]
        return here

    def parent(self, path):
        path = Path(path)
        return self.folder(path.parent), path.name

    def do(self, operation):
        self.sequence += 1
        op = operation.op
        if op == Op.UNSEEN:
            raise ValueError(f"the recorder cannot follow {operation.path} {operation.other}")
        if op in (Op.WRITE, Op.TRUNCATE, Op.EXTEND):
            self.by_inode[operation.inode].waiting.append((self.sequence, operation))
        elif op in (Op.SYNC_BEGIN, Op.SYNC_END):
            self.sync(operation)
        elif op == Op.FOUND:
            parent, name = self.parent(operation.path)
            self.by_inode[operation.inode] = parent.now[name]
        else:
            self.rename(operation)

    def sync(self, operation):
        if operation.op == Op.SYNC_BEGIN:
            self.begun[operation.offset] = self.sequence
        elif self.honours_syncs:
            thing = self.folder(operation.path) if operation.path else self.by_inode[operation.inode]
            thing.settle(self.begun[operation.offset])

    def rename(self, operation):
        folder, name = self.parent(operation.path)
        if operation.op == Op.CREATE:
            file = self.by_inode[operation.inode] = File()
            folder.change(self.sequence, [(name, file)])
        elif operation.op == Op.MKDIR:
            folder.change(self.sequence, [(name, Folder())])
        elif operation.op in (Op.UNLINK, Op.RMDIR):
            folder.change(self.sequence, [(name, None)])
        else:
            target, new_name = self.parent(operation.other)
            if target is not folder:
                raise ValueError(f"a rename between folders is not modelled: {operation.path} to {operation.other}")
            folder.change(self.sequence, [(new_name, folder.now[name]), (name, None)])

    def after_cut(self, random, target, mood=None):
        """Writes to `target` what the disk may hold now, and says in which mood it was."""
        chance = Chance(random, mood)
        todo = [(self.top, Path(target))]
        while todo:
            folder, path = todo.pop()
            path.mkdir(exist_ok=True)
            for name, thing in sorted(folder.after_cut(chance).items()):
                if isinstance(thing, Folder):
                    todo.append((thing, path / name))
                else:
                    (path / name).write_bytes(thing.after_cut(chance))
        return chance.mood


def load(path):
    folder = Folder()
    for entry in os.scandir(path):
        if entry.name.endswith("-shm"):
            continue
        thing = load(entry.path) if entry.is_dir() else File(Path(entry.path).read_bytes())
        folder.durable[entry.name] = folder.now[entry.name] = thing
    return folder
