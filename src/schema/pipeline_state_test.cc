// SPDX-License-Identifier: Apache-2.0
//
// The state of a pipeline: versions, what is carried, what is refused. Stored states of dlt are in tests/vectors.
#include "schema/pipeline_state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "schema/stored_text.h"

namespace outfall::schema {
namespace {

using testing::HasSubstr;

PipelineState fresh() {
  return PipelineState::make({.pipeline_name = "vectors",
                              .dataset_name = "vectors",
                              .default_schema_name = "vectors",
                              .destination_type = "dlt.destinations.duckdb"});
}

std::string error_of(std::string_view text) {
  const Result<PipelineState> state = PipelineState::parse(text);
  return state ? "no error" : state.error().message;
}

TEST(PipelineState, TheFirstOneIsWhatDltStores) {
  PipelineState state = fresh();
  EXPECT_EQ(state.version(), 0);
  EXPECT_EQ(state.version_hash(), "");
  EXPECT_TRUE(state.bump());
  EXPECT_FALSE(state.bump());
  EXPECT_EQ(state.text(),
            R"({"_state_version":1,"_state_engine_version":4,"default_schema_name":"vectors","dataset_name":"vectors",)"
            R"("schema_names":["vectors"],"pipeline_name":"vectors","destination_type":"dlt.destinations.duckdb",)"
            R"("destination_name":null,"_version_hash":"skPn/YjAdXMNwbYvT6ZRXF5itjoiX71pOMiClmRkU/o="})");
  EXPECT_EQ(PipelineState::restore(state.stored_text()).value().text(), state.text());
}

TEST(PipelineState, EditsMakeANewVersion) {
  PipelineState state = fresh();
  state.bump();
  state.add_schema("vectors");
  EXPECT_FALSE(state.bump());
  state.add_schema("first");
  EXPECT_TRUE(state.bump());
  EXPECT_EQ(state.version(), 2);
  EXPECT_EQ(to_json(*state.document().find("schema_names")), R"(["first","vectors"])");
}

TEST(PipelineState, WhatBelongsToOneMachineIsNeitherStoredNorHashed) {
  PipelineState state = fresh();
  state.bump();
  state.document().set("_local", parse_json(R"({"first_run":true})").value());
  EXPECT_FALSE(state.bump());
  EXPECT_THAT(state.text(), testing::Not(HasSubstr("_local")));
}

TEST(PipelineState, UnknownPartsAreCarried) {
  const std::string text =
      R"({"x":[1.50,"\uf0261.50",{"b":1,"a":2}],"_state_version":7,"_state_engine_version":4,"pipeline_name":"p",)"
      R"("sources":{"s":{"resources":{"r":{"incremental":{"at":{"last_value":"\uf0272024-01-02T03:04:05Z"}}}}}}})";
  const PipelineState state = PipelineState::parse(text).value();
  EXPECT_EQ(state.version(), 7);
  EXPECT_EQ(state.text(), to_json(parse_json(text).value()));
}

TEST(PipelineState, ABrokenDocumentIsAnError) {
  EXPECT_THAT(error_of("x"), HasSubstr("pipeline state: not JSON"));
  EXPECT_THAT(error_of("[]"), HasSubstr("array"));
  EXPECT_THAT(error_of("{}"), HasSubstr("_state_version"));
  EXPECT_THAT(error_of(R"({"_state_version":1,"_state_engine_version":3,"pipeline_name":"p"})"),
              HasSubstr("version 3"));
  EXPECT_THAT(error_of(R"({"_state_version":1,"_state_engine_version":4})"), HasSubstr("pipeline_name"));
  EXPECT_THAT(error_of(R"({"_state_version":1,"_state_engine_version":4,"pipeline_name":1})"),
              HasSubstr("pipeline_name"));
  EXPECT_THAT(error_of(R"({"_state_version":1,"_state_engine_version":4,"pipeline_name":"p","schema_names":1})"),
              HasSubstr("schema_names"));
}

TEST(StoredText, IsBase64OfZlib) {
  EXPECT_EQ(pack_text(R"({"a":1})"), "eNqrVkpUsjKsBQAIKgIJ");
  EXPECT_EQ(unpack_text("eNqrVkpUsjKsBQAIKgIJ"), R"({"a":1})");
}

TEST(StoredText, OtherTextIsItself) {
  for (const char* text : {"", R"({"a":1})", "abcd", "eNqrVkpUsjKsBQAIKgI", "eNqrVkpUsjKsBQAIKgIJAAAA"}) {
    EXPECT_EQ(unpack_text(text), text);
  }
}

TEST(StoredText, EveryLengthComesBack) {
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{1}, std::size_t{4096}, std::size_t{4097}, std::size_t{10'000'000}}) {
    EXPECT_EQ(unpack_text(pack_text(std::string(size, 'x'))), std::string(size, 'x'));
  }
}

TEST(StoredText, ABombIsRefused) {
  EXPECT_FALSE(unpack_text(pack_text(std::string(stored_document_bytes_max + 1, ' '))));
}

}  // namespace
}  // namespace outfall::schema
