#include "physics/cuda/plan.h"
#include <algorithm>
#include "physics/scratch_layout.h"

namespace nuri {
namespace {

// A fallen humanoid has about ten contacts, a body in a heap about three of its own.
int usual_contacts(const model::Model& m) { return m.heap ? 4 * m.body_count : 12 + m.body_count / 2; }
constexpr int small_block = 64, slab_block = 128;   // small blocks waste little shared memory; with slabs only registers count

// The widest contact: its rows, and the numbers of its Jacobian between moving bodies.
struct Widest { int rows = 1, own = 0; };
Widest widest_contact(const model::Model& m) {
  Widest w;
  for (int o = 0; o < m.owner_count; ++o) {
    const int dim = m.owner_dim[o];
    w.rows = std::max(w.rows, dim == 1 ? 1 : m.elliptic ? dim : 2 * (dim - 1));
    if (o >= m.world_owner_count) w.own = std::max(w.own, dim * (m.owner_dof_adr[o + 1] - m.owner_dof_adr[o]));
  }
  return w;
}

// The shape for a group size, in shared memory if a block fits there: smaller blocks until one does.
std::optional<Plan> shape_for(const Demand& d, int group, const device::Info& gpu, const Occupancy& occupancy) {
  Plan p;
  p.stride = d.stride;
  p.shape.group = group;
  auto block = [&](int rule) { return std::max(group, std::clamp((d.block ? d.block : rule) / 32 * 32, 32, cuda_largest_block)); };
  p.slabs = d.slabs;
  const size_t board = group > 32 ? cuda_board_bytes : 0;
  if (!p.slabs) {
    for (p.shape.block = group > 32 ? group : block(small_block); p.shape.block >= std::max(32, group); p.shape.block = p.shape.block / 64 * 32) {
      p.shape.shared_bytes = board + p.stride * size_t(p.shape.block / group);
      p.per_processor = p.shape.shared_bytes <= gpu.shared_per_block ? occupancy(p.shape) : 0;
      if (p.per_processor > 0) break;
    }
    p.slabs = p.per_processor == 0;
  }
  if (p.slabs) {
    p.shape.block = group > 32 ? group : block(slab_block);
    p.shape.shared_bytes = board;
    p.per_processor = occupancy(p.shape);
    if (p.per_processor == 0) return std::nullopt;
    // as many groups as keep their slabs in L2, but never fewer than one block per processor
    const size_t block_bytes = p.stride * size_t(p.shape.block / group), in_l2 = gpu.l2 / std::max<size_t>(1, block_bytes * size_t(gpu.processors));
    p.per_processor = std::clamp(int(std::min<size_t>(in_l2, 64)), 1, p.per_processor);
  }
  const int groups = p.shape.block / group, needed = (d.environments + groups - 1) / groups;
  p.shape.blocks = std::min(needed, p.per_processor * gpu.processors);
  return p;
}

}  // namespace

double group_work(const model::Model& m, int group) {
  auto passes = [&](int items) { return double((items + group - 1) / group); };
  const int contacts = std::min(m.hit_count, usual_contacts(m)), rows = m.row_count + contacts * widest_contact(m).rows;
  double work = 0;
  // the tree goes level by level, up and down: composite inertia, velocities, bias; bodies of a level side by side
  const double level = double(m.body_count) / std::max(1, m.level_count);
  work += 6 * m.level_count * passes(int(level + 0.5));
  work += passes(m.pair_count) + 4 * passes(contacts) + passes(m.row_count);
  // the solver's few rounds: Jacobian products, the matrix, its factor column by column
  constexpr int rounds = 3;
  work += rounds * (4 * passes(rows) + 4 * passes(m.dof_count) + passes(m.mass_count) + m.dof_count * passes(std::max(1, m.mass_count / std::max(1, m.dof_count))));
  return work;
}

Room usual_room(const model::Model& m, int contacts) {
  const Room bound = hard_bound(m);
  if (!contacts) contacts = usual_contacts(m);
  const Widest widest = widest_contact(m);
  Room r = bound;
  r.pairs = std::min(bound.pairs, 6 * contacts);
  r.hits = std::min(bound.hits, 3 * contacts);
  r.slots = std::min(bound.slots, contacts);
  r.rows = std::min(bound.rows, m.row_count + contacts * widest.rows);
  r.own = std::min(bound.own, std::max(1, m.heap ? contacts : contacts / 2) * widest.own);
  r.coupled = std::min(bound.coupled, contacts);
  r.columns = std::min(bound.columns, 4 * m.dof_count);
  if (bound.dual) r.dual = std::min(bound.dual, r.rows * (2 * m.dof_count + r.rows + 8));
  return r;
}

// The group size that steps most environments at a time for the passes it takes. A tie goes to the smaller group: it leaves
// fewer threads idle.
std::optional<Plan> plan_usual(const Demand& d, const device::Info& gpu, const Occupancy& occupancy) {
  if (d.group) return shape_for(d, d.group, gpu, occupancy);
  std::optional<Plan> best;
  double most = 0;
  for (int group : cuda_groups) {
    const auto p = shape_for(d, group, gpu, occupancy);
    if (!p) continue;
    const double at_once = std::min<double>(d.environments, double(p->shape.blocks) * (p->shape.block / group));
    // guesses, to be measured: a pass takes four times as long with scratch in L2, twelve times beyond it
    const double slower = !p->slabs ? 1 : p->slab_bytes() <= gpu.l2 ? 4 : 12;
    const double rate = at_once / d.work(group) / slower;
    if (rate > most * 1.0001) {
      most = rate;
      best = p;
    }
  }
  return best;
}

std::optional<Plan> plan_redo(const Demand& d, const device::Info& gpu, const Occupancy& occupancy, size_t most_bytes) {
  Demand slabs = d;
  slabs.slabs = true;
  auto p = shape_for(slabs, d.group, gpu, occupancy);
  if (!p) return p;
  // a few environments at most are stepped again: one block per processor is enough, and hard bounds are large
  p->shape.blocks = std::min(p->shape.blocks, gpu.processors);
  if (p->slab_bytes() > most_bytes && d.group <= 32) p->shape.block = 32;
  const size_t block_bytes = p->stride * size_t(p->shape.block / p->shape.group);
  p->shape.blocks = int(std::clamp<size_t>(most_bytes / std::max<size_t>(1, block_bytes), 1, size_t(p->shape.blocks)));
  return p;
}

Plan plan_staged(const Demand& d) {
  Plan p;
  p.shape.group = d.group ? d.group : 32;
  p.shape.block = p.shape.group > 32 ? p.shape.group : slab_block;
  const int groups = p.shape.block / p.shape.group;
  p.shape.blocks = (d.environments + groups - 1) / groups;
  p.shape.shared_bytes = p.shape.group > 32 ? cuda_board_bytes : 0;
  p.stride = d.stride;
  p.slabs = true;
  return p;
}

}  // namespace nuri
