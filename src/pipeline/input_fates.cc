// SPDX-License-Identifier: Apache-2.0
#include "pipeline/input_fates.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "base/file.h"
#include "pipeline/replacements.h"
#include "schema/naming.h"
#include "schema/temporal.h"

namespace outfall::pipeline {
namespace {

using ledger::SealedInput;

/// Old stores do not say for which table an input was.
bool is_for_table(const SealedInput& earlier, const std::string& table) {
  return earlier.input.table.empty() || earlier.input.table == table;
}

/// Whether an earlier run that did not end has sealed what this one is asked for: for the same table, and to replace it
/// if that is wished now.
bool is_unfinished(const SealedInput& earlier, const normalize::SourceInput& input, const InputQuestion& question) {
  const bool same_table = is_for_table(earlier, input.table);
  const bool wants_replace = question.empties_tables;
  return !earlier.settled && same_table && (earlier.replaced || !wants_replace);
}

Error other_content(const normalize::SourceInput& input, const SealedInput& known, std::uint64_t bytes) {
  return {.message = fmt::format("{} has other content than the run key {} stands for: run {} sealed {} "
                                 "bytes under it at {} as load {}, now {} bytes were sent",
                                 input.called(), input.run_key, known.run_id, known.input.size,
                                 schema::iso_text(schema::Timestamp{known.sealed_at, 0}), known.load_id, bytes),
          .hint = "send the same bytes again, or give new rows a --run-key of their own"};
}

/// Where the answers are.
struct Witnesses {
  normalize::DocumentSource& source;
  ledger::Ledger& ledger;
  LoadsThere& loads;
  const InputQuestion& question;
  const Replacements& replacements;
};

/// Looks at one input in the light of what was sealed before.
class Decision {
 public:
  Decision(const Witnesses& ask, std::size_t index) : ask_(ask), index_(index), input_(ask.source.inputs()[index]) {}

  /// This run is the same command: once it has ended, nothing that an earlier one has sealed of the input is still
  /// being waited for, neither what it held before nor what was replaced since.
  Status decide(InputChoice& choice) {
    const Result<std::vector<SealedInput>> sealed = as_far_as_there(ask_.ledger.sealed_inputs(input_.identity));
    if (!sealed) return fail(sealed.error());
    if (Status found = find_fate(*sealed, choice.reports[index_]); !found) return found;
    std::ranges::copy_if(*sealed, std::back_inserter(choice.acknowledged),
                         [&](const SealedInput& earlier) { return is_unfinished(earlier, input_, ask_.question); });
    return {};
  }

  /// The load that has this very content and no recorded end; empty: none.
  const std::string& sealed_as() const { return sealed_as_; }

 private:
  using Found = Result<std::optional<SealedInput>>;

  Status find_fate(const std::vector<SealedInput>& sealed, InputReport& report) {
    std::set<std::int64_t> gone;
    for (const SealedInput& earlier : sealed) {
      const Result<bool> is_gone = was_replaced(earlier, sealed);
      if (!is_gone) return fail(is_gone.error());
      if (*is_gone) gone.insert(earlier.id);
    }
    const auto unfinished = [&](const SealedInput& earlier) {
      return is_unfinished(earlier, input_, ask_.question) && !gone.contains(earlier.id);
    };
    const auto counts = [&](const SealedInput& earlier) { return unfinished(earlier) || (skips() && earlier.settled); };
    const auto counts_here = [&](const SealedInput& earlier) {
      return counts(earlier) && is_for_table(earlier, input_.table);
    };
    const auto known = std::ranges::find_if(sealed, counts);
    // To compare a stream uses it up. So it is compared only where the run depends on the answer, and other content is
    // an error then.
    if (input_.is_stream && known == sealed.end()) return {};

    const Found same = find_same(sealed, unfinished);
    if (!same) return fail(same.error());
    if (*same) {
      report.fate = (*same)->loaded ? InputFate::finished : InputFate::pending;
      report.run = (*same)->run_id;
      report.hash = (*same)->input.hash;
      sealed_as_ = (*same)->load_id;
      return {};
    }
    const Found loaded = skips() ? find_loaded(sealed) : Found(std::nullopt);
    if (!loaded) return fail(loaded.error());
    if (*loaded) {
      report.fate = InputFate::skipped;
      report.run = (*loaded)->run_id;
      report.aborted = (*loaded)->aborted;
      report.hash = (*loaded)->input.hash;
    } else if (input_.is_stream) {
      return fail(other_content(input_, *known, content_->bytes));
    } else if (std::ranges::any_of(sealed, counts_here)) {
      report.fate = InputFate::changed;
    }
    return {};
  }

  bool skips() const { return ask_.question.skip_loaded == SkipLoaded::yes; }

  /// The input's content, read at most once.
  Status read() {
    if (content_) return {};
    Result<normalize::InputContent> content = ask_.source.survey(index_);
    if (!content) return fail(std::move(content.error()));
    content_ = std::move(*content);
    return {};
  }

  /// Without what the destination has lost.
  Result<std::vector<SealedInput>> as_far_as_there(Result<std::vector<SealedInput>> sealed) {
    if (!sealed) return sealed;
    std::vector<SealedInput> there;
    for (SealedInput& earlier : *sealed) {
      const Result<bool> has =
          earlier.loaded && !earlier.aborted ? ask_.loads.has(earlier.load_id) : Result<bool>(true);
      if (!has) return fail(has.error());
      if (*has) there.push_back(std::move(earlier));
    }
    return there;
  }

  /// Whether a later load has replaced the table, and has not brought the same content itself.
  Result<bool> was_replaced(const SealedInput& earlier, const std::vector<SealedInput>& sealed) {
    const Result<std::string> load_id = ask_.replacements.of(earlier, ask_.loads);
    if (!load_id) return fail(load_id.error());
    return !load_id->empty() && std::ranges::none_of(sealed, [&](const SealedInput& later) {
      return later.load_id >= *load_id && later.input.size == earlier.input.size &&
             later.input.hash == earlier.input.hash && is_for_table(later, earlier.input.table);
    });
  }

  /// The newest of the same content that `wanted` accepts.
  template <class Wanted>
  Found find_same(const std::vector<SealedInput>& sealed, Wanted wanted) {
    for (const SealedInput& earlier : sealed) {
      const bool may_be_same = input_.is_stream || earlier.input.size == input_.size;
      if (!wanted(earlier) || !may_be_same) continue;
      if (Status done = read(); !done) return fail(std::move(done.error()));
      if (content_->hash == earlier.input.hash && content_->bytes == earlier.input.size) return earlier;
    }
    return std::nullopt;
  }

  Found find_loaded(const std::vector<SealedInput>& of_this_name) {
    if (input_.is_stream) {
      return find_same(of_this_name, [&](const SealedInput& earlier) {
        return earlier.settled && is_for_table(earlier, input_.table);
      });
    }
    // The same content under another name counts as well, so every input is read for its hash.
    if (Status done = read(); !done) return fail(std::move(done.error()));
    auto sealed = as_far_as_there(ask_.ledger.sealed_inputs_by_content(input_.size, content_->hash));
    if (!sealed) return fail(std::move(sealed.error()));
    const auto here =
        std::ranges::find_if(*sealed, [&](const SealedInput& earlier) { return is_for_table(earlier, input_.table); });
    return here == sealed->end() ? std::nullopt : std::optional(std::move(*here));
  }

  const Witnesses& ask_;
  std::size_t index_;
  const normalize::SourceInput& input_;
  std::optional<normalize::InputContent> content_;
  std::string sealed_as_;
};

/// To replace a table takes everything that belongs into it, also what an earlier run has sealed already.
Status take_whole_tables(const normalize::DocumentSource& source, InputChoice& choice) {
  std::set<std::string> replaced;
  for (std::size_t i = 0; i < choice.reports.size(); ++i) {
    if (is_read(choice.reports[i].fate)) replaced.insert(source.inputs()[i].table);
  }
  for (std::size_t i = 0; i < choice.reports.size(); ++i) {
    const bool is_here = choice.reports[i].fate != InputFate::missing;
    if (!is_here || is_read(choice.reports[i].fate) || !replaced.contains(source.inputs()[i].table)) continue;
    if (source.inputs()[i].is_stream) {
      return fail(fmt::format("{} is replaced with all of its inputs, and {} was read to compare it with "
                              "what run {} sealed under the run key {}",
                              source.inputs()[i].table, source.inputs()[i].called(), choice.reports[i].run,
                              choice.reports[i].run_key),
                  "send it again without --run-key");
    }
    choice.reports[i].fate = InputFate::changed;
    choice.reports[i].run.clear();
    choice.reports[i].aborted = false;
  }
  return {};
}

}  // namespace

InputQuestion input_question(const RunRequest& request) {
  return {.skip_loaded = request.options.skip_loaded ? SkipLoaded::yes : SkipLoaded::no,
          .empties_tables = request.options.empties_tables(),
          .name_length_max = request.destination.capabilities().name_length_max()};
}

InputChoice choose_all(const normalize::DocumentSource& source) {
  InputChoice choice;
  for (const normalize::SourceInput& input : source.inputs()) {
    const bool is_missing = input.presence == normalize::Presence::missing;
    choice.reports.push_back(
        {.path = input.path, .run_key = input.run_key, .fate = is_missing ? InputFate::missing : InputFate::loaded});
    if (input.presence == normalize::Presence::no_files)
      choice.reports.back().notes.push_back(fmt::format("{} is a folder without files to load", input.path));
  }
  return choice;
}

Result<InputChoice> choose_inputs(normalize::DocumentSource& source, ledger::Ledger& ledger, LoadsThere& loads,
                                  const InputQuestion& question) {
  InputChoice choice = choose_all(source);
  const Result<Replacements> replacements = Replacements::read(ledger, question.name_length_max);
  if (!replacements) return fail(replacements.error());
  const Witnesses witnesses{source, ledger, loads, question, *replacements};
  std::vector<std::string> sealed_as(choice.reports.size());
  for (std::size_t i = 0; i < choice.reports.size(); ++i) {
    if (source.inputs()[i].identity.empty()) continue;
    Decision decision(witnesses, i);
    if (Status decided = decision.decide(choice); !decided) return fail(std::move(decided.error()));
    sealed_as[i] = decision.sealed_as();
  }
  if (question.empties_tables) {
    if (Status taken = take_whole_tables(source, choice); !taken) return fail(std::move(taken.error()));
  }
  for (std::size_t i = 0; i < choice.reports.size(); ++i) {
    if (is_read(choice.reports[i].fate)) continue;
    source.skip(i);
    if (!sealed_as[i].empty()) choice.finished.insert(std::move(sealed_as[i]));
  }
  return choice;
}

}  // namespace outfall::pipeline
