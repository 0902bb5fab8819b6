// SPDX-License-Identifier: Apache-2.0
//
// What it costs to hand rows to a function or a program and to know how far it is: calls and rows a second, beside what
// this machine can commit one by one and what Python alone can read. Runs in the working directory, which it fills and
// leaves to the caller.
//
//   bench_deliver [ROWS [PART...]]
#include <sqlite3.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
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

constexpr std::uint64_t python_batch = 1000;

/// Rows a second of the program alone, its start among them: all that it is to read lies in a file.
double rows_a_second_of_python(std::uint64_t count) {
  std::FILE* file = std::fopen("messages.ndjson", "w");
  std::fputs("{\"type\":\"hello\"}\n", file);
  outfall::NextDocument next = rows(count);
  for (std::uint64_t i = 0; i < count; ++i) {
    if (i % python_batch == 0) std::fprintf(file, "{\"type\":\"batch\",\"rows\":%" PRIu64 "}\n", python_batch);
    const std::string_view row = **next();
    std::fwrite(row.data(), 1, row.size(), file);
    std::fputc('\n', file);
  }
  std::fclose(file);
  const Clock::time_point start = Clock::now();
  if (std::system("python3 reader.py <messages.ndjson >answers.ndjson") != 0) std::exit(1);
  return static_cast<double>(count) / seconds_since(start);
}

/// Rows a second of a package that goes to a Python program, its start among them.
double rows_a_second_to_python(const std::string& name, std::uint64_t count) {
  outfall::Pipeline pipeline({.name = name, .destination = "exec:python3 reader.py", .data_dir = "state"});
  std::vector<outfall::MemoryInput> inputs{{.table = "t", .documents = rows(count)}};
  (void)pipeline.run({.from_memory = inputs, .batches = {.batch_size = python_batch}, .seal_only = true});
  const Clock::time_point start = Clock::now();
  const outfall::ResumeReport done = pipeline.resume({.batches = {.batch_size = python_batch}});
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

constexpr auto strict = outfall::BatchProgress::strict;
constexpr auto grouped = outfall::BatchProgress::grouped;

double calls_a_second(const Delivered& done) {
  return static_cast<double>(done.calls) / done.seconds;
}

void bench_rows(std::uint64_t many) {
  const Delivered thousand =
      deliver("thousand", 1, many, {.batch_size = 1000, .load_jobs_max = 1, .progress = grouped});
  print("rows a second, batch 1000, one worker", static_cast<double>(thousand.rows) / thousand.seconds / 1e6,
        "million/s", 5);
  print("first batch of a package of that many rows", thousand.before_first * 1e3, "ms", 50, true);
  const Delivered strictly = deliver("strictly", 1, many, {.batch_size = 1000, .load_jobs_max = 1, .progress = strict});
  std::printf("%-44s %12.2f million/s\n", "the same, strict",
              static_cast<double>(strictly.rows) / strictly.seconds / 1e6);
}

/// Each between two measurements of the machine, which does not commit equally fast all the time.
void bench_strict() {
  const double before = commits_a_second(20'000);
  const double one =
      calls_a_second(deliver("one", 1, 20'000, {.batch_size = 1, .load_jobs_max = 1, .progress = strict}));
  const double between = commits_a_second(20'000);
  const double ten =
      calls_a_second(deliver("ten", 1, 200'000, {.batch_size = 10, .load_jobs_max = 1, .progress = strict}));
  const double after = commits_a_second(20'000);
  std::printf("%-44s %12.0f, %.0f, %.0f a second\n", "this machine's commits, one row each", before, between, after);
  print("batch 1, strict, one lane: calls / commits", one / ((before + between) / 2), "", 0.9);
  print("batch 10, strict, one lane: calls / commits", ten / ((between + after) / 2), "", 0.9);
  const double lanes =
      calls_a_second(deliver("lanes", 16, 10'000, {.batch_size = 1, .load_jobs_max = 16, .progress = strict}));
  print("batch 1, strict, 16 lanes / one lane", lanes / one, "", 3);
}

void bench_grouped() {
  const Delivered calls = deliver("calls", 1, 1'000'000, {.batch_size = 1, .load_jobs_max = 1, .progress = grouped});
  print("batch 1, grouped, one lane", calls_a_second(calls) / 1e3, "thousand calls/s", 100);
}

void bench_python() {
  constexpr std::uint64_t count = 1'000'000;
  std::FILE* file = std::fopen("reader.py", "w");
  std::fputs(reader, file);
  std::fclose(file);
  const double before = rows_a_second_of_python(count);
  const double with_us = rows_a_second_to_python("python", count);
  const double after = rows_a_second_of_python(count);
  std::printf("%-44s %12.0f, %.0f thousand rows/s\n", "Python alone that reads NDJSON", before / 1e3, after / 1e3);
  print("exec: the same program, batch 1000", with_us / 1e3, "thousand rows/s", 400);
  print("exec: the same program / Python alone", with_us / ((before + after) / 2), "", 0.9);
}

}  // namespace

int main(int count, char** words) {
  const std::uint64_t many = count > 1 ? std::strtoull(words[1], nullptr, 10) : 10'000'000;
  const auto is_wanted = [&](std::string_view part) {
    return count <= 2 || std::find(words + 2, words + count, part) != words + count;
  };
  if (is_wanted("rows")) bench_rows(many);
  if (is_wanted("strict")) bench_strict();
  if (is_wanted("grouped")) bench_grouped();
  if (is_wanted("python")) bench_python();
}
