// Cameras, lidars and labels of scene files: what they become, and where they are wrong.
#include <doctest/doctest.h>
#include <cmath>
#include <filesystem>
#include <fstream>
#include "engine/scene/yaml.h"
#include "engine/shape/rigid.h"

using namespace nuri;
using namespace nuri::scene;

namespace {

const double degree = std::acos(-1.0) / 180;

Result<SceneFile> read(const std::string& text) {
  const std::filesystem::path folder = std::filesystem::temp_directory_path() / "nuri_yaml_eyes_test";
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "ball.xml") << "<mujoco><worldbody><body name='ball'><freejoint/><geom name='ball' size='0.1'/></body></worldbody></mujoco>";
  return read_yaml_text("models: [{file: ball.xml}]\n" + text, "test.yaml", folder.string());
}
Settings settings(const std::string& text) {
  auto file = read(text);
  if (!file) FAIL(to_string(file.errors().front()));
  return file->settings;
}
// "line:column code" of the first error; the first line is a model.
std::string error(const std::string& text, std::string* out_hint = nullptr) {
  const auto file = read(text);
  if (file) return "accepted";
  const Diagnostic& d = file.errors().front();
  if (out_hint) *out_hint = d.hint;
  CHECK(!d.message.empty());
  return std::to_string(d.place.line) + ":" + std::to_string(d.place.column) + " " + d.code;
}
std::string camera(const std::string& keys) { return error("cameras:\n  - {name: a, " + keys + "}\n"); }
std::string lidar(const std::string& keys) { return error("lidars:\n  - {name: a, " + keys + "}\n"); }

bool near(const shape::Vec& a, const shape::Vec& b) { return std::abs(a[0] - b[0]) + std::abs(a[1] - b[1]) + std::abs(a[2] - b[2]) < 1e-12; }

}  // namespace

TEST_CASE("yaml eyes: every key") {
  const Settings s = settings(R"(cameras:
  - name: wrist
    camera: arm/wrist
    size: [32, 48]
    fovy: 60
    lens: {radial: [0.1, -0.2, 0.01]}
    outputs: [rgb, class, point]
    near: 0.1
    far: 20
    rate: 30
    latency: 0.03
    noise: {range: [0.1, 0.2], quantisation: 0.01, dropout: 0.5, grazing: 0.25, colour: 0.02, intensity: 0.03}
  - {name: wide, body: ball, position: [1, 2, 3], orientation: [0, 0, 2, 0], focal: [30, 31], centre: [15, 16], lens: {fisheye: 0.3}, outputs: depth}
lidars:
  - {name: front, site: top, euler: [0, 0, 90], rows: 8, columns: 100, vertical: [-20, 10], horizontal: [-45, 60], outputs: [range, intensity]}
  - {name: rings, pattern: spinning, elevations: [5, 0, -7.5]}
  - {name: dots, pattern: rosette, rows: 10, vertical: [-20, 20]}
labels:
  - {class: 1, name: part, geoms: [a, "b*"], bodies: c}
)");
  REQUIRE(s.eyes.size() == 5);
  const Eye &wrist = s.eyes[0], &wide = s.eyes[1], &front = s.eyes[2], &rings = s.eyes[3], &dots = s.eyes[4];
  CHECK(wrist.name == "wrist");
  CHECK(wrist.camera == "arm/wrist");
  CHECK(wrist.place.line == 3);
  CHECK(wrist.mount_place.line == 4);
  CHECK(wrist.width == 32);
  CHECK(wrist.height == 48);
  CHECK(wrist.fovy == doctest::Approx(60 * degree));
  CHECK(wrist.lens == EyeLens::radial);
  CHECK(wrist.distortion == std::array<double, 8>{0.1, -0.2, 0.01});
  CHECK(wrist.outputs == (eye_output::rgb | eye_output::label | eye_output::point));
  CHECK(wrist.near == 0.1);
  CHECK(wrist.far == 20);
  CHECK(wrist.rate == 30);
  CHECK(wrist.latency == 0.03);
  CHECK(wrist.range_noise == std::array<double, 3>{0.1, 0.2, 0});
  CHECK(wrist.quantisation == 0.01);
  CHECK(wrist.dropout == 0.5);
  CHECK(wrist.grazing == 0.25);
  CHECK(wrist.colour_noise == 0.02);
  CHECK(wrist.intensity_noise == 0.03);
  CHECK(wide.body == "ball");
  CHECK(wide.pos == std::array<double, 3>{1, 2, 3});
  CHECK(wide.quat == std::array<double, 4>{0, 0, 1, 0});
  CHECK(wide.focal == std::array<double, 2>{30, 31});
  CHECK(wide.centre == std::array<double, 2>{15, 16});
  CHECK(wide.lens == EyeLens::fisheye);
  CHECK(wide.outputs == eye_output::depth);
  CHECK(wide.width == 0);
  CHECK(!wide.lidar);
  CHECK(front.lidar);
  CHECK(front.site == "top");
  CHECK(near(shape::rotate(front.quat, {1, 0, 0}), {0, 1, 0}));
  CHECK(front.height == 8);
  CHECK(front.width == 100);
  CHECK(front.low == doctest::Approx(-20 * degree));
  CHECK(front.high == doctest::Approx(10 * degree));
  CHECK(front.from == doctest::Approx(-45 * degree));
  CHECK(front.to == doctest::Approx(60 * degree));
  CHECK(rings.height == 3);
  CHECK(rings.width == 512);
  CHECK(rings.elevations[2] == doctest::Approx(-7.5 * degree));
  CHECK(rings.outputs == 0);
  CHECK(dots.pattern == EyePattern::rosette);
  CHECK(dots.height == 10);
  REQUIRE(s.labels.size() == 1);
  CHECK(s.labels[0].number == 1);
  CHECK(s.labels[0].geoms == std::vector<std::string>{"a", "b*"});
  CHECK(s.labels[0].bodies == std::vector<std::string>{"c"});
  CHECK(s.labels[0].names_places.size() == 3);
  CHECK(settings("").eyes.empty());
}

TEST_CASE("yaml eyes: look_at turns cameras and lidars to the point, upright") {
  const shape::Vec points[] = {{3, 0, 0}, {0, -2, 0}, {1, 2, 0.3}, {-1, 0.2, -3}, {0, 0, -4}, {0, 0, 4}, {-1, 0, 0}, {1e-7, 0, -1}};
  for (const shape::Vec& d : points) {
    char text[400];
    std::snprintf(text, sizeof text, "cameras: [{name: a, position: [1, 2, 3], look_at: [%.17g, %.17g, %.17g]}]\nlidars: [{name: b, position: [1, 2, 3], look_at: [%.17g, %.17g, %.17g]}]\n",
                  1 + d[0], 2 + d[1], 3 + d[2], 1 + d[0], 2 + d[1], 3 + d[2]);
    CAPTURE(text);
    const Settings s = settings(text);
    const shape::Vec ahead = shape::scale(d, 1 / std::sqrt(shape::dot(d, d)));
    const double level = std::hypot(ahead[0], ahead[1]);
    for (const Eye& eye : s.eyes) {
      const auto& q = eye.quat;
      CHECK(std::abs(q[0] * q[0] + q[1] * q[1] + q[2] * q[2] + q[3] * q[3] - 1) < 1e-14);
      const shape::Vec axis = shape::rotate(q, eye.lidar ? shape::Vec{1, 0, 0} : shape::Vec{0, 0, -1});
      CHECK(std::abs(axis[0] - ahead[0]) + std::abs(axis[1] - ahead[1]) + std::abs(axis[2] - ahead[2]) < 1e-8);
      const shape::Vec up = shape::rotate(q, eye.lidar ? shape::Vec{0, 0, 1} : shape::Vec{0, 1, 0}), right = shape::rotate(q, eye.lidar ? shape::Vec{0, -1, 0} : shape::Vec{1, 0, 0});
      CHECK(std::abs(right[2]) < 1e-12);
      CHECK(up[2] == doctest::Approx(level).epsilon(1e-6));
      if (level < 1e-9) CHECK(near(right, {1, 0, 0}));
    }
  }
}

TEST_CASE("yaml eyes: what is wrong is said at its place") {
  CHECK(error("cameras:\n  - {name: a}\n  - {name: b}\nlidars:\n  - {name: a}\n") == "6:12 repeated-name");
  CHECK(error("cameras:\n  - {size: [8, 8]}\n") == "3:5 missing-key");
  CHECK(error("cameras: 3\n") == "2:10 wrong-kind");
  CHECK(error("cameras:\n") == "3:1 wrong-kind");
  CHECK(error("cameras: [3]\n") == "2:11 wrong-kind");
  std::string hint;
  CHECK(error("cameras:\n  - {name: a, fov: 3}\n", &hint) == "3:15 unknown-key");
  CHECK(hint.find("fovy") != std::string::npos);
  CHECK(error("camaras: [{name: a}]\n", &hint) == "2:1 unknown-key");
  CHECK(hint.find("cameras") != std::string::npos);
  CHECK(error("cameras:\n  - {name: a, outputs: [rgb, deph]}\n", &hint) == "3:30 bad-keyword");
  CHECK(hint.find("depth") != std::string::npos);
  CHECK(camera("outputs: [rgb, rgb]") == "3:30 repeated-name");
  CHECK(camera("outputs: []") == "3:24 wrong-kind");
  CHECK(lidar("outputs: [range, rgb]") == "3:32 bad-keyword");
  CHECK(camera("body: ball, camera: c") == "3:21 two-mounts");
  CHECK(camera("body: ball, site: s") == "3:33 two-mounts");
  CHECK(camera("camera: c, look_at: [0, 0, 0]") == "3:35 two-mounts");
  CHECK(camera("position: [1, 1, 1], look_at: [1, 1, 1]") == "3:45 bad-orientation");
  CHECK(camera("look_at: [1, 1, 1], euler: [0, 0, 0]") == "3:24 two-orientations");
  CHECK(camera("orientation: [0, 0, 0, 0]") == "3:28 bad-orientation");
  CHECK(camera("position: [1, 1]") == "3:25 wrong-kind");
  CHECK(camera("position: [1, 1, .inf]") == "3:25 wrong-kind");
  CHECK(camera("size: [0, 8]") == "3:21 out-of-range");
  CHECK(camera("size: [8, 8193]") == "3:21 out-of-range");
  CHECK(camera("size: [8, 8.5]") == "3:21 wrong-kind");
  CHECK(camera("size: [8]") == "3:21 wrong-kind");
  CHECK(camera("fovy: 180") == "3:21 out-of-range");
  CHECK(camera("fovy: -5") == "3:21 out-of-range");
  CHECK(camera("fovy: .nan") == "3:21 wrong-kind");
  CHECK(camera("fovy: 270, lens: {fisheye: 0}") == "accepted");
  CHECK(camera("fovy: 60, focal: [1, 1]") == "3:32 two-lenses");
  CHECK(camera("lens: {radial: 0, fisheye: 0}") == "3:21 two-lenses");
  CHECK(camera("lens: {}") == "3:21 missing-key");
  CHECK(camera("lens: {pinhole: 0}") == "3:22 unknown-key");
  CHECK(camera("lens: {fisheye: [1, 2, 3, 4, 5]}") == "3:31 out-of-range");
  CHECK(camera("near: 3, far: 2") == "3:21 out-of-range");
  CHECK(camera("far: 0.01") == "3:20 out-of-range");
  CHECK(camera("rate: .nan") == "3:21 wrong-kind");
  CHECK(camera("rate: 0") == "3:21 out-of-range");
  CHECK(camera("rate: -30") == "3:21 out-of-range");
  CHECK(camera("latency: -0.01") == "3:24 out-of-range");
  CHECK(camera("latency: 10.5") == "3:24 out-of-range");
  CHECK(camera("noise: {range: [0, -1]}") == "3:30 out-of-range");
  CHECK(camera("noise: {range: [0, 0, 0, 0]}") == "3:30 out-of-range");
  CHECK(camera("noise: {dropout: 1.5}") == "3:32 out-of-range");
  CHECK(camera("noise: {blur: 1}") == "3:23 unknown-key");
  CHECK(lidar("noise: {colour: 1}") == "3:23 unknown-key");
  CHECK(camera("rows: 3") == "3:15 unknown-key");
  CHECK(lidar("camera: c") == "3:15 unknown-key");
  CHECK(lidar("rows: 0") == "3:21 out-of-range");
  CHECK(lidar("vertical: [3, -3]") == "3:25 out-of-range");
  CHECK(lidar("horizontal: [-360, 90]") == "3:27 out-of-range");
  CHECK(lidar("pattern: rosette, horizontal: [0, 90]") == "3:33 unknown-key");
  CHECK(lidar("pattern: raster, elevations: [0]") == "3:32 unknown-key");
  CHECK(lidar("rows: 3, elevations: [0]") == "3:21 two-scans");
  CHECK(lidar("elevations: [0, 91]") == "3:27 out-of-range");
  CHECK(error("labels: [{class: 1}]\n") == "2:18 missing-key");
  CHECK(error("labels: [{geoms: a}]\n") == "2:10 missing-key");
  CHECK(error("labels: [{class: -1, geoms: a}]\n") == "2:18 out-of-range");
}

TEST_CASE("yaml eyes: there are bounds") {
  const auto many = [](int count, const std::string& keys) {
    std::string text = "cameras:\n";
    for (int i = 0; i < count; ++i) text += "  - {name: a" + std::to_string(i) + keys + "}\n";
    return text;
  };
  CHECK(settings(many(100, "")).eyes.size() == 100);
  CHECK(error(many(101, "")) == "3:3 out-of-range");
  CHECK(error(many(1000, "")) == "3:3 out-of-range");
  CHECK(error(many(99, "") + "lidars: [{name: b}, {name: c}]\n") == "102:9 out-of-range");
  CHECK(error(many(1, ", size: [8192, 8192]")) == "accepted");
  CHECK(error(many(4, ", size: [8192, 8192]")) == "4:5 out-of-range");                 // said once
  CHECK(read(many(4, ", size: [8192, 8192]")).errors().size() == 1);
  std::string labels = "labels:\n";
  for (int i = 0; i < 1001; ++i) labels += "  - {class: 1, geoms: a}\n";
  CHECK(error(labels) == "3:3 out-of-range");
}
