#include "tools/session/poses.h"

#include <cmath>

namespace nuri::session {
namespace {
template <class T> void copy(World& world, int environment, view::Poses& to) {
  const auto position = world.row<T>(StateField::xpos, environment), rotation = world.row<T>(StateField::xquat, environment);
  to.position.assign(position.begin(), position.end());
  to.rotation.assign(rotation.begin(), rotation.end());
}
}  // namespace

view::Scenery scenery_of(const World& world) {
  std::vector<std::shared_ptr<const model::Model>> models;
  for (int b = 0; b < world.buckets(); ++b) models.push_back(world.bucket(b).shared_model());
  return view::Scenery::of(std::move(models));
}

view::Poses poses_of(World& world, int environment, const view::Vec3f& offset) {
  view::Poses to;
  to.model = world.place(environment).bucket;
  to.environment = uint32_t(environment);
  to.offset = offset;
  if (world.options().precision == Precision::f32) copy<float>(world, environment, to);
  else copy<double>(world, environment, to);
  return to;
}

std::vector<view::Vec3f> grid_places(int count, float spacing) {
  const int columns = std::max(1, int(std::ceil(std::sqrt(double(count))))), rows = (count + columns - 1) / columns;
  std::vector<view::Vec3f> places;
  for (int i = 0; i < count; ++i)
    places.push_back({(float(i % columns) - 0.5f * float(columns - 1)) * spacing, (float(i / columns) - 0.5f * float(rows - 1)) * spacing, 0});
  return places;
}

}  // namespace nuri::session
