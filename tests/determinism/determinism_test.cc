// SPDX-License-Identifier: Apache-2.0
//
// The result of shaping is the same for any number of workers and any size of chunks: the schema document and its hash,
// the order of tables and columns, variants, and every cell of every row in order.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <vector>

#include "normalize/shaping_for_tests.h"

namespace outfall {
namespace {

using normalize::for_tests::shape;
using normalize::for_tests::Shaped;
using normalize::for_tests::ShapingOptions;

struct Case {
  std::string name;
  std::string documents;
  normalize::ShapeOptions shape;
  std::vector<std::size_t> chunk_bytes{1, 100, 5'000, 1 << 16, 1 << 20, 64 << 20};
};

void PrintTo(const Case& input, std::ostream* out) {
  *out << input.name;
}

/// Everything that must not depend on how the work was cut, as one text.
std::string canonical(const Shaped& shaped) {
  if (!shaped.error.empty()) return shaped.error;
  std::string text =
      fmt::format("schema: {}\nhash: {}\n", shaped.schema.to_json(), shaped.schema.compute_version_hash());
  for (const schema::Table& table : shaped.schema.tables) {
    text += fmt::format("table {} of {}:", table.name, table.parent);
    for (const schema::Column& column : table.columns) text += " " + column.name;
    text += "\n";
  }
  for (const auto& variant : shaped.summary.variants) {
    text += fmt::format("variant {}.{} of {}: {} on line {}\n", variant.table, variant.column, variant.base_column,
                        variant.value, variant.line);
  }
  for (const auto& [discard, input] : shaped.summary.discards) {
    text += fmt::format("left out of {}: {} {}.{}: {} on line {}\n", name(discard.entity), discard.count, discard.table,
                        discard.column, discard.value, discard.line);
  }
  text += fmt::format("documents: {}, duplicate keys: {}\n", shaped.summary.documents.front(),
                      shaped.summary.duplicate_keys);
  for (const auto& [table, rows] : shaped.rows) {
    text += fmt::format("rows of {}: {}\n", table, rows.size());
    for (const std::string& row : rows) text += row + "\n";
  }
  for (const std::string& document : shaped.left_out) text += "left out " + document + "\n";
  return text;
}

/// The same with everything that was met on the way to types that take all values.
std::string settled(const std::string& documents, ShapingOptions options) {
  std::string text;
  while (true) {
    const Shaped shaped = shape(documents, options);
    if (!shaped.error.empty() || shaped.summary.conflicts.empty()) return text + canonical(shaped);
    for (const normalize::ConflictSummary& conflict : shaped.summary.conflicts) {
      text += fmt::format("{}.{}: {} instead of {}, for {} on line {}\n", conflict.table, conflict.column,
                          name(conflict.to.type), name(conflict.from.type), conflict.value, conflict.line);
      options.shape.settled_types.insert_or_assign({conflict.table, conflict.column}, conflict.to);
    }
  }
}

/// Where two texts part, for the message.
std::string difference(const std::string& expected, const std::string& actual) {
  const auto parted = std::ranges::mismatch(expected, actual);
  const auto at = static_cast<std::size_t>(parted.in1 - expected.begin());
  const std::size_t from = at < 200 ? 0 : at - 200;
  return fmt::format("expected ...{}\nbut is   ...{}", expected.substr(from, 400), actual.substr(from, 400));
}

std::string case_name(const testing::TestParamInfo<Case>& tested) {
  return tested.param.name;
}

class Determinism : public testing::TestWithParam<Case> {};

TEST_P(Determinism, ResultIsTheSameForAnyWorkersAndChunks) {
  const Case& input = GetParam();
  ASSERT_FALSE(input.documents.empty());
  const std::string expected = settled(input.documents, ShapingOptions{.shape = input.shape});
  for (const int workers : {1, 2, 7}) {
    for (const std::size_t chunk_bytes : input.chunk_bytes) {
      const std::string actual = settled(
          input.documents, ShapingOptions{.shape = input.shape, .workers = workers, .chunk_bytes = chunk_bytes});
      ASSERT_TRUE(actual == expected) << workers << " workers, chunks of " << chunk_bytes << " bytes:\n"
                                      << difference(expected, actual);
    }
  }
}

std::string sample(const std::string& name) {
  std::ifstream file(fmt::format("{}/{}.jsonl", OUTFALL_SAMPLES, name), std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<Case> samples() {
  std::vector<Case> cases;
  for (const char* name : {"github_events", "github_issues", "ethereum_blocks", "rasa_tracker", "mlb_players"}) {
    cases.push_back({.name = name, .documents = sample(name), .shape = {}});
    cases.push_back(
        {.name = fmt::format("{}_nested_once", name), .documents = sample(name), .shape = {.max_nesting = 1}});
    cases.push_back({.name = fmt::format("{}_kept_whole", name),
                     .documents = sample(name),
                     .shape = {.roots = {{"t", {.max_nesting = 0, .keeps_documents = true}}}}});
  }
  return cases;
}

INSTANTIATE_TEST_SUITE_P(Samples, Determinism, testing::ValuesIn(samples()), case_name);

std::string repeat(const std::string& text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += text;
  return all;
}

/// The type of a column changes again and again, and each change appears first somewhere in the middle.
std::string changing_types() {
  return repeat("{\"v\":1,\"w\":\"2024-01-01T00:00:00Z\"}\n", 40) + repeat("{\"v\":\"x\",\"w\":\"soon\"}\n", 3) +
         repeat("{\"v\":2.5,\"w\":5}\n{\"v\":true}\n", 30) + repeat("{\"v\":{\"in\":1},\"w\":[1,\"a\"]}\n", 5) +
         repeat("{\"v\":7,\"w\":true}\n", 40) + "{\"v\":[{\"in\":\"x\"}]}\n" + repeat("{\"v\":{\"in\":\"y\"}}\n", 9);
}

/// A row in three brings a column that no row had before, and columns come in ever other orders.
std::string late_columns() {
  std::string text;
  for (int i = 0; i < 300; ++i) {
    text += fmt::format("{{\"id\":{},\"o\":{{\"k{}\":{}}},\"c{}\":\"{}\",\"l\":[{{\"n{}\":1}}]}}\n", i, i / 3, i,
                        (i * 7) % 90, i, (i * 11) % 40);
  }
  return text;
}

/// What one worker takes for text, another one took for a number.
std::string contested_types() {
  std::string text;
  for (int i = 0; i < 400; ++i) {
    const bool is_text = (i * 2654435761U >> 7) % 3 == 0;
    text += fmt::format("{{\"c{}\":{},\"l\":[{}]}}\n", i % 61, is_text ? "\"x\"" : "1", is_text ? "1.5" : "\"y\"");
  }
  return text;
}

/// At level one the object of `a.b` stays JSON under the very name that the key `a__b` is taken apart with.
std::string json_beside_flat() {
  return repeat("{\"a__b\":{\"c\":1}}\n", 7) + repeat("{\"a\":{\"b\":{\"c\":2}}}\n", 3) +
         repeat("{\"a__b\":{\"c\":\"x\"}}\n{\"a__b__c\":true}\n", 5) + repeat("{\"a__b\":[1,2]}\n", 3) +
         repeat("{\"a__b\":5}\n{\"a\":{\"b\":6}}\n{\"a\":{\"b\":[7]}}\n", 8);
}

/// One table, reached as the list of an object and as the list of a list: the first row decides whose it is.
std::string two_paths() {
  return repeat("{\"a\":{\"list\":[]}}\n{\"b\":1}\n", 3) + repeat("{\"a\":[[1]]}\n", 2) +
         repeat("{\"a\":{\"list\":[2]}}\n", 4);
}

std::string keys_twice() {
  return repeat("{\"a\":1}\n", 5) + repeat("{\"b\":1,\"l\":[1],\"b\":\"x\",\"l\":2}\n", 4) +
         repeat("{\"c\":[{\"d\":1,\"d\":\"x\"}],\"b\":2}\n{\"l\":[7],\"_dlt_id\":\"own\"}\n", 6);
}

std::string fails_late() {
  return late_columns() + "{\"x\":1,\"X\":2}\n" + repeat("{\"y\":tru}\n", 3);
}

/// A key that would collide with one of its own document only as long as a guess about its column's type stands.
std::string own_variants() {
  return repeat("{\"v\":1}\n", 4) + repeat("{\"v\":2,\"v__v_text\":\"own\"}\n", 4) + repeat("{\"v\":\"x\"}\n", 4) +
         repeat("{\"v__v_text\":5}\n{\"v__v_bool\":false}\n{\"v\":true}\n", 5);
}

/// Each row has a few of very many columns, so that most of a large batch is nulls; lists and types change among them.
std::string sparse_columns() {
  std::string text;
  for (int i = 0; i < 8'000; ++i) {
    text += fmt::format("{{\"id\":{},\"k{}\":{},\"k{}\":\"x\",\"b{}\":{},\"d{}\":\"2024-01-01\"}}\n", i, (i * 37) % 300,
                        i, 300 + (i * 7) % 97, (i * 11) % 90, i % 2 == 0 ? "true" : "1.5", (i * 13) % 80);
  }
  return text;
}

INSTANTIATE_TEST_SUITE_P(Sparse, Determinism,
                         testing::Values(Case{.name = "sparse_columns",
                                              .documents = sparse_columns(),
                                              .shape = {},
                                              .chunk_bytes = {5'000, 1 << 16, 64 << 20}}),
                         case_name);

/// Text is decoded into a column that was declared binary, and goes beside one that was found to be binary: each worker
/// must know which of the two it is, also those that learn of the column from another one.
std::string declared_columns() {
  return repeat("{\"blob\":\"AQI=\",\"l\":[{\"blob\":\"0x0a\"}]}\n", 50) +
         repeat("{\"blob\":\"true\",\"l\":[{\"blob\":\"2024\"}],\"late\":\"2024\"}\n", 50);
}

normalize::ShapeOptions with_declared_columns() {
  normalize::ShapeOptions options;
  for (const char* path : {"blob", "l.blob", "late"}) options.hints.insert({path, {.type = DataType::binary}});
  return options;
}

/// Whether a document is bad may depend on what came long before it: here a text has a column to go to, or has none.
std::string bad_among_good() {
  // The first document takes its worker so long that others shape what follows without it.
  return "{\"v__v_text\":\"first\",\"l\":[" + repeat("1,", 30'000) + "1]}\n" +
         repeat("{\"v__v_text\":5}\n{\"v\":1}\n{\"v\":\"x\"}\n{\"w\":2,\"n\":[{\"m\":1}],\"W\":3}\n", 30) +
         repeat("{\"late\":[1,2,tru]}\n{\"late\":[\"x\"]}\n{\"w\":1,\"w\":2,\"x\":nul}\n", 20) +
         repeat("{\"u__v_text\":5}\n{\"u\":1}\n{\"u\":\"x\"}\n", 10);
}

const normalize::ShapeOptions leaving_out{.bad_documents = normalize::BadDocuments::leave_out};

INSTANTIATE_TEST_SUITE_P(
    LeftOut, Determinism,
    testing::Values(Case{.name = "bad_among_good", .documents = bad_among_good(), .shape = leaving_out},
                    Case{.name = "bad_and_changing",
                         .documents = bad_among_good() + changing_types() + fails_late() + own_variants(),
                         .shape = leaving_out}),
    case_name);

/// What a contract refuses depends on what is there by then: columns whose types the first chunk settles, and variants.
std::string refused_changes() {
  // The first document takes its worker so long that others shape what follows without it.
  return "{\"v\":\"first\",\"w\":\"first\",\"l\":[" + repeat("1,", 30'000) + "1]}\n" +
         repeat("{\"w\":1}\n{\"w\":\"x\"}\n{\"v__v_text\":2}\n", 5) +
         repeat("{\"v\":1,\"u\":2}\n{\"n\":[{\"m\":1},{\"m\":\"x\",\"k\":1}]}\n", 20) +
         repeat("{\"w\":1}\n{\"w\":\"x\"}\n{\"w\":true,\"l\":[{\"deep\":[1]}]}\n", 20);
}

/// A document has a column of the name that the variant would have, and values that come later go into it.
std::string variants_of_documents() {
  return "{\"v\":1,\"l\":[" + repeat("1,", 30'000) + "1]}\n" + "{\"v__v_text\":\"own\"}\n" +
         repeat("{\"v\":\"some text\"}\n", 200);
}

normalize::ShapeOptions under(const Contract& contract) {
  return {.contracts = {{"t", {.contract = contract}}}, .settled_types = {}};
}

/// Of a table that is there, with one column.
normalize::ShapeOptions under_of_known(const Contract& contract) {
  using schema::ColumnsThere;
  static const ColumnsThere there({{.table = "t", .name = "v", .word = "BIGINT", .type = {{.type = DataType::bigint}}}},
                                  ColumnsThere::Names::case_matters);
  return {.contracts = {{"t", {.contract = contract, .is_there = true}}}, .settled_types = {}, .there = &there};
}

constexpr auto leave_value = ContractMode::discard_value;
constexpr auto leave_row = ContractMode::discard_row;

INSTANTIATE_TEST_SUITE_P(Contracts, Determinism,
                         testing::Values(Case{.name = "values_of_new_types",
                                              .documents = refused_changes() + changing_types(),
                                              .shape = under({.data_type = leave_value})},
                                         Case{.name = "values_of_variants_that_documents_bring",
                                              .documents = variants_of_documents(),
                                              .shape = under({.data_type = leave_value})},
                                         Case{.name = "rows_of_new_types",
                                              .documents = refused_changes() + contested_types(),
                                              .shape = under({.data_type = leave_row})},
                                         Case{.name = "frozen_types",
                                              .documents = contested_types(),
                                              .shape = under({.data_type = ContractMode::freeze})},
                                         Case{.name = "values_of_new_columns",
                                              .documents = refused_changes() + own_variants(),
                                              .shape = under_of_known({.tables = leave_value, .columns = leave_value})},
                                         Case{.name = "rows_of_new_columns",
                                              .documents = refused_changes(),
                                              .shape = under_of_known({.tables = leave_row, .columns = leave_row})}),
                         case_name);

INSTANTIATE_TEST_SUITE_P(
    Conflicts, Determinism,
    testing::Values(Case{.name = "changing_types", .documents = changing_types(), .shape = {}},
                    Case{.name = "widened_types",
                         .documents = changing_types() + repeat("{\"n\":1,\"m\":1}\n", 9) + "{\"n\":1.5,\"m\":1e3}\n",
                         .shape = {.type_conflicts = TypeConflicts::widen, .settled_types = {}}},
                    Case{.name = "text_types",
                         .documents = bad_among_good() + changing_types() + contested_types(),
                         .shape = {.bad_documents = normalize::BadDocuments::leave_out,
                                   .type_conflicts = TypeConflicts::text,
                                   .settled_types = {}}},
                    Case{.name = "late_columns", .documents = late_columns(), .shape = {}},
                    Case{.name = "contested_types", .documents = contested_types(), .shape = {}},
                    Case{.name = "json_beside_flat", .documents = json_beside_flat(), .shape = {.max_nesting = 1}},
                    Case{.name = "json_nowhere", .documents = json_beside_flat(), .shape = {}},
                    Case{.name = "two_paths", .documents = two_paths(), .shape = {}},
                    Case{.name = "declared", .documents = declared_columns(), .shape = with_declared_columns()},
                    Case{.name = "keys_twice", .documents = keys_twice(), .shape = {}},
                    Case{.name = "keys_twice_with_row_ids",
                         .documents = keys_twice(),
                         .shape = {.system_columns = normalize::SystemColumns::keep}},
                    Case{.name = "own_variants", .documents = own_variants(), .shape = {}},
                    Case{.name = "fails_late", .documents = fails_late(), .shape = {}}),
    case_name);

}  // namespace
}  // namespace outfall
