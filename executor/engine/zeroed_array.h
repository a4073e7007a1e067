// What a build keeps of each edge or node when it mostly needs that of a handful of a hundred
// thousand.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <new>
#include <type_traits>

namespace cntr::engine {

// Elements whose bytes are zero until they are written to. The system gives memory only to pages
// that were touched, so a large array of which little is used costs little.
template <typename T>
class ZeroedArray {
  static_assert(std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>);

 public:
  ZeroedArray() = default;
  explicit ZeroedArray(size_t size)
      : elements_(static_cast<T*>(std::calloc(size + 1, sizeof(T)))), size_(size) {
    if (elements_ == nullptr) throw std::bad_alloc();
  }

  size_t size() const { return size_; }
  T& operator[](size_t i) { return elements_.get()[i]; }
  const T& operator[](size_t i) const { return elements_.get()[i]; }

 private:
  struct Free {
    void operator()(T* elements) const { std::free(elements); }
  };
  std::unique_ptr<T, Free> elements_;
  size_t size_ = 0;
};

}  // namespace cntr::engine
