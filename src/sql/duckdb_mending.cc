// SPDX-License-Identifier: Apache-2.0
#include "sql/duckdb_mending.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "sql/dialect.h"
#include "sql/duckdb_error.h"
#include "sql/duckdb_files.h"
#include "sql/duckdb_questions.h"
#include "sql/duckdb_torn_block.h"

namespace outfall::sql {
namespace {

/// Attaches the database at `path`, which replays its log, and empties the log.
Status empty_log(Questions& host, const std::string& path) {
  // DuckDB names it as it does otherwise, for defaults that name it, unless that is the name of the host.
  auto done = host.ask("ATTACH " + text_literal(path));
  if (!done && done.error().message.contains("already exists"))
    done = host.ask(fmt::format("ATTACH {} AS outfall_replay", text_literal(path)));
  if (!done) return fail(done.error());
  const auto name = host.ask("SELECT database_name FROM duckdb_databases() WHERE path IS NOT NULL");
  if (!name) return fail(name.error());
  if (name->size() != 1) return fail("it is not attached");
  const std::string catalog = quoted(duckdb_dialect(), name->front());
  // A checkpoint leaves a log alone in which no commit is whole, unless something was written since.
  for (const std::string& statement : {std::string("BEGIN"), fmt::format("CREATE SCHEMA {}._outfall_replay", catalog),
                                       fmt::format("DROP SCHEMA {}._outfall_replay", catalog), std::string("COMMIT"),
                                       fmt::format("CHECKPOINT {}", catalog), fmt::format("DETACH {}", catalog)}) {
    done = host.ask(statement);
    if (!done) return fail(done.error());
  }
  return {};
}

/// Replays the log of the database and empties it. While DuckDB 1.5 opens a database it cannot replay what alters a
/// table with a computed default (it wants a default database for that, and has none yet); attached to another one it
/// can.
Status replay_attached(const Opener& opener, const std::string& path, const DuckDbOptions& options) {
  DuckDbOptions beside = options;
  beside.access = Access::read_write;
  Result<duckdb_database> other = opener.open(":memory:", beside);
  if (!other) return fail(std::move(other.error()));
  Status done = [&] {
    Questions host(opener.api, *other);
    return empty_log(host, path);
  }();
  opener.api.duckdb_close(&*other);
  if (!done) return fail(duckdb_open_error(path, done.error().message));
  if (options.mended) {
    options.mended(
        fmt::format("DuckDB could not replay the log of {} by itself, which altered a table with a computed "
                    "default: it was replayed with the file attached to another database, and the log is empty now",
                    path));
  }
  return {};
}

/// Where the blocks of metadata begin in the file. DuckDB reads some of them only when it needs them.
Result<std::vector<std::uint64_t>> metadata_blocks(const DuckDbApi& api, duckdb_database database) {
  Questions questions(api, database);
  const auto size =
      questions.ask("SELECT block_size FROM pragma_database_size() WHERE database_name = current_database()");
  if (!size) return fail(size.error());
  const auto ids = questions.ask("SELECT block_id FROM pragma_metadata_info()");
  if (!ids) return fail(ids.error());
  std::vector<std::uint64_t> offsets;
  offsets.reserve(ids->size());
  for (const std::string& id : *ids) {
    offsets.push_back(first_block_offset + std::stoull(id) * std::stoull(size->at(0)));
  }
  return offsets;
}

/// Makes those torn blocks good that DuckDB meets on opening, until it has what it needs. Closed again.
Result<std::vector<std::uint64_t>> mend_until_opened(const Opener& opener, const std::string& path,
                                                     const DuckDbOptions& look, std::vector<MendedBlock>& mended) {
  while (true) {
    Result<duckdb_database> opened = open_or_mend_log(opener, path, look);
    if (opened) {
      Result<std::vector<std::uint64_t>> blocks = metadata_blocks(opener.api, *opened);
      opener.api.duckdb_close(&*opened);
      return blocks;
    }
    const std::optional<TornBlock> torn = torn_block(opened.error().message);
    const auto is_same = [&](const MendedBlock& done) { return torn && done.block.offset == torn->offset; };
    if (!torn || std::ranges::any_of(mended, is_same)) return fail(std::move(opened.error()));
    Result<MendedBlock> done = mend_torn_block(path, *torn);
    if (!done) return fail(std::move(done.error()));
    mended.push_back(std::move(*done));
  }
}

}  // namespace

Result<duckdb_database> open_or_mend_log(const Opener& opener, const std::string& path, const DuckDbOptions& options) {
  bool was_cut = false;
  bool was_replayed = false;
  while (true) {
    const std::optional<LogMark> log = mark_log(path);
    Result<duckdb_database> opened = opener.open(path, options);
    if (opened || !log) return opened;
    const bool may_write = options.access == Access::read_write || options.mended;
    if (may_write && is_replayable_attached(opened.error()) && !std::exchange(was_replayed, true)) {
      if (Status replayed = replay_attached(opener, path, options); !replayed) return fail(std::move(replayed.error()));
      continue;
    }
    const std::optional<std::uint64_t> torn = torn_entry(opened.error().message);
    if (!torn || was_cut) return opened;
    if (!options.mended) {
      opened.error().hint = torn_log_hint(path, *torn);
      return opened;
    }
    was_cut = true;
    const Result<std::optional<std::string>> cut = cut_torn_log(path, *log, *torn);
    if (!cut) return fail(cut.error());
    if (*cut) options.mended(**cut);
  }
}

Status mend_blocks(const Opener& opener, const std::string& path, const DuckDbOptions& options) {
  DuckDbOptions look = options;
  look.access = Access::read_only;  // to look makes no checkpoint, unless the log needs one
  std::vector<MendedBlock> mended;
  const Status done = [&]() -> Status {
    const Result<std::vector<std::uint64_t>> blocks = mend_until_opened(opener, path, look, mended);
    if (!blocks) return fail(blocks.error());
    const Result<std::vector<TornBlock>> torn = find_torn_blocks(path, *blocks);
    if (!torn) return fail(torn.error());
    for (const TornBlock& block : *torn) {
      Result<MendedBlock> one = mend_torn_block(path, block);
      if (!one) return fail(std::move(one.error()));
      mended.push_back(std::move(*one));
    }
    return {};
  }();
  if (done) {
    for (const MendedBlock& block : mended) options.mended(mended_note(path, block));
    return {};
  }
  for (const MendedBlock& block : mended) {
    if (Status back = tear_again(path, block); !back) return back;
  }
  // Opening it tells what is wrong with it as it is.
  return mended.empty() || is_taken(done.error()) ? done : Status();
}

}  // namespace outfall::sql
