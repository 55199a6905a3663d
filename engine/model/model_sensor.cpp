#include "engine/model/model_sensor.h"

namespace nuri::model {
using namespace scene;

int sensor_values(SensorType type) {
  switch (type) {
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
    case SensorType::torque: case SensorType::magnetometer: return object == ObjectType::site;
    case SensorType::jointpos: case SensorType::jointvel: case SensorType::jointactuatorfrc: return joint(false);
    case SensorType::jointlimitpos: case SensorType::jointlimitvel: case SensorType::jointlimitfrc: return object == ObjectType::joint && m.joint_type[index] != int(JointType::free);
    case SensorType::ballquat: case SensorType::ballangvel: return joint(true);
    case SensorType::tendonpos: case SensorType::tendonvel: case SensorType::tendonactuatorfrc: case SensorType::tendonlimitpos:
    case SensorType::tendonlimitvel: case SensorType::tendonlimitfrc: return object == ObjectType::tendon;
    case SensorType::actuatorpos: case SensorType::actuatorvel: case SensorType::actuatorfrc: return object == ObjectType::actuator;
    case SensorType::subtreecom: case SensorType::subtreelinvel: case SensorType::subtreeangmom: return object == ObjectType::body || object == ObjectType::xbody;
    case SensorType::e_potential: case SensorType::e_kinetic: case SensorType::clock: return object == ObjectType::none;
    default: return object == ObjectType::body || object == ObjectType::xbody || object == ObjectType::geom || object == ObjectType::site;
  }
}

}  // namespace nuri::model
