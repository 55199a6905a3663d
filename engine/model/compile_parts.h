// The steps of compile(), in order. Each reads the scene, writes its fields of the model and adds what it finds wrong.
#pragma once
#include <string>
#include <vector>
#include "engine/model/compile.h"
#include "engine/shape/inertia.h"
#include "engine/shape/rigid.h"

namespace nuri::model {

// A mesh of the scene as its geoms have it: at its centre of mass, along its principal axes.
struct LoadedMesh {
  bool tried = false, loaded = false, weighs = false;
  MeshFacts facts;
  shape::MassPart part{{0, 0, 0}, {1, 0, 0, 0}, 0, {0, 0, 0}};   // at density 1, in the mesh's own frame
  std::vector<Diagnostic> why;                                   // it has no mass
  std::vector<shape::Vec> vertices;
  std::vector<std::array<int, 3>> faces;                         // for rays and renderers
  std::vector<shape::Vec> normals;                               // as shape::Mesh
  std::vector<std::array<double, 2>> texcoords;
  shape::Vec half{0, 0, 0};                                      // of its bounding box about the frame
};

struct Compilation {
  const scene::Scene& scene;
  Model model;
  std::vector<Diagnostic> errors, report;
  std::vector<LoadedMesh> meshes;              // by the scene's index

  void error(const std::string& code, const std::string& message, const Place& place, const std::string& hint = "") {
    errors.push_back({Severity::error, code, message, hint, place, "", {}});
  }
  void note(const std::string& code, const std::string& message, const Place& place) {
    report.push_back({Severity::note, code, message, "", place, "", {}});
  }
};

// "body 'torso'", or "body 3" where it has no name
std::string label(const char* kind, const std::string& name, size_t index);
std::string number(double value);            // for messages: 6 digits
std::string numbers(const shape::Vec& values);   // "1 2 3"

void check_references(Compilation& c);       // every index of the scene points at something
void compile_options(Compilation& c);
void read_shapes(Compilation& c);            // meshes: frames, mass, corners
const LoadedMesh& load_mesh(Compilation& c, int mesh);   // once; errors are added, then it is not `loaded`
void adopt(Compilation& c, const std::vector<Diagnostic>& errors, const std::string& who, const Place& place);   // of shapes, which know no place
bool has_fitted(const scene::Scene& scene);  // primitives that take their size from a mesh
scene::Scene fit_primitives(Compilation& c); // the scene with those as they come out
bool has_parts(const scene::Scene& scene);   // meshes that collide as several convex parts
scene::Scene decompose(Compilation& c);      // the scene with a geom for each of them
bool aligns(const scene::Scene& scene);      // some free body takes the frame of its inertia
Result<scene::Scene> align(const scene::Scene& scene);   // the scene with those frames
void compile_bodies(Compilation& c);         // frames, mass, joints, dofs, trees
void compile_geoms(Compilation& c);          // geoms, sites
void compile_pairs(Compilation& c);          // candidate pairs and owners
void compile_shapes(Compilation& c);         // hulls and height fields of geoms that are in a pair or that rays may meet
void compile_tendons(Compilation& c);
void compile_actuators(Compilation& c);
void compile_equalities(Compilation& c);
void compile_rows(Compilation& c);           // the row catalog
void compile_sleep(Compilation& c);          // which trees may fall asleep
void compile_sensors(Compilation& c);
void compile_history(Compilation& c);        // what actuators and sensors keep of their past
void compile_keys(Compilation& c);
void compile_look(Compilation& c);           // what renderers draw
void compile_servos(Compilation& c);         // after derive(): springdamper and dampratio need inverse weights
void damp_joints(Compilation& c);            // by what actuators add
void damp_servos(Compilation& c);            // dampratio

shape::MassPart frame_of(const Compilation& c, const scene::Geom& g);   // pos, quat of a geom in its body: a mesh's is moved to its centre
shape::MassPart mesh_part(Compilation& c, const scene::Geom& g);        // the same with mass and moments of a mesh geom

template <size_t N> void append(std::vector<double>& to, const std::array<double, N>& from) { to.insert(to.end(), from.begin(), from.end()); }

}  // namespace nuri::model
