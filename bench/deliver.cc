// SPDX-License-Identifier: Apache-2.0
//
// What it costs to hand rows to a function and to know how far it is: calls and rows a second, beside what this machine
// can commit one by one. Runs in the working directory, which it fills and leaves to the caller.
//
//   bench_deliver [ROWS]
#include <sqlite3.h>

#include <atomic>
#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "outfall/outfall.h"

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// One row a transaction, WAL and synchronous FULL, as the state store is.
double commits_a_second(int count) {
  sqlite3* database = nullptr;
  sqlite3_open("commits.db", &database);
  sqlite3_exec(database, "pragma journal_mode=wal; pragma synchronous=full; create table t (id integer primary key, n)",
               nullptr, nullptr, nullptr);
  sqlite3_stmt* insert = nullptr;
  sqlite3_prepare_v2(database, "insert or replace into t values (1, ?1)", -1, &insert, nullptr);
  const Clock::time_point start = Clock::now();
  for (int i = 0; i < count; ++i) {
    sqlite3_bind_int(insert, 1, i);
    sqlite3_step(insert);
    sqlite3_reset(insert);
  }
  const double rate = count / seconds_since(start);
  sqlite3_finalize(insert);
  sqlite3_close(database);
  return rate;
}

/// Documents of several columns, as many as wanted.
outfall::NextDocument rows(std::uint64_t count) {
  return [count, i = std::uint64_t{0},
          text = std::string()]() mutable -> outfall::Result<std::optional<std::string_view>> {
    if (i == count) return std::nullopt;
    char line[160];
    const int length =
        std::snprintf(line, sizeof line,
                      R"({"id":%)" PRIu64 R"(,"name":"name %)" PRIu64 R"(","amount":%)" PRIu64 R"(.25,"is_new":%s})", i,
                      i % 1000, i % 100'000, i % 2 == 0 ? "true" : "false");
    text.assign(line, static_cast<std::size_t>(length));
    ++i;
    return std::string_view(text);
  };
}

struct Delivered {
  double seconds = 0;       ///< from the first call to the end of the load
  double before_first = 0;  ///< from resume to the first call
  std::uint64_t calls = 0;
  std::uint64_t rows = 0;
};

/// Counts and looks at every value.
struct Looking {
  std::atomic<std::uint64_t>& calls;
  std::atomic<std::uint64_t>& seen;
  Clock::time_point& first;

  void operator()(const outfall::Rows& rows, const outfall::TableSchema&) {
    if (calls++ == 0) first = Clock::now();
    std::uint64_t sum = 0;
    for (const outfall::Row row : rows) {
      for (std::size_t column = 0; column < row.size(); ++column) sum += row[column].index();
    }
    seen += sum == 0 ? 0 : rows.size();
  }
};

/// Seals so many rows in each of so many tables, then delivers them.
Delivered deliver(const std::string& name, std::uint64_t tables, std::uint64_t count, outfall::BatchOptions batches) {
  std::atomic<std::uint64_t> calls = 0;
  std::atomic<std::uint64_t> seen = 0;
  Clock::time_point first;
  const auto sink = outfall::custom_destination({.name = "bench", .batches = batches}, Looking{calls, seen, first});
  outfall::Pipeline pipeline({.name = name, .custom_destination = sink, .data_dir = "state"});
  std::vector<outfall::MemoryInput> inputs;
  for (std::uint64_t i = 0; i < tables; ++i) {
    inputs.push_back({.table = "t" + std::to_string(i), .documents = rows(count)});
  }
  const outfall::Report sealed = pipeline.run({.from_memory = inputs, .seal_only = true});
  const Clock::time_point start = Clock::now();
  const outfall::ResumeReport done = pipeline.resume();
  if (done.ending != outfall::Ending::delivered) {
    std::fprintf(stderr, "%s: not delivered\n", name.c_str());
    std::exit(1);
  }
  return {.seconds = seconds_since(first),
          .before_first = std::chrono::duration<double>(first - start).count(),
          .calls = calls,
          .rows = seen};
}

/// A program that reads every row.
const char* const reader = R"(import json, sys
from itertools import islice
def say(**answer):
    print(json.dumps(answer), flush=True)
for line in sys.stdin:
    message = json.loads(line)
    if message["type"] == "hello":
        say(type="ready", protocol=1)
    elif message["type"] == "batch":
        for row in islice(sys.stdin, message["rows"]):
            json.loads(row)
        say(type="ok")
    elif message["type"] != "end":
        say(type="ok")
)";

/// Rows a second of a package that goes to a Python program, its start among them.
double rows_a_second_to_python(std::uint64_t count) {
  std::FILE* file = std::fopen("reader.py", "w");
  std::fputs(reader, file);
  std::fclose(file);
  outfall::Pipeline pipeline({.name = "python", .destination = "exec:python3 reader.py", .data_dir = "state"});
  std::vector<outfall::MemoryInput> inputs{{.table = "t", .documents = rows(count)}};
  (void)pipeline.run({.from_memory = inputs, .batches = {.batch_size = 1000}, .seal_only = true});
  const Clock::time_point start = Clock::now();
  const outfall::ResumeReport done = pipeline.resume({.batches = {.batch_size = 1000}});
  const double seconds = seconds_since(start);
  if (done.ending != outfall::Ending::delivered) {
    std::fprintf(stderr, "python: not delivered\n");
    std::exit(1);
  }
  return static_cast<double>(count) / seconds;
}

void print(const char* what, double value, const char* unit, double goal, bool is_less = false) {
  const bool is_met = is_less ? value <= goal : value >= goal;
  std::printf("%-44s %12.2f %-14s goal %s %.2f%s\n", what, value, unit, is_less ? "<" : ">", goal,
              is_met ? "" : "   MISSED");
}

}  // namespace

int main(int count, char** words) {
  const std::uint64_t many = count > 1 ? std::strtoull(words[1], nullptr, 10) : 10'000'000;
  const auto strict = outfall::BatchProgress::strict;
  const auto grouped = outfall::BatchProgress::grouped;

  const Delivered thousand =
      deliver("thousand", 1, many, {.batch_size = 1000, .load_jobs_max = 1, .progress = grouped});
  print("rows a second, batch 1000, one worker", static_cast<double>(thousand.rows) / thousand.seconds / 1e6,
        "million/s", 5);
  print("first batch of a package of that many rows", thousand.before_first * 1e3, "ms", 50, true);
  const Delivered strictly = deliver("strictly", 1, many, {.batch_size = 1000, .load_jobs_max = 1, .progress = strict});
  std::printf("%-44s %12.2f million/s\n", "the same, strict",
              static_cast<double>(strictly.rows) / strictly.seconds / 1e6);

  const double before = commits_a_second(20'000);
  const Delivered one = deliver("one", 1, 20'000, {.batch_size = 1, .load_jobs_max = 1, .progress = strict});
  const double between = commits_a_second(20'000);
  const Delivered ten = deliver("ten", 1, 200'000, {.batch_size = 10, .load_jobs_max = 1, .progress = strict});
  const double after = commits_a_second(20'000);
  std::printf("%-44s %12.0f, %.0f, %.0f a second\n", "this machine's commits, one row each", before, between, after);
  const double one_rate = static_cast<double>(one.calls) / one.seconds;
  const double ten_rate = static_cast<double>(ten.calls) / ten.seconds;
  print("batch 1, strict, one lane: calls / commits", one_rate / ((before + between) / 2), "", 0.9);
  print("batch 10, strict, one lane: calls / commits", ten_rate / ((between + after) / 2), "", 0.9);
  const Delivered lanes = deliver("lanes", 16, 10'000, {.batch_size = 1, .load_jobs_max = 16, .progress = strict});
  print("batch 1, strict, 16 lanes / one lane", static_cast<double>(lanes.calls) / lanes.seconds / one_rate, "", 3);
  const Delivered calls = deliver("calls", 1, 1'000'000, {.batch_size = 1, .load_jobs_max = 1, .progress = grouped});
  print("exec: Python that reads NDJSON, batch 1000", rows_a_second_to_python(1'000'000) / 1e3, "thousand rows/s", 400);
  print("batch 1, grouped, one lane", static_cast<double>(calls.calls) / calls.seconds / 1e3, "thousand calls/s", 100);
}
