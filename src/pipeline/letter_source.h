// SPDX-License-Identifier: Apache-2.0
//
// LetterSource: the documents of dead letters, table by table, to be loaded once more.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ledger/ledger.h"
#include "normalize/document_source.h"
#include "normalize/normalizer.h"
#include "outfall/report.h"

namespace outfall::pipeline {

struct LetterChoice {
  ledger::LetterFilter filter{};  ///< with an ordinal: one letter, and it must be possible to replay that
  bool keeps_keys = true;
  bool takes_overtaken = false;  ///< also those of which a later row of the same primary key was delivered
};

/// Of letters that are asked for, those that later rows have overtaken.
class OvertakenLetters {
 public:
  void add(const ledger::LetterRecord& letter);

  /// None: there are none. Names the first of them, with its key and the load that delivered the later row.
  std::optional<Error> error() const;

 private:
  std::string first_;
  std::uint64_t count_ = 0;
};

/// What the letters of a table are called as an input.
std::string letters_of(const std::string& table);

class LetterSource final : public normalize::DocumentSource {
 public:
  explicit LetterSource(LetterChoice choice, std::size_t chunk_bytes)
      : choice_(std::move(choice)), chunk_bytes_(chunk_bytes) {}

  /// Chooses among the letters that are open now; the pipeline is held from here to the seal. Before it there is no
  /// input. Those that cannot be replayed are left out with a note, up to a number of these.
  ///
  /// `delivered`: the packages that this run has delivered before it; a letter of theirs need not be open.
  ///
  /// Errors: usage: the one letter is not there, or is not open; abandon: none that was asked for can be replayed; one
  /// is overtaken, and LetterChoice does not take those.
  Status choose(ledger::Ledger& ledger, const std::string& database, const std::vector<PackageReport>& delivered,
                std::vector<std::string>& notes);

  std::uint64_t chosen() const { return chosen_; }
  std::uint64_t refused() const { return refused_; }

  /// The document became no row. Once each, in their order.
  void reject(const normalize::RejectedDocument& document);

  /// What became of the letters, once all documents are read.
  std::vector<ledger::ReplayedLetter> replayed() const;

  /// Says of rows that were rejected again, of the inputs or of the package that holds them, which letters they are.
  void name_letters(const std::string& load_id, std::vector<RejectReport>& rejects) const;

  const std::vector<normalize::SourceInput>& inputs() const override { return inputs_; }
  Result<normalize::InputContent> survey(std::size_t input) override;
  void skip(std::size_t input) override { tables_[input].is_skipped = true; }
  Result<std::optional<normalize::Chunk>> next() override;
  void recycle(normalize::Chunk) override {}
  Status rewind() override;
  void cancel() override { is_cancelled_ = true; }
  std::uint64_t bytes_read() const override { return bytes_read_; }
  normalize::InputContent content(std::size_t input) const override {
    return {.bytes = tables_[input].bytes, .hash = ""};
  }

 private:
  struct Table {
    std::vector<ledger::ReplayedLetter> letters{};
    std::uint64_t bytes = 0;
    bool is_skipped = false;
  };

  Status take(const ledger::LetterRecord& letter);
  Result<std::string> text_of(const ledger::ReplayedLetter& letter);

  const LetterChoice choice_;
  const std::size_t chunk_bytes_;
  std::vector<normalize::SourceInput> inputs_;
  std::vector<Table> tables_;  ///< by input
  std::uint64_t chosen_ = 0;
  std::uint64_t refused_ = 0;

  // Of the thread that reads.
  std::optional<ledger::Ledger> reader_;
  std::size_t table_ = 0;
  std::size_t letter_ = 0;
  std::string at_hand_;  ///< read, and in no chunk yet
  bool has_at_hand_ = false;
  std::uint64_t offset_ = 0;  ///< of the next chunk in its input

  std::atomic<bool> is_cancelled_ = false;
  std::atomic<std::uint64_t> bytes_read_ = 0;
};

}  // namespace outfall::pipeline
