// SPDX-License-Identifier: Apache-2.0
//
// Walker: walks one document after another with the parser's forward-only iterators and puts each value where its key
// says.
//
// The stack of open objects and lists is our own, so deep documents cost memory and not the call stack. A document that
// turns out to need more than one pass is taken back, surveyed (document_survey.h) and walked again.
#pragma once

#include <simdjson.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "normalize/canonical_json.h"
#include "normalize/cell.h"
#include "normalize/csv_layout.h"
#include "normalize/document_survey.h"
#include "normalize/json_text.h"
#include "normalize/row_id.h"
#include "normalize/shape.h"
#include "normalize/shaped_chunk.h"
#include "normalize/shaper.h"

namespace outfall::normalize {

/// A document's bytes; Chunk::padding bytes behind them may be read.
struct DocumentText {
  std::string_view text;
  DocumentAddress address;
  std::uint64_t line = 0;
};

/// Why a document cannot be shaped, and the byte in it where that was seen.
struct DocumentError {
  /// What is lost by it.
  enum class Extent : std::uint8_t {
    document,     ///< this document and no other
    input,        ///< no document behind it can be trusted, or would fare better
    by_contract,  ///< this document, which is left out as its table's contract says
  };
  std::string message;
  std::string hint;
  std::size_t offset = 0;
  Extent extent = Extent::document;
};

/// What is wrong with a document that the parser refuses, and what to do about it.
DocumentError parse_error(simdjson::error_code code);

/// As much of a value as a message repeats: at most 80 bytes, whole characters.
std::string_view sample(std::string_view value);

class Walker {
 public:
  Walker(Shape& shape, const RowIdSeed& seed) : shape_(shape), row_ids_(seed) {}

  /// From now on rows and cells belong to a new chunk. `keeps_documents`: rows have their documents beside their cells.
  void begin_chunk(bool keeps_documents);

  /// Shapes one document into a row of `root`'s table and rows of the tables below it. On an error nothing of it is
  /// left.
  std::optional<DocumentError> walk(const DocumentText& document, ObjectShape& root);

  /// Readies the columns of `root`'s table for the records of a chunk.
  void begin_records(const CsvLayout& layout, ObjectShape& root);

  /// Shapes one record of that layout into a row. A value that does not fit its column is an error: a file of text has
  /// one type a column. `valid_utf8`: the record is known to be.
  std::optional<DocumentError> walk_record(const DocumentText& record, bool valid_utf8);

  /// Tables that got rows since begin_chunk, in the order that dlt would have met them.
  const std::vector<TableShape*>& chunk_tables() const { return chunk_tables_; }
  std::uint64_t duplicate_keys() const { return duplicate_keys_; }
  /// Integers that are in text columns since no decimal has their digits.
  std::uint64_t numbers_as_text() const { return numbers_as_text_; }
  const SystemColumnSet& system_columns_left_out() const { return system_columns_left_out_; }
  const std::vector<NameClaim>& claims() const { return claims_; }
  /// What contracts have left out since begin_chunk.
  std::vector<Discard> take_discards() { return std::move(discards_); }

 private:
  /// What the parser's `value` and its iterators stand on. A field as the parser hands it out is copied three times,
  /// and each copy waits for the depth in it, which was written a moment before with half the width that is read.
  using Value = simdjson::ondemand::value_iterator;

  /// Stands before a document that is no object, while it is walked.
  static constexpr std::string_view wrapping = "{\"value\":";

  enum class [[nodiscard]] Step : std::uint8_t {
    done,
    survey,  ///< the document needs a survey first
    keyed,   ///< root_id_ is known now, and rows were made from another one
    failed,  ///< error_ says why
  };

  /// Whether a row ends where its frame does.
  enum class RowEnd : std::uint8_t { with_frame, apart };

  struct Frame {
    enum class Kind : std::uint8_t {
      object,  ///< keys of an object inside a row, or of the row itself
      list,    ///< elements of a list, each a row
      row,     ///< no keys of its own: a row around a list that stands directly in a list
    };
    Kind kind = Kind::object;
    bool entered = false;
    RowEnd row_end = RowEnd::apart;
    ObjectShape* shape = nullptr;
    Value inside;                ///< the object or list
    bool has_more = false;       ///< the parser stands before another member
    std::uint32_t cursor = 0;    ///< slot that the next key probably has
    std::uint32_t position = 0;  ///< of the key in hand among the object's keys
    std::uint32_t row = 0;       ///< in rows_: the row that the keys belong to, or the parent of the list's rows
    std::size_t key_offset = 0;  ///< of the key in hand
    std::uint64_t object_serial = 0;
    std::uint64_t list_index = 0;
  };

  /// Where the first row of a table stands in its document: the lists around it, from the outermost.
  struct TablePlace {
    struct Level {
      DiscoveryOrder list;
      std::uint64_t index = 0;
    };
    std::vector<Level> levels;
  };
  static bool comes_before(const TablePlace& a, const TablePlace& b);

  struct Row {
    TableShape* table = nullptr;
    std::uint32_t number = 0;  ///< in the table's chunk
    std::uint32_t parent = none;
    std::uint32_t first_frame = 0;
    std::uint64_t serial = 0;
    std::uint64_t list_index = 0;
    std::size_t offset = 0;  ///< of its first byte in the document
    std::string id;
    bool id_used = false;     ///< rows of nested tables were made from it
    bool has_own_id = false;  ///< the document brought it
  };

  Step attempt(std::string_view text, ObjectShape& root);
  Step attempt_wrapped(ObjectShape& root);
  Step run_frames();
  Step next_field();
  Step next_element();
  Step fail_inside(Frame& frame, simdjson::error_code code);
  KeySlot* find_slot(Frame& frame, std::string_view raw);
  Step take_value(Frame& frame, KeySlot& slot, Value& value);
  Step take_system_value(Frame& frame, KeySlot& slot, Value& value);
  Step take_scalar(const ObjectShape& shape, KeySlot& slot, Row& row, const Scalar& scalar);
  void claim_column(const ObjectShape& shape, KeySlot& slot);
  void claim_table(const ObjectShape& shape, KeySlot& slot);
  Step put_misfit(const ObjectShape& shape, const KeySlot& slot, Row& row, const Scalar& scalar);

  // What contracts do not let documents change: the document fails, or the value is noted and left out.
  Step refuse_table(const TableShape& table);
  Step refuse_element(const TableShape& table, Value& value);
  Step refuse_column(const KeySlot& slot, const TableShape& table, const schema::ColumnType& type,
                     std::string_view value);
  bool refuses_type(const TableShape& table, const KeySlot& slot, const Scalar& scalar) const;
  bool makes_variants() const;
  Step refuse_type(const KeySlot& slot, TableShape& table, const Scalar& scalar);
  Step refuse(ContractMode mode, Refusal refusal);
  Step discard(ContractEntity entity, const TableShape& table, const std::string& column, std::string_view value);
  void keep_discards();
  const TableShape* root_table() const;
  std::string hint_path(const TableShape& table, const KeySlot& slot) const;
  schema::ColumnType type_of_misfit(const Scalar& scalar) const;
  Step put_variant(const ObjectShape& shape, const KeySlot& slot, Row& row, const Scalar& scalar);
  void put(const Scalar& scalar, const Cell& cell, ColumnSlot& column, const Row& row);
  bool is_within_object(std::string_view column) const;
  bool is_set(const ColumnSlot& column, const Row& row) const;
  Step read_scalar(Value& value, simdjson::ondemand::json_type type, Scalar& scalar);
  Step read_string(Value& value, Scalar& scalar);
  Step read_number(Value& value, Scalar& scalar);
  /// A value that goes nowhere must be JSON all the same.
  Step check_unused(Value& value);
  /// The token that the value begins with, and white space behind it. Before anything of the value was read.
  static std::string_view token_of(const Value& value);
  /// The same value, for what takes those of the parser.
  static simdjson::ondemand::value parsers_value(const Value& value);
  static bool is_truthy(const Scalar& scalar);
  Step push_object(ObjectShape& shape, Value& value, std::uint32_t row, RowEnd row_end);
  Step push_list(ObjectShape& rows_shape, Value& value, std::uint32_t parent_row);
  bool stays_json(const ObjectShape& shape, KeySlot& slot);

  Step take_record();
  void find_record_id(std::span<const columnar::CsvField> fields);
  void find_twins();
  Step fail_twins();
  Step find_column(std::uint32_t position);
  Step take_gap(std::uint32_t position, Row& row);
  Step take_field(std::uint32_t position, const columnar::CsvField& field, Row& row);
  Step take_system_field(const columnar::CsvField& field, KeySlot& slot, Row& row);
  bool is_null(const columnar::CsvField& field) const;

  /// The new row's place in rows_, or none when two lists claim the table.
  Step begin_list(const ObjectShape& list, std::uint32_t parent);
  std::uint32_t begin_row(TableShape& table, std::uint32_t parent, std::uint64_t list_index, std::size_t object_offset);
  void begin_table(TableShape& table);
  TablePlace place_here() const;
  void keep_begun_tables();
  void remember_table(TableShape& table);
  Step finish_row(std::uint32_t index);
  void begin_root(const TableShape& table);
  void find_root_id();
  void hash_members();
  Step settle_root_id(Row& row);
  void put_system_cells(Row& row);
  void keep_document(TableShape& table);
  /// Notes a key of the document that is not kept with it.
  void leave_out(const Frame& frame, const KeySlot& slot);
  /// Makes a column ready for a cell of the row. `system_position`: it is a system column that the document did not
  /// bring.
  void touch(TableShape& table, std::uint32_t index, const Row& row, std::optional<std::uint32_t> system_position = {});
  DiscoveryOrder order_here(const Row& row) const;
  std::uint32_t position_of(const Frame& frame) const;
  void take_back_document();

  Step fail(std::string message, std::string hint = "");
  Step fail_input(std::string message, std::string hint);
  Step fail_parse(simdjson::error_code code);
  Step fail_utf8();
  Step fail_depth();
  /// Something stands behind the document, at an offset in the document as it came.
  Step fail_rest(std::size_t place);
  std::size_t find_rest() const;
  Step fail_columns(const TableShape& table);
  Step fail_reserved(const KeySlot& slot);
  /// Objects and lists that the value in hand may nest. The object around a wrapped document does not count.
  std::size_t levels_left() const { return limits::nesting_depth_max + (is_wrapped() ? 1 : 0) - depth_; }
  Step fail_collision(const ObjectShape& shape, const ColumnSlot& column, const KeySlot& slot);
  /// Whether the text in hand is the document inside {"value": ...}.
  bool is_wrapped() const { return !wrapped_.empty() && text_.data() == wrapped_.data(); }
  // Offsets count from the start of the text; nobody reads a C string there. NOLINTNEXTLINE(*-stringview-data-usage)
  DroppedKeys dropped_keys() const { return {survey_ ? &survey_->dropped_keys : nullptr, text_.data()}; }
  /// From an offset in the document as it came to one in the text in hand.
  std::size_t offset_in_hand(std::size_t offset) const { return offset + (is_wrapped() ? wrapping.size() : 0); }
  std::size_t offset_of(std::string_view part) const { return static_cast<std::size_t>(part.data() - text_.data()); }

  Shape& shape_;
  RowIds row_ids_;
  CanonicalJson canonical_;
  std::string root_id_;  // of the document in hand, where it follows from its content; empty: it is not known yet
  std::int64_t origin_ = 0;
  std::vector<std::string> key_values_;  // of the root row in hand, spelled, by place in its table's key
  std::vector<std::pair<std::string_view, std::string_view>> hashed_;  // members that its id follows from
  simdjson::ondemand::parser parser_;
  simdjson::ondemand::document document_;
  JsonTextWriter json_text_;
  std::string_view text_;
  DocumentText source_;
  std::optional<DocumentError> error_;
  std::optional<DocumentSurvey> survey_;
  bool keeps_documents_ = false;
  std::unordered_set<std::size_t> left_out_keys_;  // of the document in hand, by their offsets
  std::vector<Frame> frames_;
  std::vector<Row> rows_;
  std::size_t depth_ = 0;  // objects and lists among frames_
  std::uint32_t open_rows_ = 0;
  std::vector<TableShape*> document_tables_;
  std::vector<std::pair<TablePlace, TableShape*>> begun_tables_;  // that the document gave the chunk's first rows
  std::vector<TableShape*> chunk_tables_;
  std::size_t new_tables_ = 0;         // that got rows in the chunk and are not known to be in the committed schema
  std::string scratch_;                // text made by a coercion
  std::string unescaped_;              // a string value with its escapes resolved
  std::string wrapped_;                // a document that is no object, as {"value": ...}
  const CsvLayout* layout_ = nullptr;  // of the chunk in hand; null: it holds JSON
  ObjectShape* record_root_ = nullptr;
  std::vector<KeySlot*> record_slots_;                              // by column of the layout
  std::optional<std::pair<const KeySlot*, const KeySlot*>> twins_;  // of the header, with one name
  columnar::CsvRecord record_;
  std::size_t value_offset_ = 0;
  bool document_is_open_ = false;  // the parser accepted it so far
  std::uint32_t object_keys_ = 0;  // of the object that ended last
  std::uint64_t chunk_serial_ = 0;
  std::uint64_t document_serial_ = 0;
  std::uint64_t object_serial_ = 0;
  std::uint64_t row_serial_ = 0;
  std::uint64_t flattening_serial_ = 0;
  std::uint64_t duplicate_keys_ = 0;
  std::uint64_t numbers_as_text_ = 0;
  SystemColumnSet system_columns_left_out_;
  std::vector<NameClaim> claims_;  // told of in the chunk
  std::vector<Discard> discards_;  // of the chunk
  std::vector<Discard> document_discards_;
};

}  // namespace outfall::normalize
