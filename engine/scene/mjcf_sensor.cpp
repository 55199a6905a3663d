// Sensors and keyframes.
#include <algorithm>
#include "engine/scene/mjcf_reader.h"

namespace nuri::scene::mjcf {
namespace {

// What a sensor names: `object` is its attribute; null: objtype and objname; "": nothing.
struct Row { const char* tag; SensorType type; const char* object; ObjectType object_type; Kind kind; };
constexpr int most_contacts = 1000, most_user = 10000, most_samples = 1 << 20;
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

// Sensors that name their objects in ways of their own: read_own_way().
constexpr Row own_rows[] = {
    {"rangefinder", SensorType::rangefinder, "site", ObjectType::site, Kind::site}, {"contact", SensorType::contact, "", ObjectType::none, Kind::count},
    {"distance", SensorType::distance, "", ObjectType::none, Kind::count},          {"normal", SensorType::normal, "", ObjectType::none, Kind::count},
    {"fromto", SensorType::fromto, "", ObjectType::none, Kind::count},              {"insidesite", SensorType::insidesite, "", ObjectType::none, Kind::count},
    {"camprojection", SensorType::camprojection, "site", ObjectType::site, Kind::site}, {"user", SensorType::user, "", ObjectType::none, Kind::count}};

constexpr const char* later[] = {"tactile", "plugin"};      // taxels need the distance field of what they touch

// objtype + objname, or reftype + refname.
void read_frame_object(Reader& reader, Attributes& a, const char* type_name, const char* name_name, ObjectType& out_type, int& out_index) {
  a.keyword(type_name, out_type, {{"body", ObjectType::body}, {"xbody", ObjectType::xbody}, {"geom", ObjectType::geom}, {"site", ObjectType::site}, {"camera", ObjectType::camera}});
  const Kind kind = out_type == ObjectType::geom ? Kind::geom : out_type == ObjectType::site ? Kind::site : out_type == ObjectType::camera ? Kind::camera : Kind::body;
  if (out_type != ObjectType::none) out_index = reader.find(a, name_name, kind);
  else { std::string unused; a.text(name_name, unused); }
}

// data="found force": bits, in the order of `words`; each once.
void read_bits(Attributes& a, const std::vector<std::string>& words, int& out) {
  std::string text;
  if (!a.text("data", text)) return;
  int bits = 0, last = -1;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t begin = text.find_first_not_of(" \t\n\r", at);
    if (begin == std::string::npos) break;
    at = std::min(text.find_first_of(" \t\n\r", begin), text.size());
    const std::string one = text.substr(begin, at - begin);
    const int bit = static_cast<int>(std::find(words.begin(), words.end(), one) - words.begin());
    if (bit == static_cast<int>(words.size())) return a.error("data", "bad-keyword", "attribute 'data' of <" + a.element().name + "> cannot hold " + xml::shown(one), xml::nearest_hint(one, words));
    if (!a.check(bit > last, "data", "hold its words in order, each once")) return;
    last = bit;
    bits |= 1 << bit;
  }
  if (bits != 0) out = bits;
}

// One of the attributes, which say of what kind the object is; none: nothing, if that is allowed.
struct Choice { const char* attribute; ObjectType type; Kind kind; };
void read_choice(Reader& reader, Attributes& a, const std::vector<Choice>& choices, bool required, ObjectType& out_type, int& out_index) {
  const char* first = nullptr;
  for (const Choice& choice : choices) {
    const int found = reader.find(a, choice.attribute, choice.kind);
    if (!a.has(choice.attribute)) continue;
    if (first) a.error(choice.attribute, "conflicting-attributes", "<" + a.element().name + "> has both " + first + " and " + choice.attribute, "keep one of them");
    first = choice.attribute;
    out_type = choice.type;
    out_index = found;
  }
  if (!first && required) {
    std::string names;
    for (const Choice& choice : choices) names += (names.empty() ? "'" : " or '") + std::string(choice.attribute) + "'";
    reader.error(a.element(), "missing-attribute", "<" + a.element().name + "> needs attribute " + names);
  }
}

void read_own_way(Reader& reader, Attributes& a, Sensor& out) {
  switch (out.type) {
    case SensorType::rangefinder:
      read_choice(reader, a, {{"site", ObjectType::site, Kind::site}, {"camera", ObjectType::camera, Kind::camera}}, true, out.object_type, out.object);
      if (out.object_type == ObjectType::camera && out.object >= 0)
        a.check(reader.scene.cameras[static_cast<std::size_t>(out.object)].resolution[0] > 0, "camera", "name a camera with a resolution");
      read_bits(a, {"dist", "dir", "origin", "point", "normal", "depth"}, out.data);
      break;
    case SensorType::contact:
      read_choice(reader, a, {{"geom1", ObjectType::geom, Kind::geom}, {"body1", ObjectType::body, Kind::body}, {"subtree1", ObjectType::xbody, Kind::body}, {"site", ObjectType::site, Kind::site}},
                  false, out.object_type, out.object);
      read_choice(reader, a, {{"geom2", ObjectType::geom, Kind::geom}, {"body2", ObjectType::body, Kind::body}, {"subtree2", ObjectType::xbody, Kind::body}}, false, out.reference_type, out.reference);
      read_bits(a, {"found", "force", "torque", "dist", "pos", "normal", "tangent", "linvel", "angvel"}, out.data);
      a.keyword("reduce", out.reduce, {{"none", ContactReduce::none}, {"mindist", ContactReduce::mindist}, {"maxforce", ContactReduce::maxforce}, {"netforce", ContactReduce::netforce}});
      if (a.integer("num", out.num)) a.check(out.num >= 1 && out.num <= most_contacts, "num", "lie in 1 .. 1000");
      if (out.reduce == ContactReduce::netforce) a.check(!(out.data & (contact_data::linvel | contact_data::angvel)), "data", "not hold linvel or angvel with reduce=\"netforce\"");
      break;
    case SensorType::camprojection:
      a.require("site");
      a.require("camera");
      out.object_type = ObjectType::site;
      out.object = reader.find(a, "site", Kind::site);
      out.reference_type = ObjectType::camera;
      out.reference = reader.find(a, "camera", Kind::camera);
      if (out.reference >= 0) a.check(reader.scene.cameras[static_cast<std::size_t>(out.reference)].resolution[0] > 0, "camera", "name a camera with a resolution");
      break;
    case SensorType::user:
      a.require("dim");
      if (a.integer("dim", out.num)) a.check(out.num >= 1 && out.num <= most_user, "dim", "lie in 1 .. 10000");
      a.accept({"objtype", "objname", "datatype", "needstage"});
      a.note("dim", "user-sensor", "this sensor reads 0: what it shows is for the one who reads it to compute, as MuJoCo leaves it to a callback");
      break;
    case SensorType::insidesite:
      a.require("objtype");
      a.require("objname");
      a.require("site");
      read_frame_object(reader, a, "objtype", "objname", out.object_type, out.object);
      out.reference_type = ObjectType::site;
      out.reference = reader.find(a, "site", Kind::site);
      if (bool enclosed = false; a.boolean("enclosed", enclosed) && enclosed)
        a.error("enclosed", "not-supported-yet", "enclosed=\"true\" is not supported yet", "without it the sensor asks for the object's origin");
      break;
    default:                                                   // distance, normal, fromto
      read_choice(reader, a, {{"geom1", ObjectType::geom, Kind::geom}, {"body1", ObjectType::body, Kind::body}}, true, out.object_type, out.object);
      read_choice(reader, a, {{"geom2", ObjectType::geom, Kind::geom}, {"body2", ObjectType::body, Kind::body}}, true, out.reference_type, out.reference);
      if (out.object >= 0 && out.object_type == out.reference_type && out.object == out.reference)
        reader.error(a.element(), "repeated-object", "this sensor measures between a thing and itself");
      break;
  }
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

void read_history(Attributes& a, History& out, bool sensor) {
  if (a.integer("nsample", out.samples)) {
    a.check(out.samples <= most_samples, "nsample", "be at most 1048576");
    out.samples = std::max(0, out.samples);
  }
  a.keyword("interp", out.interpolation, {{"zoh", Interpolation::hold}, {"linear", Interpolation::linear}, {"cubic", Interpolation::cubic}});
  if (a.number("delay", out.delay)) a.check(out.delay >= 0, "delay", "be >= 0 s");
  if (!sensor || !a.up_to("interval", out.interval)) return;
  a.check(out.interval[0] >= 0, "interval", "begin with a period >= 0 s");
  a.check(out.interval[0] <= 0 || (out.interval[1] <= 0 && out.interval[1] > -out.interval[0]), "interval", "end with a phase that is 0, or less than a period before 0");
}

void read_sensors(Reader& reader, const xml::Element& section) {
  Attributes(section, reader.findings).finish();
  for (const auto& child : section.children) {
    const auto is_it = [&](const Row& r) { return child->name == r.tag; };
    const Row *usual = std::find_if(std::begin(rows), std::end(rows), is_it), *own = std::find_if(std::begin(own_rows), std::end(own_rows), is_it);
    const bool own_way = own != std::end(own_rows);
    const Row* const row = own_way ? own : usual != std::end(rows) ? usual : nullptr;
    if (!row) {
      if (std::find(std::begin(later), std::end(later), child->name) != std::end(later)) {
        reader.not_supported(*child);
        continue;
      }
      std::vector<std::string> known;
      for (const Row& r : rows) known.push_back(r.tag);
      for (const Row& r : own_rows) known.push_back(r.tag);
      reader.unknown_element(*child, known);
      continue;
    }
    Attributes a(*child, reader.findings);
    Sensor sensor;
    sensor.type = row->type;
    reader.declare(a, Kind::sensor, sensor.name, reader.scene.sensors.size());
    if (own_way) {
      read_own_way(reader, a, sensor);
    } else if (row->object == nullptr) {
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
    a.accept({"user"});
    if (row->type != SensorType::user) read_history(a, sensor.history, true);
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
    a.list("plastic", key.plastic);
    a.finish();
    reader.no_children(*child);
    key.place = child->place();
    reader.scene.keys.push_back(std::move(key));
  }
}

}  // namespace nuri::scene::mjcf
