// Bucket: the environments of a World that share one model. A world of one kind of robot has one bucket, a mixed one several; each has
// its own tensors, [environment][item] at addresses that never change. Backends implement it (physics/cpu, physics/cuda).
#pragma once
#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>
#include "engine/core/aligned.h"
#include "engine/core/result.h"
#include "engine/model/model.h"
#include "physics/probe.h"

namespace nuri {

class Pool;

enum class Precision { f32, f64 };

// Fields of the state and outputs, in the order of engine/model/state_fields.inl.
enum class StateField : int {
#define NURI_STATE(name, source, role, count, unit, doc) name,
#define NURI_OUTPUT(name, count, unit, doc) name,
#include "engine/model/state_fields.inl"
  count
};
inline constexpr int state_field_count = int(StateField::count);
struct StateFieldInfo { const char *name, *unit, *doc; bool output, detail, given /* a step only reads it */; };
const StateFieldInfo& info(StateField field);
int columns(const model::Model& model, StateField field, bool detail = false);   // details have none unless they are asked for

// Why an environment stands still; bits of World::fault. Stage of the finding: fault_stage().
enum FaultBit : uint32_t { fault_none = 0, fault_not_finite = 1, fault_too_fast = 2, fault_no_room = 4 };

struct WorldOptions {
  int environments = 1;
  std::string backend = "auto";        // auto, cpu, cuda, bullet
  Precision precision = Precision::f32;
  int threads = 0;                     // 0: one per CPU
  int width = 0;                       // environments per pack; 0: by rule
  uint64_t seed = 0;
  uint64_t first_id = 0;               // ids are first_id + index: random numbers and hashes use them
  bool publish = true;                 // body poses of the final state (xpos, xquat) after each step call; costs one kinematics pass
  bool detail = false;                 // details of the last evaluation too (NURI_DETAIL in state_fields.inl)
  bool pack_alike = true;              // environments with like contacts share a pack (never shows in the bits)
  bool profile = false;                // cycles per stage
  // cuda only, but for the last; none of these shows in the bits
  int device = 0;                      // which GPU of those that are visible
  bool resident = false;               // state stays on the device: steps copy nothing, see World::upload and download
  bool staged = false;                 // a launch per stage, for profilers: far slower
  int group = 0;                       // threads per environment: 8, 16, 32, 64, 128, 256; 0: by rule
  int block = 0;                       // threads per block; 0: by rule
  bool slabs = false;                  // scratch in global memory even where shared memory would do
  int room = 0;                        // contact slots an environment has before it is stepped again; 0: by rule
};

// Work done since the world began; divide by steps.
struct Statistics {
  uint64_t steps = 0;                  // substeps of environments
  double contacts = 0, rows = 0, iterations = 0;
  // per pack and substep: slots and rows visited, solver rounds, line-search evaluations, factorisations
  uint64_t packs = 0, slots = 0, pack_rows = 0, rounds = 0, evaluations = 0, factorizations = 0, near_pairs = 0, redone = 0;
  std::vector<uint64_t> cycles;        // per stage of physics/stage.inl, if profiled
};

class Bucket {
 public:
  virtual ~Bucket();

  const model::Model& model() const { return *model_; }
  const std::shared_ptr<const model::Model>& shared_model() const { return model_; }
  const WorldOptions& options() const { return options_; }      // environments: of this bucket; what was chosen is filled in
  int environments() const { return options_.environments; }
  virtual std::string describe() const = 0;                      // "cpu, AVX2, 8 environments per pack, 2 threads"

  // One environment's row of a field, no copy. T must be the World's precision.
  template <class T> std::span<T> row(StateField field, int environment);
  std::span<std::byte> bytes(StateField field, int environment);
  std::byte* data(StateField field) { return arrays_[int(field)].data(); }   // [environment][columns]
  int columns(StateField field) const { return columns_[int(field)]; }
  double get(StateField field, int environment, int item) const;
  void set(StateField field, int environment, int item, double value);

  uint64_t id(int environment) const { return ids_[environment]; }
  uint64_t step_count(int environment) const { return step_count_[environment]; }
  uint32_t fault(int environment) const { return fault_[environment] & 0xff; }
  int faults() const;                                            // environments that stand still
  int contacts(int environment) const { return contact_count_[environment]; }
  // The same of all environments, at addresses that never change. Faults: bits in the lowest byte, the stage that saw them above.
  std::span<const uint64_t> step_counts() const { return step_count_; }
  std::span<const uint32_t> fault_words() const { return fault_; }
  std::span<const int32_t> contact_counts() const { return contact_count_; }
  // f(field, item, value) for each number of one environment that differs from the model's; fields in the order of model_fields.inl.
  template <class F> void each_override(int environment, F f) const {
    for (const Override& o : overrides_[size_t(environment)]) f(o.field, o.item, o.value);
  }
  bool override_field(const std::string& field, int environment, int item, double value);
  bool clear_override(const std::string& field, int environment, int item);   // back to the model's number; false: it has that
  // The environment's own value, or none where it has the model's.
  std::optional<double> overridden(const std::string& field, int environment, int item) const;
  std::optional<double> overridden(int field, int environment, int item) const;   // by the field's number
  static bool can_differ(const std::string& field);              // between environments, as far as the field's name tells
  static bool switches_rows(const std::string& field);           // where it is 0 there is no row for it, and it stays 0
  // The same for who changes many numbers: a field's number, -1 where none of that name can differ. Threads may change different environments.
  static int field_number(const std::string& field);
  bool override_number(int field, int environment, int item, double value);
  uint64_t derivations() const { return derivations_; }          // how often the derived fields of an environment were computed
  void share(Pool& pool) { pool_ = &pool; }                      // its threads, for that; without it there is the caller's
  uint64_t hash(int environment) const;

  virtual Probe probe(int environment, const std::vector<ContactRecord>* injected = nullptr) = 0;
  const Statistics& statistics() const { return statistics_; }
  virtual void clear_statistics();

  // All that is of one environment, outputs too (what drives it may read sensors), without its overrides: what save wrote, restore puts back.
  size_t saved_bytes() const;
  void save(int environment, std::byte* out) const;
  void restore(int environment, const std::byte* from);

  // The noise of an environment's sensors from now on; its id counts too. After put_initial: by the world's seed.
  void seed_noise(int environment, uint64_t seed);

  // Writes the initial state (or keyframe) without computing anything of it.
  void put_initial(std::span<const int> environments, int key);
  std::span<const int> everyone() const { return everyone_; }    // 0, 1, 2, ..

  // Where the environments are stepped: `data` on a CPU, device memory on CUDA. The address never changes.
  virtual void* device_data(StateField field) { return data(field); }
  // Moves a whole field to the device and back, in the order of the work; download waits for it. Nothing to do on a CPU.
  virtual void upload(StateField /*field*/) {}
  virtual void download(StateField /*field*/) {}

 protected:
  Bucket(std::shared_ptr<const model::Model> model, const WorldOptions& options, std::vector<uint64_t> ids);
  // Rebuilds the own fields of the environments whose overrides changed. Which those were: renewed_. No other row is touched.
  void apply_overrides();
  bool overrides_changed() const { return overrides_changed_; }

  std::shared_ptr<const model::Model> model_;
  WorldOptions options_;
  std::vector<uint64_t> ids_;
  std::vector<AlignedVector<std::byte>> arrays_;                 // per StateField
  std::vector<int> columns_;
  std::vector<uint64_t> step_count_;
  std::vector<uint32_t> fault_;
  std::vector<int32_t> contact_count_;
  Statistics statistics_;

  // What differs from the model, per environment, by field and item. Fields in the order of model_fields.inl.
  struct Override { int field, item; double value; };
  std::vector<std::vector<Override>> overrides_;
  std::vector<int> renewed_;
  // Fields in which some environment differs, or did: [environment][count], in the World's precision. They only become more.
  struct OwnField { int field; int count; std::vector<std::byte> values; };
  std::vector<OwnField> own_fields_;
  std::vector<int> everyone_;

 private:
  struct Patched;                                                // a copy of the model that takes one environment's numbers after another's
  struct Found { int field, environment; std::vector<double> values; };   // numbers of a field that nobody owned so far
  void renew(int environment, std::unique_ptr<Patched>& patched, std::vector<Found>& out_found, std::mutex& finding);
  void write_own(OwnField& field, int environment, const std::vector<double>& values) const;

  Pool* pool_ = nullptr;
  std::vector<uint8_t> stale_;                                   // per environment: its overrides changed
  std::atomic<bool> overrides_changed_ = false;                  // of any
  std::atomic<uint64_t> derivations_ = 0;
  std::vector<std::unique_ptr<Patched>> patched_;                // per thread, once it was needed
};

inline std::span<std::byte> Bucket::bytes(StateField field, int environment) {
  const size_t size = size_t(columns_[int(field)]) * (options_.precision == Precision::f32 ? 4 : 8);
  return {arrays_[int(field)].data() + size_t(environment) * size, size};
}
template <class T> std::span<T> Bucket::row(StateField field, int environment) {
  return {reinterpret_cast<T*>(bytes(field, environment).data()), size_t(columns_[int(field)])};
}

}  // namespace nuri
