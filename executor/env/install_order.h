// The order in which packages are put into an environment.
#pragma once

#include <string>
#include <vector>

namespace cntr::env {

struct OrderedPackage {
  std::string name;
  std::vector<std::string> depends;  // match specs
};

// Places in `packages`: each package behind those that it depends on, else by name. Where packages
// depend on each other in a circle, python comes first. Dependencies that are not there are not
// looked at.
std::vector<size_t> install_order(const std::vector<OrderedPackage>& packages);

// The package that a match spec is about: "numpy" of "conda-forge::numpy >=1.20,<2".
std::string name_of_spec(const std::string& spec);

}  // namespace cntr::env
