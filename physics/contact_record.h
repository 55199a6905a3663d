// One contact of one environment, as readers see it.
#pragma once

namespace nuri {

struct ContactRecord {
  int geom1, geom2, dim;
  double dist, pos[3], frame[9];       // m, m; rows of frame: normal (from geom 1 to geom 2), two tangents, world axes
  double friction[5], force[6];        // force in the frame: N, then N m about the axes
};

}  // namespace nuri
