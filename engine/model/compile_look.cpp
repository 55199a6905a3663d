// What renderers need of a scene, decoded: engine/model/look.h.
#include <algorithm>
#include <cmath>
#include <map>

#include "engine/model/compile_look.h"

namespace nuri::model {
namespace {
using namespace scene;

template <size_t N> std::array<float, N> floats(const std::array<double, N>& from) {
  std::array<float, N> to;
  for (size_t k = 0; k < N; ++k) to[k] = float(from[k]);
  return to;
}

// MJCF's shininess is a Blinn-Phong exponent of 128 s; the microfacets that reflect about like it have alpha^2 = 2 / (exponent + 2)
// (Walter et al. 2007, section 5.2), and what artists call roughness is the root of alpha.
float roughness_of(const scene::Material& from) {
  if (from.roughness >= 0) return float(std::min(from.roughness, 1.0));
  const double exponent = 128 * std::clamp(from.shininess, 0.0, 1.0);
  return float(std::sqrt(std::sqrt(2 / (exponent + 2))));
}

class Maker {
 public:
  explicit Maker(Compilation& c) : c_(c), look_(c.model.look) {
    for (size_t i = 0; i < c.scene.textures.size(); ++i) textures_.insert({c.scene.textures[i].name, int(i)});
  }

  void run() {
    const Scene& s = c_.scene;
    std::map<std::string, int> materials;
    for (const scene::Material& from : s.materials) {
      materials.insert({from.name, int(look_.materials.size())});
      look_.materials.push_back(material(from));
    }
    for (const Geom& geom : s.geoms) look_.parts.push_back(part(geom, materials));
    for (const Site& from : s.sites) look_.marks.push_back({from.rgba, int(from.type), from.group, floats(from.size)});
    for (const scene::Camera& from : s.cameras)
      look_.cameras.push_back({from.name, from.body, body(from.target), track_of(from.mode), from.pos, shape::unit(from.quat), from.fovy, from.resolution, from.focal, from.principal});
    for (const scene::Light& from : s.lights)
      look_.lights.push_back({from.name, from.body, body(from.target), track_of(from.mode), model::Look::Light::Type(from.type), from.castshadow, from.active, from.pos, from.dir, floats(from.ambient), floats(from.diffuse),
                              floats(from.specular), floats(from.attenuation), float(from.cutoff), float(from.exponent), float(from.range)});
    for (size_t i = 0; i < s.textures.size() && look_.sky < 0; ++i)
      if (s.textures[i].type == "skybox") look_.sky = image(int(i));
  }

 private:
  int body(const std::string& name) const {
    if (name.empty()) return -1;
    for (size_t b = 0; b < c_.scene.bodies.size(); ++b) if (c_.scene.bodies[b].name == name) return int(b);
    return -1;
  }

  // Of a texture of the scene; each is decoded once, and only if something wears it. One that cannot be read is left out, and said so: a robot moves
  // without its picture.
  int image(int texture) {
    const auto [at, fresh] = images_.insert({texture, -1});
    if (!fresh) return at->second;
    const scene::Texture& from = c_.scene.textures[size_t(texture)];
    Result<Look::Image> made = make_image(from);
    if (!made) {
      for (const Diagnostic& d : made.errors()) c_.note("texture-left-out", label("texture", from.name, size_t(texture)) + " is not drawn: " + d.message, from.place);
      return -1;
    }
    look_.images.push_back(std::move(*made));
    return at->second = int(look_.images.size()) - 1;
  }

  Look::Material material(const scene::Material& from) {
    Look::Material to;
    to.name = from.name;
    to.rgba = from.rgba;
    to.emission = float(from.emission);
    to.specular = float(from.specular);
    to.roughness = roughness_of(from);
    to.metallic = float(std::clamp(from.metallic, 0.0, 1.0));
    to.reflectance = float(from.reflectance);
    to.repeat = floats(from.texrepeat);
    to.uniform = from.texuniform;
    std::string texture = from.texture;
    for (const scene::Material::Layer& layer : from.layers)
      if (layer.role == "rgb" || layer.role == "rgba") texture = layer.texture;
      else c_.note("layer-left-out", "material '" + from.name + "': its layer '" + layer.role + "' is not drawn", from.place);
    if (const auto found = textures_.find(texture); !texture.empty() && found != textures_.end()) to.image = image(found->second);
    return to;
  }

  // A geom's own colour counts only if it is not the default, as in MuJoCo.
  Look::Part part(const Geom& geom, const std::map<std::string, int>& materials) {
    constexpr std::array<float, 4> unset{0.5f, 0.5f, 0.5f, 1};
    Look::Part to{geom.rgba, -1, -1, geom.group};
    if (const auto found = materials.find(geom.material); !geom.material.empty() && found != materials.end()) {
      to.material = found->second;
      if (geom.rgba == unset) to.rgba = look_.materials[size_t(to.material)].rgba;
    }
    if (geom.type == GeomType::mesh) {
      const auto [at, fresh] = meshes_.insert({geom.mesh, int(look_.meshes.size())});
      if (fresh) look_.meshes.push_back(drawn(c_.meshes[size_t(geom.mesh)], c_.scene.meshes[size_t(geom.mesh)].smoothnormal));
      to.mesh = at->second;
    }
    return to;
  }

  Compilation& c_;
  Look& look_;
  std::map<std::string, int> textures_;            // by name: the scene's index
  std::map<int, int> images_, meshes_;             // the scene's index: the look's
};
}  // namespace

Look::Track track_of(const std::string& mode) {
  if (mode == "track") return Look::Track::track;
  if (mode == "trackcom") return Look::Track::trackcom;
  if (mode == "targetbody") return Look::Track::targetbody;
  if (mode == "targetbodycom") return Look::Track::targetbodycom;
  return Look::Track::fixed;
}

void compile_look(Compilation& c) { Maker(c).run(); }

}  // namespace nuri::model
