// What no builder of an environment can go below: decompressing packages, and compressing what is
// in them in blocks as a squashfs image has them. No tree, no sums, nothing is written.
//
//   bench_floor decompress|recompress <package>...
//
// On all cores, a package a thread. Prints how many bytes came out.
#include <bzlib.h>
#include <zstd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "archive/byte_source.h"
#include "archive/bzip2_process.h"
#include "archive/zip_directory.h"
#include "base/error.h"
#include "base/file_system.h"
#include "base/parallel.h"

namespace cntr {
namespace {

using Sink = std::function<void(std::string_view)>;

void unzstd(archive::ByteSource& source, const Sink& sink) {
  const std::unique_ptr<ZSTD_DCtx, size_t (*)(ZSTD_DCtx*)> context(ZSTD_createDCtx(),
                                                                   ZSTD_freeDCtx);
  std::vector<char> buffer(ZSTD_DStreamOutSize());
  for (std::string_view bytes = source.next(); !bytes.empty(); bytes = source.next()) {
    ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
    ZSTD_outBuffer out{buffer.data(), buffer.size(), buffer.size()};
    while (in.pos < in.size || out.pos == out.size) {
      out.pos = 0;
      const size_t status = ZSTD_decompressStream(context.get(), &out, &in);
      if (ZSTD_isError(status) != 0) throw user_error(ZSTD_getErrorName(status));
      sink({buffer.data(), out.pos});
    }
  }
}

void unbzip2(archive::ByteSource& source, uint64_t size, const Sink& sink) {
  if (const auto process = archive::start_bzip2_process(source, size)) {
    for (auto bytes = process->next(); !bytes.empty(); bytes = process->next()) sink(bytes);
    return;
  }
  const std::unique_ptr<bz_stream, int (*)(bz_stream*)> stream(new bz_stream{},
                                                               BZ2_bzDecompressEnd);
  std::vector<char> buffer(size_t{256} * 1024);
  int status = BZ2_bzDecompressInit(stream.get(), 0, 0);
  for (auto bytes = source.next(); status == BZ_OK && !bytes.empty(); bytes = source.next()) {
    stream->next_in = const_cast<char*>(bytes.data());
    stream->avail_in = static_cast<unsigned>(bytes.size());
    do {
      stream->next_out = buffer.data();
      stream->avail_out = static_cast<unsigned>(buffer.size());
      status = BZ2_bzDecompress(stream.get());
      sink({buffer.data(), buffer.size() - stream->avail_out});
    } while (status == BZ_OK && (stream->avail_in > 0 || stream->avail_out == 0));
  }
  if (status != BZ_STREAM_END) throw user_error("bzip2 cannot read it");
}

void unpack(const std::string& path, const Sink& sink) {
  const UniqueFd file = open_to_read(path);
  if (path.ends_with(".bz2")) {
    archive::FileSource source(file.get());
    return unbzip2(source, source.size(), sink);
  }
  for (const archive::ZipMember& member : archive::list_stored_zip(file.get())) {
    if (!member.name.ends_with(".tar.zst")) continue;
    archive::FileSource source(file.get(), member.offset, member.size);
    unzstd(source, sink);
  }
}

// Cuts what it is given into blocks, and forgets what they become.
class Compressor {
 public:
  void add(std::string_view bytes) {
    while (!bytes.empty()) {
      const std::string_view piece = bytes.substr(0, kBlockSize - block_.size());
      block_ += piece;
      bytes.remove_prefix(piece.size());
      if (block_.size() == kBlockSize) finish();
    }
  }

  void finish() {
    constexpr int kLevel = 3;
    const size_t size = ZSTD_compressCCtx(context_.get(), out_.data(), out_.size(), block_.data(),
                                          block_.size(), kLevel);
    if (ZSTD_isError(size) != 0) throw user_error(ZSTD_getErrorName(size));
    bytes_ += size;
    block_.clear();
  }

  uint64_t bytes() const { return bytes_; }

 private:
  static constexpr size_t kBlockSize = size_t{128} * 1024;

  std::unique_ptr<ZSTD_CCtx, size_t (*)(ZSTD_CCtx*)> context_{ZSTD_createCCtx(), ZSTD_freeCCtx};
  std::string block_;
  std::vector<char> out_ = std::vector<char>(ZSTD_compressBound(kBlockSize));
  uint64_t bytes_ = 0;
};

uint64_t decompress(const std::string& path) {
  uint64_t bytes = 0;
  unpack(path, [&bytes](std::string_view piece) { bytes += piece.size(); });
  return bytes;
}

uint64_t recompress(const std::string& path) {
  Compressor compressor;
  unpack(path, [&compressor](std::string_view piece) { compressor.add(piece); });
  compressor.finish();
  return compressor.bytes();
}

void sort_by_cost(std::vector<std::string>& packages) {
  // A byte of bzip2 takes about as long as eight of zstd.
  const auto cost = [](const std::string& path) {
    const auto stat = stat_file(path);
    return (stat ? stat->size : 0) * (path.ends_with(".bz2") ? 8 : 1);
  };
  std::stable_sort(packages.begin(), packages.end(),
                   [&](const auto& one, const auto& other) { return cost(one) > cost(other); });
}

void run(const std::string& what, std::vector<std::string> packages) {
  sort_by_cost(packages);
  std::atomic<uint64_t> bytes = 0;
  run_in_parallel(packages.size(), std::thread::hardware_concurrency(), [&](size_t i) {
    bytes += what == "recompress" ? recompress(packages[i]) : decompress(packages[i]);
  });
  std::printf("%llu\n", static_cast<unsigned long long>(bytes.load()));
}

}  // namespace
}  // namespace cntr

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  try {
    cntr::run(argv[1], {argv + 2, argv + argc});
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_floor: %s\n", error.what());
    return 1;
  }
}
