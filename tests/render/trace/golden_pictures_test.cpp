// Golden pictures: exact hashes of what sensors see (tests/golden/pictures.txt: picture, hash), equal at every width. A change of one is a
// change of what policies learn from. After a change that is meant:
//   NURI_PICTURES=FOLDER test_render_trace -tc='golden*'    writes the pictures that differ as PPM files into FOLDER: look at them
//   NURI_UPDATE_GOLDEN=1 test_render_trace -tc='golden*'    writes the hashes
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <map>
#include "engine/model/compile.h"
#include "engine/scene/mjcf.h"
#include "render/trace/registry.h"
#include "tests/render/trace/viewing.h"

namespace nuri::trace::test {
namespace {
constexpr const char* golden_path = "tests/golden/pictures.txt";
constexpr uint32_t of_lidars = output::all & ~(output::rgb | output::depth);
constexpr int width = 96, height = 72;

struct Golden {
  std::string name, scene;
  Sensor sensor;
  Options options = {};
  std::vector<std::string> lights = {};          // of the scene, that are on; the others are off
};

std::shared_ptr<const model::Model> loaded(const Golden& golden) {
  auto scene = scene::read_mjcf("tests/render/trace/scenes/" + golden.scene + ".xml");
  if (!scene) FAIL(to_string(scene.errors()[0]));
  auto m = model::compile(*scene);
  if (!m) FAIL(to_string(m.errors()[0]));
  for (auto& light : m->look.lights) light.active = std::find(golden.lights.begin(), golden.lights.end(), light.name) != golden.lights.end();
  return shared(std::move(*m));
}

Sensor through(int camera, uint32_t outputs = output::all) {
  Sensor s;
  s.name = "eye", s.camera = camera, s.outputs = outputs;
  Lens lens;
  lens.width = width, lens.height = height;
  s.optics = lens;
  return s;
}
Sensor through(int camera, const std::function<void(Lens&)>& change) {
  Sensor s = through(camera);
  change(std::get<Lens>(s.optics));
  return s;
}
Sensor lidar(const Scan& scan) {
  Sensor s;
  s.name = "lidar", s.optics = scan, s.outputs = of_lidars;
  s.pos = {0.3, -0.4, 1.1};
  s.quat = shape::unit({1, 0, 0.1, -0.7});
  s.far = 30, s.nothing = -1;
  return s;
}
Scan scan(Scan::Pattern pattern, int rows, int columns, double high, double from = -3.141592653589793) {
  Scan s;
  s.pattern = pattern, s.rows = rows, s.columns = columns;
  s.low = -high, s.high = high, s.from = from, s.to = -from;
  return s;
}
Options lit(std::vector<LampSpec> lamps) {
  Options o;
  o.lamps = std::move(lamps);
  for (int i = 0; i < 64; ++i) o.labels.push_back(3 * i + 1);
  return o;
}

std::vector<Golden> goldens() {
  const Options sun = lit({{LampKind::directional, 0, {}, {-0.4, 0.5, -0.8}, {0.9f, 0.85f, 0.75f}}});
  Options plain_sky = sun;
  plain_sky.model_sky = false;
  std::vector<Golden> all = {
      {"fair", "fair", through(0), sun},
      {"floor", "fair", through(1), sun},
      {"sky", "fair", through(2), sun},
      {"gradient_sky", "fair", through(2, output::rgb), plain_sky},
      {"height_field", "fair", through(3), sun},
      {"mesh", "fair", through(4), sun},
      {"lens_focal", "fair", through(0, [](Lens& l) { l.fx = 90, l.fy = 120, l.cx = 40, l.cy = 30; }), sun},
      {"lens_radial", "fair", through(0, [](Lens& l) { l.model = Lens::Model::radial, l.fovy = 1.1, l.distortion = {-0.28, 0.08, 0.002, -0.003, 0.001, 0.01, 0, 0}; }), sun},
      {"lens_fisheye", "fair", through(2, [](Lens& l) { l.model = Lens::Model::fisheye, l.fovy = 3.3, l.distortion = {0.05, -0.01, 0, 0}; }), sun},
      {"lidar_spinning", "fair", lidar(scan(Scan::Pattern::spinning, 32, 256, 0.6)), sun},
      {"lidar_raster", "fair", lidar(scan(Scan::Pattern::raster, 48, 80, 0.5, -0.6)), sun},
      {"lidar_rosette", "fair", lidar(scan(Scan::Pattern::rosette, 40, 64, 0.6)), sun},
      {"lamp_spot", "lamps", through(0), {}, {"spot"}},
      {"lamp_point", "lamps", through(0, output::rgb), {}, {"point"}},
      {"lamp_sun", "lamps", through(0, output::rgb), {}, {"sun"}},
      {"lamps_off", "lamps", through(0, output::rgb), {}, {}},
      {"lamp_all", "lamps", through(0, output::rgb | output::intensity), {}, {"spot", "point", "sun"}},
      {"lamp_smooth_spot", "lamps", through(0, output::rgb), lit({{LampKind::spot, 0, {-0.8, -1.2, 2.4}, {0.35, 0.5, -1}, {1, 0.95f, 0.8f}, 0.5, 0.35}})},
      {"lamp_falling_point", "lamps", through(0, output::rgb), lit({{LampKind::point, 0, {0.6, -0.8, 1.5}, {}, {0.7f, 0.8f, 1}}})},
      {"lamp_no_shadow", "lamps", through(0, output::rgb), lit({{LampKind::point, 0, {0.6, -0.8, 1.5}, {}, {0.7f, 0.8f, 1}}})},
  };
  for (Golden& g : all) {
    if (g.name == "lamp_falling_point") g.options.lamps[0].falls = true;
    if (g.name == "lamp_no_shadow") g.options.lamps[0].shadow = false;
  }
  Golden uneven = {"lidar_elevations", "fair", lidar(scan(Scan::Pattern::spinning, 5, 128, 0)), sun};
  std::get<Scan>(uneven.sensor.optics).elevations = {0.2, 0.02, -0.1, -0.3, -0.7};
  all.push_back(uneven);
  Golden noisy = {"noise_camera", "fair", through(0), sun}, lossy = {"noise_lidar", "fair", lidar(scan(Scan::Pattern::raster, 48, 80, 0.5, -0.6)), sun};
  noisy.sensor.noise = {0.01f, 0.002f, 0.001f, 0.02f, 0.02f, 0.15f, 0.03f, 0};
  lossy.sensor.noise = {0.02f, 0, 0.001f, 0.005f, 0.05f, 0.2f, 0, 0.1f};
  all.insert(all.end(), {noisy, lossy});
  Golden cut = {"near_and_far", "fair", through(0), sun};
  cut.sensor.near = 4, cut.sensor.far = 5, cut.sensor.nothing = -2;
  all.push_back(cut);
  return all;
}

// A tensor as something to look at: colours as they are, numbers stretched over what is there, names and directions as colours.
void write_picture(const std::string& path, const Tensor& t) {
  const size_t columns = size_t(t.shape[3]), rows = size_t(t.shape[2]), n = rows * columns, channels = t.shape.size() == 5 ? 3 : 1;
  std::vector<uint8_t> rgb(3 * n);
  if (t.type == Tensor::Type::u8) {
    std::memcpy(rgb.data(), t.data, 3 * n);
  } else if (t.type == Tensor::Type::i32) {
    for (size_t i = 0; i < n; ++i)
      for (int k = 0; k < 3; ++k) rgb[3 * i + size_t(k)] = uint8_t((uint32_t(static_cast<const int32_t*>(t.data)[i]) + 1) * 2654435761u >> (8 * k + 8));
  } else {
    const float* const v = static_cast<const float*>(t.data);
    const auto [low, high] = std::minmax_element(v, v + channels * n);
    const float from = *low, scale = *high > *low ? 255 / (*high - *low) : 0;
    for (size_t i = 0; i < n; ++i) for (size_t k = 0; k < 3; ++k) rgb[3 * i + k] = uint8_t((v[channels * i + k % channels] - from) * scale);
  }
  std::ofstream out(path, std::ios::binary);
  out << "P6\n" << columns << ' ' << rows << "\n255\n";
  out.write(reinterpret_cast<const char*>(rgb.data()), std::streamsize(rgb.size()));
}
constexpr const char* words[] = {"rgb", "depth", "range", "geom", "body", "class", "normal", "intensity", "point"};
}  // namespace

TEST_CASE("golden pictures: exact hashes at every width") {
  const char *const update = std::getenv("NURI_UPDATE_GOLDEN"), *const folder = std::getenv("NURI_PICTURES");
  std::map<std::string, std::string> golden;
  std::ifstream file(golden_path);
  for (std::string line; std::getline(file, line);)
    if (!line.empty() && line[0] != '#') golden[line.substr(0, line.find(' '))] = line.substr(line.find(' ') + 1);
  std::string found = "# exact hashes of pictures (tests/render/trace/golden_pictures_test.cpp): picture, hash\n";
  size_t count = 0;
  for (Golden& g : goldens()) {
    CAPTURE(g.name);
    const auto m = loaded(g);
    if (!g.options.labels.empty()) g.options.labels.resize(size_t(m->geom_count));
    std::string hash;
    for (const Kernel* k : kernels()) {
      CAPTURE(k->width);
      Options o = g.options;
      o.width = k->width;
      const Picture p(m, g.sensor, o, 2);
      char text[20];
      std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(p.hash()));
      if (hash.empty()) hash = text;
      CHECK(hash == text);
      if (folder && k == kernels()[0] && golden[g.name] != hash)
        for (const Tensor& t : p.eyes.groups()[0].tensors) write_picture(std::string(folder) + "/" + g.name + "." + words[__builtin_ctz(t.output)] + ".ppm", t);
    }
    if (!update) CHECK_MESSAGE(golden[g.name] == hash, "if that is meant, look at it and write it anew, as this file's head says");
    found += g.name + " " + hash + "\n";
    ++count;
  }
  if (update && *update == '1') {
    std::ofstream(golden_path) << found;
    MESSAGE("written: " << golden_path);
    return;
  }
  CHECK(golden.size() == count);
}

}  // namespace nuri::trace::test
