#include "physics/pair_sweep.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/model/model_flags.h"
#include "engine/model/pairs.h"

namespace nuri {

PairTable::PairTable(const model::Model& m) {
  constexpr int few = 512;                                       // quicker tested one by one
  constexpr int64_t sparse = 4;                                  // entries of the table for each pair
  if (!m.heap || m.pair_count < few || (m.flags & model::flag_gap)) return;   // in the gap two candidates stand for two geoms
  auto has_ball = [&](int g) { return m.geom_type[g] != model::geom_plane && m.geom_type[g] != model::geom_hfield; };
  std::vector<double> reach(m.geom_count, -1);
  std::vector<int> lowest(m.geom_count, m.geom_count), highest(m.geom_count, -1);
  for (int p = 0; p < m.pair_count; ++p) {
    const auto [a, b] = std::minmax(m.pair_geom1[p], m.pair_geom2[p]);
    if (!has_ball(a) || !has_ball(b)) {
      other_.push_back(p);
      continue;
    }
    // what the pair reaches beyond both bounds counts for both
    const double more = std::max(0.0, m.pair_reach[p] - m.geom_bound[a] - m.geom_bound[b]);
    for (int g : {a, b}) reach[g] = std::max(reach[g], m.geom_bound[g] + more);
    lowest[a] = std::min(lowest[a], b);
    highest[a] = std::max(highest[a], b);
  }
  std::vector<int> rank(m.geom_count + 1, 0);
  int geoms = 0;
  for (int g = 0; g < m.geom_count; ++g) {
    rank[g] = geoms;
    geoms += reach[g] >= 0;
  }
  rank[m.geom_count] = geoms;
  int64_t entries = 0;
  for (int g = 0; g < m.geom_count; ++g) if (highest[g] >= 0) entries += rank[highest[g]] - rank[lowest[g]] + 1;
  if (entries > sparse * m.pair_count) {
    other_.clear();
    return;
  }
  for (int g = 0; g < m.geom_count; ++g) {
    if (reach[g] < 0) continue;
    geom_.push_back(g);
    reach_.push_back(std::nextafter(float(reach[g]), std::numeric_limits<float>::infinity()));
    row_.push_back(int(pair_.size()));
    first_.push_back(highest[g] >= 0 ? rank[lowest[g]] : 0);
    if (highest[g] >= 0) pair_.resize(pair_.size() + rank[highest[g]] - rank[lowest[g]] + 1, -1);
  }
  row_.push_back(int(pair_.size()));
  for (int p = 0; p < m.pair_count; ++p) {
    const auto [a, b] = std::minmax(m.pair_geom1[p], m.pair_geom2[p]);
    if (has_ball(a) && has_ball(b)) pair_[row_[rank[a]] + rank[b] - first_[rank[a]]] = p;
  }
}

}  // namespace nuri
