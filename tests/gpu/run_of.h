// One environment history that every world must reproduce: start, controls, and what happens to it on the way.
#pragma once
#include <limits>
#include "tests/gpu/cases.h"
#include "tests/gpu/drive.h"

namespace nuri::gpu_test {

// What a history has beside random controls.
enum class Event {
  none,
  reset,        // half way, some environments begin anew
  own_numbers,  // every environment has its own mass, friction and gain
  explode,      // at a quarter, environment 1 is far too fast and environment 2 is NaN
};
inline const char* name(Event e) { return e == Event::none ? "" : e == Event::reset ? "reset of some" : e == Event::own_numbers ? "own numbers" : "explosion"; }

// How a world is launched; none of it may show in the bits.
struct Way {
  int environments = 1, group = 0, block = 0, room = 0, per_call = control_period;   // per_call: substeps
  bool slabs = false, staged = false, resident = false;
  Event event = Event::none;
  std::string text() const {
    std::string out = std::to_string(environments) + " environments, group " + (group ? std::to_string(group) : "by rule");
    if (block) out += ", block " + std::to_string(block);
    if (room) out += ", room for " + std::to_string(room);
    if (per_call == 1) out += ", one substep per call";
    if (slabs) out += ", scratch in global memory";
    if (staged) out += ", a launch per stage";
    if (resident) out += ", resident";
    if (event != Event::none) out += std::string(", ") + name(event);
    return out;
  }
};

class Run {
 public:
  // tested: of the backend in question; otherwise the CPU's with packs of `width`
  Run(const Scene& scene, const Settings& settings, const Way& way, bool tested, int steps, int width = 1) : way_(way), steps_(steps), spoil_(tested && settings.spoil) {
    WorldOptions o{.environments = way.environments, .backend = "cpu", .width = width};
    if (tested && settings.on_cpu()) o.width = way.group == 0 ? 0 : way.group <= 8 ? 4 : way.group <= 16 ? 8 : 16;
    if (tested && !settings.on_cpu()) {
      o = {.environments = way.environments, .backend = "cuda", .resident = way.resident, .staged = way.staged, .group = way.group, .block = way.block, .slabs = way.slabs, .room = way.room};
    }
    world_ = scene.world(o);
    resident_ = o.resident;
    if (way.event == Event::own_numbers) give_own_numbers();
    begin(*world_);
    put(all());
  }

  World& world() { return *world_; }
  uint64_t step() const { return step_; }
  void to(uint64_t end) {
    while (step_ < end) {
      prepare();
      const uint64_t next = std::min({end, step_ + uint64_t(way_.per_call), (step_ / control_period + 1) * control_period});
      world_->step(int(next - step_));
      step_ = next;
    }
    if (resident_) world_->download();
  }
  // What comes before the next substep: events, and controls where they are due. All events are at multiples of control_period.
  void prepare() {
    if (step_ % control_period) return;
    if (prepared_ == step_ + 1) return;
    prepared_ = step_ + 1;
    if (way_.event == Event::reset && step_ == half()) world_->reset(some(), 0);
    if (way_.event == Event::explode && step_ == half() / 2 / control_period * control_period) change([&] {
      if (way_.environments > 1) world_->set(StateField::qvel, 1, 0, 1e12);
      if (way_.environments > 2) world_->set(StateField::qvel, 2, 0, std::numeric_limits<double>::quiet_NaN());
    });
    if (spoil_ && step_ == control_period) change([&] {
      const float x = world_->row<float>(StateField::qpos, 0)[0];
      world_->row<float>(StateField::qpos, 0)[0] = x + (x < 0 ? -1 : 1) * 1e-6f;
    });
    control(*world_, step_, 0);
    if (resident_) for (int b = 0; b < world_->buckets(); ++b) world_->bucket(b).upload(StateField::ctrl);
  }

 private:
  std::vector<int> all() const {
    std::vector<int> list;
    for (int e = 0; e < way_.environments; ++e) list.push_back(e);
    return list;
  }
  std::vector<int> some() const {
    std::vector<int> list{0};
    if (way_.environments > 2) list.push_back(way_.environments / 2);
    if (way_.environments > 1) list.push_back(way_.environments - 1);
    return list;
  }
  uint64_t half() const { return uint64_t(steps_) / 2 / control_period * control_period; }
  void put(const std::vector<int>& environments) { if (resident_) world_->upload(environments); }
  template <class F> void change(F f) {
    if (resident_) world_->download();
    f();
    put(all());
  }
  // By the id alone, like everything; between 0.8 and 1.2 of the model's number.
  void give_own_numbers() {
    for (int e = 0; e < way_.environments; ++e) {
      const model::Model& m = world_->model(e);
      auto own = [&](const char* field, int item, double value) { if (value != 0) world_->override_field(field, e, item, value * (1 + 0.2 * noise(world_->id(e), 5, uint64_t(item)))); };
      own("body_mass", m.body_count - 1, m.body_mass[size_t(m.body_count - 1)]);
      own("geom_friction", 0, m.geom_friction[0]);
      if (m.actuator_count) own("actuator_gainprm", 0, m.actuator_gainprm[0]);
    }
  }

  Way way_;
  int steps_;
  bool spoil_, resident_ = false;
  uint64_t step_ = 0, prepared_ = 0;   // prepared: one more than the step that was
  std::unique_ptr<World> world_;
};

}  // namespace nuri::gpu_test
