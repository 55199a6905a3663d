// The text of the CUDA kernels, on threads of this CPU: a team makes a list together and traces a ray at a time. The pictures must be the CPU's, bit
// for bit, whatever the number of threads and the order in which they find props.
#include <atomic>
#include <barrier>
#include <thread>
#include "render/trace/block.h"
#include "render/trace/clusters.h"
#include "render/trace/machine.h"
#include "render/trace/place.h"
#include "tests/render/trace/fair.h"

namespace nuri::trace::test {
namespace {
struct Shared {
  explicit Shared(int threads) : meeting(threads) {}
  std::barrier<> meeting;
  std::atomic<int> count{0};
};
// A team as BlockTeam is one.
struct ThreadTeam {
  static constexpr bool alone = false;
  static constexpr int list_room = 2;
  Shared* shared;
  int number, threads;
  int rank() const { return number; }
  int size() const { return threads; }
  void sync() const { shared->meeting.arrive_and_wait(); }
  void restart() const {
    sync();
    if (number == 0) shared->count = 0;
    sync();
  }
  int next() const { return shared->count++; }
  int counted() const { return shared->count; }
};

// Does what CudaMachine does, with the host's memory in the place of the device's.
class Emulated final : public Machine {
 public:
  explicit Emulated(int threads) : threads_(threads) {}
  std::string name() const override { return "emulated"; }
  char* memory(size_t bytes) override {
    kept_.push_back(std::make_unique<char[]>(bytes));
    return kept_.back().get();
  }
  void begin(Setting setting) override {
    setting_ = std::move(setting);
    const FlatLook& look = *setting_.look;
    const size_t n = size_t(setting_.environments), props = look.props.size(), eyes = setting_.watches.size();
    const int stride = int((props + 15) / 16 * 16);
    launch_.view = look.view;
    launch_.frames = {floats(12 * n * props), floats(4 * n * size_t(stride)), floats(lamp_frame * n * look.lamps.size()), floats(12 * n * eyes), stride, nullptr, nullptr, nullptr, 0, 0};
    if (props >= many_props) {
      Frames& f = launch_.frames;
      f.clusters = int((props + cluster_size - 1) / cluster_size), f.cluster_stride = (f.clusters + 15) / 16 * 16;
      f.sorted = floats(n * 4 * size_t(stride)), f.cluster = floats(n * 4 * size_t(f.cluster_stride));
      f.order = reinterpret_cast<int32_t*>(memory(n * 3 * size_t(stride) * sizeof(int32_t)));
    }
    launch_.watches = setting_.watches.data();
    launch_.eyes = setting_.eyes.data(), launch_.lamps = look.lamp_mounts.data();
    launch_.ids = setting_.ids.data();
    launch_.environments = setting_.environments, launch_.body_count = setting_.bodies, launch_.eye_count = int(eyes);
    launch_.seed = setting_.seed;
    for (const Watch& w : setting_.watches) launch_.blocks += w.rays.blocks;
    prop_.resize(ThreadTeam::list_room * props), entry_.resize(ThreadTeam::list_room * props), origin_.resize(3 * props);
  }
  void deliver(Pool&, const Delivery& d) override {
    for (size_t e = 0; e < d.from.size(); ++e)
      if (d.from[e] >= 0) std::memcpy(d.base + e * d.picture, d.base + size_t(d.from[e]) * d.slot + e * d.picture, d.picture);
  }
  void look(Pool&, const Sight& sight) override {
    launch_.position = sight.position, launch_.rotation = sight.rotation, launch_.eye_pose = sight.mounts.data(), launch_.lamp_state = sight.lamps.data();
    launch_.active = sight.active.data(), launch_.active_count = int(sight.active.size());
    launch_.slots = sight.slots.data(), launch_.steps = sight.steps.data();
    Shared shared(threads_);
    std::vector<std::thread> team;
    for (int t = 0; t < threads_; ++t)
      team.emplace_back([this, &shared, t] {
        const NumericMode mode;
        const ThreadTeam me{&shared, t, threads_};
        const int items = tracing::placed(launch_);
        for (int k = t; k < launch_.active_count * items; k += threads_) tracing::place(launch_, launch_.active[k / items], k % items);
        me.sync();
        for (int k = 0; k < launch_.active_count; ++k) tracing::cluster(launch_, launch_.active[k], me);
        const Scratch lists{prop_.data(), entry_.data(), origin_.data()};
        for (int k = 0; k < launch_.active_count * launch_.blocks; ++k) tracing::trace_block<Wide<float, 1>>(launch_, k, me, lists);
      });
    for (std::thread& t : team) t.join();
  }

 private:
  float* floats(size_t count) { return reinterpret_cast<float*>(memory(count * sizeof(float))); }
  int threads_;
  Setting setting_{};
  Launch launch_{};
  std::vector<std::unique_ptr<char[]>> kept_;
  std::vector<int32_t> prop_;
  std::vector<float> entry_, origin_;
};
}  // namespace

TEST_CASE("the text of the CUDA kernels gives the CPU's bits, with any number of threads") {
  const auto m = shared(fair());
  std::vector<Sensor> sensors = seers();
  sensors[1].every = 2, sensors[1].delay = 3;
  for (const int threads : {1, 3, 8}) {
    CAPTURE(threads);
    Eyes cpu = opened(Eyes::make(m, 2, sensors, lit())), other = opened(Eyes::make(m, 2, sensors, lit(), std::make_unique<Emulated>(threads)));
    CHECK(other.kernel() == std::string("emulated"));
    Pool pool(1);
    for (int call = 0; call < (threads == 8 ? 6 : 1); ++call) {
      CAPTURE(call);
      if (call == 4) cpu.reset(std::vector<int>{1}), other.reset(std::vector<int>{1});
      if (call == 2) cpu.mounts()[2] += 0.1f, other.mounts()[2] += 0.1f;
      const Poses p = moved(*m, 2, call);
      REQUIRE(cpu.render(pool, p));
      REQUIRE(other.render(pool, p));
      for (int e = 0; e < 2; ++e) CHECK(hash_of(cpu, e, 2) == hash_of(other, e, 2));
    }
  }
}

TEST_CASE("the text of the CUDA kernels gives the CPU's bits where props lie in clusters") {
  model::SceneMaker maker;
  maker.geom(0, GeomType::plane, {0, 0, 1});
  for (int i = 0; i < 2 * many_props; ++i) maker.geom(maker.body(0, {0.19 * (i % 14) - 1.3, 0.21 * (i / 14) - 1.5, 0.1 + 0.07 * (i * 5 % 11)}), i % 2 ? GeomType::box : GeomType::sphere, {0.08, 0.05, 0.06});
  const auto m = shared(maker.model());
  Sensor s = seers()[0];
  for (const int threads : {2, 7}) {
    Eyes cpu = opened(Eyes::make(m, 2, {s}, lit())), other = opened(Eyes::make(m, 2, {s}, lit(), std::make_unique<Emulated>(threads)));
    Pool pool(1);
    const Poses p = moved(*m, 2);
    REQUIRE(cpu.render(pool, p));
    REQUIRE(other.render(pool, p));
    for (int e = 0; e < 2; ++e) CHECK(hash_of(cpu, e, 2) == hash_of(other, e, 2));
  }
}

}  // namespace nuri::trace::test
