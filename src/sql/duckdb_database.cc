// SPDX-License-Identifier: Apache-2.0
//
// Opens DuckDB files and remembers which of them this process has open.
#include "sql/duckdb_database.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

#include "sql/dialect.h"
#include "sql/duckdb_error.h"
#include "sql/duckdb_files.h"
#include "sql/duckdb_torn_block.h"

namespace outfall::sql {

namespace {

namespace fs = std::filesystem;

using FileId = std::pair<dev_t, ino_t>;

struct Registry {
  std::mutex mutex;
  std::map<FileId, std::weak_ptr<DuckDbDatabase>> open;
  // DuckDB's own registry waits for a database of the same path that is just being closed; ours cannot see that.
  duckdb_instance_cache cache = nullptr;
};

Registry& registry() {
  static auto* const instance = new Registry;  // outlives every database of a static object
  return *instance;
}

std::optional<FileId> file_id(const std::string& path) {
  // stat never opens the file: a close of ours would drop DuckDB's lock on it.
  struct stat found{};
  if (stat(path.c_str(), &found) != 0) return std::nullopt;
  return FileId{found.st_dev, found.st_ino};
}

Result<std::string> usable_path(const DuckDbOptions& options) {
  std::error_code answer;
  fs::path path = fs::weakly_canonical(options.path, answer);
  if (answer || path.empty()) {
    return fail(fmt::format("open DuckDB database {}: {}", options.path, answer ? answer.message() : "no path"));
  }
  if (fs::is_directory(path, answer)) {
    return fail(fmt::format("open DuckDB database {}: it is a folder", path.string()),
                "name a file, such as data.duckdb");
  }
  if (!fs::is_directory(path.parent_path(), answer)) {
    return fail(
        fmt::format("open DuckDB database {}: the folder {} is not there", path.string(), path.parent_path().string()),
        "make the folder first, or name another path");
  }
  if (options.access == Access::read_only && !fs::exists(path, answer)) {
    const bool is_made = fs::exists(draft_of(path.string()), answer);
    return fail(fmt::format("open DuckDB database {}: the file is not there", path.string()),
                is_made ? "a load is making it: try again in a moment; if none is running, load something into it"
                        : "load something into it first");
  }
  return path.string();
}

class Config {
 public:
  explicit Config(const DuckDbApi& api) : api_(api) { api_.duckdb_create_config(&config_); }
  Config(const Config&) = delete;
  Config& operator=(const Config&) = delete;
  ~Config() { api_.duckdb_destroy_config(&config_); }

  Status set(const char* name, const std::string& value) {
    if (api_.duckdb_set_config(config_, name, value.c_str()) == DuckDBSuccess) return {};
    return fail(fmt::format("set DuckDB's option {} to {}: it was refused", name, value));
  }
  duckdb_config handle() const { return config_; }

 private:
  const DuckDbApi& api_;
  duckdb_config config_ = nullptr;
};

Status fill(Config& config, const DuckDbOptions& options) {
  Status done = config.set("access_mode", options.access == Access::read_only ? "READ_ONLY" : "READ_WRITE");
  if (done) done = config.set("memory_limit", fmt::format("{}B", memory_for_columns(options, 0)));
  if (done && options.threads > 0) done = config.set("threads", fmt::format("{}", options.threads));
  if (done) done = config.set("preserve_insertion_order", "true");
  // A statement must never reach for the network by itself.
  if (done) done = config.set("autoinstall_known_extensions", "false");
  return done;
}

Result<duckdb_database> open_file(const DuckDbApi& api, const std::string& path, const DuckDbOptions& options) {
  Config config(api);
  if (Status filled = fill(config, options); !filled) return fail(std::move(filled.error()));
  duckdb_database database = nullptr;
  char* answer = nullptr;
  if (api.duckdb_get_or_create_from_cache(registry().cache, path.c_str(), &database, config.handle(), &answer) ==
      DuckDBSuccess) {
    return database;
  }
  Error error = duckdb_open_error(path, answer != nullptr ? answer : "no reason given");
  if (answer != nullptr) api.duckdb_free(answer);
  return fail(std::move(error));
}

Status create_file(const DuckDbApi& api, const std::string& path, const DuckDbOptions& options) {
  return make_database_file(path, [&](const std::string& draft) -> Status {
    Result<duckdb_database> made = open_file(api, draft, options);
    if (!made) return fail(std::move(made.error()));
    api.duckdb_close(&*made);  // synced
    return {};
  });
}

/// Asks a database before there is a Connection to it.
class Questions {
 public:
  Questions(const DuckDbApi& api, duckdb_database database) : api_(api) {
    if (api_.duckdb_connect(database, &connection_) != DuckDBSuccess) connection_ = nullptr;
  }
  Questions(const Questions&) = delete;
  Questions& operator=(const Questions&) = delete;
  ~Questions() {
    if (connection_ != nullptr) api_.duckdb_disconnect(&connection_);
  }

  /// The first column of the answer's rows, without nulls.
  Result<std::vector<std::string>> ask(const std::string& query) {
    if (connection_ == nullptr) return fail("no connection is given");
    duckdb_prepared_statement statement = nullptr;
    duckdb_result result{};
    std::vector<std::string> found;
    const bool is_prepared = api_.duckdb_prepare(connection_, query.c_str(), &statement) == DuckDBSuccess;
    const bool answered = is_prepared && api_.duckdb_execute_prepared(statement, &result) == DuckDBSuccess;
    for (idx_t row = 0; answered && row < api_.duckdb_row_count(&result); ++row) {
      char* text = api_.duckdb_value_varchar(&result, 0, row);
      if (text != nullptr) found.emplace_back(text);
      api_.duckdb_free(text);
    }
    const char* reason = answered      ? nullptr
                         : is_prepared ? api_.duckdb_result_error(&result)
                                       : api_.duckdb_prepare_error(statement);
    Error error{.message = reason != nullptr ? reason : "a question about it is not answered", .hint = ""};
    api_.duckdb_destroy_result(&result);
    api_.duckdb_destroy_prepare(&statement);
    if (!answered) return fail(std::move(error));
    return found;
  }

 private:
  const DuckDbApi& api_;
  duckdb_connection connection_ = nullptr;
};

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
Status replay_attached(const DuckDbApi& api, const std::string& path, const DuckDbOptions& options) {
  DuckDbOptions beside = options;
  beside.access = Access::read_write;
  Result<duckdb_database> other = open_file(api, ":memory:", beside);
  if (!other) return fail(std::move(other.error()));
  Status done = [&] {
    Questions host(api, *other);
    return empty_log(host, path);
  }();
  api.duckdb_close(&*other);
  if (!done) return fail(duckdb_open_error(path, done.error().message));
  if (options.mended) {
    options.mended(
        fmt::format("DuckDB could not replay the log of {} by itself, which altered a table with a computed "
                    "default: it was replayed with the file attached to another database, and is empty now",
                    path));
  }
  return {};
}

/// Opens the file, if need be after its log, which DuckDB could not read, was made good: each kind of trouble once.
Result<duckdb_database> open_or_mend_log(const DuckDbApi& api, const std::string& path, const DuckDbOptions& options) {
  bool was_cut = false;
  bool was_replayed = false;
  while (true) {
    const std::optional<LogMark> log = mark_log(path);
    Result<duckdb_database> opened = open_file(api, path, options);
    if (opened || !log) return opened;
    const bool may_write = options.access == Access::read_write || options.mended;
    if (may_write && is_replayable_attached(opened.error()) && !std::exchange(was_replayed, true)) {
      if (Status replayed = replay_attached(api, path, options); !replayed) return fail(std::move(replayed.error()));
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

/// DuckDB takes a file that ends in .csv, .parquet or .json for data to look at, and answers with a database in memory:
/// what is written there is gone when it is closed.
Status expect_file(const DuckDbApi& api, duckdb_database database, const std::string& path) {
  const auto file =
      Questions(api, database).ask("SELECT path FROM duckdb_databases() WHERE database_name = current_database()");
  if (!file) return fail(Error(file.error()).in(fmt::format("open DuckDB database {}", path)));
  if (!file->empty()) return {};
  return fail(fmt::format("open DuckDB database {}: it is not a DuckDB database", path),
              "the file is something else; name another path");
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
Result<std::vector<std::uint64_t>> mend_until_opened(const DuckDbApi& api, const std::string& path,
                                                     const DuckDbOptions& look, std::vector<MendedBlock>& mended) {
  while (true) {
    Result<duckdb_database> opened = open_or_mend_log(api, path, look);
    if (opened) {
      Result<std::vector<std::uint64_t>> blocks = metadata_blocks(api, *opened);
      api.duckdb_close(&*opened);
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

/// Makes torn blocks good, also those that DuckDB would meet only later. All or none.
Status mend_blocks(const DuckDbApi& api, const std::string& path, const DuckDbOptions& options) {
  DuckDbOptions look = options;
  look.access = Access::read_only;  // to look makes no checkpoint, unless the log needs one
  std::vector<MendedBlock> mended;
  const Status done = [&]() -> Status {
    const Result<std::vector<std::uint64_t>> blocks = mend_until_opened(api, path, look, mended);
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

}  // namespace

std::size_t memory_for_columns(const DuckDbOptions& options, std::size_t columns) {
  // Blocks of 256 KiB for the values of each column that is written and for its nulls, twice over, and the rest.
  constexpr std::size_t column_bytes = std::size_t{1} << 20;
  constexpr std::size_t rest_bytes = std::size_t{256} << 20;
  if (columns <= wide_columns) return options.memory_limit;
  std::size_t needed = rest_bytes + columns * column_bytes;
  const auto pages = sysconf(_SC_PHYS_PAGES);
  const auto page_bytes = sysconf(_SC_PAGESIZE);
  if (pages > 0 && page_bytes > 0) {
    needed = std::min(needed, static_cast<std::size_t>(pages) * static_cast<std::size_t>(page_bytes) / 2);
  }
  return std::max(options.memory_limit, needed);
}

Result<std::shared_ptr<DuckDbDatabase>> DuckDbDatabase::open(const DuckDbOptions& options) {
  Result<const DuckDbApi*> api = duckdb_api();
  if (!api) return fail(std::move(api.error()));
  Result<std::string> path = usable_path(options);
  if (!path) return fail(std::move(path.error()));

  Registry& known = registry();
  std::lock_guard lock(known.mutex);
  if (known.cache == nullptr) known.cache = (*api)->duckdb_create_instance_cache();
  std::erase_if(known.open, [](const auto& entry) { return entry.second.expired(); });
  if (std::optional<FileId> id = file_id(*path); id && known.open.contains(*id)) {
    if (std::shared_ptr<DuckDbDatabase> shared = known.open[*id].lock()) {
      if (options.access == Access::read_only || shared->access() == Access::read_write) return shared;
      return fail(fmt::format("open DuckDB database {}: this process has it open for reading only", *path),
                  "close the query first");
    }
  }
  if (options.access == Access::read_write && !file_id(*path)) {
    if (Status created = create_file(**api, *path, options); !created) return fail(std::move(created.error()));
  }
  if (options.load_interrupted && options.mended) {
    if (Status mended = mend_blocks(**api, *path, options); !mended) return fail(std::move(mended.error()));
  }
  Result<duckdb_database> handle = open_or_mend_log(**api, *path, options);
  if (!handle) return fail(std::move(handle.error()));
  std::shared_ptr<DuckDbDatabase> database(new DuckDbDatabase(**api, *handle, *path, options));
  if (Status is_file = expect_file(**api, *handle, *path); !is_file) return fail(std::move(is_file.error()));
  if (std::optional<FileId> id = file_id(*path)) known.open[*id] = database;
  return database;
}

DuckDbDatabase::~DuckDbDatabase() {
  api_.duckdb_close(&handle_);
}

}  // namespace outfall::sql
