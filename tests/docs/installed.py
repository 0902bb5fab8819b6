# SPDX-License-Identifier: Apache-2.0
"""Outfall as `make install` makes it, for pages whose readers have it in /opt/outfall."""
import os
import subprocess
from pathlib import Path

PLACE = "/opt/outfall"
SECONDS_MAX = 120


def build_folder():
    return Path(os.environ["OUTFALL_BUILD"]).resolve()


def can_be_linked():
    """A program that links a sanitized library must be sanitized itself, of which no page tells."""
    return "-fsanitize" not in (build_folder() / "CMakeCache.txt").read_text(encoding="utf-8")


def install(folder):
    subprocess.run(["cmake", "--install", build_folder(), "--prefix", folder / ".installed"],
                   check=True, stdout=subprocess.DEVNULL, timeout=SECONDS_MAX)


def as_it_is(script, folder):
    return script.replace(PLACE, f"{folder}/.installed")


def as_on_the_page(text, folder):
    return text.replace(f"{folder}/.installed", PLACE)
