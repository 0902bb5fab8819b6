// SPDX-License-Identifier: Apache-2.0
//
// CellForm: how the text of a cell is written, and which type gives that very text back.
//
// A file of text says nothing of types. A column gets one only if printing its values gives every cell as it was, so
// nothing is lost by it: `00501`, `+1` and numbers of twenty digits stay text. Printing follows the column: where all
// whole numbers of a column of doubles stand without a point, `3` is as good as `3.0`.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "outfall/types.h"

namespace outfall::schema {

/// The forms that the cells of one column have: a set, one bit a form. Sets join with `|`.
using CellForms = std::uint64_t;

/// Of a cell that only text gives back.
inline constexpr CellForms text_form = 1;

/// The form of a text that is not empty; exactly one bit.
CellForms form_of(std::string_view cell);

/// The type of a column with cells of these forms: bigint, double, bool, date, timestamp or text. None without cells.
std::optional<DataType> type_of(CellForms forms);

}  // namespace outfall::schema
