#include "tools/cli/eyes.h"

#include <fmt/format.h>
#include <algorithm>
#include "engine/core/hash.h"

namespace nuri::cli {
namespace output = trace::output;

uint64_t picture_hash(session::Session& session, const session::Eyes& eyes) {
  Hash all;
  for (int e = 0; e < session.environments(); ++e) {
    Hash own;
    for (size_t k = 0; k < eyes.eyes().size(); ++k) {
      const session::EyeInfo& eye = eyes.eyes()[k];
      for (uint32_t bit = 1; bit <= output::all; bit *= 2) {
        const void* const picture = eye.outputs & bit ? eyes.picture(int(k), e, bit) : nullptr;
        const size_t bytes = session::picture_bytes(eye, bit);
        if (!picture) continue;
        if (bit == output::rgb) own.add(std::span(static_cast<const uint8_t*>(picture), bytes));
        else if (bit & (output::geom | output::body | output::label)) own.add(std::span(static_cast<const int32_t*>(picture), bytes / 4));
        else own.add(std::span(static_cast<const float*>(picture), bytes / 4));
      }
    }
    all.add(own.value());
  }
  return all.value();
}

bool advance_looking(session::Session& session, session::Eyes& eyes, int64_t until, Progress* progress) {
  const int64_t substeps = session.settings().substeps;
  while (!interrupted()) {
    const int64_t now = int64_t(session.substep());
    if (now % substeps == 0) eyes.look();
    if (now >= until) return true;
    session.step(int(std::min(substeps - now % substeps, until - now)));
    if (progress)
      progress->at(int64_t(session.substep()),
                   fmt::format("{} steps/s, {} images/s",
                               count(double(session.world().statistics().steps) / std::max(1e-9, session.seconds_in_world())),
                               count(double(eyes.images()) / std::max(1e-9, eyes.seconds()))));
  }
  return false;
}

Json eyes_summary(session::Session& session, session::Eyes& eyes, double looks_per_environment) {
  Json list = Json::array();
  for (const session::EyeInfo& eye : eyes.eyes()) {
    Json outputs = Json::array();
    for (uint32_t bit = 1; bit <= output::all; bit *= 2)
      if (eye.outputs & bit) outputs.push_back(session::output_name(bit));
    list.push_back({{"name", eye.name},
                    {"lidar", eye.lidar},
                    {"width", eye.width},
                    {"height", eye.height},
                    {"outputs", outputs},
                    {"rate", eye.rate},
                    {"latency", eye.latency}});
  }
  const double images = double(eyes.images()), seconds = eyes.seconds(), physics = session.seconds_in_world();
  const double steps = std::max(1.0, looks_per_environment * session.environments());
  return {{"eyes", list},
          {"kernel", eyes.kernel()},
          {"images", eyes.images()},
          {"rays", eyes.rays()},
          {"seconds", seconds},
          {"images_per_second", seconds > 0 ? images / seconds : 0.0},
          {"rays_per_second", seconds > 0 ? double(eyes.rays()) / seconds : 0.0},
          {"us_per_image", images > 0 ? 1e6 * seconds / images : 0.0},
          {"us_per_control_step", 1e6 * seconds / steps},
          {"physics_us_per_control_step", 1e6 * physics / steps},
          {"share", seconds + physics > 0 ? seconds / (seconds + physics) : 0.0},
          {"picture_hash", hex(picture_hash(session, eyes))}};
}

void print_eyes(const Json& eyes, int environments) {
  std::string names;
  for (const Json& eye : eyes["eyes"])
    names += fmt::format("{}{} {} x {} at {:.3g} Hz", names.empty() ? "" : ", ", std::string(eye["name"]), int(eye["width"]),
                         int(eye["height"]), double(eye["rate"]));
  fmt::print("  eyes: {} in {} environments ({})\n", names, environments, std::string(eyes["kernel"]));
  fmt::print(
      "    {} images, {:.1f} us an image, {} rays/s, {:.0f} % of the time; an environment's control step: physics {:.1f} us, eyes {:.1f} "
      "us; picture hash {}\n",
      count(double(eyes["images"])), double(eyes["us_per_image"]), count(double(eyes["rays_per_second"])), 100 * double(eyes["share"]),
      double(eyes["physics_us_per_control_step"]), double(eyes["us_per_control_step"]), std::string(eyes["picture_hash"]));
}

}  // namespace nuri::cli
