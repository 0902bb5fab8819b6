// SPDX-License-Identifier: Apache-2.0
#include "pipeline/promise.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "outfall/types.h"
#include "sql/merge_plan.h"

namespace outfall::pipeline {
namespace {

bool keeps(DeliveryMode mode, Guarantee required) {
  const std::optional<Guarantee> promised = guarantee(mode);
  return promised && *promised >= required;
}

/// What a person may do so that as much is promised.
std::string what_it_takes(const RunRequest& request) {
  const std::string_view address = request.destination.address();
  if (address.starts_with("null:")) return "null: keeps nothing";
  if (*request.options.require == Guarantee::exactly_once) {
    return "only a database takes rows exactly once, with the record of the load; what takes them in batches can "
           "promise effectively-once";
  }
  return R"(have it pass over a batch whose key it has seen, and say so: a program (exec:) with "deduplicates":true in )"
         R"(ready, or "resolves":true and an answer to resolve; a command (cmd:) by --deduplicates; a function by )"
         "CustomOptions::deduplicates or a resolve hook; a plugin by deduplicates or resolve";
}

Error promises_less(const RunRequest& request, DeliveryMode mode) {
  const std::optional<Guarantee> promised = guarantee(mode);
  return {
      .message = fmt::format("{} is required, and {} promises {}", name(*request.options.require),
                             request.destination.address(), promised ? name(*promised) : std::string_view("nothing")),
      .hint = what_it_takes(request),
      .blame = Blame::usage};
}

constexpr std::string_view cut_separator = " or ";

/// Of the runner before.
void add_lost(ledger::BatchCuts& cuts) {
  if (cuts.newest.empty() || cuts.lost == cuts.newest) return;
  if (cuts.lost.empty()) {
    cuts.lost = cuts.newest;
  } else if (!cuts.lost.ends_with(fmt::format("{}{}", cut_separator, cuts.newest))) {
    cuts.lost += fmt::format("{}{}", cut_separator, cuts.newest);
  }
}

/// How batches are cut, as a command line says it.
std::string cut_of(const delivery::LaneOptions& lanes) {
  std::string cut = fmt::format("--batch-size {}", lanes.batch_size);
  if (lanes.batch_bytes > 0) cut += fmt::format(" --batch-bytes {}", lanes.batch_bytes);
  return cut;
}

/// A word that is asked for, and those that it can be. Empty: any.
template <class Word>
Status check_among(const RunRequest& request, std::string_view option, Word asked, const std::vector<Word>& possible) {
  if (possible.empty() || std::ranges::find(possible, asked) != possible.end()) return {};
  std::vector<std::string_view> words;
  for (const Word word : possible) words.push_back(name(word));
  return fail(Error{.message = fmt::format("{} has no {} {}", request.destination.address(), option, name(asked)),
                    .hint = fmt::format("it has {} (outfall destination capabilities)", fmt::join(words, ", ")),
                    .blame = Blame::usage});
}

/// One that keeps tables in a way of its own does so whatever is said of it: a limit that nobody heeds is worse than
/// none.
Status check_heeded(const RunRequest& request) {
  const bool is_own = request.destination.records_loads() && request.destination.capabilities().dialect == nullptr;
  if (!is_own || (!request.options.max_deleted && !request.options.replace_strategy)) return {};
  return fail(Error{.message = fmt::format("{} does not heed {}", request.destination.address(),
                                           request.options.max_deleted ? "--max-deleted" : "--replace-strategy"),
                    .hint = "leave it out: what rows go, and how, such a destination decides itself",
                    .blame = Blame::usage});
}

/// Whether it can do with rows that are there what is to be done with them.
Status check_strategies(const RunRequest& request) {
  const delivery::Capabilities& can = request.destination.capabilities();
  const WriteDisposition disposition = request.options.write_disposition.value_or(WriteDisposition::append);
  if (disposition == WriteDisposition::skip) return {};
  if (Status heeded = check_heeded(request); !heeded) return heeded;
  if (Status known = check_among(request, "--write-disposition", disposition, can.write_dispositions); !known)
    return known;
  if (disposition == WriteDisposition::replace && request.options.replace_strategy)
    return check_among(request, "--replace-strategy", *request.options.replace_strategy, can.replace_strategies);
  if (disposition != WriteDisposition::merge || !request.options.merge.strategy) return {};
  return check_merge_strategy(request, *request.options.merge.strategy);
}

Status check_condition(delivery::Destination& destination, std::string_view option, const std::string& condition) {
  if (condition.empty()) return {};
  Status readable = destination.check_condition(condition);
  if (readable) return {};
  Error error = std::move(readable.error()).in(std::string(option));
  error.hint = "write it as behind a WHERE; nothing was read yet";
  return fail(std::move(error));
}

/// Better now than with a sealed package in hand.
Status check_conditions(const RunRequest& request) {
  const MergeOptions& merge = request.options.merge;
  Status readable = check_condition(request.destination, "--source-filter", merge.source_filter.value_or(""));
  if (!readable) return readable;
  const std::string scope = sql::scope_with_tables(merge.destination_scope.value_or(""), "t", "s");
  return check_condition(request.destination, "--destination-scope", scope);
}

}  // namespace

Status check_merge_strategy(const RunRequest& request, MergeStrategy strategy) {
  return check_among(request, "--merge-strategy", strategy, request.destination.capabilities().merge_strategies);
}

DeliveryMode mode_as_committed(DeliveryMode mode, CommitUnit commit) {
  if (mode != DeliveryMode::transactional || commit == CommitUnit::package) return mode;
  return commit == CommitUnit::table ? DeliveryMode::table_by_table : DeliveryMode::job_by_job;
}

Status check_asked(const RunRequest& request) {
  if (request.options.commit != CommitUnit::package && request.destination.capabilities().dialect == nullptr) {
    return fail(Error{.message = fmt::format("--commit {} is for databases, and {} is none",
                                             name(request.options.commit), request.destination.address()),
                      .hint = "leave it out",
                      .blame = Blame::usage});
  }
  if (Status suits = request.destination.check_asked(
          request.options.write_disposition.value_or(WriteDisposition::append), request.options.stop);
      !suits)
    return suits;
  if (Status able = check_strategies(request); !able) return able;
  if (Status readable = check_conditions(request); !readable) return readable;
  if (!request.options.require) return {};
  const Result<DeliveryMode> mode = request.destination.find_mode(request.options.stop);
  if (!mode) return fail(mode.error());
  return keeps(*mode, *request.options.require) ? Status() : fail(promises_less(request, *mode));
}

Result<bool> has_other_keys(const RunRequest& request, HeldPipeline& held, bool is_pending,
                            std::vector<std::string>& notes) {
  const delivery::LaneOptions* lanes = request.destination.lane_options();
  if (lanes == nullptr) return false;
  Result<ledger::BatchCuts> cuts = held.ledger.batch_cuts();
  if (!cuts) return fail(std::move(cuts.error()));
  const ledger::BatchCuts before = *cuts;
  if (!is_pending) cuts->lost.clear();
  if (is_pending && held.state != nullptr && held.state->goes_on_for_another()) add_lost(*cuts);
  const std::string cut = cut_of(*lanes);
  const bool is_other = !cuts->lost.empty() && cuts->lost != cut;
  const Result<DeliveryMode> mode =
      is_other ? request.destination.find_mode(request.options.stop) : Result<DeliveryMode>(DeliveryMode::none);
  if (!mode) return fail(mode.error());
  const bool is_told = *mode == DeliveryMode::idempotency_key;
  const bool is_refused =
      is_told && request.options.require && !keeps(DeliveryMode::at_least_once, *request.options.require);
  if (!is_refused) cuts->newest = cut;
  if (Status kept = held.ledger.keep_batch_cuts(*cuts); !kept) return fail(std::move(kept.error()));
  // Whoever goes on after us is to know of them before there is a batch.
  if (*cuts != before && is_pending && held.state != nullptr) {
    if (Status pushed = held.state->push(); !pushed) return fail(std::move(pushed.error()));
  }
  const std::string told = fmt::format(
      "what another runner has delivered since it pushed its state last comes again, and under other keys: its batches "
      "were cut with {}",
      cuts->lost);
  if (is_refused) {
    return fail(Error{.message = fmt::format("{} is required, and {}", name(*request.options.require), told),
                      .hint = cuts->lost.contains(cut_separator)
                                  ? "deliver what is pending without --require"
                                  : fmt::format("{} gives them the same keys", cuts->lost),
                      .blame = Blame::usage});
  }
  if (is_told) notes.push_back(told);
  return is_told;
}

Status check_pending(const RunRequest& request, std::span<const ledger::PackageRecord> pending) {
  const auto replaces = [](const ledger::PackageRecord& package) {
    return !package.replaced.empty() && !package.abort_asked_at;
  };
  const auto found = std::ranges::find_if(pending, replaces);
  if (found == pending.end()) return {};
  Status suits = request.destination.check_asked(WriteDisposition::replace, request.options.stop);
  if (suits) return suits;
  Error error = std::move(suits.error()).in("load package " + found->load_id);
  if (error.blame == Blame::usage) {
    error.hint =
        fmt::format("it was sealed to replace what is there: outfall package drop {} gives it up", found->load_id);
  }
  return fail(std::move(error));
}

}  // namespace outfall::pipeline
