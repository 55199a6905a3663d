// Poses as MJCF writes them: five ways to give an orientation, fromto, frames, full inertias.
// Formulas: mujoco.readthedocs.io, Modeling, "Frame orientations". Quaternions are w x y z.
#pragma once
#include <array>
#include <limits>
#include <string>
#include "engine/scene/mjcf_attributes.h"
#include "engine/scene/scene.h"

namespace nuri::scene::mjcf {

struct Settings;

// An orientation as written, not yet resolved: what it means depends on compiler settings.
struct Orientation {
  enum class Kind { quat, axisangle, xyaxes, zaxis, euler } kind = Kind::quat;
  Array4 quat{1, 0, 0, 0}, axisangle{};
  std::array<double, 6> xyaxes{};
  Array3 zaxis{}, euler{};
};

using FromTo = std::array<double, 6>;                // two points; first NaN: not written
constexpr FromTo no_fromto{std::numeric_limits<double>::quiet_NaN(), 0, 0, 0, 0, 0};

struct Pose { Array3 pos{0, 0, 0}; Array4 quat{1, 0, 0, 0}; };

void read_orientation(Attributes& attributes, Orientation& out);
Array4 resolve(Attributes& attributes, const Orientation& orientation, const Settings& settings);  // unit

// Position, orientation and sizes along the line from the first point to the second.
// Capsule, cylinder: size[1] = half length; ellipsoid, box: size[2] = half length, size[1] = size[0].
void resolve_fromto(Attributes& attributes, const FromTo& fromto, GeomType type, Array3& size, Array3& pos, Array4& quat);
// Sizes a type needs are positive; others are left as they are.
void check_size(Attributes& attributes, GeomType type, const Array3& size);

Pose compose(const Pose& outer, const Pose& inner);   // inner, given in outer, seen from where outer is given
Array3 rotate(const Array4& quat, const Array3& vector);
bool normalise(Array3& vector);                       // false: (nearly) zero
bool normalise(Array4& quat);

// Principal moments, descending, and their frame (right handed) of the symmetric matrix xx yy zz xy xz yz; cyclic Jacobi.
void principal_inertia(const std::array<double, 6>& full, Array3& out_moments, Array4& out_quat);

}  // namespace nuri::scene::mjcf
