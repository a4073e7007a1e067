#include "env/wheel.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "archive/byte_source.h"
#include "archive/unpack_budget.h"
#include "archive/zip_directory.h"
#include "base/error.h"
#include "base/text.h"
#include "env/prefix.h"
#include "env/prefix_tree.h"
#include "env/wheel_files.h"
#include "env/wheel_name.h"

namespace cntr::env {
namespace {

constexpr uint64_t kLargestText = uint64_t{64} << 20;
constexpr std::string_view kModules = "site-packages/";
constexpr std::string_view kScripts = "python-scripts/";

bool is_signature(const std::string& name) {
  return name.ends_with(".dist-info/RECORD.jws") || name.ends_with(".dist-info/RECORD.p7s");
}

class WheelPacker {
 public:
  WheelPacker(UniqueFd file, const LockedWheel& lock, const Python& python,
              const std::string& prefix, squashfs::DataPackWriter& pack)
      : file_(std::move(file)), lock_(lock), python_(python), prefix_(prefix), pack_(pack) {
    out_.info.name = lock.name;
    out_.info.version = lock.version;
    out_.info.build = kWheelBuild;
    out_.info.subdir = "noarch";
    out_.info.noarch = Noarch::kPython;
  }

  PackedPackage pack() {
    if (const auto stat = stat_descriptor(file_.get())) budget_.add_archive_bytes(stat->size);
    for (archive::PackedZipMember& member : archive::list_zip(file_.get())) {
      if (member.packed.name.ends_with('/')) continue;
      std::string name = normal_package_path(member.packed.name, "The member");
      budget_.add_entry(name.size());
      const auto [place, is_new] = members_.try_emplace(std::move(name), std::move(member));
      if (!is_new) throw user_error("its member " + quote(place->first) + " is there twice");
    }
    find_dist_info();
    for (const auto& [name, member] : members_) {
      if (name != record_name() && !is_signature(name)) add_member(name, member);
    }
    add_entry_points();
    add_text(dist_info_ + "/INSTALLER", kWheelInstaller);
    add_record();
    return std::move(out_);
  }

 private:
  std::string record_name() const { return dist_info_ + "/RECORD"; }

  // The one directory <name>-<version>.dist-info, of a wheel of a known version.
  void find_dist_info() {
    for (const auto& [name, member] : members_) {
      if (!name.ends_with(".dist-info/WHEEL") || name.find('/') != name.rfind('/')) continue;
      if (!dist_info_.empty()) throw user_error("it has two .dist-info directories");
      dist_info_ = name.substr(0, name.find('/'));
    }
    const std::string project = dist_info_.substr(0, dist_info_.find('-'));
    if (normal_project_name(project) != lock_.name || !members_.contains(record_name())) {
      throw user_error("it has no .dist-info directory of " + quote(lock_.name));
    }
    data_ = dist_info_.substr(0, dist_info_.rfind(".dist-info")) + ".data";
    check_wheel_version(text_of(dist_info_ + "/WHEEL"));
    record_ = parse_wheel_record(text_of(record_name()));
  }

  // Calls `sink` with the bytes of the member, in order.
  template <typename Sink>
  void read(const archive::PackedZipMember& member, const Sink& sink) {
    archive::FileSource stored(file_.get(), member.packed.offset, member.packed.size);
    std::optional<archive::GunzipSource> inflated;
    if (member.deflated) inflated.emplace(stored, archive::GunzipSource::Format::kDeflate);
    archive::ByteSource& source = inflated ? static_cast<archive::ByteSource&>(*inflated) : stored;
    uint64_t size = 0;
    for (std::string_view bytes = source.next(); !bytes.empty(); bytes = source.next()) {
      budget_.add_stream_bytes(bytes.size());
      size += bytes.size();
      if (size > member.size) break;
      sink(bytes);
    }
    if (size != member.size) {
      throw user_error("its member " + quote(member.packed.name) +
                       " has another size than it says");
    }
  }

  std::string text_of(const std::string& name) {
    const auto found = members_.find(name);
    if (found == members_.end()) return "";
    if (found->second.size > kLargestText) throw user_error(quote(name) + " is too large");
    std::string out;
    read(found->second, [&](std::string_view bytes) { out += bytes; });
    return out;
  }

  // Where a member is to lie, as a path of a package that fits any Python.
  std::string place_of(const std::string& name) const {
    if (!name.starts_with(data_ + "/")) return std::string(kModules) + name;
    const std::string below = name.substr(data_.size() + 1);
    const std::string scheme = below.substr(0, below.find('/'));
    const std::string rest = below.substr(std::min(scheme.size() + 1, below.size()));
    if (!rest.empty()) {
      if (scheme == "purelib" || scheme == "platlib") return std::string(kModules) + rest;
      if (scheme == "scripts") return std::string(kScripts) + rest;
      if (scheme == "data") return rest;
      if (scheme == "headers") {
        return "include/python" + python_.minor_version + "/" + lock_.name + "/" + rest;
      }
    }
    throw user_error("its member " + quote(name) + " has no place in an environment");
  }

  void add_member(const std::string& name, const archive::PackedZipMember& member) {
    const std::string place = place_of(name);
    const bool is_script = place.starts_with(kScripts);
    const std::string script = is_script ? text_of(name) : "";
    squashfs::FileIndex content = 0;
    if (script.starts_with("#!python")) {
      check_sum(name, digest_of(script));
      const size_t end = std::min(script.find('\n'), script.size() - 1) + 1;
      content = pack_.add_file(shebang() + script.substr(end));
    } else {
      pack_.begin_file();
      read(member, [this](std::string_view bytes) { pack_.append(bytes); });
      content = pack_.end_file();
      check_sum(name, pack_.file_digest(content));
    }
    add(place, content, is_script || (member.mode & 0111U) != 0);
  }

  std::string shebang() const { return python_shebang(prefix_ + "/" + python_.interpreter()); }

  void check_sum(const std::string& name, const Digest& digest) const {
    const auto listed = record_.find(name);
    if (listed == record_.end()) throw user_error("its RECORD does not list " + quote(name));
    if (listed->second == digest) return;
    throw user_error("its member " + quote(name) + " is not the file that its RECORD lists");
  }

  void add_text(const std::string& name, const std::string& text) {
    add(std::string(kModules) + name, pack_.add_file(text), false);
  }

  void add(const std::string& place, squashfs::FileIndex content, bool executable) {
    if (!places_.insert(place).second) {
      throw user_error("two of its files are to lie at " + quote(place));
    }
    PackagePath path;
    path.path = place;
    LinkedFile file;
    file.mode = executable ? 0755 : 0644;
    file.mtime = PrefixTree::kTime;
    file.content = content;
    out_.info.paths.push_back(std::move(path));
    out_.files.push_back(std::move(file));
    installed_.push_back(
        {installed_path(place), pack_.file_digest(content), pack_.file_size(content)});
  }

  void add_entry_points() {
    out_.info.entry_points = parse_wheel_entry_points(text_of(dist_info_ + "/entry_points.txt"));
    for (const EntryPoint& entry : out_.info.entry_points) {
      const std::string script = entry_point_script(entry, python_, prefix_);
      installed_.push_back({installed_path(std::string(kScripts) + entry.command),
                            digest_of(script), script.size()});
    }
  }

  void add_record() { add_text(record_name(), wheel_record_text(installed_, record_name())); }

  std::string installed_path(const std::string& place) const {
    return path_in_record(path_in_prefix(out_.info, place, python_), python_);
  }

  const UniqueFd file_;
  const LockedWheel& lock_;
  const Python& python_;
  const std::string& prefix_;
  squashfs::DataPackWriter& pack_;
  archive::UnpackBudget budget_;
  std::map<std::string, archive::PackedZipMember> members_;  // by path
  std::map<std::string, Digest> record_;                     // what the wheel says
  std::string dist_info_;
  std::string data_;
  std::set<std::string> places_;
  std::vector<InstalledFile> installed_;
  PackedPackage out_;
};

}  // namespace

PackedPackage pack_wheel(UniqueFd file, const LockedWheel& lock, const Python& python,
                         const std::string& prefix, squashfs::DataPackWriter& pack) {
  try {
    return WheelPacker(std::move(file), lock, python, prefix, pack).pack();
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kUser) throw;
    throw user_error_at(
        lock.where,
        "The wheel " + wheel_name_of(lock.url, lock.where).file + ": " + error.message(),
        error.notes());
  }
}

}  // namespace cntr::env
