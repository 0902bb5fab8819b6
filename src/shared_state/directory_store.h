// SPDX-License-Identifier: Apache-2.0
//
// DirectoryStore: objects as files of a folder that several machines may mount.
//
//   <root>/<folder>/<name>             an object
//   <root>/<folder>/.unfinished/       what is being put, under a random name
//
// An object is written beside its place, synced, and then given its name by a hard link, which fails where the name is
// taken; that also holds on network file systems. Where there are no hard links, it is an exclusive rename.
#pragma once

#include <memory>
#include <string>

#include "base/env.h"
#include "shared_state/object_store.h"

namespace outfall::shared_state {

class DirectoryStore final : public ObjectStore {
 public:
  /// `root` is absolute and is there: one that is not may be a disk that is not mounted, so it is never made.
  ///
  /// Errors: usage: it is not there, or no folder.
  static Result<std::unique_ptr<ObjectStore>> open(const std::string& root, Env& env);

  const std::string& address() const override { return address_; }
  Result<std::vector<std::string>> folders() override;
  Result<std::vector<std::string>> list(const std::string& folder) override;
  Result<std::optional<std::string>> read(const ObjectName& name) override;
  Result<bool> read_file(const ObjectName& name, const std::string& path) override;
  Result<bool> put_if_absent(const ObjectName& name, std::string_view bytes) override;
  Result<bool> put_file_if_absent(const ObjectName& name, const std::string& path) override;
  Status remove(const ObjectName& name) override;
  Status remove_unfinished(const std::string& folder) override;

 private:
  DirectoryStore(std::string root, Env& env);

  std::string folder_path(const std::string& folder) const;
  std::string path_of(const ObjectName& name) const;
  template <class Fill>
  Result<bool> put(const ObjectName& name, Fill fill);

  const std::string root_;
  const std::string address_;
  Env& env_;
};

}  // namespace outfall::shared_state
