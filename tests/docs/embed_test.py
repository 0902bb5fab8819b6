#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
#
# Another CMake project takes Outfall in as the README says. Configured in whole; of the build only the program's own object,
# for the library in it is the one that was built and tested here.
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
README_PROGRAM = Path(os.environ["OUTFALL_BUILD"]) / "tests" / "docs" / "readme.cc"
SECONDS_MAX = 300
PROJECT = f"""cmake_minimum_required(VERSION 3.25)
project(app LANGUAGES CXX)
add_subdirectory({ROOT} outfall)
add_executable(app app.cc)
target_link_libraries(app PRIVATE outfall::outfall)
if(TARGET outfall OR TARGET outfall_cli OR TARGET outfall_base_tests OR CMAKE_COMPILE_WARNING_AS_ERROR)
  message(FATAL_ERROR "more than the library came along")
endif()
"""


def main():
    with tempfile.TemporaryDirectory(prefix="outfall-embed-") as folder:
        folder = Path(folder)
        (folder / "CMakeLists.txt").write_text(PROJECT, encoding="utf-8")
        (folder / "app.cc").write_bytes(README_PROGRAM.read_bytes())
        for command in (["cmake", "-G", "Ninja", "-B", "build", "."], ["cmake", "--build", "build", "--target", "CMakeFiles/app.dir/app.cc.o"]):
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=SECONDS_MAX)
            if done.returncode != 0:
                print(" ".join(command), done.stdout, done.stderr, sep="\n")
                return 1
    print("another project takes the library in")
    return 0


if __name__ == "__main__":
    sys.exit(main())
