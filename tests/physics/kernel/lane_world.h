// Steps environments with any lane, outside of a World: the same PackStep that a World's kernels are made of, on states copied
// from a World. What comes out is compared with what the World's own kernel makes of them, field by field, bit by bit.
#pragma once
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>
#include "physics/cpu/pack_step.h"
#include "physics/scratch_layout.h"
#include "physics/world.h"
#include "tests/physics/bit_models.h"

NURI_KERNEL_BEGIN

template <class Lane> class LaneWorld {
 public:
  using T = typename Lane::Scalar;
  static constexpr int W = Lane::width;

  // `like` has the precision of T. shared: fields of scratch share memory, as in a World.
  LaneWorld(const World& like, bool shared) : model_(like.model()), shared_(shared), environments_(like.environments()) {
    copy(like);
    step_count_.resize(environments_);
    fault_.resize(environments_);
    contact_count_.resize(environments_);
    const auto convert = [&](const std::vector<double>& values) -> const void* {
      auto& out = numbers_.emplace_back(values.size() * sizeof(T) + 1);
      for (size_t i = 0; i < values.size(); ++i) reinterpret_cast<T*>(out.data())[i] = T(values[i]);
      return out.data();
    };
#define NURI_COUNT(name, doc) raw_.name = model_.name;
#define NURI_INDEX(name, count, doc) raw_.name = model_.name.data();
#define NURI_REAL(name, count, unit, doc) raw_.name = convert(model_.name);
#define NURI_DERIVED(name, count, unit, doc) raw_.name = convert(model_.name);
#include "engine/model/model_fields.inl"
    fit(first_room(model_, W));
  }
  ~LaneWorld() { std::free(arena_); }
  LaneWorld(const LaneWorld&) = delete;
  LaneWorld& operator=(const LaneWorld&) = delete;

  // State and outputs, from a World of the same model and precision.
  void copy(const World& from) {
    columns_.clear();
    arrays_.clear();
    for (int f = 0; f < state_field_count; ++f) {
      const StateField field = StateField(f);
      columns_.push_back(from.columns(field));
      const std::byte* const base = const_cast<World&>(from).bucket(0).data(field);
      arrays_.emplace_back(base, base + size_t(environments_) * columns_.back() * sizeof(T));
    }
  }

  void step(int substeps) {
    void* state[state_field_count];
    for (int f = 0; f < state_field_count; ++f) state[f] = arrays_[f].data();
    for (int first = 0; first < environments_; first += W) {
      int members[W];
      const int live = std::min(W, environments_ - first);
      for (int w = 0; w < W; ++w) members[w] = first + std::min(w, live - 1);
      for (;;) {
        PackJob job{};
        job.model = &raw_;
        job.layout = &layout_;
        job.arena = arena_;
        job.environments = members;
        job.live = live;
        job.state = state;
        job.columns = columns_.data();
        job.step_count = step_count_.data();
        job.fault = fault_.data();
        job.contact_count = contact_count_.data();
        job.substeps = substeps;
        job.integrate = true;
        if (PackStep<Lane>(job).run()) break;
        fit(grown(layout_.room, hard_bound(model_)));
        ++redone;
      }
    }
  }

  // The first number that differs: "qvel[3] of environment 2: 0x1p+0 here, 0x1.8p+0 there"; empty: none.
  std::string difference(const World& world) const {
    for (int f = 0; f < state_field_count; ++f) {
      const int n = columns_[f];
      const auto* const here = reinterpret_cast<const T*>(arrays_[f].data());
      const auto* const there = reinterpret_cast<const T*>(const_cast<World&>(world).bucket(0).data(StateField(f)));
      for (int i = 0; i < n * environments_; ++i)
        if (std::memcmp(here + i, there + i, sizeof(T)) != 0) {
          char text[256];
          std::snprintf(text, sizeof text, "%s[%d] of environment %d: %a here, %a there", info(StateField(f)).name, i % n, i / n, double(here[i]), double(there[i]));
          return text;
        }
    }
    return "";
  }

  void fit(const Room& room) {
    const int real_bytes = int(sizeof(typename Lane::Real)), rank_bytes = int(sizeof(typename Lane::Int));
    layout_ = shared_ ? lay_out(model_, room, real_bytes, rank_bytes) : lay_out_unshared(model_, room, real_bytes, rank_bytes);
    std::free(arena_);
    const size_t bytes = (layout_.bytes + 4095) / 4096 * 4096;
    arena_ = static_cast<char*>(std::aligned_alloc(4096, bytes));
    std::memset(arena_, poison, bytes);
    if (on_fit) on_fit(*this);
  }
  const ScratchLayout& layout() const { return layout_; }
  char* arena() const { return arena_; }
  const model::Model& model() const { return model_; }

  std::function<void(LaneWorld&)> on_fit;
  int redone = 0;
  int poison = 0xa5;                     // an arena starts with numbers that nobody can take for good ones

 private:
  const model::Model& model_;
  bool shared_;
  int environments_;
  RawModel raw_;
  std::vector<std::vector<std::byte>> numbers_, arrays_;
  std::vector<int> columns_;
  std::vector<uint64_t> step_count_;
  std::vector<uint32_t> fault_;
  std::vector<int32_t> contact_count_;
  ScratchLayout layout_{};
  char* arena_ = nullptr;
};

NURI_KERNEL_END
