#include "tools/editor/workbench/streams.h"
#include <algorithm>
#include <cmath>
#include <cstdio>
#include "engine/core/hash.h"
#include "engine/scene/eyes.h"
#include "render/trace/eyes.h"
#include "tools/editor/workbench/thing.h"
#include "tools/editor/workbench/workbench.h"

namespace nuri::editor {
namespace {

namespace output = scene::eye_output;
constexpr double watched = 2;                      // s that rates are over

template <size_t N, class T> std::array<float, N> numbers_of(std::span<T> row, int at) {
  std::array<float, N> out;
  for (size_t k = 0; k < N; ++k) out[k] = float(row[N * size_t(at) + k]);
  return out;
}

using Vec = std::array<double, 3>;
Vec turned(const float* q, const Vec& v) {         // q: w x y z
  const double w = q[0], x = q[1], y = q[2], z = q[3];
  const Vec t{2 * (y * v[2] - z * v[1]), 2 * (z * v[0] - x * v[2]), 2 * (x * v[1] - y * v[0])};
  return {v[0] + w * t[0] + y * t[2] - z * t[1], v[1] + w * t[1] + z * t[0] - x * t[2], v[2] + w * t[2] + x * t[1] - y * t[0]};
}

}  // namespace

void Streams::leave() {
  eyes_.reset();
  of_.clear();
  samples_.clear();
  errors_.clear();
  generation_ = ~uint64_t{0};
  ++version_;
}

void Streams::make() {
  leave();
  session::Session& session = bench_.session();
  generation_ = bench_.generation(), focus_ = bench_.focus;
  of_model_ = session.settings().eyes.empty();
  session::EyeOptions options;
  options.model_cameras = true;
  options.environments = {focus_};
  auto made = session::Eyes::make(session, options);
  if (!made) return void(errors_ = made.errors());
  eyes_ = std::move(*made);
  of_.resize(eyes_->eyes().size());
  const trace::Eyes* tensors = eyes_->of_bucket(session.world().place(focus_).bucket);
  for (size_t i = 0; tensors && i < of_.size(); ++i)
    for (size_t s = 0; s < tensors->sensors().size(); ++s) {
      const trace::Sensor& sensor = tensors->sensors()[s];
      if (sensor.name != eyes_->eyes()[i].name) continue;
      of_[i].sensor = int(s);
      const auto* scan = std::get_if<trace::Scan>(&sensor.optics);
      if (const auto table = scan ? trace::directions(*scan) : Result<trace::Directions>(Diagnostic{}); table)
        of_[i].directions = table->each;
    }
}

// What there is to see, and when.
uint64_t Streams::state() const {
  World& world = bench_.session().world();
  Hash hash;
  for (const StateField field : {StateField::xpos, StateField::xquat}) {
    const std::span<const std::byte> row = world.bytes(field, focus_);
    hash.add(std::string_view(reinterpret_cast<const char*>(row.data()), row.size()));
  }
  return hash.add(bench_.session().substep()).value();
}

Streams::Pose Streams::pose_of(int body) const {
  World& world = bench_.session().world();
  auto read = [&]<class T>(T) {
    return Pose{numbers_of<3>(world.row<T>(StateField::xpos, focus_), body), numbers_of<4>(world.row<T>(StateField::xquat, focus_), body)};
  };
  return world.options().precision == Precision::f32 ? read(0.0f) : read(0.0);
}

void Streams::look(bool anew) {
  if (anew) {
    const int one[] = {focus_};
    eyes_->begin(one);
  }
  eyes_->look();
  state_ = state();
  ++version_;
  const trace::Eyes* tensors = eyes_->of_bucket(bench_.session().world().place(focus_).bucket);
  for (size_t i = 0; i < of_.size(); ++i) {
    Of& of = of_[i];
    const session::EyeInfo& info = eyes_->eyes()[i];
    const uint64_t arrived = eyes_->arrived(int(i), focus_);
    const bool fresh = anew || arrived != of.arrived;
    of.total += arrived > of.arrived ? arrived - of.arrived : fresh;
    of.arrived = arrived;
    if (of.directions.empty() || of.sensor < 0) continue;
    if (anew) of.poses.clear();
    of.poses.push_back(pose_of(tensors->sensors()[size_t(of.sensor)].body));
    while (of.poses.size() > size_t(info.delay) + 1) of.poses.pop_front();
    if (fresh) of.taken = of.poses.front();        // `delay` looks ago; the first picture comes at once
  }
}

void Streams::stepped() {
  if (wanted_ && eyes_ && focus_ == bench_.focus) look(false);
}

void Streams::follow(bool wanted, double now) {
  wanted_ = wanted && bench_.is_open();
  if (!wanted_) return samples_.clear();
  if (generation_ != bench_.generation() || focus_ != bench_.focus) make();
  if (!eyes_) return;
  if (version_ == 0 || state_ != state() || samples_.empty()) look(true);
  Sample& sample = samples_.emplace_back(Sample{now, eyes_->seconds(), eyes_->images(), {}});
  for (const Of& of : of_) sample.total.push_back(of.total);
  while (samples_.size() > 2 && samples_[1].now <= now - watched) samples_.pop_front();
}

std::span<const session::EyeInfo> Streams::eyes() const { return eyes_ ? eyes_->eyes() : std::span<const session::EyeInfo>{}; }

const void* Streams::data(int eye, uint32_t which) const {
  return eyes_ && eye >= 0 && size_t(eye) < of_.size() ? eyes_->picture(eye, focus_, which) : nullptr;
}

false_colour::Scale Streams::scale(int eye, uint32_t which) const {
  const void* numbers = data(eye, which);
  if (!numbers) return {};
  const size_t pixels = size_t(eyes()[size_t(eye)].width) * size_t(eyes()[size_t(eye)].height);
  const auto* values = static_cast<const float*>(numbers);
  if (which == output::depth || which == output::range) return false_colour::scale_of({values, pixels});
  if (which != output::point) return {};
  std::vector<float> distances(pixels);
  for (size_t i = 0; i < pixels; ++i) distances[i] = std::hypot(values[3 * i], values[3 * i + 1], values[3 * i + 2]);
  return false_colour::scale_of(distances);
}

std::vector<uint8_t> Streams::image(int eye, uint32_t which) const {
  const void* numbers = data(eye, which);
  if (!numbers) return {};
  const size_t pixels = size_t(eyes()[size_t(eye)].width) * size_t(eyes()[size_t(eye)].height);
  std::vector<uint8_t> out(4 * pixels);
  false_colour::paint(which, numbers, pixels, scale(eye, which), out.data());
  return out;
}

std::string Streams::under(int eye, uint32_t which, int column, int row) const {
  const void* numbers = data(eye, which);
  if (!numbers || column < 0 || row < 0 || column >= eyes()[size_t(eye)].width || row >= eyes()[size_t(eye)].height) return {};
  const size_t at = size_t(row) * size_t(eyes()[size_t(eye)].width) + size_t(column);
  const model::Model& model = bench_.session().world().model(focus_);
  const auto* reals = static_cast<const float*>(numbers);
  const auto* names = static_cast<const int32_t*>(numbers);
  char text[96];
  switch (which) {
    case output::rgb: {
      const uint8_t* c = static_cast<const uint8_t*>(numbers) + 3 * at;
      std::snprintf(text, sizeof text, "%d %d %d", c[0], c[1], c[2]);
      return text;
    }
    case output::depth: case output::range:
      if (!(reals[at] > 0)) return "nothing";
      std::snprintf(text, sizeof text, "%.4g m", double(reals[at]));
      return text;
    case output::intensity: std::snprintf(text, sizeof text, "%.3f", double(reals[at])); return text;
    case output::normal: case output::point:
      std::snprintf(text, sizeof text, "%.3f %.3f %.3f%s", double(reals[3 * at]), double(reals[3 * at + 1]), double(reals[3 * at + 2]),
                    which == output::point ? " m" : "");
      return text;
    case output::geom: case output::body: {
      const Kind kind = which == output::geom ? Kind::geom : Kind::body;
      const bool known = names[at] >= 0 && names[at] < (which == output::geom ? model.geom_count : model.body_count);
      return known ? std::string(word(kind)) + ' ' + name_of(model, {kind, names[at]}) : "nothing";
    }
    case output::label: {
      std::string out = "class " + std::to_string(names[at]);
      for (const scene::Label& one : bench_.session().settings().labels)
        if (one.number == names[at] && !one.name.empty()) return out + ' ' + one.name;
      return names[at] < 0 ? "nothing" : out;
    }
    default: return {};
  }
}

std::vector<Streams::Dot> Streams::cloud(int eye) const {
  std::vector<Dot> out;
  const auto* ranges = static_cast<const float*>(data(eye, output::range));
  if (!ranges) return out;
  const Of& of = of_[size_t(eye)];
  trace::Eyes* tensors = eyes_->of_bucket(bench_.session().world().place(focus_).bucket);
  if (!tensors || of.sensor < 0) return out;
  const float* mount = tensors->mounts().data() + 7 * of.sensor;   // of its only environment
  const false_colour::Scale colours = scale(eye, output::range);
  for (size_t i = 0; i < of.directions.size(); ++i) {
    if (!(ranges[i] > 0) || !std::isfinite(ranges[i])) continue;
    Vec p = turned(mount + 3, of.directions[i]);
    for (size_t k = 0; k < 3; ++k) p[k] = double(mount[k]) + double(ranges[i]) * p[k];
    p = turned(of.taken.rotation.data(), p);
    Dot& dot = out.emplace_back(Dot{{}, false_colour::of_distance(ranges[i], colours)});
    for (size_t k = 0; k < 3; ++k) dot.at[k] = float(p[k]) + of.taken.position[k];
  }
  return out;
}

// ---- rates ---------------------------------------------------------------------------------------------------------------

double Streams::pictures_per_second(int eye) const {
  if (samples_.size() < 2 || eye < 0 || size_t(eye) >= of_.size()) return 0;
  const Sample &first = samples_.front(), &last = samples_.back();
  return last.now > first.now ? double(last.total[size_t(eye)] - first.total[size_t(eye)]) / (last.now - first.now) : 0;
}

double Streams::bytes_per_second(int eye, uint32_t which) const {
  return eye >= 0 && size_t(eye) < of_.size() ? double(session::picture_bytes(eyes()[size_t(eye)], which)) * pictures_per_second(eye) : 0;
}

double Streams::seconds_per_picture() const { return eyes_ && eyes_->images() > 0 ? eyes_->seconds() / double(eyes_->images()) : 0; }

double Streams::share_of_time() const {
  if (samples_.size() < 2 || !(samples_.back().now > samples_.front().now)) return 0;
  return (samples_.back().computing - samples_.front().computing) / (samples_.back().now - samples_.front().now);
}

}  // namespace nuri::editor
