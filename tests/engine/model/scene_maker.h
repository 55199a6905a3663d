// Small scenes by hand.
#pragma once
#include <stdexcept>
#include <string>
#include "engine/model/compile.h"

namespace nuri::model {

struct SceneMaker {
  scene::Scene scene;
  SceneMaker() { scene.bodies.emplace_back(); scene.bodies[0].name = "world"; }

  int body(int parent, scene::Array3 pos = {0, 0, 0}) {
    scene::Body b;
    b.name = "b" + std::to_string(scene.bodies.size());
    b.parent = parent;
    b.pos = pos;
    scene.bodies.push_back(b);
    return int(scene.bodies.size()) - 1;
  }
  scene::Joint& joint(int body, scene::JointType type, scene::Array3 axis = {0, 0, 1}) {
    scene::Joint j;
    j.name = "j" + std::to_string(scene.joints.size());
    j.body = body;
    j.type = type;
    j.axis = axis;
    scene.joints.push_back(j);
    return scene.joints.back();
  }
  scene::Geom& geom(int body, scene::GeomType type, scene::Array3 size, scene::Array3 pos = {0, 0, 0}) {
    scene::Geom g;
    g.name = "g" + std::to_string(scene.geoms.size());
    g.body = body;
    g.type = type;
    g.size = size;
    g.pos = pos;
    scene.geoms.push_back(g);
    return scene.geoms.back();
  }
  Model model() const {
    auto r = compile(scene);
    if (!r) throw std::runtime_error(r.errors()[0].message);
    return *r;
  }
  std::string error() const {                    // code of the first error, or ""
    auto r = compile(scene);
    return r ? "" : r.errors()[0].code;
  }
};

// A floor, a free box, a two-link arm with limits, a tendon, servos, a weld, sensors, a keyframe: something of everything.
inline SceneMaker sampler() {
  using namespace scene;
  SceneMaker s;
  s.geom(0, GeomType::plane, {0, 0, 1});
  const int box = s.body(0, {0, 0, 0.5}), upper = s.body(0, {1, 0, 1}), lower = s.body(upper, {0, 0, -0.4}), ball = s.body(lower, {0, 0, -0.3});
  s.body(0, {3, 0, 0});
  s.scene.bodies[5].mocap = true;
  s.joint(box, JointType::free);
  auto& j1 = s.joint(upper, JointType::hinge, {0, 1, 0});
  j1.limited = true;
  j1.range = {-1, 1};
  j1.damping = 0.1;
  j1.armature = 0.01;
  auto& j2 = s.joint(lower, JointType::hinge, {0, 1, 0});
  j2.limited = true;
  j2.range = {-0.1, 0.1};
  j2.margin = 0.2;
  j2.frictionloss = 0.3;
  auto& j3 = s.joint(ball, JointType::ball);
  j3.limited = true;
  j3.range = {0, 1};
  j3.springdamper = {0.1, 1};
  s.geom(box, GeomType::box, {0.1, 0.2, 0.3}).fluid_ellipsoid = true;
  s.scene.option.density = 1.2;
  s.geom(upper, GeomType::capsule, {0.05, 0.2, 0}, {0, 0, -0.2});
  s.geom(lower, GeomType::capsule, {0.04, 0.15, 0}, {0, 0, -0.15});
  s.geom(ball, GeomType::sphere, {0.06, 0, 0}, {0, 0.02, -0.1});
  Site site;
  for (const int body : {0, box, ball}) {
    site.body = body;
    s.scene.sites.push_back(site);
  }
  Tendon t;
  t.joints = {{1, 1.0}, {2, -0.5}};
  t.limited = true;
  t.range = {-1, 1};
  t.frictionloss = 0.1;
  s.scene.tendons.push_back(t);
  t = {};
  using Pass = Tendon::Pass;
  t.path = {{Pass::site, 0}, {Pass::geom, 4, 2}, {Pass::site, 1}, {Pass::pulley, -1, -1, 2}, {Pass::site, 1}, {Pass::site, 2}};
  s.scene.tendons.push_back(t);
  Actuator a;
  a.target = 1;
  a.gainprm = {10, 0, 0};
  a.biasprm = {0, -10, 0};
  a.bias = Bias::affine;
  a.dampratio = 1;
  s.scene.actuators.push_back(a);
  a = {};
  a.transmission = Transmission::tendon;
  a.dynamics = Dynamics::filter;
  a.history = {.samples = 4, .interpolation = Interpolation::cubic, .delay = 0.03};
  s.scene.actuators.push_back(a);
  Equality e;
  e.type = EqualityType::weld;
  e.object1 = box;
  e.object2 = lower;
  e.active = false;
  s.scene.equalities.push_back(e);
  e = {};
  e.object1 = ball;
  e.object2 = 0;
  s.scene.equalities.push_back(e);
  e = {};
  e.type = EqualityType::joint;
  e.object1 = 1;
  e.object2 = 2;
  s.scene.equalities.push_back(e);
  Sensor r;
  r.type = SensorType::framequat;
  r.object_type = ObjectType::site;
  r.object = 2;
  s.scene.sensors.push_back(r);
  r.type = SensorType::jointpos;
  r.object_type = ObjectType::joint;
  r.object = 1;
  s.scene.sensors.push_back(r);
  Camera eye;
  eye.body = lower;
  eye.mode = "targetbody";
  eye.resolution = {3, 2};
  s.scene.cameras.push_back(eye);
  r.type = SensorType::rangefinder;
  r.object_type = ObjectType::camera;
  r.object = 0;
  r.history = {.samples = 3, .delay = 0.05, .interval = {0.07, -0.03}};
  s.scene.sensors.push_back(r);
  Key k;
  k.qpos = {0, 0, 1, 2, 0, 0, 0, 0.1, 0.2, 1, 0, 0, 0};
  s.scene.keys.push_back(k);
  return s;
}

}  // namespace nuri::model
