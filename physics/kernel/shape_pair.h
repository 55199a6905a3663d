// What narrow-phase functions take and give. See collide.h.
#pragma once
#include "engine/math/vector.h"

NURI_KERNEL_BEGIN

// Kinds of geom, numbered as in MJCF's compiled models.
namespace geom { enum Type { plane = 0, hfield = 1, sphere = 2, capsule = 3, ellipsoid = 4, cylinder = 5, box = 6, mesh = 7, type_count = 8 }; }

// A geom in the world. Sphere: `mat` is not set. Plane, capsule, cylinder: only the z axis (column 2 of mat) is set.
template <class R> struct Shape {
  Vec3<R> pos;    // m
  Mat3<R> mat;    // columns are the geom's axes in world axes
  Vec3<R> size;   // m; MJCF's meaning for the type
};

// A point where two geoms touch or nearly do. Fields as MuJoCo's mjContact.
template <class R> struct Hit {
  R dist;            // m; negative: penetration; `no_hit` if there is none
  Vec3<R> pos;       // m; halfway between the two surfaces
  Vec3<R> normal;    // unit, from geom 1 to geom 2
  Vec3<R> tangent;   // wanted direction of the first tangent (any length >= 0.5), or zero: any
};
inline constexpr float no_hit = 1e10f;

// How many hits a pair of types can give at most; type1 <= type2. 0: the pair never collides. engine/model/pairs.h says the same.
inline constexpr int most_hits = 8;
NURI_BOTH constexpr int max_hits(int type1, int type2) {
  using namespace geom;
  if (type2 < sphere) return 0;
  if (type1 == plane) return type2 == sphere || type2 == ellipsoid ? 1 : type2 == capsule ? 2 : 4;
  if (type1 == hfield) return type2 == sphere ? 4 : 8;
  if (type1 == box && type2 == box) return 8;
  if (type1 == sphere || type1 == ellipsoid || type2 == sphere || type2 == ellipsoid) return 1;
  return type1 == capsule ? 2 : 4;
}

NURI_KERNEL_END
