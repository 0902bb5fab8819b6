// SPDX-License-Identifier: Apache-2.0
#include "delivery/hidden_database.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "base/file.h"

namespace outfall::delivery {

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

LockWait HiddenPath::wait(LockWait said) const {
  if (!said.begins) return said;
  said.begins = [hidden = *this, begins = std::move(said.begins)](const LockWaiting& waiting) {
    begins({.what = waiting.what, .sentence = hidden.text(waiting.sentence)});
  };
  return said;
}

std::vector<std::string> HiddenDatabase::take_notes() {
  std::vector<std::string> notes = inner_->take_notes();
  for (std::string& note : notes) note = hidden_.text(std::move(note));
  return notes;
}

}  // namespace outfall::delivery
