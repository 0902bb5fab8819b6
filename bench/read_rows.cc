// SPDX-License-Identifier: Apache-2.0
//
// Reads the rows of a query at PostgreSQL as record batches and forgets them: through a session of ours, or with the
// driver alone. Prints the rows, the seconds from the query to its end, and the bytes that were held at most.
//
//   bench_read_rows session|driver ADDRESS QUERY
#include <arrow-adbc/adbc.h>
#include <dlfcn.h>
#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "sql/adbc_connection.h"

namespace {

using Clock = std::chrono::steady_clock;

[[noreturn]] void give_up(const char* what, const char* why) {
  std::fprintf(stderr, "%s: %s\n", what, why == nullptr ? "" : why);
  std::exit(1);
}

long long drain(ArrowArrayStream& stream) {
  long long rows = 0;
  while (true) {
    ArrowArray batch{};
    if (stream.get_next(&stream, &batch) != 0) give_up("read", stream.get_last_error(&stream));
    if (batch.release == nullptr) break;
    rows += batch.length;
    batch.release(&batch);
  }
  stream.release(&stream);
  return rows;
}

long long read_by_session(const char* address, const char* query) {
  const auto session = outfall::sql::open_postgres({.uri = address});
  if (!session) give_up("connect", session.error().message.c_str());
  ArrowArrayStream stream{};
  if (const auto asked = (*session)->query(query, &stream); !asked) give_up("query", asked.error().message.c_str());
  return drain(stream);
}

long long read_by_driver(const char* address, const char* query) {
  void* library = dlopen(OUTFALL_ADBC_POSTGRESQL_LIBRARY, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) give_up("driver", dlerror());
  AdbcDriver driver{};
  AdbcError error{};
  const auto check = [&error](AdbcStatusCode code) {
    if (code != ADBC_STATUS_OK) give_up("driver", error.message);
  };
  const auto init = reinterpret_cast<AdbcDriverInitFunc>(dlsym(library, "AdbcDriverInit"));
  check(init(ADBC_VERSION_1_1_0, &driver, &error));
  AdbcDatabase database{};
  AdbcConnection connection{};
  AdbcStatement statement{};
  check(driver.DatabaseNew(&database, &error));
  check(driver.DatabaseSetOption(&database, "uri", address, &error));
  check(driver.DatabaseInit(&database, &error));
  check(driver.ConnectionNew(&connection, &error));
  check(driver.ConnectionInit(&connection, &database, &error));
  check(driver.StatementNew(&connection, &statement, &error));
  check(driver.StatementSetSqlQuery(&statement, query, &error));
  ArrowArrayStream stream{};
  check(driver.StatementExecuteQuery(&statement, &stream, nullptr, &error));
  const long long rows = drain(stream);
  check(driver.StatementRelease(&statement, &error));
  check(driver.ConnectionRelease(&connection, &error));
  check(driver.DatabaseRelease(&database, &error));
  return rows;
}

}  // namespace

int main(int count, char** words) {
  if (count != 4) {
    std::fprintf(stderr, "usage: bench_read_rows session|driver ADDRESS QUERY\n");
    return 2;
  }
  const bool is_session = std::string_view(words[1]) == "session";
  const Clock::time_point start = Clock::now();
  const long long rows = is_session ? read_by_session(words[2], words[3]) : read_by_driver(words[2], words[3]);
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  std::printf("%lld %.6f %ld\n", rows, seconds, usage.ru_maxrss * 1024);
  return 0;
}
