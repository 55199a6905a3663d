// Arrays on a GPU, by the rules of DLPack: who takes one says on which stream it will work. Tensors are taken once and used for ever, so those
// streams are remembered: a world's work waits for what they hold, and they wait for its. Compiled, not tested on a GPU.
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>
#include <utility>
#include "tools/python/handle.h"
#if defined(NURI_WITH_CUDA)
#include "engine/device/memory.h"
#endif

namespace nuri::python {

#if defined(NURI_WITH_CUDA)
struct WorldHandle::Streams {
  Streams() { NURI_CUDA(cudaEventCreateWithFlags(&event, cudaEventDisableTiming)); }
  Streams(const Streams&) = delete;
  ~Streams() { cudaEventDestroy(event); }
  void order(cudaStream_t before, cudaStream_t after) const {
    NURI_CUDA(cudaEventRecord(event, before));
    NURI_CUDA(cudaStreamWaitEvent(after, event, 0));
  }
  cudaEvent_t event = nullptr;
  std::vector<cudaStream_t> others;
};

void WorldHandle::follow() {
  if (streams_)
    for (const cudaStream_t other : streams_->others) streams_->order(other, cudaStream_t(world().stream()));
}

void WorldHandle::lead() {
  if (streams_)
    for (const cudaStream_t other : streams_->others) streams_->order(cudaStream_t(world().stream()), other);
}

void WorldHandle::join(int64_t stream) {
  if (!on_gpu() || stream == -1) return;         // -1: who asks takes care
  const cudaStream_t other = stream == 0 || stream == 1 ? cudaStreamLegacy : stream == 2 ? cudaStreamPerThread : reinterpret_cast<cudaStream_t>(stream);
  use([&](session::Session&) {
    NURI_CUDA(cudaSetDevice(world().options().device));
    if (!streams_) streams_ = std::make_shared<Streams>();
    if (std::find(streams_->others.begin(), streams_->others.end(), other) == streams_->others.end()) streams_->others.push_back(other);
  });
}
#else
struct WorldHandle::Streams {};
void WorldHandle::follow() {}
void WorldHandle::lead() {}
void WorldHandle::join(int64_t) {}
#endif

namespace {

// A part of a field of the state in the GPU's memory. `offset` and `strides` are counted in numbers.
nb::object view(nb::handle self, int bucket, const std::string& name, size_t offset, const std::vector<size_t>& shape, const std::vector<int64_t>& strides) {
  WorldHandle& handle = nb::cast<WorldHandle&>(self);
  Bucket& b = handle.bucket(bucket);
  for (int f = 0; f < state_field_count; ++f) {
    if (name != info(StateField(f)).name) continue;
    size_t last = offset;
    bool empty = shape.size() != strides.size();
    for (size_t k = 0; k < shape.size() && !empty; ++k) {
      empty = shape[k] == 0 || strides[k] < 0;
      if (!empty) last += (shape[k] - 1) * size_t(strides[k]);
    }
    if (!handle.on_gpu() || empty || last >= size_t(b.environments()) * size_t(b.columns(StateField(f)))) return nb::none();
    float* const data = static_cast<float*>(b.device_data(StateField(f))) + offset;
    return nb::cast(nb::ndarray<float>(data, shape.size(), shape.data(), self, strides.data(), nb::dtype<float>(), nb::device::cuda::value, handle.world().options().device), nb::rv_policy::reference);
  }
  return nb::none();
}

uintptr_t address(WorldHandle& handle, int bucket, const std::string& name) {
  Bucket& b = handle.bucket(bucket);
  for (int f = 0; f < state_field_count; ++f)
    if (name == info(StateField(f)).name) return reinterpret_cast<uintptr_t>(b.device_data(StateField(f)));
  return 0;
}

}  // namespace

void bind_device(nb::module_& module) {
  module.def("device_view", view, nb::arg("world"), nb::arg("bucket"), nb::arg("field"), nb::arg("offset"), nb::arg("shape"), nb::arg("strides"));
  module.def("device_address", address, nb::arg("world"), nb::arg("bucket"), nb::arg("field"));
  module.def("join_stream", [](WorldHandle& h, int64_t stream) { h.join(stream); }, nb::arg("world"), nb::arg("stream"));
  module.def("stream_of", [](WorldHandle& h) { return reinterpret_cast<uintptr_t>(h.world().stream()); }, nb::arg("world"));
  module.def("download", [](WorldHandle& h) { h.use([](session::Session& s) { s.world().download(); }); }, nb::arg("world"));
}

}  // namespace nuri::python
