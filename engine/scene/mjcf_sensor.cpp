// Sensors and keyframes.
#include <algorithm>
#include "engine/scene/mjcf_reader.h"

namespace nuri::scene::mjcf {
namespace {

// What a sensor names: `object` is its attribute; null: objtype and objname; "": nothing.
struct Row { const char* tag; SensorType type; const char* object; ObjectType object_type; Kind kind; };
constexpr const char* frame = nullptr;
constexpr Row rows[] = {
    {"touch", SensorType::touch, "site", ObjectType::site, Kind::site},
    {"accelerometer", SensorType::accelerometer, "site", ObjectType::site, Kind::site},
    {"velocimeter", SensorType::velocimeter, "site", ObjectType::site, Kind::site},
    {"gyro", SensorType::gyro, "site", ObjectType::site, Kind::site},
    {"force", SensorType::force, "site", ObjectType::site, Kind::site},
    {"torque", SensorType::torque, "site", ObjectType::site, Kind::site},
    {"magnetometer", SensorType::magnetometer, "site", ObjectType::site, Kind::site},
    {"jointpos", SensorType::jointpos, "joint", ObjectType::joint, Kind::joint},
    {"jointvel", SensorType::jointvel, "joint", ObjectType::joint, Kind::joint},
    {"tendonpos", SensorType::tendonpos, "tendon", ObjectType::tendon, Kind::tendon},
    {"tendonvel", SensorType::tendonvel, "tendon", ObjectType::tendon, Kind::tendon},
    {"actuatorpos", SensorType::actuatorpos, "actuator", ObjectType::actuator, Kind::actuator},
    {"actuatorvel", SensorType::actuatorvel, "actuator", ObjectType::actuator, Kind::actuator},
    {"actuatorfrc", SensorType::actuatorfrc, "actuator", ObjectType::actuator, Kind::actuator},
    {"jointactuatorfrc", SensorType::jointactuatorfrc, "joint", ObjectType::joint, Kind::joint},
    {"tendonactuatorfrc", SensorType::tendonactuatorfrc, "tendon", ObjectType::tendon, Kind::tendon},
    {"ballquat", SensorType::ballquat, "joint", ObjectType::joint, Kind::joint},
    {"ballangvel", SensorType::ballangvel, "joint", ObjectType::joint, Kind::joint},
    {"jointlimitpos", SensorType::jointlimitpos, "joint", ObjectType::joint, Kind::joint},
    {"jointlimitvel", SensorType::jointlimitvel, "joint", ObjectType::joint, Kind::joint},
    {"jointlimitfrc", SensorType::jointlimitfrc, "joint", ObjectType::joint, Kind::joint},
    {"tendonlimitpos", SensorType::tendonlimitpos, "tendon", ObjectType::tendon, Kind::tendon},
    {"tendonlimitvel", SensorType::tendonlimitvel, "tendon", ObjectType::tendon, Kind::tendon},
    {"tendonlimitfrc", SensorType::tendonlimitfrc, "tendon", ObjectType::tendon, Kind::tendon},
    {"framepos", SensorType::framepos, frame, ObjectType::none, Kind::count},
    {"framequat", SensorType::framequat, frame, ObjectType::none, Kind::count},
    {"framexaxis", SensorType::framexaxis, frame, ObjectType::none, Kind::count},
    {"frameyaxis", SensorType::frameyaxis, frame, ObjectType::none, Kind::count},
    {"framezaxis", SensorType::framezaxis, frame, ObjectType::none, Kind::count},
    {"framelinvel", SensorType::framelinvel, frame, ObjectType::none, Kind::count},
    {"frameangvel", SensorType::frameangvel, frame, ObjectType::none, Kind::count},
    {"framelinacc", SensorType::framelinacc, frame, ObjectType::none, Kind::count},
    {"frameangacc", SensorType::frameangacc, frame, ObjectType::none, Kind::count},
    {"subtreecom", SensorType::subtreecom, "body", ObjectType::body, Kind::body},
    {"subtreelinvel", SensorType::subtreelinvel, "body", ObjectType::body, Kind::body},
    {"subtreeangmom", SensorType::subtreeangmom, "body", ObjectType::body, Kind::body},
    {"e_potential", SensorType::e_potential, "", ObjectType::none, Kind::count},
    {"e_kinetic", SensorType::e_kinetic, "", ObjectType::none, Kind::count},
    {"clock", SensorType::clock, "", ObjectType::none, Kind::count}};

constexpr const char* later[] = {"camprojection", "rangefinder", "insidesite", "distance", "normal", "fromto", "contact", "tactile", "user", "plugin"};

// objtype + objname, or reftype + refname.
void read_frame_object(Reader& reader, Attributes& a, const char* type_name, const char* name_name, ObjectType& out_type, int& out_index) {
  a.keyword(type_name, out_type, {{"body", ObjectType::body}, {"xbody", ObjectType::xbody}, {"geom", ObjectType::geom}, {"site", ObjectType::site}, {"camera", ObjectType::none}});
  if (a.has(type_name) && a.element().find(type_name)->value == "camera")
    return a.refuse({type_name, name_name});
  const Kind kind = out_type == ObjectType::geom ? Kind::geom : out_type == ObjectType::site ? Kind::site : Kind::body;
  if (out_type != ObjectType::none) out_index = reader.find(a, name_name, kind);
  else { std::string unused; a.text(name_name, unused); }
}

void check_joint(Reader& reader, Attributes& a, const Sensor& sensor) {
  if (sensor.object_type != ObjectType::joint || sensor.object < 0) return;
  const Joint& joint = reader.scene.joints[static_cast<std::size_t>(sensor.object)];
  const bool scalar = joint.type == JointType::hinge || joint.type == JointType::slide;
  switch (sensor.type) {
    case SensorType::jointpos:
    case SensorType::jointvel:
    case SensorType::jointactuatorfrc:
      a.check(scalar, "joint", "name a hinge or a slide joint");
      break;
    case SensorType::ballquat:
    case SensorType::ballangvel:
      a.check(joint.type == JointType::ball, "joint", "name a ball joint");
      break;
    default:
      a.check(joint.limited, "joint", "name a joint with limits");
      break;
  }
}

}  // namespace

void read_sensors(Reader& reader, const xml::Element& section) {
  Attributes(section, reader.findings).finish();
  for (const auto& child : section.children) {
    auto row = std::find_if(std::begin(rows), std::end(rows), [&](const Row& r) { return child->name == r.tag; });
    if (row == std::end(rows)) {
      if (std::find(std::begin(later), std::end(later), child->name) != std::end(later)) {
        reader.not_supported(*child);
        continue;
      }
      std::vector<std::string> known;
      for (const Row& r : rows) known.push_back(r.tag);
      reader.unknown_element(*child, known);
      continue;
    }
    Attributes a(*child, reader.findings);
    Sensor sensor;
    sensor.type = row->type;
    reader.declare(a, Kind::sensor, sensor.name, reader.scene.sensors.size());
    if (row->object == nullptr) {
      a.require("objtype");
      a.require("objname");
      read_frame_object(reader, a, "objtype", "objname", sensor.object_type, sensor.object);
      if (row->type != SensorType::framelinacc && row->type != SensorType::frameangacc) {
        if (a.has("reftype")) a.require("refname");
        if (a.has("refname")) a.require("reftype");
        read_frame_object(reader, a, "reftype", "refname", sensor.reference_type, sensor.reference);
      }
    } else if (*row->object) {
      a.require(row->object);
      sensor.object_type = row->object_type;
      sensor.object = reader.find(a, row->object, row->kind);
    }
    if (a.number("cutoff", sensor.cutoff)) a.check(sensor.cutoff >= 0, "cutoff", "be >= 0");
    if (a.number("noise", sensor.noise)) a.check(sensor.noise >= 0, "noise", "be >= 0");
    a.accept({"user", "interp"});
    a.accept_zero({"nsample", "delay", "interval"});
    a.finish();
    reader.no_children(*child);
    check_joint(reader, a, sensor);
    if (sensor.object_type == ObjectType::tendon && sensor.object >= 0 && row->type >= SensorType::tendonlimitpos && row->type <= SensorType::tendonlimitfrc)
      a.check(reader.scene.tendons[static_cast<std::size_t>(sensor.object)].limited, "tendon", "name a tendon with limits");
    sensor.place = child->place();
    reader.scene.sensors.push_back(sensor);
  }
}

void read_keyframe(Reader& reader, const xml::Element& section) {
  Attributes(section, reader.findings).finish();
  for (const auto& child : section.children) {
    if (child->name != "key") {
      reader.unknown_element(*child, {"key"});
      continue;
    }
    Attributes a(*child, reader.findings);
    Key key;
    reader.declare(a, Kind::key, key.name, reader.scene.keys.size());
    a.number("time", key.time);
    a.list("qpos", key.qpos);
    a.list("qvel", key.qvel);
    a.list("act", key.act);
    a.list("ctrl", key.ctrl);
    a.list("mpos", key.mpos);
    a.list("mquat", key.mquat);
    a.finish();
    reader.no_children(*child);
    key.place = child->place();
    reader.scene.keys.push_back(std::move(key));
  }
}

}  // namespace nuri::scene::mjcf
