#include "tools/record/replay.h"

#include <doctest/doctest.h>
#include <cmath>
#include "physics/cpu/registry.h"
#include "tests/tools/record/little_recording.h"

using namespace nuri;
using namespace nuri::record;
using namespace nuri::record::test;

namespace {

struct Replayed {
  std::vector<Difference> differences;
  uint64_t compared = 0;
  std::vector<Diagnostic> errors;
};

Replayed replayed(const std::string& path, const Choice& choice = {}, int width = 0, int threads = 1, int most = 1024) {
  Replayed out;
  auto recording = Recording::open(path);
  if (!recording) return {{}, 0, recording.errors()};
  auto replays = Replay::create(std::move(*recording), choice, most);
  if (!replays) return {{}, 0, replays.errors()};
  for (auto& replay : *replays) {
    WorldOptions options;
    options.backend = "cpu", options.threads = threads, options.width = width;
    auto session = replay->session(options);
    if (!session) return {{}, 0, session.errors()};
    for (bool more = true; more;) {
      const auto stepped = replay->step(**session);
      if (!stepped) return {{}, 0, stepped.errors()};
      more = *stepped;
    }
    out.differences.insert(out.differences.end(), replay->differences().begin(), replay->differences().end());
    out.compared += replay->compared();
  }
  return out;
}

uint64_t stretches(const Little& little) {
  uint64_t sum = 0;
  for (const LittleEpisode& e : little.episodes) sum += e.stretches.size();
  return sum;
}

}  // namespace

TEST_CASE("replay: the recorded inputs give the recorded bits, on any machine") {
  for (const Precision precision : {Precision::f32, Precision::f64}) {
    const TemporaryFile file("bits.h5");
    const Little little = little_run(5, precision);
    write(little, file.path);
    for (const auto& [width, threads, most] : {std::tuple{0, 1, 1024}, {1, 2, 1024}, {4, 1, 1024}, {0, 1, 2}, {0, 1, 1}}) {
      if (width && !find_kernel(precision, width)) continue;    // a build of few kernels
      const Replayed all = replayed(file.path, {}, width, threads, most);
      REQUIRE_MESSAGE(all.errors.empty(), to_string(all.errors.front()));
      CHECK(all.differences.empty());
      CHECK(all.compared == stretches(little));
    }
    const Replayed one = replayed(file.path, {5, std::nullopt});
    CHECK(one.differences.empty());
    CHECK(one.compared == little.episodes[0].stretches.size() + little.episodes[2].stretches.size());
    const Replayed second = replayed(file.path, {5, 1});
    CHECK(second.differences.empty());
    CHECK(second.compared == little.episodes[2].stretches.size());
  }
}

TEST_CASE("replay: one input that is one unit in the last place off is found where it is") {
  const TemporaryFile file("ulp.h5");
  Little little = little_run();
  LittleEpisode& episode = little.episodes[1];
  double& number = episode.stretches[17].ctrl[0];
  number = double(std::nextafterf(float(number), 2.0f));
  write(little, file.path);
  const Replayed all = replayed(file.path);
  REQUIRE(all.errors.empty());
  REQUIRE(all.differences.size() == 1);
  const Difference& d = all.differences[0];
  CHECK(d.demo == 1);
  CHECK(d.environment == episode.environment);
  CHECK(d.stretch == 17);
  CHECK(d.from == 85);
  CHECK(d.to == 90);
  CHECK(d.hash != d.recorded_hash);  // the control is a part of the state, though such a change of it may round away in all others

  // a larger one moves the arm, and the next sample shows it
  number += 1e-3;
  write(little, file.path);
  const Replayed moved = replayed(file.path);
  REQUIRE(moved.differences.size() == 1);
  CHECK(moved.differences[0].stretch == 17);
  CHECK(moved.differences[0].sample == 18);
  CHECK(moved.differences[0].field == "qpos");
  CHECK(moved.differences[0].item == 0);
  CHECK(moved.differences[0].value != moved.differences[0].recorded);
  CHECK(std::fabs(moved.differences[0].value - moved.differences[0].recorded) < 1e-3);
}

TEST_CASE("replay: a model with another friction parts from the recording at the first contact") {
  const TemporaryFile file("friction.h5");
  Little little = little_run(1);
  auto model = model::deserialize(little.model, "arm.model");
  REQUIRE(model);
  for (double& f : model->pair_friction) f *= 0.5;
  for (double& f : model->geom_friction) f *= 0.5;
  for (LittleEpisode& e : little.episodes) e.overrides.clear();
  little.model = model::serialize(*model);
  write(little, file.path);
  const Replayed all = replayed(file.path);
  REQUIRE(all.errors.empty());
  REQUIRE(all.differences.size() == 1);
  const Difference& d = all.differences[0];
  CHECK(d.stretch > 0);                          // nothing touches at first
  CHECK(d.sample == d.stretch + 1);
  CHECK(to_string(d, Precision::f32, 0.004).find("0x") != std::string::npos);
}

TEST_CASE("replay: what an episode's model has of its own counts") {
  const TemporaryFile file("overrides.h5");
  Little little = little_run(1);
  REQUIRE_FALSE(little.episodes[0].overrides.empty());
  for (size_t i = 2; i < little.episodes[0].overrides.size(); i += 3) little.episodes[0].overrides[i] *= 0.25;
  write(little, file.path);
  const Replayed all = replayed(file.path);
  REQUIRE(all.errors.empty());
  CHECK(all.differences.size() == 1);
}

TEST_CASE("replay: a beginning that is not the first sample's is told") {
  const TemporaryFile file("beginning.h5");
  Little little = little_run(1);
  little.episodes[0].row[4] ^= std::byte{1};     // the second number of qpos
  write(little, file.path);
  const Replayed all = replayed(file.path);
  REQUIRE(all.errors.empty());
  REQUIRE(all.differences.size() == 1);
  CHECK(all.differences[0].field == "qpos");
  CHECK(all.differences[0].item == 1);
  CHECK(all.differences[0].sample == 0);
  CHECK(all.differences[0].recorded_hash == all.differences[0].hash);
}

TEST_CASE("replay: what contradicts itself is refused") {
  const TemporaryFile file("contradiction.h5");
  auto code = [&](const Little& little) {
    write(little, file.path);
    const Replayed all = replayed(file.path);
    return all.errors.empty() ? std::string() : all.errors.front().code;
  };
  const Little sound = little_run();
  CHECK(code(sound).empty());
  Little changed = sound;
  changed.episodes[0].row.pop_back();
  CHECK(code(changed) == "damaged-recording");
  changed = sound;
  changed.episodes[0].stretches[3].substeps = 6;
  CHECK(code(changed) == "damaged-recording");
  changed = sound;
  changed.episodes[2].began = 3;                 // of the same environment as episode 0
  CHECK(code(changed) == "damaged-recording");
  changed = sound;
  changed.episodes[2].began = uint64_t(1) << 40;
  CHECK(code(changed) == "damaged-recording");
  changed = sound;
  for (Stretch& s : changed.episodes[1].stretches) s.ctrl.pop_back();
  CHECK(code(changed) == "damaged-recording");
  changed = sound;
  changed.episodes[0].overrides[1] = 1e6;
  CHECK(code(changed) == "damaged-recording");
  const auto nobody = replayed(file.path, {99, std::nullopt});
  REQUIRE(nobody.errors.size() == 1);
  CHECK(nobody.errors[0].code == "nothing-recorded");
}
