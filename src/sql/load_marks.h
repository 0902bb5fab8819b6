// SPDX-License-Identifier: Apache-2.0
//
// LoadMarks: which parts of a load are committed by themselves, in a table of ours beside those of the dataset.
//
// A mark commits together with the rows that it stands for. Those of a load go with the record that it is complete.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "sql/system_tables.h"
#include "sql/transaction.h"

namespace outfall::sql {

inline constexpr std::string_view load_marks_table = "_outfall_commits";

/// Makes the table, which is not there.
std::string create_load_marks(const Dataset& dataset);

/// The marks of a load. None also where there is no such table.
Result<std::set<std::string>> read_load_marks(const Dataset& dataset, const std::string& load_id);

Status store_load_marks(Transaction& transaction, const Dataset& dataset, const std::string& load_id,
                        const std::vector<std::string>& marks);

Status remove_load_marks(Transaction& transaction, const Dataset& dataset, const std::string& load_id);

}  // namespace outfall::sql
