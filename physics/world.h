// World: many environments of one model, stepped together. The public interface of the engine.
//
//   auto world = World::create(model, {.environments = 4096});
//   world->step(5);                       // 5 substeps of every environment
//   world->row<float>(state::qpos, 17);   // positions of environment 17, no copy
//
// State lies [environment][item], row major, in the World's precision, at addresses that never change. An environment's
// results depend on its own state, controls, overrides and id only: not on its index, the batch, threads or SIMD width.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>
#include "engine/core/result.h"
#include "engine/model/model.h"
#include "physics/probe.h"

namespace nuri {

enum class Precision { f32, f64 };

// Fields of the state and outputs, in the order of engine/model/state_fields.inl.
enum class StateField : int {
#define NURI_STATE(name, count, unit, doc) name,
#define NURI_OUTPUT(name, count, unit, doc) name,
#include "engine/model/state_fields.inl"
  count
};
inline constexpr int state_field_count = int(StateField::count);
struct StateFieldInfo { const char *name, *unit, *doc; bool output; };
const StateFieldInfo& info(StateField field);
int columns(const model::Model& model, StateField field);

// Why an environment stands still; bits of World::fault. Stage of the finding: fault_stage().
enum FaultBit : uint32_t { fault_none = 0, fault_not_finite = 1, fault_too_fast = 2 };

struct WorldOptions {
  int environments = 1;
  std::string backend = "auto";        // auto, cpu, cuda
  Precision precision = Precision::f32;
  int threads = 0;                     // 0: one per CPU
  int width = 0;                       // environments per pack; 0: by rule
  uint64_t seed = 0;
  uint64_t first_id = 0;               // ids are first_id + index: random numbers and hashes use them
  bool publish = true;                 // body poses of the final state (xpos, xquat) after each step call; costs one kinematics pass
  bool pack_alike = true;              // environments with like contacts share a pack (never shows in the bits)
  bool profile = false;                // cycles per stage
};

// Work done since the world began; divide by steps.
struct Statistics {
  uint64_t steps = 0;                  // substeps of environments
  double contacts = 0, rows = 0, iterations = 0;
  // per pack and substep: slots and rows visited, solver rounds, line-search evaluations, factorisations
  uint64_t packs = 0, slots = 0, pack_rows = 0, rounds = 0, evaluations = 0, factorizations = 0, near_pairs = 0, redone = 0;
  std::vector<uint64_t> cycles;        // per stage of physics/stage.inl, if profiled
};

class World {
 public:
  static Result<std::unique_ptr<World>> create(std::shared_ptr<const model::Model> model, const WorldOptions& options);
  virtual ~World() = default;

  const model::Model& model() const { return *model_; }
  const WorldOptions& options() const { return options_; }      // with the choices that were made filled in
  int environments() const { return options_.environments; }
  virtual std::string describe() const = 0;                      // "cpu, AVX2, 8 environments per pack, 2 threads"

  // Advances every environment by `substeps` timesteps with the present controls. step(K) equals K times step(1), bit for bit.
  void step(int substeps);
  // All stages at the present state without integrating: outputs, sensors, qacc.
  void forward();
  // Puts environments into the initial state, or keyframe `key`; clears faults, step counter restarts at 0. Ends with forward for them.
  void reset(int key = -1);
  void reset(std::span<const int> environments, int key = -1);

  // One environment's row of a field, no copy. T must be the World's precision.
  template <class T> std::span<T> row(StateField field, int environment);
  std::byte* data(StateField field) { return arrays_[int(field)].data(); }
  int columns(StateField field) const { return columns_[int(field)]; }
  double get(StateField field, int environment, int item) const;
  void set(StateField field, int environment, int item, double value);

  uint64_t id(int environment) const { return options_.first_id + uint64_t(environment); }
  uint64_t step_count(int environment) const { return step_count_[environment]; }
  double time(int environment) const { return double(step_count_[environment]) * model_->timestep[0]; }
  uint32_t fault(int environment) const { return fault_[environment] & 0xff; }
  int contacts(int environment) const { return contact_count_[environment]; }   // of the last substep
  int faults() const;

  // Gives one environment its own value of a NURI_REAL model field; derived fields are recomputed by the compiler's own
  // function, so the environment equals a recompiled model. False: no such field or item, or a field the layout depends on.
  bool override_field(const std::string& field, int environment, int item, double value);

  uint64_t hash(int environment) const;                          // state fields, step counter, fault; -0 and NaN canonical
  uint64_t hash() const;                                         // all environments, in id order

  virtual Probe probe(int environment, const std::vector<ContactRecord>* injected = nullptr) = 0;
  const Statistics& statistics() const { return statistics_; }
  virtual void clear_statistics();

 protected:
  World(std::shared_ptr<const model::Model> model, const WorldOptions& options);
  void apply_overrides();                                        // rebuilds the fields that environments own
  virtual void run(std::span<const int> environments, int substeps, bool integrate) = 0;

  std::shared_ptr<const model::Model> model_;
  WorldOptions options_;
  std::vector<std::vector<std::byte>> arrays_;                   // per StateField
  std::vector<int> columns_;
  std::vector<uint64_t> step_count_;
  std::vector<uint32_t> fault_;
  std::vector<int32_t> contact_count_;
  Statistics statistics_;

  // What differs from the model, per environment: (real field index, item) -> value. Fields in the order of model_fields.inl.
  struct Override { int field, item; double value; };
  std::vector<std::vector<Override>> overrides_;
  bool overrides_changed_ = false;
  struct OwnField { int field; int count; std::vector<std::byte> values; };   // [environment][count], in the World's precision
  std::vector<OwnField> own_fields_;
  std::vector<int> everyone_;                                    // 0, 1, 2, ..
};

template <class T> std::span<T> World::row(StateField field, int environment) {
  const int n = columns_[int(field)];
  return {reinterpret_cast<T*>(arrays_[int(field)].data()) + size_t(environment) * n, size_t(n)};
}

}  // namespace nuri
