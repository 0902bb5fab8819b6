// SPDX-License-Identifier: Apache-2.0
//
// Spelling of the words in outfall/types.h, in tables like those of outfall/spellings.h.
#include "outfall/types.h"

#include <array>

#include "outfall/spellings.h"

namespace outfall {
namespace {

using detail::data_types;
using detail::merge_strategies;
using detail::naming_conventions;
using detail::spell;
using detail::Spelling;
using detail::write_dispositions;

constexpr std::array replace_strategies{
    Spelling{ReplaceStrategy::truncate_and_insert, "truncate-and-insert"},
    Spelling{ReplaceStrategy::insert_from_staging, "insert-from-staging"},
    Spelling{ReplaceStrategy::staging_optimized, "staging-optimized"},
};

constexpr std::array commit_units{
    Spelling{CommitUnit::package, "package"},
    Spelling{CommitUnit::table, "table"},
    Spelling{CommitUnit::job, "job"},
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
    Spelling{DeliveryMode::table_by_table, "exactly once (table by table: readers may see a part)"},
    Spelling{DeliveryMode::job_by_job, "exactly once (job by job: readers may see a part)"},
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

std::string_view name(CommitUnit unit) {
  return spell(commit_units, unit);
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
    case DeliveryMode::table_by_table:
    case DeliveryMode::job_by_job:
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
  return detail::read_word(data_types, name);
}
std::optional<WriteDisposition> write_disposition(std::string_view name) {
  return detail::read_word(write_dispositions, name);
}
std::optional<MergeStrategy> merge_strategy(std::string_view name) {
  return detail::read_word(merge_strategies, name);
}

std::optional<ReplaceStrategy> replace_strategy(std::string_view name) {
  return detail::read_word(replace_strategies, name);
}
std::optional<NamingConvention> naming_convention(std::string_view name) {
  return detail::read_word(naming_conventions, name);
}
std::optional<LoaderFileFormat> loader_file_format(std::string_view name) {
  return detail::read_word(loader_file_formats, name);
}
std::optional<BatchProgress> batch_progress(std::string_view name) {
  return detail::read_word(batch_progresses, name);
}
std::optional<RowNulls> row_nulls(std::string_view name) {
  return detail::read_word(row_nulls_words, name);
}
std::optional<Parallelism> parallelism(std::string_view name) {
  return detail::read_word(parallelism_words, name);
}

}  // namespace outfall
