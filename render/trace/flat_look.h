// A model's look as kernels read it: props, trees of triangles, mipmapped pictures, lamps. Made once per Eyes; shared by all environments.
#pragma once
#include <memory>
#include <vector>
#include "engine/core/result.h"
#include "render/trace/eyes.h"

namespace nuri::trace {

struct FlatLook {
  View view{};                                   // points into what follows
  std::vector<Mount> lamp_mounts;

  struct TreeData {
    std::vector<int32_t> node, corner;
    std::vector<float> bound, triangle, normal, uv, density;
  };
  std::vector<Prop> props;
  std::vector<Paint> paints;
  std::vector<TreeData> tree_data;
  std::vector<Tree> trees;
  std::vector<std::vector<float>> elevations;
  std::vector<Field> fields;
  std::vector<Picture> pictures;
  std::vector<uint32_t> texels;
  std::vector<float> linear;
  std::vector<Lamp> lamps;

  FlatLook() = default;
  FlatLook(const FlatLook&) = delete;            // the view would point into the other one
  static Result<std::unique_ptr<FlatLook>> make(const model::Model& model, const Options& options);
};

FlatLook::TreeData plant(const model::Look::Mesh& mesh);
Tree tree_of(const FlatLook::TreeData& data);

// Appends a picture and its mipmap levels.
void add_picture(const model::Look::Image& image, FlatLook& out);
float linear_of(double srgb);                    // 0 .. 1

// A frame on a body, with what tracking needs of the initial state.
Mount mount_on(const model::Model& model, int body, int target, model::Look::Track track, const std::array<double, 3>& pos, const std::array<double, 4>& quat);

}  // namespace nuri::trace
