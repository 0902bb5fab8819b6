// SPDX-License-Identifier: Apache-2.0
//
// Asks a database for what was loaded, with values in the places of a statement, and changes something in a
// transaction.
#include <cinttypes>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "outfall/outfall.h"

namespace {

int complain(const outfall::SqlError& error) {
  std::fprintf(stderr, "%s\n%s\n", error.message.c_str(), error.hint.c_str());
  return 1;
}

}  // namespace

int main() {
  const std::string database = "sqlite:asked.db";
  const std::vector<std::string> items = {R"({"id": 1, "name": "pen"})", R"({"id": 2, "name": "ink"})"};
  const outfall::Report report = outfall::Pipeline({.name = "asked", .destination = database})
                                     .run({.from_memory = {{.table = "items", .documents = outfall::documents(items)}},
                                           .write_disposition = outfall::WriteDisposition::replace});
  if (report.ending != outfall::Ending::delivered) return 1;

  auto client = outfall::SqlClient::open({.destination = database, .access = outfall::QueryAccess::write});
  if (!client) return complain(client.error());
  {
    auto transaction = client->begin_transaction();
    if (!transaction) return complain(transaction.error());
    auto renamed = client->execute_sql("UPDATE items SET name = %s WHERE id = %s", {"it's a pen", std::int64_t{1}});
    if (!renamed) return complain(renamed.error());
    std::printf("%" PRIu64 " row\n", renamed->changed());
    if (outfall::SqlStatus committed = transaction->commit(); !committed) return complain(committed.error());
  }

  auto cursor = client->execute_query("SELECT id, name FROM items WHERE id < ? ORDER BY id", {std::int64_t{10}});
  if (!cursor) return complain(cursor.error());
  const outfall::SqlStatus read = cursor->iter_fetch(1000, [](const outfall::SqlRows& rows) {
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const std::string name(rows[i].get<std::string_view>("name").value_or("?"));
      std::printf("%" PRId64 " %s\n", rows[i].get<std::int64_t>("id").value_or(0), name.c_str());
    }
    return true;  // false: that is enough
  });
  return read ? 0 : complain(read.error());
}
