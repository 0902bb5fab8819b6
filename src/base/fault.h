// SPDX-License-Identifier: Apache-2.0
//
// Fault points: the places where crash tests kill the process, as ordinary expressions in the code:
// fault_point(Fault::before_seal).
//
// OUTFALL_FAULT=<name>[:<nth>] makes the process end itself with SIGKILL when the nth call (default: the first) of that
// point is reached. Unset, a point costs one relaxed load. Safe for several threads at once.
#pragma once

#include <atomic>
#include <cstdint>
#include <span>
#include <string_view>

#include "outfall/error.h"
#include "outfall/fault.h"

namespace outfall {

// The one list of fault points, in the order in which a run passes them. A new one is a line here and a call in the
// code.
// clang-format off
#define OUTFALL_FAULT_POINTS(POINT)                                                                            \
  POINT(ledger_created, "the state store exists, nothing was recorded in it")                                  \
  POINT(state_claimed, "the shared state is claimed, nothing of it was fetched")                               \
  POINT(run_begun, "the run is recorded, nothing was read")                                                    \
  POINT(job_file_created, "a job file was created, it is still empty")                                         \
  POINT(job_file_written, "a job file was written and closed, it is not synced")                               \
  POINT(job_files_synced, "all job files and their folders are durable, the ledger does not know them")        \
  POINT(before_seal, "the transaction that seals the package was not begun")                                   \
  POINT(in_seal, "the seal is written, its transaction is not committed")                                      \
  POINT(after_seal, "the package is sealed, nothing was sent")                                                 \
  POINT(before_migration, "the destination's tables were not touched")                                         \
  POINT(after_migration, "the destination's tables are ready, no row was sent")                                \
  POINT(before_load_begin, "the data transaction was not begun")                                               \
  POINT(in_load, "some rows are in the data transaction")                                                      \
  POINT(after_part_commit, "a part of the load is committed by itself, the next one is not begun")             \
  POINT(before_load_commit, "all rows are in the data transaction, it is not committed")                       \
  POINT(after_load_commit, "the destination has committed, its answer was not looked at")                      \
  POINT(batch_intended, "a batch is recorded as about to be sent, it was not sent")                            \
  POINT(batch_answered, "a batch was sent and answered, the answer is not recorded")                           \
  POINT(before_ledger_loaded, "the rows are at the destination, the ledger still says pending")                \
  POINT(after_ledger_loaded, "the ledger says loaded, the job files still exist")                              \
  POINT(before_files_removed, "the job files of a loaded package were not touched")                            \
  POINT(after_files_removed, "the job files of a loaded package are gone")                                     \
  POINT(before_package_drop, "a package is to be given up, nothing was done about it")                         \
  POINT(in_package_drop, "the package is given up, that transaction is not committed")                         \
  POINT(after_package_drop, "the ledger has forgotten the package, its job files still exist")                 \
  POINT(abort_asked, "it is recorded that a package is to be aborted, nothing else was done")                  \
  POINT(in_abort, "the destination was told of the abort, its end is not committed")                           \
  POINT(after_abort, "the abort has its end, the job files still exist")                                       \
  POINT(after_skip, "rows that were given up are recorded as rejected, the command has not ended")             \
  POINT(before_state_push, "the objects of a push are in the shared state, its head is not")                   \
  POINT(after_state_push, "a push is the newest version, what it replaced is still there")                     \
  POINT(before_run_end, "all work is done, the end of the run is not recorded")                                \
  POINT(after_run_end, "the end of the run is recorded, the process has not left")
// clang-format on

enum class Fault : std::uint8_t {
#define OUTFALL_FAULT_NAME(name, sentence) name,
  OUTFALL_FAULT_POINTS(OUTFALL_FAULT_NAME)
#undef OUTFALL_FAULT_NAME
};

struct FaultInfo {
  Fault fault;
  std::string_view name;
  std::string_view sentence;  ///< what is true when the process dies here
};

/// Every fault point, in the order of the enum.
std::span<const FaultInfo> fault_points();

/// Arms the point that `spec` (`<name>[:<nth>]`) names; an empty spec disarms.
///
/// Errors: usage, abandon: no such point, or the count is not a number from 1 on.
Status arm_fault(std::string_view spec);

/// Whether OUTFALL_FAULT, where it is set, names a point. Asked before each run, so that no crash test of a host passes
/// because nothing died. Errors: as of arm_fault.
Status check_fault_of_environment();

namespace fault_detail {

enum class State : std::uint8_t { unread, disarmed, armed };
inline std::atomic<State> state{State::unread};
void reached(Fault fault);

}  // namespace fault_detail

/// Ends the process here when this point is armed and its turn has come.
inline void fault_point(Fault fault) {
  if (fault_detail::state.load(std::memory_order_relaxed) != fault_detail::State::disarmed) [[unlikely]] {
    fault_detail::reached(fault);
  }
}

}  // namespace outfall
