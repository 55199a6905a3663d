// Sensors and keyframes.
#include <algorithm>
#include <cmath>

#include "engine/model/compile_look.h"
#include "engine/model/compile_parts.h"
#include "engine/model/compile_rays.h"
#include "engine/model/model_sensor.h"
#include "engine/model/plastic.h"
#include "engine/model/pairs.h"
#include "engine/scene/actuators.h"
#include "engine/shape/bvh_build.h"

namespace nuri::model {
using namespace scene;
using namespace shape;
namespace {

// Geoms that rays can meet. MuJoCo's rule: a material's alpha if there is one, else the geom's own.
void see_geoms(Compilation& c) {
  Model& m = c.model;
  const auto& materials = c.scene.materials;
  for (int g = 0; g < m.geom_count; ++g) {
    const Geom& geom = c.scene.geoms[size_t(g)];
    if (!geom.seen) continue;
    const auto material = std::find_if(materials.begin(), materials.end(), [&](const Material& k) { return !geom.material.empty() && k.name == geom.material; });
    if ((material == materials.end() ? geom.rgba[3] : material->rgba[3]) == 0) continue;
    m.seen_geom.push_back(g);
    const bool mesh = geom.type == GeomType::mesh;
    if ((mesh || geom.type == GeomType::hfield) && m.geom_shape[size_t(g)] < 0)
      c.error("unsupported-ray", label("geom", geom.name, size_t(g)) + ": rangefinders cannot see this " + (mesh ? "mesh" : "height field"), geom.place,
              "make it invisible (alpha 0), or use primitive shapes");
  }
  m.seen_count = int(m.seen_geom.size());
}

// Every pair of geoms that a distance is about.
void check_distance(Compilation& c, const Sensor& s, const std::string& who) {
  const Model& m = c.model;
  if (s.object_type == s.reference_type && s.object == s.reference) return c.error("bad-sensor", who + " needs two different bodies or geoms", s.place);
  if (!(s.cutoff >= 0)) return c.error("bad-sensor", who + ": the cutoff must not be negative", s.place);
  const auto part = [&](int g, ObjectType type, int object) { return type == ObjectType::geom ? g == object : m.geom_body[size_t(g)] == object; };
  for (int a = 0; a < m.geom_count; ++a) {
    for (int b = 0; b < m.geom_count; ++b) {
      if (!part(a, s.object_type, s.object) || !part(b, s.reference_type, s.reference) || distance_known(m.geom_type[size_t(a)], m.geom_type[size_t(b)])) continue;
      return c.error("unsupported-distance", who + ": the distance between " + label("geom", m.geom_name[size_t(a)], size_t(a)) + " and " +
                     label("geom", m.geom_name[size_t(b)], size_t(b)) + " is not known", s.place, "use primitive shapes, or geoms in place of bodies");
    }
  }
}
bool of_actuator(SensorType type) { return type >= SensorType::actuatorpos && type <= SensorType::actuatorfrc; }
// Cameras that sensors refer to, in the scene's order. Returns their indices by the scene's.
std::vector<int> compile_cameras(Compilation& c) {
  Model& m = c.model;
  const Scene& s = c.scene;
  std::vector<int> index(s.cameras.size(), -1);
  for (const Sensor& sensor : s.sensors) {
    if (sensor.object_type == ObjectType::camera) index[size_t(sensor.object)] = 0;
    if (sensor.reference_type == ObjectType::camera) index[size_t(sensor.reference)] = 0;
  }
  for (size_t i = 0; i < index.size(); ++i) {
    if (index[i] < 0) continue;
    index[i] = m.camera_count++;
    const Camera& k = s.cameras[i];
    const auto target = std::find_if(s.bodies.begin(), s.bodies.end(), [&](const Body& b) { return !k.target.empty() && b.name == k.target; });
    m.camera_body.push_back(k.body);
    m.camera_target.push_back(target == s.bodies.end() ? -1 : int(target - s.bodies.begin()));
    m.camera_mode.push_back(int(track_of(k.mode)));
    m.camera_orthographic.push_back(k.orthographic);
    m.camera_resolution.insert(m.camera_resolution.end(), k.resolution.begin(), k.resolution.end());
    append(m.camera_pos, k.pos);
    append(m.camera_quat, unit(k.quat));
    // by the size of its sensor, where MuJoCo's rays meet the axis at `principal` from the corner; else by the field of view, about the middle
    const bool measured = k.focal[0] > 0;
    const double focal = 0.5 / std::tan(0.5 * k.fovy) * k.resolution[1];
    append(m.camera_lens, std::array<double, 5>{measured ? k.focal[0] : focal, measured ? k.focal[1] : focal, measured ? 0 - k.principal[0] : 0.5 * k.resolution[0],
                                                measured ? 0 - k.principal[1] : 0.5 * k.resolution[1], k.extent});
  }
  return index;
}
}  // namespace

bool casts_rays(const Scene& scene) {
  return std::any_of(scene.sensors.begin(), scene.sensors.end(), [](const Sensor& s) { return s.type == SensorType::rangefinder; });
}

void add_ray_mesh(Model& m, const std::vector<Vec>& vertices, const std::vector<std::array<int, 3>>& triangles) {
  const Bvh bvh = build_bvh(vertices, triangles);
  if (m.ray_vertex_adr.empty()) m.ray_vertex_adr = m.ray_triangle_adr = m.bvh_node_adr = {0};
  m.ray_vertex_count += int(vertices.size());
  m.ray_triangle_count += int(bvh.triangle.size() / 3);
  m.bvh_node_count += int(bvh.node.size() / 2);
  m.ray_vertex_adr.push_back(m.ray_vertex_count);
  m.ray_triangle_adr.push_back(m.ray_triangle_count);
  m.bvh_node_adr.push_back(m.bvh_node_count);
  for (const Vec& v : vertices) append(m.ray_vertex, v);
  m.ray_triangle.insert(m.ray_triangle.end(), bvh.triangle.begin(), bvh.triangle.end());
  m.bvh_node.insert(m.bvh_node.end(), bvh.node.begin(), bvh.node.end());
  m.bvh_bound.insert(m.bvh_bound.end(), bvh.bound.begin(), bvh.bound.end());
}

void compile_sensors(Compilation& c) {
  Model& m = c.model;
  if (m.mesh_count == 0 && m.height_field_count == 0) m.geom_shape.assign(size_t(m.geom_count), -1);
  if (casts_rays(c.scene)) see_geoms(c);
  const std::vector<int> camera = compile_cameras(c);
  const auto index_of = [&](ObjectType type, int index) { return type == ObjectType::none ? -1 : type == ObjectType::camera ? camera[size_t(index)] : index; };
  m.sensor_count = int(c.scene.sensors.size());
  m.sensor_adr = {0};
  for (size_t i = 0; i < c.scene.sensors.size(); ++i) {
    const Sensor& s = c.scene.sensors[i];
    m.sensor_name.push_back(s.name);
    m.sensor_type.push_back(int(s.type));
    m.sensor_object_type.push_back(int(s.object_type));
    m.sensor_object.push_back(index_of(s.object_type, s.object));
    m.sensor_reference_type.push_back(int(s.reference_type));
    m.sensor_reference.push_back(index_of(s.reference_type, s.reference));
    const bool ranges = s.type == SensorType::rangefinder, touches = s.type == SensorType::contact;
    const int data = !ranges && !touches ? 0 : s.data == 0 ? 1 : s.data, listed = touches || s.type == SensorType::user ? s.num : 1;
    const int object = m.sensor_object.back(), reference = m.sensor_reference.back();
    const int64_t pixels = ranges && object >= 0 && s.object_type == ObjectType::camera ? int64_t(m.camera_resolution[2 * size_t(object)]) * m.camera_resolution[2 * size_t(object) + 1] : 1;
    const int num = int(std::min<int64_t>(pixels, most_pixels)) * listed;
    const std::string who = label("sensor", s.name, i);
    if ((ranges && (data & ~ray_data::all)) || (touches && (data & ~contact_data::all))) c.error("bad-sensor", who + ": unknown data", s.place);
    if (pixels > most_pixels) c.error("bad-sensor", who + ": its camera has " + std::to_string(pixels) + " pixels; a rangefinder takes " + std::to_string(most_pixels) + " at most", s.place, "a depth eye of the scene file is made for pictures");
    if (listed < 1 || listed > most_readings) c.error("bad-sensor", who + ": num is from 1 to " + std::to_string(most_readings), s.place);
    m.sensor_data.push_back(data);
    m.sensor_reduce.push_back(touches ? int(s.reduce) : 0);
    const int one = of_actuator(s.type) && s.object_type == ObjectType::actuator ? output_count(c.scene.actuators[size_t(s.object)]) : sensor_values(s.type, data);
    m.sensor_adr.push_back(m.sensor_adr.back() + one * std::clamp(num, 1, std::max(most_readings, most_pixels)));
    m.sensor_cutoff.push_back(s.cutoff);
    m.sensor_noise.push_back(s.noise);
    if (s.type == SensorType::clock || m.flags & flag_sensornoise) m.clock_count = m.flags & flag_sensornoise ? 6 : 2;
    const bool suits = sensor_suits(m, s.type, s.object_type, object), refers = sensor_refers(s.type, s.reference_type);
    if (!suits) c.error("bad-sensor", who + " is attached to something it cannot sense", s.place);
    if (!refers) c.error("bad-sensor", who + (s.type == SensorType::insidesite ? ": the reference is a site" : s.type == SensorType::camprojection ? ": the reference is a camera" : ": a reference is a body, geom, site or camera"), s.place);
    if (s.type == SensorType::camprojection && reference >= 0 && m.camera_resolution[2 * size_t(reference)] < 1) c.error("bad-sensor", who + ": its camera has no resolution", s.place, "give the camera 'resolution'");
    if (touches && s.reduce == ContactReduce::netforce && (data & (contact_data::linvel | contact_data::angvel))) c.error("bad-sensor", who + ": a net force has no linvel or angvel", s.place);
    if (suits && refers && s.type >= SensorType::distance && s.type <= SensorType::fromto) check_distance(c, s, who);
    const int zone = touches && s.object_type == ObjectType::site ? s.object : s.type == SensorType::insidesite && refers ? s.reference : -1;
    if (zone >= 0 && (m.site_type[size_t(zone)] < geom_sphere || m.site_type[size_t(zone)] > geom_box)) c.error("bad-sensor", who + ": the site has no volume", s.place);
  }
  m.sensor_value_count = m.sensor_adr.back();
}

void compile_keys(Compilation& c) {
  Model& m = c.model;
  m.key_count = int(c.scene.keys.size());
  const std::vector<double> plastic = initial_plastic(m, [](const char*, const std::vector<double>& values, int item) { return values[size_t(item)]; });
  for (size_t i = 0; i < c.scene.keys.size(); ++i) {
    const Key& k = c.scene.keys[i];
    const std::string who = label("keyframe", k.name, i);
    m.key_name.push_back(k.name);
    m.key_time.push_back(k.time);
    auto fill = [&](const std::vector<double>& from, size_t count, const std::vector<double>& missing, std::vector<double>& to, const char* what) {
      if (!from.empty() && from.size() != count) {
        c.error("bad-keyframe", who + ": " + what + " has " + std::to_string(from.size()) + " numbers, the model has " + std::to_string(count), k.place);
      }
      if (from.size() == count) to.insert(to.end(), from.begin(), from.end());
      else if (missing.size() == count) to.insert(to.end(), missing.begin(), missing.end());
      else to.insert(to.end(), count, 0.0);
    };
    fill(k.qpos, m.qpos_count, m.qpos0, m.key_qpos, "qpos");
    fill(k.qvel, m.dof_count, {}, m.key_qvel, "qvel");
    fill(k.act, m.activation_count, {}, m.key_act, "act");
    fill(k.ctrl, m.control_count, {}, m.key_ctrl, "ctrl");
    fill(k.plastic, m.plastic_count, plastic, m.key_plastic, "plastic");
    for (size_t p = 0; p < plastic.size(); ++p)
      if (double& number = m.key_plastic[i * plastic.size() + p]; std::isnan(number)) number = plastic[p];
    for (int j = 0; j < m.joint_count; ++j) {                   // quaternions are stored unit
      const int offset = m.joint_type[j] == int(JointType::free) ? 3 : 0;
      if (m.joint_type[j] > int(JointType::ball)) continue;
      double* q = &m.key_qpos[i * m.qpos_count + m.joint_qpos[j] + offset];
      put(q, unit(rot(q)));
      if (m.joint_plastic[j] < 0) continue;
      q = &m.key_plastic[i * m.plastic_count + m.joint_plastic[j]];
      put(q, unit(rot(q)));
    }
    if (!k.mpos.empty() || !k.mquat.empty()) c.note("keyframe-mocap", who + ": poses of mocap bodies are not kept in keyframes", k.place);
  }
}

}  // namespace nuri::model
