#include "physics/cpu/cpu_backend.h"
#include <algorithm>
#include <optional>
#include "physics/cpu/cpu_bucket.h"
#include "physics/cpu/registry.h"

namespace nuri {
namespace {

class CpuBackend final : public Backend {
 public:
  explicit CpuBackend(Pool& pool) : pool_(pool), arenas_(size_t(pool.threads())) {}

  std::optional<Diagnostic> add(Members members, const WorldOptions& options) {
    // One environment alone needs no pack: the other places would only repeat it. A heap's environments share too little of their
    // contacts: a pack's matrix has the union of all, and an order of elimination that suits none.
    const bool alone = members.model->heap || (!options.width && members.ids.size() == 1);
    const CpuKernel* const kernel = find_kernel(options.precision, alone ? 1 : options.width);
    if (!kernel) return Diagnostic{Severity::error, "no-kernel", "no kernel for this precision, width and CPU", "this program has: " + kernel_list(), {}, {}, {}};
    auto bucket = std::make_unique<CpuBucket>(std::move(members), options, *kernel, arenas_);
    members_.push_back(bucket.get());
    buckets.push_back(std::move(bucket));
    first_job_.resize(buckets.size() + 1);
    return std::nullopt;
  }

  void run(std::span<const std::span<const int>> environments, int substeps, bool integrate) override {
    for (size_t b = 0; b < members_.size(); ++b) first_job_[b + 1] = first_job_[b] + (environments[b].empty() ? 0 : members_[b]->begin(environments[b], substeps, integrate));
    const int jobs = first_job_.back();
    if (jobs == 0) return;
    auto work = [&](int index, int thread) {
      const auto after = std::upper_bound(first_job_.begin(), first_job_.end(), index);
      const int b = int(after - first_job_.begin()) - 1;
      members_[b]->job(index - first_job_[b], thread);
    };
    pool_.run(jobs, std::ref(work));                               // by reference: a step allocates nothing
  }

 private:
  Pool& pool_;
  std::vector<Arena> arenas_;                                      // a thread's, for the packs of all buckets
  std::vector<CpuBucket*> members_;
  std::vector<int> first_job_;                                     // of each bucket in this run
};

}  // namespace

Result<std::unique_ptr<Backend>> make_cpu_backend(std::vector<Members> members, const WorldOptions& options, Pool& pool) {
  auto backend = std::make_unique<CpuBackend>(pool);
  for (Members& m : members)
    if (auto refused = backend->add(std::move(m), options)) return *refused;
  return std::unique_ptr<Backend>(std::move(backend));
}

}  // namespace nuri
