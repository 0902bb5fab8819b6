// SPDX-License-Identifier: Apache-2.0
//
// The second half of a load: all rows and the record of the load, in one transaction.
#include "delivery/database_load.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "base/fault.h"
#include "columnar/ipc_file.h"
#include "delivery/counted_stream.h"
#include "delivery/document_sieve.h"
#include "delivery/load_order.h"
#include "delivery/load_parts.h"
#include "delivery/package_tables.h"
#include "delivery/partial_refusals.h"
#include "delivery/row_sieve.h"
#include "delivery/table_merge.h"
#include "delivery/table_replace.h"
#include "delivery/unique_columns.h"
#include "package/package_reader.h"
#include "schema/merge_settings.h"
#include "sql/catalog.h"
#include "sql/constraints.h"
#include "sql/dialect.h"
#include "sql/load_marks.h"
#include "sql/system_tables.h"
#include "sql/transaction.h"

namespace outfall::delivery {

namespace {

/// One transaction of a load.
struct Attempt {
  sql::Connection& connection;
  const LoadRequest& request;
  Env& env;
  const std::set<std::string>& marks;  ///< of the parts of the load that were committed before
  const LoadPart* part = nullptr;      ///< null: it is the end of the load
};

struct Load {
  sql::Dataset dataset;
  sql::Transaction& transaction;
  const LoadRequest& request;
  LoadSummary& summary;
  RowSieve* sieve = nullptr;  ///< where rows were refused: finds which, and loads the others
  TableReplacements* replacements = nullptr;
  TableMerges* merges = nullptr;

  sql::TableName place_of(const std::string& table) const {
    return replacements->place_of(table).value_or(merges->place_of(table));
  }
};

TableLoad& entry(LoadSummary& summary, const std::string& table) {
  auto found = std::ranges::find(summary.tables, table, &TableLoad::table);
  if (found != summary.tables.end()) return *found;
  return summary.tables.emplace_back(TableLoad{.table = table});
}

/// Loads that replace or merge rows of one table take turns, and those that are to make its indexes. All in one order,
/// so that none waits for another's second table.
Status hold_rewritten(const Load& load, const std::set<std::string>& filled_first) {
  const ledger::PackageRecord& package = load.request.package;
  std::set<std::string_view> tables(package.replaced.begin(), package.replaced.end());
  for (const schema::Table* root : merged_roots(package, load.request.schema)) tables.insert(root->name);
  tables.insert(filled_first.begin(), filled_first.end());
  for (const std::string_view table : tables) {
    if (Status held = load.transaction.hold(sql::hold_of_rows(load.dataset, table)); !held) return held;
  }
  return {};
}

Status took(const Load& load, const ledger::JobRecord& job, std::uint64_t taken, std::uint64_t refused) {
  if (taken + refused != job.rows) {
    return fail(fmt::format("insert into table {}: {} rows were sealed in {}, the database took {}", job.table,
                            job.rows, job.file, taken));
  }
  entry(load.summary, job.table).rows += taken;
  load.summary.rows += taken;
  fault_point(Fault::in_load);
  return {};
}

Status insert_sifted(const Load& load, const ledger::JobRecord& job) {
  const Result<std::uint64_t> refused = load.sieve->refused(job);
  if (!refused) return fail(refused.error());
  Result<std::uint64_t> taken = load.sieve->insert(job, entry(load.summary, job.table).defaults);
  if (!taken) return fail(std::move(taken.error()).in(fmt::format("insert into table {}", job.table)));
  if (load.request.progress) load.request.progress(load.summary.rows + *taken);
  return took(load, job, *taken, *refused);
}

Status insert_job(const Load& load, const ledger::JobRecord& job) {
  if (load.sieve != nullptr && load.sieve->holds(job.table)) return insert_sifted(load, job);
  Result<columnar::IpcFileReader> reader = package::open_job(load.request.folder, job, load.request.check);
  if (!reader) return fail(std::move(reader.error()));
  const Result<std::vector<std::string>> columns = package::column_names(*reader);
  if (!columns) return fail(columns.error());
  ArrowArrayStream stream{};
  const std::uint64_t batch_rows =
      load.dataset.connection.batch_rows(columns->size(), job.bytes / std::max<std::uint64_t>(job.rows, 1));
  const columnar::Encodings encodings =
      load.dataset.connection.takes_encodings() ? columnar::Encodings::kept : columnar::Encodings::none;
  if (Status opened = reader->stream(&stream, batch_rows, encodings); !opened) return opened;
  count_rows(&stream, load.summary.rows, load.request.progress);

  Result<std::uint64_t> taken = load.transaction.insert_stream(
      load.place_of(job.table), {*columns, &entry(load.summary, job.table).defaults}, &stream);
  if (!taken) return fail(std::move(taken.error()).in(fmt::format("insert into table {}", job.table)));
  return took(load, job, *taken, 0);
}

Status prepare(sql::Connection& connection, const LoadRequest& request) {
  std::uint64_t bytes = 0;
  std::size_t columns = 0;
  for (const ledger::JobRecord& job : request.package.jobs) {
    bytes += job.bytes;
    if (const schema::Table* table = request.schema.tables.find(job.table)) columns += table->columns.size();
  }
  return connection.prepare_load(bytes, columns);
}

/// Keys of tables that were made by hand may say which rows have to be there first. What cannot be asked for does not
/// matter: the database says so once a row is refused.
std::vector<sql::Constraint> constraints_between(sql::Connection& connection, const LoadRequest& request,
                                                 const LoadSummary& summary) {
  const auto was_there = [](const TableLoad& table) { return !table.created && !schema::is_system_name(table.table); };
  // A key stands between two of them, and cannot be on a table that is new.
  if (std::ranges::count_if(summary.tables, was_there) < 2) return {};
  return sql::read_constraints(connection, request.package.dataset).value_or(std::vector<sql::Constraint>());
}

Status insert_jobs(Load& load) {
  sql::Connection& connection = load.dataset.connection;
  const auto constraints = constraints_between(connection, load.request, load.summary);
  for (const ledger::JobRecord* job : jobs_in_order(load.request.package, constraints, connection.dialect())) {
    if (Status inserted = insert_job(load, *job); !inserted) return inserted;
  }
  return {};
}

/// All rows, so that what an earlier attempt left out is left out no more.
Status insert_all(Load& load) {
  if (Status inserted = insert_jobs(load); !inserted) return inserted;
  Refusals* refusals = load.request.refusals;
  if (refusals == nullptr) return {};
  if (Status begun = refusals->begin(0, {}, ""); !begun) return begun;
  return refusals->keep();
}

struct Sifted {
  bool is_known = true;   ///< which rows are refused; false: nothing was inserted
  std::string why_not{};  ///< empty: none was found
};

/// All rows that the database takes.
Result<Sifted> insert_taken(Load& load) {
  Result<RowSieve> sieve = RowSieve::make(load.transaction, load.dataset, load.request);
  if (!sieve && sieve.error().blame == Blame::interrupted) return fail(std::move(sieve.error()));
  if (!sieve) return Sifted{.is_known = false, .why_not = sieve.error().message};
  const std::string unasked = sieve->unasked();
  if (sieve->documents() == 0) {
    return Sifted{.is_known = false, .why_not = unasked.empty() ? "" : "it can only be asked by loading: " + unasked};
  }
  if (Status told = sieve->tell(*load.request.refusals); !told) return fail(std::move(told.error()));
  load.sieve = &*sieve;
  Status inserted = insert_jobs(load);
  load.sieve = nullptr;
  if (inserted) inserted = sieve->drop();
  if (!inserted && !unasked.empty()) {
    inserted.error().message += "; some rules could only be asked by loading: " + unasked;
  }
  if (!inserted) return fail(std::move(inserted.error()));
  return Sifted{};
}

Status record_load(const Load& load, const Attempt& attempt) {
  const ledger::PackageRecord& package = load.request.package;
  if (attempt.part != nullptr) {
    return sql::store_load_marks(load.transaction, load.dataset, package.load_id, *attempt.part);
  }
  if (!attempt.marks.empty()) {
    Status removed = sql::remove_load_marks(load.transaction, load.dataset, package.load_id);
    if (!removed) return removed;
  }
  return sql::store_load(load.transaction, load.dataset,
                         {.load_id = package.load_id,
                          .schema_name = package.schema_name,
                          .schema_version_hash = package.schema_version_hash,
                          .inserted_at_us = attempt.env.now_us()});
}

/// What a database refuses may be a text in a column of a type that we have nothing like; its answer names the column.
std::string hint_on_types(const Load& load, std::string_view answer) {
  const Result<std::vector<schema::ColumnThere>> columns =
      sql::read_columns(load.dataset.connection, load.dataset.name);
  if (!columns) return "";
  const sql::Dialect& dialect = load.dataset.connection.dialect();
  for (const schema::ColumnThere& there : *columns) {
    const auto fills = [&](const ledger::JobRecord& job) {
      const schema::Table* table = load.request.schema.tables.find(job.table);
      return table != nullptr && sql::is_same_name(dialect, job.table, there.table) &&
             answer.starts_with(fmt::format("insert into table {}:", job.table)) &&
             std::ranges::any_of(table->columns, [&](const schema::Column& one) {
               return one.type && sql::is_same_name(dialect, one.name, there.name);
             });
    };
    const bool is_named = answer.ends_with(fmt::format("source column {}", there.name));
    if (there.type || !is_named || std::ranges::none_of(load.request.package.jobs, fills)) continue;
    const sql::TableName table{.catalog = "", .schema = load.dataset.name, .table = there.table};
    return fmt::format(
        "if {}.{} refused the value, which is {} at the destination, make it text (ALTER TABLE {} ALTER COLUMN {} SET "
        "DATA TYPE {}) and run the same command again, or give the package up: outfall package drop {}",
        there.table, there.name, there.word, sql::quoted(dialect, table), sql::quoted(dialect, there.name),
        dialect.types.text, load.request.package.load_id);
  }
  return "";
}

/// Whether some rows may have been refused, so that the others can be loaded.
bool may_be_rows(const Error& error) {
  return error.remedy == Remedy::abandon && error.blame == Blame::run &&
         (error.message.starts_with("insert into table") || error.message.starts_with("merge into table"));
}

bool may_leave_out(const LoadRequest& request) {
  return request.refusals != nullptr && request.refusals->are_allowed();
}

constexpr const char* hint_on_rows =
    "where it is some rows that are refused, outfall resume --on-reject dead-letter loads the other rows";

enum class MakeIndexes {
  behind_rows,  ///< which is faster
  before_rows,  ///< which tells of each row that they refuse
};

struct FillOptions {
  ReplaceStrategy strategy;
  MakeIndexes indexes = MakeIndexes::behind_rows;
};

/// Nobody else works on the load from here on. What another run has committed of it meanwhile must not come twice.
Status check_marks(const Load& load, const Attempt& attempt) {
  const auto marks = sql::read_load_marks(load.dataset, load.request.package.load_id);
  if (!marks) return fail(marks.error());
  if (*marks == attempt.marks) return {};
  return fail(Error{.message = "another run has committed a part of the load meanwhile",
                    .hint = "only one run can finish it: stop the other",
                    .remedy = Remedy::retry});
}

/// Puts in what `insert` does, and brings tables and marks of the load to what they then are.
template <class Insert>
Status fill(Load& load, const Attempt& attempt, FillOptions options, const Insert& insert) {
  const LoadRequest& request = load.request;
  if (Status taken = load.transaction.take_over(sql::hold_of_load(load.dataset, request.package.load_id)); !taken)
    return taken;
  if (Status checked = check_marks(load, attempt); !checked) return checked;
  Result<UniqueColumns> unique = UniqueColumns::find(load.transaction, load.dataset, request);
  if (!unique) return fail(std::move(unique.error()));
  if (Status held = hold_rewritten(load, unique->tables()); !held) return held;
  if (Status looked = unique->look_again(); !looked) return looked;
  Result<TableReplacements> replacements =
      TableReplacements::make(load.transaction, load.dataset, request, options.strategy);
  if (!replacements) return fail(std::move(replacements.error()));
  Result<TableMerges> merges = TableMerges::make(load.transaction, load.dataset, request);
  if (!merges) return fail(std::move(merges.error()));
  load.replacements = &*replacements;
  load.merges = &*merges;
  Status filled = options.indexes == MakeIndexes::before_rows ? unique->make_indexes() : Status();
  if (filled) filled = insert(load);
  if (filled) filled = replacements->run(load.summary);
  if (filled) filled = merges->run(load.summary);
  if (filled) filled = unique->make_indexes();
  if (filled) filled = record_load(load, attempt);
  if (filled) filled = unique->make_constraints();
  return filled;
}

/// A transaction with all that `insert` puts in and the record of it, to be committed.
template <class Insert>
Result<sql::Transaction> fill(const Attempt& attempt, LoadSummary& summary, FillOptions options, const Insert& insert) {
  sql::Connection& connection = attempt.connection;
  const LoadRequest& request = attempt.request;
  // A stop takes back what was sent so far. Behind the last row it comes too late: the commit is short.
  std::stop_callback stopping(request.stop, [&connection] { connection.cancel(); });
  Result<sql::Transaction> transaction = sql::Transaction::begin(connection);
  if (!transaction) return transaction;
  Load load{.dataset = {connection, request.package.dataset},
            .transaction = *transaction,
            .request = request,
            .summary = summary};
  const Status filled = fill(load, attempt, options, insert);
  if (filled) return transaction;
  (void)transaction->roll_back();
  Error error = filled.error();
  if (error.hint.empty() && error.remedy == Remedy::abandon) error.hint = hint_on_types(load, error.message);
  if (error.hint.empty() && !may_leave_out(request) && may_be_rows(error)) error.hint = hint_on_rows;
  return fail(std::move(error));
}

Status commit(sql::Transaction& transaction) {
  fault_point(Fault::before_load_commit);
  return transaction.commit();
}

/// Once a load was refused: the same with the rows that the database takes. Where these are not found out, it fails as
/// before.
Result<LoadSummary> load_taken(const Attempt& attempt, LoadSummary summary, Error refused) {
  Sifted sifted;
  // Rows that are sifted go where they stay.
  const auto insert = [&sifted](Load& load) -> Status {
    const Result<Sifted> inserted = insert_taken(load);
    if (!inserted) return fail(inserted.error());
    sifted = *inserted;
    return sifted.is_known ? Status() : fail("no row was found that is refused");
  };
  auto transaction = fill(attempt, summary, {.strategy = ReplaceStrategy::truncate_and_insert}, insert);
  if (!sifted.is_known) {
    if (!sifted.why_not.empty())
      refused.message += fmt::format("; which rows it refuses was not found out: {}", sifted.why_not);
    return fail(std::move(refused));
  }
  if (!transaction) return fail(std::move(transaction.error()));
  if (Status committed = commit(*transaction); !committed) return fail(std::move(committed.error()));
  return summary;
}

/// The rows of a job that are not refused.
Result<std::uint64_t> insert_some(const Load& load, DocumentJob& job, const std::vector<RowRange>& rows) {
  const std::string& table = job.record->table;
  ArrowArrayStream stream{};
  if (Status opened = job.rows.stream(rows, &stream); !opened) return fail(std::move(opened.error()));
  Result<std::uint64_t> taken = load.transaction.insert_stream(
      load.place_of(table), {job.columns, &entry(load.summary, table).defaults}, &stream);
  if (!taken) return fail(std::move(taken.error()).in(fmt::format("insert into table {}", table)));
  fault_point(Fault::in_load);
  return taken;
}

/// The same where the database tells of rows only by refusing them.
Result<LoadSummary> load_piecewise(const Attempt& attempt, LoadSummary summary, Error refused) {
  sql::Connection& connection = attempt.connection;
  const LoadRequest& request = attempt.request;
  const sql::Dialect& dialect = connection.dialect();
  const auto constraints = constraints_between(connection, request, summary);
  Result<DocumentSieve> sieve =
      DocumentSieve::make(request, roots_in_order(request, constraints, dialect), summary, dialect);
  if (!sieve) {
    refused.message += fmt::format("; which rows it refuses was not found out: {}", sieve.error().message);
    return fail(std::move(refused));
  }
  while (true) {
    LoadSummary filled = summary;
    const auto insert = [&sieve](Load& load) {
      return sieve->insert(load.transaction, [&load](DocumentJob& job, const std::vector<RowRange>& rows) {
        return insert_some(load, job, rows);
      });
    };
    auto transaction =
        fill(attempt, filled, {.strategy = ReplaceStrategy::truncate_and_insert, .indexes = MakeIndexes::before_rows},
             insert);
    Status learnt;
    if (!transaction) {
      learnt = sieve->learn(std::move(transaction.error()), connection);
    } else if (sieve->is_whole()) {
      if (Status told = sieve->tell(filled); !told) return fail(std::move(told.error()));
      if (Status committed = commit(*transaction); !committed) return fail(std::move(committed.error()));
      return filled;
    } else {
      learnt = transaction->roll_back();
      if (learnt) learnt = sieve->pass();
    }
    if (!learnt) return fail(std::move(learnt.error()));
  }
}

/// Of a load that was refused, what the database takes; if it was for rows.
Result<LoadSummary> load_others(const Attempt& attempt, LoadSummary summary, Error refused) {
  const LoadRequest& request = attempt.request;
  const bool is_merged = !merged_roots(request.package, request.schema).empty();
  // Rules say nothing of a merge: what it does with a row depends on those that are there.
  if (!attempt.connection.dialect().has_savepoints && !is_merged)
    return load_taken(attempt, std::move(summary), std::move(refused));
  if (!attempt.connection.refused_row() && !is_merged) return fail(std::move(refused));
  return load_piecewise(attempt, std::move(summary), std::move(refused));
}

/// Of a merge that failed: the first row without a key, which fails every merge by keys.
void name_keyless(const sql::Connection& connection, const LoadRequest& request, const LoadSummary& summary,
                  Error& error) {
  for (const schema::Table* root : merged_roots(request.package, request.schema)) {
    if (!error.message.starts_with(fmt::format("merge into table {}: ", root->name))) continue;
    const Result<DocumentRows> rows = DocumentRows::open(request, *root);
    const auto made = std::ranges::find(summary.tables, root->name, &TableLoad::table);
    if (!rows || made == summary.tables.end()) continue;
    const auto first = find_keyless(rows->tables().front(), made->defaults, connection.dialect(), 1);
    if (first && !first->empty()) error.message += fmt::format("; the first is row {} of the load", first->front() + 1);
  }
}

/// All that the request has, in one transaction.
Result<LoadSummary> load_at_once(const Attempt& attempt, LoadSummary summary) {
  const LoadRequest& request = attempt.request;
  LoadSummary filled = summary;
  auto transaction = fill(attempt, filled, {.strategy = request.replace_strategy}, insert_all);
  if (!transaction) {
    Error refused = std::move(transaction.error());
    if (!may_leave_out(request) || !may_be_rows(refused)) {
      name_keyless(attempt.connection, request, summary, refused);
      return fail(std::move(refused));
    }
    return load_others(attempt, std::move(summary), std::move(refused));
  }
  if (Status committed = commit(*transaction); !committed) return fail(std::move(committed.error()));
  return filled;
}

/// A load in several transactions. What is refused is left out in the last one, so that all letters are of one moment.
class PartialLoad {
 public:
  PartialLoad(sql::Connection& connection, const LoadRequest& request, LoadSummary summary, std::set<std::string> marks,
              Env& env)
      : connection_(connection), request_(request), summary_(std::move(summary)), marks_(std::move(marks)), env_(env) {}

  Result<LoadSummary> load() {
    count_marked();
    if (Status committed = commit_parts(); !committed) return fail(told(std::move(committed.error())));
    const ledger::PackageRecord rest = without_parts(request_.package, marks_);
    LoadRequest request = with_package(request_, rest);
    const bool are_divided = are_documents_divided(request_, marks_);
    std::unique_ptr<Refusals> refusals;
    if (request_.refusals != nullptr && are_divided) {
      refusals = std::make_unique<NoRefusals>(*request_.refusals, request_.package, marks_);
    } else if (request_.refusals != nullptr) {
      refusals = std::make_unique<RestRefusals>(*request_.refusals, request_.package, marks_);
    }
    request.refusals = refusals.get();
    Result<LoadSummary> loaded =
        load_at_once({.connection = connection_, .request = request, .env = env_, .marks = marks_}, summary_);
    if (loaded) return loaded;
    if (are_divided && may_leave_out(request_) && may_be_rows(loaded.error())) {
      return fail(told(undivided(loaded.error())));
    }
    return fail(told(std::move(loaded.error())));
  }

 private:
  void tell() const {
    if (!marks_.empty() && request_.part_committed) request_.part_committed();
  }

  void count_marked() {
    for (const ledger::JobRecord& job : request_.package.jobs) {
      if (!marks_.contains(job.file)) continue;
      entry(summary_, job.table).rows += job.rows;
      summary_.rows += job.rows;
    }
    tell();
  }

  /// All but the last one, which commits with the record of the load; or those before the first of which rows are
  /// refused.
  Status commit_parts() {
    if (request_.commit == CommitUnit::package || !may_be_divided()) return {};
    const ledger::PackageRecord rest = without_parts(request_.package, marks_);
    const LoadRequest request = with_package(request_, rest);
    const auto constraints = constraints_between(connection_, request, summary_);
    std::vector<LoadPart> parts = load_parts(request, constraints, connection_.dialect());
    if (!parts.empty()) parts.pop_back();
    for (const LoadPart& part : parts) {
      Status committed = commit_part(part);
      if (committed) continue;
      if (!may_leave_out(request_) || !may_be_rows(committed.error())) return committed;
      if (are_documents_divided(request_, marks_)) return fail(undivided(committed.error()));
      return {};
    }
    return {};
  }

  bool may_be_divided() const {
    // Another attempt would drop such tables with what is committed.
    if (!tables_to_drop(request_.package, request_.schema).empty()) return false;
    // A load that would take away more rows than it may changes nothing.
    return std::ranges::none_of(summary_.tables, [this](const TableLoad& one) {
      const schema::Table* table = request_.schema.tables.find(one.table);
      const schema::DeletionLimit limit = table == nullptr ? schema::DeletionLimit() : schema::deletion_limit(*table);
      return limit.rows || limit.percent;
    });
  }

  Status commit_part(const LoadPart& part) {
    const ledger::PackageRecord package = only_part(request_.package, part);
    LoadRequest request = with_package(request_, package);
    request.refusals = nullptr;
    const Attempt attempt{.connection = connection_, .request = request, .env = env_, .marks = marks_, .part = &part};
    LoadSummary filled = summary_;
    auto transaction = fill(attempt, filled, {.strategy = request.replace_strategy}, insert_all);
    if (!transaction) {
      name_keyless(connection_, request, summary_, transaction.error());
      return fail(std::move(transaction.error()));
    }
    if (Status committed = commit(*transaction); !committed) return committed;
    fault_point(Fault::after_part_commit);
    summary_ = std::move(filled);
    marks_.insert(part.begin(), part.end());
    tell();
    return {};
  }

  /// A document can only be left out as a whole.
  static Error undivided(Error error) {
    error.message += "; other rows of the same documents may be committed already, so that none can be left out";
    error.hint = "have the table take the row, then run outfall resume";
    return error;
  }

  Error told(Error error) const {
    if (!marks_.empty()) error.message += "; a part of the load is committed, and stays";
    return error;
  }

  sql::Connection& connection_;
  const LoadRequest& request_;
  LoadSummary summary_;
  std::set<std::string> marks_;  ///< of what is committed
  Env& env_;
};

/// The marks of what earlier attempts have committed, once none of them can commit any more.
Result<std::set<std::string>> read_marks(sql::Connection& connection, const LoadRequest& request) {
  const sql::Dataset dataset{connection, request.package.dataset};
  const Result<std::set<std::string>> tables = sql::table_names(connection, dataset.name);
  if (!tables) return fail(tables.error());
  if (!tables->contains(sql::folded(connection.dialect(), sql::load_marks_table))) return std::set<std::string>();
  Result<sql::Transaction> transaction = sql::Transaction::begin(connection);
  if (!transaction) return fail(std::move(transaction.error()));
  Status taken = transaction->take_over(sql::hold_of_load(dataset, request.package.load_id));
  if (!taken) return fail(std::move(taken.error()));
  return sql::read_load_marks(dataset, request.package.load_id);
}

}  // namespace

Result<LoadSummary> load_rows(sql::Connection& connection, const LoadRequest& request, LoadSummary summary, Env& env) {
  fault_point(Fault::before_load_begin);
  if (Status prepared = prepare(connection, request); !prepared) return fail(std::move(prepared.error()));
  Result<std::set<std::string>> marks = read_marks(connection, request);
  if (!marks) return fail(std::move(marks.error()));
  return PartialLoad(connection, request, std::move(summary), std::move(*marks), env).load();
}

}  // namespace outfall::delivery
