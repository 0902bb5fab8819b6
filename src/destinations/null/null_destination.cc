// SPDX-License-Identifier: Apache-2.0
//
// Counts the rows of each job file, batch by batch.
#include "destinations/null/null_destination.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "columnar/ipc_file.h"
#include "package/package_reader.h"

namespace outfall::destinations::null {

namespace {

std::unexpected<Error> keeps_nothing() {
  return fail(Error{.message = "null: keeps nothing that could be queried", .hint = "", .blame = Blame::usage});
}

class Stream {
 public:
  explicit Stream(ArrowArrayStream stream) : stream_(stream) {}
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  ~Stream() { stream_.release(&stream_); }

  /// Rows of the next batch; none at the end.
  Result<std::optional<std::uint64_t>> next() {
    ArrowArray batch{};
    if (stream_.get_next(&stream_, &batch) != 0) {
      const char* answer = stream_.get_last_error(&stream_);
      return fail(answer != nullptr ? answer : "no reason given");
    }
    if (batch.release == nullptr) return std::nullopt;
    auto rows = static_cast<std::uint64_t>(batch.length);
    batch.release(&batch);
    return rows;
  }

 private:
  ArrowArrayStream stream_;
};

Status count_job(const delivery::LoadRequest& request, const ledger::JobRecord& job, delivery::LoadSummary& summary) {
  Result<columnar::IpcFileReader> reader = package::open_job(request.folder, job);
  if (!reader) return fail(std::move(reader.error()));
  ArrowArrayStream opened{};
  if (Status done = reader->stream(&opened); !done) return done;
  Stream stream(opened);
  std::uint64_t rows = 0;
  while (true) {
    if (request.stop.stop_requested())
      return fail(Error{.message = "stopped", .hint = "", .blame = Blame::interrupted});
    Result<std::optional<std::uint64_t>> batch = stream.next();
    if (!batch) return fail(std::move(batch.error()).in(fmt::format("read {}", job.file)));
    if (!*batch) break;
    rows += **batch;
    if (request.progress) request.progress(summary.rows + rows);
  }
  if (rows != job.rows) return fail(fmt::format("{} rows were sealed in {}, it holds {}", job.rows, job.file, rows));
  auto entry = std::ranges::find(summary.tables, job.table, &delivery::TableLoad::table);
  if (entry == summary.tables.end()) entry = summary.tables.insert(entry, delivery::TableLoad{.table = job.table});
  entry->rows += rows;
  summary.rows += rows;
  return {};
}

}  // namespace

Result<delivery::LoadSummary> NullDestination::load(const delivery::LoadRequest& request) {
  delivery::LoadSummary summary;
  for (const ledger::JobRecord& job : request.package.jobs) {
    if (Status counted = count_job(request, job, summary); !counted) {
      return fail(std::move(counted.error()).in(fmt::format("load {}", request.package.load_id)));
    }
  }
  return summary;
}

Result<std::unique_ptr<sql::TextCursor>> NullDestination::query(const delivery::QueryRequest&) {
  return keeps_nothing();
}

Status NullDestination::query_rows(const delivery::QueryRequest&, ArrowArrayStream*) {
  return keeps_nothing();
}

}  // namespace outfall::destinations::null
