// A World's environments by groups of emulated threads, as the CUDA kernel steps them: the groups of a block side by side, each taking
// environment after environment; first with too little room, then, where that was too little, with more. Or stage by stage, each of them
// over all environments before the next begins, as the kernel does for profilers.
#include "tests/physics/kernel/emulated_warp.h"
#include <algorithm>
#include <cstring>
#include <vector>
#include "physics/cuda/group_step.h"
#include "physics/scratch_layout.h"
#include "tests/physics/kernel/lanes.h"

using namespace nuri;

namespace {

constexpr int real_fields = 0
#define NURI_REAL(name, count, unit, doc) +1
#define NURI_DERIVED(name, count, unit, doc) +1
#include "engine/model/model_fields.inl"
    ;

// Numbers that environments own are a bucket's private business.
struct Peek : Bucket {
  static const auto& own_fields(const Bucket& bucket) { return bucket.*(&Peek::own_fields_); }
};

class Grouped final : public bits_test::Beside {
 public:
  using R = GroupLane::Real;
  using View = ModelView<R>;
  using Step = GroupStep<GroupLane>;

  Grouped(World& like, int threads, bool staged) : model_(like.model()), like_(like), group_(threads), staged_(staged), bound_(hard_bound(model_)), grown_(first_room(model_, 1)) {
    const auto convert = [&](const std::vector<double>& values) -> const float* {
      return numbers_.emplace_back(values.begin(), values.end()).data();
    };
    numbers_.reserve(real_fields);
#define NURI_COUNT(name, doc) view_.name = model_.name;
#define NURI_INDEX(name, count, doc) view_.name = model_.name.data();
#define NURI_REAL(name, count, unit, doc) view_.name = {convert(model_.name), nullptr};
#define NURI_DERIVED(name, count, unit, doc) view_.name = {convert(model_.name), nullptr};
#include "engine/model/model_fields.inl"
    const size_t n = size_t(like.environments());
    for (size_t e = 0; e < n; ++e) {
      step_count_.push_back(like.step_count(int(e)));
      fault_.push_back(like.fault(int(e)));
    }
    contact_count_.resize(n);
    job_.step_count = step_count_.data();
    job_.fault = fault_.data();
    job_.contact_count = contact_count_.data();
    job_.totals = &totals_;
    copy(like);
  }

  void copy(World& from) override {
    arrays_.clear();
    for (int f = 0; f < state_field_count; ++f) {
      job_.columns[f] = from.columns(StateField(f));
      const auto* const base = reinterpret_cast<const float*>(from.bucket(0).data(StateField(f)));
      arrays_.emplace_back(base, base + size_t(from.environments()) * job_.columns[f]);
    }
    for (int f = 0; f < state_field_count; ++f) job_.state[f] = arrays_[f].data();
  }

  void step(int substeps) override {
    launch_.substeps = substeps;
    launch_.integrate = true;
    launch_.alone = Stage::count;
    if (staged_) return step_staged();
    Room room = grown_;
    room.slots = std::min(room.slots, 1);
    again_.assign(step_count_.size(), 1);
    for (bool first = true; try_with(room); first = false) room = grown_ = first ? grown_ : grown(grown_, bound_);
  }

  std::string difference(World& world) override {
    for (int e = 0; e < world.environments(); ++e) {
      const std::string who = " of environment " + std::to_string(e);
      for (int f = 0; f < state_field_count; ++f)
        for (int i = 0; i < job_.columns[f]; ++i) {
          const float here = arrays_[f][size_t(e) * job_.columns[f] + i], there = world.row<float>(StateField(f), e)[i];
          if (std::memcmp(&here, &there, sizeof(float)) == 0) continue;
          char text[256];
          std::snprintf(text, sizeof text, "%s[%d]%s: %a in a group of %d, %a in the world", info(StateField(f)).name, i, who.c_str(), double(here),
                        group_, double(there));
          return text;
        }
      if (step_count_[e] != world.step_count(e)) return "step counter" + who;
      if ((fault_[e] & 0xff) != world.fault(e)) return "fault" + who;
      if (contact_count_[e] != world.contacts(e)) return "contact count" + who;
    }
    return "";
  }

 private:
  // Steps what is flagged. True: there are some whose room did not do; they are as they were.
  bool try_with(const Room& room) {
    const int environments = int(step_count_.size()), block = std::max(group_, 32), groups = block / group_;
    const ScratchLayout& layout = job_.layout[int(CudaRoom::usual)] = lay_out(model_, room, sizeof(float), sizeof(int));
    const size_t stride = (layout.bytes + 63) / 64 * 64;
    std::vector<char> arena(size_t(groups) * stride + 64, char(0xff));   // NaN: what is read before it is written shows
    char* const base = arena.data() + (64 - reinterpret_cast<uintptr_t>(arena.data()) % 64);
    const std::vector<View> views = own_views();
    GroupLane::Board board;
    emulated::run(block, [&] {
      const GroupLane lane(group_, group_ > 32 ? &board : nullptr);
      const int first = int(threadIdx.x) / group_;
      const Scratch<GroupLane> scratch{base + size_t(first) * stride, &layout};
      for (int e = first; e < environments; e += groups) {
        if (!again_[e]) continue;
        const bool done = Step{lane, views[e], launch_, job_, scratch, e}.run([&](const CudaTotals& work) { atomicAdd(&totals_.steps, work.steps); });
        lane.sync();
        lane.once([&] { again_[e] = !done; });
        lane.sync();
      }
    });
    return std::any_of(again_.begin(), again_.end(), [](char flag) { return flag != 0; });
  }
  void step_staged() {
    const int environments = int(step_count_.size()), block = std::max(group_, 32), groups = block / group_;
    const ScratchLayout& layout = job_.layout[int(CudaRoom::apart)] = lay_out_unshared(model_, bound_, sizeof(float), sizeof(int));
    const size_t between = (layout.bytes + 63) / 64 * 64, stride = (between + sizeof(Step::Between) + 63) / 64 * 64;
    std::vector<char> arena(size_t(environments) * stride + 64, char(0xff));
    char* const base = arena.data() + (64 - reinterpret_cast<uintptr_t>(arena.data()) % 64);
    const std::vector<View> views = own_views();
    GroupLane::Board board;
    auto stage = [&](Stage which, bool last) {
      launch_.alone = which;
      launch_.last = last;
      emulated::run(block, [&] {
        const GroupLane lane(group_, group_ > 32 ? &board : nullptr);
        for (int e = int(threadIdx.x) / group_; e < environments; e += groups) {
          char* const slab = base + size_t(e) * stride;
          Step{lane, views[e], launch_, job_, {slab, &layout}, e}.run_alone(*reinterpret_cast<Step::Between*>(slab + between), [&](const CudaTotals& work) { atomicAdd(&totals_.steps, work.steps); });
        }
      });
    };
    stage(Stage::load, false);
    for (int k = 0; k < launch_.substeps; ++k)
      for (int s = int(Stage::kinematics); s <= int(Stage::integrate); ++s) stage(Stage(s), k + 1 == launch_.substeps);
    stage(Stage::publish, true);
    stage(Stage::store, true);
  }
  std::vector<View> own_views() const {
    std::vector<View> views(step_count_.size(), view_);
    for (size_t e = 0; e < views.size(); ++e) own(views[e], int(e));
    return views;
  }
  void own(View& view, int environment) const {
    const R* of[real_fields] = {};
    for (const auto& field : Peek::own_fields(like_.bucket(0)))
      of[field.field] = reinterpret_cast<const R*>(field.values.data()) + size_t(environment) * field.count;
    int field = 0;
#define NURI_REAL(name, count, unit, doc) view.name.own = of[field++];
#define NURI_DERIVED(name, count, unit, doc) view.name.own = of[field++];
#include "engine/model/model_fields.inl"
  }

  const model::Model& model_;
  World& like_;
  int group_;
  bool staged_;
  Room bound_, grown_;
  std::vector<std::vector<float>> numbers_, arrays_;
  std::vector<char> again_;
  View view_;
  CudaJob job_{};
  CudaLaunch launch_{};
  CudaTotals totals_{};
  std::vector<uint64_t> step_count_;
  std::vector<uint32_t> fault_;
  std::vector<int32_t> contact_count_;
};

}  // namespace

std::unique_ptr<nuri::bits_test::Beside> nuri::bits_test::grouped(World& like, int threads) { return std::make_unique<Grouped>(like, threads, false); }
std::unique_ptr<nuri::bits_test::Beside> nuri::bits_test::staged(World& like, int threads) { return std::make_unique<Grouped>(like, threads, true); }
