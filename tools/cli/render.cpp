// nuri render: pictures of a scene, without a display.
#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include "engine/shape/image.h"
#include "tools/cli/cli.h"
#include "tools/session/poses.h"
#ifdef NURI_WITH_VULKAN
#include "render/raster/raster.h"
#endif

namespace nuri::cli {
namespace {

struct Asked {
  std::string camera, out, depth, driver;
  std::vector<int> size{1280, 720};
  std::vector<double> from;                        // azimuth, elevation, distance
  int environment = 0;
  double spacing = 0;
  bool raster = false, together = false, dark = false, no_grid = false, validate = false;
};

#ifdef NURI_WITH_VULKAN
constexpr double furthest_shown = 65.535;          // m: what 16 bits of millimetres hold

bool write(const std::string& path, const shape::Pixels& pixels) {
  const std::string bytes = shape::encode_png(pixels);
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  return !bytes.empty() && out.write(bytes.data(), std::streamsize(bytes.size())).flush();
}

// Depth as 16 bits of millimetres, big endian; 0: nothing there, or too far.
shape::Pixels millimetres(const raster::Pixels& from) {
  shape::Pixels to{from.width, from.height, 1, 16, {}};
  to.bytes.reserve(2 * from.depth.size());
  for (float d : from.depth) {
    const unsigned mm = double(d) <= furthest_shown ? unsigned(std::lround(1000 * double(d))) : 0;
    to.bytes.push_back(uint8_t(mm >> 8));
    to.bytes.push_back(uint8_t(mm));
  }
  return to;
}

// "name" or its number; -1: no such camera
int find_camera(const model::Model& model, const std::string& word) {
  const auto& cameras = model.look.cameras;
  for (size_t i = 0; i < cameras.size(); ++i) if (cameras[i].name == word || std::to_string(i) == word) return int(i);
  return -1;
}

int render(const Options& options, const Length& length, const Asked& asked) {
  Options sized = options;
  if (!sized.environments) sized.environments = asked.together ? 16 : asked.environment + 1;
  auto opened = open(sized);
  if (!opened) return report(opened.errors(), options.json);
  session::Session& session = **opened;
  World& world = session.world();
  if (asked.environment >= world.environments()) return report(fmt::format("there is no environment {}, there are {}", asked.environment, environments(world.environments())), options.json);
  const int64_t substeps = length.of(session.model(), 0);
  {
    Progress progress("render", substeps, !tells(options));
    if (!advance(session, substeps, &progress)) return report("interrupted", options.json, failed);
  }

  const view::Scenery scenery = session::scenery_of(world);
  const int first = asked.together ? 0 : asked.environment, count = asked.together ? world.environments() : 1;
  float spacing = float(asked.spacing);
  if (spacing <= 0)
    for (const auto& of : scenery.models) spacing = std::max(spacing, 2.2f * of.radius);
  const std::vector<view::Vec3f> places = session::grid_places(count, spacing);
  std::vector<view::Poses> poses;
  for (int i = 0; i < count; ++i) poses.push_back(session::poses_of(world, first + i, places[size_t(i)]));

  const float aspect = float(asked.size[0]) / float(asked.size[1]);
  view::Eye eye;
  if (!asked.camera.empty()) {
    const int camera = find_camera(world.model(first), asked.camera);
    if (camera < 0) return report("there is no camera '" + asked.camera + "' (nuri inspect names them)", options.json);
    eye = view::camera_eye(world.model(first), camera, poses[0]);
  } else {
    constexpr float fovy = 0.7853982f;
    view::Orbit orbit = view::framing(scenery, poses, fovy, aspect);
    constexpr double degree = 3.14159265358979 / 180;
    if (asked.from.size() > 0) orbit.azimuth = float(asked.from[0] * degree);
    if (asked.from.size() > 1) orbit.elevation = float(asked.from[1] * degree);
    if (asked.from.size() > 2) orbit.distance = float(asked.from[2]);
    eye = view::orbit_eye(orbit.at, orbit.distance, orbit.azimuth, orbit.elevation, fovy);
  }

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
  auto picture = raster.picture(uint32_t(asked.size[0]), uint32_t(asked.size[1]));
  const view::Frame frame = view::make_frame(scenery, poses, {}, eye);
  (*device)->run([&](VkCommandBuffer commands) { raster.draw(commands, *picture, frame, eye, style, ids); });
  const raster::Pixels pixels = raster.read(*picture, ids);

  const std::string out = asked.out.empty() ? std::filesystem::path(options.scene).stem().string() + ".png" : asked.out;
  auto refuse = [&](const std::string& path) { return report({Diagnostic{Severity::error, "cannot-write", "the picture cannot be written", "is its folder there?", {path, 0, 0}, {}, {}}}, options.json), failed; };
  if (!write(out, {pixels.width, pixels.height, 4, 8, pixels.rgba})) return refuse(out);
  if (ids && !write(asked.depth, millimetres(pixels))) return refuse(asked.depth);

  Json passes = Json::object();
  for (const raster::PassTime& pass : raster.times()) passes[pass.name] = pass.milliseconds;
  Json result{{"ok", true}, {"file", out}, {"width", pixels.width}, {"height", pixels.height}, {"time", world.time(first)}, {"instances", frame.instances.size()}, {"device", (*device)->name()}, {"milliseconds", passes}};
  if (asked.validate) result["validation"] = (*device)->said;
  if (options.json) print(result);
  else fmt::print("{}: {} x {}, {} instances, {}\n", out, pixels.width, pixels.height, frame.instances.size(), (*device)->name());
  if (asked.validate && !(*device)->said.empty()) {
    for (const std::string& line : (*device)->said) fmt::print(stderr, "{}\n", line);
    return failed;
  }
  return good;
}
#endif

}  // namespace

void add_render(CLI::App& app, int& status) {
  auto options = std::make_shared<Options>();
  auto length = std::make_shared<Length>();
  auto asked = std::make_shared<Asked>();
  CLI::App* command = app.add_subcommand("render", "A picture of a scene, without a display");
  add_scene(*command, *options);
  add_world(*command, *options);
  add_length(*command, *length);
  add_drive(*command, *options);
  command->add_flag("--raster", asked->raster, "With Vulkan, as the editor draws; on any driver, Mesa's software one included")->required();
  command->add_option("-o,--out", asked->out, "Picture to write (otherwise the scene's name with .png, here)")->type_name("FILE.png");
  command->add_option("--depth", asked->depth, "Depth along the view direction too, 16 bits of millimetres; 0: nothing, or beyond 65 m")->type_name("FILE.png");
  command->add_option("--size", asked->size, "Pixels")->expected(2)->type_name("W H")->check(CLI::Range(16, 8192));
  command->add_option("--env", asked->environment, "Which environment")->check(CLI::Range(0, 10'000'000));
  command->add_flag("--together", asked->together, "All environments (16, or as many as --envs says) side by side");
  command->add_option("--spacing", asked->spacing, "Metres between environments side by side (otherwise by the robot's size)")->check(CLI::Range(0.0, 1e6));
  command->add_option("--camera", asked->camera, "A camera of the model, by name or number (otherwise all is in view)")->type_name("NAME");
  command->add_option("--from", asked->from, "Where a free camera looks from: azimuth, elevation in degrees, distance in metres")->expected(1, 3)->type_name("AZ [EL [M]]");
  command->add_flag("--dark", asked->dark, "The editor's dark surroundings");
  command->add_flag("--no-grid", asked->no_grid, "No lines on the ground");
  command->add_option("--driver", asked->driver, "Part of the name of the Vulkan device to use");
  command->add_flag("--validate", asked->validate, "With Vulkan's validation layer; anything it says is a failure");
  command->footer("The picture is of the state after --steps or --seconds, otherwise of the initial state.");
#ifdef NURI_WITH_VULKAN
  command->callback([=, &status] {
    try {
      status = render(*options, *length, *asked);
    } catch (const vulkan::Failure& failure) {
      status = report(failure.what(), options->json, failed);
    }
  });
#else
  command->callback([=, &status] { status = report("this program was built without Vulkan", options->json, failed); });
#endif
}

}  // namespace nuri::cli
