// Sensors, keyframes, and what renderers want to know.
#include <nlohmann/json.hpp>

#include "engine/model/compile_parts.h"
#include "engine/model/model_sensor.h"

namespace nuri::model {
using namespace scene;
using namespace shape;
void compile_sensors(Compilation& c) {
  Model& m = c.model;
  m.sensor_count = int(c.scene.sensors.size());
  m.sensor_adr = {0};
  for (size_t i = 0; i < c.scene.sensors.size(); ++i) {
    const Sensor& s = c.scene.sensors[i];
    m.sensor_name.push_back(s.name);
    m.sensor_type.push_back(int(s.type));
    m.sensor_object_type.push_back(int(s.object_type));
    m.sensor_object.push_back(s.object_type == ObjectType::none ? -1 : s.object);
    m.sensor_reference_type.push_back(int(s.reference_type));
    m.sensor_reference.push_back(s.reference_type == ObjectType::none ? -1 : s.reference);
    m.sensor_adr.push_back(m.sensor_adr.back() + sensor_values(s.type));
    m.sensor_cutoff.push_back(s.cutoff);
    if (!sensor_suits(m, s.type, s.object_type, s.object)) c.error("bad-sensor", label("sensor", s.name, i) + " is attached to something it cannot sense", s.place);
    const ObjectType r = s.reference_type;
    if (r != ObjectType::none && r != ObjectType::body && r != ObjectType::xbody && r != ObjectType::geom && r != ObjectType::site) {
      c.error("bad-sensor", label("sensor", s.name, i) + ": a reference is a body, geom or site", s.place);
    }
  }
  m.sensor_value_count = m.sensor_adr.back();
}

void compile_keys(Compilation& c) {
  Model& m = c.model;
  m.key_count = int(c.scene.keys.size());
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
    fill(k.ctrl, m.actuator_count, {}, m.key_ctrl, "ctrl");
    for (int j = 0; j < m.joint_count; ++j) {                   // quaternions are stored unit
      const int offset = m.joint_type[j] == int(JointType::free) ? 3 : 0;
      if (m.joint_type[j] > int(JointType::ball)) continue;
      double* q = &m.key_qpos[i * m.qpos_count + m.joint_qpos[j] + offset];
      put(q, unit(rot(q)));
    }
    if (!k.mpos.empty() || !k.mquat.empty()) c.note("keyframe-mocap", who + ": poses of mocap bodies are not kept in keyframes", k.place);
  }
}

void compile_visuals(Compilation& c) {
  using nlohmann::json;
  const Scene& s = c.scene;
  json out;
  for (const Camera& k : s.cameras) out["cameras"].push_back({{"name", k.name}, {"body", k.body}, {"mode", k.mode}, {"target", k.target}, {"pos", k.pos}, {"quat", unit(k.quat)}, {"fovy", k.fovy}});
  for (const Light& l : s.lights) {
    out["lights"].push_back({{"name", l.name}, {"body", l.body}, {"mode", l.mode}, {"target", l.target}, {"directional", l.directional}, {"castshadow", l.castshadow},
                             {"pos", l.pos}, {"dir", l.dir}, {"ambient", l.ambient}, {"diffuse", l.diffuse}, {"specular", l.specular}});
  }
  for (const Texture& t : s.textures) out["textures"].push_back({{"name", t.name}, {"type", t.type}, {"builtin", t.builtin}, {"file", t.file}, {"rgb1", t.rgb1}, {"rgb2", t.rgb2}, {"width", t.width}, {"height", t.height}});
  for (const Material& k : s.materials) {
    out["materials"].push_back({{"name", k.name}, {"texture", k.texture}, {"texrepeat", k.texrepeat}, {"texuniform", k.texuniform}, {"emission", k.emission},
                                {"specular", k.specular}, {"shininess", k.shininess}, {"reflectance", k.reflectance}, {"rgba", k.rgba}});
  }
  for (const Geom& g : s.geoms) out["geoms"].push_back({{"material", g.material}, {"rgba", g.rgba}, {"group", g.group}});
  for (const Site& k : s.sites) out["sites"].push_back({{"rgba", k.rgba}, {"group", k.group}});
  c.model.visuals = out.is_null() ? "{}" : out.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace nuri::model
