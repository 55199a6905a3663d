// A table in the memory of a world's GPU: nuri/device.py shows its parts to torch, CuPy, JAX.
#pragma once
#include <memory>
#include "tools/python/handle.h"

namespace nuri::python {

struct DeviceTable {
  nb::object owner;                              // keeps the memory where it is: a world or a port; besides `memory`, which is the table's own
  nb::object world;
  std::shared_ptr<void> memory;
  void* data = nullptr;
  size_t count = 0;
  nb::dlpack::dtype type;

  size_t bytes() const { return count * type.bits / 8; }
  template <class T> static DeviceTable of(nb::handle world, T* data, size_t count, nb::handle owner = {}) {
    return {nb::borrow(owner ? owner : world), nb::borrow(world), {}, data, count, nb::dtype<T>()};
  }
};

}  // namespace nuri::python
