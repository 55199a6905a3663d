#include "render/view/scenery.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>
#include "engine/model/pairs.h"
#include "render/view/extent.h"
#include "render/view/shapes.h"

namespace nuri::view {
namespace {

using model::Look;
using model::Model;

float within(float value, float low, float high) { return value >= low ? std::min(value, high) : low; }   // low for NaN too

// The materials of one model, and those that follow from how a shape wears an image.
class Wardrobe {
 public:
  Wardrobe(Scenery& scenery, const Scenery::Of& of) : scenery_(scenery), of_(of), look_(of.model->look) {
    for (const Look::Material& from : look_.materials) {
      Material to;
      to.emission = within(from.emission, 0, 100), to.specular = within(from.specular, 0, 1), to.roughness = within(from.roughness, 0, 1);
      to.metallic = within(from.metallic, 0, 1), to.reflectance = within(from.reflectance, 0, 1);
      if (from.image >= 0 && size_t(from.image) < look_.images.size()) to.image = int(of.first_image) + from.image;
      for (size_t k = 0; k < 2; ++k) to.repeat[k] = std::isfinite(from.repeat[k]) ? from.repeat[k] : 1;
      to.uniform = from.uniform;
      scenery.materials.push_back(to);
    }
  }

  uint32_t of(int geom, const Look::Part& part) {
    if (part.material < 0 || size_t(part.material) >= look_.materials.size()) return 0;
    const uint32_t base = of_.first_material + uint32_t(part.material);
    const Material& m = scenery_.materials[base];
    if (m.image < 0 || scenery_.images[size_t(m.image)]->cube) return base;
    const Model& model = *of_.model;
    const int type = model.geom_type[geom];

    if (type == model::geom_plane && (model.geom_size[3 * geom] <= 0 || model.geom_size[3 * geom + 1] <= 0)) {
      if (m.uniform) return base;                  // without end there is no "over the whole part": MuJoCo takes 2 m for it
      return variant(part.material, -1, [](Material& v) { v.uniform = true, v.repeat = {v.repeat[0] / 2, v.repeat[1] / 2}; });
    }
    if (type != model::geom_mesh) return base;
    const bool mesh = part.mesh >= 0 && size_t(part.mesh) < look_.meshes.size();
    if (mesh && !look_.meshes[size_t(part.mesh)].uv.empty())   // made for this image: nothing repeats
      return variant(part.material, -2, [](Material& v) { v.uniform = false, v.repeat = {1, 1}; });
    const uint32_t shape = of_.geom_shape[size_t(geom)];
    if (shape == no_shape) return base;
    return variant(part.material, int(shape), [&](Material& v) {   // once along the longest side, in its own proportions
      const std::array<float, 3>& half = scenery_.shapes[shape].half;
      const float side = 2 * std::max({half[0], half[1], half[2], 1e-6f});
      v.boxed = true;
      if (!v.uniform) v.repeat = {v.repeat[0] / side, v.repeat[1] / side};
    });
  }

 private:
  template <class F> uint32_t variant(int material, int how, F change) {
    const auto [at, fresh] = variants_.insert({{material, how}, uint32_t(scenery_.materials.size())});
    if (fresh) {
      Material made = scenery_.materials[of_.first_material + uint32_t(material)];
      change(made);
      scenery_.materials.push_back(made);
    }
    return at->second;
  }

  Scenery& scenery_;
  const Scenery::Of& of_;
  const Look& look_;
  std::map<std::tuple<int, int>, uint32_t> variants_;
};

uint32_t shape_of(const Scenery::Of& of, int geom, const Look::Part& part) {
  const Model& m = *of.model;
  const int shape = m.geom_shape.size() > size_t(geom) ? m.geom_shape[geom] : -1;
  switch (m.geom_type[geom]) {
    case model::geom_plane: return shape::plane;
    case model::geom_sphere: case model::geom_ellipsoid: return shape::sphere;
    case model::geom_capsule: return shape::capsule;
    case model::geom_cylinder: return shape::cylinder;
    case model::geom_box: return shape::box;
    case model::geom_hfield: return shape >= 0 && shape < m.height_field_count ? of.first_field + uint32_t(shape) : no_shape;
    case model::geom_mesh:                         // a compiled file without pictures still has the hulls
      if (part.mesh >= 0 && size_t(part.mesh) < m.look.meshes.size()) return of.first_mesh + uint32_t(part.mesh);
      return shape >= 0 && shape < m.mesh_count ? of.first_hull + uint32_t(shape) : no_shape;
  }
  return no_shape;
}

}  // namespace

Scenery Scenery::of(std::vector<std::shared_ptr<const Model>> models) {
  Scenery out;
  for (uint32_t u = 0; u < shape::count; ++u) out.shapes.push_back(unit_shape(shape::Unit(u)));
  out.materials.emplace_back();
  for (std::shared_ptr<const Model>& model : models) {
    if (!model) continue;
    const Model& m = *model;
    Of of;
    of.model = std::move(model);

    // shapes and images
    of.first_mesh = uint32_t(out.shapes.size());
    for (const Look::Mesh& mesh : m.look.meshes) out.shapes.push_back(mesh_shape(mesh));
    of.first_hull = uint32_t(out.shapes.size());
    for (int h = 0; h < m.mesh_count; ++h) out.shapes.push_back(hull_shape(m, h));
    of.first_field = uint32_t(out.shapes.size());
    for (int f = 0; f < m.height_field_count; ++f) out.shapes.push_back(field_shape(m, f));
    of.first_image = uint32_t(out.images.size());
    for (const Look::Image& image : m.look.images) out.images.push_back(&image);
    const int sky = m.look.sky;
    if (out.sky < 0 && sky >= 0 && size_t(sky) < m.look.images.size() && m.look.images[size_t(sky)].cube) out.sky = int(of.first_image) + sky;

    // what each geom is drawn with
    of.first_material = uint32_t(out.materials.size());
    Wardrobe wardrobe(out, of);
    for (int g = 0; g < m.geom_count; ++g) {
      const Look::Part part = part_of(m, g);
      of.geom_shape.push_back(shape_of(of, g, part));
      of.geom_material.push_back(wardrobe.of(g, part));
    }

    // how large it all is
    const Poses initial = initial_poses(m);
    Extent extent;
    std::vector<float> sizes;
    const std::vector<Place> bodies = body_places(m, initial);
    for (int g = 0; g < m.geom_count; ++g) {
      const uint32_t which = of.geom_shape[size_t(g)];
      if (m.geom_type[g] == model::geom_plane || which == no_shape) continue;
      extent.include(out.shapes[which], bodies[size_t(m.geom_body[g])] * geom_place(m, g), scale_of(m, g));
      if (m.geom_type[g] != model::geom_hfield) sizes.push_back(reach(out.shapes[which], scale_of(m, g)));
    }
    of.centre = extent.centre(), of.radius = extent.radius();
    std::sort(sizes.begin(), sizes.end());
    of.gauge = within(sizes.empty() ? 0.1f : 1.5f * sizes[sizes.size() / 2], 0.02f * of.radius, 0.4f * of.radius);
    out.models.push_back(std::move(of));
  }
  return out;
}

}  // namespace nuri::view
