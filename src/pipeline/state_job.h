// SPDX-License-Identifier: Apache-2.0
//
// The pipeline's state as a row of `_dlt_pipeline_state`, so that it is loaded with the rows it belongs to.
#pragma once

#include <string>

#include "normalize/batch_assembler.h"
#include "normalize/row_id.h"
#include "schema/pipeline_state.h"

namespace outfall::pipeline {

struct StateRow {
  const schema::PipelineState& state;
  std::string load_id;
  std::int64_t created_at_us = 0;
  normalize::RowIdSeed seed{};
};

/// Writes the one row as a batch of its own.
Status write_state_row(const StateRow& row, const normalize::WriteBatch& write);

}  // namespace outfall::pipeline
