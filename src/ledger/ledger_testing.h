// SPDX-License-Identifier: Apache-2.0
//
// For tests of the ledger: one in a folder of its own, and short ways to begin runs and seal packages.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/env.h"
#include "base/fault.h"
#include "base/scratch_folder.h"
#include "ledger/ledger.h"

namespace outfall::ledger {

class LedgerTest : public testing::Test {
 protected:
  Ledger open() {
    Result<Ledger> opened = Ledger::open(path_, env_);
    EXPECT_TRUE(opened) << opened.error().message;
    return std::move(*opened);
  }

  void begin(Ledger& ledger, const std::string& run_id, RunInput input = RunInput::known) {
    const Status begun = ledger.begin_run({.run_id = run_id,
                                           .command = "outfall run " + run_id,
                                           .input = input,
                                           .host = "here",
                                           .boot_id = "boot",
                                           .pid = 42,
                                           .started_at = env_.now_us(),
                                           .ended_at = std::nullopt,
                                           .ending = std::nullopt,
                                           .trace = ""});
    ASSERT_TRUE(begun) << begun.error().message;
    env_.advance(std::chrono::seconds(1));
  }

  void end(Ledger& ledger, const std::string& run_id, int ending = 0, bool told = true) {
    const Status ended = ledger.end_run({.run_id = run_id, .ending = ending, .trace = "{\"run\":1}", .told = told});
    ASSERT_TRUE(ended) << ended.error().message;
    env_.advance(std::chrono::seconds(1));
  }

  /// A package of two jobs; `schema` is also its hash.
  PackageRecord package(const std::string& run_id, const std::string& load_id, const std::string& schema = "s1") const {
    PackageRecord record;
    record.load_id = load_id;
    record.run_id = run_id;
    record.destination = "duckdb:/tmp/a.duckdb";
    record.dataset = "a_dataset";
    record.schema_name = "events";
    record.schema_version_hash = "hash-" + schema;
    record.schema = "{\"name\":\"" + schema + "\"}";
    record.replaced = {"events", "users"};
    record.altered = {{.column = {.table = "events", .column = "size"}, .load_id = load_id},
                      {.column = {.table = "users", .column = "size"}, .load_id = load_id}};
    record.documents = 3;
    record.sealed_at = 1'700'000'000'000'000;
    record.jobs = {{.table = "events", .file = "events.1.arrow", .rows = 3, .bytes = 100},
                   {.table = "events__tags", .file = "events__tags.1.arrow", .rows = 9, .bytes = 50, .hash = "5e"}};
    return record;
  }

  static InputRecord input(const std::string& path, const std::string& hash = "h1") {
    return {.path = path, .size = 10, .mtime_ns = 5, .hash = hash, .documents = 3};
  }

  /// Seals one input as one package and returns its load id.
  std::string seal(Ledger& ledger, const std::string& run_id, const InputRecord& sealed_input) {
    const std::string load_id = ledger.new_load_id().value();
    const std::vector<InputRecord> inputs{sealed_input};
    const Status sealed =
        ledger.seal(package(run_id, load_id), inputs, {.naming = "snake_case", .document = "{\"cursor\":1}"});
    EXPECT_TRUE(sealed) << sealed.error().message;
    return load_id;
  }

  /// Runs `work(ledger)` in a child that dies at the fault point; true if it did die there.
  template <class Work>
  bool dies_at(const std::string& fault, Work work) {
    const int status = run_forked([&] {
      if (!arm_fault(fault)) return 1;
      Result<Ledger> ledger = Ledger::open(path_, env_);
      if (!ledger) return 2;
      work(*ledger);
      return 0;
    });
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
  }

  ScratchFolder folder_;
  std::string path_ = folder_ / "outfall.db";
  FixedEnv env_;
};

}  // namespace outfall::ledger
