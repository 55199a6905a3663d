// A world from MJCF text in one line, and how tests of closed forms judge.
//
// Every such test steps the same scene alone and as a batch of 33: the values that are judged come from the single one, and
// `alike` says that copies 0 and 32 of the batch hold the same bits. A tolerance is written `k * epsilon * scale` or
// `k * level` with the values measured when the test was written beside it, double first. NURI_TOLERANCE_SCALE multiplies
// all of them; 0 prints the residuals and fails. Negative controls (`rejects`) keep their tolerance at any scale.
#pragma once
#include <doctest/doctest.h>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <memory>
#include <string>
#include "engine/model/compile.h"
#include "engine/scene/mjcf.h"
#include "physics/world.h"

namespace nuri::closed_forms {

constexpr double gravity = 9.81, pi = 3.14159265358979323846;

inline double epsilon(Precision p) { return p == Precision::f64 ? std::numeric_limits<double>::epsilon() : std::numeric_limits<float>::epsilon(); }
inline const char* name(Precision p) { return p == Precision::f64 ? "double" : "float"; }
constexpr Precision both_precisions[] = {Precision::f64, Precision::f32};

inline double tolerance_scale() {
  static const double scale = [] { const char* text = std::getenv("NURI_TOLERANCE_SCALE"); return text ? std::atof(text) : 1.0; }();
  return scale;
}
// A residual must be below its tolerance. Strictly, so that scale 0 fails everywhere; a NaN fails too.
inline void judge(const std::string& what, Precision precision, double residual, double tolerance) {
  if (tolerance_scale() != 1) std::printf("%-56s %-7s %12.4g  tolerance %9.3g\n", what.c_str(), name(precision), residual, tolerance);
  INFO(what << ", " << std::string(name(precision)));
  CHECK(residual < tolerance * tolerance_scale());
}
// Negative control: what is wrong on purpose must be seen as wrong.
inline void rejects(const std::string& what, double residual, double tolerance) {
  INFO("negative control: " << what);
  CHECK(residual > tolerance);
}
// For convergence: residuals at h, h/2, h/4; the order seen in the last halving.
inline double order(double coarse, double fine) { return std::log2(std::fabs(coarse / fine)); }

inline std::shared_ptr<const model::Model> compiled(const std::string& mjcf) {
  const auto scene = scene::read_mjcf_text(mjcf, "text");
  if (!scene) FAIL(to_string(scene.errors()[0]) << "\n" << mjcf);
  const auto model = model::compile(*scene);
  if (!model) FAIL(to_string(model.errors()[0]) << "\n" << mjcf);
  return std::make_shared<const model::Model>(*model);
}

inline std::unique_ptr<World> make_world(std::shared_ptr<const model::Model> model, Precision precision, int environments) {
  auto world = World::create(std::move(model), {.environments = environments, .backend = "cpu", .precision = precision, .threads = 1});
  if (!world) FAIL(to_string(world.errors()[0]));
  return std::move(*world);
}

// One scene, alone and as a batch of copies.
class Twins {
 public:
  Twins(const std::string& mjcf, Precision p, int copies = 33) : precision(p), model_(compiled(mjcf)), alone_(make_world(model_, p, 1)) {
    if (copies) batch_ = make_world(model_, p, copies);
  }

  const Precision precision;
  const model::Model& model() const { return *model_; }
  double epsilon() const { return closed_forms::epsilon(precision); }
  double timestep() const { return model_->timestep[0]; }

  double get(StateField field, int item) const { return alone_->get(field, 0, item); }
  double position(int item) const { return get(StateField::qpos, item); }
  double velocity(int item) const { return get(StateField::qvel, item); }
  void set(StateField field, int item, double value) {
    alone_->set(field, 0, item, value);
    for (int e = 0; batch_ && e < batch_->environments(); ++e) batch_->set(field, e, item, value);
  }
  void step(int substeps = 1) {
    alone_->step(substeps);
    if (batch_) batch_->step(substeps);
  }
  Probe probe() { return alone_->probe(0); }
  World& alone() { return *alone_; }

  // Copies 0 and 32 hold the bits of the single world, and no environment stopped.
  bool alike() const {
    if (!batch_) return false;
    if (alone_->faults() || batch_->faults()) return std::printf("%d faults, %d of the batch\n", alone_->faults(), batch_->faults()), false;
    for (int f = 0; f < state_field_count; ++f)
      for (const int copy : {0, batch_->environments() - 1})
        if (!std::ranges::equal(alone_->bytes(StateField(f), 0), batch_->bytes(StateField(f), copy)))
          return std::printf("%s of copy %d differs\n", info(StateField(f)).name, copy), false;
    return true;
  }
  void drop_batch() { batch_.reset(); }                            // long runs of large scenes go on alone

 private:
  std::shared_ptr<const model::Model> model_;
  std::unique_ptr<World> alone_, batch_;
};

inline std::string number(double x) {
  char text[40];
  std::snprintf(text, sizeof text, "%.15g", x);
  return text;
}

}  // namespace nuri::closed_forms
