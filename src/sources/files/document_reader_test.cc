// SPDX-License-Identifier: Apache-2.0
#include "sources/files/document_reader.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "columnar/streams_for_tests.h"

namespace outfall::sources {
namespace {

using columnar::FileFacts;
using normalize::Chunk;
using normalize::DocumentSpan;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// The chunks that a reader hands on before it waits, documents joined with blanks.
std::vector<std::string> chunks_before_waiting(std::vector<std::string> pieces) {
  normalize::ChunkPool pool(std::size_t{1} << 30);
  DocumentReader reader(std::make_unique<columnar::for_tests::SilentStream>(std::move(pieces)), pool,
                        {.name = "in.json"});
  std::vector<std::string> chunks;
  while (true) {
    Result<std::optional<Chunk>> chunk = reader.next();
    if (!chunk) {
      EXPECT_EQ(chunk.error().message, "waited");
      return chunks;
    }
    std::string all;
    for (const DocumentSpan& span : (*chunk)->documents) {
      if (!all.empty()) all += ' ';
      all.append(reinterpret_cast<const char*>((*chunk)->bytes.get()) + span.offset, span.length);
    }
    chunks.push_back(all);
    pool.give_back(std::move(**chunk));
  }
}

TEST(DocumentReaderSilence, WholeLinesAreHandedOn) {
  EXPECT_THAT(chunks_before_waiting({"{\"a\":1}\n{bad\n{\"c\""}), ElementsAre("{\"a\":1} {bad"));
  EXPECT_THAT(chunks_before_waiting({"1\n2\n3", "\n", "4\n5"}), ElementsAre("1 2", "3", "4"));
  EXPECT_THAT(chunks_before_waiting({"{\"a", "\":1", "}", "\n"}), ElementsAre("{\"a\":1}"));
  EXPECT_THAT(chunks_before_waiting({"\xef", "\xbb", "\xbf{}\n"}), ElementsAre("{}"));
}

TEST(DocumentReaderSilence, WholeElementsAreHandedOn) {
  EXPECT_THAT(chunks_before_waiting({"[\n{\"a\":1},\n{\"b\":2},\n{\"c\""}), ElementsAre("{\"a\":1} {\"b\":2}"));
}

TEST(DocumentReaderSilence, AnArrayALineIsToldBySecondLine) {
  EXPECT_THAT(chunks_before_waiting({"[1]\n"}), IsEmpty());
  EXPECT_THAT(chunks_before_waiting({"[1]\n", "[2]\n"}), ElementsAre("[1] [2]"));
}

struct Seen {
  std::vector<std::string> documents;  // "line: text"
  std::string error;
  std::size_t chunks = 0;
  std::size_t largest_chunk = 0;  // from the first document to the end of the last
  bool ends_inside_line = false;
  std::pair<std::size_t, std::uint64_t> counted;  // up to where newlines were counted, and how many
};

struct Reading {
  std::size_t chunk_bytes = std::size_t{1} << 20;
  std::size_t document_bytes_max = limits::document_bytes_max;
  unsigned seed = 1;
};

/// What every chunk must be true to, and its documents.
void look_at(const Chunk& chunk, const std::string& text, Seen& seen) {
  ++seen.chunks;
  ASSERT_FALSE(chunk.documents.empty());
  auto& [counted, newlines] = seen.counted;
  for (const DocumentSpan& span : chunk.documents) {
    const std::string document(reinterpret_cast<const char*>(chunk.bytes.get()) + span.offset, span.length);
    const std::size_t at = chunk.stream_offset + span.offset;
    EXPECT_EQ(text.substr(at, span.length), document);
    newlines += static_cast<std::uint64_t>(std::count(&text[counted], &text[at], '\n'));
    counted = at;
    EXPECT_EQ(newlines + 1, span.line);
    seen.documents.push_back(fmt::format("{}: {}", span.line, document));
  }
  const std::size_t before = text.rfind('\n', chunk.stream_offset - 1);
  const std::size_t line_begin = chunk.stream_offset == 0 || before == std::string::npos ? 0 : before + 1;
  EXPECT_EQ(chunk.column_offset,
            chunk.stream_offset - line_begin - (text.starts_with("\xef\xbb\xbf") && line_begin == 0 ? 3 : 0));
  const DocumentSpan& last = chunk.documents.back();
  EXPECT_GE(chunk.capacity, last.offset + last.length + Chunk::padding);
  seen.largest_chunk = std::max<std::size_t>(seen.largest_chunk, last.offset + last.length);
}

Seen read(const std::string& text, const Reading& how = {}) {
  normalize::ChunkPool pool(1);
  DocumentReader reader(
      std::make_unique<columnar::for_tests::TextStream>(text, columnar::for_tests::random_pieces(how.seed)), pool,
      {.name = "in.json", .chunk_bytes = how.chunk_bytes, .document_bytes_max = how.document_bytes_max});
  Seen seen;
  while (true) {
    Result<std::optional<Chunk>> chunk = reader.next();
    if (!chunk) {
      seen.error = chunk.error().message;
      break;
    }
    if (!*chunk) break;
    look_at(**chunk, text, seen);
    pool.give_back(std::move(**chunk));
  }
  seen.ends_inside_line = reader.ends_inside_line();
  EXPECT_EQ(pool.bytes_in_flight(), 0u) << "every chunk comes back, also after an error";
  if (seen.error.empty()) {
    EXPECT_EQ(reader.documents(), seen.documents.size());
  }
  return seen;
}

std::vector<std::string> documents(const std::string& text) {
  const Seen seen = read(text);
  EXPECT_EQ(seen.error, "");
  return seen.documents;
}

std::string error(const std::string& text) {
  for (const std::size_t chunk_bytes : {1, 5, 1 << 20}) {
    EXPECT_EQ(read(text, {.chunk_bytes = chunk_bytes}).error, read(text).error) << "at a chunk of " << chunk_bytes;
  }
  return read(text).error;
}

TEST(DocumentReaderLines, OneDocumentALine) {
  EXPECT_THAT(documents("{\"a\":1}\n{\"a\":2}\n"), ElementsAre("1: {\"a\":1}", "2: {\"a\":2}"));
  EXPECT_THAT(documents("1\n\n \t\r\n  2\r\n3"), ElementsAre("1: 1", "4:   2", "5: 3"));
  EXPECT_THAT(documents("\xef\xbb\xbf{}\n"), ElementsAre("1: {}"));
}

TEST(DocumentReaderLines, NothingIsNoDocument) {
  for (const char* text : {"", "\n", " \r\n\n", "\xef\xbb\xbf"}) EXPECT_THAT(documents(text), IsEmpty());
}

TEST(DocumentReaderLines, KnowsWhetherTheLastLineEnds) {
  EXPECT_TRUE(read("{}\n{\"a").ends_inside_line);
  EXPECT_FALSE(read("{}\n").ends_inside_line);
  EXPECT_FALSE(read("{}\n  ").ends_inside_line);
}

TEST(DocumentReaderLines, AChunkIsCutAtTheLastLineEndWithin) {
  const Seen seen = read("1234567\n1234567\n1234567\n1234567\n", {.chunk_bytes = 23});
  EXPECT_EQ(seen.chunks, 2u);
  EXPECT_EQ(read("1\n2\n3\n", {.chunk_bytes = 1}).chunks, 3u) << "at least one whole line";
}

TEST(DocumentReaderLines, TinyDocumentsAreBoundedToo) {
  std::string text;
  for (int i = 0; i < 200'000; ++i) text += "1\n";
  const Seen seen = read(text);
  EXPECT_EQ(seen.documents.size(), 200'000u);
  EXPECT_EQ(seen.chunks, 200'000 / limits::chunk_documents_max + 1);
}

TEST(DocumentReaderLines, ALineBeyondTheLimitIsAnErrorWithItsNumber) {
  const std::string text = "{}\n" + std::string(1000, 'x') + "\n{}\n";
  EXPECT_EQ(read(text, {.chunk_bytes = 10, .document_bytes_max = 1000}).error, "");
  EXPECT_EQ(read(text, {.chunk_bytes = 10, .document_bytes_max = 999}).error,
            "in.json, line 2: the document that begins here is longer than 999 bytes");
}

TEST(DocumentReaderArray, ElementsAreDocuments) {
  EXPECT_THAT(documents("[{\"a\":1},{\"a\":2}]"), ElementsAre("1: {\"a\":1}", "1: {\"a\":2}"));
  EXPECT_THAT(documents(" \n[\n {\"a\": [1,\n2]},\n\"x,]\\\"[\" , 3\n]\n\n"),
              ElementsAre("3: {\"a\": [1,\n2]}", "5: \"x,]\\\"[\"", "5: 3"));
  EXPECT_THAT(documents("\xef\xbb\xbf[[1,2],[[]]]"), ElementsAre("1: [1,2]", "1: [[]]"));
  EXPECT_THAT(documents("[]"), IsEmpty());
  EXPECT_THAT(documents("[ \n ] \n"), IsEmpty());
}

TEST(DocumentReaderArray, AnArrayALineIsNotOneArray) {
  EXPECT_THAT(documents("[1,2]\n[3]\n"), ElementsAre("1: [1,2]", "2: [3]"));
  EXPECT_THAT(documents("[1,2]\n\n{}\n"), ElementsAre("1: [1,2]", "3: {}"));
  EXPECT_THAT(documents("[1,2]\n\n"), ElementsAre("1: 1", "1: 2"));
  EXPECT_THAT(documents("[\"]\",\n2]\n"), ElementsAre("1: \"]\"", "2: 2"));
}

TEST(DocumentReaderArray, DamageNamesLineAndColumn) {
  EXPECT_EQ(error("[{},\n {\"a\":1"),
            "in.json, line 2, column 8: the input ends inside the array that begins on line 1");
  EXPECT_EQ(error("\n[1,2"), "in.json, line 2, column 5: the input ends inside the array that begins on line 2");
  EXPECT_EQ(error("["), "in.json, line 1, column 2: the input ends inside the array that begins on line 1");
  EXPECT_EQ(error("[1,\n\"a]"), "in.json, line 2, column 4: the input ends inside the array that begins on line 1");
  EXPECT_EQ(error("[1\n]\n x"), "in.json, line 3, column 2: something follows the end of the array");
  EXPECT_EQ(error("[1] [2]"), "in.json, line 1, column 5: something follows the end of the array");
  EXPECT_EQ(error("[1]]"), "in.json, line 1, column 4: something follows the end of the array");
  EXPECT_EQ(error("[1,,2]"), "in.json, line 1, column 4: a value is missing in front of ','");
  EXPECT_EQ(error("[1,\n]"), "in.json, line 2, column 1: a value is missing in front of ']'");
  EXPECT_EQ(error("[,1]"), "in.json, line 1, column 2: a value is missing in front of ','");
  EXPECT_EQ(error("[1}"), "in.json, line 1, column 3: '}' closes what '[' opened");
}

TEST(DocumentReaderArray, ManyBlanksNeedNoMemory) {
  const std::string text = "[1," + std::string(100'000, ' ') + "2]" + std::string(100'000, '\n');
  EXPECT_EQ(read(text, {.chunk_bytes = 10, .document_bytes_max = 100}).error, "");
}

TEST(DocumentReader, Utf16IsRefusedWithAHint) {
  EXPECT_THAT(error(std::string("\xff\xfe{\0}\0", 6)), HasSubstr("UTF-16"));
  EXPECT_THAT(error(std::string("\xfe\xff\0{\0}", 6)), HasSubstr("UTF-16"));
}

TEST(DocumentReader, ADatabaseIsToldHoweverFewBytesComeFirst) {
  normalize::ChunkPool pool(std::size_t{1} << 30);
  std::string database("{2345678DUCK\x40\0\0\0\0\0\0\0\0\0\0", 23);
  DocumentReader reader(
      std::make_unique<columnar::for_tests::TextStream>(std::move(database), columnar::for_tests::pieces_of(6)), pool,
      {.name = "in.json"});
  const Result<std::optional<Chunk>> chunk = reader.next();
  ASSERT_FALSE(chunk);
  EXPECT_THAT(chunk.error().message, HasSubstr("is a DuckDB database"));
}

/// Documents of every kind that cutting has to do with, and lengths around the chunk sizes below.
std::vector<std::string> random_documents(std::mt19937& random, bool spread_over_lines) {
  static const std::vector<std::string> parts{"\"a\"", "\"\\\"\"", "\"\\\\\"", "\",]}[{\"",   "1",
                                              "{}",    "[]",       "null",     "\"\xc3\xa9\""};
  std::vector<std::string> documents(random() % 40);
  for (std::string& document : documents) {
    document = "{\"k\":[0";
    for (std::size_t left = random() % 12; left > 0; --left) {
      document += spread_over_lines && random() % 3 == 0 ? ",\n " : ", ";
      document += parts[random() % parts.size()];
    }
    if (random() % 20 == 0) document += ",\"" + std::string(random() % 300, 'x') + "\"";
    document += "]}";
  }
  return documents;
}

std::string joined(std::mt19937& random, const std::vector<std::string>& documents, bool array) {
  static const std::vector<std::string> commas{",", " ,\n", "\n,", ", \t"};
  static const std::vector<std::string> line_ends{"\n", "\r\n", "\n\n", "\n \r\n"};
  std::string text = array ? "[\n" : "";
  for (std::size_t i = 0; i < documents.size(); ++i) {
    text += documents[i];
    if (!array) text += line_ends[random() % line_ends.size()];
    if (array && i + 1 < documents.size()) text += commas[random() % commas.size()];
  }
  return array ? text + "\n]" : text;
}

TEST(DocumentReader, AnyChunkSizeGivesTheSameDocuments) {
  std::mt19937 random(20'240'229);
  for (int round = 0; round < 300; ++round) {
    const bool array = round % 2 == 0;
    const std::vector<std::string> written = random_documents(random, array);
    const std::string text = joined(random, written, array);
    std::vector<std::string> expected = read(text).documents;
    ASSERT_EQ(expected.size(), written.size()) << text;
    for (std::size_t i = 0; i < written.size(); ++i)
      EXPECT_EQ(expected[i].substr(expected[i].find(' ') + 1), written[i]);
    for (const std::size_t chunk_bytes : {1, 2, 3, 7, 16, 50, 64, 100, 1000}) {
      const Seen seen = read(text, {.chunk_bytes = chunk_bytes, .seed = static_cast<unsigned>(random())});
      ASSERT_EQ(seen.error, "");
      ASSERT_EQ(seen.documents, expected) << "chunks of " << chunk_bytes << " of\n" << text;
    }
  }
}

TEST(StillWritten, OnlyYoungFilesAreSuspected) {
  using std::chrono::seconds;
  const std::chrono::system_clock::time_point now{seconds(1'700'000'000)};
  const auto aged = [](std::int64_t age) {
    return FileFacts{.size = 1, .mtime_ns = (1'700'000'000 - age) * 1'000'000'000};
  };
  EXPECT_THAT(still_written_hint(aged(4), now), HasSubstr("still being written?"));
  EXPECT_EQ(still_written_hint(aged(5), now), "");
  EXPECT_EQ(still_written_hint(FileFacts{}, now), "");
}

}  // namespace
}  // namespace outfall::sources
