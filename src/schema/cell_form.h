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

/// Whether a column of that type, if it takes the text at all, says all that the text says: `00501` and `0x10` are more
/// than a number, `12` is no day, `2024-05-05 17:45` more than one, a double has no `9007199254740993`. Spellings that
/// say the same are all right: `1.50`, `TRUE`, `20240505`.
bool keeps(DataType type, std::string_view cell);

}  // namespace outfall::schema
