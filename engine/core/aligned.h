// Memory that begins at a multiple of 64 bytes: a cache line, the widest register, and what some learners (JAX) ask of arrays that they are to
// share instead of copying them.
#pragma once
#include <stddef.h>
#include <new>
#include <vector>

namespace nuri {

template <class T> struct Aligned {
  using value_type = T;
  static constexpr std::align_val_t line{64};

  Aligned() = default;
  template <class U> Aligned(const Aligned<U>&) {}
  T* allocate(size_t count) { return static_cast<T*>(::operator new(count * sizeof(T), line)); }
  void deallocate(T* at, size_t) { ::operator delete(at, line); }
  template <class U> bool operator==(const Aligned<U>&) const { return true; }
};
template <class T> using AlignedVector = std::vector<T, Aligned<T>>;

}  // namespace nuri
