// Arrays on a GPU, by the rules of DLPack: who takes one says on which stream it will work. Tensors are taken once and used for ever, so those
// streams are remembered: a world's work waits for what they hold, and they wait for its. Compiled, not tested on a GPU.
#include "tools/python/device.h"
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>
#include <map>
#include <numeric>
#include <utility>
#if defined(NURI_WITH_CUDA)
#include "engine/device/info.h"
#include "tools/session/cuda_status.h"
#endif

namespace nuri::python {

#if defined(NURI_WITH_CUDA)
namespace {

// Memory that was handed out and came back, by size: the numbers of a step take that of the step before. Whoever gets a piece writes it on the
// world's stream, which by then waits for all that others had put into theirs before they gave it back.
struct Shelf {
  std::mutex mutex;
  std::multimap<size_t, device::Memory> pieces;

  static std::shared_ptr<void> take(const std::shared_ptr<Shelf>& shelf, size_t bytes) {
    const std::lock_guard lock(shelf->mutex);
    const auto found = shelf->pieces.find(bytes);
    auto* const piece = new device::Memory(found == shelf->pieces.end() ? device::Memory(bytes) : std::move(found->second));
    if (found != shelf->pieces.end()) shelf->pieces.erase(found);
    return {piece->as(), [shelf, piece](void*) {
              const std::lock_guard back(shelf->mutex);
              shelf->pieces.emplace(piece->bytes(), std::move(*piece));
              delete piece;
            }};
  }
};

}  // namespace

struct WorldHandle::Device {
  explicit Device(World& world) : status(world) { NURI_CUDA(cudaEventCreateWithFlags(&event, cudaEventDisableTiming)); }
  Device(const Device&) = delete;
  ~Device() { cudaEventDestroy(event); }
  void order(cudaStream_t before, cudaStream_t after) const {
    NURI_CUDA(cudaEventRecord(event, before));
    NURI_CUDA(cudaStreamWaitEvent(after, event, 0));
  }
  // Tells the status which environments have begun since it was told last.
  void follow_episodes(const session::Session& session) {
    list.clear(), rows.clear();
    for (int e = 0; e < session.environments(); ++e) {
      if (begun[size_t(e)] == session.beginnings(e)) continue;
      begun[size_t(e)] = session.beginnings(e);
      list.push_back(e);
      rows.push_back({session.seeds()[size_t(e)], session.episodes()[size_t(e)], session.episode_seed(e), session.substep() - session.age(e)});
    }
    status.put(list, rows);
  }

  session::CudaStatus status;
  cudaEvent_t event = nullptr;
  std::vector<cudaStream_t> others;
  std::shared_ptr<Shelf> shelf = std::make_shared<Shelf>();
  std::vector<uint64_t> begun;                   // per environment: beginnings that the status knows of
  std::vector<int> list;
  std::vector<session::CudaStatus::Episode> rows;
};

void WorldHandle::open_device() {
  if (!on_gpu()) return;
  device::use(world().options().device);
  device_ = std::make_shared<Device>(world());
  device_->begun.assign(size_t(world().environments()), 0);        // sessions count from 1
  device_->follow_episodes(*session_);
}

void WorldHandle::follow() {
  if (!device_) return;
  device::use(world().options().device);
  for (const cudaStream_t other : device_->others) device_->order(other, cudaStream_t(world().stream()));
}

void WorldHandle::lead() {
  if (!device_) return;
  for (const cudaStream_t other : device_->others) device_->order(cudaStream_t(world().stream()), other);
}

void WorldHandle::join(int64_t stream) {
  if (!device_ || stream == -1) return;          // -1: who asks takes care
  const cudaStream_t other = stream == 0 || stream == 1 ? cudaStreamLegacy : stream == 2 ? cudaStreamPerThread : reinterpret_cast<cudaStream_t>(stream);
  use([&](session::Session&) {
    if (std::find(device_->others.begin(), device_->others.end(), other) == device_->others.end()) device_->others.push_back(other);
  });
}

void WorldHandle::follow_episodes() {
  if (device_) device_->follow_episodes(*session_);
}

void WorldHandle::fetch() {
  World& w = world();
  w.download();
  if (!device_) return;
  for (int b = 0; b < w.buckets(); ++b)
    for (const StateField f : {StateField::ctrl, StateField::qfrc_applied, StateField::xfrc_applied, StateField::mocap_pos, StateField::mocap_quat, StateField::equality_active}) w.bucket(b).download(f);
}

#else
struct WorldHandle::Device {};
void WorldHandle::open_device() {}
void WorldHandle::follow() {}
void WorldHandle::lead() {}
void WorldHandle::join(int64_t) {}
void WorldHandle::follow_episodes() {}
void WorldHandle::fetch() {}
#endif

namespace {

WorldHandle& world_of(const DeviceTable& table) { return nb::cast<WorldHandle&>(table.world); }

const char* dtype_name(const DeviceTable& table) {
  const bool wide = table.type.bits == 64;
  return table.type.code == uint8_t(nb::dlpack::dtype_code::Float) ? "float32" : table.type.code == uint8_t(nb::dlpack::dtype_code::Int) ? "int32" : wide ? "uint64" : "uint32";
}

// A part of a table. `offset` and `strides` are counted in numbers. None: there is nothing in it.
nb::object view(nb::handle self, size_t offset, const std::vector<size_t>& shape, const std::vector<int64_t>& strides) {
  const DeviceTable& table = nb::cast<DeviceTable&>(self);
  size_t last = offset;
  bool empty = shape.size() != strides.size();
  for (size_t k = 0; k < shape.size() && !empty; ++k) {
    empty = shape[k] == 0 || strides[k] < 0;
    if (!empty) last += (shape[k] - 1) * size_t(strides[k]);
  }
  if (empty || last >= table.count) return nb::none();
  std::byte* const data = static_cast<std::byte*>(table.data) + offset * table.type.bits / 8;
  return nb::cast(nb::ndarray<>(data, shape.size(), shape.data(), self, strides.data(), table.type, nb::device::cuda::value, world_of(table).world().options().device), nb::rv_policy::reference);
}

// A field of the state [environment of the bucket][columns].
nb::object field_table(nb::handle world, int bucket, const std::string& name) {
  WorldHandle& handle = nb::cast<WorldHandle&>(world);
  Bucket& b = handle.bucket(bucket);
  for (int f = 0; handle.on_gpu() && f < state_field_count; ++f)
    if (name == info(StateField(f)).name)
      return nb::cast(DeviceTable::of(world, static_cast<float*>(b.device_data(StateField(f))), size_t(b.environments()) * size_t(b.columns(StateField(f)))));
  return nb::none();
}

#if defined(NURI_WITH_CUDA)
// A number of every environment of the world.
nb::object counter_table(nb::handle world, const std::string& name) {
  WorldHandle& handle = nb::cast<WorldHandle&>(world);
  if (!handle.device()) return nb::none();
  const session::CudaStatus& s = handle.device()->status;
  auto table = [&](auto* data) { return nb::cast(DeviceTable::of(world, data, size_t(handle.world().environments()))); };
  if (name == "fault") return table(s.fault());
  if (name == "contacts") return table(s.contacts());
  if (name == "steps") return table(s.steps());
  if (name == "episode") return table(s.episodes());
  return name == "seed" ? table(s.seeds()) : nb::none();
}

// Random numbers [environment][columns]: draw(status, out, substep).
template <class Draw> nb::object drawn(nb::handle world, int columns, const Draw& draw) {
  WorldHandle& handle = nb::cast<WorldHandle&>(world);
  if (!handle.device()) return nb::none();
  const size_t count = size_t(handle.world().environments()) * size_t(columns);
  std::shared_ptr<void> memory = handle.use([&](session::Session& session) {
    WorldHandle::Device& device = *handle.device();
    auto piece = Shelf::take(device.shelf, count * sizeof(float));
    draw(device.status, static_cast<float*>(piece.get()), session.substep());
    return piece;
  });
  DeviceTable table = DeviceTable::of(world, static_cast<float*>(memory.get()), count);
  table.memory = std::move(memory);
  return nb::cast(std::move(table));
}

nb::object draw_uniform(nb::handle world, int columns, uint32_t stream, float low, float high) {
  return drawn(world, columns, [&](session::CudaStatus& status, float* out, uint64_t substep) { status.uniform(out, columns, stream, low, high, substep); });
}
nb::object draw_normal(nb::handle world, int columns, uint32_t stream) {
  return drawn(world, columns, [&](session::CudaStatus& status, float* out, uint64_t substep) { status.normal(out, columns, stream, substep); });
}

void refresh_status(WorldHandle& handle) {
  if (handle.device() && handle.world().buckets() > 1) handle.use([&](session::Session&) { handle.device()->status.refresh(); });
}

void copy_out(const DeviceTable& table, void* to) {
  world_of(table).use([&](session::Session& session) {
    NURI_CUDA(cudaMemcpyAsync(to, table.data, table.bytes(), cudaMemcpyDeviceToHost, cudaStream_t(session.world().stream())));
    session.world().wait();
  });
}
#else
nb::object counter_table(nb::handle, const std::string&) { return nb::none(); }
nb::object draw_uniform(nb::handle, int, uint32_t, float, float) { return nb::none(); }
nb::object draw_normal(nb::handle, int, uint32_t) { return nb::none(); }
void refresh_status(WorldHandle&) {}
void copy_out(const DeviceTable&, void*) {}
#endif

// A copy of the whole table on the host, flat.
nb::object on_host(const DeviceTable& table) {
  auto* const bytes = new std::byte[std::max<size_t>(1, table.bytes())];
  const nb::capsule owner(bytes, [](void* p) noexcept { delete[] static_cast<std::byte*>(p); });
  if (table.bytes()) copy_out(table, bytes);
  const size_t shape[] = {table.count};
  return nb::cast(nb::ndarray<nb::numpy>(bytes, 1, shape, owner, nullptr, table.type), nb::rv_policy::reference);
}

}  // namespace

void bind_device(nb::module_& module) {
  nb::class_<DeviceTable>(module, "DeviceTable")
      .def("view", view, nb::arg("offset"), nb::arg("shape"), nb::arg("strides"))
      .def("get", on_host)
      .def("join", [](DeviceTable& t, int64_t stream) { world_of(t).join(stream); }, nb::arg("stream"))
      .def_prop_ro("stream", [](DeviceTable& t) { return reinterpret_cast<uintptr_t>(world_of(t).world().stream()); })
      .def_prop_ro("address", [](DeviceTable& t) { return reinterpret_cast<uintptr_t>(t.data); })
      .def_prop_ro("device", [](DeviceTable& t) { return world_of(t).world().options().device; })
      .def_prop_ro("dtype", [](DeviceTable& t) { return dtype_name(t); });
  module.def("field_table", field_table, nb::arg("world"), nb::arg("bucket"), nb::arg("field"));
  module.def("counter_table", counter_table, nb::arg("world"), nb::arg("name"));
  module.def("refresh_status", refresh_status, nb::arg("world"));
  module.def("draw_uniform", draw_uniform, nb::arg("world"), nb::arg("columns"), nb::arg("stream"), nb::arg("low"), nb::arg("high"));
  module.def("draw_normal", draw_normal, nb::arg("world"), nb::arg("columns"), nb::arg("stream"));
}

}  // namespace nuri::python
