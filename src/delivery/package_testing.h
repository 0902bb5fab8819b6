// SPDX-License-Identifier: Apache-2.0
//
// Packages made by hand, for tests of what delivers them.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "ledger/ledger.h"
#include "package/package_writer.h"
#include "schema/schema.h"
#include "sql/arrow_rows_for_tests.h"

namespace outfall::delivery {

/// Rows of a table. Other columns than those before them begin another job file.
struct TableRows {
  std::string table;
  std::vector<sql::for_tests::Column> columns;
};

/// A package whose job files have these rows, under `packages`. What it is for is to be said by who needs another
/// destination or dataset.
inline ledger::PackageRecord write_package(const std::string& packages, const std::string& load_id,
                                           const schema::Schema& schema, std::vector<TableRows> rows) {
  auto writer = package::PackageWriter::create(packages, load_id);
  EXPECT_TRUE(writer) << writer.error().message;
  for (TableRows& some : rows) {
    sql::for_tests::Batch batch(std::move(some.columns));
    ArrowSchema description{};
    ArrowArray array{};
    batch.fill(&description);
    batch.fill(&array);
    const Status appended = writer->append(some.table, description, &array);
    EXPECT_TRUE(appended) << appended.error().message;
    description.release(&description);
  }
  ledger::PackageRecord package;
  package.load_id = load_id;
  package.run_id = "sealing";
  package.destination = "test:";
  package.dataset = "data";
  package.schema_name = schema.name;
  package.schema_version_hash = schema.version_hash;
  package.schema = schema.to_json();
  auto jobs = writer->finish();
  EXPECT_TRUE(jobs) << jobs.error().message;
  package.jobs = std::move(*jobs);
  for (const ledger::JobRecord& job : package.jobs) package.documents += job.rows;
  return package;
}

/// The ledger knows of the package, and it is to be delivered.
inline void seal_package(ledger::Ledger& ledger, const ledger::PackageRecord& package) {
  const Status sealed = ledger.seal(package, {}, {.naming = "direct", .document = ""});
  EXPECT_TRUE(sealed) << sealed.error().message;
}

}  // namespace outfall::delivery
