// SPDX-License-Identifier: Apache-2.0
//
// The rows of a table of one SQLite database into the same table of another, through a prepared INSERT in one
// transaction. Prints the seconds from opening the other database to the end of its commit; the rows lie in memory
// before.
//
//   bench_sqlite_inserts FROM.db TABLE TO.db
#include <sqlite3.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <variant>
#include <vector>

namespace {

struct Bytes {
  std::string bytes;
};
using Cell = std::variant<std::monostate, sqlite3_int64, double, std::string, Bytes>;

sqlite3* open(const char* path) {
  sqlite3* database = nullptr;
  if (sqlite3_open_v2(path, &database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr) == SQLITE_OK)
    return database;
  std::fprintf(stderr, "%s: %s\n", path, sqlite3_errmsg(database));
  std::exit(1);
}

sqlite3_stmt* prepare(sqlite3* database, const std::string& text) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v2(database, text.c_str(), -1, &statement, nullptr) == SQLITE_OK) return statement;
  std::fprintf(stderr, "%s: %s\n", text.c_str(), sqlite3_errmsg(database));
  std::exit(1);
}

void run(sqlite3* database, const char* text) {
  if (sqlite3_exec(database, text, nullptr, nullptr, nullptr) == SQLITE_OK) return;
  std::fprintf(stderr, "%s: %s\n", text, sqlite3_errmsg(database));
  std::exit(1);
}

Cell cell_of(sqlite3_stmt* statement, int column) {
  const auto bytes = [&](const void* data) {
    return std::string(static_cast<const char*>(data),
                       static_cast<std::size_t>(sqlite3_column_bytes(statement, column)));
  };
  switch (sqlite3_column_type(statement, column)) {
    case SQLITE_INTEGER:
      return sqlite3_column_int64(statement, column);
    case SQLITE_FLOAT:
      return sqlite3_column_double(statement, column);
    case SQLITE_TEXT:
      return bytes(sqlite3_column_text(statement, column));
    case SQLITE_BLOB:
      return Bytes{bytes(sqlite3_column_blob(statement, column))};
    default:
      return {};
  }
}

/// What can make the next value go in.
struct Bind {
  sqlite3_stmt* statement;
  int index;

  void operator()(std::monostate) const { sqlite3_bind_null(statement, index); }
  void operator()(sqlite3_int64 value) const { sqlite3_bind_int64(statement, index, value); }
  void operator()(double value) const { sqlite3_bind_double(statement, index, value); }
  void operator()(const std::string& value) const {
    sqlite3_bind_text(statement, index, value.data(), static_cast<int>(value.size()), SQLITE_STATIC);
  }
  void operator()(const Bytes& value) const {
    sqlite3_bind_blob(statement, index, value.bytes.data(), static_cast<int>(value.bytes.size()), SQLITE_STATIC);
  }
};

}  // namespace

int main(int count, char** words) {
  if (count != 4) {
    std::fprintf(stderr, "usage: bench_sqlite_inserts FROM.db TABLE TO.db\n");
    return 2;
  }
  const std::string table = std::string("\"") + words[2] + "\"";
  sqlite3* from = open(words[1]);
  sqlite3_stmt* select = prepare(from, "SELECT * FROM " + table);
  const int columns = sqlite3_column_count(select);
  std::vector<Cell> cells;
  while (sqlite3_step(select) == SQLITE_ROW) {
    for (int i = 0; i < columns; ++i) cells.push_back(cell_of(select, i));
  }
  sqlite3_finalize(select);
  sqlite3_close(from);

  const auto start = std::chrono::steady_clock::now();
  sqlite3* to = open(words[3]);
  run(to, "PRAGMA synchronous = full");
  run(to, "BEGIN IMMEDIATE");
  std::string places = "?";
  for (int i = 1; i < columns; ++i) places += ", ?";
  std::string text = "INSERT INTO " + table;
  text += " VALUES (" + places + ")";
  sqlite3_stmt* insert = prepare(to, text);
  for (std::size_t next = 0; next < cells.size();) {
    for (int i = 1; i <= columns; ++i) std::visit(Bind{insert, i}, cells[next++]);
    if (sqlite3_step(insert) != SQLITE_DONE) {
      std::fprintf(stderr, "insert: %s\n", sqlite3_errmsg(to));
      return 1;
    }
    sqlite3_reset(insert);
  }
  sqlite3_finalize(insert);
  run(to, "COMMIT");
  sqlite3_close(to);
  std::printf("%.6f\n", std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  return 0;
}
