// SPDX-License-Identifier: Apache-2.0
//
// ObjectStore: where several runners keep the state of their pipelines together: a folder that they share, and in time
// a bucket or a database.
//
// Objects stand in folders, which come with their first object. An object is written once, as a whole, and never
// changed. The one condition that everything rests on is that of two who put an object of one name exactly one
// succeeds. Whoever lists a folder behind that sees the object. No clock is compared with another.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "outfall/error.h"

namespace outfall::shared_state {

struct ObjectName {
  std::string folder;
  std::string name;
};

/// Safe for several threads at once. Errors: retry: the same call may succeed later; abandon: a person has to act.
class ObjectStore {
 public:
  virtual ~ObjectStore() = default;

  /// As people write it, without secrets.
  virtual const std::string& address() const = 0;

  virtual Result<std::vector<std::string>> folders() = 0;

  /// The names in a folder, in no order. One that is not there has none.
  virtual Result<std::vector<std::string>> list(const std::string& folder) = 0;

  /// A small object. None: there is no such object.
  virtual Result<std::optional<std::string>> read(const ObjectName& name) = 0;

  /// An object of any size, into a file that is made or replaced, and is durable then. False: there is no such object.
  virtual Result<bool> read_file(const ObjectName& name, const std::string& path) = 0;

  /// Durable when it returns. False: there is an object of this name, and it stays as it is.
  virtual Result<bool> put_if_absent(const ObjectName& name, std::string_view bytes) = 0;
  virtual Result<bool> put_file_if_absent(const ObjectName& name, const std::string& path) = 0;

  /// One that is not there is a success.
  virtual Status remove(const ObjectName& name) = 0;

  /// Removes what is left of puts that did not come to their ends. One that is under way fails, and may be repeated.
  virtual Status remove_unfinished(const std::string& folder) = 0;
};

}  // namespace outfall::shared_state
