#include "physics/world.h"
#include <algorithm>
#include "engine/core/hash.h"
#include "physics/cpu/cpu_bucket.h"
#if defined(NURI_WITH_CUDA)
#include "physics/cuda/cuda_bucket.h"
#endif

namespace nuri {

World::World(const WorldOptions& options) : options_(options) {}
World::~World() = default;

Result<std::unique_ptr<World>> World::create(std::shared_ptr<const model::Model> model, const WorldOptions& options) {
  const std::vector<int> which(size_t(std::max(0, options.environments)), 0);
  return create(std::vector{std::move(model)}, which, options);
}

Result<std::unique_ptr<World>> World::create(std::vector<std::shared_ptr<const model::Model>> models, std::span<const int> which, const WorldOptions& options) {
  auto refuse = [](std::string code, std::string message, std::string hint) { return Diagnostic{Severity::error, code, message, hint, {}, {}, {}}; };
  if (options.environments < 1 || which.size() != size_t(options.environments)) return refuse("bad-environments", "a world needs at least one environment", "");
  if (options.backend != "auto" && options.backend != "cpu" && options.backend != "cuda") return refuse("unknown-backend", "unknown backend '" + options.backend + "'", "auto, cpu or cuda");
  std::unique_ptr<World> world(new World(options));
  World& w = *world;

  // environments in ascending order within their buckets
  std::vector<std::vector<uint64_t>> ids(models.size());
  for (int e = 0; e < options.environments; ++e) {
    if (which[e] < 0 || which[e] >= int(models.size())) return refuse("bad-variant", "an environment is of a model that there is not", "");
    w.places_.push_back({which[e], int(ids[which[e]].size())});
    ids[which[e]].push_back(w.id(e));
  }
  for (const auto& members : ids)
    if (members.empty()) return refuse("bad-variant", "a model has no environment", "leave it out, or take more environments");

  w.workers_ = std::make_unique<CpuWorkers>(options.threads);
  bool cuda = options.backend == "cuda";
#if defined(NURI_WITH_CUDA)
  cuda |= options.backend == "auto" && options.precision == Precision::f32 && cuda_usable();
  if (cuda) {
    for (size_t b = 0; b < models.size(); ++b) {
      auto made = make_cuda_bucket(models[b], options, ids[b]);
      if (made) {
        w.buckets_.push_back(std::move(*made));
        continue;
      }
      if (options.backend == "cuda") return made.errors();
      w.buckets_.clear();
      cuda = false;
      break;
    }
  }
#else
  if (cuda) return refuse("no-backend", "this program was built without the cuda backend", "use --backend cpu");
#endif
  if (!cuda) {
    for (size_t b = 0; b < models.size(); ++b) {
      auto made = make_cpu_bucket(models[b], options, ids[b], *w.workers_);
      if (!made) return made.errors();
      w.buckets_.push_back(std::move(*made));
    }
  }
  w.options_ = w.buckets_[0]->options();
  w.options_.environments = options.environments;
  w.chosen_.resize(w.buckets_.size());
  w.first_job_.resize(w.buckets_.size() + 1);
  w.reset();
  w.clear_statistics();
  return world;
}

Pool& World::pool() { return workers_->pool(); }

std::string World::describe() const {
  return buckets_[0]->describe() + (buckets_.size() > 1 ? ", " + std::to_string(buckets_.size()) + " models" : "");
}

void World::run(int substeps, bool integrate) {
  for (size_t b = 0; b < buckets_.size(); ++b) first_job_[b + 1] = first_job_[b] + (chosen_[b].empty() ? 0 : buckets_[b]->begin(chosen_[b], substeps, integrate));
  const int jobs = first_job_.back();
  if (jobs == 0) return;
  auto work = [&](int index, int thread) {
    const auto after = std::upper_bound(first_job_.begin(), first_job_.end(), index);
    const int b = int(after - first_job_.begin()) - 1;
    buckets_[b]->job(index - first_job_[b], thread);
  };
  workers_->pool().run(jobs, std::ref(work));                      // by reference: a step allocates nothing
}

void World::step(int substeps) {
  if (substeps <= 0) return;
  for (size_t b = 0; b < buckets_.size(); ++b) chosen_[b] = buckets_[b]->everyone();
  run(substeps, true);
}

void World::forward() {
  for (size_t b = 0; b < buckets_.size(); ++b) chosen_[b] = buckets_[b]->everyone();
  run(1, false);
}

void World::reset(int key) {
  for (auto& bucket : buckets_) bucket->put_initial(bucket->everyone(), key);
  forward();
}

void World::reset(std::span<const int> environments, int key) {
  std::vector<std::vector<int>> members(buckets_.size());
  for (int e : environments) members[places_[e].bucket].push_back(places_[e].index);
  for (size_t b = 0; b < buckets_.size(); ++b) {
    buckets_[b]->put_initial(members[b], key);
    chosen_[b] = members[b];
  }
  run(1, false);
}

int World::faults() const {
  int count = 0;
  for (int e = 0; e < environments(); ++e) count += fault(e) != 0;
  return count;
}

uint64_t World::hash() const {
  Hash h;
  for (int e = 0; e < environments(); ++e) h.add(id(e)).add(hash(e));
  return h.value();
}

Statistics World::statistics() const {
  Statistics sum = buckets_[0]->statistics();
  for (size_t b = 1; b < buckets_.size(); ++b) {
    const Statistics& s = buckets_[b]->statistics();
    sum.steps += s.steps;
    sum.contacts += s.contacts;
    sum.rows += s.rows;
    sum.iterations += s.iterations;
    sum.packs += s.packs;
    sum.slots += s.slots;
    sum.pack_rows += s.pack_rows;
    sum.rounds += s.rounds;
    sum.evaluations += s.evaluations;
    sum.factorizations += s.factorizations;
    sum.near_pairs += s.near_pairs;
    sum.redone += s.redone;
    for (size_t i = 0; i < sum.cycles.size(); ++i) sum.cycles[i] += s.cycles[i];
  }
  return sum;
}

void World::clear_statistics() {
  for (auto& bucket : buckets_) bucket->clear_statistics();
}

}  // namespace nuri
