#include "tools/cli/pictures.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include "engine/scene/xml.h"
#include "tools/session/find_eyes.h"
#include "tools/session/poses.h"

namespace nuri::cli {
namespace {

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

// Means are taken of light: of sRGB's numbers, edges between bright and dark would come out too dark. 16 bits hold all differences of 8
// bits of sRGB.
struct Light {
  uint16_t linear[256];
  uint8_t srgb[65536];
  Light() {
    for (int i = 0; i < 256; ++i) {                // IEC 61966-2-1
      const double s = i / 255.0;
      linear[i] = uint16_t(std::lround(65535 * (s <= 0.04045 ? s / 12.92 : std::pow((s + 0.055) / 1.055, 2.4))));
    }
    for (int i = 0, at = 0; i < 65536; ++i) {      // the nearest
      while (at < 255 && linear[at + 1] - i <= i - linear[at]) ++at;
      srgb[i] = uint8_t(at);
    }
  }
};
const Light& light() {
  static const Light table;
  return table;
}

// By how much rows of a lidar lie further apart than its columns.
int rows_per_column(const trace::Scan& scan) {
  if (scan.pattern == trace::Scan::Pattern::rosette) return 1;
  const auto [low, high] = std::minmax_element(scan.elevations.begin(), scan.elevations.end());
  const int rows = scan.elevations.empty() ? scan.rows : int(scan.elevations.size());
  const double across = (scan.to - scan.from) / scan.columns,
               down = (scan.elevations.empty() ? scan.high - scan.low : *high - *low) / std::max(1, rows - 1);
  return across > 0 && rows > 1 ? int(std::clamp(std::round(down / across), 1.0, 16.0)) : 1;
}

// A free camera's: a picture by itself is 1280 x 720; tiles, which show less around a robot, make a sheet about 1920 wide.
std::array<int, 2> usual_size(size_t count) {
  if (count <= 1) return {1280, 720};
  const int columns = int(std::ceil(std::sqrt(double(count)))), width = std::max(64, 1920 / columns / 16 * 16);
  return {width, width * 3 / 4};
}

}  // namespace

const scene::Eye* find_eye(const scene::Settings& settings, const std::string& name) {
  for (const scene::Eye& eye : settings.eyes)
    if (eye.name == name) return &eye;
  return nullptr;
}

int find_camera(const model::Model& model, const std::string& word) {
  const auto& cameras = model.look.cameras;
  for (size_t i = 0; i < cameras.size(); ++i)
    if (cameras[i].name == word || std::to_string(i) == word) return int(i);
  return -1;
}

Diagnostic unknown_camera(session::Session& session, const std::string& word) {
  std::vector<std::string> names;
  for (const scene::Eye& eye : session.settings().eyes) names.push_back(eye.name);
  for (const auto& model : session.loaded().models)
    for (size_t i = 0; i < model->look.cameras.size(); ++i)
      names.push_back(model->look.cameras[i].name.empty() ? std::to_string(i) : model->look.cameras[i].name);
  return {Severity::error,
          "unknown-camera",
          "there is no camera " + scene::xml::shown(word),
          names.empty() ? "the scene has none: leave --camera out" : scene::xml::nearest_hint(word, names),
          {session.loaded().path, 0, 0},
          {},
          {}};
}

Pictures::~Pictures() = default;

const char* Pictures::kernel() const {
  for (const Bucket& b : buckets_)
    if (b.eyes) return b.eyes->kernel();
  return "";
}

Result<bool> Pictures::find_eye(const Through& through) {
  session::EyeOptions options;
  options.names = {through.camera};
  auto made = session::Eyes::make(session_, options);
  if (!made) return made.errors();
  scene_eyes_ = std::move(*made);
  const session::EyeInfo& info = scene_eyes_->eyes()[0];
  if (info.lidar && through.size[0])
    return Diagnostic{Severity::error, "bad-size", "a lidar's picture has its rows and columns", "leave --size out", {}, {}, {}};
  width_ = through.size[0] ? through.size[0] : info.width, height_ = through.size[0] ? through.size[1] : info.height;
  for (size_t b = 0; b < buckets_.size(); ++b) {
    const trace::Eyes* const eyes = scene_eyes_->of_bucket(int(b));
    if (!eyes) continue;
    trace::Sensor& own = buckets_[b].sensor = eyes->sensors()[0];
    buckets_[b].has = true;
    if (const trace::Scan* scan = std::get_if<trace::Scan>(&own.optics)) row_repeats_ = rows_per_column(*scan);
    else resize(std::get<trace::Lens>(own.optics), width_, height_);
  }
  return true;
}

Result<bool> Pictures::find_camera(const Through& through) {
  World& world = session_.world();
  bool any = false;
  for (int b = 0; b < world.buckets(); ++b) {
    const model::Model& model = world.bucket(b).model();
    const int camera = cli::find_camera(model, through.camera);
    if (camera < 0) continue;
    Bucket& own = buckets_[size_t(b)];
    const auto resolution = model.look.cameras[size_t(camera)].resolution;
    std::array<int, 2> size = through.size[0]                          ? through.size
                              : resolution[0] > 1 && resolution[1] > 1 ? std::array{resolution[0], resolution[1]}
                                                                       : usual_size(environments_.size());
    if (any) size = {width_, height_};           // tiles of one sheet are alike
    trace::Lens lens;
    lens.width = size[0], lens.height = size[1];
    own.sensor.camera = camera, own.sensor.optics = lens, own.has = any = true;
    width_ = size[0], height_ = size[1];
  }
  if (!any) return unknown_camera(session_, through.camera);
  return true;
}

// Each robot is looked at by itself.
void Pictures::place_free(const Through& through) {
  World& world = session_.world();
  const view::Scenery scenery = session::scenery_of(world);
  const std::array<int, 2> size = through.size[0] ? through.size : usual_size(environments_.size());
  width_ = size[0], height_ = size[1];
  for (int e : environments_) {
    Bucket& own = buckets_[size_t(world.place(e).bucket)];
    if (own.has) continue;
    const view::Poses poses = session::poses_of(world, e);
    const view::Eye eye = free_eye(scenery, std::span(&poses, 1), through.from, float(width_) / float(height_));
    trace::Lens lens;
    lens.width = width_, lens.height = height_, lens.fovy = double(eye.fovy);
    own.sensor.optics = lens;
    for (size_t k = 0; k < 3; ++k) own.sensor.pos[k] = double(eye.position[k]);
    own.sensor.quat = quaternion(eye.axes);
    own.has = true;
  }
}

view::Eye free_eye(const view::Scenery& scenery, std::span<const view::Poses> poses, const std::vector<double>& from, float aspect) {
  constexpr float fovy = 0.7853982f, azimuth = 2.3f,
                  elevation = -0.4f;  // rad: from before and the right of a robot that looks along +x, from above
  constexpr double degree = 3.14159265358979 / 180;
  view::Orbit orbit = view::filling(scenery, poses, fovy, aspect, from.size() > 0 ? float(from[0] * degree) : azimuth,
                                    from.size() > 1 ? float(from[1] * degree) : elevation);
  if (from.size() > 2) orbit.distance = float(from[2]);
  return view::orbit_eye(orbit.at, orbit.distance, orbit.azimuth, orbit.elevation, fovy);
}

Result<std::unique_ptr<Pictures>> Pictures::make(session::Session& session, const Through& through, std::vector<int> environments,
                                                 uint32_t outputs) {
  World& world = session.world();
  std::unique_ptr<Pictures> out(new Pictures(session));
  out->environments_ = std::move(environments);
  out->buckets_.resize(size_t(world.buckets()));
  if (through.camera.empty()) out->place_free(through);
  else if (Result<bool> found = cli::find_eye(session.settings(), through.camera) ? out->find_eye(through) : out->find_camera(through);
           !found)
    return found.errors();
  std::erase_if(out->environments_, [&](int e) { return !out->buckets_[size_t(world.place(e).bucket)].has; });
  if (out->environments_.empty())
    return Diagnostic{Severity::error,
                      "unknown-camera",
                      "none of these environments has the camera " + scene::xml::shown(through.camera),
                      "choose another with --env, or all with --sheet",
                      {},
                      {},
                      {}};

  for (int i = 0; i < world.buckets(); ++i) {
    Bucket& b = out->buckets_[size_t(i)];
    if (!b.has) continue;
    out->lidar_ = std::holds_alternative<trace::Scan>(b.sensor.optics);
    b.sensor.outputs = outputs ? outputs : out->lidar_ ? uint32_t(trace::output::range) : uint32_t(trace::output::rgb);
    b.sensor.noise = {}, b.sensor.every = 1, b.sensor.delay = 0;
    out->fine_ = out->lidar_ ? 1 : through.fine;
    if (trace::Lens* lens = std::get_if<trace::Lens>(&b.sensor.optics)) resize(*lens, lens->width * out->fine_, lens->height * out->fine_);
    session::Fit fit;                            // names that a variant lacks are its own affair
    trace::Options seen;
    seen.labels = session::find_labels(world.bucket(i).model(), session.settings().labels, fit);
    Result<trace::Eyes> eyes = trace::Eyes::make(world.bucket(i).shared_model(), 1, {b.sensor}, std::move(seen));
    if (!eyes) return eyes.errors();
    b.eyes = std::make_unique<trace::Eyes>(std::move(*eyes));
  }
  return out;
}

void Pictures::take(int environment) {
  World& world = session_.world();
  const World::Place place = world.place(environment);
  last_ = size_t(place.bucket);
  if (scene_eyes_)
    std::copy_n(scene_eyes_->of_bucket(place.bucket)->mounts().data() + 7 * size_t(place.index), 7, buckets_[last_].eyes->mounts().data());
  const view::Poses poses = session::poses_of(world, environment);
  const auto start = std::chrono::steady_clock::now();
  buckets_[last_].eyes->render(world.pool(), {poses.position, poses.rotation});
  seconds_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  rays_ += double(width_) * height_ * fine_ * fine_;
}

const trace::Tensor& Pictures::tensor(uint32_t output) const {
  const auto& tensors = buckets_[last_].eyes->groups()[0].tensors;
  return *std::find_if(tensors.begin(), tensors.end(), [&](const trace::Tensor& t) { return t.output == output; });
}

void Pictures::colours(uint8_t* to, size_t row_bytes) const {
  const uint8_t* const from = static_cast<const uint8_t*>(tensor(trace::output::rgb).data);
  const size_t width = size_t(width_), fine = size_t(fine_);
  const Light& table = light();
  const unsigned count = unsigned(fine * fine);
  for (size_t y = 0; y < size_t(height_); ++y)
    for (size_t x = 0; x < width; ++x)
      for (size_t k = 0; k < 3; ++k) {
        unsigned sum = count / 2;
        for (size_t v = 0; v < fine; ++v)
          for (size_t u = 0; u < fine; ++u) sum += table.linear[from[3 * ((fine * y + v) * fine * width + fine * x + u) + k]];
        to[y * row_bytes + 3 * x + k] = table.srgb[sum / count];
      }
}

void Pictures::metres(uint32_t output, float* to, size_t row_floats) const {
  const float* const from = static_cast<const float*>(tensor(output).data);
  const size_t width = size_t(width_), fine = size_t(fine_);
  for (size_t y = 0; y < size_t(height_); ++y)
    for (size_t x = 0; x < width; ++x) to[y * row_floats + x] = from[(fine * y + fine / 2) * fine * width + fine * x + fine / 2];
}

}  // namespace nuri::cli
