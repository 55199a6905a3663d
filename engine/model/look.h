// Look: what renderers draw of a compiled scene. Colours, materials, pictures, triangles, cameras, lights; the dynamics never look.
//
// Parts go with the model's geoms, one each: type, size and frame of a part are geom_type, geom_size, geom_pos and geom_quat of the
// Model. Everything that files held is in here, decoded: from the Model on nothing reads a file. Lengths in m, colours 0 .. 1 as written
// (sRGB), angles in rad. Quaternions are w x y z.
#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace nuri::model {

struct Look {
  // Colours sRGB, 4 bytes a pixel, the top row first. A cube has six square faces below each other: +x -x +y -y +z -z of the frame of
  // what wears it, each as seen from inside, its top towards +z (+y for the two faces of z).
  struct Image {
    int32_t width = 0, height = 0;
    bool cube = false;
    std::vector<uint8_t> rgba;
  };
  // Triangles in the geom's frame; per vertex 3 + 3 + 2 numbers. `uv` is empty if the mesh has none: v grows upwards, as in OBJ files.
  struct Mesh {
    std::vector<float> position, normal, uv;
    std::vector<uint32_t> corner;                // 3 per triangle, counter-clockwise from outside
  };
  struct Material {
    std::string name;
    std::array<float, 4> rgba{1, 1, 1, 1};
    float emission = 0, specular = 0.5f, roughness = 0.6f, metallic = 0, reflectance = 0;
    int32_t image = -1;                          // multiplies rgba
    std::array<float, 2> repeat{1, 1};           // of the image: over the whole part, or, `uniform`, per metre
    bool uniform = false;
  };
  struct Part {                                  // of a geom
    std::array<float, 4> rgba{0.5f, 0.5f, 0.5f, 1};   // final: the geom's own or its material's
    int32_t mesh = -1, material = -1, group = 0;      // material -1: rgba alone
  };
  struct Mark {                                  // of a site
    std::array<float, 4> rgba{0.5f, 0.5f, 0.5f, 1};
    int32_t type = 0, group = 0;                 // geom::Type
    std::array<float, 3> size{};
  };
  // Where a camera or a light looks: with its body; with it in place only; at the tree's centre of mass likewise; or at a body from
  // either place.
  enum class Track : int32_t { fixed, track, trackcom, targetbody, targetbodycom };
  struct Camera {
    std::string name;
    int32_t body = 0, target = -1;               // bodies; -1: none
    Track track = Track::fixed;
    std::array<double, 3> pos{};                 // in the body's frame; it looks along -z, +y is up in the image, +x right
    std::array<double, 4> quat{1, 0, 0, 0};
    double fovy = 0.7853981633974483;            // rad, vertical
    std::array<int32_t, 2> resolution{};         // pixels, width and height; 0 0: not said
    std::array<double, 2> focal{}, principal{};  // pixels of `resolution`; focal 0 0: by fovy; principal: from the middle, right and down
  };
  struct Light {                                 // MJCF: body/light
    enum class Type : int32_t { spot, directional, point };
    std::string name;
    int32_t body = 0, target = -1;
    Track track = Track::fixed;
    Type type = Type::spot;
    bool shadow = true, active = true;
    std::array<double, 3> pos{}, dir{0, 0, -1};  // in the body's frame
    std::array<float, 3> ambient{}, diffuse{0.7f, 0.7f, 0.7f}, specular{0.3f, 0.3f, 0.3f};
    std::array<float, 3> attenuation{1, 0, 0};   // 1 / (a + b d + c d^2), d in m; not of directional ones
    float cutoff = 0.7853982f, exponent = 10;    // spot: rad from its axis, and the power of the cosine within
    float range = 10;                            // m: beyond it nothing is lit
  };

  std::vector<Image> images;
  std::vector<Mesh> meshes;
  std::vector<Material> materials;
  std::vector<Part> parts;                       // per geom
  std::vector<Mark> marks;                       // per site
  std::vector<Camera> cameras;
  std::vector<Light> lights;
  int32_t sky = -1;                              // image; -1: none
};

}  // namespace nuri::model
