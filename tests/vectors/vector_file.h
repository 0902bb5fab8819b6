// SPDX-License-Identifier: Apache-2.0
//
// What a file of recorded cases needs to be run: a name, and a function that judges one case. data/README.md says what
// the cases mean.
//
// One .cc a file. It defines its function and one Registration; main.cc does the rest.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/json.h"

namespace outfall::vectors {

struct Passed {};

struct Failed {
  std::string why;  ///< what we gave, and what was recorded
};

/// Something that we do otherwise on purpose. It is a predicate over the case, never a list of cases, and it checks
/// what we give instead.
struct Rule {
  std::string_view name;
  std::string_view reason;
};

struct ExpectedDifference {
  const Rule* rule;
};

using Outcome = std::variant<Passed, Failed, ExpectedDifference>;

struct VectorFile {
  std::string_view name;  ///< of the file in the folder
  Outcome (*run)(const Json& test_case);
};

/// Makes a file known to main: `const Registration registration({"tags.json", run});`
class Registration {
 public:
  explicit Registration(VectorFile file) { all().push_back(file); }

  static std::vector<VectorFile>& all();
};

/// The value under a key of a case. A case without it is broken: throws, and main counts a failure.
const Json& field(const Json& test_case, std::string_view key);
const std::string& text_field(const Json& test_case, std::string_view key);

/// "ours: ..., recorded: ...", each cut to a readable length.
Failed differs(std::string_view what, std::string_view ours, std::string_view recorded);

}  // namespace outfall::vectors
