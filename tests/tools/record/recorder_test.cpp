#include "tools/record/recorder.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <thread>
#include "tests/tools/record/scenes.h"

using namespace nuri;
using namespace nuri::test;

namespace {

std::unique_ptr<record::Recorder> start(session::Session& session, record::Options options) {
  auto recorder = record::Recorder::create(session, options);
  if (!recorder) FAIL(to_string(recorder.errors().front()));
  return std::move(*recorder);
}

record::Totals finish(record::Recorder& recorder) {
  const auto totals = recorder.finish();
  if (!totals) FAIL(to_string(totals.errors().front()));
  return *totals;
}

// What a recording should hold, written down beside it by stepping an equal session.
struct Truth {
  std::vector<float> qpos, qvel, ctrl, sensors;
  std::vector<uint64_t> hashes;
};

std::string demo(int k, const std::string& what = "") { return "/data/demo_" + std::to_string(k) + (what.empty() ? "" : "/" + what); }

}  // namespace

TEST_CASE("recorder: every control step of every environment, as the session had it") {
  const Folder folder;
  const int n = 3, steps = 37;
  auto session = open_arm(n), twin = open_arm(n);
  {
    auto recorder = start(*session, {.path = folder / "a.h5", .version = "1.2"});
    session->step(5 * steps);
    const record::Totals totals = finish(*recorder);
    CHECK(totals.episodes == n);
    CHECK(totals.samples == n * steps);
  }
  std::vector<Truth> truth(n);
  for (int t = 0; t < steps; ++t) {
    twin->apply_controls();
    auto add = [&](std::vector<float>& to, StateField field, int e) {
      const auto row = twin->world().row<float>(field, e);
      to.insert(to.end(), row.begin(), row.end());
    };
    for (int e = 0; e < n; ++e) {
      add(truth[size_t(e)].qpos, StateField::qpos, e), add(truth[size_t(e)].qvel, StateField::qvel, e);
      add(truth[size_t(e)].ctrl, StateField::ctrl, e), add(truth[size_t(e)].sensors, StateField::sensordata, e);
    }
    twin->step(5);
    for (int e = 0; e < n; ++e) truth[size_t(e)].hashes.push_back(twin->world().hash(e));
  }
  const Reader file(folder / "a.h5");
  REQUIRE(file);
  CHECK(file.number<int64_t>("/data", "total") == n * steps);
  CHECK(file.text("/data", "env_args").find("\"env_name\":\"arm\",\"type\":2,\"env_version\":\"1.2\"") != std::string::npos);
  CHECK(file.number<uint8_t>("/nuri", "complete") == 1);
  CHECK(file.text("/nuri", "precision") == "float");
  CHECK(file.children("/unfinished") == 0);
  const std::string model = model::serialize(session->model());
  const auto kept = file.read<std::byte>("/nuri/models/0");
  REQUIRE(kept.size() == model.size());
  CHECK(std::memcmp(kept.data(), model.data(), model.size()) == 0);
  for (int e = 0; e < n; ++e) {
    const Truth& is = truth[size_t(e)];
    CHECK(file.number<int64_t>(demo(e), "num_samples") == steps);
    CHECK(file.number<uint64_t>(demo(e), "environment") == uint64_t(e));
    CHECK(file.number<uint64_t>(demo(e), "substeps") == 5 * steps);
    CHECK(file.text(demo(e), "ended") == "end");
    CHECK(file.read<uint64_t>(demo(e, "hashes")) == is.hashes);
    CHECK(file.read<float>(demo(e, "inputs/ctrl")) == is.ctrl);
    CHECK(file.read<uint32_t>(demo(e, "inputs/substeps")) == std::vector<uint32_t>(steps, 5));
    CHECK(!file.has(demo(e, "inputs/qfrc_applied")));
    // states are qpos and qvel side by side; actions are controls over their range; sensors have a dataset each
    const auto states = file.read<float>(demo(e, "states")), actions = file.read<float>(demo(e, "actions"));
    const auto tip = file.read<float>(demo(e, "obs/arm_tip")), elbow = file.read<float>(demo(e, "obs/arm_tip_"));
    REQUIRE(file.shape(demo(e, "states")) == std::vector<hsize_t>{steps, 17});
    REQUIRE(file.shape(demo(e, "obs/arm_tip")) == std::vector<hsize_t>{steps, 3});
    bool same = true;
    for (size_t t = 0; t < steps; ++t) {
      for (size_t i = 0; i < 9; ++i) same = same && states[17 * t + i] == is.qpos[9 * t + i];
      for (size_t i = 0; i < 8; ++i) same = same && states[17 * t + 9 + i] == is.qvel[8 * t + i];
      for (size_t i = 0; i < 3; ++i) same = same && tip[3 * t + i] == is.sensors[4 * t + i];
      same = same && elbow[t] == is.sensors[4 * t + 3];
      same = same && actions[2 * t] == (is.ctrl[2 * t] - 1) / 2 && actions[2 * t + 1] == is.ctrl[2 * t + 1];
    }
    CHECK(same);
    auto dones = std::vector<uint8_t>(steps, 0);
    dones.back() = 1;
    CHECK(file.read<uint8_t>(demo(e, "dones")) == dones);
    CHECK(file.read<float>(demo(e, "rewards")) == std::vector<float>(steps, 0));
  }
}

TEST_CASE("recorder: the same bytes for any threads, width, and pieces in which it is stepped") {
  const Folder folder;
  auto record = [&](const char* name, WorldOptions options, int piece) {
    auto session = open_arm(21, options);
    auto recorder = start(*session, {.path = folder / name});
    for (int at = 0; at < 200; at += piece) {
      session->step(std::min(piece, 200 - at));
      if (at == 0 || at + piece > 100) continue;
      const int some[] = {3, 17};
      recorder->end(some, record::Ended::time);
      session->reset(some);
    }
    finish(*recorder);
    return bytes_of(folder / name);
  };
  WorldOptions narrow, wide, threads;
  narrow.width = 1, wide.width = 8, threads.threads = 3;
  const std::string one = record("one", narrow, 20);
  std::this_thread::sleep_for(std::chrono::milliseconds(1100));  // times in a file would have another second
  CHECK(one == record("two", wide, 20));
  CHECK(one == record("three", threads, 20));
  CHECK(one != record("four", threads, 40));     // other resets
}

TEST_CASE("recorder: episodes end where environments begin anew, by the order in which they do") {
  const Folder folder;
  auto session = open_arm(4);
  auto recorder = start(*session, {.path = folder / "a.h5"});
  session->step(20);
  const int two[] = {2}, all[] = {0, 1, 3}, one[] = {1};
  session->reset(two);                           // nobody told: found when it steps
  session->step(10);
  recorder->end(all, record::Ended::finished);
  CHECK(!recorder->records(0));
  session->step(10);                             // of those nothing more is recorded
  session->reset(one, std::vector<uint64_t>{77});
  session->step(3);                              // ends between two control steps
  const record::Totals totals = finish(*recorder);
  CHECK(totals.episodes == 6);
  const Reader file(folder / "a.h5");
  REQUIRE(file);
  const struct { int environment, samples, substeps, began; const char* why; uint64_t seed, episode; } expected[] = {
      {2, 4, 20, 0, "reset", 0, 0}, {0, 6, 30, 0, "finished", 0, 0}, {1, 6, 30, 0, "finished", 0, 0}, {3, 6, 30, 0, "finished", 0, 0},
      {1, 1, 3, 40, "end", 77, 0},  {2, 5, 23, 20, "end", 0, 1}};
  for (int k = 0; k < 6; ++k) {
    const auto& e = expected[k];
    CHECK(file.number<uint64_t>(demo(k), "environment") == uint64_t(e.environment));
    CHECK(file.number<int64_t>(demo(k), "num_samples") == e.samples);
    CHECK(file.number<uint64_t>(demo(k), "substeps") == uint64_t(e.substeps));
    CHECK(file.number<uint64_t>(demo(k), "began") == uint64_t(e.began));
    CHECK(file.text(demo(k), "ended") == e.why);
    CHECK(file.number<uint64_t>(demo(k), "seed") == e.seed);
    CHECK(file.number<uint64_t>(demo(k), "episode") == e.episode);
  }
  CHECK(file.read<uint32_t>(demo(4, "inputs/substeps")) == std::vector<uint32_t>{3});
}

TEST_CASE("recorder: forces appear when they first change, with what was before") {
  const Folder folder;
  auto session = open_arm(2);
  {
    auto recorder = start(*session, {.path = folder / "a.h5"});
    for (int t = 0; t < 6; ++t) {
      if (t == 2) session->world().set(StateField::xfrc_applied, 1, 6 * 3 + 2, 0.5);
      if (t == 4) session->world().set(StateField::xfrc_applied, 1, 6 * 3 + 2, 0);
      session->step(5);
    }
    finish(*recorder);
  }
  const Reader file(folder / "a.h5");
  REQUIRE(file);
  CHECK(!file.has(demo(0, "inputs/xfrc_applied")));
  const auto forces = file.read<float>(demo(1, "inputs/xfrc_applied"));
  REQUIRE(file.shape(demo(1, "inputs/xfrc_applied")) == std::vector<hsize_t>{6, 4, 6});
  for (size_t t = 0; t < 6; ++t)
    for (size_t i = 0; i < 24; ++i) CHECK(forces[24 * t + i] == (i == 20 && (t == 2 || t == 3) ? 0.5f : 0.0f));
}

TEST_CASE("recorder: rates of samples and signals, fields of the state") {
  const Folder folder;
  auto session = open_arm(2);
  record::Options options{.path = folder / "a.h5"};
  options.wishes.rate = 25;                      // of 50 control steps per second
  options.wishes.fields = {"xpos", "arm/*@10", "arm_tip"};
  {
    auto recorder = start(*session, options);
    CHECK(recorder->doubts().empty());
    session->step(5 * 21);
    CHECK(finish(*recorder).samples == 22);
  }
  const Reader file(folder / "a.h5");
  REQUIRE(file);
  CHECK(file.shape(demo(1, "actions")) == std::vector<hsize_t>{11, 2});
  CHECK(file.shape(demo(1, "hashes")) == std::vector<hsize_t>{21});
  CHECK(file.shape(demo(1, "obs/xpos")) == std::vector<hsize_t>{11, 4, 3});
  CHECK(file.shape(demo(1, "obs/arm_tip")) == std::vector<hsize_t>{11, 1});
  CHECK(file.shape(demo(1, "signals/arm_tip")) == std::vector<hsize_t>{5, 3});
  CHECK(file.number<int64_t>(demo(1, "signals/arm_tip"), "every") == 5);
  CHECK(file.number<double>(demo(1, "signals/arm_tip"), "rate") == doctest::Approx(10));

  options.path = folder / "b.h5";
  options.wishes.fields = {"qpos@15"};
  auto other = open_arm(1);
  const auto doubtful = start(*other, options);
  REQUIRE(doubtful->doubts().size() == 1);
  CHECK(doubtful->doubts()[0].code == "rate-rounded");
}

TEST_CASE("recorder: pictures are those that have arrived, whatever the threads") {
  const Folder folder;
  record::Options options;
  options.wishes.cameras = {"e*"};
  auto record = [&](const char* name, int threads) {
    WorldOptions world;
    world.threads = threads;
    auto session = open_arm(5, world);
    options.path = folder / name;
    auto recorder = start(*session, options);
    session->step(5 * 9);
    finish(*recorder);
    return bytes_of(options.path);
  };
  CHECK(record("a.h5", 1) == record("b.h5", 3));

  auto twin = open_arm(5);
  auto eyes = session::Eyes::make(*twin, {.names = {"eye"}, .model_cameras = true});
  REQUIRE(eyes);
  const Reader file(folder / "a.h5");
  REQUIRE(file);
  REQUIRE(file.shape(demo(4, "obs/eye_image")) == std::vector<hsize_t>{9, 8, 12, 3});
  REQUIRE(file.shape(demo(4, "obs/eye_depth")) == std::vector<hsize_t>{9, 8, 12, 1});
  const auto colours = file.read<uint8_t>(demo(4, "obs/eye_image"));
  const auto depths = file.read<float>(demo(4, "obs/eye_depth"));
  const auto names = file.read<int32_t>(demo(4, "obs/eye_segmentation"));
  bool same = true, varied = false;
  for (size_t t = 0; t < 9; ++t) {
    (*eyes)->look();
    auto equal = [&](const auto& recorded, uint32_t output, size_t channels) {
      const auto* const seen = static_cast<const typename std::decay_t<decltype(recorded)>::value_type*>((*eyes)->picture(0, 4, output));
      return std::equal(seen, seen + 96 * channels, recorded.begin() + ptrdiff_t(t * 96 * channels));
    };
    same = same && equal(colours, trace::output::rgb, 3) && equal(depths, trace::output::depth, 1) && equal(names, trace::output::geom, 1);
    varied = varied || !std::equal(depths.begin(), depths.begin() + 96, depths.begin() + ptrdiff_t(t * 96));
    twin->step(5);
  }
  CHECK(same);
  CHECK(varied);
}

TEST_CASE("recorder: long episodes lie in chunks, and nothing of them is lost") {
  const Folder folder;
  auto session = open_arm(1, {}, 1);
  auto recorder = start(*session, {.path = folder / "a.h5"});
  const int steps = 40'000;
  const uint64_t before = session->world().hash(0);
  std::vector<uint64_t> hashes;
  for (int t = 0; t < steps; ++t) session->step(1), hashes.push_back(session->world().hash(0));
  finish(*recorder);
  CHECK(hashes.back() != before);
  const Reader file(folder / "a.h5");
  REQUIRE(file);
  CHECK(file.read<uint64_t>(demo(0, "hashes")) == hashes);
  CHECK(file.shape(demo(0, "states")) == std::vector<hsize_t>{steps, 17});
  CHECK(file.shape(demo(0, "dones")) == std::vector<hsize_t>{steps});
  const auto dones = file.read<uint8_t>(demo(0, "dones"));
  CHECK(std::count(dones.begin(), dones.end(), 1) == 1);
  CHECK(dones.back() == 1);
}

TEST_CASE("recorder: what cannot be recorded is refused, and no file is left") {
  const Folder folder;
  auto session = open_arm(2);
  auto code = [&](record::Options options) {
    auto recorder = record::Recorder::create(*session, options);
    return recorder ? std::string() : recorder.errors()[0].code;
  };
  record::Options options{.path = folder / "a.h5"};
  options.wishes.fields = {"qposs"};
  CHECK(code(options) == "unknown-name");
  options.wishes.fields = {"qpos@fast"};
  CHECK(code(options) == "bad-rate");
  options.wishes.fields = {"qpos@-3"};
  CHECK(code(options) == "bad-rate");
  options.wishes.fields.clear();
  options.wishes.cameras = {"eeye"};
  CHECK(code(options) == "unknown-name");
  options.wishes.cameras.clear();
  CHECK(!std::filesystem::exists(options.path));
  options.path = folder / "no/such/folder.h5";
  CHECK(code(options) == "cannot-write");
  options.path = folder / "a.h5";
  std::ofstream(options.path) << "mine";
  CHECK(code(options) == "file-exists");
  CHECK(bytes_of(options.path) == "mine");
  options.overwrite = true;
  CHECK(code(options) == "");
}
