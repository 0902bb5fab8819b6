// SPDX-License-Identifier: Apache-2.0
//
// Head: what one version of a pipeline's shared state consists of, and who holds it.
//
// A pipeline is a folder of the store, and its versions are objects in it that are numbered on without an end:
//
//   head.<number>              a Head as JSON; the greatest number is the truth
//   state.<generation>.<n>     a copy of the ledger
//   job.<generation>.<n>       a job file of a pending package
//   beat.<generation>.<n>      only its name matters: its holder is alive
//
// Whoever puts the next number decides it, and of two who try one succeeds. A runner that takes the pipeline over does
// so by putting a head with the next generation; the next head of whoever had it before then has a number that is
// taken. So one rule serves as compare-and-swap, as lock and as fence.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "outfall/error.h"
#include "shared_state/object_store.h"

namespace outfall::shared_state {

struct StoredObject {
  std::string name;
  std::uint64_t bytes = 0;
  std::string hash;  ///< xxh3-128 in hex
};

/// A job file of a package that was pending.
struct StoredJob {
  std::string load_id;
  std::string file;
  StoredObject object;
};

/// Who holds a pipeline, so that people and processes of the same machine can find it.
struct Holder {
  std::string host;
  std::string boot_id;        ///< of the running kernel
  std::string pid_namespace;  ///< in which the pid means something
  std::int64_t pid = 0;
  std::uint64_t pid_started = 0;  ///< what tells it from a later process with the same number; 0: not known
  std::int64_t since = 0;         ///< microseconds since 1970, by its own clock: for messages
};

struct Head {
  std::uint64_t number = 0;  ///< of its name
  std::string pipeline;
  std::string chain;                   ///< random: which history this is
  std::uint64_t generation = 0;        ///< grows with each runner that takes the pipeline
  std::string claim;                   ///< random: of that runner
  std::optional<Holder> holder;        ///< none: it was released
  std::chrono::milliseconds lease{0};  ///< a holder of whom nothing new is seen for so long is dead
  std::optional<StoredObject> ledger;  ///< none: nothing was pushed yet
  std::vector<StoredJob> jobs;
};

/// Null: it has none.
const StoredJob* find_job(const Head& head, const std::string& load_id, const std::string& file);

std::string to_json(const Head& head);

/// Whoever can write to the folder may have written it: each name in it is one that a runner writes.
///
/// Errors: abandon: it is none, or a newer Outfall wrote it.
Result<Head> parse_head(std::string_view text);

std::string head_name(std::uint64_t number);
std::string object_name(std::string_view kind, std::uint64_t generation, std::uint64_t number);

/// Names have smaller numbers than this.
inline constexpr std::uint64_t numbers_end = 1'000'000'000'000;

/// What a name in a pipeline's folder says. None: it is not ours, which is any that the two above do not write.
struct NameParts {
  enum class Kind { head, state, job, beat };
  Kind kind = Kind::head;
  std::uint64_t generation = 0;  ///< 0 for heads
  std::uint64_t number = 0;
};
std::optional<NameParts> parse_name(std::string_view name);

/// What the ledger or a head from the shared state calls a package's folder, or a file in it.
///
/// Errors: abandon: it is not one component of a path, and would lead elsewhere.
Status check_path_component(std::string_view name);

/// None: nobody has put any.
///
/// Errors: those of the store; abandon: it is damaged, or that of another pipeline.
Result<std::optional<Head>> newest_head(ObjectStore& store, const std::string& pipeline);

/// Puts the head under its number. False: there is one, there or further on; newest_head says whose.
///
/// Errors: those of the store; abandon: no number is left.
Result<bool> put_head(ObjectStore& store, const Head& head);

}  // namespace outfall::shared_state
