// SPDX-License-Identifier: Apache-2.0
#include "normalize/document_survey.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace outfall::normalize {
namespace {

using testing::IsEmpty;
using testing::Pair;
using testing::UnorderedElementsAre;

DocumentSurvey survey(std::string_view document) {
  simdjson::ondemand::parser parser;
  const simdjson::padded_string padded(document);
  return survey_document({padded.data(), padded.size()}, parser, schema::Naming(NamingConvention::snake_case));
}

TEST(DocumentSurvey, FindsNothingUnusual) {
  const DocumentSurvey found = survey(R"({"a":1,"b":{"a":2},"c":[{"a":3},{"a":4}]})");
  EXPECT_THAT(found.dropped_keys, IsEmpty());
  EXPECT_THAT(found.row_ids, IsEmpty());
}

TEST(DocumentSurvey, DropsAllButTheLastOfEqualKeysAndKeepsThePlaceOfTheFirst) {
  const DocumentSurvey found = survey(R"({"a":1,"b":2,"\u0061":3,"a":4})");
  EXPECT_THAT(found.dropped_keys, UnorderedElementsAre(2U, 14U));
  EXPECT_THAT(found.positions, testing::Contains(Pair(25U, 0U)));
}

TEST(DocumentSurvey, LooksIntoEveryObject) {
  EXPECT_EQ(survey(R"({"o":{"x":1,"x":2},"l":[[{"y":1,"y":2}]]})").dropped_keys.size(), 2U);
}

TEST(DocumentSurvey, FindsTheDocumentsOwnRowIds) {
  EXPECT_THAT(survey(R"(  {"l":[{"m":[],"_dlt_id":"in"}],"_dlt_id":"out"})").row_ids,
              UnorderedElementsAre(Pair(0U, "out"), Pair(8U, "in")));
  EXPECT_THAT(
      survey(R"({"_dlt_id":"","l":[{"_dlt_id":0},{"_dlt_id":-0.0e5},{"_dlt_id":false},{"_dlt_id":null}]})").row_ids,
      IsEmpty());
  EXPECT_THAT(survey(R"({"_dltId":5,"l":[{"_DLT_ID":true},{"_dlt_id" : 1.50 }]})").row_ids,
              UnorderedElementsAre(Pair(0U, "5"), Pair(17U, "True"), Pair(34U, "1.50")));
}

TEST(DocumentSurvey, EndsAtAFault) {
  EXPECT_THAT(survey(R"({"a":1,"a":2,"b" 3,"c":1,"c":2})").dropped_keys, UnorderedElementsAre(2U));
  EXPECT_THAT(survey("").dropped_keys, IsEmpty());
  EXPECT_THAT(survey("tru").dropped_keys, IsEmpty());
}

}  // namespace
}  // namespace outfall::normalize
