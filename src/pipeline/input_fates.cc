// SPDX-License-Identifier: Apache-2.0
#include "pipeline/input_fates.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "base/file.h"
#include "schema/temporal.h"

namespace outfall::pipeline {
namespace {

/// Looks at one input in the light of what was sealed from its path before.
class Decision {
 public:
  Decision(normalize::DocumentSource& source, std::size_t input) : source_(source), input_(input) {}

  /// The input's hash, read at most once.
  Result<std::string> hash() {
    if (!hash_) {
      Result<normalize::InputContent> read = source_.survey(input_);
      if (!read) return fail(std::move(read.error()));
      hash_ = std::move(read->hash);
    }
    return *hash_;
  }

  /// The newest sealed input of the same content that `wanted` accepts.
  template <class Wanted>
  Result<const ledger::SealedInput*> same_content(const std::vector<ledger::SealedInput>& sealed, Wanted wanted) {
    for (const ledger::SealedInput& earlier : sealed) {
      if (!wanted(earlier) || earlier.input.size != source_.inputs()[input_].size) continue;
      const Result<std::string> here = hash();
      if (!here) return fail(here.error());
      if (*here == earlier.input.hash) return &earlier;
    }
    return nullptr;
  }

 private:
  normalize::DocumentSource& source_;
  std::size_t input_;
  std::optional<std::string> hash_;
};

/// Whether an earlier run that did not end has sealed what this one is asked for: for the same table, and to replace it
/// if that is wished now.
bool is_unfinished(const ledger::SealedInput& earlier, const normalize::SourceInput& input,
                   const InputQuestion& question) {
  const bool same_table = earlier.input.table.empty() || earlier.input.table == input.table;
  const bool wants_replace = question.write_disposition == WriteDisposition::replace;
  return !earlier.settled && same_table && (earlier.replaced || !wants_replace);
}

Status decide(normalize::DocumentSource& source, std::size_t index, ledger::Ledger& ledger,
              const InputQuestion& question, InputChoice& choice) {
  InputReport& report = choice.reports[index];
  const Result<std::vector<ledger::SealedInput>> sealed = ledger.sealed_inputs(source.inputs()[index].identity);
  if (!sealed) return fail(sealed.error());
  Decision decision(source, index);

  const normalize::SourceInput& input = source.inputs()[index];
  const auto unfinished =
      decision.same_content(*sealed, [&](const auto& earlier) { return is_unfinished(earlier, input, question); });
  if (!unfinished) return fail(unfinished.error());
  if (*unfinished != nullptr) {
    report.fate = (*unfinished)->loaded ? InputFate::finished : InputFate::pending;
    report.run = (*unfinished)->run_id;
    choice.acknowledged.push_back(**unfinished);
    return {};
  }
  if (question.skip_loaded == SkipLoaded::yes) {
    // The same content under another name counts as well, so every input is read for its hash.
    const Result<std::string> hash = decision.hash();
    if (!hash) return fail(hash.error());
    const auto loaded = ledger.sealed_inputs_by_content(source.inputs()[index].size, *hash);
    if (!loaded) return fail(loaded.error());
    if (!loaded->empty()) {
      report.fate = InputFate::skipped;
      report.run = loaded->front().run_id;
      return {};
    }
  }
  const bool was_interrupted =
      std::ranges::any_of(*sealed, [&](const auto& earlier) { return is_unfinished(earlier, input, question); });
  if (was_interrupted) report.fate = InputFate::changed;
  return {};
}

Error other_content(const InputReport& report, const ledger::SealedInput& known, std::uint64_t bytes) {
  return {.message = fmt::format("standard input has other content than the run key {} stands for: run {} sealed {} "
                                 "bytes under it at {} as load {}, now {} bytes were sent",
                                 report.run_key, known.run_id, known.input.size,
                                 schema::iso_text(schema::Timestamp{known.sealed_at, 0}), known.load_id, bytes),
          .hint = "send the same bytes again, or give new rows a --run-key of their own"};
}

/// A stream can be read once: to compare it uses it up. So it is compared only where the run depends on the answer, and
/// other content is an error then.
Status decide_stream(normalize::DocumentSource& source, std::size_t index, ledger::Ledger& ledger,
                     const InputQuestion& question, InputChoice& choice) {
  InputReport& report = choice.reports[index];
  const Result<std::vector<ledger::SealedInput>> sealed = ledger.sealed_inputs(source.inputs()[index].identity);
  if (!sealed) return fail(sealed.error());
  const auto counts = [&](const ledger::SealedInput& earlier) {
    return is_unfinished(earlier, source.inputs()[index], question) ||
           (earlier.settled && question.skip_loaded == SkipLoaded::yes);
  };
  const auto known = std::ranges::find_if(*sealed, counts);
  if (known == sealed->end()) return {};
  const Result<normalize::InputContent> content = source.survey(index);
  if (!content) return fail(content.error());
  const ledger::SealedInput* same = nullptr;
  for (const ledger::SealedInput& earlier : *sealed) {
    if (!counts(earlier) || earlier.input.size != content->bytes || earlier.input.hash != content->hash) continue;
    if (same == nullptr || !earlier.settled) same = &earlier;
  }
  if (same == nullptr) return fail(other_content(report, *known, content->bytes));
  report.fate = same->settled ? InputFate::skipped : same->loaded ? InputFate::finished : InputFate::pending;
  report.run = same->run_id;
  if (!same->settled) choice.acknowledged.push_back(*same);
  return {};
}

/// To replace a table takes everything that belongs into it, also what an earlier run has sealed already.
Status take_whole_tables(const normalize::DocumentSource& source, InputChoice& choice) {
  std::set<std::string> replaced;
  for (std::size_t i = 0; i < choice.reports.size(); ++i) {
    if (is_read(choice.reports[i].fate)) replaced.insert(source.inputs()[i].table);
  }
  for (std::size_t i = 0; i < choice.reports.size(); ++i) {
    if (is_read(choice.reports[i].fate) || !replaced.contains(source.inputs()[i].table)) continue;
    if (source.inputs()[i].is_stream) {
      return fail(fmt::format("{} is replaced with all of its inputs, and standard input was read to compare it with "
                              "what run {} sealed under the run key {}",
                              source.inputs()[i].table, choice.reports[i].run, choice.reports[i].run_key),
                  "send it again without --run-key");
    }
    choice.reports[i].fate = InputFate::changed;
    choice.reports[i].run.clear();
  }
  return {};
}

}  // namespace

InputQuestion input_question(const RunOptions& options) {
  return {.skip_loaded = options.skip_loaded ? SkipLoaded::yes : SkipLoaded::no,
          .write_disposition = options.write_disposition,
          .run_key = options.run_key.value_or("")};
}

Result<InputChoice> choose_inputs(normalize::DocumentSource& source, ledger::Ledger& ledger,
                                  const InputQuestion& question) {
  InputChoice choice;
  for (const normalize::SourceInput& input : source.inputs()) {
    choice.reports.push_back({.path = input.path, .run_key = input.is_stream ? question.run_key : ""});
  }
  for (std::size_t i = 0; i < choice.reports.size(); ++i) {
    const normalize::SourceInput& input = source.inputs()[i];
    if (input.identity.empty()) continue;
    const auto decide_one = input.is_stream ? decide_stream : decide;
    if (Status decided = decide_one(source, i, ledger, question, choice); !decided) {
      return fail(std::move(decided.error()));
    }
  }
  if (question.write_disposition == WriteDisposition::replace) {
    if (Status taken = take_whole_tables(source, choice); !taken) return fail(std::move(taken.error()));
  }
  for (std::size_t i = 0; i < choice.reports.size(); ++i) {
    if (!is_read(choice.reports[i].fate)) source.skip(i);
  }
  return choice;
}

Result<std::string> loaded_before_note(ledger::Ledger& ledger, const ledger::InputRecord& input,
                                       const std::string& run_key) {
  const Result<std::vector<ledger::SealedInput>> sealed = ledger.sealed_inputs(input.path);
  if (!sealed) return fail(sealed.error());
  const std::string called = run_key.empty() ? std::string(file_name(input.path)) : "run key " + run_key;
  const ledger::SealedInput* other = nullptr;
  for (const ledger::SealedInput& earlier : *sealed) {
    if (!earlier.settled) continue;
    if (earlier.input.size == input.size && earlier.input.hash == input.hash) {
      return fmt::format("{} (same content) was already loaded at {} as load {}", called,
                         schema::iso_text(schema::Timestamp{earlier.sealed_at, 0}), earlier.load_id);
    }
    if (other == nullptr) other = &earlier;
  }
  if (other == nullptr || run_key.empty()) return std::string();
  return fmt::format("{} has other content than it had at {} in load {}: both are loaded", called,
                     schema::iso_text(schema::Timestamp{other->sealed_at, 0}), other->load_id);
}

}  // namespace outfall::pipeline
