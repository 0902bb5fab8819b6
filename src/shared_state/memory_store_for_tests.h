// SPDX-License-Identifier: Apache-2.0
//
// For tests: objects in memory, and what goes wrong when it is asked to.
#pragma once

#include <fstream>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "base/file.h"
#include "shared_state/object_store.h"

namespace outfall::shared_state {

class MemoryStore final : public ObjectStore {
 public:
  const std::string& address() const override { return address_; }

  Result<std::vector<std::string>> folders() override {
    const std::lock_guard lock(mutex_);
    std::set<std::string> found;
    for (const auto& [name, bytes] : objects_) found.insert(name.first);
    return std::vector<std::string>(found.begin(), found.end());
  }

  Result<std::vector<std::string>> list(const std::string& folder) override {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> found;
    for (const auto& [name, bytes] : objects_) {
      if (name.first == folder) found.push_back(name.second);
    }
    return found;
  }

  Result<std::optional<std::string>> read(const ObjectName& name) override {
    const std::lock_guard lock(mutex_);
    const auto found = objects_.find({name.folder, name.name});
    return found == objects_.end() ? std::nullopt : std::optional(found->second);
  }

  Result<bool> read_file(const ObjectName& name, const std::string& path) override {
    if (before_read_file) before_read_file();
    const Result<std::optional<std::string>> bytes = read(name);
    if (!*bytes) return false;
    std::ofstream(path, std::ios::binary) << **bytes;
    return true;
  }

  Result<bool> put_if_absent(const ObjectName& name, std::string_view bytes) override {
    if (before_put) {
      if (Status allowed = before_put(name); !allowed) return fail(std::move(allowed.error()));
    }
    const std::lock_guard lock(mutex_);
    const bool is_new = objects_.try_emplace({name.folder, name.name}, bytes).second;
    if (is_new && std::exchange(loses_answer, false)) return fail(Error{"no answer", "", Remedy::retry});
    return is_new;
  }

  Result<bool> put_file_if_absent(const ObjectName& name, const std::string& path) override {
    std::ostringstream bytes;
    bytes << std::ifstream(path, std::ios::binary).rdbuf();
    return put_if_absent(name, bytes.str());
  }

  Status remove(const ObjectName& name) override {
    const std::lock_guard lock(mutex_);
    objects_.erase({name.folder, name.name});
    return {};
  }

  Status remove_unfinished(const std::string&) override { return {}; }

  std::function<Status(const ObjectName&)> before_put{};
  std::function<void()> before_read_file{};
  bool loses_answer = false;  ///< the next put comes through, and says that it did not

 private:
  const std::string address_ = "memory:";
  std::mutex mutex_;
  std::map<std::pair<std::string, std::string>, std::string> objects_;
};

}  // namespace outfall::shared_state
