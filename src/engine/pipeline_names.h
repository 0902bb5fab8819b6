// SPDX-License-Identifier: Apache-2.0
//
// Which pipelines a name means, and where they are.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/shared_state.h"
#include "ledger/records.h"
#include "outfall/error.h"
#include "pipeline/state_keeper.h"

namespace outfall::engine {

/// Digits behind the name in the key of a pipeline that was not named.
inline constexpr std::size_t key_hash_digits = 8;

/// Whether a key has the form of those of pipelines that were not named: a table, a dash, digits of a hash.
bool is_keyed_by_target(std::string_view key);

/// Whether a key is that of a pipeline that was not named and goes by this name.
bool is_keyed(const std::string& key, const std::string& name);

/// Where state is looked for; as PipelineOptions has it.
struct StatePlace {
  std::string data_dir{};
  std::string state{};
};

/// Pipelines of one data directory.
struct PipelinesFound {
  std::string data_dir;           ///< absolute
  std::vector<std::string> keys;  ///< their folders, in byte order
  pipeline::SharedState shared{};
  std::vector<Unreadable> unreadable{};  ///< by key; what is here of them may be old, and is not among the keys
};

/// `asked`: as PipelineOptions::data_dir. The directory need not exist.
///
/// Errors: usage: nothing says where it is.
Result<std::string> find_data_dir(const std::string& asked);

/// All pipelines of a data directory, as far as other runners have shared them by now; or, with a name, the pipeline of
/// that name; if there is none, those that were keyed by their target under it (`users` means `users-1a0a30a6`).
///
/// Errors: usage: `name` is given, and there is none; names those that are there; those of the shared state.
Result<PipelinesFound> find_pipelines(const StatePlace& asked, const std::string& name);

/// The same for who can tell of each pipeline by itself: without a name those of the shared state that cannot be read
/// are no error.
Result<PipelinesFound> find_readable_pipelines(const StatePlace& asked, const std::string& name);

/// What an earlier run of the pipeline was tied to, if there was one.
Result<std::optional<ledger::Binding>> remembered_binding(const std::string& data_dir, const std::string& key);

/// The error, with a hint at packages that wait in the data directory: without its input a command delivers none.
Error with_pending(Error error, const std::string& data_dir);

}  // namespace outfall::engine
