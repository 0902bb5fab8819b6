// SPDX-License-Identifier: Apache-2.0
//
// The calls into SQLite, and what its answers mean for a person.
#include "base/sqlite.h"

#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/resource.h>

#include <cerrno>
#include <map>

#include "base/file.h"
#include "base/limits.h"

namespace outfall {

namespace sqlite_detail {

struct Connection {
  std::string path;
  sqlite3* handle = nullptr;
  std::map<std::string_view, sqlite3_stmt*> idle;  ///< keyed by the statement's own text

  Connection(std::string file, sqlite3* opened) : path(std::move(file)), handle(opened) {}
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  ~Connection() {
    for (const auto& [sql, statement] : idle) {
      sqlite3_finalize(statement);
    }
    sqlite3_close_v2(handle);
  }

  void give_back(sqlite3_stmt* statement) {
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    if (idle.size() >= limits::sqlite_statements_max || !idle.emplace(sqlite3_sql(statement), statement).second) {
      sqlite3_finalize(statement);
    }
  }
};

}  // namespace sqlite_detail

namespace {

using sqlite_detail::Connection;

// Pages of the log are given back to the file system above this size; one large seal must not hold its space for ever.
constexpr int log_bytes_kept = 16 << 20;

struct Advice {
  std::string_view hint;
  Remedy remedy = Remedy::abandon;
};

bool is_file_size_limited() {
  rlimit limit{};
  return ::getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY;
}

Advice advice_for(int code, int system_errno) {
  switch (code & 0xff) {
    case SQLITE_FULL:
      return {system_hint(ENOSPC)};
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return {
          "the file or its folder may not be written by this user: check owner and permissions, or choose another "
          "--data-dir"};
    case SQLITE_CANTOPEN:
      return system_errno == ENOENT
                 ? Advice{system_hint(ENOENT)}
                 : Advice{
                       "check owner and permissions of the file and of its folder: SQLite keeps a log beside the file"};
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return {
          "the file is damaged or not a SQLite database: look with `sqlite3 FILE 'PRAGMA integrity_check'`, restore it "
          "from a copy, or move it away"};
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return {"another program holds the file open and writes: close it and try again", Remedy::retry};
    case SQLITE_NOMEM:
      return {"memory is short", Remedy::retry};
    case SQLITE_IOERR:
      if (system_errno == ENOSPC || system_errno == EDQUOT) return {system_hint(system_errno)};
      // What the write was answered SQLite may have forgotten by now.
      if (system_errno == EFBIG || (system_errno != EIO && is_file_size_limited())) return {system_hint(EFBIG)};
      return {system_hint(EIO)};
    default:
      return {};
  }
}

Error sqlite_error(std::string_view doing, const std::string& path, sqlite3* handle, int code) {
  const int system_errno = handle != nullptr ? sqlite3_system_errno(handle) : 0;
  // The connection may remember a newer, harmless answer; then the code's own text is the true one.
  const bool remembered = handle != nullptr && (sqlite3_errcode(handle) & 0xff) == (code & 0xff);
  const char* answer = remembered ? sqlite3_errmsg(handle) : sqlite3_errstr(code);
  const Advice advice = advice_for(code, system_errno);
  return {.message = fmt::format("cannot {} {}: {}", doing, path, answer),
          .hint = std::string(advice.hint),
          .remedy = advice.remedy};
}

Error sqlite_error(std::string_view doing, const Connection& connection, int code) {
  return sqlite_error(doing, connection.path, connection.handle, code);
}

Result<std::unique_ptr<Connection>> connect(const std::string& path, const std::string& address, int flags) {
  sqlite3* handle = nullptr;
  const int code = sqlite3_open_v2(address.c_str(), &handle, flags | SQLITE_OPEN_NOMUTEX, nullptr);
  auto connection = std::make_unique<Connection>(path, handle);
  if (code != SQLITE_OK) {
    return fail(sqlite_error("open", path, handle, code));
  }
  sqlite3_extended_result_codes(handle, 1);
  sqlite3_busy_timeout(handle, static_cast<int>(limits::sqlite_busy_max.count()));
  return connection;
}

// Opening reads nothing yet; this does, and finds damage, missing permission and a log that cannot be made.
int first_read(sqlite3* handle) {
  return sqlite3_exec(handle, "SELECT count(*) FROM sqlite_schema", nullptr, nullptr, nullptr);
}

// A file address that tells SQLite nobody writes: then it needs no log beside the file.
std::string immutable_address(const std::string& path) {
  std::string address = "file:";
  for (const char c : path) {
    if (c == '%' || c == '?' || c == '#') {
      address += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    } else {
      address += c;
    }
  }
  return address + "?immutable=1";
}

Result<std::unique_ptr<Connection>> connect_read_only(const std::string& path) {
  auto connection = connect(path, path, SQLITE_OPEN_READONLY);
  if (!connection) {
    return connection;
  }
  const int code = first_read((*connection)->handle);
  if (code == SQLITE_OK) {
    return connection;
  }
  Error error = sqlite_error("read", **connection, code);
  const bool no_place_for_log = (code & 0xff) == SQLITE_CANTOPEN || (code & 0xff) == SQLITE_READONLY;
  // A database in a folder that we may not write, and with no log: it was closed in order, and nobody is writing.
  if (no_place_for_log && !file_exists(path + "-wal").value_or(true)) {
    connection = connect(path, immutable_address(path), SQLITE_OPEN_READONLY | SQLITE_OPEN_URI);
    if (connection && first_read((*connection)->handle) == SQLITE_OK) {
      return connection;
    }
  }
  return fail(std::move(error));
}

Result<std::unique_ptr<Connection>> connect_read_write(const std::string& path) {
  auto connection = connect(path, path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  if (!connection) {
    return connection;
  }
  sqlite3* handle = (*connection)->handle;
  if (sqlite3_db_readonly(handle, "main") == 1) {
    return fail(sqlite_error("write", path, nullptr, SQLITE_READONLY));
  }
  if (const int code = first_read(handle); code != SQLITE_OK) {
    return fail(sqlite_error("open", **connection, code));
  }
  return connection;
}

}  // namespace

Statement::~Statement() {
  if (statement_ != nullptr) {
    connection_->give_back(statement_);
  }
}

void Statement::bind(int index, std::int64_t value) {
  const int code = sqlite3_bind_int64(statement_, index, value);
  bind_result_ = bind_result_ != SQLITE_OK ? bind_result_ : code;
}

void Statement::bind(int index, double value) {
  const int code = sqlite3_bind_double(statement_, index, value);
  bind_result_ = bind_result_ != SQLITE_OK ? bind_result_ : code;
}

void Statement::bind(int index, std::string_view value) {
  // A null pointer would be bound as NULL; an empty text is a text.
  const char* data = value.empty() ? "" : value.data();
  const int code = sqlite3_bind_text64(statement_, index, data, value.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  bind_result_ = bind_result_ != SQLITE_OK ? bind_result_ : code;
}

void Statement::bind(int index, std::nullptr_t) {
  const int code = sqlite3_bind_null(statement_, index);
  bind_result_ = bind_result_ != SQLITE_OK ? bind_result_ : code;
}

Result<bool> Statement::step() {
  const int code = bind_result_ != SQLITE_OK ? bind_result_ : sqlite3_step(statement_);
  if (code == SQLITE_ROW) {
    return true;
  }
  bind_result_ = SQLITE_OK;
  if (code == SQLITE_DONE) {
    sqlite3_reset(statement_);
    return false;
  }
  Error error = sqlite_error(sqlite3_stmt_readonly(statement_) != 0 ? "read" : "write", *connection_, code);
  sqlite3_reset(statement_);
  return fail(std::move(error));
}

Status Statement::run() {
  while (true) {
    const Result<bool> row = step();
    if (!row) {
      return std::unexpected(row.error());
    }
    if (!*row) {
      return {};
    }
  }
}

std::int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(statement_, column);
}

double Statement::real(int column) const {
  return sqlite3_column_double(statement_, column);
}

std::string_view Statement::text(int column) const {
  const unsigned char* data = sqlite3_column_text(statement_, column);
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_, column));
  return data == nullptr ? std::string_view() : std::string_view(reinterpret_cast<const char*>(data), size);
}

bool Statement::is_null(int column) const {
  return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

Database::Database(std::unique_ptr<Connection> connection) : connection_(std::move(connection)) {}
Database::Database(Database&&) noexcept = default;
Database& Database::operator=(Database&&) noexcept = default;
Database::~Database() = default;

Result<Database> Database::open(const std::string& path, Access access) {
  auto connection = access == Access::read_only ? connect_read_only(path) : connect_read_write(path);
  if (!connection) {
    return std::unexpected(std::move(connection).error());
  }
  Database database(std::move(*connection));
  if (access == Access::read_only) {
    return database;
  }
  {
    Result<Statement> mode = database.prepare("PRAGMA journal_mode = wal");
    const Result<bool> row = mode ? mode->step() : std::unexpected(mode.error());
    if (!row) {
      return std::unexpected(row.error());
    }
    if (!*row || mode->text(0) != "wal") {
      return fail(
          fmt::format("cannot open {}: its file system has no shared memory, which SQLite's write-ahead log needs",
                      path),
          "choose a folder on a local disk with --data-dir");
    }
  }
  const Status settings = database.execute(fmt::format(
      "PRAGMA synchronous = full; PRAGMA foreign_keys = on; PRAGMA journal_size_limit = {}", log_bytes_kept));
  if (!settings) {
    return std::unexpected(settings.error());
  }
  return database;
}

namespace {

/// In one step, so that nobody writes between two of them. Returns what SQLite answered.
int copy_pages(sqlite3* from, sqlite3* to) {
  sqlite3_backup* backup = sqlite3_backup_init(to, "main", from, "main");
  if (backup == nullptr) {
    return SQLITE_NOMEM;
  }
  constexpr int all_pages = -1;
  const int stepped = sqlite3_backup_step(backup, all_pages);
  const int finished = sqlite3_backup_finish(backup);
  return stepped == SQLITE_DONE ? finished : stepped;
}

}  // namespace

Result<Database> Database::copy_in_memory() const {
  auto copy = connect(connection_->path, ":memory:", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  if (!copy) {
    return std::unexpected(std::move(copy).error());
  }
  if (const int code = copy_pages(connection_->handle, (*copy)->handle); code != SQLITE_OK) {
    return fail(sqlite_error("read", connection_->path, nullptr, code));
  }
  return Database(std::move(*copy));
}

Status Database::copy_to(const std::string& path) const {
  auto copy = connect(path, path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  if (!copy) {
    return std::unexpected(std::move(copy).error());
  }
  // Whoever makes a copy syncs it, or does without.
  sqlite3_exec((*copy)->handle, "PRAGMA synchronous = off; PRAGMA journal_mode = off", nullptr, nullptr, nullptr);
  if (const int code = copy_pages(connection_->handle, (*copy)->handle); code != SQLITE_OK) {
    return fail(sqlite_error("write", path, (*copy)->handle, code));
  }
  return {};
}

Status Database::execute(const std::string& sql) {
  const int code = sqlite3_exec(connection_->handle, sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) {
    return fail(sqlite_error("write", *connection_, code));
  }
  return {};
}

Result<Statement> Database::prepare(std::string_view sql) {
  if (const auto found = connection_->idle.find(sql); found != connection_->idle.end()) {
    sqlite3_stmt* statement = found->second;
    connection_->idle.erase(found);
    return Statement(connection_.get(), statement);
  }
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(connection_->handle, sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (code != SQLITE_OK) {
    return fail(sqlite_error("read", *connection_, code));
  }
  return Statement(connection_.get(), statement);
}

Status Database::run_again(std::string_view sql) {
  const Result<Statement> statement = prepare(sql);
  if (!statement) {
    return std::unexpected(statement.error());
  }
  const int code = sqlite3_step(statement->statement_);
  if (code != SQLITE_DONE) {
    return fail(sqlite_error("write", *connection_, code));
  }
  return {};
}

Result<std::int64_t> Database::integer(std::string_view sql) {
  Result<Statement> statement = prepare(sql);
  const Result<bool> row = statement ? statement->step() : std::unexpected(statement.error());
  if (!row) {
    return std::unexpected(row.error());
  }
  if (!*row) {
    return fail(fmt::format("cannot read {}: no row for {}", connection_->path, sql));
  }
  return statement->integer(0);
}

std::int64_t Database::changes() const {
  return sqlite3_changes64(connection_->handle);
}

const std::string& Database::path() const {
  return connection_->path;
}

Result<Transaction> Transaction::begin(Database& database, Kind kind) {
  if (const Status begun = database.run_again(kind == Kind::write ? "BEGIN IMMEDIATE" : "BEGIN"); !begun) {
    return std::unexpected(begun.error());
  }
  return Transaction(&database);
}

Transaction::~Transaction() {
  // SQLite has itself rolled back after some failures; then there is nothing left to do, and its answer does not
  // matter.
  if (database_ != nullptr) {
    static_cast<void>(database_->execute("ROLLBACK"));
  }
}

Status Transaction::commit() {
  Status committed = database_->run_again("COMMIT");
  if (!committed) {
    static_cast<void>(database_->execute("ROLLBACK"));
  }
  database_ = nullptr;
  return committed;
}

}  // namespace outfall
