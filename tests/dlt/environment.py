# SPDX-License-Identifier: Apache-2.0
#
# The Python that has dlt: $OUTFALL_DLT_PYTHON, else .deps/venv-dlt, which is installed first where it is missing.
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PYTHON = Path(os.environ.get("OUTFALL_DLT_PYTHON") or ROOT / ".deps/venv-dlt/bin/python")
INSTALL_SECONDS_MAX = 600


def enter_environment():
    """Starts this script again in the Python that has dlt."""
    if os.environ.get("OUTFALL_DLT_ENTERED"):
        return
    if not PYTHON.exists():
        subprocess.run([ROOT / "tools/setup", "--with", "dlt"], check=True, timeout=INSTALL_SECONDS_MAX)
    os.environ["OUTFALL_DLT_ENTERED"] = "1"
    os.execv(PYTHON, [str(PYTHON), "-B", *sys.argv])
