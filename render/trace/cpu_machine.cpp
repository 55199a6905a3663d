// Threads of a CPU: a job is a strip of one picture.
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>

#include "render/trace/machine.h"
#include "render/trace/registry.h"

namespace nuri::trace {
namespace {
constexpr int strip = 16;                        // blocks of a job: large pictures are shared by threads, small ones are a job

struct Freed { void operator()(void* p) const { std::free(p); } };
using Buffer = std::unique_ptr<char, Freed>;

class CpuMachine final : public Machine {
 public:
  explicit CpuMachine(const Kernel& kernel) : kernel_(kernel) {}
  std::string name() const override { return std::string(kernel_.isa) + " x " + std::to_string(kernel_.width); }

  char* memory(size_t bytes) override {          // on its own cache lines
    const size_t room = (bytes + 63) / 64 * 64 + 64;
    char* const p = static_cast<char*>(std::aligned_alloc(64, room));
    if (!p) throw std::bad_alloc();
    std::memset(p, 0, room);
    kept_.push_back(Buffer(p));
    return p;
  }

  void begin(Setting setting) override {
    setting_ = std::move(setting);
    const FlatLook& look = *setting_.look;
    const size_t n = size_t(setting_.environments), props = look.props.size();
    const int stride = int((props + 15) / 16 * 16);
    prop_frames_.assign(n * 12 * props, 0);
    spheres_.assign(n * 4 * size_t(stride), 0);
    lamp_frames_.assign(n * size_t(lamp_frame) * look.lamps.size(), 0);
    eye_frames_.assign(n * 12 * setting_.watches.size(), 0);
    first_job_ = {0};
    for (const int blocks : setting_.columns) first_job_.push_back(first_job_.back() + (blocks + strip - 1) / strip);
    launch_.view = look.view;
    launch_.frames = {prop_frames_.data(), spheres_.data(), lamp_frames_.data(), eye_frames_.data(), stride, nullptr, nullptr, nullptr, 0, 0};
    if (props >= many_props) {
      const int clusters = int((props + cluster_size - 1) / cluster_size), cluster_stride = (clusters + 15) / 16 * 16;
      sorted_.assign(n * 4 * size_t(stride), 0);
      clusters_.assign(n * 4 * size_t(cluster_stride), 0);
      order_.assign(n * 3 * size_t(stride), 0);
      Frames& f = launch_.frames;
      f.sorted = sorted_.data(), f.cluster = clusters_.data(), f.order = order_.data(), f.clusters = clusters, f.cluster_stride = cluster_stride;
    }
    launch_.watches = setting_.watches.data();
    launch_.eyes = setting_.eyes.data(), launch_.lamps = look.lamp_mounts.data();
    launch_.ids = setting_.ids.data();
    launch_.environments = setting_.environments, launch_.body_count = setting_.bodies, launch_.eye_count = int(setting_.watches.size());
    launch_.seed = setting_.seed;
  }

  void deliver(Pool& pool, const Delivery& d) override {
    pool.run(setting_.environments, [&d](int e, int) {
      const int from = d.from[size_t(e)];
      if (from >= 0) std::memcpy(d.base + size_t(e) * d.picture, d.base + size_t(from) * d.slot + size_t(e) * d.picture, d.picture);
    });
  }

  void look(Pool& pool, const Sight& sight) override {
    const size_t props = setting_.look->props.size(), threads = size_t(pool.threads());
    if (entry_.size() < threads * props) {       // the first call with this pool
      prop_.resize(threads * props);
      entry_.resize(threads * props);
      origin_.resize(threads * 3 * props);
    }
    launch_.position = sight.position, launch_.rotation = sight.rotation, launch_.eye_pose = sight.mounts.data(), launch_.lamp_state = sight.lamps.data();
    launch_.active = sight.active.data(), launch_.active_count = int(sight.active.size());
    launch_.slots = sight.slots.data(), launch_.steps = sight.steps.data();
    pool.run(launch_.active_count, [this](int k, int) {
      const NumericMode mode;
      kernel_.place(launch_, launch_.active[k]);
    });
    pool.run(launch_.active_count * first_job_.back(), [this](int job, int thread) {
      const NumericMode mode;
      trace(job, size_t(thread));
    });
  }

 private:
  void trace(int job, size_t thread) const {
    const int e = launch_.active[job / first_job_.back()], within = job % first_job_.back();
    int i = 0;
    while (first_job_[size_t(i) + 1] <= within) ++i;
    const int first = (within - first_job_[size_t(i)]) * strip, count = std::min(strip, setting_.columns[size_t(i)] - first);
    const size_t props = setting_.look->props.size();
    kernel_.trace(launch_, e, i, first, count, {prop_.data() + thread * props, entry_.data() + thread * props, origin_.data() + thread * 3 * props});
  }

  const Kernel& kernel_;
  Setting setting_{};
  Launch launch_{};
  std::vector<Buffer> kept_;
  std::vector<float> prop_frames_, spheres_, lamp_frames_, eye_frames_, sorted_, clusters_;
  std::vector<int32_t> order_;
  mutable std::vector<int32_t> prop_;
  mutable std::vector<float> entry_, origin_;
  std::vector<int> first_job_;                   // of a sensor, within an environment; and their number
};
}  // namespace

std::unique_ptr<Machine> make_cpu_machine(int width) {
  const Kernel* const kernel = find_kernel(width);
  return kernel ? std::make_unique<CpuMachine>(*kernel) : nullptr;
}

}  // namespace nuri::trace
