#include "physics/world.h"
#include <algorithm>
#include "engine/core/hash.h"
#include "engine/launch/pool.h"
#include "physics/cpu/cpu_backend.h"
#include "physics/kernel/enums.h"
#if defined(NURI_WITH_BULLET)
#include "physics/bullet/bullet_backend.h"
#endif
#if defined(NURI_WITH_CUDA)
#include "physics/cuda/cuda_backend.h"
#endif

namespace nuri {
namespace {

// CUDA if it can be used, else the CPU, with the reason: what `auto` means.
bool choose_cuda(const WorldOptions& options, std::string& why) {
  if (options.precision != Precision::f32) why = "float64 is computed on the CPU";
#if defined(NURI_WITH_CUDA)
  else if (cuda_usable(options.device, &why)) return why = "a GPU that this program has kernels for", true;
#else
  else why = "this program was built without CUDA";
#endif
  return false;
}

}  // namespace

World::World(const WorldOptions& options) : options_(options) {}
World::~World() = default;

Result<std::unique_ptr<World>> World::create(std::shared_ptr<const model::Model> model, const WorldOptions& options) {
  const std::vector<int> which(size_t(std::max(0, options.environments)), 0);
  return create(std::vector{std::move(model)}, which, options);
}

Result<std::unique_ptr<World>> World::create(std::vector<std::shared_ptr<const model::Model>> models, std::span<const int> which, const WorldOptions& options) {
  auto refuse = [](std::string code, std::string message, std::string hint) { return Diagnostic{Severity::error, code, message, hint, {}, {}, {}}; };
  if (options.environments < 1 || which.size() != size_t(options.environments)) return refuse("bad-environments", "a world needs at least one environment", "");
  const bool bullet = options.backend == "bullet";
  if (options.backend != "auto" && options.backend != "cpu" && options.backend != "cuda" && !bullet) return refuse("unknown-backend", "unknown backend '" + options.backend + "'", "auto, cpu, cuda or bullet");
  std::unique_ptr<World> world(new World(options));
  World& w = *world;

  // environments in ascending order within their buckets
  std::vector<Members> members;
  for (auto& model : models) members.push_back({std::move(model), {}});
  for (int e = 0; e < options.environments; ++e) {
    if (which[e] < 0 || which[e] >= int(members.size())) return refuse("bad-variant", "an environment is of a model that there is not", "");
    auto& ids = members[which[e]].ids;
    w.places_.push_back({which[e], int(ids.size())});
    ids.push_back(w.id(e));
  }
  for (const Members& m : members) {
    if (m.ids.empty()) return refuse("bad-variant", "a model has no environment", "leave it out, or take more environments");
    for (int a = 0; a < m.model->actuator_count; ++a) {
      const bool muscle = m.model->actuator_gain[a] == gain::muscle || m.model->actuator_bias[a] == bias::muscle;
      if (muscle && !(m.model->actuator_lengthrange[2 * a] < m.model->actuator_lengthrange[2 * a + 1]))
        return refuse("no-length-range", "muscle " + std::to_string(a) + " has no length range", "physics/compile.h finds it");
    }
  }

  w.pool_ = std::make_unique<Pool>(options.threads);
  bool cuda = options.backend == "cuda";
  if (options.backend == "auto") cuda = choose_cuda(options, w.why_);
#if defined(NURI_WITH_CUDA)
  if (cuda) {
    auto made = make_cuda_backend(members, options);
    if (made) w.backend_ = std::move(*made);
    else if (options.backend == "cuda") return made.errors();
    else w.why_ = made.errors().front().message;
  }
#else
  if (cuda) return refuse("no-backend", "this program was built without the cuda backend", "use --backend cpu");
#endif
#if defined(NURI_WITH_BULLET)
  if (bullet) {
    auto made = make_bullet_backend(std::move(members), options, *w.pool_);
    if (!made) return made.errors();
    w.backend_ = std::move(*made);
  }
#else
  if (bullet) return refuse("no-backend", "this program was built without the bullet backend", "install libbullet-dev and configure again, or use --backend cpu");
#endif
  if (!w.backend_) {
    auto made = make_cpu_backend(std::move(members), options, *w.pool_);
    if (!made) return made.errors();
    w.backend_ = std::move(*made);
  }
  w.options_ = w.bucket(0).options();
  w.options_.environments = options.environments;
  for (const auto& bucket : w.backend_->buckets) {
    bucket->share(*w.pool_);
    w.everyone_.push_back(bucket->everyone());
  }
  w.reset();
  w.clear_statistics();
  return world;
}

std::string World::describe() const {
  return bucket(0).describe() + (buckets() > 1 ? ", " + std::to_string(buckets()) + " models" : "");
}

void World::step(int substeps) {
  if (substeps > 0) backend_->run(everyone_, substeps, true);
}

void World::forward() { backend_->run(everyone_, 1, false); }

void World::reset(int key) {
  for (int b = 0; b < buckets(); ++b) put_initial(b, everyone_[size_t(b)], key);
  backend_->upload(everyone_);
  forward();
}

std::vector<std::vector<int>> World::by_bucket(std::span<const int> environments) const {
  std::vector<std::vector<int>> members(backend_->buckets.size());
  for (int e : environments) members[places_[e].bucket].push_back(places_[e].index);
  return members;
}

void World::reset(std::span<const int> environments, int key) {
  const auto members = by_bucket(environments);
  const std::vector<std::span<const int>> chosen(members.begin(), members.end());
  for (int b = 0; b < buckets(); ++b) put_initial(b, chosen[b], key);
  backend_->upload(chosen);
  backend_->run(chosen, 1, false);
}

void World::put_initial(std::span<const int> environments, int key) {
  const auto members = by_bucket(environments);
  for (int b = 0; b < buckets(); ++b) put_initial(b, members[b], key);
}

void World::put_initial(int b, std::span<const int> members, int key) {
  constexpr size_t piece = 64;                   // environments that are worth a thread's while
  const int pieces = int((members.size() + piece - 1) / piece);
  auto work = [&](int i, int) { bucket(b).put_initial(members.subspan(size_t(i) * piece, std::min(piece, members.size() - size_t(i) * piece)), key); };
  if (pieces > 1) pool_->run(pieces, work);
  else if (pieces == 1) work(0, 0);
}

void World::forward(std::span<const int> environments) {
  const auto members = by_bucket(environments);
  const std::vector<std::span<const int>> chosen(members.begin(), members.end());
  backend_->run(chosen, 1, false);
}

void World::upload(std::span<const int> environments) {
  const auto members = by_bucket(environments);
  const std::vector<std::span<const int>> chosen(members.begin(), members.end());
  backend_->upload(chosen);
}

void World::download() { backend_->download(); }

int World::faults() const {
  int count = 0;
  for (int b = 0; b < buckets(); ++b) count += bucket(b).faults();
  return count;
}

uint64_t World::hash() const {
  Hash h;
  for (int e = 0; e < environments(); ++e) h.add(id(e)).add(hash(e));
  return h.value();
}

Statistics World::statistics() const {
  Statistics sum = bucket(0).statistics();
  for (int b = 1; b < buckets(); ++b) {
    const Statistics& s = bucket(b).statistics();
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
  for (auto& bucket : backend_->buckets) bucket->clear_statistics();
}

}  // namespace nuri
