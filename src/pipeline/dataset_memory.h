// SPDX-License-Identifier: Apache-2.0
//
// DatasetMemory: the schema and the state with which a run begins, from the ledger and from what the destination
// remembers.
#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "delivery/destination.h"
#include "ledger/ledger.h"
#include "pipeline/run.h"
#include "schema/columns_there.h"
#include "schema/pipeline_state.h"
#include "schema/schema.h"

namespace outfall::pipeline {

struct DatasetMemory {
  schema::Schema schema;
  schema::PipelineState state;
  bool state_is_stored = false;                 ///< the destination (or a pending package) has the state as it is
  const sql::Dialect* dialect = nullptr;        ///< that names the types there; null: the destination has none
  schema::ColumnsThere there{};                 ///< what the destination has
  std::vector<ledger::TableColumn> to_alter{};  ///< columns that pending packages give another type first
  std::vector<std::string> dropped{};           ///< tables that are forgotten, and go before the run's rows come
};

/// What the ledger or a dataset has, as text.
struct Remembered {
  std::string schema;
  std::string state;
  std::string schema_name;  ///< as the state says
  bool is_empty() const { return schema.empty(); }
};

/// Whose memory is looked for, and where.
struct MemoryPlace {
  delivery::Destination& destination;
  std::string dataset;
  std::string pipeline;  ///< as the destination knows it
  delivery::Inspection inspection = delivery::Inspection::only_look;
  std::stop_token stop{};
};

/// What the dataset has of the pipeline. Empty: there is no dataset, or nothing of it.
///
/// Errors: it cannot be asked; what it has cannot be read.
Result<Remembered> remembered_at(const MemoryPlace& place);

/// How a run looks at its destination before it extracts.
delivery::Inspection inspection_of(const RunRequest& request);

/// The destination decides, for another program may have gone on with the dataset; but while packages are pending, the
/// ledger is ahead of it. A dataset that is gone resets what the ledger knew, with a note;
/// one that the ledger knows nothing of is noted too. A dry run changes
/// nothing in the ledger, and has none (null) before the first run.
///
/// Errors: usage: the dataset follows another naming convention than was asked for; abandon: the stored documents
/// cannot be read.
Result<DatasetMemory> recall(const RunRequest& request, ledger::Ledger* ledger, bool has_pending,
                             std::vector<std::string>& notes);

/// Notes that the dataset of earlier loads is not where they went: `pending` packages, the newest, are loaded anyway.
///
/// Errors: the ledger cannot be read.
Status note_if_gone(const RunRequest& request, ledger::Ledger& ledger, std::size_t pending,
                    std::vector<std::string>& notes);

}  // namespace outfall::pipeline
