#include "env/python.h"

#include <algorithm>

#include "base/error.h"

namespace cntr::env {

Python python_of(const PackageInfo& package) {
  Python out;
  out.minor_version = python_minor_version(package.version);
  out.site_packages = package.python_site_packages_path;
  if (out.site_packages.empty()) {
    out.site_packages = "lib/python" + out.minor_version + "/site-packages";
  }
  return out;
}

std::string path_in_prefix(const PackageInfo& package, const std::string& path,
                           const std::optional<Python>& python) {
  constexpr std::string_view kSitePackages = "site-packages/";
  constexpr std::string_view kScripts = "python-scripts/";
  if (package.noarch != Noarch::kPython) return path;
  if (!python) {
    throw user_error("The package " + package.dist() + " needs a Python, and the lock has none",
                     {"Add the package python to the environment and lock it again."});
  }
  if (path.starts_with(kSitePackages)) {
    return python->site_packages + "/" + path.substr(kSitePackages.size());
  }
  if (path.starts_with(kScripts)) return "bin/" + path.substr(kScripts.size());
  return path;
}

std::string pyc_path(std::string_view source, const Python& python) {
  if (python.minor_version.starts_with("2.")) return std::string(source) + "c";
  const size_t slash = source.rfind('/');
  const size_t begin = slash == std::string_view::npos ? 0 : slash + 1;
  std::string tag = python.minor_version;
  std::erase(tag, '.');
  std::string_view stem = source.substr(begin);
  stem.remove_suffix(std::string_view(".py").size());
  return std::string(source.substr(0, begin)) + "__pycache__/" + std::string(stem) + ".cpython-" +
         tag + ".pyc";
}

std::string entry_point_script(const EntryPoint& entry, const Python& python,
                               const std::string& prefix) {
  const std::string imported = entry.function.substr(0, entry.function.find('.'));
  return python_shebang(prefix + "/" + python.interpreter()) +
         "# -*- coding: utf-8 -*-\n"
         "import re\n"
         "import sys\n"
         "\n"
         "from " +
         entry.module + " import " + imported +
         "\n"
         "\n"
         "if __name__ == '__main__':\n"
         "    sys.argv[0] = re.sub(r'(-script\\.pyw?|\\.exe)?$', '', sys.argv[0])\n"
         "    sys.exit(" +
         entry.function + "())\n";
}

}  // namespace cntr::env
