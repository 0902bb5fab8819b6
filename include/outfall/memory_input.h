// SPDX-License-Identifier: Apache-2.0
//
// MemoryInput: rows that the program itself has, as an input of a run.
//
//   std::vector<std::string> users = {R"({"id": 1})", R"({"id": 2})"};
//   pipeline.run({.from_memory = {{.table = "users", .documents = outfall::documents(users)}}});
//
// Rows that come call by call are pushed: outfall/loader.h.
#pragma once

#include <concepts>
#include <functional>
#include <memory>
#include <optional>
#include <ranges>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "outfall/arrow.h"
#include "outfall/error.h"

namespace outfall {

/// Gives the next document, one JSON value; nothing at the end. An error ends the run, and nothing of it is loaded; so
/// does an exception.
///
/// The text is borrowed until the next call. Called from a thread of the run's, one call at a time. A run that was
/// asked to stop waits for a call that has not returned.
using NextDocument = std::function<Result<std::optional<std::string_view>>()>;

/// Either documents or rows in columns. Messages name a document by its number, and a row by its.
struct MemoryInput {
  std::string table{};
  NextDocument documents{};
  /// The run takes it over, and it is released when the run returns, however it ended.
  ArrowArrayStream* rows = nullptr;
  /// What it is recognized by in a later run: under a key that a run without a recorded end has sealed, the same rows
  /// are not loaded again, and others are refused. Without, nothing recognizes it: until the seal it must be given
  /// again, from then on `resume` finishes it.
  std::optional<std::string> run_key{};
  /// How messages and the report call it, behind "memory:". Empty: by its table.
  std::string name{};
};

/// The documents of a range, whose elements are JSON texts. An lvalue must outlive the run. They can be read once.
template <std::ranges::input_range Range>
  requires std::convertible_to<std::ranges::range_reference_t<Range>, std::string_view>
NextDocument documents(Range&& range) {
  using View = std::views::all_t<Range>;
  using Element = std::ranges::range_reference_t<View>;
  constexpr bool is_borrowed = std::is_lvalue_reference_v<Element> || std::is_trivially_destructible_v<Element>;
  struct Reading {
    explicit Reading(View v) : view(std::move(v)) {}
    View view;
    std::optional<std::ranges::iterator_t<View>> next{};
    bool has_ended = false;
    std::conditional_t<is_borrowed, std::string_view, std::string> text{};
  };
  auto reading = std::make_shared<Reading>(std::views::all(std::forward<Range>(range)));
  return [reading]() -> Result<std::optional<std::string_view>> {
    if (reading->has_ended) return fail("the documents were read already", "make them anew for each run");
    if (reading->next) {
      ++*reading->next;
    } else {
      reading->next.emplace(std::ranges::begin(reading->view));
    }
    reading->has_ended = *reading->next == std::ranges::end(reading->view);
    if (reading->has_ended) return std::nullopt;
    reading->text = **reading->next;
    return std::string_view(reading->text);
  };
}

}  // namespace outfall
