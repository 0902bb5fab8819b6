// SPDX-License-Identifier: Apache-2.0
#include "columnar/byte_stream.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <fmt/format.h>

#include <fstream>

#include "base/hash.h"
#include "base/scratch_folder.h"

namespace outfall::columnar {
namespace {

using testing::HasSubstr;

std::string gzip(std::string_view text) {
  z_stream zlib{};
  deflateInit2(&zlib, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  std::string packed(deflateBound(&zlib, text.size()) + 32, '\0');
  zlib.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  zlib.avail_in = static_cast<uInt>(text.size());
  zlib.next_out = reinterpret_cast<Bytef*>(packed.data());
  zlib.avail_out = static_cast<uInt>(packed.size());
  deflate(&zlib, Z_FINISH);
  packed.resize(zlib.total_out);
  deflateEnd(&zlib);
  return packed;
}

std::string zstd(std::string_view text) {
  std::string packed(ZSTD_compressBound(text.size()), '\0');
  packed.resize(ZSTD_compress(packed.data(), packed.size(), text.data(), text.size(), 3));
  return packed;
}

std::string lines(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += fmt::format("{{\"id\":{},\"name\":\"user {}\"}}\n", i, i * 7919 % 1000);
  return text;
}

class ByteStreamTest : public testing::Test {
 protected:
  std::string write(const std::string& name, std::string_view bytes) {
    std::ofstream(folder_ / name, std::ios::binary) << bytes;
    return folder_ / name;
  }

  static std::unique_ptr<ByteStream> open(const std::string& path) {
    Result<std::unique_ptr<ByteStream>> stream = open_byte_stream({.path = path});
    EXPECT_TRUE(stream) << stream.error().message;
    return std::move(*stream);
  }

  static Result<std::string> read_all(ByteStream& stream, std::size_t step = 1000) {
    std::string text;
    std::vector<std::byte> buffer(step);
    while (true) {
      const Result<std::size_t> count = stream.read(buffer);
      if (!count) return fail(count.error());
      if (*count == 0) return text;
      text.append(reinterpret_cast<const char*>(buffer.data()), *count);
    }
  }

  /// The content, or the error's message.
  std::string content_of(std::string_view bytes, std::size_t step = 1000) {
    const Result<std::string> text = read_all(*open(write("input", bytes)), step);
    return text ? *text : "error: " + text.error().message;
  }

  ScratchFolder folder_;
};

TEST_F(ByteStreamTest, PlainBytesComeAsTheyAre) {
  for (const std::string_view text : {"", "a", "abc", "abcd", "{\"a\":1}\n{\"a\":2}\n"}) {
    for (const std::size_t step : {1, 3, 1000}) EXPECT_EQ(content_of(text, step), text);
  }
}

TEST_F(ByteStreamTest, CompressionIsToldByContent) {
  const std::string text = lines(20'000);
  for (const std::size_t step : {7, 1000, 1 << 20}) {
    EXPECT_EQ(content_of(gzip(text), step), text);
    EXPECT_EQ(content_of(zstd(text), step), text);
  }
  EXPECT_EQ(content_of(gzip("")), "");
  EXPECT_EQ(content_of(zstd("")), "");
}

TEST_F(ByteStreamTest, MembersAndFramesFollowOneAnother) {
  const std::string text = lines(5'000);
  EXPECT_EQ(content_of(gzip(text) + gzip("") + gzip("end")), text + "end");
  EXPECT_EQ(content_of(zstd(text) + zstd("") + zstd("end")), text + "end");
  EXPECT_EQ(content_of(gzip(text) + std::string(1024, '\0')), text) << "padding of tapes is no content";
  const std::string skippable("\x50\x2a\x4d\x18\x03\x00\x00\x00xyz", 11);
  EXPECT_EQ(content_of(skippable + zstd(text)), text);
}

TEST_F(ByteStreamTest, EveryTruncationIsAnError) {
  const std::string text = lines(20);
  for (const std::string& packed : {gzip(text), zstd(text), gzip(text) + gzip(text), zstd(text) + zstd(text)}) {
    for (std::size_t size = 4; size < packed.size(); ++size) {
      if (size == packed.size() / 2 && packed.size() % 2 == 0) continue;  // between two members it is whole
      EXPECT_THAT(content_of(std::string_view(packed).substr(0, size)), HasSubstr("ends too early, at byte")) << size;
    }
  }
}

TEST_F(ByteStreamTest, DamageNamesTheFileAndTheOffset) {
  const std::string text = lines(5'000);
  std::string packed = gzip(text);
  packed[packed.size() - 6] ^= 1;  // the checksum
  EXPECT_THAT(content_of(packed), testing::AllOf(HasSubstr("/input: "), HasSubstr("gzip data is corrupt near byte"),
                                                 HasSubstr("incorrect data check")));
  EXPECT_THAT(content_of(gzip(text) + "junk"), HasSubstr("something else follows the gzip data"));
  EXPECT_THAT(content_of(zstd(text) + "junk"), HasSubstr("something else follows the zstd data"));
  packed = zstd(text);
  packed[packed.size() / 2] ^= 0x40;
  EXPECT_THAT(content_of(packed), HasSubstr("error: "));
}

TEST_F(ByteStreamTest, AWindowThatNeedsTooMuchMemoryIsRefused) {
  ZSTD_CCtx* context = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, 28);
  ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, 0);
  const std::string text = lines(10);
  std::string packed(1 << 16, '\0');
  ZSTD_inBuffer in{.src = text.data(), .size = text.size(), .pos = 0};
  ZSTD_outBuffer out{.dst = packed.data(), .size = packed.size(), .pos = 0};
  // Not in one call: the size of the content must be unknown to the compressor.
  ZSTD_compressStream2(context, &out, &in, ZSTD_e_continue);
  ZSTD_compressStream2(context, &out, &in, ZSTD_e_end);
  ZSTD_freeCCtx(context);
  packed.resize(out.pos);
  EXPECT_THAT(content_of(packed), HasSubstr("window is larger than 128 MiB"));
}

TEST_F(ByteStreamTest, CountsAndHashesTheRawBytes) {
  const std::string packed = gzip(lines(5'000));
  const auto stream = open(write("a.gz", packed));
  ASSERT_TRUE(read_all(*stream));
  ContentHash hash;
  hash.update(packed);
  EXPECT_EQ(stream->raw_content().hash, hash.hex());
  EXPECT_EQ(stream->raw_content().bytes, packed.size());
  EXPECT_FALSE(stream->raw_content().grew);
  EXPECT_EQ(stream->facts().size, packed.size());
  EXPECT_TRUE(stream->facts().mtime_ns);
}

TEST_F(ByteStreamTest, AFileThatGrowsIsReadAsItWas) {
  const std::string path = write("growing", "one\ntwo\n");
  const auto stream = open(path);
  std::ofstream(path, std::ios::app) << "three\n";
  EXPECT_EQ(read_all(*stream).value(), "one\ntwo\n");
  EXPECT_TRUE(stream->raw_content().grew);
  EXPECT_EQ(stream->raw_content().bytes, 8u);
}

TEST_F(ByteStreamTest, AFileThatIsWrittenOverIsRefused) {
  const std::string path = write("written_over", "one\ntwo\n");
  const auto stream = open(path);
  std::fstream(path, std::ios::in | std::ios::out) << "six";
  const timespec later[2] = {{.tv_sec = 0, .tv_nsec = UTIME_OMIT}, {.tv_sec = 2'000'000'000, .tv_nsec = 0}};
  ASSERT_EQ(utimensat(AT_FDCWD, path.c_str(), later, 0), 0);
  const Result<std::string> text = read_all(*stream);
  ASSERT_FALSE(text);
  EXPECT_THAT(text.error().message, HasSubstr("written_over changed while it was read"));
}

TEST_F(ByteStreamTest, AFileThatShrinksIsAnError) {
  const std::string path = write("shrinking", lines(1000));
  const auto stream = open(path);
  ASSERT_EQ(truncate(path.c_str(), 100), 0);
  const Result<std::string> text = read_all(*stream);
  ASSERT_FALSE(text);
  EXPECT_THAT(text.error().message, HasSubstr("shrank while it was read"));
}

TEST_F(ByteStreamTest, AFolderOrNothingIsAnError) {
  EXPECT_THAT(open_byte_stream({.path = folder_.path()}).error().message, HasSubstr("it is a folder"));
  EXPECT_FALSE(open_byte_stream({.path = folder_ / "missing"}));
}

TEST_F(ByteStreamTest, OnlyAnOpenPipeIsSilent) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  ASSERT_EQ(::write(ends[1], "abcd", 4), 4);
  Result<std::unique_ptr<ByteStream>> stream = open_byte_stream({.path = fmt::format("/dev/fd/{}", ends[0])});
  ASSERT_TRUE(stream) << stream.error().message;
  std::byte buffer[4];
  EXPECT_EQ((*stream)->read(buffer).value(), 4u);
  EXPECT_TRUE((*stream)->is_silent());
  close(ends[1]);
  EXPECT_FALSE((*stream)->is_silent());
  EXPECT_EQ((*stream)->read(buffer).value(), 0u);
  close(ends[0]);
}

TEST_F(ByteStreamTest, APipeIsReadToItsEndAndAStopEndsTheWait) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  ASSERT_EQ(::write(ends[1], "abcdef", 6), 6);
  std::stop_source stop;
  Result<std::unique_ptr<ByteStream>> stream =
      open_byte_stream({.path = fmt::format("/dev/fd/{}", ends[0]), .stop = stop.get_token()});
  ASSERT_TRUE(stream) << stream.error().message;
  EXPECT_FALSE((*stream)->facts().size);
  std::byte buffer[4];
  EXPECT_EQ((*stream)->read(buffer).value(), 4u);
  EXPECT_FALSE((*stream)->is_silent());
  EXPECT_EQ((*stream)->read(buffer).value(), 2u);
  EXPECT_TRUE((*stream)->is_silent());
  stop.request_stop();
  const Result<std::size_t> after = (*stream)->read(buffer);
  ASSERT_FALSE(after);
  EXPECT_EQ(after.error().blame, Blame::interrupted);
  close(ends[0]);
  close(ends[1]);
}

}  // namespace
}  // namespace outfall::columnar
