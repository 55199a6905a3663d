// The CUDA backend's step of one environment, by CPU threads that stand for a group's, against the CPU backend: the same bits.
#include "tests/physics/kernel/emulated_warp.h"
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>
#include "physics/cuda/group_step.h"
#include "physics/scratch_layout.h"
#include "tests/physics/bit_models.h"

using namespace nuri;
using namespace nuri::bits_test;

namespace {

// One environment as the kernel sees it: a view of the model, state in arrays, scratch in an arena.
class GroupWorld {
 public:
  using R = GroupLane::Real;
  GroupWorld(World& like, int threads) : model_(like.model()), group_(threads, threads < 32 ? unsigned(threads) : 0) {
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
      const auto row = like.row<float>(StateField(f), 0);
      arrays_.emplace_back(row.begin(), row.end());
      job_.state[f] = arrays_.back().data();
    }
    step_count_ = like.step_count(0);
    job_.step_count = &step_count_;
    job_.fault = &fault_;
    job_.contact_count = &contact_count_;
    job_.integrate = true;
    job_.totals = &totals_;
  }
  GroupWorld(const GroupWorld&) = delete;

  void copy_inputs(World& from) {
    for (StateField f : {StateField::ctrl, StateField::xfrc_applied, StateField::mocap_pos, StateField::mocap_quat})
      if (!arrays_[int(f)].empty()) std::memcpy(arrays_[int(f)].data(), from.bucket(0).data(f), arrays_[int(f)].size() * sizeof(float));
  }
  // False: out of room, nothing changed.
  bool step(int substeps, const Room& room) {
    job_.layout = lay_out(model_, room, sizeof(float), sizeof(int));
    job_.substeps = substeps;
    std::vector<char> arena(job_.layout.bytes + 64, char(0xff));   // NaN: what is read before it is written shows
    char* const base = arena.data() + (64 - reinterpret_cast<uintptr_t>(arena.data()) % 64);
    bool done = false;
    emulated::run(group_, [&] {
      const GroupLane lane(group_.size);
      const Scratch<GroupLane> scratch{base, &job_.layout};
      const bool went = GroupStep<GroupLane>{lane, view_, job_, scratch, 0}.run([&](const CudaTotals& work) { totals_ = work; });
      lane.once([&] { done = went; });
    });
    return done;
  }
  // Empty, or the first number that differs from the world's environment 0.
  std::string difference(World& world) const {
    for (int f = 0; f < state_field_count; ++f)
      for (int i = 0; i < job_.columns[f]; ++i)
        if (std::memcmp(&arrays_[f][i], &world.row<float>(StateField(f), 0)[i], sizeof(float)) != 0)
          return std::string(info(StateField(f)).name) + "[" + std::to_string(i) + "]: group " + std::to_string(arrays_[f][i]) + ", world " + std::to_string(world.get(StateField(f), 0, i));
    if (step_count_ != world.step_count(0)) return "step counter";
    if ((fault_ & 0xff) != world.fault(0)) return "fault";
    if (contact_count_ != world.contacts(0)) return "contact count";
    return "";
  }
  const CudaTotals& totals() const { return totals_; }

 private:
  const model::Model& model_;
  emulated::Group group_;
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

TEST_CASE("sums, lists and places of a group are those of one thread") {
  for (int threads : {8, 16, 32}) {
    CAPTURE(threads);
    emulated::Group group(threads, threads < 32 ? unsigned(threads) : 0);
    for (int n : {0, 1, 7, 8, 31, 32, 33, 100}) {
      CAPTURE(n);
      const auto key = [](int i) { return 5 * i + i / 3; };
      const auto term = [](int i) { return GroupLane::Real(1.0f / float(3 * i + 1)); };
      const auto kept = [](int i) { return GroupLane::Truth{i % 3 != 1 && i % 7 != 2}; };
      const auto owner = [](int i) { return i / 6; };
      const auto add = [&](int i, GroupLane::Real* acc) { acc[0] = mul_add(term(i), term(i), acc[0]); acc[1] = acc[1] + term(i); };
      PackLane<float, 1> one;
      GroupLane::Real want[2];
      one.sums<2>(n, key, want, add);
      const int cap = n > 20 ? 20 : n + 1;
      std::vector<int> listed(200, -7), owners(200, -7), ranks(200, -7);
      std::vector<Ints<1>> sources(200, Ints<1>{{-7}});
      auto got_listed = listed, got_owners = owners, got_ranks = ranks;
      auto got_sources = sources;
      const int want_listed = one.list(n, listed.data(), cap, kept), want_placed = one.place(n, cap, owner, kept, sources.data(), owners.data(), ranks.data());
      std::atomic<int> wrong{0};
      emulated::run(group, [&] {
        const GroupLane lane(threads);
        GroupLane::Real got[2];
        lane.sums<2>(n, key, got, add);
        for (int k = 0; k < 2; ++k) wrong += std::memcmp(&got[k], &want[k], sizeof(float)) != 0;
        wrong += lane.list(n, got_listed.data(), cap, kept) != want_listed;
        wrong += lane.place(n, cap, owner, kept, got_sources.data(), got_owners.data(), got_ranks.data()) != want_placed;
        lane.sync();
      });
      CHECK(wrong == 0);
      CHECK(got_listed == listed);
      CHECK(got_owners == owners);
      CHECK(got_ranks == ranks);
      for (int i = 0; i < 200; ++i) CHECK(got_sources[i][0] == sources[i][0]);
    }
  }
}

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
    GroupWorld one(*world, 8);
    int stepped_again = 0;
    for (int round = 0; round < rounds; ++round) {
      drive(*world, 0, 5, uint64_t(10 * round));
      one.copy_inputs(*world);
      world->step(substeps);
      // out of room commits nothing, so that trying again with room gives the same bits
      if (!one.step(substeps, tight(bound))) {
        ++stepped_again;
        REQUIRE(one.step(substeps, bound));
      }
      REQUIRE(one.difference(*world) == "");
    }
    CHECK(one.totals().steps == substeps);
    MESSAGE(named.name << ": stepped again " << stepped_again << " of " << rounds);
  }
}

TEST_CASE("a group freezes an environment that explodes, as the CPU backend does") {
  const auto model = compiled(models()[0]);
  const auto world = make_world(model, {.environments = 1, .backend = "cpu", .threads = 1, .width = 1});
  world->set(StateField::qvel, 0, 3, 1e9);
  GroupWorld one(*world, 8);
  world->step(3);
  REQUIRE(one.step(3, hard_bound(*model, 1)));
  CHECK(world->fault(0) != 0);
  CHECK(one.difference(*world) == "");
}
