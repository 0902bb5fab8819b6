// SPDX-License-Identifier: Apache-2.0
#include "normalize/shaper.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/utf8.h"
#include "normalize/column_shaper.h"
#include "normalize/walker.h"

namespace outfall::normalize {
namespace {

/// Line and column of a byte in a document. Columns count characters from 1, from the beginning of the line where the
/// chunk has it.
struct Place {
  std::uint64_t line;
  std::size_t column;
};

Place place_of(const Chunk& chunk, const DocumentSpan& span, std::size_t offset, PlaceUnit unit) {
  const std::string_view bytes(reinterpret_cast<const char*>(chunk.bytes.get()),
                               std::size_t{span.offset} + span.length);
  const std::string_view before = bytes.substr(0, std::min(bytes.size(), span.offset + offset));
  const std::string_view inside = before.substr(std::min<std::size_t>(span.offset, before.size()));
  if (unit == PlaceUnit::document) return {span.line, utf8_length(inside) + 1};
  const auto lines = static_cast<std::uint64_t>(std::ranges::count(inside, '\n'));
  const std::size_t newline = before.rfind('\n');
  if (newline != std::string_view::npos) return {span.line + lines, utf8_length(before.substr(newline + 1)) + 1};
  return {span.line, chunk.column_offset + utf8_length(before) + 1};
}

/// From the first document of a chunk to the end of the last.
std::string_view text_of(const Chunk& chunk) {
  const DocumentSpan& first = chunk.documents.front();
  const DocumentSpan& last = chunk.documents.back();
  return {reinterpret_cast<const char*>(chunk.bytes.get()) + first.offset, last.offset + last.length - first.offset};
}

ShapedColumn take_column(ColumnSlot& slot, std::uint32_t rows, bool has_cells) {
  ShapedColumn column{.name = slot.name,
                      .type = slot.type,
                      .nullable = slot.nullable,
                      .declared = slot.declared,
                      .variant = slot.found_as_variant,
                      .constant = slot.constant,
                      .cells = std::nullopt};
  if (has_cells && slot.cells) {
    slot.cells->skip_to(rows);
    slot.room = slot.cells->room();
    column.cells = std::move(slot.cells);
    slot.cells.reset();
  }
  return column;
}

/// Moves the rows of a chunk out of a table of the shape.
ShapedTable take_table(TableShape& table) {
  ShapedTable shaped{.name = table.name,
                     .parent = table.first_parent == nullptr ? "" : table.first_parent->name,
                     .rows = table.rows,
                     .documents = {},
                     .columns = {},
                     .discovered = {},
                     .assumed = {},
                     .flattened = {},
                     .variants = {},
                     .conflicts = {}};
  if (table.documents) {
    table.documents_room = table.documents->room();
    shaped.documents = std::move(table.documents);
    table.documents.reset();
  }
  std::unordered_map<std::uint32_t, std::uint32_t> places;
  const auto place = [&](std::uint32_t column, bool has_cells) {
    const auto [found, is_new] = places.emplace(column, static_cast<std::uint32_t>(shaped.columns.size()));
    if (is_new) shaped.columns.push_back(take_column(table.columns[column], table.rows, has_cells));
    return found->second;
  };
  shaped.columns.reserve(table.touched.size());
  for (const std::uint32_t column : table.touched) place(column, true);
  for (const std::uint32_t column : table.discovered) shaped.discovered.push_back(place(column, true));
  for (const std::uint32_t column : table.assumed) shaped.assumed.push_back(place(column, false));
  for (const KeySlot* slot : table.flattened) shaped.flattened.push_back(slot->column_name);
  for (VariantSighting& sighting : table.variants) {
    shaped.variants.push_back({.column = place(sighting.column, true),
                               .base_column = table.columns[table.columns[sighting.column].base].name,
                               .value = std::move(sighting.value),
                               .line = sighting.line});
  }
  for (ConflictSighting& sighting : table.conflicts) {
    sighting.column = place(sighting.column, true);
    shaped.conflicts.push_back(std::move(sighting));
  }
  return shaped;
}

}  // namespace

class Shaper::State {
 public:
  State(const ShapeOptions& options, const RowIdSeed& seed, const std::vector<InputFacts>& inputs, const SchemaLog& log)
      : options_(options), inputs_(inputs), shape_(options, log), walker_(shape_, seed), column_shaper_(shape_, seed) {}

  ShapedChunk shape(const Chunk& chunk) {
    shape_.sync();
    const bool keeps_documents = chunk.csv == nullptr && options_.of_root(inputs_[chunk.input].table).keeps_documents;
    walker_.begin_chunk(keeps_documents);
    ShapedChunk shaped;
    shaped.input = chunk.input;
    const std::uint64_t duplicate_keys = walker_.duplicate_keys();
    const std::uint64_t numbers_as_text = walker_.numbers_as_text();
    ObjectShape& root = shape_.root(inputs_[chunk.input].table);
    if (chunk.rows) {
      column_shaper_.shape(chunk, inputs_[chunk.input], root, shaped);
      return shaped;
    }
    const auto* bytes = reinterpret_cast<const char*>(chunk.bytes.get());
    if (chunk.csv != nullptr) walker_.begin_records(*chunk.csv, root);
    const bool valid_utf8 = chunk.csv != nullptr && is_valid_utf8(text_of(chunk));
    for (std::size_t i = 0; i < chunk.documents.size(); ++i) {
      const DocumentSpan& span = chunk.documents[i];
      const DocumentText document{.text = {bytes + span.offset, span.length},
                                  .address = {chunk.input, chunk.stream_offset + span.offset},
                                  .line = span.line};
      auto error = chunk.csv == nullptr ? walker_.walk(document, root) : walker_.walk_record(document, valid_utf8);
      if (!error) {
        ++shaped.documents;
      } else if (leaves_out(*error) && !may_be_unfinished(chunk, span)) {
        shaped.left_out.push_back(left_out(std::move(*error), chunk, i));
      } else {
        shaped.error = locate(*error, chunk, span);
        return shaped;
      }
    }
    shaped.duplicate_keys = walker_.duplicate_keys() - duplicate_keys;
    shaped.numbers_as_text = walker_.numbers_as_text() - numbers_as_text;
    shaped.system_columns_left_out = walker_.system_columns_left_out();
    shaped.claims = walker_.claims();
    shaped.discards = walker_.take_discards();
    for (TableShape* table : walker_.chunk_tables()) shaped.tables.push_back(take_table(*table));
    return shaped;
  }

 private:
  bool leaves_out(const DocumentError& error) const {
    return error.extent == DocumentError::Extent::by_contract ||
           (options_.bad_documents == BadDocuments::leave_out && error.extent == DocumentError::Extent::document);
  }

  LeftOut left_out(DocumentError error, const Chunk& chunk, std::size_t document) const {
    const DocumentSpan& span = chunk.documents[document];
    const Place place = place_of(chunk, span, error.offset, inputs_[chunk.input].unit);
    return {.document = document,
            .line = place.line,
            .column = place.column,
            .message = std::move(error.message),
            .hint = std::move(error.hint),
            .by_contract = error.extent == DocumentError::Extent::by_contract};
  }

  /// Half a row is none that is bad: what is still being written has it whole the next time.
  static bool may_be_unfinished(const Chunk& chunk, const DocumentSpan& span) {
    return &span == &chunk.documents.back() && !chunk.unfinished_hint.empty();
  }

  Error locate(const DocumentError& error, const Chunk& chunk, const DocumentSpan& span) const {
    const InputFacts& input = inputs_[chunk.input];
    const Place place = place_of(chunk, span, error.offset, input.unit);
    return {.message =
                fmt::format("{}, {}: {}", input.name, place_text(input.unit, place.line, place.column), error.message),
            .hint = hint_for(error, chunk, span)};
  }

  /// The first line of an input, where it reads like names with something between them.
  static bool may_be_header(const Chunk& chunk, const DocumentSpan& span) {
    const bool is_first = chunk.csv == nullptr && span.line == 1;
    const std::string_view text(reinterpret_cast<const char*>(chunk.bytes.get()) + span.offset, span.length);
    return is_first && !text.starts_with('{') && !text.starts_with('[') &&
           text.find_first_of(",;\t|") != std::string_view::npos;
  }

  static std::string hint_for(const DocumentError& error, const Chunk& chunk, const DocumentSpan& span) {
    if (may_be_unfinished(chunk, span)) return chunk.unfinished_hint;
    if (error.hint.empty() && may_be_header(chunk, span)) return "if it is CSV, say so: --input-format csv";
    const bool has_another_way = error.hint.empty() && error.extent == DocumentError::Extent::document;
    return has_another_way ? "--on-reject dead-letter keeps such rows apart and loads the others" : error.hint;
  }

  const ShapeOptions& options_;
  const std::vector<InputFacts>& inputs_;
  Shape shape_;
  Walker walker_;
  ColumnShaper column_shaper_;
};

std::string place_text(PlaceUnit unit, std::uint64_t number, std::uint64_t column) {
  return fmt::format("{} {}, column {}", unit == PlaceUnit::line ? "line" : "document", number, column);
}

Shaper::Shaper(const ShapeOptions& options, const RowIdSeed& seed, const std::vector<InputFacts>& inputs,
               const SchemaLog& log)
    : state_(std::make_unique<State>(options, seed, inputs, log)) {}
Shaper::~Shaper() = default;
Shaper::Shaper(Shaper&&) noexcept = default;

ShapedChunk Shaper::shape(const Chunk& chunk) {
  return state_->shape(chunk);
}

}  // namespace outfall::normalize
