// SPDX-License-Identifier: Apache-2.0
//
// Random documents with few names and many types, cut at random: whatever the cut and the number of workers, the result
// is that of one worker with one chunk.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <random>

#include "normalize/shaping_for_tests.h"

namespace outfall::normalize {
namespace {

using for_tests::shape;
using for_tests::Shaped;
using for_tests::ShapingOptions;

/// Few names, so that scalars, objects, lists, variants and flattened keys meet under one name.
class RandomDocuments {
 public:
  explicit RandomDocuments(unsigned seed) : random_(seed) {}

  int below(int end) { return static_cast<int>(random_() % static_cast<unsigned>(end)); }

  std::string documents(int count) {
    std::string text;
    for (int i = 0; i < count; ++i) text += object(0) + "\n";
    return text;
  }

 private:
  std::string object(int depth) {
    // A document has either the names of flattened keys or keys that are flattened to them: both would collide.
    static constexpr std::array<std::string_view, 6> nested{"a", "b", "c", "list", "value", "d"};
    static constexpr std::array<std::string_view, 6> flat{"a__b", "b__a", "c", "a__v_text", "value", "a__b__c"};
    if (depth == 0) is_flat_ = below(3) == 0;
    std::string text = "{";
    for (const std::string_view name : is_flat_ ? flat : nested) {
      if (below(3) != 0) continue;
      const auto add = [&] {
        // Its own key has what a variant of `a` may have.
        const std::string written = name == "a__v_text" ? "\"x\"" : value(depth + 1);
        text += fmt::format("{}\"{}\":{}", text.size() == 1 ? "" : ",", name, written);
      };
      add();
      if (below(25) == 0) add();
    }
    return text + "}";
  }

  std::string list(int depth) {
    std::string text = "[";
    for (int i = below(4); i > 0; --i) text += value(depth + 1) + (i > 1 ? "," : "");
    return text + "]";
  }

  std::string value(int depth) {
    static constexpr std::array<std::string_view, 12> scalars{
        "1",   "2.5",      "true", "\"x\"", "\"7\"", "null", "\"2024-01-01\"", "18446744073709551616",
        "3.0", "\"true\"", "-1",   "0"};
    const int kind = depth > 3 ? 0 : below(8);
    if (kind == 6) return object(depth);
    if (kind == 7) return list(depth);
    return std::string(scalars[static_cast<std::size_t>(below(scalars.size()))]);
  }

  std::mt19937 random_;
  bool is_flat_ = false;
};

/// What a run gives, as one text.
std::string outcome(const Shaped& shaped) {
  if (!shaped.error.empty()) return shaped.error;
  std::string text;
  for (const schema::Table& table : shaped.schema.tables) {
    if (table.name.starts_with("_dlt")) continue;
    text += fmt::format("{} of {}:", table.name, table.parent);
    for (const schema::Column& column : table.columns) {
      text += fmt::format(" {}:{}{}", column.name, name(*column.type), column.variant ? "!" : "");
    }
    text += "\n";
  }
  for (const auto& [table, rows] : shaped.rows) {
    text += table + ":\n";
    for (const std::string& row : rows) text += row + "\n";
  }
  for (const VariantSummary& variant : shaped.summary.variants) {
    text += fmt::format("{}.{} {} {} {}\n", variant.table, variant.column, variant.base_column, variant.value,
                        variant.line);
  }
  for (const std::string& document : shaped.left_out) text += document + "\n";
  return text + fmt::format("{}", shaped.summary.duplicate_keys);
}

/// Schema and rows, without what tells lines.
std::string tables(const Shaped& shaped) {
  std::string text = shaped.schema.to_json() + "\n";
  for (const auto& [table, rows] : shaped.rows) {
    text += table + ":\n";
    for (const std::string& row : rows) text += row + "\n";
  }
  return text + fmt::format("{}", shaped.summary.duplicate_keys);
}

TEST(RandomShapes, AnyCutGivesTheSame) {
  int failures = 0;
  for (unsigned seed = 1; seed <= 400; ++seed) {
    RandomDocuments random(seed);
    const std::string documents = random.documents(1 + random.below(60));
    ShapingOptions whole;
    whole.shape.max_nesting = std::array{0, 1, 2, 1000}[static_cast<std::size_t>(random.below(4))];
    ShapingOptions cut = whole;
    cut.workers = 1 + random.below(3);
    cut.chunk_bytes = static_cast<std::size_t>(1 + random.below(600));
    const std::string expected = outcome(shape(documents, whole));
    failures += expected.starts_with("test.jsonl") ? 1 : 0;
    // Which worker gets a chunk, and what it knows by then, is different each time.
    const std::string actual = outcome(shape(documents, cut));
    ASSERT_TRUE(actual == expected) << "expected:\n"
                                    << expected << "\nbut there is:\n"
                                    << actual << "\n"
                                    << "seed " << seed << ", " << cut.workers << " workers, chunks of "
                                    << cut.chunk_bytes << " bytes";
  }
  EXPECT_LT(failures, 100) << "most documents must be good, or the test proves little";
}

/// Documents of which some are cut off, or have a fault at their end: much of them was taken before that is seen.
std::string with_faults(RandomDocuments& random, int count) {
  std::string text;
  for (int i = 0; i < count; ++i) {
    std::string document = random.documents(1);
    document.pop_back();
    const int fault = random.below(16);
    if (fault == 0) document.resize(static_cast<std::size_t>(1 + random.below(static_cast<int>(document.size()))));
    if (fault == 1) document.insert(document.size() - 1, document.size() > 2 ? ",\"d\":{\"e\":[tru]}" : "tru");
    if (fault == 2) document += "{}";
    text += document + "\n";
  }
  return text;
}

/// The same documents at the same places without the bad ones.
std::string without(std::string documents, const Shaped& shaped) {
  for (const std::string& told : shaped.left_out) {
    const std::size_t begin = std::stoul(told.substr(told.find(' ')));
    const std::size_t end = std::min(documents.find('\n', begin), documents.size());
    documents.replace(begin, end - begin, end - begin, '\n');
  }
  return documents;
}

TEST(RandomShapes, NothingOfABadDocumentStays) {
  std::size_t left_out = 0;
  for (unsigned seed = 1; seed <= 400; ++seed) {
    RandomDocuments random(seed);
    const std::string documents = with_faults(random, 1 + random.below(60));
    ShapingOptions whole;
    whole.shape.max_nesting = std::array{0, 1, 2, 1000}[static_cast<std::size_t>(random.below(4))];
    whole.shape.bad_documents = BadDocuments::leave_out;
    const Shaped shaped = shape(documents, whole);
    left_out += shaped.left_out.size();
    const std::string without_them = tables(shape(without(documents, shaped), whole));
    ASSERT_TRUE(tables(shaped) == without_them) << "seed " << seed << ", expected:\n"
                                                << without_them << "\nbut there is:\n"
                                                << tables(shaped);
    ShapingOptions cut = whole;
    cut.workers = 1 + random.below(3);
    cut.chunk_bytes = static_cast<std::size_t>(1 + random.below(600));
    const std::string expected = outcome(shaped);
    const std::string actual = outcome(shape(documents, cut));
    ASSERT_TRUE(actual == expected) << "expected:\n"
                                    << expected << "\nbut there is:\n"
                                    << actual << "\n"
                                    << "seed " << seed << ", " << cut.workers << " workers, chunks of "
                                    << cut.chunk_bytes << " bytes";
  }
  EXPECT_GT(left_out, 400U) << "some documents must be bad, or the test proves little";
}

}  // namespace
}  // namespace outfall::normalize
