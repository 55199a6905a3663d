// Scenery: what the environments of a world are drawn with. Made once per loaded scene; a GPU's copy of it is made from it once.
//
// Shapes are triangles at unit size that instances scale: a sphere of radius 1 (ellipsoids are scaled spheres), a box and a cylinder of half size
// 1, a capsule whose caps an instance pulls apart (Vertex::cap), a plane of half size 1, an arrow from 0 to 1 along z whose head an instance pulls
// away; then the meshes, hulls and height fields of each model, at their own size. All models share the lists; `first_*` of a model is where its
// own begin.
#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <vector>
#include "engine/model/model.h"

namespace nuri::view {

struct Vertex {
  float position[3], normal[3], uv[2];
  float cap;                                       // -1, 0, 1: moved by cap * Instance::stretch along z, after scaling (capsules)
};

struct Shape {
  std::vector<Vertex> vertices;
  std::vector<uint32_t> corners;                   // 3 per triangle, counter-clockwise from outside
  std::array<float, 3> centre{}, half{};           // of a box around it: its middle and half its sides
  float radius = 0;                                // of a ball around it, about the same middle
};

constexpr uint32_t no_shape = UINT32_MAX;
namespace shape { enum Unit : uint32_t { plane, sphere, capsule, cylinder, box, arrow, count }; }

// One material of all models; number 0 is plain: white, rough. A shader reads its image like this. All of it is in the shape's frame: p is
// the vertex after scaling and pulling (m), n its normal there.
//   cube:  direction = uniform ? p : p / scale
//   else:  q = the two coordinates of p without the one that n is longest along: (y, z), (x, z) or (x, y)
//          t = repeat * (uniform or boxed ? q : uv - 0.5) + 0.5,   read at (t.u, 1 - t.v): images begin with their top row
// So uv of unit shapes run 0 .. 1 over each face, images sit in the middle of it (as in MuJoCo), and images that are laid out in metres need neither
// uv nor the size of what they are on. Planes without end are a large piece around the eye, moved by whole images: the picture stands still.
struct Material {
  std::array<float, 4> rgba{1, 1, 1, 1};           // multiplies the instance's; white in materials of models, whose parts have the final colour
  float emission = 0, specular = 0.5f, roughness = 0.6f, metallic = 0, reflectance = 0;
  int image = -1;                                  // of Scenery::images
  std::array<float, 2> repeat{1, 1};
  bool uniform = false;                            // repeat is per metre
  bool boxed = false;                              // the shape has no texture coordinates: projected, and repeat is per metre as well
};

struct Scenery {
  struct Of {                                      // one model
    std::shared_ptr<const model::Model> model;
    uint32_t first_mesh = 0, first_hull = 0, first_field = 0;   // in shapes: look.meshes, collision hulls (mesh_vertex ...), height fields
    uint32_t first_material = 0, first_image = 0;
    std::vector<uint32_t> geom_shape, geom_material;   // in shapes (no_shape: cannot be drawn) and in materials: as the material suits the shape
    std::array<float, 3> centre{};                 // of the model's extent in its initial state, without planes
    float radius = 1;
    float gauge = 0.1f;                            // m: how long marks of joints and frames are, by the size of its geoms
  };
  std::vector<Of> models;
  std::vector<Shape> shapes;
  std::vector<Material> materials;
  std::vector<const model::Look::Image*> images;   // owned by the models
  int sky = -1;                                    // of images, a cube: what is seen behind everything; that of the first model that has one

  static Scenery of(std::vector<std::shared_ptr<const model::Model>> models);
};

}  // namespace nuri::view
