// SPDX-License-Identifier: Apache-2.0
//
// Tables as destinations of a program's own are told of them: what they look like, and how they differ from what the
// load before has left.
#pragma once

#include "base/json.h"
#include "outfall/custom_destination.h"
#include "schema/schema.h"

namespace outfall::delivery {

enum class SystemColumns { left_out, told };

/// The table as a destination of a program's own is told of it.
TableSchema describe(const schema::Table& table, SystemColumns system_columns);

/// `before`: the schema of the load before; null: there is none.
TableChanges changes_of(const schema::Table& table, const schema::Schema* before, SystemColumns system_columns);

/// {"new":false,"new_columns":["b"],"retyped_columns":[{"name":"a","from":"bigint","to":"double"}]}
Json to_json(const TableChanges& changes);

}  // namespace outfall::delivery
