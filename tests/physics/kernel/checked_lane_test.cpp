// Whole steps under CheckedLane: no kernel reads what nobody wrote or what is not finished, or writes another item's slots.
// Fields of scratch do not share memory here, so that a slot belongs to one field.
#include "engine/core/macros.h"
// Compiled once for a test that is not about speed: nothing is forced inline.
#undef NURI_VALUE
#define NURI_VALUE inline
#undef NURI_STAGE
#define NURI_STAGE inline
#include "engine/lane/checked.h"
#include "tests/physics/kernel/lane_world.h"

using namespace nuri;
using namespace nuri::bits_test;

namespace {

std::unique_ptr<Shadow> watch(const LaneWorld<CheckedLane>& lane) {
  const ScratchLayout& layout = lane.layout();
  std::vector<Shadow::Area> areas;
  std::vector<ScratchField> fields = scratch_fields(lane.model(), layout);
  std::sort(fields.begin(), fields.end(), [](const ScratchField& a, const ScratchField& b) { return a.offset < b.offset; });
  for (size_t i = 0; i < fields.size(); ++i) {
    const size_t end = i + 1 < fields.size() ? fields[i + 1].offset : layout.bytes;
    const bool state = fields[i].first == Stage::load;             // loaded, kept and restored by the step around the kernels
    areas.push_back({fields[i].name, fields[i].offset, end, state});
  }
  auto shadow = std::make_unique<Shadow>(lane.arena(), layout.bytes, areas);
  // What a stage or a later one writes first is unwritten when a forward pass begins.
  shadow->on_mark = [fields, areas](Shadow& s, int stage) {
    if (stage == int(Stage::load)) s.sync();                       // the last run has stored its results
    const bool begins = stage == int(Stage::load) || stage == int(Stage::integrate), posed = stage == int(Stage::com);
    for (size_t i = 0; i < fields.size(); ++i) {
      const bool poses = fields[i].first == Stage::kinematics || fields[i].first == Stage::com, published = fields[i].last == Stage::publish;
      if (fields[i].first == Stage::load) continue;
      if ((begins && poses && !published) || (posed && !poses)) s.forget(areas[i].begin, areas[i].end);
    }
  };
  return shadow;
}

}  // namespace

TEST_CASE("kernels keep the lane contract, and CheckedLane has PackLane's bits") {
  for (const NamedModel& named : models()) {
    CAPTURE(named.name);
    const auto model = compiled(named);
    const auto world = make_world(model, {.environments = 1, .precision = Precision::f64, .threads = 1, .width = 1});
    for (uint64_t id : {3, 4}) {
      world->reset();
      scatter(*world, 0, id);
      LaneWorld<CheckedLane> checked(*world, false);
      std::unique_ptr<Shadow> shadow = watch(checked);
      checked.on_fit = [&](LaneWorld<CheckedLane>& lane) {
        shadow.reset();
        shadow = watch(lane);
      };
      std::string difference, broken;
      int step = 0;
      for (; step < 60 && difference.empty() && broken.empty(); ++step) {
        drive(*world, 0, id, uint64_t(step));
        checked.copy(*world);
        world->step(2);
        checked.step(2);
        difference = checked.difference(*world);
        // the axis is all that a round geom has; the rest is copied and never used
        std::erase_if(shadow->findings, [](const auto& f) { return f.second.rule == "unwritten read" && f.second.area == "geom_xmat"; });
        broken = shadow->report();
      }
      CHECK_MESSAGE(difference.empty(), named.name << ", step " << step << ": " << difference);
      CHECK_MESSAGE(broken.empty(), named.name << ", step " << step << ":\n" << broken);
    }
  }
}
