// SPDX-License-Identifier: Apache-2.0
//
// Which batches of a lane are about to be sent, as its record says it: so that they come again as they were after a
// crash.
#pragma once

#include <algorithm>
#include <cstdint>

#include "ledger/records.h"

namespace outfall::ledger {

inline bool has_intent(const LaneRecord& record) {
  return record.sent_to > record.settled;
}

/// Where the batch in hand ends, of a record that has an intent.
inline std::uint64_t intended_end(const LaneRecord& record) {
  if (record.part_to > record.settled) return record.part_to;
  const std::uint64_t whole = (record.settled - record.cut_first) / record.cut;
  return std::min(record.cut_first + (whole + 1) * record.cut, record.sent_to);
}

/// The batch from what is settled up to `end` is about to be sent, and so are the others of its size up to `sent_to`,
/// all of which look as `record.sent_as` says.
inline void intend_window(LaneRecord& record, std::uint64_t end, std::uint64_t sent_to) {
  record.cut_first = record.settled;
  record.cut = end - record.settled;
  record.part_to = 0;
  record.sent_to = sent_to;
}

/// All of its rows are settled: nothing of it is about to be sent, and no verdict waits.
inline void close_lane(LaneRecord& record, std::uint64_t rows) {
  record.state = LaneState::done;
  record.settled = rows;
  record.sent_to = rows;
  record.cut = 0;
  record.part_to = 0;
  record.held.clear();
}

/// Rows that the destination has: also those of the batch in hand, where it rejected others and nobody has let these
/// go.
std::uint64_t delivered_rows(const LaneRecord& record);

/// Of a job of so many rows, those that are neither delivered nor rejected for good.
std::uint64_t open_rows(const LaneRecord& record, std::uint64_t rows);

}  // namespace outfall::ledger
