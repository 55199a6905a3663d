// Kinds of things in a Model, as kernels see them. Kernel text may not include the scene's headers (strings, vectors),
// so the numbers stand here again; physics/enums_check.cpp fails to compile if they differ from engine/scene/scene.h.
#pragma once
#include "engine/core/macros.h"

NURI_KERNEL_BEGIN

namespace joint { enum Type { free, ball, slide, hinge }; }
namespace equality { enum Type { connect, weld, joint, tendon }; }
namespace transmission { enum Type { joint, joint_in_parent, tendon }; }
namespace dynamics { enum Type { none, integrator, filter, filterexact }; }
namespace gain { enum Type { fixed, affine }; }
namespace bias { enum Type { none, affine }; }
namespace object { enum Type { none, body, xbody, joint, geom, site, tendon, actuator }; }
namespace sensor {
enum Type {
  touch, accelerometer, velocimeter, gyro, force, torque, magnetometer,
  jointpos, jointvel, tendonpos, tendonvel, actuatorpos, actuatorvel, actuatorfrc, jointactuatorfrc, tendonactuatorfrc,
  ballquat, ballangvel, jointlimitpos, jointlimitvel, jointlimitfrc, tendonlimitpos, tendonlimitvel, tendonlimitfrc,
  framepos, framequat, framexaxis, frameyaxis, framezaxis, framelinvel, frameangvel, framelinacc, frameangacc,
  subtreecom, subtreelinvel, subtreeangmom, e_potential, e_kinetic, clock
};
}

NURI_KERNEL_END
