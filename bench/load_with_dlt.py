# SPDX-License-Identifier: Apache-2.0
"""The same load done by dlt: load_with_dlt.py FILE, into DuckDB, with parquet jobs and two workers that normalize.

load_with_dlt.py FILE ADDRESS: into PostgreSQL, with CSV jobs.
"""
import json
import os
import sys
from pathlib import Path

os.environ.update(NORMALIZE__WORKERS="2", RUNTIME__LOG_LEVEL="CRITICAL", RUNTIME__DLTHUB_TELEMETRY="false",
                  DLT_DATA_DIR=str(Path.cwd() / "dlt"), NORMALIZE__DATA_WRITER__FILE_MAX_ITEMS="100000")
import dlt  # noqa: E402

ROWS_AT_ONCE = 5000


def main():
    path = Path(sys.argv[1])

    @dlt.resource(name=path.stem)
    def rows():
        with open(path, "rb") as lines:
            batch = []
            for line in lines:
                batch.append(json.loads(line))
                if len(batch) == ROWS_AT_ONCE:
                    yield batch
                    batch = []
            yield batch

    if len(sys.argv) > 2:
        # A password must be said, though the server asks for none.
        destination, job_files = dlt.destinations.postgres(sys.argv[2].replace("@", ":none@")), "csv"
    else:
        destination, job_files = dlt.destinations.duckdb("out.duckdb"), "parquet"
    pipeline = dlt.pipeline("bench", destination=destination, dataset_name="data", pipelines_dir=str(Path.cwd() / "pipelines"))
    pipeline.run(rows(), loader_file_format=job_files)


if __name__ == "__main__":  # its workers are processes that read this file too
    main()
