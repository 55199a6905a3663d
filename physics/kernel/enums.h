// Kinds of things in a Model, as kernels see them. Kernel text may not include the scene's headers (strings, vectors),
// so the numbers stand here again; physics/enums_check.cpp fails to compile if they differ from engine/scene/scene.h.
#pragma once
#include "engine/core/macros.h"

NURI_KERNEL_BEGIN

namespace solver { enum Type { pgs, cg, newton }; }
namespace joint { enum Type { free, ball, slide, hinge }; }
namespace equality { enum Type { connect, weld, joint, tendon }; }
namespace transmission { enum Type { joint, joint_in_parent, tendon, body, site, slidercrank, so3 }; }
namespace dynamics { enum Type { none, integrator, filter, filterexact, muscle, dcmotor, pid }; }
namespace gain { enum Type { fixed, affine, muscle, dcmotor, so3, pid, drive }; }   // drive: physics/compile.cpp alone
namespace bias { enum Type { none, affine, muscle, dcmotor, so3 }; }
namespace actuator_input { enum Bits : int { pos = 1, vel = 2, ff = 4, voltage = 8, none = 16, expmap = 32, quat = 64 }; }
namespace object { enum Type { none, body, xbody, joint, geom, site, tendon, actuator, camera }; }
namespace sensor {
enum Type {
  touch, accelerometer, velocimeter, gyro, force, torque, magnetometer,
  jointpos, jointvel, tendonpos, tendonvel, actuatorpos, actuatorvel, actuatorfrc, jointactuatorfrc, tendonactuatorfrc,
  ballquat, ballangvel, jointlimitpos, jointlimitvel, jointlimitfrc, tendonlimitpos, tendonlimitvel, tendonlimitfrc,
  framepos, framequat, framexaxis, frameyaxis, framezaxis, framelinvel, frameangvel, framelinacc, frameangacc,
  subtreecom, subtreelinvel, subtreeangmom, e_potential, e_kinetic, clock,
  rangefinder, contact, distance, normal, fromto, insidesite, camprojection, user
};
}
namespace camera { enum Mode { fixed, track, trackcom, targetbody, targetbodycom }; }
namespace ray_data { enum Bits : int { dist = 1, dir = 2, origin = 4, point = 8, normal = 16, depth = 32 }; }
namespace contact_data { enum Bits : int { found = 1, force = 2, torque = 4, dist = 8, pos = 16, normal = 32, tangent = 64, linvel = 128, angvel = 256 }; }
namespace reduce { enum Type { none, mindist, maxforce, netforce }; }

NURI_KERNEL_END
