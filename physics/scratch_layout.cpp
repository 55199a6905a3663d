#include "physics/scratch_layout.h"
#include <algorithm>
#include <cmath>
#include <cstddef>
#include "engine/model/dual_size.h"
#include "engine/model/model_flags.h"
#include "engine/model/pairs.h"

namespace nuri {
namespace {

struct Wanted {
  uint32_t ScratchLayout::*where;
  const char* name;
  int count;
  char kind;
  int first, last;
};

std::vector<Wanted> wanted_fields(const model::Model& m, const Room& r) {
  return {
#define NURI_REALS(name, count, first, last) {&ScratchLayout::name, #name, int(count), 'r', int(Stage::first), int(Stage::last)},
#define NURI_NUMBERS(name, count, first, last) {&ScratchLayout::name, #name, int(count), 'n', int(Stage::first), int(Stage::last)},
#define NURI_RANKS(name, count, first, last) {&ScratchLayout::name, #name, int(count), 'k', int(Stage::first), int(Stage::last)},
#include "physics/kernel/scratch_fields.inl"
  };
}

int rows_of_dim(int dim, bool elliptic) { return dim == 1 ? 1 : elliptic ? dim : 2 * (dim - 1); }

}  // namespace

// Rows in which a robot touches itself: an environment that has more is stopped, with the fault of want of room. Without it the square of
// all its pairs would be kept.
constexpr int most_coupled = 300;

Room hard_bound(const model::Model& m) {
  Room r;
  r.pairs = m.pair_count;
  r.hits = m.hit_count;
  // An owner has at most as many slots as its pairs have hits.
  r.slots = m.hit_count;
  r.rows = m.row_count;
  for (int i = 0; i < m.pair_count; ++i) {
    const int o = m.pair_owner[i], hits = model::pair_hits(m.pair_type1[i], m.pair_type2[i]);
    r.rows += hits * rows_of_dim(m.owner_dim[o], m.elliptic != 0);
    if (o >= m.world_owner_count) {
      r.own += hits * m.owner_dim[o] * (m.owner_dof_adr[o + 1] - m.owner_dof_adr[o]);
      r.coupled += m.along_tree ? hits * m.owner_dim[o] : 0;
    }
  }
  r.coupled = std::min(r.coupled, most_coupled);
  r.columns = m.heap ? int(std::min(int64_t(m.tree_count) * m.dof_count, int64_t(m.dof_count) * (m.dof_count + 1) / 2)) : 0;
  r.rk4 = m.integrator == 1;
  if (model::has_dual(m)) {                                        // contacts that find no room stop their environment
    const double side = m.dof_count + 4;
    r.rows = std::min(r.rows, std::max(m.row_count, int(std::sqrt(double(model::most_dual) + side * side) - side)));
  }
  r.dual = int(model::dual_numbers(m, r.rows));
  return r;
}

Room first_room(const model::Model& m, int width, int contacts) {
  const Room bound = hard_bound(m);
  // Enough for every body to lie on the ground and touch a neighbour; measured on diverged humanoids a pack of 16 needs half.
  const bool by_rule = contacts <= 0;
  if (by_rule) contacts = 4 * m.body_count + 2 * width;
  const int dim_rows = m.elliptic ? 6 : 10;
  Room r = bound;
  r.pairs = std::min(bound.pairs, 8 * contacts);
  r.hits = std::min(bound.hits, 8 * contacts);
  r.slots = std::min(bound.slots, contacts);
  r.rows = std::min(bound.rows, m.row_count + contacts * (m.owner_count ? std::min(dim_rows, 4) : 0));
  int widest = 1;                                                  // numbers of one contact between moving bodies
  for (int o = m.world_owner_count; o < m.owner_count; ++o) widest = std::max(widest, std::min(m.owner_dim[o], 3) * (m.owner_dof_adr[o + 1] - m.owner_dof_adr[o]));
  r.own = std::min(bound.own, contacts * widest);
  r.columns = std::min(bound.columns, 4 * m.dof_count);
  r.coupled = std::min(bound.coupled, 3 * (by_rule ? 8 + width : contacts));   // few: limbs that touch each other
  r.dual = int(model::dual_numbers(m, r.rows));
  return r;
}

Room grown(const Room& room, const Room& bound) {
  auto more = [](int have, int most) { return std::min(most, have + have / 2 + 16); };
  Room r = room;
  r.pairs = more(room.pairs, bound.pairs);
  r.hits = more(room.hits, bound.hits);
  r.slots = more(room.slots, bound.slots);
  r.rows = more(room.rows, bound.rows);
  r.own = more(room.own, bound.own);
  r.columns = more(room.columns, bound.columns);
  r.coupled = more(room.coupled, bound.coupled);
  if (bound.dual) r.dual = bound.rows ? int(std::min<long>(bound.dual, long(room.dual) / std::max(1, room.rows) * r.rows + long(r.rows) * (r.rows - room.rows))) : 0;
  return r;
}

// Fields whose lives do not overlap share memory: in order of declaration, each takes the lowest place that is free for its
// whole life. Neighbours in the list stay neighbours as far as possible, so that hot fields lie together.
static ScratchLayout place(const model::Model& m, const Room& room, int real_bytes, int rank_bytes, bool share) {
  struct Placed { uint32_t begin, end; int first, last; };
  ScratchLayout out{};
  out.room = room;
  std::vector<Placed> placed;
  uint32_t total = 0;
  for (const Wanted& field : wanted_fields(m, room)) {
    const uint32_t unit = field.kind == 'r' ? real_bytes : field.kind == 'n' ? 4 : rank_bytes;
    const uint32_t size = (uint32_t(std::max(field.count, 1)) * unit + 63) / 64 * 64;
    uint32_t at = 0;
    for (bool moved = true; moved;) {
      moved = false;
      for (const Placed& p : placed)
        if ((!share || (p.first <= field.last && field.first <= p.last)) && at < p.end && p.begin < at + size) {
          at = p.end;
          moved = true;
        }
    }
    placed.push_back({at, at + size, field.first, field.last});
    out.*field.where = at;
    total = std::max(total, at + size);
  }
  out.bytes = total;
  return out;
}

ScratchLayout lay_out(const model::Model& m, const Room& room, int real_bytes, int rank_bytes) { return place(m, room, real_bytes, rank_bytes, true); }
ScratchLayout lay_out_unshared(const model::Model& m, const Room& room, int real_bytes, int rank_bytes) { return place(m, room, real_bytes, rank_bytes, false); }

std::vector<ScratchField> scratch_fields(const model::Model& m, const ScratchLayout& layout) {
  std::vector<ScratchField> out;
  for (const Wanted& f : wanted_fields(m, layout.room)) out.push_back({f.name, f.count, f.kind, Stage(f.first), Stage(f.last), layout.*f.where});
  return out;
}

}  // namespace nuri
