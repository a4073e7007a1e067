// What goes wrong with something that a project declares is said at its declaration.
#pragma once

#include "base/error.h"
#include "spec/spec.h"

namespace cntr::spec {

// Runs `action`; an Error of it that names no place gets that of the declaration, and its name.
// What is wrong in another file (a lock, a .dockerignore) is wrong there.
template <typename Action>
auto at_declaration(const std::string& what, const Location& where, const Action& action) {
  try {
    return action();
  } catch (const Error& error) {
    if (!error.location().empty()) throw;
    throw Error(error.kind(), what + ": " + error.message(), where, error.notes());
  }
}

template <typename Action>
auto at_declaration(const Image& image, const Action& action) {
  return at_declaration("Image " + image.name, image.location, action);
}

template <typename Action>
auto at_declaration(const Env& env, const Action& action) {
  return at_declaration("Environment " + env.name, env.location, action);
}

}  // namespace cntr::spec
