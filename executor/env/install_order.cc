#include "env/install_order.h"

#include <algorithm>
#include <map>
#include <set>

namespace cntr::env {
namespace {

// What is to be installed yet, and what waits for it.
class Queue {
 public:
  explicit Queue(const std::vector<OrderedPackage>& packages) : packages_(packages) {
    for (size_t i = 0; i < packages.size(); ++i) places_[packages[i].name] = i;
    waiting_for_.resize(packages.size());
    users_.resize(packages.size());
    for (size_t i = 0; i < packages.size(); ++i) {
      for (const std::string& spec : packages[i].depends) {
        const auto found = places_.find(name_of_spec(spec));
        if (found == places_.end() || found->second == i) continue;
        if (waiting_for_[i].insert(found->second).second) users_[found->second].push_back(i);
      }
      remaining_.insert({packages[i].name, i});
      if (waiting_for_[i].empty()) ready_.insert({packages[i].name, i});
    }
  }

  bool empty() const { return remaining_.empty(); }

  size_t take() {
    const auto python = remaining_.lower_bound({"python", 0});
    const bool has_python = python != remaining_.end() && python->first == "python";
    const Named chosen = !ready_.empty() ? *ready_.begin()
                         : has_python    ? *python
                                         : *remaining_.begin();
    ready_.erase(chosen);
    remaining_.erase(chosen);
    for (const size_t user : users_[chosen.second]) {
      waiting_for_[user].erase(chosen.second);
      const Named named{packages_[user].name, user};
      if (waiting_for_[user].empty() && remaining_.contains(named)) ready_.insert(named);
    }
    return chosen.second;
  }

 private:
  using Named = std::pair<std::string, size_t>;

  const std::vector<OrderedPackage>& packages_;
  std::map<std::string, size_t> places_;
  std::vector<std::set<size_t>> waiting_for_;
  std::vector<std::vector<size_t>> users_;
  std::set<Named> remaining_;
  std::set<Named> ready_;
};

}  // namespace

std::string name_of_spec(const std::string& spec) {
  size_t begin = spec.rfind("::");
  begin = begin == std::string::npos ? 0 : begin + 2;
  begin = std::min(spec.find_first_not_of(' ', begin), spec.size());
  return spec.substr(begin, spec.find_first_of(" =<>!~[", begin) - begin);
}

std::vector<size_t> install_order(const std::vector<OrderedPackage>& packages) {
  Queue queue(packages);
  std::vector<size_t> out;
  while (!queue.empty()) out.push_back(queue.take());
  return out;
}

}  // namespace cntr::env
