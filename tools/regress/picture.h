// Pictures of a camera of the scene at one moment, against a golden: a PNG within a tolerance, or a hash among the script's golden.
#pragma once
#include <memory>
#include <optional>
#include "tools/regress/case.h"
#include "tools/session/eyes.h"

namespace nuri::regress {

class Shot {
 public:
  // Finds the camera; codes no-eyes, unknown-name, not-a-camera, out-of-range, with the place in the script.
  static Result<std::unique_ptr<Shot>> make(const Expectation& expectation, session::Session& session, int64_t last);

  bool due(int64_t control_step) const { return control_step == step_; }
  void take();
  const Expectation& expectation() const { return expectation_; }
  const shape::Pixels& image() const { return image_; }

  std::string what(const Script& script, uint64_t seed) const;     // names its file: "overview_4s_seed=7"
  uint64_t hash() const;
  // Against the PNG of the golden; against its hash, if it is exact.
  Check judge(const std::string& path) const;
  Check judge(std::optional<uint64_t> golden) const;

 private:
  Shot(const Expectation& expectation, session::Session& session) : expectation_(expectation), session_(session) {}
  Check begin() const;

  const Expectation& expectation_;
  session::Session& session_;
  std::unique_ptr<session::Eyes> eyes_;
  int64_t step_ = 0;
  double time_ = 0;                              // s
  std::string camera_;
  shape::Pixels image_;                          // 3 channels of 8 bits
};

// How two pictures of one size differ: the share of pixels with a channel that is further off than `tolerance` (of 255), and a picture of
// it.
struct Difference { double share = 0; int greatest = 0; shape::Pixels image; };
Difference difference(const shape::Pixels& golden, const shape::Pixels& now, double tolerance);

}  // namespace nuri::regress
