// SPDX-License-Identifier: Apache-2.0
#include "pipeline/input_fates.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "schema/temporal.h"

namespace outfall::pipeline {
namespace {

std::string file_name(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? path : path.substr(slash + 1);
}

/// Looks at one input in the light of what was sealed from its path before.
class Decision {
 public:
  Decision(normalize::DocumentSource& source, std::size_t input) : source_(source), input_(input) {}

  /// The input's hash, read at most once.
  Result<std::string> hash() {
    if (!hash_) {
      Result<std::string> read = source_.hash(input_);
      if (!read) return read;
      hash_ = std::move(*read);
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

Status decide(normalize::DocumentSource& source, std::size_t index, ledger::Ledger& ledger, SkipLoaded skip_loaded,
              InputChoice& choice) {
  InputReport& report = choice.reports[index];
  const Result<std::vector<ledger::SealedInput>> sealed = ledger.sealed_inputs(report.path);
  if (!sealed) return fail(sealed.error());
  Decision decision(source, index);

  const auto unfinished = decision.same_content(*sealed, [](const auto& earlier) { return !earlier.settled; });
  if (!unfinished) return fail(unfinished.error());
  if (*unfinished != nullptr) {
    report.fate = InputFate::finished;
    report.run = (*unfinished)->run_id;
    choice.acknowledged.push_back(**unfinished);
    return {};
  }
  if (skip_loaded == SkipLoaded::yes) {
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
  const bool was_interrupted = std::ranges::any_of(*sealed, [](const auto& earlier) { return !earlier.settled; });
  if (was_interrupted) report.fate = InputFate::changed;
  return {};
}

/// To replace a table takes everything that belongs into it, also what an earlier run has sealed already.
void take_whole_tables(const normalize::DocumentSource& source, InputChoice& choice) {
  std::set<std::string> replaced;
  for (std::size_t i = 0; i < choice.reports.size(); ++i) {
    if (is_read(choice.reports[i].fate)) replaced.insert(source.inputs()[i].table);
  }
  for (std::size_t i = 0; i < choice.reports.size(); ++i) {
    if (!is_read(choice.reports[i].fate) && replaced.contains(source.inputs()[i].table)) {
      choice.reports[i].fate = InputFate::changed;
      choice.reports[i].run.clear();
    }
  }
}

}  // namespace

Result<InputChoice> choose_inputs(normalize::DocumentSource& source, ledger::Ledger& ledger,
                                  const InputQuestion& question) {
  InputChoice choice;
  for (const normalize::SourceInput& input : source.inputs()) choice.reports.push_back({.path = input.path});
  for (std::size_t i = 0; i < choice.reports.size(); ++i) {
    if (!source.inputs()[i].has_identity) continue;
    if (Status decided = decide(source, i, ledger, question.skip_loaded, choice); !decided) {
      return fail(std::move(decided.error()));
    }
  }
  if (question.write_disposition == WriteDisposition::replace) take_whole_tables(source, choice);
  for (std::size_t i = 0; i < choice.reports.size(); ++i) {
    if (!is_read(choice.reports[i].fate)) source.skip(i);
  }
  return choice;
}

Result<std::string> already_loaded_note(ledger::Ledger& ledger, const ledger::InputRecord& input) {
  const Result<std::vector<ledger::SealedInput>> sealed = ledger.sealed_inputs(input.path);
  if (!sealed) return fail(sealed.error());
  for (const ledger::SealedInput& earlier : *sealed) {
    if (!earlier.settled || earlier.input.size != input.size || earlier.input.hash != input.hash) continue;
    return fmt::format("{} (same content) was already loaded at {} as load {}", file_name(input.path),
                       schema::iso_text(schema::Timestamp{earlier.sealed_at, 0}), earlier.load_id);
  }
  return std::string();
}

}  // namespace outfall::pipeline
