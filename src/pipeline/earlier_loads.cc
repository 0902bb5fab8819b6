// SPDX-License-Identifier: Apache-2.0
#include "pipeline/earlier_loads.h"

#include <fmt/format.h>

#include <optional>
#include <utility>

#include "base/file.h"
#include "ledger/data_dir.h"
#include "pipeline/adopted_tables.h"
#include "pipeline/replacements.h"
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
  const bool are_known = !earlier.input.table.empty() && !input.record.table.empty();
  const bool is_elsewhere = are_known && earlier.input.table != input.record.table;
  return fmt::format("{} (same content) was already loaded{} at {} as load {}{}", called(input),
                     is_elsewhere ? " into " + earlier.input.table : "", time_of(earlier), earlier.load_id,
                     earlier.aborted ? ", as far as that was not aborted" : "");
}

Error unfinished(const ReadInput& input, const std::string& key, const SealedInput& sealed) {
  const std::string what =
      sealed.loaded ? fmt::format("loaded by run {}, which was cut off, of the pipeline {}", sealed.run_id, key)
                    : fmt::format("sealed by run {} of the pipeline {}, where it is pending", sealed.run_id, key);
  return {.message = fmt::format("{} (same content) was {}: it would come twice", called(input), what),
          .hint = fmt::format("a command with other tables is another pipeline: --pipeline {} goes on with that one "
                              "(where several are in the way, finish each with its own inputs first); with a new name "
                              "all of them come again",
                              key)};
}

bool is_same_table(const delivery::Capabilities& can, const std::string& a, const std::string& b) {
  return can.dialect == nullptr ? a == b : sql::is_same_name(*can.dialect, a, b);
}

/// A neighbour, and how to tell what of it counts.
struct Neighbour {
  ledger::Ledger ledger;
  Replacements replacements;
  std::optional<schema::Naming> naming;

  static Result<Neighbour> open(const RunRequest& request, const std::string& key) {
    const Result<ledger::PipelinePaths> paths = ledger::pipeline_paths(request.data_dir, key);
    if (!paths) return fail(paths.error());
    Result<ledger::Ledger> ledger = ledger::Ledger::open_read_only(paths->database);
    if (!ledger) return fail(std::move(ledger.error()));
    const auto name_length_max = request.destination.capabilities().name_length_max();
    Result<Replacements> replacements = Replacements::read(*ledger, name_length_max);
    if (!replacements) return fail(std::move(replacements.error()));
    Result<std::optional<schema::Naming>> naming = stored_naming(*ledger, name_length_max);
    if (!naming) return fail(std::move(naming.error()));
    return Neighbour{.ledger = std::move(*ledger), .replacements = std::move(*replacements), .naming = *naming};
  }

  /// Old stores do not say for which table an input was: then it may be any.
  std::string table_of(const SealedInput& sealed) const {
    return naming && !sealed.input.table.empty() ? root_table(*naming, sealed.input.table) : sealed.input.table;
  }
};

}  // namespace

Result<EarlierLoads> EarlierLoads::find(const RunRequest& request, ledger::Ledger* own, const schema::Naming& naming,
                                        LoadsThere& loads) {
  EarlierLoads found(own, request.options.empties_tables());
  if (request.neighbours.empty() || !request.destination.records_loads()) return found;
  const delivery::Capabilities& can = request.destination.capabilities();
  // What the destination does not answer, the ledger's word counts for.
  const auto is_gone = [&](const Neighbour& neighbour, const SealedInput& sealed) {
    if (!sealed.loaded) return sealed.replaced;  // then it takes away what is there, and brings it once
    return found.replaces_ || !loads.has(sealed.load_id).value_or(true) ||
           !neighbour.replacements.of(sealed, loads).value_or("").empty();
  };
  for (const std::string& key : request.neighbours) {
    Result<Neighbour> neighbour = Neighbour::open(request, key);
    if (!neighbour) continue;
    for (std::size_t i = 0; i < request.source->inputs().size(); ++i) {
      const normalize::SourceInput& input = request.source->inputs()[i];
      if (input.identity.empty()) continue;
      Result<std::vector<SealedInput>> sealed = neighbour->ledger.sealed_inputs(input.identity);
      if (!sealed) break;
      for (SealedInput& one : *sealed) {
        const std::string table = neighbour->table_of(one);
        const bool is_here = table.empty() || is_same_table(can, table, root_table(naming, input.table));
        if (is_here && !is_gone(*neighbour, one)) found.sealed_.emplace(i, Sealed{.by = key, .input = std::move(one)});
      }
    }
  }
  return found;
}

Result<std::vector<std::string>> EarlierLoads::notes_on(const ReadInput& input, LoadsThere& loads) const {
  std::vector<std::string> notes;
  Result<std::string> own = note_of_own(input, loads);
  if (!own) return fail(std::move(own.error()));
  if (!own->empty()) notes.push_back(std::move(*own));
  if (input.record.documents == 0) return notes;
  const auto [first, last] = sealed_.equal_range(input.index);
  for (auto at = first; at != last; ++at) {
    const auto& [by, sealed] = at->second;
    if (!has_same_content(sealed, input)) continue;
    if (!sealed.settled) return fail(unfinished(input, by, sealed));
    if (!notes.empty()) continue;
    notes.push_back(
        fmt::format("{} by the pipeline {}, which --pipeline {} goes on with", loaded_before(input, sealed), by, by));
  }
  return notes;
}

Result<std::string> EarlierLoads::note_of_own(const ReadInput& input, LoadsThere& loads) const {
  if (own_ == nullptr || replaces_) return std::string();
  const Result<std::vector<SealedInput>> sealed = own_->sealed_inputs(input.record.path);
  if (!sealed) return fail(sealed.error());
  const SealedInput* other = nullptr;
  for (const SealedInput& earlier : *sealed) {
    // A note is not worth an error.
    const bool is_lost = earlier.loaded && !earlier.aborted && !loads.has(earlier.load_id).value_or(true);
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

}  // namespace outfall::pipeline
