#include "engine/scene/merge.h"

#include <algorithm>
#include <limits>
#include <map>
#include "engine/scene/actuators.h"
#include "engine/scene/yaml.h"

namespace nuri::scene {
namespace {

Array4 product(const Array4& a, const Array4& b) {
  return {a[0] * b[0] - a[1] * b[1] - a[2] * b[2] - a[3] * b[3], a[0] * b[1] + a[1] * b[0] + a[2] * b[3] - a[3] * b[2],
          a[0] * b[2] - a[1] * b[3] + a[2] * b[0] + a[3] * b[1], a[0] * b[3] + a[1] * b[2] - a[2] * b[1] + a[3] * b[0]};
}

// v + 2 w (u x v) + 2 u x (u x v), exact for the unit quaternion 1 0 0 0
Array3 rotated(const Array4& q, const Array3& v) {
  const double x = q[2] * v[2] - q[3] * v[1], y = q[3] * v[0] - q[1] * v[2], z = q[1] * v[1] - q[2] * v[0];
  return {v[0] + 2 * (q[0] * x + q[2] * z - q[3] * y), v[1] + 2 * (q[0] * y + q[3] * x - q[1] * z), v[2] + 2 * (q[0] * z + q[1] * y - q[2] * x)};
}

struct Pose {
  Array3 pos;
  Array4 quat;
  bool is_identity() const { return pos == Array3{0, 0, 0} && quat == Array4{1, 0, 0, 0}; }
  Array3 point(const Array3& p) const {
    Array3 r = rotated(quat, p);
    return {r[0] + pos[0], r[1] + pos[1], r[2] + pos[2]};
  }
  template <class T> void move(T& thing) const {
    thing.pos = point(thing.pos);
    thing.quat = product(quat, thing.quat);
  }
  // of numbers in a keyframe
  void move(double* p, double* q) const {
    Array3 moved = point({p[0], p[1], p[2]});
    std::copy(moved.begin(), moved.end(), p);
    Array4 turned = product(quat, {q[0], q[1], q[2], q[3]});
    std::copy(turned.begin(), turned.end(), q);
  }
};

struct Shape {  // numbers per keyframe field
  std::vector<double> qpos, qvel, act, ctrl, mpos, mquat;
  size_t yielding_joints = 0, yielding_tendons = 0;   // numbers of plastic
};

Shape initial(const Scene& scene) {
  Shape shape;
  for (const Joint& joint : scene.joints) {
    const Body& body = scene.bodies[joint.body];
    if (joint.type == JointType::free) {
      shape.qpos.insert(shape.qpos.end(), body.pos.begin(), body.pos.end());
      shape.qpos.insert(shape.qpos.end(), body.quat.begin(), body.quat.end());
    } else if (joint.type == JointType::ball) {
      shape.qpos.insert(shape.qpos.end(), {1, 0, 0, 0});
    } else {
      shape.qpos.push_back(joint.ref);
    }
    shape.yielding_joints += plastic_count(joint);
    shape.qvel.resize(shape.qvel.size() + (joint.type == JointType::free ? 6 : joint.type == JointType::ball ? 3 : 1));
  }
  for (const Actuator& actuator : scene.actuators) {
    const std::vector<double> controls = neutral_controls(actuator);
    shape.ctrl.insert(shape.ctrl.end(), controls.begin(), controls.end());
    shape.act.resize(shape.act.size() + size_t(activation_count(actuator)));
  }
  for (const Tendon& tendon : scene.tendons) shape.yielding_tendons += plastic_count(tendon);
  for (const Body& body : scene.bodies) {
    if (!body.mocap) continue;
    shape.mpos.insert(shape.mpos.end(), body.pos.begin(), body.pos.end());
    shape.mquat.insert(shape.mquat.end(), body.quat.begin(), body.quat.end());
  }
  return shape;
}

class Merger {
 public:
  Scene scene;
  std::vector<Diagnostic> errors;

  Merger() {
    scene.bodies.resize(1);
    scene.bodies[0].name = "world";
  }

  void add(Part& part) {
    const Scene& s = part.scene;
    prefix_ = part.prefix;
    pose_ = {part.pos, part.quat};
    const int bodies = int(scene.bodies.size()) - 1, joints = int(scene.joints.size()), tendons = int(scene.tendons.size()), actuators = int(scene.actuators.size());
    const int meshes = int(scene.meshes.size()), height_fields = int(scene.height_fields.size());
    auto body_of = [&](int body) { return body > 0 ? body + bodies : body; };

    before_.push_back(initial(scene));
    for (size_t b = 1; b < s.bodies.size(); ++b) {
      Body body = named("body", s.bodies[b]);
      if (body.parent == 0) pose_.move(body);
      body.parent = body_of(body.parent);
      if (body.unlisted > 0) body.unlisted += bodies;          // numbers of robots: any, as long as they differ
      scene.bodies.push_back(std::move(body));
    }
    for (const Joint& joint : s.joints) scene.joints.push_back(named("joint", joint)), scene.joints.back().body = body_of(joint.body);

    for (const Mesh& mesh : s.meshes) scene.meshes.push_back(named("mesh", mesh));
    for (const HeightField& field : s.height_fields) scene.height_fields.push_back(named("hfield", field));

    // geoms and sites stand in the order of their bodies: those of the world come before all others
    const size_t first_geom = scene.geoms.size();
    const std::vector<int> geoms = place_in(scene.geoms, geom_indices_, s.geoms, "geom", body_of, part.without);
    for (size_t g = first_geom; g < scene.geoms.size(); ++g) {
      if (scene.geoms[g].mesh >= 0) scene.geoms[g].mesh += meshes;
      if (scene.geoms[g].height_field >= 0) scene.geoms[g].height_field += height_fields;
    }
    const std::vector<int> sites = place_in(scene.sites, site_indices_, s.sites, "site", body_of, {});
    auto geom_of = [&](int geom, const Place& place) {
      if (geoms[geom] < 0) error("left-out", "the geom '" + s.geoms[geom].name + "' is left out, but this refers to it", place);
      return geoms[geom];
    };

    const int cameras = int(scene.cameras.size());
    for (Camera camera : s.cameras) scene.cameras.push_back(attached("camera", camera, body_of));
    for (Light light : s.lights) {
      light = named("light", light);
      if (light.body == 0) light.pos = pose_.point(light.pos), light.dir = rotated(pose_.quat, light.dir);
      light.body = body_of(light.body);
      if (!light.target.empty()) light.target = prefix_ + light.target;
      scene.lights.push_back(light);
    }
    for (const Texture& texture : s.textures) scene.textures.push_back(named("texture", texture));
    for (Material material : s.materials) {
      if (!material.texture.empty()) material.texture = prefix_ + material.texture;
      for (Material::Layer& layer : material.layers) layer.texture = prefix_ + layer.texture;
      scene.materials.push_back(named("material", material));
    }
    for (Tendon tendon : s.tendons) {
      for (auto& term : tendon.joints) term.joint += joints;
      for (auto& via : tendon.path) {
        if (via.kind == Tendon::Pass::site) via.object = sites[via.object];
        if (via.kind == Tendon::Pass::geom) via.object = geom_of(via.object, tendon.place);
        if (via.side >= 0) via.side = sites[via.side];
      }
      if (!tendon.material.empty()) tendon.material = prefix_ + tendon.material;
      scene.tendons.push_back(named("tendon", tendon));
    }
    for (Actuator actuator : s.actuators) {
      switch (actuator.transmission) {
        case Transmission::joint: case Transmission::joint_in_parent: actuator.target += joints; break;
        case Transmission::tendon: actuator.target += tendons; break;
        case Transmission::body: actuator.target = body_of(actuator.target); break;
        case Transmission::site: case Transmission::slidercrank: case Transmission::so3: actuator.target = sites[actuator.target]; break;
      }
      if (actuator.reference >= 0) actuator.reference = sites[actuator.reference];
      scene.actuators.push_back(named("actuator", actuator));
    }
    for (Pair pair : s.pairs) {
      pair.geom1 = geom_of(pair.geom1, pair.place), pair.geom2 = geom_of(pair.geom2, pair.place);
      pairs_.push_back(named("pair", pair));
    }
    for (Exclude exclude : s.excludes) {
      exclude.body1 = body_of(exclude.body1), exclude.body2 = body_of(exclude.body2);
      scene.excludes.push_back(named("exclude", exclude));
    }
    for (Equality equality : s.equalities) {
      const bool of_bodies = equality.type == EqualityType::connect || equality.type == EqualityType::weld;
      if (of_bodies && !equality.uses_sites) {
        if (!pose_.is_identity() && (equality.object1 <= 0 || equality.object2 <= 0)) move_world(equality);
        equality.object1 = body_of(equality.object1), equality.object2 = body_of(equality.object2);
      } else if (of_bodies) {
        equality.object1 = sites[equality.object1], equality.object2 = sites[equality.object2];
      } else {
        const int offset = equality.type == EqualityType::joint ? joints : tendons;
        if (equality.object1 >= 0) equality.object1 += offset;
        if (equality.object2 >= 0) equality.object2 += offset;
      }
      equalities_.push_back(named("equality", equality));
    }
    for (Sensor sensor : s.sensors) {
      auto index_of = [&](ObjectType type, int index) {
        switch (type) {
          case ObjectType::none: return index;
          case ObjectType::body: case ObjectType::xbody: return body_of(index);
          case ObjectType::joint: return index + joints;
          case ObjectType::geom: return geom_of(index, sensor.place);
          case ObjectType::site: return sites[index];
          case ObjectType::tendon: return index + tendons;
          case ObjectType::actuator: return index + actuators;
          case ObjectType::camera: return index + cameras;
        }
        return index;
      };
      if (sensor.object >= 0) sensor.object = index_of(sensor.object_type, sensor.object);
      if (sensor.reference >= 0) sensor.reference = index_of(sensor.reference_type, sensor.reference);
      sensors_.push_back(named("sensor", sensor));
    }
    scene.report.insert(scene.report.end(), s.report.begin(), s.report.end());
    scene.documents.insert(scene.documents.end(), s.documents.begin(), s.documents.end());
  }

  // What refers to geoms and sites by index, and keyframes, once all models are known.
  void finish(const std::vector<Part>& parts) {
    const std::vector<int> geoms = sort(scene.geoms, geom_indices_), sites = sort(scene.sites, site_indices_);
    for (Pair& pair : pairs_) {
      if (pair.geom1 < 0 || pair.geom2 < 0) continue;   // an error already
      pair.geom1 = geoms[pair.geom1], pair.geom2 = geoms[pair.geom2];
      scene.pairs.push_back(std::move(pair));
    }
    for (Equality& equality : equalities_) {
      if (equality.uses_sites) equality.object1 = sites[equality.object1], equality.object2 = sites[equality.object2];
      scene.equalities.push_back(std::move(equality));
    }
    for (Actuator& actuator : scene.actuators) {
      if (actuator.transmission == Transmission::site) actuator.target = sites[actuator.target];
      if (actuator.reference >= 0) actuator.reference = sites[actuator.reference];
    }
    for (Sensor& sensor : sensors_) {
      auto index_of = [&](ObjectType type, int index) { return index < 0 ? index : type == ObjectType::geom ? geoms[index] : type == ObjectType::site ? sites[index] : index; };
      sensor.object = index_of(sensor.object_type, sensor.object);
      sensor.reference = index_of(sensor.reference_type, sensor.reference);
      scene.sensors.push_back(std::move(sensor));
    }
    const Shape all = initial(scene);
    for (size_t p = 0; p < parts.size(); ++p) add_keys(parts[p], before_[p], all);
  }

 private:
  void error(std::string code, std::string message, const Place& place) {
    errors.push_back({Severity::error, std::move(code), std::move(message), {}, place, {}, {}});
  }

  template <class T> T named(const char* kind, T thing) {
    if (thing.name.empty()) return thing;
    thing.name = prefix_ + thing.name;
    auto [entry, is_new] = names_.try_emplace(std::string(kind) + ' ' + thing.name, thing.place);
    if (!is_new) {
      error("repeated-name", std::string("two models have a ") + kind + " named '" + thing.name + "'", thing.place);
      errors.back().hint = "give the models names: they become prefixes";
    }
    return thing;
  }

  template <class T, class F> T attached(const char* kind, T thing, F body_of) {
    thing = named(kind, std::move(thing));
    if (thing.body == 0) pose_.move(thing);
    thing.body = body_of(thing.body);
    if constexpr (requires { thing.target; }) {
      if (!thing.target.empty()) thing.target = prefix_ + thing.target;
    }
    if constexpr (requires { thing.material; }) {
      if (!thing.material.empty()) thing.material = prefix_ + thing.material;
    }
    return thing;
  }

  // Appends things and returns their temporary indices, -1 for those left out.
  template <class T, class F> std::vector<int> place_in(std::vector<T>& out, std::vector<int>& indices, const std::vector<T>& things, const char* kind,
                                                        F body_of, const std::vector<std::string>& without) {
    std::vector<int> places;
    for (const T& thing : things) {
      if (!without.empty() && matches(without, thing.name)) {
        places.push_back(-1);
        continue;
      }
      places.push_back(int(out.size()));
      indices.push_back(int(out.size()));
      out.push_back(attached(kind, thing, body_of));
    }
    return places;
  }

  // Orders things by body; returns the new index of each old one.
  template <class T> std::vector<int> sort(std::vector<T>& things, std::vector<int>& indices) {
    std::stable_sort(indices.begin(), indices.end(), [&](int a, int b) { return things[a].body < things[b].body; });
    std::vector<T> sorted;
    std::vector<int> place(things.size());
    for (int index : indices) place[index] = int(sorted.size()), sorted.push_back(std::move(things[index]));
    things = std::move(sorted);
    return place;
  }

  // An equality with the world: what is written in the world's frame moves with the model.
  void move_world(Equality& equality) {
    const bool first = equality.object1 <= 0, second = equality.object2 <= 0;
    if (first && second) return;
    const bool from_initial = equality.relpose[3] == 0 && equality.relpose[4] == 0 && equality.relpose[5] == 0 && equality.relpose[6] == 0;
    if (equality.type == EqualityType::connect) {
      if (first) equality.anchor = pose_.point(equality.anchor);
      return;
    }
    if (second) equality.anchor = pose_.point(equality.anchor);
    if (from_initial) return;
    Pose relative{{equality.relpose[0], equality.relpose[1], equality.relpose[2]}, {equality.relpose[3], equality.relpose[4], equality.relpose[5], equality.relpose[6]}};
    if (first) {   // body 2 seen from the moved world
      pose_.move(relative);
    } else {       // the moved world seen from body 1
      Pose inverse{{0, 0, 0}, {pose_.quat[0], -pose_.quat[1], -pose_.quat[2], -pose_.quat[3]}};
      inverse.pos = rotated(inverse.quat, {-pose_.pos[0], -pose_.pos[1], -pose_.pos[2]});
      Pose moved = inverse;
      relative.move(moved);
      relative = moved;
    }
    std::copy(relative.pos.begin(), relative.pos.end(), equality.relpose.begin());
    std::copy(relative.quat.begin(), relative.quat.end(), equality.relpose.begin() + 3);
  }

  void add_keys(const Part& part, const Shape& before, const Shape& all) {
    prefix_ = part.prefix;
    pose_ = {part.pos, part.quat};
    for (const Key& key : part.scene.keys) {
      Key merged = named("key", key);
      auto put = [&](std::vector<double> Key::*field, const std::vector<double>& offset, std::vector<double> values) {
        if ((key.*field).empty()) return;
        if (offset.size() + (key.*field).size() > values.size()) return error("bad-keyframe", "the keyframe has more numbers than the model", key.place);
        std::copy((key.*field).begin(), (key.*field).end(), values.begin() + long(offset.size()));
        merged.*field = std::move(values);
      };
      put(&Key::qpos, before.qpos, all.qpos);
      put(&Key::qvel, before.qvel, all.qvel);
      put(&Key::act, before.act, all.act);
      put(&Key::ctrl, before.ctrl, all.ctrl);
      put(&Key::mpos, before.mpos, all.mpos);
      put(&Key::mquat, before.mquat, all.mquat);
      if (!key.plastic.empty()) {
        const Shape own = initial(part.scene);
        if (key.plastic.size() != own.yielding_joints + own.yielding_tendons) {
          error("bad-keyframe", "the keyframe's plastic has not as many numbers as the model", key.place);
          continue;
        }
        merged.plastic.assign(all.yielding_joints + all.yielding_tendons, std::numeric_limits<double>::quiet_NaN());
        const auto tendons = key.plastic.begin() + long(own.yielding_joints);
        std::copy(key.plastic.begin(), tendons, merged.plastic.begin() + long(before.yielding_joints));
        std::copy(tendons, key.plastic.end(), merged.plastic.begin() + long(all.yielding_joints + before.yielding_tendons));
      }
      move_key(part.scene, before, key, merged);
      scene.keys.push_back(std::move(merged));
    }
  }

  void move_key(const Scene& s, const Shape& before, const Key& key, Key& merged) {
    if (pose_.is_identity()) return;
    size_t at = before.qpos.size(), mocap = before.mpos.size() / 3;
    for (const Joint& joint : s.joints) {
      if (joint.type == JointType::free && !key.qpos.empty() && at + 7 <= merged.qpos.size()) pose_.move(&merged.qpos[at], &merged.qpos[at + 3]);
      at += joint.type == JointType::free ? 7 : joint.type == JointType::ball ? 4 : 1;
    }
    for (const Body& body : s.bodies) {
      if (!body.mocap) continue;
      Array3 unmoved{0, 0, 0};
      Array4 unturned{1, 0, 0, 0};
      double* p = !key.mpos.empty() && 3 * mocap + 3 <= merged.mpos.size() ? &merged.mpos[3 * mocap] : unmoved.data();
      double* q = !key.mquat.empty() && 4 * mocap + 4 <= merged.mquat.size() ? &merged.mquat[4 * mocap] : unturned.data();
      pose_.move(p, q);
      ++mocap;
    }
  }

  std::string prefix_;
  Pose pose_;
  std::map<std::string, Place> names_;
  std::vector<int> geom_indices_, site_indices_;
  std::vector<Pair> pairs_;
  std::vector<Equality> equalities_;
  std::vector<Sensor> sensors_;
  std::vector<Shape> before_;                    // what stands before each part, per keyframe field
};

bool equal(const Compiler& a, const Compiler& b) {
  return a.boundmass == b.boundmass && a.boundinertia == b.boundinertia && a.settotalmass == b.settotalmass && a.balanceinertia == b.balanceinertia &&
         a.inertiafromgeom == b.inertiafromgeom && a.inertiagrouprange == b.inertiagrouprange && a.fitaabb == b.fitaabb;
}

}  // namespace

Result<Scene> merge(std::vector<Part> parts) {
  Merger merger;
  const auto models = std::count_if(parts.begin(), parts.end(), [](const Part& part) { return part.is_model; });
  for (Part& part : parts) {
    if (&part == &parts.front()) merger.scene.compiler = part.scene.compiler, merger.scene.bodies[0].place = part.place;
    const bool shares_mass = models > 1 && part.scene.compiler.settotalmass > 0;
    if (part.is_model && (shares_mass || !equal(part.scene.compiler, merger.scene.compiler)))
      merger.errors.push_back({Severity::error, "compiler-mismatch", "this model's <compiler> settings (bounds, settotalmass, inertia from geoms) do not fit beside another model",
                               "write them alike in all models of the scene, without settotalmass", part.place, {}, {}});
    merger.add(part);
  }
  if (merger.errors.empty()) merger.finish(parts);
  if (!merger.errors.empty()) return merger.errors;
  return std::move(merger.scene);
}

}  // namespace nuri::scene
