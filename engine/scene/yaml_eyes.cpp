// Reads `cameras`, `lidars` and `labels` of a scene file.
#include "engine/scene/eyes.h"

#include <algorithm>
#include <numbers>
#include "engine/scene/yaml_map.h"

namespace nuri::scene::yaml {
namespace {

constexpr double degree = std::numbers::pi / 180;
constexpr double widest_pinhole = 179, widest_fisheye = 359;    // degrees
constexpr double most_latency = 10;              // s
constexpr double farthest = 1e5;                 // m

const std::vector<std::string> output_words{"rgb", "depth", "range", "geom", "body", "class", "normal", "intensity", "point"};   // by rising bit

void read_outputs(Input& input, Map& map, Eye& eye) {
  std::vector<std::string> words;
  std::vector<Place> places;
  if (!map.patterns("outputs", words, &places)) return;
  for (size_t i = 0; i < words.size(); ++i) {
    std::vector<std::string> known = output_words;
    if (eye.lidar) known.erase(known.begin(), known.begin() + 2);
    const auto found = std::find(output_words.begin(), output_words.end(), words[i]);
    const uint32_t bit = uint32_t(1) << (found - output_words.begin());
    auto refuse = [&](std::string code, std::string message, std::string hint) {
      input.errors.add({Severity::error, std::move(code), std::move(message), std::move(hint), places[i], {}, {}});
    };
    if (std::find(known.begin(), known.end(), words[i]) == known.end()) {
      if (found == output_words.end()) refuse("bad-keyword", "'outputs' cannot be " + xml::shown(words[i]), xml::nearest_hint(words[i], known));
      else refuse("bad-keyword", "a lidar gives no " + xml::shown(words[i]), "it gives range, intensity and point, and geom, body, class and normal");
    } else if (eye.outputs & bit) {
      refuse("repeated-name", xml::shown(words[i]) + " is asked for twice", {});
    } else {
      eye.outputs |= bit;
    }
  }
}

void read_noise(Input& input, Map& map, Eye& eye) {
  const YAML::Node node = map.child("noise");
  if (!node.IsDefined()) return;
  Map noise(input, node, "'noise'");
  std::vector<double> range;
  if (noise.list("range", range)) {
    const bool good = range.size() <= 3 && std::all_of(range.begin(), range.end(), [](double x) { return x >= 0 && x <= 1000; });
    if (good) std::copy(range.begin(), range.end(), eye.range_noise.begin());
    else noise.error("range", "out-of-range", "'range' has up to three numbers from 0 to 1000", "the deviation is a + b z + c z^2, in m");
  }
  noise.number("quantisation", eye.quantisation, 0, 1000);
  noise.number("dropout", eye.dropout, 0, 1);
  noise.number("grazing", eye.grazing, 0, 1);
  if (!eye.lidar) noise.number("colour", eye.colour_noise, 0, 1);
  noise.number("intensity", eye.intensity_noise, 0, 1);
  noise.finish();
}

// The rotation whose columns are x, y, z.
Array4 quaternion_of(const Array3& x, const Array3& y, const Array3& z) {
  Array4 q{x[0] + y[1] + z[2], x[0] - y[1] - z[2], y[1] - x[0] - z[2], z[2] - x[0] - y[1]};   // 4 w^2 - 1, ..
  const size_t most = size_t(std::max_element(q.begin(), q.end()) - q.begin());
  const double half = 0.5 * std::sqrt(1 + q[most]), by = 0.25 / half;
  const double wx = y[2] - z[1], wy = z[0] - x[2], wz = x[1] - y[0], xy = x[1] + y[0], xz = x[2] + z[0], yz = y[2] + z[1];   // 4 w x, ..
  switch (most) {
    case 0: return {half, wx * by, wy * by, wz * by};
    case 1: return {wx * by, half, xy * by, xz * by};
    case 2: return {wy * by, xy * by, half, yz * by};
  }
  return {wz * by, xz * by, yz * by, half};
}

// A camera looks along -z with y up, a lidar along x with z up. Straight up or down, a camera's x is the frame's.
bool look_at(const Array3& from, const Array3& to, bool lidar, Array4& out) {
  Array3 z{from[0] - to[0], from[1] - to[1], from[2] - to[2]};
  const double length = std::sqrt(z[0] * z[0] + z[1] * z[1] + z[2] * z[2]);
  if (!(length > 1e-9)) return false;
  for (double& c : z) c /= length;
  Array3 x{-z[1], z[0], 0};
  const double level = std::sqrt(x[0] * x[0] + x[1] * x[1]);
  if (level > 1e-9) x[0] /= level, x[1] /= level;
  else x = {1, 0, 0};
  const Array3 y{z[1] * x[2] - z[2] * x[1], z[2] * x[0] - z[0] * x[2], z[0] * x[1] - z[1] * x[0]};
  out = lidar ? quaternion_of({-z[0], -z[1], -z[2]}, {-x[0], -x[1], -x[2]}, y) : quaternion_of(x, y, z);
  return true;
}

void read_mount(Map& map, Eye& eye) {
  std::vector<const char*> mounts{"body", "site"};
  if (!eye.lidar) mounts.insert(mounts.begin(), "camera");
  const char* on = nullptr;
  for (const char* key : mounts) {
    std::string& name = key[0] == 'c' ? eye.camera : key[0] == 'b' ? eye.body : eye.site;
    if (!map.text(key, name)) continue;
    if (on) map.error(key, "two-mounts", std::string("write '") + on + "' or '" + key + "', not both");
    on = key;
    eye.mount_place = map.place(key);
  }
  if (!on) eye.mount_place = eye.place;
  if (!eye.camera.empty()) {
    for (const char* key : {"position", "orientation", "euler", "look_at"})
      if (map.has(key)) map.error(key, "two-mounts", std::string("'") + key + "' says nothing beside 'camera': a camera of the model has its own place", "write 'body' to place it anew");
    return;
  }
  map.numbers("position", eye.pos.data(), 3, -1e6, 1e6);
  map.orientation(eye.quat);
  Array3 point;
  if (!map.numbers("look_at", point.data(), 3, -1e6, 1e6)) return;
  for (const char* key : {"orientation", "euler"})
    if (map.has(key)) return map.error("look_at", "two-orientations", std::string("write 'look_at' or '") + key + "', not both");
  if (!look_at(eye.pos, point, eye.lidar, eye.quat)) map.error("look_at", "bad-orientation", "'look_at' is where the eye stands");
}

void read_lens(Input& input, Map& map, Eye& eye) {
  if (const YAML::Node node = map.child("lens"); node.IsDefined()) {
    Map lens(input, node, "'lens'");
    int given = 0;
    for (auto [key, kind, most] : {std::tuple{"radial", EyeLens::radial, size_t(8)}, {"fisheye", EyeLens::fisheye, size_t(4)}}) {
      if (!lens.has(key)) continue;
      ++given;
      std::vector<double> numbers;
      if (!lens.list(key, numbers)) continue;
      const bool good = numbers.size() <= most && std::all_of(numbers.begin(), numbers.end(), [](double x) { return std::abs(x) <= 1000; });
      if (!good) lens.error(key, "out-of-range", std::string("'") + key + "' has up to " + std::to_string(most) + " numbers from -1000 to 1000");
      else std::copy(numbers.begin(), numbers.end(), eye.distortion.begin());
      eye.lens = kind;
    }
    lens.finish();
    if (given != 1) map.error("lens", given ? "two-lenses" : "missing-key", "'lens' is one of 'radial' and 'fisheye'");
  }
  double fovy;
  if (map.number("fovy", fovy, 0.01, eye.lens == EyeLens::fisheye ? widest_fisheye : widest_pinhole)) eye.fovy = fovy * degree;
  if (map.numbers("focal", eye.focal.data(), 2, 1e-3, 1e6) && map.has("fovy")) map.error("focal", "two-lenses", "write 'fovy' or 'focal', not both");
  map.numbers("centre", eye.centre.data(), 2, -1e6, 1e6);
}

void read_scan(Map& map, Eye& eye) {
  eye.height = 16, eye.width = 512;
  map.choice("pattern", eye.pattern, {"spinning", "raster", "rosette"});
  map.integer("columns", eye.width, 1, eye_limits::side);
  double both[2];
  if (map.numbers("vertical", both, 2, -90, 90)) {
    if (both[0] <= both[1]) eye.low = both[0] * degree, eye.high = both[1] * degree;
    else map.error("vertical", "out-of-range", "'vertical' must have its lower value first");
  }
  if (eye.pattern != EyePattern::rosette && map.numbers("horizontal", both, 2, -360, 360)) {
    if (both[0] <= both[1] && both[1] - both[0] <= 360) eye.from = both[0] * degree, eye.to = both[1] * degree;
    else map.error("horizontal", "out-of-range", "'horizontal' must have its lower value first and span no more than 360 degrees");
  }
  if (eye.pattern == EyePattern::spinning && map.list("elevations", eye.elevations)) {
    for (double& x : eye.elevations) {
      if (!(std::abs(x) <= 90)) return map.error("elevations", "out-of-range", "'elevations' must lie between -90 and 90");
      x *= degree;
    }
    if (int64_t(eye.elevations.size()) > eye_limits::side) return map.error("elevations", "out-of-range", "there are at most " + std::to_string(eye_limits::side) + " of them");
    eye.height = int(eye.elevations.size());
    for (const char* key : {"rows", "vertical"})
      if (map.has(key)) map.error(key, "two-scans", std::string("write '") + key + "' or 'elevations', not both");
  } else {
    map.integer("rows", eye.height, 1, eye_limits::side);
  }
}

void read_eye(Input& input, const YAML::Node& node, bool lidar, Settings& out) {
  Map map(input, node, lidar ? "a lidar" : "a camera");
  Eye eye;
  eye.lidar = lidar;
  eye.place = map.place();
  map.require("name");
  map.text("name", eye.name);
  read_mount(map, eye);
  if (lidar) {
    read_scan(map, eye);
  } else {
    double size[2];
    if (map.numbers("size", size, 2, 1, eye_limits::side)) {
      eye.width = int(size[0]), eye.height = int(size[1]);
      if (eye.width != size[0] || eye.height != size[1]) map.error("size", "wrong-kind", "'size' must be two whole numbers", "pixels: width and height");
    }
    read_lens(input, map, eye);
  }
  read_outputs(input, map, eye);
  map.number("near", eye.near, 0, farthest);
  map.number("far", eye.far, 1e-3, farthest);
  if (eye.near >= eye.far) map.error(map.has("near") ? "near" : "far", "out-of-range", "'near' must be less than 'far'");
  map.number("rate", eye.rate, 1e-6, 1e6);
  map.number("latency", eye.latency, 0, most_latency);
  read_noise(input, map, eye);
  map.finish();
  if (std::any_of(out.eyes.begin(), out.eyes.end(), [&](const Eye& other) { return !eye.name.empty() && other.name == eye.name; }))
    map.error("name", "repeated-name", "two eyes are called " + xml::shown(eye.name));
  out.eyes.push_back(std::move(eye));
}

void read_label(Input& input, const YAML::Node& node, Settings& out) {
  Map map(input, node, "a label");
  Label label;
  label.place = map.place();
  map.require("class");
  map.integer("class", label.number, 0, eye_limits::classes);
  map.text("name", label.name);
  std::vector<Place> of_bodies;
  map.patterns("geoms", label.geoms, &label.names_places);
  map.patterns("bodies", label.bodies, &of_bodies);
  label.names_places.insert(label.names_places.end(), of_bodies.begin(), of_bodies.end());
  if (!map.has("geoms") && !map.has("bodies")) map.error("class", "missing-key", "a label needs 'geoms' or 'bodies'");
  map.finish();
  out.labels.push_back(std::move(label));
}

}  // namespace

void read_eyes(Input& input, const YAML::Node& cameras, const YAML::Node& lidars, Settings& out) {
  int64_t pixels = 0;
  auto read = [&](const YAML::Node& list, bool lidar) {
    const size_t before = out.eyes.size();
    if (list.IsSequence() && before + list.size() > eye_limits::eyes)
      return input.error(list, "out-of-range", "a scene has at most " + std::to_string(eye_limits::eyes) + " cameras and lidars");
    each(input, list, lidar ? "lidars" : "cameras", [&](const YAML::Node& node) {
      read_eye(input, node, lidar, out);
      const Eye& eye = out.eyes.back();
      const bool within = pixels <= eye_limits::pixels;
      pixels += int64_t(eye.width) * eye.height;
      if (within && pixels > eye_limits::pixels)
        input.error(node, "out-of-range", "all eyes together have at most " + std::to_string(eye_limits::pixels) + " pixels", "with this one it is more");
    });
  };
  read(cameras, false);
  read(lidars, true);
}

void read_labels(Input& input, const YAML::Node& node, Settings& out) {
  if (node.IsSequence() && node.size() > eye_limits::labels)
    return input.error(node, "out-of-range", "a scene has at most " + std::to_string(eye_limits::labels) + " labels");
  each(input, node, "labels", [&](const YAML::Node& entry) { read_label(input, entry, out); });
}

}  // namespace nuri::scene::yaml
