#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
#
# Makes a copy of a finished shared library that a host program's own copy of it cannot disturb. The loader binds a symbol to the
# first library of the process that has its name, so two versions of one C++ library in a process mix, whatever they are called.
#
#   tools/make_private.py rename FROM TO     for a library that is linked: its namespaces and its soname get names of our own
#   tools/make_private.py symbolic FROM TO   for a library that is opened at run time: it binds to itself first
#
# All is done in place and no byte moves: a new name is as long as the old one. ELF, 64 bits, little-endian.
import re
import struct
import sys
from pathlib import Path

# The last letter becomes an underscore; cmake/third_party.cmake has the compiler see the same names.
NAMESPACES = ("arrow", "arrow_vendored", "parquet", "opentelemetry", "simdjson", "simdjson_fast_float", "absl", "apache")
SONAME = re.compile(rb"lib(arrow|parquet)\.so\.(\d\d)00(?=\0)")

DT_NULL, DT_SYMBOLIC = 0, 16
STB_GLOBAL, STB_GNU_UNIQUE = 1, 10
SHT_RELA, SHT_HASH, SHT_GNU_HASH = 4, 5, 0x6FFFFFF6
SYMBOL = struct.Struct("<IBBHQQ")
RELOCATION = struct.Struct("<QQq")


class Library:
    def __init__(self, path):
        self.bytes = bytearray(path.read_bytes())
        if self.bytes[:6] != b"\x7fELF\x02\x01":
            raise ValueError("not a 64-bit little-endian ELF file")
        table, = struct.unpack_from("<Q", self.bytes, 0x28)
        size, count, names = struct.unpack_from("<HHH", self.bytes, 0x3A)
        raw = [struct.unpack_from("<IIQQQQ", self.bytes, table + size * number) for number in range(count)]
        names_at = raw[names][4]
        self.sections = {}  # name: (type, offset, bytes)
        for name, kind, _, _, offset, length in raw:
            end = self.bytes.index(b"\0", names_at + name)
            self.sections[self.bytes[names_at + name : end].decode()] = (kind, offset, length)

    def read(self, section):
        _, offset, length = self.sections[section]
        return bytes(self.bytes[offset : offset + length])

    def write(self, section, content):
        _, offset, length = self.sections[section]
        if len(content) != length:
            raise ValueError(f"{section} would change its size")
        self.bytes[offset : offset + length] = content

    def symbols(self):
        return [list(symbol) for symbol in SYMBOL.iter_unpack(self.read(".dynsym"))]

    def set_symbols(self, symbols):
        self.write(".dynsym", b"".join(SYMBOL.pack(*symbol) for symbol in symbols))


def own_name(name):
    return name[:-1] + "_"


def rename_text(text):
    """Mangled names carry a namespace as its length and its letters; a digit before it would make it another name."""
    for name in NAMESPACES:
        text = re.sub(rb"(?<![0-9])%d%s" % (len(name), name.encode()), b"%d%s" % (len(name), own_name(name).encode()), text)
    text = re.sub(rb"(?<=\0)(arro|xor12)[w8]_(?=\w)", rb"\1__", text)  # their few C functions
    return SONAME.sub(rb"libof\1.so.\2", text)


def gnu_hash(name):
    value = 5381
    for byte in name:
        value = (value * 33 + byte) & 0xFFFFFFFF
    return value


def names_of(symbols, text):
    return [text[symbol[0] : text.index(b"\0", symbol[0])] for symbol in symbols]


def hash_again(library):
    """The loader finds a symbol by the hash of its name, and expects the table to be sorted by it."""
    if any(kind == SHT_HASH for kind, _, _ in library.sections.values()):
        raise ValueError("it has a hash table of the old kind, which nobody has tried")
    table = library.read(".gnu.hash")
    buckets_count, first, bloom_count, shift = struct.unpack_from("<IIII", table)
    symbols = library.symbols()
    hashes = [gnu_hash(name) for name in names_of(symbols, library.read(".dynstr"))]
    order = list(range(first)) + sorted(range(first, len(symbols)), key=lambda at: hashes[at] % buckets_count)

    bloom, buckets, chain = [0] * bloom_count, [0] * buckets_count, []
    for place, old in enumerate(order[first:], start=first):
        value = hashes[old]
        bloom[value // 64 % bloom_count] |= 1 << value % 64 | 1 << (value >> shift) % 64
        bucket = value % buckets_count
        buckets[bucket] = buckets[bucket] or place
        last = place + 1 == len(order) or hashes[order[place + 1]] % buckets_count != bucket
        chain.append(value & ~1 | last)
    library.write(".gnu.hash", table[:16] + struct.pack(f"<{bloom_count}Q", *bloom) +
                  struct.pack(f"<{buckets_count}I", *buckets) + struct.pack(f"<{len(chain)}I", *chain))

    library.set_symbols([symbols[old] for old in order])
    versions = struct.unpack(f"<{len(order)}H", library.read(".gnu.version"))
    library.write(".gnu.version", struct.pack(f"<{len(order)}H", *(versions[old] for old in order)))
    place_of = {old: place for place, old in enumerate(order)}
    for section, (kind, _, _) in library.sections.items():
        if kind == SHT_RELA:
            moved = ((where, place_of[info >> 32] << 32 | info & 0xFFFFFFFF, addend)
                     for where, info, addend in RELOCATION.iter_unpack(library.read(section)))
            library.write(section, b"".join(RELOCATION.pack(*one) for one in moved))


def rename(library):
    for section in (".dynstr", ".rodata"):  # names to link by, names of types
        library.write(section, rename_text(library.read(section)))
    hash_again(library)


def bind_to_itself(library):
    entries = [list(entry) for entry in struct.iter_unpack("<qQ", library.read(".dynamic"))]
    ends = [at for at, entry in enumerate(entries) if entry[0] == DT_NULL]
    if len(ends) < 2:
        raise ValueError("its dynamic section has no room for one more entry")
    entries[ends[0]] = [DT_SYMBOLIC, 0]
    library.write(".dynamic", b"".join(struct.pack("<qQ", *entry) for entry in entries))


def share_nothing(library):
    """A unique symbol is one in the whole process, however its library was opened."""
    symbols = library.symbols()
    for symbol in symbols:
        if symbol[1] >> 4 == STB_GNU_UNIQUE:
            symbol[1] = STB_GLOBAL << 4 | symbol[1] & 0xF
    library.set_symbols(symbols)


def main():
    how, source, target = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    library = Library(source)
    {"rename": rename, "symbolic": bind_to_itself}[how](library)
    share_nothing(library)
    made = target.with_name(target.name + ".new")
    made.write_bytes(library.bytes)
    made.rename(target)


if __name__ == "__main__":
    main()
