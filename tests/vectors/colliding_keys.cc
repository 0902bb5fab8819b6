// SPDX-License-Identifier: Apache-2.0
#include "colliding_keys.h"

#include <algorithm>
#include <set>
#include <string>

namespace outfall::vectors {
namespace {

/// Collects the names that the values of one row get; false as soon as one is there already.
class RowNames {
 public:
  explicit RowNames(const schema::Naming& naming) : naming_(naming) {}

  bool add(const Json& object, const std::string& prefix) {
    return std::ranges::all_of(*object.as_object(), [&](const auto& member) {
      const std::string name = prefix + naming_.normalize_path(member.key);
      if (member.value.as_object() != nullptr) return add(member.value, name + std::string(naming_.separator()));
      return member.value.is_null() || names_.insert(name).second;
    });
  }

 private:
  const schema::Naming& naming_;
  std::set<std::string> names_;
};

bool any_list_collides(const Json& value, const schema::Naming& naming) {
  if (const Json::Array* list = value.as_array()) {
    return std::ranges::any_of(*list, [&](const Json& element) { return has_colliding_keys(element, naming); });
  }
  const Json::Object* object = value.as_object();
  return object != nullptr &&
         std::ranges::any_of(*object, [&](const auto& member) { return any_list_collides(member.value, naming); });
}

}  // namespace

bool has_colliding_keys(const Json& document, const schema::Naming& naming) {
  if (document.as_object() != nullptr && !RowNames(naming).add(document, "")) return true;
  return any_list_collides(document, naming);
}

}  // namespace outfall::vectors
