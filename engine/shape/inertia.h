// Mass properties of primitive solids and shells, and of what is glued together from them.
//
// Conventions are MJCF's: sizes as its geoms (radius | radius, half length | half sizes), the axis of capsules and
// cylinders is z, moments are principal and in the solid's own frame. A shell has its mass on the surface; an
// ellipsoid's shell is the difference of two solid ellipsoids 1e-6 m apart, as MuJoCo computes it, its area Thomsen's
// approximation (within 1.1 %).
#pragma once
#include <vector>
#include "engine/shape/rigid.h"

namespace nuri::shape {

// Kinds of solid, numbered as MJCF's compiled geoms. Planes, meshes and height fields have no mass here.
enum Solid : int { solid_sphere = 2, solid_capsule = 3, solid_ellipsoid = 4, solid_cylinder = 5, solid_box = 6 };

// Volume (m^3) or, of a shell, area (m^2); 0 for a kind that has none.
double extent(int kind, const Vec& size, bool shell);

// Principal moments (kg m^2) of a solid or shell of this mass (kg).
Vec moments(int kind, const Vec& size, double mass, bool shell);

struct MassPart { Vec pos; Rot quat; double mass; Vec inertia; };   // centre of mass, principal axes, principal moments

// One rigid body of several parts: total mass, centre of mass, principal axes, moments in descending order. A single
// part keeps its own frame. The total mass must be positive.
MassPart combine(const std::vector<MassPart>& parts);

// Eigenvalues, descending, of the symmetric matrix xx yy zz xy xz yz; out_quat turns into its eigenvectors.
Vec principal(const std::array<double, 6>& full, Rot& out_quat);

}  // namespace nuri::shape
