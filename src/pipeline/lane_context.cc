// SPDX-License-Identifier: Apache-2.0
#include "pipeline/lane_context.h"

#include <utility>

namespace outfall::pipeline {

Result<std::shared_ptr<delivery::LoadBoard>> load_board(ledger::Ledger& ledger,
                                                        const delivery::Destination& destination,
                                                        const ledger::PackageRecord& package) {
  if (destination.lane_options() == nullptr) return nullptr;
  Result<ledger::StateValues> values = ledger.destination_state(package.destination);
  if (!values) return fail(std::move(values.error()));
  Result<std::string> document = ledger.stored_state();
  if (!document) return fail(std::move(document.error()));
  return std::make_shared<delivery::LoadBoard>(std::move(*values), std::move(*document));
}

Result<std::optional<schema::Schema>> schema_before(ledger::Ledger& ledger, const std::string& load_id) {
  const Result<std::string> document = ledger.schema_before(load_id);
  if (!document) return fail(document.error());
  if (document->empty()) return std::nullopt;
  Result<schema::Schema> schema = schema::Schema::parse(*document);
  if (!schema) return fail(std::move(schema.error()).in("read the schema of the load before " + load_id));
  return std::move(*schema);
}

Result<delivery::LaneContext> replay_context(ledger::Ledger& ledger, const std::string& load_id,
                                             delivery::LaneContext context) {
  if (context.on_reject == OnReject::drop) context.on_reject = OnReject::dead_letter;
  auto keys = ledger.replayed_keys(load_id);
  if (!keys) return fail(std::move(keys.error()));
  context.replayed_key = [keys = std::move(*keys)](const std::string& table, std::uint64_t row) {
    const auto of_table = keys.find(table);
    return of_table == keys.end() || row >= of_table->second.size() ? std::string() : of_table->second[row];
  };
  return context;
}

}  // namespace outfall::pipeline
