// nuri render --raster: a picture by Vulkan, as the editor draws.
#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include "tools/cli/render.h"
#include "tools/session/poses.h"
#ifdef NURI_WITH_VULKAN
#include "render/raster/raster.h"
#endif

namespace nuri::cli {

#ifndef NURI_WITH_VULKAN

int render_raster(const Options& options, const RenderAsked&, session::Session&) {
  return report("this program was built without Vulkan: leave --raster out", options.json, failed);
}

#else

namespace {

constexpr double furthest_shown = 65.535;        // m: what 16 bits of millimetres hold

struct Sight {
  int first = 0;                                 // environment
  std::vector<view::Poses> poses;
  view::Eye eye;
};

Result<Sight> look(const RenderAsked& asked, session::Session& session, const view::Scenery& scenery, std::array<int, 2> size) {
  World& world = session.world();
  Sight out;
  out.first = asked.environment.value_or(0);
  float spacing = float(asked.spacing);
  if (spacing <= 0)
    for (const auto& of : scenery.models) spacing = std::max(spacing, 2.2f * of.radius);
  if (asked.together) {
    const std::vector<view::Vec3f> places = session::grid_places(world.environments(), spacing);
    for (int e = 0; e < world.environments(); ++e) out.poses.push_back(session::poses_of(world, e, places[size_t(e)]));
  } else {
    out.poses.push_back(session::poses_of(world, out.first));
  }
  if (asked.through.camera.empty()) {
    out.eye = free_eye(scenery, out.poses, asked.through.from, float(size[0]) / float(size[1]));
    return out;
  }
  const model::Model& model = world.model(out.first);
  const int camera = find_camera(model, asked.through.camera);
  if (camera < 0 && find_eye(session.settings(), asked.through.camera))
    return Diagnostic{Severity::error,
                      "by-rays-only",
                      "'" + asked.through.camera + "' is one of the scene's eyes, which see by rays",
                      "leave --raster out, or name a camera of the model",
                      {},
                      {},
                      {}};
  if (camera < 0) return unknown_camera(session, asked.through.camera);
  out.eye = view::camera_eye(model, camera, out.poses[0]);
  return out;
}

// 16 bits, big endian; 0: nothing there, or too far.
shape::Pixels millimetres(const raster::Pixels& pixels) {
  shape::Pixels to{pixels.width, pixels.height, 1, 16, {}};
  for (float depth : pixels.depth) {
    const unsigned mm = double(depth) <= furthest_shown ? unsigned(std::lround(1000 * double(depth))) : 0;
    to.bytes.push_back(uint8_t(mm >> 8));
    to.bytes.push_back(uint8_t(mm));
  }
  return to;
}

int draw(const Options& options, const RenderAsked& asked, session::Session& session) {
  World& world = session.world();
  const std::array<int, 2> size = asked.through.size[0] ? asked.through.size : std::array{1280, 720};
  const view::Scenery scenery = session::scenery_of(world);
  const Result<Sight> sight = look(asked, session, scenery, size);
  if (!sight) return report(sight.errors(), options.json);

  vulkan::DeviceOptions wanted;
  wanted.name = asked.driver;
  wanted.validate = asked.validate;
  auto device = vulkan::Device::create(wanted);
  if (!device) return report(device.errors(), options.json);
  auto made = raster::Raster::create(**device);
  if (!made) return report(made.errors(), options.json);
  raster::Raster& raster = **made;
  raster::Style style;
  style.dark = asked.dark;
  style.grid = !asked.no_grid;
  const bool ids = !asked.depth.empty();
  raster.use(scenery);
  auto picture = raster.picture(uint32_t(size[0]), uint32_t(size[1]));
  const view::Frame frame = view::make_frame(scenery, sight->poses, {}, sight->eye);
  (*device)->run([&](VkCommandBuffer commands) { raster.draw(commands, *picture, frame, sight->eye, style, ids); });
  const raster::Pixels pixels = raster.read(*picture, ids);
  Result<bool> written = write_png(asked.out, {pixels.width, pixels.height, 4, 8, pixels.rgba});
  if (written && ids) written = write_png(asked.depth, millimetres(pixels));
  if (!written) return report(written.errors(), options.json);

  Json passes = Json::object();
  for (const raster::PassTime& pass : raster.times()) passes[pass.name] = pass.milliseconds;
  Json result{{"ok", true},
              {"file", asked.out},
              {"width", pixels.width},
              {"height", pixels.height},
              {"time", world.time(sight->first)},
              {"instances", frame.instances.size()},
              {"device", (*device)->name()},
              {"milliseconds", passes}};
  if (asked.validate) result["validation"] = (*device)->said;
  if (options.json) print(result);
  else fmt::print("{}: {} x {}, {} instances, {}\n", asked.out, pixels.width, pixels.height, frame.instances.size(), (*device)->name());
  for (const std::string& line : (*device)->said) fmt::print(stderr, "{}\n", line);
  return asked.validate && !(*device)->said.empty() ? failed : good;
}

}  // namespace

int render_raster(const Options& options, const RenderAsked& asked, session::Session& session) {
  try {
    return draw(options, asked, session);
  } catch (const vulkan::Failure& failure) {
    return report(failure.what(), options.json, failed);
  }
}

#endif

}  // namespace nuri::cli
