#include <doctest/doctest.h>
#include <cmath>
#include "tests/tools/editor/little_scene.h"
#include "tests/tools/record/little_recording.h"
#include "tools/record/replay.h"

using namespace nuri;
using namespace nuri::editor;
using namespace nuri::record::test;

namespace {

uint64_t hash(Workbench& bench) { return bench.session().world().hash(0); }   // as recordings have it

// Plays to the end, hashes after each control step.
std::vector<uint64_t> play(Workbench& bench) {
  std::vector<uint64_t> hashes{hash(bench)};
  for (double before = -1; bench.time() > before;) {
    before = bench.time();
    bench.step_forward();
    if (bench.time() > before) hashes.push_back(hash(bench));
  }
  return hashes;
}

}  // namespace

TEST_CASE("workbench: a recording plays with the recorded bits, forward and back") {
  const TemporaryFile file("editor.h5");
  const Little little = little_run();
  write(little, file.path);
  Workbench bench(test::options());
  REQUIRE_MESSAGE(bench.open(file.path), to_string(bench.errors().front()));
  REQUIRE(bench.replay());
  CHECK(bench.recorded_environments() == std::vector<uint64_t>{4, 5, 6});
  CHECK(bench.recorded_environment() == 4);
  CHECK(bench.session().environments() == 1);
  CHECK(bench.span().newest == doctest::Approx(350 * 0.004));

  // another environment: two episodes, the second begins on the way
  REQUIRE(bench.open_recording(file.path, 5));
  CHECK(bench.recorded_environment() == 5);
  const std::vector<uint64_t> hashes = play(bench);
  REQUIRE(hashes.size() == 350 / 5 + 1);
  std::vector<uint64_t> recorded;                // at the ends of control steps
  for (const LittleEpisode& e : little.episodes) {
    if (e.environment != 5) continue;
    uint64_t at = e.began;
    for (const Stretch& s : e.stretches)
      if ((at += s.substeps) % 5 == 0) recorded.push_back(s.hash);
  }
  REQUIRE(recorded.size() + 1 == hashes.size());
  for (size_t i = 0; i < recorded.size(); ++i) CHECK((hashes[i + 1] == recorded[i]) == (i != 39));   // there the second episode's beginning is shown
  CHECK(bench.replay()->differences().empty());
  CHECK(bench.replay()->compared() > 0);
  CHECK_FALSE(bench.running);                    // it is over

  // back, across the beginning of the second episode, and forward again
  for (size_t i = hashes.size() - 1; i > 25; --i) {
    REQUIRE(bench.step_back());
    CHECK(hash(bench) == hashes[i - 1]);
  }
  for (size_t i = 26; i < hashes.size(); ++i) {
    bench.step_forward();
    CHECK(hash(bench) == hashes[i]);
  }
  for (const size_t i : {3u, 60u, 41u, 40u, 0u, 69u}) {
    bench.go_to(double(i) * 0.02);
    CHECK(hash(bench) == hashes[i]);
  }
  bench.reset();
  CHECK(bench.time() == 0);
  CHECK(play(bench) == hashes);
  CHECK(bench.replay()->differences().empty());
}

TEST_CASE("workbench: a recording is entered where an episode begins, without what was before") {
  const TemporaryFile file("enter.h5");
  write(little_run(), file.path);
  Workbench played(test::options()), entered(test::options());
  REQUIRE(played.open_recording(file.path, 5));
  const std::vector<uint64_t> hashes = play(played);
  REQUIRE(entered.open_recording(file.path, 5));
  entered.go_to(0.8);
  CHECK(entered.time() == doctest::Approx(0.8));
  CHECK(entered.replay()->compared() == 0);      // nothing was played
  CHECK(hash(entered) == hashes[40]);
  entered.step_forward();
  CHECK(hash(entered) == hashes[41]);
  CHECK_FALSE((entered.step_back(), entered.step_back()));       // what was before is not kept
  for (int tries = 0; tries < 1000 && std::fabs(entered.time() - 0.5) > 1e-9; ++tries) entered.go_to(0.5);
  CHECK(hash(entered) == hashes[25]);
  CHECK(entered.replay()->differences().empty());
}

TEST_CASE("workbench: a recording is dragged to moments that were not played yet") {
  const TemporaryFile file("drag.h5");
  write(little_run(), file.path);
  Workbench played(test::options()), dragged(test::options());
  REQUIRE(played.open(file.path));
  REQUIRE(dragged.open(file.path));
  for (int i = 0; i < 50; ++i) played.step_forward();
  for (int tries = 0; tries < 1000 && dragged.time() < 0.9999; ++tries) dragged.go_to(1);
  CHECK(dragged.time() == doctest::Approx(1));
  CHECK(hash(dragged) == hash(played));
  CHECK(dragged.replay()->differences().empty());
}

TEST_CASE("workbench: where a recording and its replay part is told once, however often it is played") {
  const TemporaryFile file("parts.h5");
  Little little = little_run(1);
  little.episodes[0].stretches[9].ctrl[1] += 0.01;
  write(little, file.path);
  Workbench bench(test::options());
  REQUIRE(bench.open(file.path));
  for (int i = 0; i < 30; ++i) bench.step_forward();
  for (int i = 0; i < 25; ++i) bench.step_back();
  for (int i = 0; i < 25; ++i) bench.step_forward();
  REQUIRE(bench.replay()->differences().size() == 1);
  CHECK(bench.replay()->differences()[0].stretch == 9);
  CHECK(bench.replay()->differences()[0].field == "qpos");
}

TEST_CASE("workbench: a recording is not changed, and what cannot be opened leaves what is open") {
  const TemporaryFile file("fixed.h5"), text("text.h5");
  write(little_run(1), file.path);
  std::ofstream(text.path) << "a text that is no recording";
  Workbench bench(test::options());
  REQUIRE(bench.open(file.path));
  const uint64_t still = hash(bench);
  auto refuses = [&](auto change) {
    change();
    CHECK_FALSE(bench.errors().empty());
    CHECK(bench.errors().front().code == "recorded");
    CHECK(hash(bench) == still);
    CHECK(bench.entries().empty());
  };
  refuses([&] { bench.set_joint(0, 0, 0.5); });
  refuses([&] { bench.set_control(0, 0.5); });
  refuses([&] { bench.set_field({"geom_friction", 0}, 0.5); });
  refuses([&] { bench.place_model("arm", {}, {1, 0, 0, 0}); });
  refuses([&] { bench.reset_to_key(0); });
  refuses([&] { CHECK_FALSE(bench.save("somewhere.yaml")); });
  refuses([&] { CHECK_FALSE(bench.open_policy("some.policy")); });
  CHECK_FALSE(bench.open(text.path));
  CHECK(bench.errors().front().code == "not-a-recording");
  CHECK(bench.path() == file.path);
  CHECK_FALSE(bench.open_recording(file.path, 77));
  CHECK(bench.errors().front().code == "nothing-recorded");
  CHECK(bench.recorded_environment() == 4);

  // a scene after it is a scene
  const auto folder = test::little_folder("recorded");
  test::open(bench, (folder / "little.yaml").string());
  CHECK_FALSE(bench.replay());
  bench.set_joint(0, 0, 0.1);
  CHECK(bench.entries().size() == 1);
}
