// SPDX-License-Identifier: Apache-2.0
#include "sources/files/csv_dialect.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace outfall::sources {
namespace {

using columnar::CsvDialect;
using testing::ElementsAre;

CsvDialect detect(std::string_view begin, const CsvOptions& options = {}, char expected = ',') {
  return detect_dialect(begin, true, options, expected);
}

TEST(CsvDialect, TheDelimiterGivesAllRecordsTheSameFields) {
  EXPECT_EQ(detect("a,b\n1,2\n").delimiter, ',');
  EXPECT_EQ(detect("a;b\n1,5;2,5\n").delimiter, ';');
  EXPECT_EQ(detect("a\tb c\n1\tx, y\n").delimiter, '\t');
  EXPECT_EQ(detect("a|b\n1|2\n").delimiter, '|');
  EXPECT_EQ(detect("a;b\n\"x;y\";2\n").delimiter, ';');
}

TEST(CsvDialect, TheNameDecidesWhatTheTextDoesNot) {
  EXPECT_EQ(detect("a,b\tc,d\n", {}, '\t').delimiter, ',');  // more fields
  EXPECT_EQ(detect("a,b\tc\n", {}, '\t').delimiter, '\t');
  EXPECT_EQ(detect("a\n1\n", {}, '\t').delimiter, '\t');
  EXPECT_EQ(detect("", {}, ',').delimiter, ',');
}

TEST(CsvDialect, WhatTheUserSaysIsNotDetected) {
  EXPECT_EQ(detect("a,b;c\n1,2;3\n", {.delimiter = ';'}).delimiter, ';');
  EXPECT_EQ(detect("a,b\n1,2\n", {.delimiter = '#'}).delimiter, '#');
  EXPECT_EQ(detect("a,b\n1,2\n", {.quote = '\''}).quote, '\'');
}

TEST(CsvDialect, AnApostropheIsAQuoteOnlyWhereItIsNeeded) {
  EXPECT_EQ(detect("a,b\n'x,y',2\n").quote, '\'');
  EXPECT_EQ(detect("a,b\n'x',2\n").quote, '"');
  EXPECT_EQ(detect("a,b\n\"x\"y,2\n'z',3\n").quote, '"');
}

TEST(CsvDialect, SomeBadRecordsDoNotHideIt) {
  EXPECT_EQ(detect("a;b\n1;2\n1;2;3\n1;2\n").delimiter, ';');
  EXPECT_EQ(detect("a\tb\n1\t\"x\"y\n1\t2\n1\t2\n").delimiter, '\t');
  EXPECT_EQ(detect("a\nx;y\nz\nz;z\n").delimiter, ',') << "the header has one field";
  EXPECT_EQ(detect("a,b;c\n1,2;3\n1;2;3\n").delimiter, ',') << "as many fields, and expected";
}

TEST(CsvDialect, CarriageReturnsEndLinesWhereNothingElseDoes) {
  EXPECT_EQ(detect("a,b\r1,2\r").line_end, '\r');
  EXPECT_EQ(detect("a,b\r\n1,2\r\n").line_end, '\n');
}

TEST(CsvDialect, ARecordThatGoesOnBehindTheFirstBytesSaysNothing) {
  EXPECT_EQ(detect_dialect("a;b\n1;2\n3", false, {}, ',').delimiter, ';');
}

TEST(ColumnNames, AreThoseOfTheHeader) {
  EXPECT_THAT(*column_names("\r\nid,\"a b\",\r\n1,2,3\r\n", {}, CsvHeader::first_record, "x.csv"),
              ElementsAre("id", "a b", "column2"));
  EXPECT_THAT(*column_names("1,x\n", {}, CsvHeader::none, "x.csv"), ElementsAre("column0", "column1"));
  EXPECT_THAT(*column_names("", {}, CsvHeader::first_record, "x.csv"), ElementsAre());
}

TEST(CsvDialect, AFirstLineMaySayTheDelimiter) {
  for (const std::string_view text : {"sep=|\nid|a,b\n1|2,3\n", "SEP=|\r\nid|a,b\r\n1|2,3\r\n"}) {
    const CsvDialect dialect = detect_dialect(text, true, {}, ',');
    EXPECT_EQ(dialect.delimiter, '|') << text;
    EXPECT_TRUE(dialect.names_delimiter);
    EXPECT_THAT(column_names(text, dialect, CsvHeader::first_record, "x.csv").value(), ElementsAre("id", "a,b"));
  }
  for (const std::string_view text : {"sep=|", "sep=ab,x\n1,2\n", "sep,x\n1,2\n", "sep=,\n"}) {
    EXPECT_EQ(detect_dialect(text, true, {}, ',').names_delimiter, text == "sep=,\n") << text;
  }
}

TEST(ColumnNames, AreNeverTheSame) {
  const auto twice = column_names("a,b,a\n", {}, CsvHeader::first_record, "x.csv");
  ASSERT_FALSE(twice);
  EXPECT_EQ(twice.error().message, "x.csv, line 1: the header has the name \"a\" twice");
  EXPECT_FALSE(column_names("column1,\n", {}, CsvHeader::first_record, "x.csv"));
}

}  // namespace
}  // namespace outfall::sources
