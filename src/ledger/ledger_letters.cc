// SPDX-License-Identifier: Apache-2.0
//
// Dead letters: set aside in a temporary table while a run reads, and kept by the seal.
#include <fmt/format.h>

#include "base/limits.h"
#include "ledger/dead_letters.h"
#include "ledger/ledger.h"

namespace outfall::ledger {
namespace {

constexpr std::string_view letter_columns =
    "table_name, input, line, column_number, byte_offset, reason, hint, header, text, text_bytes, rejected_at, "
    "job_file, row_number, key, attempt";

LetterRecord read_letter(const Statement& row) {
  return {.load_id = std::string(row.text(0)),
          .ordinal = row.integer(1),
          .run_id = std::string(row.text(2)),
          .status = std::string(row.text(3)),
          .letter = {.table = std::string(row.text(4)),
                     .input = std::string(row.text(5)),
                     .line = static_cast<std::uint64_t>(row.integer(6)),
                     .column = static_cast<std::uint64_t>(row.integer(7)),
                     .offset = static_cast<std::uint64_t>(row.integer(8)),
                     .reason = std::string(row.text(9)),
                     .hint = std::string(row.text(10)),
                     .header = std::string(row.text(11)),
                     .text = std::string(row.text(12)),
                     .text_bytes = static_cast<std::uint64_t>(row.integer(13)),
                     .rejected_at = row.integer(14),
                     .job_file = std::string(row.text(15)),
                     .row = static_cast<std::uint64_t>(row.integer(16)),
                     .key = std::string(row.text(17)),
                     .attempt = static_cast<std::uint64_t>(row.integer(18))}};
}

constexpr std::string_view filter_sql =
    "FROM dead_letters WHERE status <> 'proposed' AND (?1 = '' OR table_name = ?1) AND (?2 = '' OR "
    "instr(lower(reason), lower(?2)) > 0) "
    "AND rejected_at >= ?3 AND (?4 = '' OR load_id = ?4) AND (?5 = 0 OR ordinal = ?5) AND (?6 = '' OR instr(input, ?6) "
    "> 0) ";

Statement& bind_filter(Statement& statement, const LetterFilter& filter) {
  return statement.with(filter.table, filter.reason, filter.since, filter.load_id, filter.ordinal, filter.input);
}

}  // namespace

Status Ledger::set_aside(const Letter& letter) {
  // What SQLite keeps in a file of its own is gone with the process: until the seal nothing is rejected.
  if (!has_set_aside_) {
    Status made = database_.execute(
        "CREATE TEMP TABLE IF NOT EXISTS set_aside (ordinal INTEGER PRIMARY KEY, table_name, input, line, "
        "column_number, byte_offset, reason, hint, header, text, text_bytes, rejected_at, job_file, row_number, key, "
        "attempt); DELETE FROM set_aside");
    if (!made) {
      return made;
    }
    has_set_aside_ = true;
  }
  Result<Statement> statement = database_.prepare(
      fmt::format("INSERT INTO temp.set_aside ({}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, CAST(? AS BLOB), ?, ?, ?, ?, ?, ?)",
                  letter_columns));
  if (!statement) {
    return std::unexpected(statement.error());
  }
  const std::string_view text(letter.text);
  return statement
      ->with(letter.table, letter.input, letter.line, letter.column, letter.offset, letter.reason, letter.hint,
             letter.header, text.substr(0, limits::letter_text_bytes_max), letter.text_bytes, letter.rejected_at,
             letter.job_file, letter.row, letter.key, letter.attempt)
      .run();
}

Status keep_letters(Database& database, const LetterOwner& owner) {
  Result<Statement> statement = database.prepare(
      fmt::format("INSERT INTO main.dead_letters (load_id, run_id, status, ordinal, {0}) SELECT ?1, ?2, ?3, "
                  "ordinal + (SELECT coalesce(max(ordinal), 0) FROM main.dead_letters WHERE load_id = ?1), {0} "
                  "FROM temp.set_aside ORDER BY ordinal",
                  letter_columns));
  if (!statement) {
    return std::unexpected(statement.error());
  }
  return statement->with(owner.load_id, owner.run_id, owner.status).run();
}

Status Ledger::propose_refused(const RefusedDocuments& refused) {
  Result<Transaction> transaction = begin_write();
  if (!transaction) {
    return std::unexpected(transaction.error());
  }
  Result<Statement> earlier = database_.prepare("DELETE FROM dead_letters WHERE load_id = ?1 AND status = 'proposed'");
  Result<Statement> count =
      database_.prepare("UPDATE packages SET refused = ?2 WHERE load_id = ?1 AND state = 'pending'");
  if (!earlier || !count) {
    return std::unexpected(earlier ? count.error() : earlier.error());
  }
  Result<Statement> no_rows = database_.prepare("DELETE FROM refused_rows WHERE load_id = ?1");
  Result<Statement> rows = database_.prepare("INSERT INTO refused_rows (load_id, table_name, rows) VALUES (?, ?, ?)");
  if (!no_rows || !rows) {
    return std::unexpected(no_rows ? rows.error() : no_rows.error());
  }
  Status proposed = earlier->with(refused.load_id).run();
  if (proposed) {
    proposed = no_rows->with(refused.load_id).run();
  }
  for (const auto& [table, count_of_table] : refused.rows) {
    if (proposed) {
      proposed = rows->with(refused.load_id, table, count_of_table).run();
    }
  }
  if (proposed) {
    proposed = count->with(refused.load_id, refused.documents).run();
  }
  if (proposed && has_set_aside_) {
    proposed = keep_letters(database_, {.load_id = refused.load_id, .run_id = refused.run_id, .status = "proposed"});
  }
  if (proposed) {
    proposed = transaction->commit();
  }
  forget_set_aside();
  return proposed;
}

Status Ledger::visit_letters(const LetterFilter& filter, const VisitLetter& visit) {
  const std::string_view order = filter.order == LetterOrder::newest_first ? "DESC" : "ASC";
  Result<Statement> statement = database_.prepare(
      fmt::format("SELECT load_id, ordinal, run_id, status, {} {} ORDER BY load_id {}, ordinal LIMIT ?7",
                  letter_columns, filter_sql, order));
  if (!statement) {
    return std::unexpected(statement.error());
  }
  bind_filter(*statement, filter).bind(7, filter.limit);
  while (true) {
    const Result<bool> row = statement->step();
    if (!row) {
      return std::unexpected(row.error());
    }
    if (!*row) {
      return {};
    }
    const Result<bool> goes_on = visit(read_letter(*statement));
    if (!goes_on) {
      return std::unexpected(goes_on.error());
    }
    if (!*goes_on) {
      return {};
    }
  }
}

Result<std::uint64_t> Ledger::rejected_with(const std::string& load_id) {
  Result<Statement> statement = database_.prepare("SELECT rejected FROM packages WHERE load_id = ?1");
  const Result<bool> row = statement ? statement->with(load_id).step() : std::unexpected(statement.error());
  if (!row) {
    return std::unexpected(row.error());
  }
  return *row ? static_cast<std::uint64_t>(statement->integer(0)) : 0;
}

Result<std::uint64_t> Ledger::count_letters(const LetterFilter& filter) {
  Result<Statement> statement = database_.prepare(fmt::format("SELECT count(*) {}", filter_sql));
  const Result<bool> row = statement ? bind_filter(*statement, filter).step() : std::unexpected(statement.error());
  if (!row) {
    return std::unexpected(row.error());
  }
  return static_cast<std::uint64_t>(statement->integer(0));
}

}  // namespace outfall::ledger
