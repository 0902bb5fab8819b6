#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
#
# Checks the layers of ARCHITECTURE.md: a folder includes only folders of a strictly lower rank, and a third-party header only
# where its library is owned, in .cc files. Prints each violation as file:line and exits 1.
#
#   tools/check_layers.py [ROOT]
import re
import sys
from pathlib import Path

# Folders of one rank do not know each other. Each kind under destinations/ and sources/ is a folder of its own.
RANKS = {
    "outfall": 0,  # include/outfall
    "base": 1,
    "config": 2, "schema": 2, "ledger": 2,
    "columnar": 3, "net": 3, "shared_state": 3,
    "normalize": 4, "package": 4, "sql": 4,
    "delivery": 5,
    "destinations": 6, "sources": 6,
    "pipeline": 7, "flow": 7,
    "engine": 8,
    "cli": 9, "dashboard": 9,
    "examples": 9,
}

# These stand where an embedder stands: they see include/outfall and themselves.
PUBLIC_ONLY = {"cli", "dashboard", "examples"}

# First part of a header's path, the folders that may include it. Headers of ours may not, except in the folders marked as owners.
# "*" is every folder of src/: fmt is our way to write text.
OWNERS = {
    "fmt": {"*"},
    "simdjson.h": {"base", "normalize"},
    "openssl": {"base"},
    "xxhash.h": {"base"},
    "utf8proc.h": {"base"},
    "cctz": {"schema"},
    "sqlite3.h": {"base", "sql"},
    "toml++": {"config"},
    "arrow": {"columnar"},
    "parquet": {"columnar"},
    "zlib.h": {"schema", "columnar"},
    "zstd.h": {"columnar"},
    "zstd_errors.h": {"columnar"},
    "curl": {"net"},
    "arrow-adbc": {"sql"},
    "duckdb.h": {"sql"},
    "librdkafka": {"destinations/kafka", "sources/kafka"},
    "CLI": {"cli"},
    "httplib.h": {"dashboard"},
}

# Only for *_test.cc. A header that includes one of these is a test's header, and so is each that includes such a header.
TEST_LIBRARIES = {"gtest", "gmock"}

# Headers with ".h" that come with the system; the C++ standard library has none.
SYSTEM = re.compile(
    r"(sys|linux|netinet|arpa|net)/\w+\.h|(cxxabi|dirent|dlfcn|errno|execinfo|fcntl|fnmatch|glob|iconv|limits|netdb|poll|pthread|pwd|sched|"
    r"signal|spawn|stdint|stdio|stdlib|string|strings|termios|time|unistd)\.h"
)
STANDARD = re.compile(r"[a-z0-9_]+")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
FILE_ENDINGS = {".h", ".cc"}


def folder_of(path):
    """The folder that a path below src/ or include/ belongs to: "base", or with its kind "destinations/null"."""
    parts = Path(path).parts[:-1]
    if not parts:
        return ""
    if parts[0] in ("destinations", "sources"):
        return "/".join(parts[:2])
    return parts[0]


def rank_of(folder):
    return RANKS.get(folder.split("/")[0])


def check_own(folder, header):
    """Why `folder` may not include our own `header`, or None."""
    other = folder_of(header)
    if other == folder:
        return None
    rank, other_rank = rank_of(folder), rank_of(other)
    if folder in PUBLIC_ONLY and other != "outfall":
        return f"{folder} sees only include/outfall and itself, not {other}"
    if other_rank >= rank:
        return f"{folder} (rank {rank}) must not know {other} (rank {other_rank})"
    return None


def check_foreign(folder, file_name, library):
    """Why `file_name` of `folder` may not include a header of `library`, or None."""
    owners = OWNERS[library]
    if "*" in owners:
        if folder not in ("outfall", "examples") and (file_name.endswith(".cc") or folder == "base"):
            return None
        return f"{library} belongs in the .cc files of src/"
    if folder in owners:
        return None
    return f"{library} belongs to {', '.join(sorted(owners))}, not to {folder}"


def check_test_header(folder, file_name, header):
    """Why `file_name` may not include a header that is for tests, or None."""
    if folder != "outfall" and file_name.endswith((".h", "_test.cc")):
        return None
    return f"{header} is for tests: it belongs in *_test.cc"


def check_include(folder, file_name, quote, header, test_headers):
    """Why this include is against the rules, or None."""
    library = header.split("/")[0]
    if library in TEST_LIBRARIES or header in test_headers:
        reason = check_test_header(folder, file_name, header)
        if reason or library in TEST_LIBRARIES:
            return reason
    if library in OWNERS:
        return check_foreign(folder, file_name, library)
    if rank_of(folder_of(header)) is not None:
        return check_own(folder, header)
    if quote == '"':
        return f'"{header}" does not begin with a folder of ours: write the path from src/ or include/'
    if STANDARD.fullmatch(header):
        return None
    if folder == "outfall" and header != "stdint.h":  # C reads some of them too
        return f"<{header}> is not the C++ standard library, the only one that public headers may use"
    if SYSTEM.fullmatch(header):
        return None
    return f"<{header}> has no owner: add it to the table in tools/check_layers.py"


def includes_of(path):
    """Line number, quote and header of every include."""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        match = INCLUDE.match(line)
        if match:
            yield number, *match.groups()


def find_test_headers(root, paths):
    """The headers, as they are written in an include, that bring in a test library directly or through another."""
    included = {}
    for path in paths:
        if path.suffix == ".h":
            written = Path(*path.relative_to(root).parts[1:]).as_posix()
            included[written] = {header for _, _, header in includes_of(path)}
    found = {header for header, inner in included.items() if any(h.split("/")[0] in TEST_LIBRARIES for h in inner)}
    while True:
        more = {header for header, inner in included.items() if inner & found} - found
        if not more:
            return found
        found |= more


def check_file(root, path, test_headers):
    relative = path.relative_to(root)
    inside = Path(*relative.parts[1:])
    folder = "examples" if relative.parts[0] == "examples" else folder_of(inside)
    if rank_of(folder) is None:
        return [f"{relative}:1: {folder or 'this place'} has no rank: add it to ARCHITECTURE.md and tools/check_layers.py"]
    found = []
    for number, quote, header in includes_of(path):
        if folder == "examples" and quote == '"' and (path.parent / header).is_file():
            continue  # an example of several files, which whoever copies it has beside each other
        reason = check_include(folder, path.name, quote, header, test_headers)
        if reason:
            found.append(f"{relative}:{number}: {reason}")
    return found


def check_tree(root):
    tops = ("include", "src", "examples")
    paths = [path for top in tops for path in sorted((root / top).rglob("*")) if path.suffix in FILE_ENDINGS]
    test_headers = find_test_headers(root, paths)
    return [violation for path in paths for violation in check_file(root, path, test_headers)]


def main():
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent
    found = check_tree(root)
    for line in found:
        print(line)
    if found:
        print(f"\n{len(found)} includes are against the layers.\nhint: ARCHITECTURE.md, section Layers, says who may know whom")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
