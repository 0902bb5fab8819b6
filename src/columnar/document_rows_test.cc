// SPDX-License-Identifier: Apache-2.0
#include "columnar/document_rows.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace outfall::columnar {
namespace {

/// The row of a document in a table of these columns; "broken" if there is none.
std::string row(std::string_view document, const RowForm& form, const std::vector<RowTextColumn>& columns = {}) {
  DocumentRows rows(columns, form);
  std::string out;
  return rows.append(document, out) ? out : "broken";
}

constexpr RowForm omitting{.nulls = RowNulls::omit};
constexpr RowForm sending{.nulls = RowNulls::send};
constexpr RowForm as_it_is{.nulls = RowNulls::as_is};

TEST(DocumentRows, LeavesOutNullsOfItsOwnKeysOnly) {
  EXPECT_EQ(row(R"({"a":1,"b":{"c":null,"d":[null]}})", omitting), R"({"a":1,"b":{"c":null,"d":[null]}})");
  EXPECT_EQ(row(R"({"a":null,"b":{"c":null},"e":null,"f":":null","g":null})", omitting),
            R"({"b":{"c":null},"f":":null"})");
  EXPECT_EQ(row(R"({"a":null})", omitting), "{}");
  EXPECT_EQ(row("{}", omitting), "{}");
  EXPECT_EQ(row(R"({"a":"null","null":"x"})", omitting), R"({"a":"null","null":"x"})");
}

TEST(DocumentRows, KeepsValuesAsTheyWereWritten) {
  const std::string document = R"({"z":1.50e+3,"a":"\u00e9\/\"","n":123456789012345678901234567890,"e":[1.0,-0]})";
  EXPECT_EQ(row(document, omitting), document);
  EXPECT_EQ(row(document, as_it_is), document);
  EXPECT_EQ(row(document, sending), document);
  EXPECT_EQ(row(R"({"a":null,"z":1.50e+3,"b":"\u00e9"})", omitting), R"({"z":1.50e+3,"b":"\u00e9"})");
}

TEST(DocumentRows, SendsColumnsThatItDoesNotHave) {
  const std::vector<RowTextColumn> columns{{.name = "id"},
                                           {.name = "caf\u00e9"},
                                           {.name = "a_b"},
                                           {.name = "id__v_text", .variant_of = "id"},
                                           {.name = "z"}};
  EXPECT_EQ(row(R"({"z":1,"id":null})", sending, columns), "{\"z\":1,\"id\":null,\"caf\u00e9\":null,\"a_b\":null}");
  EXPECT_EQ(row("{}", sending, columns), "{\"id\":null,\"caf\u00e9\":null,\"a_b\":null,\"z\":null}");
  // A key may be spelled otherwise than its column: with escapes, decomposed, with signs that no name has.
  EXPECT_EQ(row(R"({"\u0069d":1,"cafe\u0301":2,"a\"b":3,"z":4})", sending, columns),
            R"({"\u0069d":1,"cafe\u0301":2,"a\"b":3,"z":4})");
  EXPECT_EQ(row(R"({"z":null})", as_it_is, columns), R"({"z":null})");
}

TEST(DocumentRows, ForgetsTheKeysOfTheDocumentBefore) {
  const std::vector<RowTextColumn> columns{{.name = "a"}, {.name = "b"}};
  DocumentRows rows(columns, sending);
  std::string out;
  ASSERT_TRUE(rows.append(R"({"a":1})", out));
  ASSERT_TRUE(rows.append(R"({"b":1})", out));
  EXPECT_EQ(out, R"({"a":1,"b":null}{"b":1,"a":null})");
}

TEST(DocumentRows, QuotesIntegersThatDoublesDoNotHold) {
  const RowForm form{.nulls = RowNulls::as_is, .ints_as_strings = true};
  EXPECT_EQ(row(R"({"a":9007199254740992,"b":9007199254740993,"c":-9007199254740992,"d":-9007199254740993})", form),
            R"({"a":9007199254740992,"b":"9007199254740993","c":-9007199254740992,"d":"-9007199254740993"})");
  EXPECT_EQ(row(R"({"a":12345678901234567890123,"b":9007199254740993.5,"c":99999999999999999e3,"d":null})", form),
            R"({"a":"12345678901234567890123","b":9007199254740993.5,"c":99999999999999999e3,"d":null})");
  // What is nested stays as it is.
  EXPECT_EQ(row(R"({"a":[9007199254740993],"b":{"c":9007199254740993},"d":"9007199254740993"})", form),
            R"({"a":[9007199254740993],"b":{"c":9007199254740993},"d":"9007199254740993"})");
}

TEST(DocumentRows, TellsWhatIsNoDocument) {
  for (const char* text : {"", "1", "[1]", "null"}) EXPECT_EQ(row(text, as_it_is), "broken") << text;
  for (const char* text : {"{", "{\"a\":1", "{\"a\":null,", "{\"a\"}"}) EXPECT_EQ(row(text, sending), "broken") << text;
}

}  // namespace
}  // namespace outfall::columnar
