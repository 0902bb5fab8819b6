// SPDX-License-Identifier: Apache-2.0
//
// The words of contracts.
#include "outfall/contract.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "outfall/spellings.h"

namespace outfall {
namespace {

constexpr std::array modes{
    detail::Spelling{ContractMode::evolve, "evolve"},
    detail::Spelling{ContractMode::freeze, "freeze"},
    detail::Spelling{ContractMode::discard_value, "discard_value"},
    detail::Spelling{ContractMode::discard_row, "discard_row"},
};

std::unexpected<Error> refuse(std::string message) {
  return fail(Error{.message = std::move(message),
                    .hint = "write evolve, freeze, discard_value or discard_row for all, or so: "
                            "tables=evolve,columns=freeze,data_type=discard_row",
                    .blame = Blame::usage});
}

}  // namespace

std::string_view name(ContractMode mode) {
  return detail::spell(modes, mode);
}

std::optional<ContractMode> contract_mode(std::string_view name) {
  return detail::read_word(modes, name);
}

Result<Contract> parse_contract(std::string_view text) {
  if (const std::optional<ContractMode> mode = contract_mode(text)) return Contract{*mode, *mode, *mode};
  Contract contract;
  for (std::string_view rest = text; !rest.empty();) {
    const std::string_view part = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(rest.size(), part.size() + 1));
    const std::size_t equals = part.find('=');
    const std::string_view entity = part.substr(0, equals);
    const auto known = std::ranges::find(contract_entities, entity, [](const auto& entry) { return entry.second; });
    if (equals == std::string_view::npos || known == contract_entities.end()) {
      return refuse(
          fmt::format("the contract '{}' has '{}', which is no mode and names nothing that has one", text, entity));
    }
    const std::optional<ContractMode> mode = contract_mode(part.substr(equals + 1));
    if (!mode) return refuse(fmt::format("the contract '{}' has no mode that is known for {}", text, entity));
    contract.*known->first = *mode;
  }
  if (text.empty()) return refuse("the contract is empty");
  return contract;
}

}  // namespace outfall
