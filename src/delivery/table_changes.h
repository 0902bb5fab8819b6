// SPDX-License-Identifier: Apache-2.0
//
// How a table differs from what the load before has left at the destination, for destinations that keep tables of their
// own.
#pragma once

#include "base/json.h"
#include "outfall/custom_destination.h"
#include "schema/schema.h"

namespace outfall::delivery {

enum class SystemColumns { left_out, told };

/// `before`: the schema of the load before; null: there is none.
TableChanges changes_of(const schema::Table& table, const schema::Schema* before, SystemColumns system_columns);

/// {"new":false,"new_columns":["b"],"retyped_columns":[{"name":"a","from":"bigint","to":"double"}]}
Json to_json(const TableChanges& changes);

}  // namespace outfall::delivery
