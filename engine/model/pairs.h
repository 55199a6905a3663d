// What a pair of geom types can give, and how far a geom reaches: the host's side of physics/kernel/shape_pair.h, which
// sits on a higher floor. Types are numbered as scene::GeomType.
#pragma once
#include <cmath>

namespace nuri::model {

enum GeomKind : int { geom_plane, geom_hfield, geom_sphere, geom_capsule, geom_ellipsoid, geom_cylinder, geom_box, geom_mesh, geom_kinds };

// Hits that a pair of types can give at most; type1 <= type2. 0: no narrow phase for it.
constexpr int pair_hits(int type1, int type2) {
  if (type2 < geom_sphere) return 0;
  if (type1 == geom_plane) return type2 == geom_sphere || type2 == geom_ellipsoid ? 1 : type2 == geom_capsule ? 2 : 4;
  if (type1 == geom_hfield) return type2 == geom_sphere ? 4 : 8;
  if (type1 == geom_box && type2 == geom_box) return 8;
  if (type1 == geom_sphere || type1 == geom_ellipsoid || type2 == geom_sphere || type2 == geom_ellipsoid) return 1;
  return type1 == geom_capsule ? 2 : 4;
}

// Does the narrow phase of this pair need all axes of this geom? Else its position and z axis are enough.
constexpr bool needs_axes(int type, int type1, int type2) {
  if (type >= geom_ellipsoid || type == geom_hfield) return true;
  const bool general = type1 != geom_plane && (type2 == geom_ellipsoid || type2 == geom_cylinder || type2 == geom_mesh) && !(type1 == geom_sphere && type2 == geom_cylinder);
  return (general || type1 == geom_hfield) && type != geom_plane;
}

// Pairs that never touch, in MJCF too: planes and height fields among themselves.
constexpr bool pair_is_void(int type1, int type2) { return type1 <= geom_hfield && type2 <= geom_hfield; }

// Radius of a geom's bounding sphere about its own centre; 0 for planes, which have none.
inline double bound_radius(int type, const double* s) {
  switch (type) {
    case geom_sphere: return s[0];
    case geom_capsule: return s[0] + s[1];
    case geom_cylinder: return std::sqrt(s[0] * s[0] + s[1] * s[1]);
    case geom_ellipsoid: return std::fmax(std::fmax(s[0], s[1]), s[2]);
    case geom_box: return std::sqrt(s[0] * s[0] + s[1] * s[1] + s[2] * s[2]);
  }
  return 0;
}

}  // namespace nuri::model
