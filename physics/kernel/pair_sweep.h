// Table of a sorted sweep over geoms, as kernels see it; physics/pair_sweep.h makes it.
#pragma once

namespace nuri {

// Geoms of the sweep have bounds and can touch another; of two, the lower looks the other up.
struct PairSweep {
  int geom_count;            // geoms of the sweep
  const int* geom;           // their indices in the model, ascending
  const float* reach;        // radius of their balls: the pairs of two geoms reach no farther than both together
  const int* row;            // of a geom (by its rank here): where its pairs begin in `pair`, [geom_count + 1]
  const int* first;          // rank of the geom that its first entry stands for
  const int* pair;           // candidate pair or -1
  int other_count;           // pairs that are always asked: planes and height fields have no ball
  const int* other;
};

}  // namespace nuri
