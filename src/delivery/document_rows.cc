// SPDX-License-Identifier: Apache-2.0
#include "delivery/document_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "delivery/package_tables.h"
#include "package/package_reader.h"
#include "schema/table.h"

namespace outfall::delivery {
namespace {

/// Places that are remembered. Each takes 8 bytes a table.
constexpr std::uint64_t places_max = 65'536;

struct IdColumn {
  std::string_view name;
  DataType type = DataType::text;
};

/// By DocumentRows::IdOf.
constexpr std::array<IdColumn, 3> id_columns{
    {{schema::id_column_name}, {schema::parent_id_column_name}, {schema::origin_column_name, DataType::bigint}}};

Result<columnar::RowTexts> texts_of(const columnar::IpcFileReader& file, const IdColumn& column) {
  const std::array<columnar::RowTextColumn, 1> wanted{{{.name = std::string(column.name), .type = column.type}}};
  return columnar::RowTexts::open(file, wanted, {});
}

bool has_jobs(const LoadRequest& request, const schema::Table& table) {
  return std::ranges::find(request.package.jobs, table.name, &ledger::JobRecord::table) != request.package.jobs.end();
}

}  // namespace

Result<DocumentRows> DocumentRows::open(const LoadRequest& request, const schema::Table& root) {
  DocumentRows rows;
  std::vector<const schema::Table*> left = tables_below(root, request.schema);
  std::erase_if(left, [&](const schema::Table* table) { return !has_jobs(request, *table); });
  Status added = rows.add(root, 0, request);
  // A parent may stand behind its child in a schema that somebody else made.
  while (added && !left.empty()) {
    const auto next =
        std::ranges::find_if(left, [&](const schema::Table* table) { return rows.find(table->parent).has_value(); });
    if (next == left.end())
      return fail(fmt::format("rows of {} are nested in rows that are not in the package", left.front()->name));
    added = rows.add(**next, *rows.find((*next)->parent), request);
    left.erase(next);
  }
  if (added) added = rows.walk_all();
  if (!added) return fail(std::move(added.error()));
  return rows;
}

std::optional<std::size_t> DocumentRows::find(const std::string& table) const {
  const auto found = std::ranges::find(tables_, table, [](const DocumentTable& one) { return one.table->name; });
  return found == tables_.end() ? std::nullopt : std::optional(static_cast<std::size_t>(found - tables_.begin()));
}

Status DocumentRows::add(const schema::Table& table, std::size_t parent, const LoadRequest& request) {
  DocumentTable added{.table = &table, .parent = parent};
  Ids ids;
  for (const ledger::JobRecord& job : request.package.jobs) {
    if (job.table != table.name) continue;
    Result<columnar::IpcFileReader> file = package::open_job(request.folder, job, request.check);
    if (!file) return fail(std::move(file.error()));
    // Now, or a damaged file would pass for rows that are refused.
    if (Status checked = file->check_rows(0, job.rows); !checked) return checked;
    Result<std::vector<std::string>> columns = package::column_names(*file);
    if (!columns) return fail(std::move(columns.error()));
    Result<columnar::RowTexts> own = texts_of(*file, id_columns[0]);
    Result<columnar::RowTexts> parents = texts_of(*file, id_columns[1]);
    Result<columnar::RowTexts> documents = texts_of(*file, id_columns[2]);
    for (const auto* opened : {&own, &parents, &documents}) {
      if (!*opened) return fail(opened->error());
    }
    ids.jobs.push_back({std::move(*own), std::move(*parents), std::move(*documents)});
    has_document_ids_ &= std::ranges::find(*columns, schema::origin_column_name) != columns->end();
    columnar::FileRows rows(*file);
    added.jobs.push_back({.record = &job,
                          .begin = added.rows,
                          .file = std::move(*file),
                          .rows = std::move(rows),
                          .columns = std::move(*columns)});
    added.rows += job.rows;
  }
  if (!tables_.empty()) tables_[parent].has_nested = true;
  tables_.push_back(std::move(added));
  ids_.push_back(std::move(ids));
  return {};
}

Status DocumentRows::walk_all() {
  at_.rows.assign(tables_.size(), 0);
  if (tables_.size() == 1) return {};
  stride_ = documents() / places_max + 1;
  const std::unordered_set<std::string>& root_id = ids_.front().of_document;
  std::string before;
  while (at_.document < documents()) {
    if (at_.document % stride_ == 0) places_.push_back(at_);
    if (Status stepped = step(); !stepped) return stepped;
    if (root_id.contains(before)) {
      return fail(fmt::format("two rows of {} in a row have the {} {}, so that nobody knows whose the rows below are",
                              tables_.front().table->name, schema::id_column_name, before));
    }
    before = *root_id.begin();
  }
  for (std::size_t i = 0; i < tables_.size(); ++i) {
    if (at_.rows[i] == tables_[i].rows) continue;
    return fail(fmt::format("whose row {} of {} is nobody knows: it does not stand where those of its document are",
                            at_.rows[i] + 1, tables_[i].table->name));
  }
  return {};
}

/// From a document to the next.
Status DocumentRows::step() {
  for (std::size_t i = 0; i < tables_.size(); ++i) {
    Ids& ids = ids_[i];
    ids.of_document.clear();
    while (at_.rows[i] < tables_[i].rows) {
      if (i > 0) {
        const std::size_t owner = has_document_ids_ ? 0 : tables_[i].parent;
        const auto id = id_of(i, at_.rows[i], has_document_ids_ ? IdOf::document : IdOf::parent);
        if (!id) return fail(id.error());
        if (!ids_[owner].of_document.contains(*id)) break;
      }
      if (has_document_ids_ ? i == 0 : tables_[i].has_nested) {
        auto id = id_of(i, at_.rows[i], has_document_ids_ ? IdOf::document : IdOf::row);
        if (!id) return fail(std::move(id.error()));
        ids.of_document.insert(std::move(*id));
      }
      ++at_.rows[i];
      if (i == 0) break;
    }
  }
  ++at_.document;
  return {};
}

std::size_t DocumentRows::job_of(std::size_t table, std::uint64_t row) const {
  const std::vector<DocumentJob>& jobs = tables_[table].jobs;
  return static_cast<std::size_t>(std::ranges::upper_bound(jobs, row, {}, &DocumentJob::begin) - jobs.begin()) - 1;
}

Result<std::string> DocumentRows::id_of(std::size_t table, std::uint64_t row, IdOf which) {
  Ids& ids = ids_[table];
  const std::size_t job = job_of(table, row);
  const auto kind = static_cast<std::size_t>(which);
  columnar::RowTexts& texts = ids.jobs[job][kind];
  ids.text.clear();
  Status told = texts.append_cells(row - tables_[table].jobs[job].begin, ids.text);
  if (!told) return fail(std::move(told.error()));
  const std::size_t colon = ids.text.find(':');
  if (colon == std::string::npos) {
    return fail(fmt::format("row {} of {} has no {}", row + 1, tables_[table].table->name, id_columns[kind].name));
  }
  return ids.text.substr(colon + 1);
}

Status DocumentRows::go_to(std::uint64_t document) {
  const Place& before = places_[std::min<std::uint64_t>(document / stride_, places_.size() - 1)];
  if (at_.document > document || at_.document < before.document) at_ = before;
  while (at_.document < document) {
    if (Status stepped = step(); !stepped) return stepped;
  }
  return {};
}

Result<std::vector<std::uint64_t>> DocumentRows::begin_of(std::uint64_t document) {
  if (tables_.size() == 1) return std::vector<std::uint64_t>{document};
  if (Status there = go_to(document); !there) return fail(std::move(there.error()));
  return at_.rows;
}

Result<std::uint64_t> DocumentRows::document_of(std::size_t table, std::uint64_t row) {
  if (table == 0) return row;
  const auto behind =
      std::ranges::upper_bound(places_, row, {}, [table](const Place& place) { return place.rows[table]; });
  at_ = *(behind - 1);
  while (true) {
    const std::uint64_t document = at_.document;
    if (Status stepped = step(); !stepped) return fail(std::move(stepped.error()));
    if (at_.rows[table] > row) return document;
  }
}

}  // namespace outfall::delivery
