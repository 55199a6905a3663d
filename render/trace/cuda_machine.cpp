#include "render/trace/cuda_machine.h"

#include <algorithm>
#include <cstring>

#include "engine/device/info.h"
#include "engine/device/memory.h"
#include "render/trace/cuda_kernel.h"

namespace nuri::trace {
namespace {
constexpr size_t most_shared = 12 << 10;         // bytes of lists that a team may keep on chip: more would leave few teams per processor

class CudaMachine final : public Machine {
 public:
  CudaMachine(int gpu, const device::Info& info, void* stream) : gpu_(gpu), info_(info) {
    if (stream) stream_ = static_cast<cudaStream_t>(stream);
    else own_ = std::make_unique<device::Stream>(), stream_ = *own_;
  }
  ~CudaMachine() override { cudaStreamSynchronize(stream_); }

  std::string name() const override { return "cuda"; }

  char* memory(size_t bytes) override {
    device::use(gpu_);
    kept_.emplace_back(std::max<size_t>(bytes, 1));
    NURI_CUDA(cudaMemsetAsync(kept_.back().as(), 0, bytes, stream_));
    return kept_.back().as<char>();
  }

  void begin(Setting setting) override {
    device::use(gpu_);
    setting_ = std::move(setting);
    const FlatLook& look = *setting_.look;
    const size_t n = size_t(setting_.environments), props = look.props.size(), eyes = setting_.watches.size();
    const int stride = int((props + 15) / 16 * 16);
    launch_.view = put(look);
    launch_.frames = {floats(n * 12 * props), floats(n * 4 * size_t(stride)), floats(n * size_t(lamp_frame) * look.lamps.size()), floats(n * 12 * eyes), stride, nullptr, nullptr, nullptr, 0, 0};
    if (props >= many_props) {
      Frames& f = launch_.frames;
      f.clusters = int((props + cluster_size - 1) / cluster_size), f.cluster_stride = (f.clusters + 15) / 16 * 16;
      f.sorted = floats(n * 4 * size_t(stride)), f.cluster = floats(n * 4 * size_t(f.cluster_stride));
      f.order = reinterpret_cast<int32_t*>(keep(n * 3 * size_t(stride) * sizeof(int32_t)));
    }
    std::vector<Watch> watches = setting_.watches;
    size_t groups = 0;
    for (size_t i = 0; i < eyes; ++i) {
      Rays& r = watches[i].rays;
      const size_t blocks = size_t(r.blocks);
      r.direction = put(r.direction, 3 * block_rays * blocks), r.pixel = put(r.pixel, block_rays * blocks), r.cone = put(r.cone, 5 * blocks);
      groups = std::max(groups, size_t(watches[i].group) + 1);
      launch_.blocks += r.blocks;
    }
    launch_.watches = put(watches.data(), watches.size());
    launch_.eyes = put(setting_.eyes.data(), setting_.eyes.size()), launch_.lamps = put(look.lamp_mounts.data(), look.lamp_mounts.size());
    launch_.ids = put(setting_.ids.data(), n);
    mounts_ = device::Memory(n * eyes * 7 * sizeof(float));
    call_ = device::Memory(n * (sizeof(uint64_t) + sizeof(int32_t) * (1 + groups)));
    lamps_ = device::Memory(std::max<size_t>(n * look.lamps.size() * lamp_numbers * sizeof(float), 1));
    launch_.eye_pose = mounts_.as<float>(), launch_.lamp_state = lamps_.as<float>();
    launch_.environments = setting_.environments, launch_.body_count = setting_.bodies, launch_.eye_count = int(eyes);
    launch_.seed = setting_.seed;
    // of a call: steps, slots, active environments
    launch_.steps = call_.as<uint64_t>();
    launch_.slots = reinterpret_cast<const int32_t*>(call_.as<uint64_t>() + n);
    launch_.active = launch_.slots + n * groups;
    words_.resize(call_.bytes());

    const size_t lists = cuda_list_bytes(int(props));
    const bool on_chip = lists <= most_shared;
    room_.stride = lists;
    room_.teams = cuda_teams(on_chip ? lists : 0, info_.processors);
    if (room_.teams == 0) throw std::runtime_error("no kernel for this GPU in this program: built for other generations");
    room_.slabs = on_chip ? nullptr : keep(size_t(room_.teams) * lists);
    NURI_CUDA(cudaStreamSynchronize(stream_));   // what was uploaded may go now
  }

  // Environments whose slots are the same, as they are where all began together, move as one.
  void deliver(Pool&, const Delivery& d) override {
    device::use(gpu_);
    for (size_t e = 0, end = 0; e < d.from.size(); e = end) {
      for (end = e + 1; end < d.from.size() && d.from[end] == d.from[e]; ++end) {}
      if (d.from[e] < 0) continue;
      char* const to = d.base + e * d.picture;
      NURI_CUDA(cudaMemcpyAsync(to, to + size_t(d.from[e]) * d.slot, (end - e) * d.picture, cudaMemcpyDeviceToDevice, stream_));
    }
  }

  void look(Pool&, const Sight& sight) override {
    device::use(gpu_);
    if (sight.moved_mounts) mounts_.upload(sight.mounts.data(), sight.mounts.size_bytes(), stream_);
    if (sight.moved_lamps) lamps_.upload(sight.lamps.data(), sight.lamps.size_bytes(), stream_);
    std::byte* to = words_.data();
    const auto bring = [&](auto words) { to = std::copy(std::as_bytes(words).begin(), std::as_bytes(words).end(), to); };
    bring(sight.steps), bring(sight.slots), bring(sight.active);
    call_.upload(words_.data(), size_t(to - words_.data()), stream_);                  // pageable: words_ may change when this returns
    launch_.position = sight.position, launch_.rotation = sight.rotation;
    launch_.active_count = int(sight.active.size());
    launch_place(launch_, stream_);
    launch_trace(launch_, room_, stream_);
  }

 private:
  char* keep(size_t bytes) {
    kept_.emplace_back(std::max<size_t>(bytes, 1));
    return kept_.back().as<char>();
  }
  float* floats(size_t count) { return reinterpret_cast<float*>(keep(count * sizeof(float))); }
  template <class T> const T* put(const T* from, size_t count) {
    if (!from || count == 0) return nullptr;
    char* const to = keep(count * sizeof(T));
    NURI_CUDA(cudaMemcpyAsync(to, from, count * sizeof(T), cudaMemcpyHostToDevice, stream_));
    return reinterpret_cast<const T*>(to);
  }
  View put(const FlatLook& look) {
    View v = look.view;
    std::vector<Tree> trees = look.trees;
    for (size_t i = 0; i < trees.size(); ++i) {
      Tree& t = trees[i];
      const FlatLook::TreeData& d = look.tree_data[i];
      t.node = put(t.node, d.node.size()), t.bound = put(t.bound, d.bound.size()), t.triangle = put(t.triangle, d.triangle.size());
      t.corner = put(t.corner, d.corner.size()), t.normal = put(t.normal, d.normal.size()), t.uv = put(t.uv, d.uv.size()), t.density = put(t.density, d.density.size());
    }
    std::vector<Field> fields = look.fields;
    for (size_t i = 0; i < fields.size(); ++i) fields[i].elevation = put(fields[i].elevation, look.elevations[i].size());
    v.props = put(v.props, look.props.size()), v.paints = put(v.paints, look.paints.size());
    v.trees = put(trees.data(), trees.size()), v.fields = put(fields.data(), fields.size());
    v.pictures = put(v.pictures, look.pictures.size()), v.texels = put(v.texels, look.texels.size());
    v.linear = put(v.linear, look.linear.size()), v.lamps = put(v.lamps, look.lamps.size());
    NURI_CUDA(cudaStreamSynchronize(stream_));   // of what was uploaded, some goes now
    return v;
  }

  int gpu_;
  device::Info info_;
  std::unique_ptr<device::Stream> own_;
  cudaStream_t stream_ = nullptr;
  Setting setting_{};
  Launch launch_{};
  CudaRoom room_{};
  std::vector<device::Memory> kept_;
  device::Memory mounts_, lamps_, call_;
  std::vector<std::byte> words_;
};
}  // namespace

Result<std::unique_ptr<Machine>> make_cuda_machine(int gpu, void* stream) {
  const auto refuse = [](const char* code, std::string message) { return Diagnostic{Severity::error, code, std::move(message), "see on the CPU", {}, "", {}}; };
  std::string why;
  const auto info = device::find(gpu, &why);
  if (!info) return refuse("no-gpu", "no usable GPU: " + why);
  try {
    device::use(gpu);
    if (cuda_teams(0, info->processors) == 0) return refuse("no-gpu", info->name + ": this program has no kernels for compute capability " + std::to_string(info->major) + "." + std::to_string(info->minor));
    return std::unique_ptr<Machine>(std::make_unique<CudaMachine>(gpu, *info, stream));
  } catch (const std::exception& e) {
    return refuse("cuda-failed", e.what());
  }
}

}  // namespace nuri::trace
