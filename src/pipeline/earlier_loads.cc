// SPDX-License-Identifier: Apache-2.0
#include "pipeline/earlier_loads.h"

#include <fmt/format.h>

#include <utility>

#include "base/file.h"
#include "ledger/data_dir.h"
#include "pipeline/adopted_tables.h"
#include "schema/temporal.h"
#include "sql/dialect.h"

namespace outfall::pipeline {
namespace {

using ledger::SealedInput;

std::string called(const ReadInput& input) {
  return input.run_key.empty() ? std::string(file_name(input.record.path)) : "run key " + input.run_key;
}

bool has_same_content(const SealedInput& earlier, const ReadInput& input) {
  return earlier.input.size == input.record.size && earlier.input.hash == input.record.hash;
}

std::string time_of(const SealedInput& earlier) {
  return schema::iso_text(schema::Timestamp{earlier.sealed_at, 0});
}

std::string loaded_before(const ReadInput& input, const SealedInput& earlier) {
  return fmt::format("{} (same content) was already loaded at {} as load {}", called(input), time_of(earlier),
                     earlier.load_id);
}

Error unfinished(const ReadInput& input, const std::string& key, const SealedInput& sealed) {
  return {
      .message = fmt::format("{} (same content) was {} by run {} of the pipeline {}, {}: it would come twice",
                             called(input), sealed.loaded ? "loaded" : "sealed", sealed.run_id, key,
                             sealed.loaded ? "which was cut off" : "where it waits"),
      .hint = fmt::format("a command with other tables is another pipeline: with --pipeline {} it goes on with that "
                          "one, with a new name it loads all of them",
                          key)};
}

}  // namespace

Result<EarlierLoads> EarlierLoads::find(const RunRequest& request, ledger::Ledger* own) {
  EarlierLoads found(request, own);
  if (request.is_named || request.destination.mode() == DeliveryMode::none) return found;
  if (own != nullptr) {
    auto replacements = Replacements::read(*own, request.destination.capabilities().name_length_max());
    if (!replacements) return fail(std::move(replacements.error()));
    found.own_replacements_ = std::move(*replacements);
  }
  const Result<std::vector<std::string>> keys = ledger::list_pipelines(request.data_dir);
  for (const std::string& key : keys ? *keys : std::vector<std::string>()) {
    if (key != request.key) (void)found.open(key);
  }
  return found;
}

Status EarlierLoads::open(const std::string& key) {
  const Result<ledger::PipelinePaths> paths = ledger::pipeline_paths(request_.data_dir, key);
  if (!paths) return fail(paths.error());
  const auto binding = ledger::Ledger::binding_at(paths->database);
  if (!binding) return fail(binding.error());
  const bool is_there = *binding && (*binding)->destination == request_.destination.address() &&
                        is_same_name((*binding)->dataset, request_.dataset);
  if (!is_there) return {};
  Result<ledger::Ledger> ledger = ledger::Ledger::open_read_only(paths->database);
  if (!ledger) return fail(std::move(ledger.error()));
  const auto name_length_max = request_.destination.capabilities().name_length_max();
  Result<Replacements> replacements = Replacements::read(*ledger, name_length_max);
  if (!replacements) return fail(std::move(replacements.error()));
  Result<std::optional<schema::Naming>> naming = stored_naming(*ledger, name_length_max);
  if (!naming) return fail(std::move(naming.error()));
  others_.push_back({.key = key,
                     .ledger = std::move(*ledger),
                     .replacements = std::move(*replacements),
                     .naming = std::move(*naming)});
  return {};
}

Result<std::vector<std::string>> EarlierLoads::notes_on(const ReadInput& input, LoadsThere& loads) {
  std::vector<std::string> notes;
  Result<std::string> note = note_of_own(input, loads);
  if (!note) return fail(std::move(note.error()));
  if (!note->empty()) notes.push_back(std::move(*note));
  for (Other& other : others_) {
    note = note_of(other, input, loads);
    if (!note) return fail(std::move(note.error()));
    if (!note->empty() && notes.empty()) notes.push_back(std::move(*note));
  }
  return notes;
}

bool EarlierLoads::is_same_name(const std::string& a, const std::string& b) const {
  const sql::Dialect* dialect = request_.destination.capabilities().dialect;
  return dialect == nullptr ? a == b : sql::is_same_name(*dialect, a, b);
}

Result<std::string> EarlierLoads::note_of_own(const ReadInput& input, LoadsThere& loads) const {
  if (own_ == nullptr || replaces()) return std::string();
  const Result<std::vector<SealedInput>> sealed = own_->sealed_inputs(input.record.path);
  if (!sealed) return fail(sealed.error());
  const SealedInput* other = nullptr;
  for (const SealedInput& earlier : *sealed) {
    // A note is not worth an error.
    const bool is_lost = earlier.loaded && !loads.has(earlier.load_id).value_or(true);
    if (!earlier.settled && !is_lost) continue;
    if (has_same_content(earlier, input)) {
      return loaded_before(input, earlier) +
             (is_lost ? fmt::format(", which {} no longer has: loaded again", loads.address()) : "");
    }
    if (other == nullptr) other = &earlier;
  }
  if (other == nullptr || input.run_key.empty()) return std::string();
  return fmt::format("{} has other content than it had at {} in load {}: both are loaded", called(input),
                     time_of(*other), other->load_id);
}

/// Whether its rows are at the destination when this run has ended, or are going to be.
Result<bool> EarlierLoads::still_counts(const Other& other, const SealedInput& sealed, LoadsThere& loads) const {
  if (sealed.loaded) {
    if (replaces()) return false;
    Result<bool> is_there = loads.has(sealed.load_id);
    if (!is_there || !*is_there) return is_there;
  }
  for (const Replacements* replacements : {&other.replacements, &own_replacements_}) {
    const Result<std::string> replaced = replacements->of(sealed, loads);
    if (!replaced) return fail(replaced.error());
    if (!replaced->empty()) return false;
  }
  return true;
}

Result<std::string> EarlierLoads::note_of(Other& other, const ReadInput& input, LoadsThere& loads) const {
  const Result<std::vector<SealedInput>> sealed = other.ledger.sealed_inputs(input.record.path);
  if (!sealed) return std::string();
  std::string note;
  for (const SealedInput& one : *sealed) {
    const std::string table = other.naming ? root_table(*other.naming, one.input.table) : one.input.table;
    // Old stores do not say for which table an input was.
    if (!has_same_content(one, input) || !(table.empty() || is_same_name(table, input.table))) continue;
    const Result<bool> counts = still_counts(other, one, loads);
    if (!counts) return fail(counts.error());
    if (!*counts) continue;
    if (!one.settled) return fail(unfinished(input, other.key, one));
    if (note.empty()) note = fmt::format("{} by the pipeline {}", loaded_before(input, one), other.key);
  }
  return note;
}

}  // namespace outfall::pipeline
