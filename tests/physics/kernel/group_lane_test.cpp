// The CUDA backend's step of one environment, by a team of CPU threads, against the CPU backend: the same bits.
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>
#include "physics/cuda/group_step.h"
#include "physics/scratch_layout.h"
#include "tests/physics/bit_models.h"
#include "tests/physics/kernel/thread_lane.h"

using namespace nuri;
using namespace nuri::bits_test;

namespace {

// One environment as the kernel sees it: a view of the model, state in arrays, scratch in an arena.
class TeamWorld {
 public:
  using R = ThreadLane::Real;
  explicit TeamWorld(World& like, int threads) : model_(like.model()), team_(threads) {
    const auto convert = [&](const std::vector<double>& values) -> const float* {
      return numbers_.emplace_back(values.begin(), values.end()).data();
    };
    numbers_.reserve(512);
#define NURI_COUNT(name, doc) view_.name = model_.name;
#define NURI_INDEX(name, count, doc) view_.name = model_.name.data();
#define NURI_REAL(name, count, unit, doc) view_.name = {convert(model_.name), nullptr};
#define NURI_DERIVED(name, count, unit, doc) view_.name = {convert(model_.name), nullptr};
#include "engine/model/model_fields.inl"
    for (int f = 0; f < state_field_count; ++f) {
      job_.columns[f] = like.columns(StateField(f));
      arrays_.emplace_back(reinterpret_cast<float*>(like.data(StateField(f))), reinterpret_cast<float*>(like.data(StateField(f))) + job_.columns[f]);
      job_.state[f] = arrays_.back().data();
    }
    step_count_ = like.step_count(0);
    job_.step_count = &step_count_;
    job_.fault = &fault_;
    job_.contact_count = &contact_count_;
    job_.integrate = true;
    job_.totals = &totals_;
  }
  TeamWorld(const TeamWorld&) = delete;

  void copy_inputs(World& from) {
    for (StateField f : {StateField::ctrl, StateField::xfrc_applied, StateField::mocap_pos, StateField::mocap_quat})
      std::memcpy(arrays_[int(f)].data(), from.data(f), arrays_[int(f)].size() * sizeof(float));
  }
  // False: out of room, nothing changed.
  bool step(int substeps, const Room& room) {
    job_.layout = lay_out(model_, room, sizeof(float), sizeof(int));
    job_.substeps = substeps;
    std::vector<char> arena(job_.layout.bytes + 64, char(0xff));   // NaN: what is read before it is written shows
    char* const base = arena.data() + (64 - reinterpret_cast<uintptr_t>(arena.data()) % 64);
    bool done = false;
    std::vector<std::thread> threads;
    for (int t = 0; t < team_.size; ++t)
      threads.emplace_back([&, t] {
        const ThreadLane lane{&team_, t};
        const Scratch<ThreadLane> scratch{base, &job_.layout};
        const bool went = GroupStep<ThreadLane>{lane, view_, job_, scratch, 0}.run([&](const CudaTotals& work) { totals_ = work; });
        if (t == 0) done = went;
      });
    for (std::thread& t : threads) t.join();
    return done;
  }
  // Empty, or the first number that differs from the world's environment 0.
  std::string difference(World& world) const {
    for (int f = 0; f < state_field_count; ++f)
      for (int i = 0; i < job_.columns[f]; ++i)
        if (std::memcmp(&arrays_[f][i], &world.row<float>(StateField(f), 0)[i], sizeof(float)) != 0)
          return std::string(info(StateField(f)).name) + "[" + std::to_string(i) + "]: team " + std::to_string(arrays_[f][i]) + ", world " + std::to_string(world.get(StateField(f), 0, i));
    if (step_count_ != world.step_count(0)) return "step counter";
    if ((fault_ & 0xff) != world.fault(0)) return "fault";
    if (contact_count_ != world.contacts(0)) return "contact count";
    return "";
  }
  const CudaTotals& totals() const { return totals_; }

 private:
  const model::Model& model_;
  Team team_;
  std::vector<std::vector<float>> numbers_, arrays_;
  ModelView<R> view_;
  CudaJob job_{};
  CudaTotals totals_{};
  uint64_t step_count_ = 0;
  uint32_t fault_ = 0;
  int32_t contact_count_ = 0;
};

Room tight(const Room& bound) {
  Room r = bound;
  r.slots = std::min(r.slots, 1);
  return r;
}

}  // namespace

TEST_CASE("a group steps an environment to the bits of the CPU backend") {
  constexpr int rounds = 6, substeps = 4, warm_up = 60;            // things have met the ground by then
  const char* const only = std::getenv("NURI_ONLY_MODEL");
  for (const NamedModel& named : models()) {
    if (only && named.name != only) continue;
    CAPTURE(named.name);
    const auto model = compiled(named);
    const auto world = make_world(model, {.environments = 1, .backend = "cpu", .threads = 1, .width = 1});
    scatter(*world, 0, 5);
    drive(*world, 0, 5, 0);
    world->step(warm_up);
    const Room bound = hard_bound(*model, 1);
    TeamWorld team(*world, 4);
    int stepped_again = 0;
    for (int round = 0; round < rounds; ++round) {
      drive(*world, 0, 5, uint64_t(10 * round));
      team.copy_inputs(*world);
      world->step(substeps);
      // out of room commits nothing, so that trying again with room gives the same bits
      if (!team.step(substeps, tight(bound))) {
        ++stepped_again;
        REQUIRE(team.step(substeps, bound));
      }
      REQUIRE(team.difference(*world) == "");
    }
    CHECK(team.totals().steps == substeps);
    MESSAGE(named.name << ": stepped again " << stepped_again << " of " << rounds);
  }
}

TEST_CASE("a group freezes an environment that explodes, as the CPU backend does") {
  const auto model = compiled(models()[0]);
  const auto world = make_world(model, {.environments = 1, .backend = "cpu", .threads = 1, .width = 1});
  world->set(StateField::qvel, 0, 3, 1e9);
  TeamWorld team(*world, 4);
  world->step(3);
  REQUIRE(team.step(3, hard_bound(*model, 1)));
  CHECK(world->fault(0) != 0);
  CHECK(team.difference(*world) == "");
}
