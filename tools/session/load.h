// From a path to something that can be stepped: a scene file, a plain MJCF model or a compiled .model.
//
// A scene file says how its environments differ and what drives them. A model alone does not, and identical environments at
// rest would prove nothing: it gets random controls (new ones every substep, over the whole control range) and a
// perturbation of 0.05 of its initial state. Both can be chosen otherwise on the command line.
#pragma once
#include <memory>
#include <string>
#include <vector>
#include "engine/model/compile.h"
#include "engine/scene/yaml.h"

namespace nuri::session {

// What a scene became besides its model, for people who look.
struct Facts {
  struct Frame { std::string link, body; };                      // a fixed link that was merged into a body
  struct Disabled { std::string body1, body2, why; Place place; };   // pairs of bodies that do not collide, though neither holds the other
  std::vector<model::MeshFacts> meshes;
  std::vector<Frame> frames;
  std::vector<Disabled> disabled;
};

struct PolicyFile;

struct Loaded {
  std::string path, name;
  std::vector<std::shared_ptr<const model::Model>> models;   // one, or one of each variant
  std::vector<double> shares;                                // of the variants
  scene::Settings settings;
  std::vector<Diagnostic> report;      // everything adjusted while loading
  std::vector<Facts> facts;            // of each model; empty ones of a compiled model
  std::string text = {};               // of a scene file
  std::vector<std::string> files = {}; // that were read, as far as the scene names them: scene, models, meshes, textures, height fields
  std::shared_ptr<const PolicyFile> policy = {};             // drives the session, if there is one (policy.h)
  std::vector<int> which = {};         // the variant of each environment, where somebody knows; otherwise variant_of
  void excerpt(std::vector<Diagnostic>& findings) const;   // gives those about the scene file the line that they are about
};

constexpr double default_perturbation = 0.05;

// .yaml, .yml: scene; .xml, .mjcf: MJCF; .urdf; .model: compiled. `paths`: packages of URDF files, and folders that may be read
// besides the scene's own.
Result<Loaded> load(const std::string& path, const scene::PackagePaths& paths = {});
// A scene whose text is not (yet) that of the file; `path` says where it would lie, and so where its models are.
Result<Loaded> load_scene_text(const std::string& text, const std::string& path, const scene::PackagePaths& paths = {});
Result<Loaded> load_mjcf_text(const std::string& text, const std::string& name);

// Replaces the controls: none, zero, random, sine or hold (keyframe 0, if there is one). False: no such word.
bool set_control(Loaded& loaded, const std::string& word);

// Adds to the initial state: joints by up to `size` rad or m and rad/s or m/s; free bodies tilt by up to `size` rad, rise by up to
// `size` m, and move by up to `size` m/s and rad/s.
void perturb(scene::Settings& settings, double size);

// Bytes that the state and outputs of one environment take.
size_t bytes_per_environment(const model::Model& model, size_t bytes_per_number, bool detail = false);
double bytes_per_environment(const Loaded& loaded, size_t bytes_per_number, bool detail = false);   // on average over the variants

// Which variant the environment `id` is of: a function of seed and id, so that environment 7 is the same among 8 and among a million.
// The fractional parts of id / phi + offset, phi the golden ratio, fill the unit interval evenly, wherever ids begin: of n environments
// in a row each variant gets its share to within a few, where independent draws would miss it by the root of n.
// (L. Kuipers, H. Niederreiter, Uniform Distribution of Sequences, 1974, chapter 2, theorem 3.4.)
int variant_of(uint64_t seed, uint64_t id, const std::vector<double>& shares);

}  // namespace nuri::session
