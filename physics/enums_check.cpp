// The kernels' enumerations are the scene's, number by number.
#include "engine/model/look.h"
#include "engine/scene/scene.h"
#include "physics/kernel/enums.h"
#include "physics/kernel/history.h"
#include "physics/kernel/integrate.h"
#include "physics/kernel/kinematics.h"

namespace nuri {

#define NURI_SAME(space, Scene, name) static_assert(int(space::name) == int(scene::Scene::name))

NURI_SAME(integrator, Integrator, euler); NURI_SAME(integrator, Integrator, rk4); NURI_SAME(integrator, Integrator, implicit);
NURI_SAME(integrator, Integrator, implicitfast);

NURI_SAME(solver, Solver, pgs); NURI_SAME(solver, Solver, cg); NURI_SAME(solver, Solver, newton);

NURI_SAME(equality, EqualityType, connect); NURI_SAME(equality, EqualityType, weld); NURI_SAME(equality, EqualityType, joint);
NURI_SAME(equality, EqualityType, tendon);

NURI_SAME(transmission, Transmission, joint); NURI_SAME(transmission, Transmission, joint_in_parent);
NURI_SAME(transmission, Transmission, tendon); NURI_SAME(transmission, Transmission, body); NURI_SAME(transmission, Transmission, site);
NURI_SAME(transmission, Transmission, slidercrank); NURI_SAME(transmission, Transmission, so3);

NURI_SAME(dynamics, Dynamics, none); NURI_SAME(dynamics, Dynamics, integrator); NURI_SAME(dynamics, Dynamics, filter);
NURI_SAME(dynamics, Dynamics, filterexact); NURI_SAME(dynamics, Dynamics, muscle); NURI_SAME(dynamics, Dynamics, dcmotor);
NURI_SAME(dynamics, Dynamics, pid);

NURI_SAME(gain, Gain, fixed); NURI_SAME(gain, Gain, affine); NURI_SAME(gain, Gain, muscle); NURI_SAME(gain, Gain, dcmotor);
NURI_SAME(gain, Gain, so3); NURI_SAME(gain, Gain, pid);

NURI_SAME(interpolation, Interpolation, hold); NURI_SAME(interpolation, Interpolation, linear); NURI_SAME(interpolation, Interpolation, cubic);

NURI_SAME(bias, Bias, none); NURI_SAME(bias, Bias, affine); NURI_SAME(bias, Bias, muscle); NURI_SAME(bias, Bias, dcmotor);
NURI_SAME(bias, Bias, so3);

NURI_SAME(object, ObjectType, none); NURI_SAME(object, ObjectType, body); NURI_SAME(object, ObjectType, xbody);
NURI_SAME(object, ObjectType, joint); NURI_SAME(object, ObjectType, geom); NURI_SAME(object, ObjectType, site);
NURI_SAME(object, ObjectType, tendon); NURI_SAME(object, ObjectType, actuator); NURI_SAME(object, ObjectType, camera);

NURI_SAME(sensor, SensorType, touch); NURI_SAME(sensor, SensorType, accelerometer); NURI_SAME(sensor, SensorType, velocimeter);
NURI_SAME(sensor, SensorType, gyro); NURI_SAME(sensor, SensorType, force); NURI_SAME(sensor, SensorType, torque);
NURI_SAME(sensor, SensorType, magnetometer); NURI_SAME(sensor, SensorType, jointpos); NURI_SAME(sensor, SensorType, jointvel);
NURI_SAME(sensor, SensorType, tendonpos); NURI_SAME(sensor, SensorType, tendonvel); NURI_SAME(sensor, SensorType, actuatorpos);
NURI_SAME(sensor, SensorType, actuatorvel); NURI_SAME(sensor, SensorType, actuatorfrc); NURI_SAME(sensor, SensorType, jointactuatorfrc);
NURI_SAME(sensor, SensorType, tendonactuatorfrc); NURI_SAME(sensor, SensorType, ballquat); NURI_SAME(sensor, SensorType, ballangvel);
NURI_SAME(sensor, SensorType, jointlimitpos); NURI_SAME(sensor, SensorType, jointlimitvel); NURI_SAME(sensor, SensorType, jointlimitfrc);
NURI_SAME(sensor, SensorType, tendonlimitpos); NURI_SAME(sensor, SensorType, tendonlimitvel); NURI_SAME(sensor, SensorType, tendonlimitfrc);
NURI_SAME(sensor, SensorType, framepos); NURI_SAME(sensor, SensorType, framequat); NURI_SAME(sensor, SensorType, framexaxis);
NURI_SAME(sensor, SensorType, frameyaxis); NURI_SAME(sensor, SensorType, framezaxis); NURI_SAME(sensor, SensorType, framelinvel);
NURI_SAME(sensor, SensorType, frameangvel); NURI_SAME(sensor, SensorType, framelinacc); NURI_SAME(sensor, SensorType, frameangacc);
NURI_SAME(sensor, SensorType, subtreecom); NURI_SAME(sensor, SensorType, subtreelinvel); NURI_SAME(sensor, SensorType, subtreeangmom);
NURI_SAME(sensor, SensorType, e_potential); NURI_SAME(sensor, SensorType, e_kinetic); NURI_SAME(sensor, SensorType, clock);
NURI_SAME(sensor, SensorType, rangefinder); NURI_SAME(sensor, SensorType, contact); NURI_SAME(sensor, SensorType, distance);
NURI_SAME(sensor, SensorType, normal); NURI_SAME(sensor, SensorType, fromto); NURI_SAME(sensor, SensorType, insidesite);
NURI_SAME(sensor, SensorType, camprojection); NURI_SAME(sensor, SensorType, user);

NURI_SAME(reduce, ContactReduce, none); NURI_SAME(reduce, ContactReduce, mindist); NURI_SAME(reduce, ContactReduce, maxforce);
NURI_SAME(reduce, ContactReduce, netforce);

#define NURI_SAME_BIT(space, name) static_assert(int(space::name) == int(scene::space::name))
NURI_SAME_BIT(ray_data, dist); NURI_SAME_BIT(ray_data, dir); NURI_SAME_BIT(ray_data, origin); NURI_SAME_BIT(ray_data, point);
NURI_SAME_BIT(ray_data, normal); NURI_SAME_BIT(ray_data, depth);
NURI_SAME_BIT(contact_data, found); NURI_SAME_BIT(contact_data, force); NURI_SAME_BIT(contact_data, torque); NURI_SAME_BIT(contact_data, dist);
NURI_SAME_BIT(contact_data, pos); NURI_SAME_BIT(contact_data, normal); NURI_SAME_BIT(contact_data, tangent);
NURI_SAME_BIT(actuator_input, pos); NURI_SAME_BIT(actuator_input, vel); NURI_SAME_BIT(actuator_input, ff); NURI_SAME_BIT(actuator_input, voltage);
NURI_SAME_BIT(actuator_input, none); NURI_SAME_BIT(actuator_input, expmap); NURI_SAME_BIT(actuator_input, quat);
NURI_SAME_BIT(contact_data, linvel); NURI_SAME_BIT(contact_data, angvel);
#undef NURI_SAME_BIT

static_assert(int(camera::track) == int(model::Look::Track::track) && int(camera::trackcom) == int(model::Look::Track::trackcom));
static_assert(int(camera::targetbody) == int(model::Look::Track::targetbody) && int(camera::targetbodycom) == int(model::Look::Track::targetbodycom));

NURI_SAME(joint, JointType, free); NURI_SAME(joint, JointType, ball); NURI_SAME(joint, JointType, slide);
NURI_SAME(joint, JointType, hinge);

NURI_SAME(geom, GeomType, plane); NURI_SAME(geom, GeomType, hfield); NURI_SAME(geom, GeomType, sphere); NURI_SAME(geom, GeomType, capsule);
NURI_SAME(geom, GeomType, ellipsoid); NURI_SAME(geom, GeomType, cylinder); NURI_SAME(geom, GeomType, box); NURI_SAME(geom, GeomType, mesh);

#undef NURI_SAME

}  // namespace nuri
