#include "squashfs/compression.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace cntr::squashfs {
namespace {

TEST(Compression, IsReadFromText) {
  EXPECT_EQ(parse_compression("zstd"), (Compression{Compressor::kZstd, 3}));
  EXPECT_EQ(parse_compression("zstd:19"), (Compression{Compressor::kZstd, 19}));
  EXPECT_EQ(parse_compression("lz4"), (Compression{Compressor::kLz4, 0}));
  EXPECT_EQ(parse_compression("gzip"), (Compression{Compressor::kGzip, 9}));
  EXPECT_EQ(parse_compression("xz:0"), (Compression{Compressor::kXz, 0}));
}

TEST(Compression, IsWrittenAsText) {
  EXPECT_EQ(compression_text({}), "zstd:3");
  EXPECT_EQ(compression_text(parse_compression("lz4")), "lz4");
  EXPECT_EQ(compression_text(parse_compression("gzip")), "gzip:9");
}

TEST(Compression, RefusesWhatItDoesNotKnow) {
  for (const char* text : {"", "zip", "zstd:", "zstd:0", "zstd:23", "zstd:3x", "zstd: 3", "gzip:10",
                           "lz4:1", "lz4:0", "Zstd", "zstd:99999999999"}) {
    try {
      parse_compression(text);
      ADD_FAILURE() << text;
    } catch (const Error& error) {
      EXPECT_EQ(error.message(), "there is no compression \"" + std::string(text) + "\"");
      EXPECT_EQ(error.kind(), ErrorKind::kUser);
    }
  }
}

}  // namespace
}  // namespace cntr::squashfs
