// SPDX-License-Identifier: Apache-2.0
//
// OwnDestination: a destination that is a part of the program. It takes rows in batches (CustomDestination) or whole
// loads (DatasetDestination); a pipeline is given either one.
#pragma once

#include <string>

namespace outfall {

class CustomDestination;
class DatasetDestination;

class OwnDestination {
 public:
  OwnDestination() = default;
  virtual ~OwnDestination() = default;
  OwnDestination(const OwnDestination&) = delete;
  OwnDestination& operator=(const OwnDestination&) = delete;

  /// What it is called: "custom:NAME" in reports and in the state store.
  virtual const std::string& own_name() const = 0;

  // Which of both it is. Null: the other one.
  virtual CustomDestination* in_batches() { return nullptr; }
  virtual DatasetDestination* in_loads() { return nullptr; }
};

}  // namespace outfall
