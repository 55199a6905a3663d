// Which candidate pair two geoms are: what a sorted sweep over geoms needs to find near pairs without looking at all of them.
//
// A heap of 200 bodies has 20,000 candidate pairs, 22 humanoids have 87,000, of which a few hundred are near. The CPU kernel sorts the
// geoms' bounding balls along an axis, meets neighbours eight at a time, and then asks of the pairs that are left what it would have
// asked of all (physics/kernel/sweep.h), so a sweep cannot show in the bits. GPUs test all pairs, a thread each.
//
// The table is the host's, made from the model's numbers. Environments that own other bounds (pair_reach) are not swept.
#pragma once
#include <vector>
#include "engine/model/model.h"
#include "physics/kernel/pair_sweep.h"

namespace nuri {

// Owns the table. `worth` is false for a model whose pairs are few, or too sparse for it.
class PairTable {
 public:
  explicit PairTable(const model::Model& model);
  bool worth() const { return !geom_.empty(); }
  PairSweep view() const { return {int(geom_.size()), geom_.data(), reach_.data(), row_.data(), first_.data(), pair_.data(), int(other_.size()), other_.data()}; }

 private:
  std::vector<int> geom_, row_, first_, pair_, other_;
  std::vector<float> reach_;
};

}  // namespace nuri
