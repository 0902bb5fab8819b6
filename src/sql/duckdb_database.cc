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

#include "sql/duckdb_error.h"
#include "sql/duckdb_files.h"
#include "sql/duckdb_mending.h"
#include "sql/duckdb_questions.h"

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
  const Opener opener{.api = **api, .open = [&](const std::string& file, const DuckDbOptions& how) {
                        return open_file(**api, file, how);
                      }};
  if (options.load_interrupted && options.mended) {
    if (Status mended = mend_blocks(opener, *path, options); !mended) return fail(std::move(mended.error()));
  }
  Result<duckdb_database> handle = open_or_mend_log(opener, *path, options);
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
