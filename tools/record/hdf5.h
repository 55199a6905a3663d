// HDF5's C API with owners, for all of tools/record.
//
// Most systems build the library without locks: whoever calls it holds lock(), also for the closing of handles. Its own printing of errors is
// switched off; why() has the words.
#pragma once
#include <hdf5.h>
#include <mutex>
#include <string>
#include <utility>

namespace nuri::record::hdf5 {

// One identifier of the library, given back at the end.
class Handle {
 public:
  Handle() = default;
  explicit Handle(hid_t id) : id_(id) {}
  Handle(Handle&& other) noexcept : id_(std::exchange(other.id_, -1)) {}
  Handle& operator=(Handle&& other) noexcept {
    std::swap(id_, other.id_);
    return *this;
  }
  ~Handle() {
    if (id_ >= 0) H5Idec_ref(id_);
  }
  explicit operator bool() const { return id_ >= 0; }
  operator hid_t() const { return id_; }
  hid_t release() { return std::exchange(id_, -1); }

 private:
  hid_t id_ = -1;
};

std::unique_lock<std::recursive_mutex> lock();
std::string why();                     // what the library says of the call that failed last; empty: nothing

}  // namespace nuri::record::hdf5
