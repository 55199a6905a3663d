// Whole steps under CheckedLane. Fields of scratch do not share memory here, so that a slot belongs to one field.
#include "engine/core/macros.h"
// For tests that are not about speed: nothing is forced inline.
#undef NURI_VALUE
#define NURI_VALUE inline
#undef NURI_STAGE
#define NURI_STAGE inline
#include "engine/lane/checked.h"
#include "tests/physics/kernel/lane_world.h"
#include "tests/physics/kernel/lanes.h"

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

class CheckedWorld final : public Beside {
 public:
  explicit CheckedWorld(const World& like) : world_(like, false), shadow_(watch(world_)) {
    world_.on_fit = [this](LaneWorld<CheckedLane>& lane) {
      shadow_.reset();
      shadow_ = watch(lane);
    };
  }
  void copy(World& from) override { world_.copy(from); }
  void step(int substeps) override { world_.step(substeps); }
  std::string difference(World& world) override { return world_.difference(world); }
  std::string broken() override {
    // the axis is all that a round geom has; the rest is copied and never used
    std::erase_if(shadow_->findings, [](const auto& f) { return f.second.rule == "unwritten read" && f.second.area == "geom_xmat"; });
    return shadow_->report();
  }

 private:
  LaneWorld<CheckedLane> world_;
  std::unique_ptr<Shadow> shadow_;
};

}  // namespace

std::unique_ptr<Beside> nuri::bits_test::checked(World& like) { return std::make_unique<CheckedWorld>(like); }
