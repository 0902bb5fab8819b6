// SPDX-License-Identifier: Apache-2.0
#include "delivery/document_text.h"

#include <algorithm>
#include <utility>

#include "delivery/job_rows.h"

namespace outfall::delivery {

Status DocumentTexts::open() {
  if (!texts_.empty()) return {};
  for (const DocumentTable& table : rows_.tables()) {
    const std::vector<columnar::RowTextColumn> columns = row_columns(*table.table, true);
    std::vector<columnar::RowTexts>& texts = texts_.emplace_back();
    for (const DocumentJob& job : table.jobs) {
      Result<columnar::RowTexts> opened = columnar::RowTexts::open(job.file, columns, {});
      if (!opened) return fail(std::move(opened.error()));
      texts.push_back(std::move(*opened));
    }
  }
  return {};
}

/// What stands between the braces.
Result<std::string> DocumentTexts::members_of(std::size_t table, std::uint64_t row) {
  const std::size_t job = rows_.job_of(table, row);
  std::string text;
  Status told =
      texts_[table][job].append_cells(row - rows_.tables()[table].jobs[job].begin, text, columnar::RowTextForm::whole);
  if (!told) return fail(std::move(told.error()));
  return text.substr(1, text.size() - 2);
}

Result<std::string> DocumentTexts::of(std::uint64_t document) {
  if (Status opened = open(); !opened) return fail(std::move(opened.error()));
  const auto begin = rows_.begin_of(document);
  if (!begin) return fail(begin.error());
  const auto end = rows_.begin_of(document + 1);
  if (!end) return fail(end.error());
  const std::vector<DocumentTable>& tables = rows_.tables();
  std::vector<MembersOfRows> nested(tables.size());
  for (std::size_t i = tables.size(); i-- > 1;) {
    MembersOfRows lists;
    for (std::uint64_t row = (*begin)[i]; row < (*end)[i]; ++row) {
      if (Status read = this->read(i, row, nested, lists); !read) return fail(std::move(read.error()));
    }
    const std::size_t parent = tables[i].parent;
    nest(lists, key_in_parent(tables[i].table->name, tables[parent].table->name), nested[parent]);
  }
  Result<std::string> members = members_of(0, document);
  if (!members) return members;
  for (const auto& [id, inner] : nested.front()) add_to_list(*members, inner);
  return "{" + *members + "}";
}

Status DocumentTexts::read(std::size_t table, std::uint64_t row, std::vector<MembersOfRows>& nested,
                           MembersOfRows& lists) {
  const Result<std::string> parent = rows_.id_of(table, row, DocumentRows::IdOf::parent);
  if (!parent) return fail(parent.error());
  Result<std::string> members = members_of(table, row);
  if (!members) return fail(std::move(members.error()));
  if (rows_.tables()[table].has_nested) {
    const Result<std::string> own = rows_.id_of(table, row, DocumentRows::IdOf::row);
    if (!own) return fail(own.error());
    if (const auto inner = nested[table].find(*own); inner != nested[table].end()) add_to_list(*members, inner->second);
  }
  add_to_list(lists[*parent], "{" + *members + "}");
  return {};
}

}  // namespace outfall::delivery
