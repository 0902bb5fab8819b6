// SPDX-License-Identifier: Apache-2.0
//
// NamedList: things in the order they were added, found by their name in constant time. Columns of a table, tables of a
// schema: the order of both enters the version hash.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace outfall::schema {

/// `Item` has a member `name`, which does not change while it is in a list. References hold until the next add.
template <class Item>
class NamedList {
 public:
  /// Puts an item at the end; one of the same name is replaced in its place.
  Item& add(Item item) {
    const auto [entry, added] = places_.emplace(item.name, items_.size());
    if (added) return items_.emplace_back(std::move(item));
    return items_[entry->second] = std::move(item);
  }

  /// Removes the items for which it is true.
  template <class Predicate>
  void remove_if(const Predicate& is_removed) {
    std::erase_if(items_, is_removed);
    places_.clear();
    for (std::size_t place = 0; place < items_.size(); ++place) places_.emplace(items_[place].name, place);
  }

  /// Null when there is none of that name.
  const Item* find(std::string_view name) const {
    const auto entry = places_.find(name);
    return entry == places_.end() ? nullptr : &items_[entry->second];
  }
  Item* find(std::string_view name) { return const_cast<Item*>(std::as_const(*this).find(name)); }

  std::size_t size() const { return items_.size(); }
  bool empty() const { return items_.empty(); }
  const Item& operator[](std::size_t place) const { return items_[place]; }
  Item& operator[](std::size_t place) { return items_[place]; }
  auto begin() const { return items_.begin(); }
  auto end() const { return items_.end(); }
  auto begin() { return items_.begin(); }
  auto end() { return items_.end(); }

  bool operator==(const NamedList& other) const { return items_ == other.items_; }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view name) const { return std::hash<std::string_view>()(name); }
  };

  std::vector<Item> items_;
  std::unordered_map<std::string, std::size_t, Hash, std::equal_to<>> places_;
};

}  // namespace outfall::schema
