// SPDX-License-Identifier: Apache-2.0
//
// Spelling of the words in outfall/types.h. One table a word kind serves both directions, so they cannot drift apart.
#include "outfall/types.h"

#include <array>

namespace outfall {
namespace {

template <class Word>
struct Spelling {
  Word word;
  std::string_view text;
};

constexpr std::array data_types{
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

constexpr std::array write_dispositions{
    Spelling{WriteDisposition::append, "append"}, Spelling{WriteDisposition::replace, "replace"},
    Spelling{WriteDisposition::merge, "merge"},   Spelling{WriteDisposition::remove, "delete"},
    Spelling{WriteDisposition::skip, "skip"},
};

constexpr std::array merge_strategies{
    Spelling{MergeStrategy::delete_insert, "delete-insert"},
    Spelling{MergeStrategy::upsert, "upsert"},
    Spelling{MergeStrategy::insert_only, "insert-only"},
    Spelling{MergeStrategy::scd2, "scd2"},
    Spelling{MergeStrategy::cdc, "cdc"},
};

constexpr std::array replace_strategies{
    Spelling{ReplaceStrategy::truncate_and_insert, "truncate-and-insert"},
    Spelling{ReplaceStrategy::insert_from_staging, "insert-from-staging"},
    Spelling{ReplaceStrategy::staging_optimized, "staging-optimized"},
};

constexpr std::array refresh_words{
    Spelling{Refresh::drop_sources, "drop_sources"},
    Spelling{Refresh::drop_resources, "drop_resources"},
    Spelling{Refresh::drop_data, "drop_data"},
};

constexpr std::array missing_columns_words{
    Spelling{MissingColumns::null, "null"},
    Spelling{MissingColumns::keep, "keep"},
};

constexpr std::array naming_conventions{
    Spelling{NamingConvention::snake_case, "snake_case"}, Spelling{NamingConvention::direct, "direct"},
    Spelling{NamingConvention::duck_case, "duck_case"},   Spelling{NamingConvention::sql_ci_v1, "sql_ci_v1"},
    Spelling{NamingConvention::sql_cs_v1, "sql_cs_v1"},
};

constexpr std::array on_reject_words{
    Spelling{OnReject::fail, "fail"},
    Spelling{OnReject::dead_letter, "dead-letter"},
    Spelling{OnReject::drop, "drop"},
};

constexpr std::array parallelism_words{
    Spelling{Parallelism::parallel, "parallel"},
    Spelling{Parallelism::table_sequential, "table-sequential"},
    Spelling{Parallelism::sequential, "sequential"},
};

constexpr std::array row_nulls_words{
    Spelling{RowNulls::omit, "omit"},
    Spelling{RowNulls::send, "send"},
    Spelling{RowNulls::as_is, "as_is"},
};

constexpr std::array on_bad_files_words{
    Spelling{OnBadFiles::fail, "fail"},
    Spelling{OnBadFiles::skip, "skip"},
};

constexpr std::array type_conflicts_words{
    Spelling{TypeConflicts::variant, "variant"},
    Spelling{TypeConflicts::widen, "widen"},
    Spelling{TypeConflicts::text, "text"},
    Spelling{TypeConflicts::reject, "reject"},
};

constexpr std::array delivery_modes{
    Spelling{DeliveryMode::transactional, "exactly once (transactional)"},
    Spelling{DeliveryMode::idempotency_key, "effectively once (idempotency key)"},
    Spelling{DeliveryMode::at_least_once, "at least once"},
    Spelling{DeliveryMode::none, "none"},
};

constexpr std::array loader_file_formats{
    Spelling{LoaderFileFormat::jsonl, "jsonl"},     Spelling{LoaderFileFormat::typed_jsonl, "typed-jsonl"},
    Spelling{LoaderFileFormat::parquet, "parquet"}, Spelling{LoaderFileFormat::arrow, "arrow"},
    Spelling{LoaderFileFormat::csv, "csv"},
};

constexpr std::array batch_progresses{
    Spelling{BatchProgress::strict, "strict"},
    Spelling{BatchProgress::grouped, "grouped"},
};

constexpr std::array guarantees{
    Spelling{Guarantee::at_least_once, "at-least-once"},
    Spelling{Guarantee::effectively_once, "effectively-once"},
    Spelling{Guarantee::exactly_once, "exactly-once"},
};

template <class Table, class Word>
std::string_view spell(const Table& table, Word word) {
  for (const auto& entry : table) {
    if (entry.word == word) return entry.text;
  }
  return "unknown";
}

template <class Word, std::size_t size>
std::optional<Word> read(const std::array<Spelling<Word>, size>& table, std::string_view text) {
  for (const auto& entry : table) {
    if (entry.text == text) return entry.word;
  }
  return std::nullopt;
}

}  // namespace

std::string_view name(DataType type) {
  return spell(data_types, type);
}
std::string_view name(WriteDisposition disposition) {
  return spell(write_dispositions, disposition);
}
std::string_view name(MergeStrategy strategy) {
  return spell(merge_strategies, strategy);
}

std::string_view name(ReplaceStrategy strategy) {
  return spell(replace_strategies, strategy);
}

std::string_view name(Refresh refresh) {
  return spell(refresh_words, refresh);
}

std::string_view name(MissingColumns missing) {
  return spell(missing_columns_words, missing);
}
std::string_view name(OnReject on_reject) {
  return spell(on_reject_words, on_reject);
}

std::string_view name(Parallelism parallelism) {
  return spell(parallelism_words, parallelism);
}

std::string_view name(RowNulls nulls) {
  return spell(row_nulls_words, nulls);
}

std::string_view name(OnBadFiles on_bad_files) {
  return spell(on_bad_files_words, on_bad_files);
}

std::string_view name(TypeConflicts type_conflicts) {
  return spell(type_conflicts_words, type_conflicts);
}

std::string_view name(NamingConvention naming) {
  return spell(naming_conventions, naming);
}
std::string_view name(DeliveryMode mode) {
  return spell(delivery_modes, mode);
}

std::string_view name(LoaderFileFormat format) {
  return spell(loader_file_formats, format);
}
std::string_view name(BatchProgress progress) {
  return spell(batch_progresses, progress);
}
std::string_view name(Guarantee guarantee) {
  return spell(guarantees, guarantee);
}

std::optional<Guarantee> guarantee(DeliveryMode mode) {
  switch (mode) {
    case DeliveryMode::transactional:
      return Guarantee::exactly_once;
    case DeliveryMode::idempotency_key:
      return Guarantee::effectively_once;
    case DeliveryMode::at_least_once:
      return Guarantee::at_least_once;
    case DeliveryMode::none:
      return std::nullopt;
  }
  return std::nullopt;
}

std::optional<DataType> data_type(std::string_view name) {
  return read(data_types, name);
}
std::optional<WriteDisposition> write_disposition(std::string_view name) {
  return read(write_dispositions, name);
}
std::optional<MergeStrategy> merge_strategy(std::string_view name) {
  return read(merge_strategies, name);
}

std::optional<ReplaceStrategy> replace_strategy(std::string_view name) {
  return read(replace_strategies, name);
}
std::optional<NamingConvention> naming_convention(std::string_view name) {
  return read(naming_conventions, name);
}
std::optional<LoaderFileFormat> loader_file_format(std::string_view name) {
  return read(loader_file_formats, name);
}
std::optional<BatchProgress> batch_progress(std::string_view name) {
  return read(batch_progresses, name);
}
std::optional<RowNulls> row_nulls(std::string_view name) {
  return read(row_nulls_words, name);
}
std::optional<Parallelism> parallelism(std::string_view name) {
  return read(parallelism_words, name);
}

}  // namespace outfall
