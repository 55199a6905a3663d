#include "engine/model/compile.h"

#include <algorithm>
#include <cstdio>
#include "engine/model/compile_parts.h"
#include "engine/model/dual_size.h"
#include "engine/model/model_tree.h"

namespace nuri::model {
namespace {
using namespace scene;

constexpr size_t most_dofs = 50'000;   // the tree keeps a bit for every two of them: 300 MB

void check_bodies(Compilation& c) {
  const Scene& s = c.scene;
  const int bodies = int(s.bodies.size());
  if (bodies == 0) return c.error("no-world", "a scene needs at least the world body", {});
  for (int b = 1; b < bodies; ++b) {
    if (s.bodies[b].parent < 0 || s.bodies[b].parent >= b) c.error("body-order", label("body", s.bodies[b].name, b) + " stands before its parent", s.bodies[b].place);
  }
  auto ordered = [&](const auto& list, const char* kind) {
    int last = 0;
    for (size_t i = 0; i < list.size(); ++i) {
      if (list[i].body < last || list[i].body >= bodies) return c.error("body-order", label(kind, list[i].name, i) + " is not in the order of its bodies", list[i].place);
      last = list[i].body;
    }
  };
  ordered(s.joints, "joint");
  ordered(s.geoms, "geom");
  ordered(s.sites, "site");
}

// Number of objects a sensor's object type indexes.
size_t size_of(const Scene& s, ObjectType type) {
  switch (type) {
    case ObjectType::none: return 0;
    case ObjectType::body: case ObjectType::xbody: return s.bodies.size();
    case ObjectType::joint: return s.joints.size();
    case ObjectType::geom: return s.geoms.size();
    case ObjectType::site: return s.sites.size();
    case ObjectType::tendon: return s.tendons.size();
    case ObjectType::actuator: return s.actuators.size();
    case ObjectType::camera: return s.cameras.size();
  }
  return 0;
}
}  // namespace

std::string label(const char* kind, const std::string& name, size_t index) {
  return std::string(kind) + (name.empty() ? " " + std::to_string(index) : " '" + name + "'");
}

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.6g", value);
  return text;
}
std::string numbers(const shape::Vec& v) { return number(v[0]) + " " + number(v[1]) + " " + number(v[2]); }

void check_references(Compilation& c) {
  const Scene& s = c.scene;
  check_bodies(c);
  size_t dofs = 0;
  for (const Joint& joint : s.joints) dofs += size_t(joint_dofs[int(joint.type)]);
  if (dofs > most_dofs) c.error("too-many-dofs", "the scene has " + std::to_string(dofs) + " degrees of freedom; " + std::to_string(most_dofs) + " are allowed", {});
  auto need = [&](int index, size_t count, const std::string& who, const Place& place) {
    if (index < 0 || size_t(index) >= count) c.error("bad-reference", who + " refers to something that is not in the scene", place);
  };
  for (size_t i = 0; i < s.pairs.size(); ++i) {
    need(s.pairs[i].geom1, s.geoms.size(), label("pair", s.pairs[i].name, i), s.pairs[i].place);
    need(s.pairs[i].geom2, s.geoms.size(), label("pair", s.pairs[i].name, i), s.pairs[i].place);
  }
  for (size_t i = 0; i < s.excludes.size(); ++i) {
    need(s.excludes[i].body1, s.bodies.size(), label("exclude", s.excludes[i].name, i), s.excludes[i].place);
    need(s.excludes[i].body2, s.bodies.size(), label("exclude", s.excludes[i].name, i), s.excludes[i].place);
  }
  for (size_t i = 0; i < s.equalities.size(); ++i) {
    const Equality& e = s.equalities[i];
    const bool bodies = e.type == EqualityType::connect || e.type == EqualityType::weld;
    const size_t count = bodies ? (e.uses_sites ? s.sites.size() : s.bodies.size()) : e.type == EqualityType::joint ? s.joints.size() : s.tendons.size();
    if (!bodies || e.uses_sites || e.object1 != -1) need(e.object1, count, label("equality", e.name, i), e.place);
    if (e.object2 != -1 || e.uses_sites) need(e.object2, count, label("equality", e.name, i), e.place);
  }
  for (size_t i = 0; i < s.tendons.size(); ++i) {
    const std::string who = label("tendon", s.tendons[i].name, i);
    for (const auto& term : s.tendons[i].joints) need(term.joint, s.joints.size(), who, s.tendons[i].place);
    for (const auto& via : s.tendons[i].path) {
      if (via.kind != Tendon::Pass::pulley) need(via.object, via.kind == Tendon::Pass::site ? s.sites.size() : s.geoms.size(), who, s.tendons[i].place);
      if (via.side != -1) need(via.side, s.sites.size(), who, s.tendons[i].place);
    }
  }
  for (size_t i = 0; i < s.actuators.size(); ++i) {
    const Actuator& a = s.actuators[i];
    const size_t counts[] = {s.joints.size(), s.joints.size(), s.tendons.size(), s.bodies.size(), s.sites.size(), s.sites.size(), s.sites.size()};   // as Transmission
    need(a.target, counts[int(a.transmission)], label("actuator", a.name, i), a.place);
    if (a.reference != -1) need(a.reference, s.sites.size(), label("actuator", a.name, i), a.place);
  }
  for (size_t i = 0; i < s.sensors.size(); ++i) {
    const Sensor& r = s.sensors[i];
    if (r.object_type != ObjectType::none) need(r.object, size_of(s, r.object_type), label("sensor", r.name, i), r.place);
    if (r.reference_type != ObjectType::none) need(r.reference, size_of(s, r.reference_type), label("sensor", r.name, i), r.place);
  }
}

void compile_options(Compilation& c) {
  Model& m = c.model;
  const Option& o = c.scene.option;
  const Flags& f = o.flags;
  m.name = c.scene.name;
  m.iterations = o.iterations;
  m.ls_iterations = o.ls_iterations;
  m.noslip_iterations = o.noslip_iterations;
  m.integrator = int(o.integrator);
  m.solver = int(o.solver);
  m.elliptic = o.cone == Cone::elliptic;
  auto set = [&](bool on, Flag bit) { if (on) m.flags |= bit; };
  set(f.constraint, flag_constraint);
  set(f.equality, flag_equality);
  set(f.frictionloss, flag_frictionloss);
  set(f.limit, flag_limit);
  set(f.contact, flag_contact);
  set(f.spring, flag_spring);
  set(f.damper, flag_damper);
  set(f.gravity, flag_gravity);
  set(f.clampctrl, flag_clampctrl);
  set(f.warmstart, flag_warmstart);
  set(f.actuation, flag_actuation);
  set(f.sensor, flag_sensor);
  set(f.eulerdamp, flag_eulerdamp);
  set(f.island, flag_island);
  set(f.refsafe, flag_refsafe);
  set(f.energy, flag_energy);
  set(f.multiccd, flag_multiccd);
  set(f.diagexact, flag_diagexact);
  const auto& sensors = c.scene.sensors;
  set(f.sensornoise && std::any_of(sensors.begin(), sensors.end(), [](const Sensor& s) { return s.noise > 0; }), flag_sensornoise);
  set(o.density > 0 || o.viscosity > 0, flag_fluid);
  m.timestep = {o.timestep};
  append(m.gravity, o.gravity);
  append(m.wind, o.wind);
  append(m.magnetic, o.magnetic);
  m.density = {o.density};
  m.viscosity = {o.viscosity};
  m.impratio = {o.impratio};
  m.tolerance = {o.tolerance};
  m.ls_tolerance = {o.ls_tolerance};
  m.noslip_tolerance = {o.noslip_tolerance};
  m.sleep_tolerance = {o.sleep_tolerance};
  if (!(o.timestep > 0)) c.error("bad-timestep", "the timestep must be positive", {});
  if (o.iterations < 0 || o.ls_iterations < 0 || o.noslip_iterations < 0) c.error("bad-option", "iteration limits must not be negative", {});
}

Result<Model> compile(const Scene& scene, std::vector<Diagnostic>* out_report, std::vector<MeshFacts>* out_meshes) {
  Compilation c{scene, {}, {}, {}, {}};
  check_references(c);
  if (!c.errors.empty()) return c.errors;
  if (has_fitted(scene)) {
    const Scene fitted = fit_primitives(c);
    if (!c.errors.empty()) return c.errors;
    if (out_report) out_report->insert(out_report->end(), c.report.begin(), c.report.end());
    return compile(fitted, out_report, out_meshes);
  }
  if (has_parts(scene)) {
    const Scene decomposed = decompose(c);
    if (!c.errors.empty()) return c.errors;
    if (out_report) out_report->insert(out_report->end(), c.report.begin(), c.report.end());
    return compile(decomposed, out_report, out_meshes);
  }
  if (aligns(scene)) {
    const Result<Scene> aligned = align(scene);
    return aligned ? compile(*aligned, out_report, out_meshes) : aligned.errors();
  }
  compile_options(c);
  read_shapes(c);
  if (!c.errors.empty()) return c.errors;
  compile_bodies(c);
  compile_geoms(c);
  compile_pairs(c);
  if (!c.errors.empty()) return c.errors;
  compile_shapes(c);
  if (!c.errors.empty()) return c.errors;
  compile_tendons(c);
  if (!c.errors.empty()) return c.errors;
  resize(c.model);
  compile_equalities(c);
  compile_actuators(c);
  compile_sensors(c);
  if (!c.errors.empty()) return c.errors;
  compile_history(c);
  compile_keys(c);
  if (!c.errors.empty()) return c.errors;
  resize(c.model);
  compile_rows(c);
  if (dual_numbers(c.model, c.model.row_count) > most_dual)
    c.error("too-many-rows", "solver PGS, noslip and flag diagexact keep the square of all constraints: " + std::to_string(c.model.row_count) + " without any contact are too many", {},
            "take solver Newton or CG, noslip_iterations 0 and no diagexact");
  compile_sleep(c);
  c.model.along_tree = shorter_along_tree(c.model);
  c.model.heap = is_heap(c.model);
  resize(c.model);
  compile_look(c);
  derive(c.model);
  compile_servos(c);
  if (!c.errors.empty()) return c.errors;
  if (out_report) out_report->insert(out_report->end(), c.report.begin(), c.report.end());
  for (size_t g = 0; g < scene.geoms.size(); ++g)
    if (scene.geoms[g].type == GeomType::mesh) c.meshes[size_t(scene.geoms[g].mesh)].facts.geoms.push_back(int(g));
  if (out_meshes)
    for (const LoadedMesh& mesh : c.meshes)
      if (mesh.loaded) out_meshes->push_back(mesh.facts);
  return std::move(c.model);
}

}  // namespace nuri::model
