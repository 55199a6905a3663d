// World: many environments, stepped together. The public interface of the engine.
//
//   auto world = World::create(model, {.environments = 4096});
//   world->step(5);                             // 5 substeps of every environment
//   world->row<float>(StateField::qpos, 17);    // positions of environment 17, no copy
//
// Environments of one model lie in one bucket, [environment][item], row major, in the World's precision. Different robots are
// different buckets; the threads work through the packs of all of them in one launch. An environment's results depend on its own
// model, state, controls, overrides and id only: not on its index, the batch, its bucket, threads or SIMD width.
#pragma once
#include "physics/backend.h"

namespace nuri {

class Pool;

class World {
 public:
  static Result<std::unique_ptr<World>> create(std::shared_ptr<const model::Model> model, const WorldOptions& options);
  // Environment e is of models[which[e]]; every model has an environment.
  static Result<std::unique_ptr<World>> create(std::vector<std::shared_ptr<const model::Model>> models, std::span<const int> which, const WorldOptions& options);
  ~World();

  const WorldOptions& options() const { return options_; }      // with the choices that were made filled in
  int environments() const { return options_.environments; }
  Pool& pool() { return *pool_; }                                                  // its threads, for the caller's own work between steps
  std::string describe() const;                                  // "cpu, AVX2, 8 environments per pack, 2 threads"
  const std::string& why() const { return why_; }                // why this backend, if `auto` chose it

  struct Place { int bucket, index; };
  int buckets() const { return int(backend_->buckets.size()); }
  Bucket& bucket(int b) { return *backend_->buckets[b]; }
  const Bucket& bucket(int b) const { return *backend_->buckets[b]; }
  Place place(int environment) const { return places_[environment]; }
  const model::Model& model(int environment = 0) const { return of(environment).model(); }

  // Advances every environment by `substeps` timesteps with the present controls. step(K) equals K times step(1), bit for bit.
  void step(int substeps);
  // All stages at the present state without integrating: outputs, sensors, qacc.
  void forward();
  void forward(std::span<const int> environments);               // of these
  // Puts environments into the initial state, or keyframe `key`; clears faults, step counter restarts at 0. Ends with forward for them.
  void reset(int key = -1);
  void reset(std::span<const int> environments, int key = -1);
  // The same without computing anything of the new state: who changes it first calls upload() and forward() then.
  void put_initial(std::span<const int> environments, int key = -1);

  // A resident world (cuda) is stepped where it lies: calls return at once, rows show what was last downloaded, and what is written into rows
  // counts when it is uploaded. reset() uploads what it writes. On a CPU, and in worlds that are not resident, there is nothing to do.
  void upload(std::span<const int> environments);                // state and inputs of these environments
  void download();                                               // results of all environments, counters, statistics
  void wait() { backend_->wait(); }
  void* stream() const { return backend_->stream(); }            // cudaStream_t of all work; null on a CPU

  // One environment's row of a field, no copy. T must be the World's precision.
  template <class T> std::span<T> row(StateField field, int environment) { return of(environment).row<T>(field, places_[environment].index); }
  std::span<std::byte> bytes(StateField field, int environment) { return of(environment).bytes(field, places_[environment].index); }
  int columns(StateField field, int environment = 0) const { return of(environment).columns(field); }
  double get(StateField field, int environment, int item) const { return of(environment).get(field, places_[environment].index, item); }
  void set(StateField field, int environment, int item, double value) { of(environment).set(field, places_[environment].index, item, value); }

  // The noise of an environment's sensors from now on (flag sensornoise). After a reset: by the world's seed and the environment's id.
  void seed_noise(int environment, uint64_t seed) { of(environment).seed_noise(places_[environment].index, seed); }

  uint64_t id(int environment) const { return options_.first_id + uint64_t(environment); }
  uint64_t step_count(int environment) const { return of(environment).step_count(places_[environment].index); }
  double time(int environment) const { return double(step_count(environment)) * model(environment).timestep[0]; }
  uint32_t fault(int environment) const { return of(environment).fault(places_[environment].index); }
  int contacts(int environment) const { return of(environment).contacts(places_[environment].index); }   // of the last substep
  int faults() const;

  // Gives one environment its own value of a NURI_REAL model field; derived fields are recomputed by the compiler's own
  // function, so the environment equals a recompiled model. False: no such field or item, or a field the layout depends on.
  bool override_field(const std::string& field, int environment, int item, double value) {
    return environment >= 0 && environment < environments() && of(environment).override_field(field, places_[environment].index, item, value);
  }

  bool clear_override(const std::string& field, int environment, int item) { return of(environment).clear_override(field, places_[environment].index, item); }
  std::optional<double> overridden(const std::string& field, int environment, int item) const { return of(environment).overridden(field, places_[environment].index, item); }

  // State, outputs and counters of one environment, and back: it goes on with the same bits. What its model overrides is not among them.
  size_t saved_bytes(int environment) const { return of(environment).saved_bytes(); }
  void save(int environment, std::byte* out) const { of(environment).save(places_[environment].index, out); }
  void restore(int environment, const std::byte* from) { of(environment).restore(places_[environment].index, from); }

  uint64_t hash(int environment) const { return of(environment).hash(places_[environment].index); }   // state, step counter, fault; -0 and NaN canonical
  uint64_t hash() const;                                         // all environments, in id order

  Probe probe(int environment, const std::vector<ContactRecord>* injected = nullptr) { return of(environment).probe(places_[environment].index, injected); }
  Statistics statistics() const;                                 // of all buckets
  void clear_statistics();

 private:
  World(const WorldOptions& options);
  Bucket& of(int environment) { return bucket(places_[environment].bucket); }
  const Bucket& of(int environment) const { return bucket(places_[environment].bucket); }
  std::vector<std::vector<int>> by_bucket(std::span<const int> environments) const;
  void put_initial(int bucket, std::span<const int> members, int key);

  WorldOptions options_;
  std::unique_ptr<Pool> pool_;
  std::unique_ptr<Backend> backend_;
  std::string why_;
  std::vector<Place> places_;
  std::vector<std::span<const int>> everyone_;                   // of each bucket
};

}  // namespace nuri
