// SPDX-License-Identifier: Apache-2.0
#include "destinations/duckdb/hidden_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "base/file.h"
#include "destinations/duckdb/address.h"

namespace outfall::destinations::duckdb {

HiddenPath::HiddenPath(const std::string& path, const std::string& name, std::string place) : place_(std::move(place)) {
  std::error_code unknown;
  const std::string resolved = std::filesystem::weakly_canonical(path, unknown).string();
  for (const std::string& form : {path, resolved}) {
    if (form.empty()) continue;
    instead_.emplace_back(fmt::format("the folder {} ", parent_path(form)), "its folder ");
    instead_.emplace_back(form, name);
  }
  std::ranges::stable_sort(instead_, std::ranges::greater{}, [](const auto& pair) { return pair.first.size(); });
}

std::string HiddenPath::text(std::string said) const {
  for (const auto& [hidden, shown] : instead_) {
    for (std::size_t at = 0; (at = said.find(hidden, at)) != std::string::npos; at += shown.size()) {
      said.replace(at, hidden.size(), shown);
    }
  }
  return said;
}

Error HiddenPath::error(Error said) const {
  std::string message = text(said.message);
  std::string hint = text(said.hint);
  if (message != said.message || hint != said.hint) {
    hint += fmt::format("{}its address is in {}", hint.empty() ? "" : "; ", place_);
  }
  said.message = std::move(message);
  said.hint = std::move(hint);
  return said;
}

Result<std::unique_ptr<HiddenFile>> HiddenFile::make(std::string_view address, Options options,
                                                     const std::string& place, Env& env) {
  Result<std::string> path = path_of(address);
  if (!path) return fail(std::move(path.error()));
  HiddenPath hidden(*path, options.called, place);
  if (options.lock_wait.begins) {
    options.lock_wait.begins = [hidden, begins = std::move(options.lock_wait.begins)](const LockWaiting& waiting) {
      begins({.what = waiting.what, .sentence = hidden.text(waiting.sentence)});
    };
  }
  Result<std::unique_ptr<DuckDbDestination>> inner = DuckDbDestination::make(address, options, env);
  if (!inner) return fail(hidden.error(std::move(inner.error())));
  return std::unique_ptr<HiddenFile>(new HiddenFile(std::move(hidden), std::move(*inner)));
}

std::vector<std::string> HiddenFile::take_notes() {
  std::vector<std::string> notes = inner_->take_notes();
  for (std::string& note : notes) note = hidden_.text(std::move(note));
  return notes;
}

}  // namespace outfall::destinations::duckdb
