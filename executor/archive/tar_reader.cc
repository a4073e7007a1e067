#include "archive/tar_reader.h"

#include <archive.h>
#include <archive_entry.h>
#include <locale.h>

#include <algorithm>
#include <cerrno>
#include <exception>
#include <utility>

#include "archive/bzip2_process.h"
#include "base/error.h"

namespace cntr::archive {
namespace {

using ArchiveHandle = struct ::archive;

struct ArchiveFree {
  void operator()(ArchiveHandle* reader) const { archive_read_free(reader); }
};
using ArchivePointer = std::unique_ptr<ArchiveHandle, ArchiveFree>;

// What a libarchive reader reads from. Exceptions do not pass through C code: they wait here.
struct Feed {
  ByteSource* source;
  std::exception_ptr failure;
};

la_ssize_t read_feed(ArchiveHandle* reader, void* data, const void** buffer) {
  auto* const feed = static_cast<Feed*>(data);
  try {
    const std::string_view bytes = feed->source->next();
    *buffer = bytes.data();
    return static_cast<la_ssize_t>(bytes.size());
  } catch (...) {
    feed->failure = std::current_exception();
    archive_set_error(reader, EIO, "reading failed");
    return ARCHIVE_FATAL;
  }
}

[[noreturn]] void throw_failure(ArchiveHandle* reader, const Feed& feed) {
  if (feed.failure) std::rethrow_exception(feed.failure);
  const char* const text = archive_error_string(reader);
  throw user_error(std::string("the archive is damaged: ") + (text != nullptr ? text : "unknown"));
}

ArchivePointer new_reader() {
  ArchivePointer reader(archive_read_new());
  if (!reader) throw environment_error("Cannot start libarchive: out of memory");
  return reader;
}

// Decompresses what libarchive's filters know, and passes everything else through.
class FilterSource : public ByteSource {
 public:
  explicit FilterSource(ByteSource& compressed) : feed_{&compressed, nullptr} {
    archive_read_support_filter_zstd(reader_.get());
    archive_read_support_filter_xz(reader_.get());
    archive_read_support_filter_bzip2(reader_.get());
    archive_read_support_format_raw(reader_.get());
    archive_read_support_format_empty(reader_.get());
  }

  std::string_view next() override {
    if (!std::exchange(opened_, true)) {
      check(archive_read_open(reader_.get(), &feed_, nullptr, read_feed, nullptr));
      archive_entry* entry = nullptr;
      check(archive_read_next_header(reader_.get(), &entry));
    }
    const void* buffer = nullptr;
    size_t size = 0;
    la_int64_t offset = 0;
    while (!ended_ && size == 0) {
      check(archive_read_data_block(reader_.get(), &buffer, &size, &offset));
    }
    return ended_ ? std::string_view() : std::string_view(static_cast<const char*>(buffer), size);
  }

 private:
  void check(int status) {
    ended_ = status == ARCHIVE_EOF;
    if (!ended_ && status != ARCHIVE_OK) throw_failure(reader_.get(), feed_);
  }

  Feed feed_;
  ArchivePointer reader_ = new_reader();
  bool opened_ = false;
  bool ended_ = false;
};

// Passes bytes on, and hands them to `see`.
class WatchedSource : public ByteSource {
 public:
  WatchedSource(ByteSource& source, std::function<void(std::string_view)> see)
      : source_(source), see_(std::move(see)) {}

  std::string_view next() override {
    const std::string_view bytes = source_.next();
    see_(bytes);
    return bytes;
  }

 private:
  ByteSource& source_;
  std::function<void(std::string_view)> see_;
};

// libarchive converts the names of pax headers from UTF-8 to the locale's character set: this makes
// that conversion one that changes nothing, for this thread and this scope.
class Utf8Scope {
 public:
  Utf8Scope() {
    static const locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
    if (utf8 != nullptr) old_ = uselocale(utf8);
  }
  Utf8Scope(const Utf8Scope&) = delete;
  Utf8Scope& operator=(const Utf8Scope&) = delete;
  ~Utf8Scope() {
    if (old_ != nullptr) uselocale(old_);
  }

 private:
  locale_t old_ = nullptr;
};

TarKind kind_of(archive_entry* entry) {
  if (archive_entry_hardlink(entry) != nullptr) return TarKind::kHardLink;
  switch (archive_entry_filetype(entry)) {
    case AE_IFREG:
      return TarKind::kFile;
    case AE_IFDIR:
      return TarKind::kDirectory;
    case AE_IFLNK:
      return TarKind::kSymlink;
    case AE_IFCHR:
      return TarKind::kCharDevice;
    case AE_IFBLK:
      return TarKind::kBlockDevice;
    case AE_IFIFO:
      return TarKind::kFifo;
    default:
      return TarKind::kOther;
  }
}

std::string text_or_empty(const char* text) { return text != nullptr ? text : ""; }

// Of a number that the archive may give in 64 bits.
uint32_t in_32_bits(la_int64_t number, const char* what) {
  if (number < 0 || number > UINT32_MAX) {
    throw user_error(std::string("the archive is damaged: ") + what + " is no number of 32 bits");
  }
  return static_cast<uint32_t>(number);
}

void read_xattrs(archive_entry* entry, TarEntry& out) {
  const char* name = nullptr;
  const void* value = nullptr;
  size_t size = 0;
  archive_entry_xattr_reset(entry);
  while (archive_entry_xattr_next(entry, &name, &value, &size) == ARCHIVE_OK) {
    out.xattrs.emplace_back(text_or_empty(name),
                            std::string(static_cast<const char*>(value), size));
  }
  std::reverse(out.xattrs.begin(), out.xattrs.end());  // libarchive puts a new one in front
}

TarEntry to_entry(archive_entry* entry) {
  TarEntry out;
  out.path = text_or_empty(archive_entry_pathname(entry));
  out.kind = kind_of(entry);
  out.mode = archive_entry_perm(entry) & 07777;
  out.size = static_cast<uint64_t>(std::max<la_int64_t>(archive_entry_size(entry), 0));
  if (out.kind == TarKind::kSymlink) out.target = text_or_empty(archive_entry_symlink(entry));
  if (out.kind == TarKind::kHardLink) out.target = text_or_empty(archive_entry_hardlink(entry));
  out.mtime = archive_entry_mtime(entry);
  out.uid = in_32_bits(archive_entry_uid(entry), "its owner");
  out.gid = in_32_bits(archive_entry_gid(entry), "its group");
  if (out.kind == TarKind::kCharDevice || out.kind == TarKind::kBlockDevice) {
    out.device_major = static_cast<uint32_t>(archive_entry_rdevmajor(entry));
    out.device_minor = static_cast<uint32_t>(archive_entry_rdevminor(entry));
  }
  read_xattrs(entry, out);
  return out;
}

}  // namespace

struct TarReader::State {
  State(FileSource source, Hashed hashed, UnpackBudget& unpack_budget, Extent extent)
      : budget(unpack_budget),
        file(std::move(source)),
        watched_file(file, [this, hashed](std::string_view bytes) {
          budget.add_archive_bytes(bytes.size());
          if (hashed == Hashed::kFile) hash.update(bytes);
        }) {
    if (GunzipSource::is_gzip(file.head())) {
      decompressed = std::make_unique<GunzipSource>(watched_file);
    } else {
      if (extent == Extent::kWhole && is_bzip2(file.head())) {
        bunzipped = start_bzip2_process(watched_file, file.size());
      }
      decompressed = std::make_unique<FilterSource>(bunzipped ? *bunzipped : watched_file);
    }
    stream = std::make_unique<WatchedSource>(*decompressed, [this, hashed](std::string_view bytes) {
      budget.add_stream_bytes(bytes.size());
      count_final_zeros(bytes);
      if (hashed == Hashed::kStream) hash.update(bytes);
    });
    feed.source = stream.get();
    archive_read_support_format_tar(reader.get());
    archive_read_support_format_empty(reader.get());
  }

  void open() {
    if (archive_read_open(reader.get(), &feed, nullptr, read_feed, nullptr) == ARCHIVE_OK) return;
    if (feed.failure) std::rethrow_exception(feed.failure);
    throw user_error("it is no tar archive, plain or compressed with gzip, zstd, xz or bzip2");
  }

  void count_final_zeros(std::string_view bytes) {
    const size_t last = bytes.find_last_not_of('\0');
    final_zeros =
        last == std::string_view::npos ? final_zeros + bytes.size() : bytes.size() - last - 1;
  }

  UnpackBudget& budget;
  Sha256 hash;
  FileSource file;
  WatchedSource watched_file;
  std::unique_ptr<ByteSource> bunzipped;  // null where the filter does that as well
  std::unique_ptr<ByteSource> decompressed;
  std::unique_ptr<ByteSource> stream;
  Feed feed{nullptr, nullptr};
  ArchivePointer reader = new_reader();
  uint64_t final_zeros = 0;
  uint64_t entry_size = 0;
  bool opened = false;
};

TarReader::TarReader(FileSource file, Hashed hashed, UnpackBudget& budget, Extent extent)
    : state_(std::make_unique<State>(std::move(file), hashed, budget, extent)) {}

TarReader::TarReader(int fd, Hashed hashed, UnpackBudget& budget)
    : TarReader(FileSource(fd), hashed, budget) {}

TarReader::~TarReader() = default;

std::optional<TarEntry> TarReader::next() {
  const Utf8Scope utf8;
  ArchiveHandle* const reader = state_->reader.get();
  if (!std::exchange(state_->opened, true)) state_->open();
  archive_entry* raw = nullptr;
  const int status = archive_read_next_header(reader, &raw);
  if (status == ARCHIVE_EOF) return std::nullopt;
  // A warning means that an entry was read in part (a name that could not be converted, say).
  if (status != ARCHIVE_OK) throw_failure(reader, state_->feed);
  TarEntry entry = to_entry(raw);
  state_->entry_size = entry.size;
  return entry;
}

void TarReader::read(const std::function<void(std::string_view, uint64_t)>& sink) {
  ArchiveHandle* const reader = state_->reader.get();
  uint64_t end = 0;
  for (;;) {
    const void* buffer = nullptr;
    size_t size = 0;
    la_int64_t position = 0;
    const int status = archive_read_data_block(reader, &buffer, &size, &position);
    if (status == ARCHIVE_EOF) return;
    if (status != ARCHIVE_OK) throw_failure(reader, state_->feed);
    const auto offset = static_cast<uint64_t>(position);
    if (position < 0 || offset < end || offset > state_->entry_size ||
        size > state_->entry_size - offset) {
      throw user_error("the archive is damaged: a piece of the file lies outside it");
    }
    if (size > 0) sink({static_cast<const char*>(buffer), size}, offset);
    end = offset + size;
  }
}

Digest TarReader::finish() {
  while (!state_->stream->next().empty()) {
  }
  while (!state_->watched_file.next().empty()) {
  }
  return state_->hash.finish();
}

bool TarReader::has_end_mark() const {
  constexpr uint64_t kBlock = 512;
  return state_->final_zeros >= kBlock;
}

}  // namespace cntr::archive
