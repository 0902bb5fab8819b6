// SPDX-License-Identifier: Apache-2.0
#include "pipeline/letter_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <utility>

#include "base/counts.h"
#include "base/limits.h"
#include "schema/merge_settings.h"
#include "schema/schema.h"

namespace outfall::pipeline {
namespace {

using normalize::Chunk;

/// Letters that cannot be replayed and are named.
constexpr std::size_t notes_max = 20;

std::string id_of(const ledger::LetterRecord& letter) {
  return fmt::format("{}.{}", letter.load_id, letter.ordinal);
}

Error usage(std::string message, std::string hint) {
  return {.message = std::move(message), .hint = std::move(hint), .blame = Blame::usage};
}

/// Why the row of a letter cannot be loaded as it is. None: it can.
std::optional<Error> obstacle(const ledger::LetterRecord& record, const std::optional<schema::Schema>& schema) {
  const ledger::Letter& letter = record.letter;
  const auto cannot = [&](std::string why, std::string hint) {
    return Error{.message = fmt::format("dead letter {} cannot be replayed: {}", id_of(record), why),
                 .hint = std::move(hint)};
  };
  if (letter.text.size() != letter.text_bytes) {
    const std::string place = letter.column == 0
                                  ? fmt::format("it is row {} of {}", letter.line, letter.input)
                                  : fmt::format("it begins at byte {} of {}", letter.offset, letter.input);
    return cannot(
        fmt::format("only the first {} bytes of {} are kept; {}", letter.text.size(), letter.text_bytes, place),
        "load it from there");
  }
  if (letter.is_csv) {
    return cannot("it is a record of separated text",
                  "mend it and load it: outfall dead-letter export, outfall run, outfall dead-letter drop");
  }
  const schema::Table* table = schema ? schema->tables.find(letter.table) : nullptr;
  if (table != nullptr && !table->parent.empty()) {
    return cannot(fmt::format("it is a row that was nested in one of {}", table->parent),
                  "load the document that it stood in");
  }
  return std::nullopt;
}

/// Whether loads removed rows by the keys of theirs: a row of such a load is no row to be loaded.
class RemovingLoads {
 public:
  explicit RemovingLoads(ledger::Ledger& ledger) : ledger_(ledger) {}

  Result<bool> has(const ledger::LetterRecord& letter) {
    const auto key = std::pair(letter.load_id, letter.letter.table);
    if (const auto known = known_.find(key); known != known_.end()) return known->second;
    const Result<std::string> document = ledger_.schema_of(letter.load_id);
    if (!document) return fail(document.error());
    bool removes = false;
    if (!document->empty()) {
      const Result<schema::Schema> schema = schema::Schema::parse(*document);
      if (!schema) return fail(schema.error());
      const schema::Table* table = schema->tables.find(letter.letter.table);
      removes = table != nullptr && table->stored.find(schema::hint::removes) != nullptr;
    }
    return known_.emplace(key, removes).first->second;
  }

 private:
  ledger::Ledger& ledger_;
  std::map<std::pair<std::string, std::string>, bool> known_;
};

Error removes_rows(const ledger::LetterRecord& letter) {
  return {.message =
              fmt::format("dead letter {} cannot be replayed: it is the key of rows of {} that were to go, and no row",
                          id_of(letter), letter.letter.table),
          .hint = fmt::format("mend it and delete by it: outfall dead-letter export, outfall run --table {} -w delete, "
                              "outfall dead-letter drop",
                              letter.letter.table)};
}

Status check_open(const ledger::LetterRecord& letter) {
  if (letter.status == ledger::letter_status::open) return {};
  const std::string what = letter.status == ledger::letter_status::replaying
                               ? fmt::format("is being replayed by package {}", letter.replay_load_id)
                               : fmt::format("was {}", letter.status);
  return fail(usage(fmt::format("dead letter {} {}", id_of(letter), what),
                    "outfall dead-letter list shows those that are open"));
}

}  // namespace

void OvertakenLetters::add(const ledger::LetterRecord& letter) {
  if (letter.overtaken_by.empty()) return;
  if (++count_ > 1) return;
  first_ = fmt::format(
      "dead letter {} of {} may be older than what is delivered: load {} has delivered later rows of "
      "its table, and one may be of {}",
      id_of(letter), letter.letter.table, letter.overtaken_by, letter.letter.primary_key);
}

std::optional<Error> OvertakenLetters::error() const {
  if (count_ == 0) return std::nullopt;
  std::string message = first_;
  if (count_ > 1) message += fmt::format("; so may be {} more", counted(count_ - 1, "dead letter"));
  return Error{.message = std::move(message),
               .hint = "--force delivers them all the same, outfall dead-letter drop gives them up; nothing was sent"};
}

Status LetterSource::choose(ledger::Ledger& ledger, const std::string& database,
                            const std::vector<PackageReport>& delivered, std::vector<std::string>& notes) {
  const auto stored = ledger.stored_schema();
  if (!stored) return fail(stored.error());
  std::optional<schema::Schema> schema;
  if (*stored) {
    Result<schema::Schema> parsed = schema::Schema::parse((*stored)->document);
    if (!parsed) return fail(std::move(parsed.error()).in("read the schema of the pipeline"));
    schema = std::move(*parsed);
  }
  ledger::LetterFilter filter = choice_.filter;
  const bool is_one = filter.ordinal > 0;
  if (!is_one) filter.status = ledger::letter_status::open;
  std::optional<Error> first;
  OvertakenLetters overtaken;
  RemovingLoads removing(ledger);
  bool is_there = false;
  const Status visited = ledger.visit_letters(filter, [&](const ledger::LetterRecord& letter) -> Result<bool> {
    is_there = true;
    if (is_one) {
      // An earlier replay of it was killed, and is finished now.
      const bool is_finished =
          letter.status == ledger::letter_status::replayed &&
          std::ranges::find(delivered, letter.replay_load_id, &PackageReport::load_id) != delivered.end();
      if (is_finished) return true;
      if (Status open = check_open(letter); !open) return fail(std::move(open.error()));
    }
    if (!choice_.takes_overtaken) overtaken.add(letter);
    std::optional<Error> why = obstacle(letter, schema);
    const Result<bool> removes = removing.has(letter);
    if (!removes) return fail(removes.error());
    if (*removes) why = removes_rows(letter);
    if (why) {
      if (refused_ < notes_max) notes.push_back(why->message);
      if (!first) first = std::move(why);
      ++refused_;
      return true;
    }
    Status taken = take(letter);
    return taken ? Result<bool>(true) : fail(std::move(taken.error()));
  });
  if (!visited) return visited;
  if (is_one && !is_there) {
    return fail(usage(fmt::format("no dead letter '{}.{}'", filter.load_id, filter.ordinal),
                      "outfall dead-letter list shows their ids"));
  }
  if (std::optional<Error> refusal = overtaken.error()) {
    notes.clear();
    return fail(std::move(*refusal));
  }
  if (refused_ > notes_max) notes.push_back(fmt::format("and {} more", counted(refused_ - notes_max, "dead letter")));
  if (first && chosen_ == 0) {
    notes.clear();
    if (refused_ > 1) first->message += fmt::format("; nor can {} more", counted(refused_ - 1, "dead letter"));
    return fail(std::move(*first));
  }
  if (chosen_ == 0) return {};
  Result<ledger::Ledger> reader = ledger::Ledger::open_read_only(database);
  if (!reader) return fail(std::move(reader.error()));
  reader_ = std::move(*reader);
  return {};
}

std::string letters_of(const std::string& table) {
  return "dead letters of " + table;
}

Status LetterSource::take(const ledger::LetterRecord& letter) {
  const std::string& name = letter.letter.table;
  const auto known = std::ranges::find(inputs_, name, &normalize::SourceInput::table);
  const auto index = static_cast<std::size_t>(known - inputs_.begin());
  if (known == inputs_.end()) {
    inputs_.push_back(
        {.path = letters_of(name), .table = name, .identity = "", .unit = normalize::PlaceUnit::document});
    tables_.emplace_back();
  }
  tables_[index].letters.push_back(
      {.load_id = letter.load_id, .ordinal = letter.ordinal, .keeps_key = choice_.keeps_keys});
  ++chosen_;
  return {};
}

void LetterSource::reject(const normalize::RejectedDocument& document) {
  // Documents are numbered from 1.
  ledger::ReplayedLetter& letter = tables_[document.input].letters[document.line - 1];
  letter.is_in_no_row = true;
  letter.reason = document.message;
  letter.hint = document.hint;
}

std::vector<ledger::ReplayedLetter> LetterSource::replayed() const {
  std::vector<ledger::ReplayedLetter> all;
  for (const Table& table : tables_) {
    std::uint64_t row = 0;
    for (const ledger::ReplayedLetter& letter : table.letters) {
      all.push_back(letter);
      all.back().row = letter.is_in_no_row ? 0 : row++;
    }
  }
  return all;
}

void LetterSource::name_letters(const std::string& load_id, std::vector<RejectReport>& rejects) const {
  for (RejectReport& reject : rejects) {
    const auto input = std::ranges::find(inputs_, reject.table, &normalize::SourceInput::table);
    if (input == inputs_.end()) continue;
    const bool is_read = reject.input == input->path;
    if (!is_read && reject.input != fmt::format("package {}", load_id)) continue;
    // Documents are counted from 1, and so are rows, among those that became some.
    std::uint64_t left = reject.line;
    for (const ledger::ReplayedLetter& letter : tables_[static_cast<std::size_t>(input - inputs_.begin())].letters) {
      left -= is_read || !letter.is_in_no_row ? 1 : 0;
      if (left > 0) continue;
      reject.input = fmt::format("dead letter {}.{}", letter.load_id, letter.ordinal);
      reject.line = 1;
      break;
    }
  }
}

Result<normalize::InputContent> LetterSource::survey(std::size_t input) {
  return content(input);
}

Result<std::string> LetterSource::text_of(const ledger::ReplayedLetter& letter) {
  Result<std::optional<ledger::LetterRecord>> record = reader_->letter(letter.load_id, letter.ordinal);
  if (!record) return fail(std::move(record.error()));
  if (!*record) return fail(fmt::format("dead letter {}.{} is gone", letter.load_id, letter.ordinal));
  return std::move((*record)->letter.text);
}

Result<std::optional<Chunk>> LetterSource::next() {
  while (table_ < tables_.size() && (tables_[table_].is_skipped || letter_ == tables_[table_].letters.size())) {
    ++table_;
    letter_ = 0;
    offset_ = 0;
  }
  if (table_ == tables_.size()) return std::nullopt;
  Table& table = tables_[table_];
  Chunk chunk;
  chunk.input = static_cast<std::uint32_t>(table_);
  chunk.stream_offset = offset_;
  std::size_t used = 0;
  while (letter_ < table.letters.size() && chunk.documents.size() < limits::chunk_documents_max) {
    if (is_cancelled_) return fail(Error{.message = "stopped", .hint = "", .blame = Blame::interrupted});
    if (!has_at_hand_) {
      Result<std::string> text = text_of(table.letters[letter_]);
      if (!text) return fail(std::move(text.error()));
      at_hand_ = std::move(*text);
      has_at_hand_ = true;
    }
    if (chunk.bytes == nullptr) {
      chunk.capacity = std::max(chunk_bytes_, at_hand_.size() + 1) + Chunk::padding;
      chunk.bytes = std::make_unique<std::byte[]>(chunk.capacity);
    } else if (used + at_hand_.size() + 1 + Chunk::padding > chunk.capacity) {
      break;
    }
    std::memcpy(chunk.bytes.get() + used, at_hand_.data(), at_hand_.size());
    chunk.documents.push_back({.offset = static_cast<std::uint32_t>(used),
                               .length = static_cast<std::uint32_t>(at_hand_.size()),
                               .line = ++letter_});
    used += at_hand_.size();
    chunk.bytes[used++] = std::byte{'\n'};
    table.bytes += at_hand_.size();
    bytes_read_ += at_hand_.size();
    has_at_hand_ = false;
  }
  std::memset(chunk.bytes.get() + used, ' ', Chunk::padding);
  offset_ += used;
  return chunk;
}

Status LetterSource::rewind() {
  table_ = 0;
  letter_ = 0;
  offset_ = 0;
  has_at_hand_ = false;
  for (Table& table : tables_) {
    table.bytes = 0;
    for (ledger::ReplayedLetter& letter : table.letters) letter.is_in_no_row = false;
  }
  return {};
}

}  // namespace outfall::pipeline
