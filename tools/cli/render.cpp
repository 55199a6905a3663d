// nuri render: pictures of a scene, without a display.
#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include "engine/shape/image.h"
#include "render/trace/eyes.h"
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
  bool raster = false, together = false, sheet = false, dark = false, no_grid = false, validate = false;
};

constexpr double furthest_shown = 65.535;          // m: what 16 bits of millimetres hold
constexpr int fine = 3;                            // rays per pixel of a still, in each direction

bool write(const std::string& path, const shape::Pixels& pixels) {
  const std::string bytes = shape::encode_png(pixels);
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  return !bytes.empty() && out.write(bytes.data(), std::streamsize(bytes.size())).flush();
}
int refuse(const std::string& path, bool json) {
  report({Diagnostic{Severity::error, "cannot-write", "the picture cannot be written", "is its folder there?", {path, 0, 0}, {}, {}}}, json);
  return failed;
}

// Depth as 16 bits of millimetres, big endian; 0: nothing there, or too far.
shape::Pixels millimetres(uint32_t width, uint32_t height, const float* depth) {
  shape::Pixels to{width, height, 1, 16, {}};
  for (size_t i = 0; i < size_t(width) * height; ++i) {
    const unsigned mm = double(depth[i]) <= furthest_shown ? unsigned(std::lround(1000 * double(depth[i]))) : 0;
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

// What is to be seen of a running scene, and from where.
struct Sight {
  std::vector<int> environments;
  std::vector<view::Poses> poses;
  view::Eye eye;
};

Result<Sight> look(const Asked& asked, World& world, const view::Scenery& scenery) {
  Sight out;
  const bool many = asked.together || asked.sheet;
  for (int e = many ? 0 : asked.environment; e < (many ? world.environments() : asked.environment + 1); ++e) out.environments.push_back(e);
  float spacing = float(asked.spacing);
  if (spacing <= 0)
    for (const auto& of : scenery.models) spacing = std::max(spacing, 2.2f * of.radius);
  const std::vector<view::Vec3f> places = session::grid_places(int(out.environments.size()), asked.together ? spacing : 0);
  for (size_t i = 0; i < out.environments.size(); ++i) out.poses.push_back(session::poses_of(world, out.environments[i], places[i]));

  if (!asked.camera.empty()) {
    const model::Model& model = world.model(out.environments[0]);
    const int camera = find_camera(model, asked.camera);
    if (camera < 0) return Diagnostic{Severity::error, "unknown-camera", "there is no camera '" + asked.camera + "', the model has " + std::to_string(model.look.cameras.size()), "", {}, "", {}};
    out.eye = view::camera_eye(model, camera, out.poses[0]);
    return out;
  }
  constexpr float fovy = 0.7853982f;
  view::Orbit orbit = view::framing(scenery, std::span(out.poses).first(asked.together ? out.poses.size() : 1), fovy, float(asked.size[0]) / float(asked.size[1]));
  constexpr double degree = 3.14159265358979 / 180;
  if (asked.from.size() > 0) orbit.azimuth = float(asked.from[0] * degree);
  if (asked.from.size() > 1) orbit.elevation = float(asked.from[1] * degree);
  if (asked.from.size() > 2) orbit.distance = float(asked.from[2]);
  out.eye = view::orbit_eye(orbit.at, orbit.distance, orbit.azimuth, orbit.elevation, fovy);
  return out;
}

// w x y z of a rotation matrix, row major (S. W. Shepperd, Quaternion from rotation matrix, 1978).
std::array<double, 4> quaternion(const std::array<float, 9>& m) {
  const double square[4] = {1.0 + m[0] + m[4] + m[8], 1.0 + m[0] - m[4] - m[8], 1.0 - m[0] + m[4] - m[8], 1.0 - m[0] - m[4] + m[8]};
  const auto largest = std::max_element(square, square + 4) - square;
  const double s = 2 * std::sqrt(square[largest]);
  const double a = (double(m[7]) - m[5]) / s, b = (double(m[2]) - m[6]) / s, c = (double(m[3]) - m[1]) / s;
  const double d = (double(m[1]) + m[3]) / s, e = (double(m[2]) + m[6]) / s, f = (double(m[5]) + m[7]) / s, own = s / 4;
  switch (largest) {
    case 0: return {own, a, b, c};
    case 1: return {a, own, d, e};
    case 2: return {b, d, own, f};
  }
  return {c, e, f, own};
}

// By rays: no driver, no display. Each environment of a sheet is a tile; each pixel the mean of fine x fine rays.
int traced(const Options& options, const Asked& asked, World& world, const Sight& sight) {
  const int width = asked.size[0], height = asked.size[1], count = int(sight.environments.size());
  const int columns = int(std::ceil(std::sqrt(double(count)))), rows = (count + columns - 1) / columns;
  if (int64_t(columns) * width > 32768 || int64_t(rows) * height > 32768) return report("a sheet of so many pictures is too large", options.json);
  shape::Pixels sheet{uint32_t(columns * width), uint32_t(rows * height), 3, 8, {}};
  sheet.bytes.assign(size_t(sheet.width) * sheet.height * 3, 0);
  std::vector<float> depth(asked.depth.empty() ? 0 : size_t(sheet.width) * sheet.height, 0);
  double seconds = 0;
  std::string kernel;
  Progress progress("render", count, !tells(options));
  for (int b = 0; b < world.buckets(); ++b) {      // an Eyes for each kind of robot
    const auto& model = world.bucket(b).shared_model();
    trace::Sensor sensor;
    trace::Lens lens;
    lens.width = fine * width, lens.height = fine * height, lens.fovy = double(sight.eye.fovy);
    sensor.camera = asked.camera.empty() ? -1 : find_camera(*model, asked.camera);
    if (sensor.camera >= 0) lens.fovy = 0;
    sensor.optics = lens;
    sensor.outputs = trace::output::rgb | (depth.empty() ? 0u : uint32_t(trace::output::depth));
    for (size_t k = 0; k < 3; ++k) sensor.pos[k] = double(sight.eye.position[k]);
    sensor.quat = quaternion(sight.eye.axes);
    std::unique_ptr<trace::Eyes> eyes;
    for (int i = 0; i < count; ++i) {
      if (world.place(sight.environments[size_t(i)]).bucket != b) continue;
      if (!eyes) {
        Result<trace::Eyes> made = trace::Eyes::make(model, 1, {sensor}, {});
        if (!made) return report(made.errors(), options.json);
        eyes = std::make_unique<trace::Eyes>(std::move(*made));
        kernel = eyes->kernel();
      }
      const auto start = std::chrono::steady_clock::now();
      eyes->render(world.pool(), {sight.poses[size_t(i)].position, sight.poses[size_t(i)].rotation});
      seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
      const auto& tensors = eyes->groups()[0].tensors;
      const auto* const rgb = static_cast<const uint8_t*>(tensors[0].data);
      for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x) {
          const size_t to = size_t(i / columns * height + y) * sheet.width + size_t(i % columns * width + x);
          for (size_t k = 0; k < 3; ++k) {
            unsigned sum = fine * fine / 2;
            for (int v = 0; v < fine; ++v)
              for (int u = 0; u < fine; ++u) sum += rgb[3 * (size_t(fine * y + v) * size_t(fine * width) + size_t(fine * x + u)) + k];
            sheet.bytes[3 * to + k] = uint8_t(sum / (fine * fine));
          }
          if (!depth.empty()) depth[to] = static_cast<const float*>(tensors[1].data)[size_t(fine * y + fine / 2) * size_t(fine * width) + size_t(fine * x + fine / 2)];
        }
      progress.at(i + 1);
    }
  }
  const std::string out = asked.out.empty() ? std::filesystem::path(options.scene).stem().string() + ".png" : asked.out;
  if (!write(out, sheet)) return refuse(out, options.json);
  if (!depth.empty() && !write(asked.depth, millimetres(sheet.width, sheet.height, depth.data()))) return refuse(asked.depth, options.json);
  const double rays = double(count) * width * height * fine * fine / seconds;
  if (options.json) print({{"ok", true}, {"file", out}, {"width", sheet.width}, {"height", sheet.height}, {"pictures", count}, {"time", world.time(sight.environments[0])}, {"kernel", kernel}, {"seconds", seconds}, {"rays_per_second", rays}});
  else fmt::print("{}: {} x {}, {} picture{}, {} rays per second, {}\n", out, sheet.width, sheet.height, count, count == 1 ? "" : "s", cli::count(rays), kernel);
  return good;
}

#ifdef NURI_WITH_VULKAN
int rastered(const Options& options, const Asked& asked, World& world, const view::Scenery& scenery, const Sight& sight) {
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
  const view::Frame frame = view::make_frame(scenery, sight.poses, {}, sight.eye);
  (*device)->run([&](VkCommandBuffer commands) { raster.draw(commands, *picture, frame, sight.eye, style, ids); });
  const raster::Pixels pixels = raster.read(*picture, ids);
  const std::string out = asked.out.empty() ? std::filesystem::path(options.scene).stem().string() + ".png" : asked.out;
  if (!write(out, {pixels.width, pixels.height, 4, 8, pixels.rgba})) return refuse(out, options.json);
  if (ids && !write(asked.depth, millimetres(pixels.width, pixels.height, pixels.depth.data()))) return refuse(asked.depth, options.json);

  Json passes = Json::object();
  for (const raster::PassTime& pass : raster.times()) passes[pass.name] = pass.milliseconds;
  Json result{{"ok", true}, {"file", out}, {"width", pixels.width}, {"height", pixels.height}, {"time", world.time(sight.environments[0])}, {"instances", frame.instances.size()}, {"device", (*device)->name()}, {"milliseconds", passes}};
  if (asked.validate) result["validation"] = (*device)->said;
  if (options.json) print(result);
  else fmt::print("{}: {} x {}, {} instances, {}\n", out, pixels.width, pixels.height, frame.instances.size(), (*device)->name());
  for (const std::string& line : (*device)->said) fmt::print(stderr, "{}\n", line);
  return asked.validate && !(*device)->said.empty() ? failed : good;
}
#endif

int render(const Options& options, const Length& length, const Asked& asked) {
  Options sized = options;
  if (!sized.environments) sized.environments = asked.together || asked.sheet ? 16 : asked.environment + 1;
  auto opened = open(sized);
  if (!opened) return report(opened.errors(), options.json);
  session::Session& session = **opened;
  World& world = session.world();
  if (asked.environment >= world.environments()) return report(fmt::format("there is no environment {}, there are {}", asked.environment, environments(world.environments())), options.json);
  const int64_t substeps = length.of(session.model(), 0);
  {
    Progress progress("step", substeps, !tells(options));
    if (!advance(session, substeps, &progress)) return report("interrupted", options.json, failed);
  }
  const view::Scenery scenery = session::scenery_of(world);
  Result<Sight> sight = look(asked, world, scenery);
  if (!sight) return report(sight.errors(), options.json);
  if (!asked.raster) return traced(options, asked, world, *sight);
#ifdef NURI_WITH_VULKAN
  try {
    return rastered(options, asked, world, scenery, *sight);
  } catch (const vulkan::Failure& failure) {
    return report(failure.what(), options.json, failed);
  }
#else
  return report("this program was built without Vulkan: leave --raster out", options.json, failed);
#endif
}

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
  CLI::Option* raster = command->add_flag("--raster", asked->raster, "With Vulkan, as the editor draws; on any driver, Mesa's software one included (otherwise by rays, without a driver)");
  command->add_option("-o,--out", asked->out, "Picture to write (otherwise the scene's name with .png, here)")->type_name("FILE.png");
  command->add_option("--depth", asked->depth, "Depth along the view direction too, 16 bits of millimetres; 0: nothing, or beyond 65 m")->type_name("FILE.png");
  command->add_option("--size", asked->size, "Pixels")->expected(2)->type_name("W H")->check(CLI::Range(16, 8192));
  command->add_option("--env", asked->environment, "Which environment")->check(CLI::Range(0, 10'000'000));
  CLI::Option* sheet = command->add_flag("--sheet", asked->sheet, "A picture of every environment (16, or as many as --envs says), as tiles of one")->excludes(raster);
  command->add_flag("--together", asked->together, "All environments (16, or as many as --envs says) side by side in one picture")->needs(raster)->excludes(sheet);
  command->add_option("--spacing", asked->spacing, "Metres between environments side by side (otherwise by the robot's size)")->check(CLI::Range(0.0, 1e6));
  command->add_option("--camera", asked->camera, "A camera of the model, by name or number (otherwise all is in view)")->type_name("NAME");
  command->add_option("--from", asked->from, "Where a free camera looks from: azimuth, elevation in degrees, distance in metres")->expected(1, 3)->type_name("AZ [EL [M]]");
  command->add_flag("--dark", asked->dark, "The editor's dark surroundings")->needs(raster);
  command->add_flag("--no-grid", asked->no_grid, "No lines on the ground")->needs(raster);
  command->add_option("--driver", asked->driver, "Part of the name of the Vulkan device to use")->needs(raster);
  command->add_flag("--validate", asked->validate, "With Vulkan's validation layer; anything it says is a failure")->needs(raster);
  command->footer("The picture is of the state after --steps or --seconds, otherwise of the initial state.");
  command->callback([=, &status] { status = render(*options, *length, *asked); });
}

}  // namespace nuri::cli
