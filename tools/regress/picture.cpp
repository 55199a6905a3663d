#include "tools/regress/picture.h"

#include <fmt/format.h>
#include <algorithm>
#include <filesystem>
#include "engine/core/hash.h"
#include "tools/regress/actions.h"
#include "tools/regress/expect.h"

namespace nuri::regress {
namespace {

// What a golden file holds, without its opacity.
shape::Pixels without_opacity(const shape::Pixels& in) {
  if (in.channels == 3) return in;
  shape::Pixels out{in.width, in.height, 3, 8, {}};
  for (size_t i = 0; i + 3 < in.bytes.size(); i += 4)
    out.bytes.insert(out.bytes.end(), in.bytes.begin() + long(i), in.bytes.begin() + long(i) + 3);
  return out;
}

}  // namespace

Result<std::unique_ptr<Shot>> Shot::make(const Expectation& e, session::Session& session, int64_t last) {
  auto refuse = [&](std::string code, std::string message, std::string hint = {}) {
    return Diagnostic{Severity::error, std::move(code), std::move(message), std::move(hint), e.place, {}, {}};
  };
  if (e.environment >= uint64_t(session.environments()))
    return refuse("out-of-range", fmt::format("there is no environment {} in every case", e.environment));
  std::unique_ptr<Shot> out(new Shot(e, session));
  session::EyeOptions options;
  options.names = e.names.patterns;
  options.model_cameras = session.settings().eyes.empty();
  options.outputs = trace::output::rgb;
  options.environments = {int(e.environment)};
  auto eyes = session::Eyes::make(session, options);
  if (!eyes) {
    std::vector<Diagnostic> errors = eyes.errors();
    for (Diagnostic& d : errors)
      if (d.place.line == 0 || d.place.file != session.loaded().path) d.place = e.place;
    return errors;
  }
  out->eyes_ = std::move(*eyes);
  if (out->eyes_->eyes().size() != 1)
    return refuse("unknown-name", fmt::format("'{}' are {} cameras", e.names.patterns.front(), out->eyes_->eyes().size()),
                  "a picture is of one");
  const session::EyeInfo& eye = out->eyes_->eyes()[0];
  if (!(eye.outputs & trace::output::rgb)) return refuse("not-a-camera", "'" + eye.name + "' sees no colours");
  if (!out->eyes_->picture(0, int(e.environment), trace::output::rgb))
    return refuse("unknown-name", fmt::format("environment {} has no '{}'", e.environment, eye.name));
  out->camera_ = eye.name;
  const double period = session.model().timestep[0] * session.settings().substeps;
  out->step_ = e.when.to == at_end ? last : std::min(last, control_step(e.when.to, period));
  out->time_ = double(out->step_) * period;
  return out;
}

void Shot::take() {
  const int environment = int(expectation_.environment);
  eyes_->finish(std::span(&environment, 1));
  const session::EyeInfo& eye = eyes_->eyes()[0];
  const auto* from = static_cast<const uint8_t*>(eyes_->picture(0, environment, trace::output::rgb));
  image_ = {uint32_t(eye.width), uint32_t(eye.height), 3, 8, {}};
  image_.bytes.assign(from, from + size_t(eye.width) * size_t(eye.height) * 3);
}

std::string Shot::what(const Script& script, uint64_t seed) const {
  std::string out = camera_ + "_" + show(time_) + "s";
  if (expectation_.environment > 0) out += "_" + std::to_string(expectation_.environment);
  if (script.matrix.seed.size() > 1) out += "_seed=" + std::to_string(seed);
  return out;
}

uint64_t Shot::hash() const { return Hash().add(image_.width).add(image_.height).add(std::span(image_.bytes)).value(); }

Check Shot::begin() const {
  Check out;
  out.name = expectation_.name.empty() ? "picture of " + camera_ : expectation_.name;
  out.place = expectation_.place;
  out.time = time_, out.environment = expectation_.environment;
  return out;
}

Check Shot::judge(std::optional<uint64_t> golden) const {
  Check out = begin();
  out.what = "it is the golden's, bit by bit";
  out.passed = golden == hash();
  if (!out.passed) {
    out.detail = golden ? fmt::format("hash {:016x}, the golden's is {:016x}", hash(), *golden)
                        : "there is no golden of it: nuri regress --update --reason '..' makes it";
    out.images.push_back({"actual", image_});
  }
  return out;
}

Check Shot::judge(const std::string& path) const {
  Check out = begin();
  out.what = fmt::format("at most {} % of the pixels differ from the golden's by more than {} of 255", show(100 * expectation_.pixels),
                         show(expectation_.tolerance));
  std::error_code code;
  if (!std::filesystem::exists(path, code)) {
    out.detail = "there is no " + path + ": nuri regress --update --reason '..' makes it";
    out.images.push_back({"actual", image_});
    return out;
  }
  auto read = shape::read_image(path);
  if (!read) {
    out.detail = path + ": " + read.errors().front().message;
    return out;
  }
  const shape::Pixels golden = without_opacity(*read);
  out.unit = "%", out.bound = 100 * expectation_.pixels;
  if (golden.width != image_.width || golden.height != image_.height) {
    out.detail = fmt::format("it is {} x {} pixels, the golden {} x {}", image_.width, image_.height, golden.width, golden.height);
    out.images = {{"expected", golden}, {"actual", image_}};
    return out;
  }
  Difference d = difference(golden, image_, expectation_.tolerance);
  out.value = 100 * d.share, out.margin = out.bound - out.value;
  out.passed = out.margin >= 0;
  if (!out.passed) {
    out.detail = fmt::format("{} % of the pixels differ, by up to {} of 255", show(out.value), d.greatest);
    out.images = {{"expected", golden}, {"actual", image_}, {"difference", std::move(d.image)}};
  }
  return out;
}

// Where they agree the picture is a dim grey of the golden, where not, red.
Difference difference(const shape::Pixels& golden, const shape::Pixels& now, double tolerance) {
  Difference out;
  out.image = {golden.width, golden.height, 3, 8, {}};
  size_t off = 0;
  for (size_t i = 0; i + 2 < golden.bytes.size(); i += 3) {
    int greatest = 0, light = 0;
    for (size_t k = 0; k < 3; ++k)
      greatest = std::max(greatest, std::abs(int(golden.bytes[i + k]) - int(now.bytes[i + k]))), light += golden.bytes[i + k];
    const bool differs = greatest > tolerance;
    off += differs;
    out.greatest = std::max(out.greatest, greatest);
    const auto dim = static_cast<unsigned char>(light / 9);
    out.image.bytes.insert(out.image.bytes.end(), {differs ? static_cast<unsigned char>(255) : dim, dim, dim});
  }
  const size_t pixels = golden.bytes.size() / 3;
  out.share = pixels ? double(off) / double(pixels) : 0;
  return out;
}

}  // namespace nuri::regress
