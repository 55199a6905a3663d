// How much memory the dual problem takes: PGS, noslip and the exact diagonal keep J inv(M) J', the square of all rows (physics/kernel/dual.h).
#pragma once
#include <cstdint>
#include "engine/model/model.h"
#include "engine/model/model_flags.h"

namespace nuri::model {

// Numbers per environment: some 4000 rows, in every pack and on every device alike.
constexpr int64_t most_dual = int64_t(1) << 24;

constexpr int solver_pgs = 0, solver_newton = 2;   // scene::Solver

inline bool has_dual(const Model& m) {
  return m.solver == solver_pgs || m.noslip_iterations > 0 || (m.flags & flag_diagexact);
}
inline int64_t dual_numbers(const Model& m, int rows) { return has_dual(m) ? int64_t(rows) * (2 * int64_t(m.dof_count) + rows + 8) : 0; }

}  // namespace nuri::model
