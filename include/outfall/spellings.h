// SPDX-License-Identifier: Apache-2.0
//
// How the words of outfall/types.h that cross outfall/plugin.h are written there, on the command line and in schemas.
// One table a word kind serves both directions, so they cannot drift apart.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

#include "outfall/types.h"

namespace outfall::detail {

template <class Word>
struct Spelling {
  Word word;
  std::string_view text;
};

inline constexpr std::array data_types{
    Spelling{DataType::text, "text"},
    Spelling{DataType::bigint, "bigint"},
    Spelling{DataType::double_, "double"},
    Spelling{DataType::bool_, "bool"},
    Spelling{DataType::timestamp, "timestamp"},
    Spelling{DataType::date, "date"},
    Spelling{DataType::time, "time"},
    Spelling{DataType::decimal, "decimal"},
    Spelling{DataType::wei, "wei"},
    Spelling{DataType::binary, "binary"},
    Spelling{DataType::json, "json"},
};

inline constexpr std::array write_dispositions{
    Spelling{WriteDisposition::append, "append"}, Spelling{WriteDisposition::replace, "replace"},
    Spelling{WriteDisposition::merge, "merge"},   Spelling{WriteDisposition::remove, "delete"},
    Spelling{WriteDisposition::skip, "skip"},
};

inline constexpr std::array merge_strategies{
    Spelling{MergeStrategy::delete_insert, "delete-insert"},
    Spelling{MergeStrategy::upsert, "upsert"},
    Spelling{MergeStrategy::insert_only, "insert-only"},
    Spelling{MergeStrategy::scd2, "scd2"},
    Spelling{MergeStrategy::cdc, "cdc"},
};

inline constexpr std::array naming_conventions{
    Spelling{NamingConvention::snake_case, "snake_case"}, Spelling{NamingConvention::direct, "direct"},
    Spelling{NamingConvention::duck_case, "duck_case"},   Spelling{NamingConvention::sql_ci_v1, "sql_ci_v1"},
    Spelling{NamingConvention::sql_cs_v1, "sql_cs_v1"},
};

/// What a plugin that takes whole loads says of its mode.
inline constexpr std::array plugin_modes{
    Spelling{DeliveryMode::transactional, "transactional"},
    Spelling{DeliveryMode::idempotency_key, "idempotency_key"},
    Spelling{DeliveryMode::at_least_once, "at_least_once"},
};

template <class Word, std::size_t size>
constexpr std::string_view spell(const std::array<Spelling<Word>, size>& table, Word word) {
  for (const Spelling<Word>& entry : table) {
    if (entry.word == word) return entry.text;
  }
  return "unknown";
}

template <class Word, std::size_t size>
constexpr std::optional<Word> read_word(const std::array<Spelling<Word>, size>& table, std::string_view text) {
  for (const Spelling<Word>& entry : table) {
    if (entry.text == text) return entry.word;
  }
  return std::nullopt;
}

}  // namespace outfall::detail
