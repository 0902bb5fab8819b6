// SPDX-License-Identifier: Apache-2.0
#include "delivery/document_sieve.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <utility>

#include "base/counts.h"
#include "delivery/document_text.h"
#include "outfall/types.h"
#include "schema/table.h"
#include "sql/dialect.h"

namespace outfall::delivery {
namespace {

/// Smaller pieces cost as much.
constexpr std::uint64_t piece_documents_min = 64;

/// From so many refused documents on it is asked now and then whether they are too many.
constexpr std::uint64_t asked_early_from = 1024;

std::string reason_of(std::string_view table, std::string_view why) {
  return fmt::format("the table {} refuses it: {}", table, why);
}

/// What is in both, of ranges in their order.
std::vector<RowRange> cut(const std::vector<RowRange>& ranges, std::uint64_t begin, std::uint64_t end) {
  std::vector<RowRange> inside;
  for (const RowRange& range : ranges) {
    const RowRange part{.begin = std::max(range.begin, begin), .end = std::min(range.end, end)};
    if (part.begin < part.end) inside.push_back({.begin = part.begin - begin, .end = part.end - begin});
  }
  return inside;
}

std::uint64_t count(const std::vector<RowRange>& ranges) {
  std::uint64_t rows = 0;
  for (const RowRange& range : ranges) rows += range.end - range.begin;
  return rows;
}

/// The row that stands at a place among those of the ranges.
std::uint64_t row_at(const std::vector<RowRange>& ranges, std::uint64_t place) {
  for (const RowRange& range : ranges) {
    if (place < range.end - range.begin) return range.begin + place;
    place -= range.end - range.begin;
  }
  return ranges.back().end - 1;
}

/// Documents that are not refused.
std::vector<RowRange> without(const std::map<std::uint64_t, std::string>& refused, RowRange documents) {
  std::vector<RowRange> left;
  for (auto next = refused.lower_bound(documents.begin); next != refused.end() && next->first < documents.end; ++next) {
    if (documents.begin < next->first) left.push_back({.begin = documents.begin, .end = next->first});
    documents.begin = next->first + 1;
  }
  if (documents.begin < documents.end) left.push_back(documents);
  return left;
}

/// The rows of these documents, by table.
Result<std::vector<std::vector<RowRange>>> rows_of(DocumentRows& rows, const std::vector<RowRange>& documents) {
  std::vector<std::vector<RowRange>> of_tables(rows.tables().size());
  for (const RowRange& range : documents) {
    const auto begin = rows.begin_of(range.begin);
    if (!begin) return fail(begin.error());
    const auto end = rows.begin_of(range.end);
    if (!end) return fail(end.error());
    for (std::size_t i = 0; i < of_tables.size(); ++i) {
      if ((*begin)[i] < (*end)[i]) of_tables[i].push_back({.begin = (*begin)[i], .end = (*end)[i]});
    }
  }
  return of_tables;
}

bool may_be_row(const Error& error) {
  return error.remedy == Remedy::abandon && error.blame == Blame::run;
}

}  // namespace

std::string keyless_reason(const schema::Table& table) {
  std::vector<std::string_view> key;
  for (const schema::Column& column : table.columns) {
    if (column.primary_key) key.push_back(column.name);
  }
  return fmt::format("it has no value in the primary key ({})", fmt::join(key, ", "));
}

Result<std::vector<std::uint64_t>> find_keyless(const DocumentTable& table, const sql::DefaultValues& defaults,
                                                const sql::Dialect& dialect, std::size_t at_most) {
  std::vector<std::uint64_t> found;
  std::string cells;
  for (const DocumentJob& job : table.jobs) {
    std::vector<columnar::RowTexts> key;
    for (const schema::Column& column : table.table->columns) {
      if (!column.primary_key || defaults.contains(sql::folded(dialect, column.name))) continue;
      const std::array<columnar::RowTextColumn, 1> wanted{
          {{.name = column.name, .type = column.type.value_or(DataType::text)}}};
      Result<columnar::RowTexts> texts = columnar::RowTexts::open(job.file, wanted, {});
      if (!texts) return fail(std::move(texts.error()));
      key.push_back(std::move(*texts));
    }
    for (std::uint64_t row = 0; row < job.record->rows && found.size() < at_most; ++row) {
      bool is_whole = true;
      for (columnar::RowTexts& part : key) {
        cells.clear();
        if (Status told = part.append_cells(row, cells); !told) return fail(std::move(told.error()));
        is_whole &= cells != "{}";
      }
      if (!is_whole) found.push_back(job.begin + row);
    }
  }
  return found;
}

Result<DocumentSieve> DocumentSieve::make(const LoadRequest& request, const std::vector<const schema::Table*>& roots,
                                          const LoadSummary& tables, const sql::Dialect& dialect, SieveLimits limits) {
  DocumentSieve sieve(request, limits);
  for (const schema::Table* root : roots) {
    Result<DocumentRows> rows = DocumentRows::open(request, *root);
    if (!rows) return fail(std::move(rows.error()));
    Chain chain{.rows = std::move(*rows), .is_merged = root->write_disposition == name(WriteDisposition::merge)};
    chain.limit = chain.unmerged = chain.at_once = chain.rows.documents();
    chain.pieces.push_back({.begin = 0, .end = chain.rows.documents()});
    const auto made = std::ranges::find(tables.tables, root->name, &TableLoad::table);
    const bool has_key = chain.is_merged && made != tables.tables.end();
    if (has_key) {
      if (Status refused = sieve.refuse_keyless(chain, made->defaults, dialect); !refused)
        return fail(std::move(refused.error()));
    }
    sieve.chains_.push_back(std::move(chain));
  }
  return sieve;
}

Status DocumentSieve::refuse_keyless(Chain& chain, const sql::DefaultValues& defaults, const sql::Dialect& dialect) {
  const auto found =
      find_keyless(chain.rows.tables().front(), defaults, dialect, std::numeric_limits<std::size_t>::max());
  if (!found) return fail(found.error());
  for (const std::uint64_t document : *found) {
    if (Status refused = refuse(chain, document, reason_of(chain.root().name, keyless_reason(chain.root()))); !refused)
      return refused;
  }
  return {};
}

Status DocumentSieve::insert(sql::Transaction& transaction, const InsertRows& insert) {
  for (Chain& chain : chains_) {
    if (Status inserted = this->insert(chain, transaction, insert); !inserted) return inserted;
  }
  return {};
}

Status DocumentSieve::insert(Chain& chain, sql::Transaction& transaction, const InsertRows& insert) {
  const bool has_savepoints = transaction.connection().dialect().has_savepoints;
  const RowRange settled{.begin = 0, .end = std::min(chain.settled(), chain.limit)};
  if (auto failed = insert_documents(chain, settled, insert)) return fail(std::move(failed->error));
  while (!chain.pieces.empty()) {
    if (++pieces_ > limits_.pieces) return fail(too_often(limits_.pieces, "pieces were tried"));
    if (has_savepoints) {
      if (Status set = transaction.set_savepoint(); !set) return set;
    }
    const RowRange piece = next_piece(chain);
    std::optional<Failed> failed = insert_documents(chain, piece, insert);
    if (!failed) {
      chain.pieces.pop_back();
      if (piece.end - piece.begin >= chain.at_once) chain.at_once *= 2;
      if (!has_savepoints) continue;
      if (Status released = transaction.release_savepoint(); !released) return released;
      continue;
    }
    if (Status narrowed = narrow(chain, piece, *failed, transaction.connection()); !narrowed) return narrowed;
    if (!has_savepoints) {
      begins_again_ = true;
      return fail(std::move(failed->error));
    }
    if (Status back = transaction.return_to_savepoint(); !back) return back;
  }
  return {};
}

/// The last one of the pieces, which is made smaller before if it is too large.
RowRange DocumentSieve::next_piece(Chain& chain) {
  RowRange piece = chain.pieces.back();
  if (piece.end - piece.begin <= chain.at_once) return piece;
  piece.end = piece.begin + chain.at_once;
  chain.pieces.back().begin = piece.end;
  chain.pieces.push_back(piece);
  return piece;
}

std::optional<DocumentSieve::Failed> DocumentSieve::insert_documents(Chain& chain, RowRange documents,
                                                                     const InsertRows& insert) {
  const auto rows = rows_of(chain.rows, without(chain.refused, documents));
  if (!rows) return Failed{.error = rows.error()};
  for (std::size_t i = 0; i < rows->size(); ++i) {
    for (DocumentJob& job : chain.rows.tables()[i].jobs) {
      std::vector<RowRange> sent = cut((*rows)[i], job.begin, job.begin + job.record->rows);
      if (sent.empty()) continue;
      const Result<std::uint64_t> taken = insert(job, sent);
      if (!taken) return Failed{.error = taken.error(), .table = i, .job = &job, .rows = std::move(sent)};
      if (*taken == count(sent)) continue;
      return Failed{
          .error = {.message = fmt::format("insert into table {}: {} rows of {} were sent, the database took {}",
                                           job.record->table, count(sent), job.record->file, *taken),
                    .hint = ""}};
    }
  }
  return std::nullopt;
}

/// What is left to try of a piece that was refused.
Status DocumentSieve::narrow(Chain& chain, RowRange piece, const Failed& failed, const sql::Connection& connection) {
  const std::optional<sql::RefusedRow> refused = connection.refused_row();
  const bool is_row = failed.table && refused && may_be_row(failed.error) && !schema::is_system_name(chain.root().name);
  if (!is_row) return fail(failed.error);
  const std::vector<RowRange> left = without(chain.refused, piece);
  const std::uint64_t first = left.front().begin;
  std::optional<std::uint64_t> named;
  if (count(left) == 1) {
    named = first;
  } else if (refused->row) {
    const auto found = chain.rows.document_of(*failed.table, failed.job->begin + row_at(failed.rows, *refused->row));
    if (!found) return fail(found.error());
    named = *found;
  }
  chain.pieces.pop_back();
  const std::uint64_t middle = named.value_or(row_at(left, count(left) / 2));
  const std::uint64_t behind = named ? middle + 1 : middle;
  chain.at_once = std::max(piece_documents_min, 2 * (middle - piece.begin));
  // Where documents have rows in other tables too, one before it which is in its way may be refused itself: it is asked
  // again behind these. Of a single table the database takes all rows before the one that it names.
  const bool is_settled = named && (middle == first || chain.rows.tables().size() == 1);
  if (behind < piece.end) chain.pieces.push_back({.begin = behind, .end = piece.end});
  if (named && !is_settled) chain.pieces.push_back({.begin = middle, .end = behind});
  if (first < middle) chain.pieces.push_back({.begin = piece.begin, .end = middle});
  if (!is_settled) return {};
  return refuse(chain, middle, reason_of(failed.job->record->table, refused->reason));
}

Status DocumentSieve::refuse(Chain& chain, std::uint64_t document, std::string_view reason) {
  chain.refused.emplace(document, reason);
  const std::uint64_t all = refused();
  if (all < asked_early_from || !std::has_single_bit(all)) return {};
  return request_->refusals->begin(all, {}, chain.refused.begin()->second);
}

Status DocumentSieve::learn(Error failed, const sql::Connection& connection) {
  if (std::exchange(begins_again_, false)) return count_transaction();
  const std::optional<sql::RefusedRow> refused = connection.refused_row();
  // It may be an older one, and the failure none of a statement.
  const bool is_row = refused && may_be_row(failed) && failed.message.ends_with(refused->reason);
  if (!is_row) return fail(std::move(failed));
  for (Chain& chain : chains_) {
    const std::string prefix = fmt::format("merge into table {}: ", chain.root().name);
    if (!chain.is_merged || !failed.message.starts_with(prefix)) continue;
    chain.unmerged = chain.limit;
    chain.merge_refusal = reason_of(chain.root().name, std::string_view(failed.message).substr(prefix.size()));
    return narrow_merge(chain, std::move(failed));
  }
  return fail(std::move(failed));
}

/// The document that the merge refuses lies between those that it takes and the last one that it was given.
Status DocumentSieve::narrow_merge(Chain& chain, Error failed) {
  const std::vector<RowRange> left = without(chain.refused, {.begin = chain.merged, .end = chain.unmerged});
  if (left.empty()) return fail(std::move(failed));
  if (count(left) == 1) {
    const std::uint64_t document = left.front().begin;
    if (Status refused = refuse(chain, document, chain.merge_refusal); !refused) return refused;
    chain.merged = document + 1;
    chain.limit = chain.rows.documents();
  } else {
    chain.limit = row_at(left, count(left) / 2);
  }
  return count_transaction();
}

bool DocumentSieve::is_whole() const {
  return std::ranges::all_of(chains_, [](const Chain& chain) { return chain.limit == chain.rows.documents(); });
}

Status DocumentSieve::pass() {
  for (Chain& chain : chains_) {
    if (chain.limit == chain.rows.documents()) continue;
    chain.merged = chain.limit;
    return narrow_merge(chain, {.message = chain.merge_refusal, .hint = ""});
  }
  return {};
}

Status DocumentSieve::count_transaction() {
  if (++transactions_ <= limits_.transactions) return {};
  return fail(too_often(limits_.transactions, "transactions were tried"));
}

Error DocumentSieve::too_often(std::uint64_t times, std::string_view what) const {
  return {
      .message = fmt::format("{} refused so far, and there are more: {} {}, and no more are; the first: {}",
                             counted(refused(), "document"), times, what, first_reason()),
      .hint = fmt::format("no row was loaded; mend the table and run outfall resume, or give the package up and mend "
                          "the input: outfall package drop {}",
                          request_->package.load_id)};
}

std::uint64_t DocumentSieve::refused() const {
  std::uint64_t documents = 0;
  for (const Chain& chain : chains_) documents += chain.refused.size();
  return documents;
}

const std::string& DocumentSieve::first_reason() const {
  static const std::string none;
  for (const Chain& chain : chains_) {
    if (!chain.refused.empty()) return chain.refused.begin()->second;
  }
  return none;
}

Status DocumentSieve::tell(LoadSummary& summary) {
  std::map<std::string, std::uint64_t> rows;
  for (Chain& chain : chains_) {
    const std::vector<DocumentTable>& tables = chain.rows.tables();
    std::vector<std::uint64_t> left(tables.size());
    const auto taken = rows_of(chain.rows, without(chain.refused, {.begin = 0, .end = chain.rows.documents()}));
    if (!taken) return fail(taken.error());
    for (std::size_t i = 0; i < tables.size(); ++i) {
      const std::uint64_t in = count((*taken)[i]);
      rows[tables[i].table->name] = tables[i].rows - in;
      summary.rows += in;
      const auto load = std::ranges::find(summary.tables, tables[i].table->name, &TableLoad::table);
      if (load != summary.tables.end()) load->rows += in;
    }
  }
  Refusals& refusals = *request_->refusals;
  if (Status begun = refusals.begin(refused(), rows, first_reason()); !begun) return begun;
  for (Chain& chain : chains_) {
    if (Status told = tell(chain); !told) return told;
  }
  return refusals.keep();
}

Status DocumentSieve::tell(Chain& chain) {
  Refusals& refusals = *request_->refusals;
  const bool wants_texts = refusals.wants_texts();
  DocumentTexts texts(chain.rows);
  for (const auto& [document, reason] : chain.refused) {
    Result<std::string> text = wants_texts ? texts.of(document) : Result<std::string>("");
    if (!text) return fail(std::move(text.error()));
    Status taken =
        refusals.take({.table = chain.root().name, .row = document, .reason = reason, .text = std::move(*text)});
    if (!taken) return taken;
  }
  return {};
}

}  // namespace outfall::delivery
