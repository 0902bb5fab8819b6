// SPDX-License-Identifier: Apache-2.0
//
// The first half of a load: what must exist before rows can go in.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>
#include <utility>

#include "base/fault.h"
#include "delivery/database_load.h"
#include "delivery/package_tables.h"
#include "package/package_reader.h"
#include "sql/catalog.h"
#include "sql/ddl.h"
#include "sql/dialect.h"
#include "sql/load_marks.h"
#include "sql/system_tables.h"
#include "sql/transaction.h"

namespace outfall::delivery {

namespace {

struct Migration {
  sql::Dataset dataset;
  sql::Transaction& transaction;
  const sql::ExistingDataset& existing;
  const LoadRequest& request;
  std::vector<ledger::TableColumn> altered{};  ///< that the database may have without
};

/// Columns that this package brings another type, or one before it that the database does not know: it was put back.
/// What somebody altered behind a package that is there stays.
Result<std::vector<ledger::TableColumn>> columns_to_alter(const sql::Dataset& dataset,
                                                          const ledger::PackageRecord& package) {
  std::vector<ledger::TableColumn> columns;
  std::map<std::string, bool> is_there{{"", false}, {package.load_id, false}};
  for (const auto& [column, brought_by] : package.altered) {
    auto there = is_there.find(brought_by);
    if (there == is_there.end()) {
      const Result<bool> found = sql::has_load(dataset, brought_by);
      if (!found) return fail(found.error());
      there = is_there.emplace(brought_by, *found).first;
    }
    if (!there->second && std::ranges::find(columns, column) == columns.end()) columns.push_back(column);
  }
  return columns;
}

std::vector<std::string> altered_columns(const Migration& migration, const std::string& table) {
  std::vector<std::string> columns;
  for (const ledger::TableColumn& altered : migration.altered) {
    if (altered.table == table) columns.push_back(altered.column);
  }
  return columns;
}

/// A load that comes again drops what its attempt before has made: no row is in it.
Status drop_tables(sql::Transaction& transaction, const sql::Dataset& dataset, const LoadRequest& request,
                   sql::ExistingDataset& existing) {
  const sql::Dialect& dialect = dataset.connection.dialect();
  std::set<std::string> tables = tables_to_drop(request.package, request.schema);
  std::erase_if(tables, [&](const std::string& table) { return existing.find(dialect, table) == nullptr; });
  std::vector<sql::TableName> places;
  for (const std::string& table : tables) places.push_back(dataset.table(table));
  if (Status locked = transaction.lock_out(places); !locked) return fail(std::move(locked.error()).in("drop tables"));
  for (const std::string& table : tables) {
    auto dropped = transaction.execute("DROP TABLE " + sql::quoted(dialect, dataset.table(table)));
    if (!dropped) return fail(std::move(dropped.error()).in(fmt::format("drop table {}", table)));
    existing.tables.erase(sql::folded(dialect, table));
  }
  return {};
}

/// The columns of a table that the package has values for.
Result<std::set<std::string>> filled_columns(const LoadRequest& request, const std::string& table) {
  std::set<std::string> filled;
  for (const ledger::JobRecord& job : request.package.jobs) {
    if (job.table != table) continue;
    const auto reader = package::open_job(request.folder, job, package::JobCheck::size);
    if (!reader) return fail(reader.error());
    Result<std::vector<std::string>> columns = package::column_names(*reader);
    if (!columns) return fail(std::move(columns.error()));
    filled.insert(columns->begin(), columns->end());
  }
  return filled;
}

Status check_cut(const Migration& migration, const sql::TableChange& change) {
  if (change.cut.empty()) return {};
  const Result<std::set<std::string>> filled = filled_columns(migration.request, change.table);
  if (!filled) return fail(filled.error());
  for (const sql::CutColumn& cut : change.cut) {
    if (!filled->contains(cut.column)) continue;
    return fail(fmt::format("the column {} is {} at {}, and values of {} would be cut or changed to fit it", cut.column,
                            cut.there, migration.dataset.connection.dialect().name, cut.type),
                fmt::format("give it a type that takes them ({}), then run the same command again", cut.advised));
  }
  return {};
}

Status alter_columns(const Migration& migration, const std::vector<sql::Alteration>& alterations) {
  for (const sql::Alteration& one : alterations) {
    bool fits = true;
    if (!one.misfits.empty()) {
      const auto rows = migration.transaction.rows(one.misfits);
      if (!rows) return fail(rows.error());
      fits = rows->empty();
    }
    Result<std::uint64_t> done = migration.transaction.execute(fits ? one.statement : one.as_text);
    if (done) continue;
    Error error = std::move(done.error());
    if (error.hint.empty()) {
      error.hint =
          "what depends on the column may be in the way (an index, a constraint): drop it, then run the same "
          "command again";
    }
    return fail(std::move(error).in(fmt::format("alter the column {}", one.column)));
  }
  return {};
}

Status make_load_marks(const Migration& migration) {
  const sql::Connection& connection = migration.dataset.connection;
  const bool is_there = migration.existing.find(connection.dialect(), sql::load_marks_table) != nullptr;
  if (migration.request.commit == CommitUnit::package || is_there) return {};
  const auto made = migration.transaction.execute(sql::create_load_marks(migration.dataset));
  return made ? Status() : fail(Error(made.error()).in(fmt::format("table {}", sql::load_marks_table)));
}

Result<sql::TableChange> change_table(const Migration& migration, const schema::Table& table) {
  const sql::Dialect& dialect = migration.dataset.connection.dialect();
  Result<sql::TableChange> change =
      sql::plan_table(dialect, migration.dataset.table(table.name), table, migration.existing.find(dialect, table.name),
                      altered_columns(migration, table.name));
  if (!change) return change;
  Status done = check_cut(migration, *change);
  for (const std::string& statement : change->statements) {
    if (!done) break;
    if (Result<std::uint64_t> made = migration.transaction.execute(statement); !made) done = fail(made.error());
  }
  if (done) done = alter_columns(migration, change->alterations);
  if (!done) return fail(std::move(done.error()).in(fmt::format("table {}", table.name)));
  return change;
}

Status make_system_tables(const Migration& migration) {
  for (const schema::Table& ours : {schema::version_table(), schema::loads_table()}) {
    const schema::Table* stored = migration.request.schema.tables.find(ours.name);
    Result<sql::TableChange> change = change_table(migration, stored != nullptr ? *stored : ours);
    if (!change) return fail(std::move(change.error()));
  }
  return {};
}

/// Two tables of the package that are one to the database would mix their rows.
Status check_tables(const sql::Dialect& dialect, const std::vector<const schema::Table*>& tables) {
  std::unordered_map<std::string, std::string_view> seen;
  for (const schema::Table* table : tables) {
    auto [other, added] = seen.emplace(sql::folded(dialect, table->name), table->name);
    if (added) continue;
    return fail(fmt::format("{} takes the tables {} and {} for the same one", dialect.name, other->second, table->name),
                "use a naming convention that ignores case, such as snake_case");
  }
  return {};
}

/// Tables with altered columns and no rows: the database is to have the types that the schema beside it says.
Status alter_other_tables(const Migration& migration, const std::vector<const schema::Table*>& changed) {
  const sql::Dialect& dialect = migration.dataset.connection.dialect();
  std::set<std::string_view> done;
  for (const schema::Table* table : changed) done.insert(table->name);
  for (const ledger::TableColumn& altered : migration.altered) {
    const schema::Table* table = migration.request.schema.tables.find(altered.table);
    if (table == nullptr || !done.insert(table->name).second) continue;
    const sql::ExistingTable* existing = migration.existing.find(dialect, table->name);
    if (existing == nullptr) continue;
    const auto alterations = sql::plan_alterations(dialect, migration.dataset.table(table->name), *table, *existing,
                                                   altered_columns(migration, table->name));
    if (!alterations) return fail(alterations.error());
    if (Status one = alter_columns(migration, *alterations); !one) {
      return fail(std::move(one.error()).in(fmt::format("table {}", table->name)));
    }
  }
  return {};
}

/// The defaults of the tables, with their columns as they are now: some may just have been altered.
Status take_defaults(const Migration& migration, LoadSummary& summary) {
  const auto has_defaults = [](const auto& table) { return !table.second.defaults.empty(); };
  if (std::ranges::none_of(migration.existing.tables, has_defaults)) return {};
  sql::Connection& connection = migration.dataset.connection;
  const auto now = sql::read_dataset(connection, migration.dataset.name);
  if (!now) return fail(now.error());
  for (TableLoad& table : summary.tables) {
    const sql::ExistingTable* there = *now ? (*now)->find(connection.dialect(), table.table) : nullptr;
    if (there != nullptr) table.defaults = there->defaults;
  }
  return {};
}

/// Readers of a table that is about to change are kept out as shortly as can be: all such tables are locked at once.
Status lock_changed(const Migration& migration, const std::vector<const schema::Table*>& tables) {
  const sql::Dialect& dialect = migration.dataset.connection.dialect();
  if (dialect.lock_table.empty()) return {};
  std::vector<sql::TableName> changed;
  for (const schema::Table* table : tables) {
    const sql::ExistingTable* existing = migration.existing.find(dialect, table->name);
    if (existing == nullptr) continue;
    const sql::TableName target = migration.dataset.table(table->name);
    const auto change = sql::plan_table(dialect, target, *table, existing, altered_columns(migration, table->name));
    if (!change) return fail(change.error());
    if (!change->statements.empty() || !change->alterations.empty()) changed.push_back(target);
  }
  return migration.transaction.lock_out(changed);
}

Result<LoadSummary> make_tables(const Migration& migration) {
  Result<std::vector<const schema::Table*>> tables =
      tables_to_make(migration.request.package, migration.request.schema);
  if (!tables) return fail(std::move(tables.error()));
  if (Status distinct = check_tables(migration.dataset.connection.dialect(), *tables); !distinct) {
    return fail(std::move(distinct.error()));
  }
  if (Status locked = lock_changed(migration, *tables); !locked) return fail(std::move(locked.error()));
  LoadSummary summary;
  for (const schema::Table* table : *tables) {
    Result<sql::TableChange> change = change_table(migration, *table);
    if (!change) return fail(std::move(change.error()));
    summary.tables.push_back(
        {.table = table->name, .rows = 0, .created = change->created, .new_columns = std::move(change->new_columns)});
  }
  if (Status altered = alter_other_tables(migration, *tables); !altered) {
    return fail(std::move(altered.error()));
  }
  if (Status taken = take_defaults(migration, summary); !taken) return fail(std::move(taken.error()));
  return summary;
}

}  // namespace

Result<LoadSummary> migrate(sql::Connection& connection, const LoadRequest& request, Env& env) {
  fault_point(Fault::before_migration);
  const ledger::PackageRecord& package = request.package;
  std::string doing = fmt::format("prepare dataset {}", package.dataset);
  // A stop ends the wait for whoever has the tables.
  std::stop_callback stopping(request.stop, [&connection] { connection.cancel(); });
  Result<sql::Transaction> transaction = sql::Transaction::begin(connection);
  if (!transaction) return fail(std::move(transaction.error()).in(doing));

  const sql::Dataset dataset{connection, package.dataset};
  Status held = transaction->bound_waits();
  // An attempt whose connection was lost may still stand in the way, here as well as in the load.
  if (held) held = transaction->take_over(sql::hold_of_load(dataset, package.load_id));
  if (held) held = transaction->hold(sql::hold_of_tables(dataset));
  if (!held) return fail(std::move(held.error()).in(doing));
  Result<std::optional<sql::ExistingDataset>> existing = sql::read_dataset(connection, package.dataset);
  if (!existing) return fail(std::move(existing.error()).in(doing));
  const std::string make = sql::create_schema(connection.dialect(), connection.catalog(), package.dataset);
  // Who may use a schema need not be allowed to make any.
  if (!make.empty() && !*existing) {
    auto made = transaction->execute(make);
    if (!made) return fail(std::move(made.error()).in(doing));
  }
  sql::ExistingDataset found = std::move(*existing).value_or(sql::ExistingDataset{});
  if (Status dropped = drop_tables(*transaction, dataset, request, found); !dropped)
    return fail(std::move(dropped.error()).in(doing));
  Migration migration{
      .dataset = {connection, package.dataset}, .transaction = *transaction, .existing = found, .request = request};
  Result<std::vector<ledger::TableColumn>> altered = columns_to_alter(migration.dataset, package);
  if (!altered) return fail(std::move(altered.error()).in(doing));
  migration.altered = std::move(*altered);

  Status stored = make_system_tables(migration);
  if (stored) stored = make_load_marks(migration);
  if (!stored) return fail(std::move(stored.error()).in(doing));
  Result<LoadSummary> summary = make_tables(migration);
  if (!summary) return fail(std::move(summary.error()).in(doing));
  stored = sql::store_schema(*transaction, migration.dataset,
                             {.schema = request.schema,
                              .version_hash = package.schema_version_hash,
                              .document = package.schema,
                              .inserted_at_us = env.now_us()});
  if (!stored) return fail(std::move(stored.error()).in(doing));
  if (Status committed = transaction->commit(); !committed) {
    // Whatever became of it, doing it again is harmless.
    Error error = std::move(committed.error());
    if (error.remedy == Remedy::resolve) error.remedy = Remedy::retry;
    return fail(std::move(error).in(doing));
  }
  fault_point(Fault::after_migration);
  return summary;
}

}  // namespace outfall::delivery
