// SPDX-License-Identifier: Apache-2.0
//
// LocalState: what the ledger of this machine is to the shared state of its pipeline: the newest there is, an older
// copy, or something else.
//
// A ledger whose runner holds the shared state is marked `holder <chain> <claim>`; it may know more than was pushed, as
// long as nobody else has claimed the pipeline since. Between two claims of one machine it bears both, so that a crash
// there loses nothing. One that was fetched to be looked at is marked `copy <chain> <number>`.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "ledger/data_dir.h"
#include "ledger/records.h"
#include "outfall/error.h"
#include "shared_state/head.h"

namespace outfall::shared_state {

std::string holder_mark(const std::string& chain, const std::string& claim, const std::string& next_claim = "");
std::string copy_mark(const Head& head);

enum class LocalState {
  held,      ///< whoever claimed the shared state last did it with this one: it may know more
  copied,    ///< it is the newest copy
  first,     ///< there is nothing else
  absent,    ///< there is none, or nothing was ever sealed in it
  outdated,  ///< the shared state went on without it
  foreign,   ///< it has work of another history
};

inline bool is_newest(LocalState state) {
  return state == LocalState::held || state == LocalState::copied || state == LocalState::first;
}

/// `head`: the newest.
Result<LocalState> local_state(const ledger::PipelinePaths& paths, const std::optional<Head>& head);

/// What to do about a ledger of another history.
Error foreign_state(const std::string& pipeline, const std::string& address);

/// Fetches the ledger of a head and puts it, with the mark, in the place of the one that is here. What was pending here
/// and is not known there is kept: kept_aside says where. The pipeline's lock must be held.
///
/// Errors: those of the store; abandon: it is not what was pushed, or names files outside of its folders.
Status replace_ledger(ObjectStore& store, const Head& head, const ledger::PipelinePaths& paths,
                      const std::string& mark);

/// The folders of what was replaced although rows of it were nowhere else.
Result<std::vector<std::string>> kept_aside(const ledger::PipelinePaths& paths);

/// Fetches job files of these packages that are not here.
Status fetch_jobs(ObjectStore& store, const Head& head, const ledger::PipelinePaths& paths,
                  const std::vector<ledger::PackageRecord>& pending);

/// Brings what is here up to date to be looked at, unless a process of this machine holds the pipeline. Takes the
/// pipeline's lock where something is new, for the moment in which what was fetched is put in its place
/// (ledger::PipelinePaths::looks is held then); other machines are kept from nothing. Job files are left where they
/// are.
Status refresh(ObjectStore& store, const std::string& pipeline, const ledger::PipelinePaths& paths);

}  // namespace outfall::shared_state
