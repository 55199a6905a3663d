#include "engine/model/model_sensor.h"

#include <algorithm>

#include "engine/model/pairs.h"

namespace nuri::model {
using namespace scene;

int sensor_values(SensorType type, int data) {   // of a user sensor: each of its numbers is a reading
  const auto threes = [&](int bits) { int n = 0; for (int b = 1; b <= bits; b += b) n += (data & bits & b) ? 3 : 0; return n; };
  const auto ones = [&](int bits) { int n = 0; for (int b = 1; b <= bits; b += b) n += (data & bits & b) ? 1 : 0; return n; };
  switch (type) {
    case SensorType::rangefinder: return ones(ray_data::dist | ray_data::depth) + threes(ray_data::all & ~(ray_data::dist | ray_data::depth));
    case SensorType::contact: return ones(contact_data::found | contact_data::dist) + threes(contact_data::all & ~(contact_data::found | contact_data::dist));
    case SensorType::normal: return 3;
    case SensorType::camprojection: return 2;
    case SensorType::fromto: return 6;
    case SensorType::accelerometer: case SensorType::velocimeter: case SensorType::gyro: case SensorType::force: case SensorType::torque:
    case SensorType::magnetometer: case SensorType::ballangvel: case SensorType::framepos: case SensorType::framexaxis: case SensorType::frameyaxis:
    case SensorType::framezaxis: case SensorType::framelinvel: case SensorType::frameangvel: case SensorType::framelinacc:
    case SensorType::frameangacc: case SensorType::subtreecom: case SensorType::subtreelinvel: case SensorType::subtreeangmom: return 3;
    case SensorType::ballquat: case SensorType::framequat: return 4;
    default: return 1;
  }
}

bool sensor_suits(const Model& m, SensorType type, ObjectType object, int index) {
  auto joint = [&](bool ball) { return object == ObjectType::joint && (ball ? m.joint_type[index] == int(JointType::ball) : m.joint_type[index] >= int(JointType::slide)); };
  switch (type) {
    case SensorType::touch: case SensorType::accelerometer: case SensorType::velocimeter: case SensorType::gyro: case SensorType::force:
    case SensorType::torque: case SensorType::magnetometer: case SensorType::camprojection: return object == ObjectType::site;
    case SensorType::rangefinder: return object == ObjectType::site || (object == ObjectType::camera && m.camera_resolution[2 * size_t(index)] > 0);
    case SensorType::user: return true;
    case SensorType::contact: return object == ObjectType::none || object == ObjectType::body || object == ObjectType::xbody || object == ObjectType::geom || object == ObjectType::site;
    case SensorType::distance: case SensorType::normal: case SensorType::fromto: return object == ObjectType::body || object == ObjectType::geom;
    case SensorType::jointpos: case SensorType::jointvel: case SensorType::jointactuatorfrc: return joint(false);
    case SensorType::jointlimitpos: case SensorType::jointlimitvel: case SensorType::jointlimitfrc: return object == ObjectType::joint && m.joint_type[index] != int(JointType::free);
    case SensorType::ballquat: case SensorType::ballangvel: return joint(true);
    case SensorType::tendonpos: case SensorType::tendonvel: case SensorType::tendonactuatorfrc: case SensorType::tendonlimitpos:
    case SensorType::tendonlimitvel: case SensorType::tendonlimitfrc: return object == ObjectType::tendon;
    case SensorType::actuatorpos: case SensorType::actuatorvel: case SensorType::actuatorfrc: return object == ObjectType::actuator;
    case SensorType::subtreecom: case SensorType::subtreelinvel: case SensorType::subtreeangmom: return object == ObjectType::body || object == ObjectType::xbody;
    case SensorType::e_potential: case SensorType::e_kinetic: case SensorType::clock: return object == ObjectType::none;
    default: return object == ObjectType::body || object == ObjectType::xbody || object == ObjectType::geom || object == ObjectType::site || object == ObjectType::camera;
  }
}

bool sensor_refers(SensorType type, ObjectType reference) {
  switch (type) {
    case SensorType::contact: return reference == ObjectType::none || reference == ObjectType::body || reference == ObjectType::xbody || reference == ObjectType::geom;
    case SensorType::distance: case SensorType::normal: case SensorType::fromto: return reference == ObjectType::body || reference == ObjectType::geom;
    case SensorType::insidesite: return reference == ObjectType::site;
    case SensorType::camprojection: return reference == ObjectType::camera;
    case SensorType::user: return reference == ObjectType::none;
    default: return reference == ObjectType::none || reference == ObjectType::body || reference == ObjectType::xbody || reference == ObjectType::geom || reference == ObjectType::site || reference == ObjectType::camera;
  }
}

bool distance_known(int type1, int type2) {
  const int one = std::min(type1, type2), two = std::max(type1, type2);
  return one != geom_hfield && two != geom_hfield && two != geom_mesh;
}

}  // namespace nuri::model
