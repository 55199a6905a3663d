// The .model file: round trip, damage, and derived numbers after an override.
#include <doctest/doctest.h>

#include <cmath>
#include <cstdio>
#include <random>

#include "engine/core/hash.h"
#include "tests/engine/model/scene_maker.h"

using namespace nuri;
using namespace nuri::model;

namespace {
void seal(std::string& bytes) {                  // a new hash, so that checks behind it are reached
  const uint64_t h = Hash().add(std::string_view(bytes).substr(0, bytes.size() - 8)).value();
  for (int k = 0; k < 8; ++k) bytes[bytes.size() - 8 + k] = char(h >> (8 * k));
}
scene::Array3 center_of(const Model& m, int b) { return {m.body_ipos[3 * b], m.body_ipos[3 * b + 1], m.body_ipos[3 * b + 2]}; }
scene::Array4 axes_of(const Model& m, int b) { return {m.body_iquat[4 * b], m.body_iquat[4 * b + 1], m.body_iquat[4 * b + 2], m.body_iquat[4 * b + 3]}; }
}  // namespace

TEST_CASE("a model survives its file bit for bit") {
  const Model m = sampler().model();
  const std::string bytes = serialize(m);
  const auto back = deserialize(bytes, "x.model");
  REQUIRE(back);
  CHECK(serialize(*back) == bytes);
  CHECK(hash(*back) == hash(m));
  CHECK(back->joint_name == m.joint_name);
  CHECK(back->look.parts.size() == m.look.parts.size());
  Model other = m;
  other.gravity[2] = -1;
  CHECK(hash(other) != hash(m));

  const std::string path = "file_test_" + std::to_string(hash(m)) + ".model";
  REQUIRE(write_file(m, path));
  const auto read = read_file(path);
  std::remove(path.c_str());
  REQUIRE(read);
  CHECK(hash(*read) == hash(m));
  CHECK(!read_file(path));
  CHECK(!write_file(m, "no/such/folder/x.model"));
}

TEST_CASE("empty and small models have files too") {
  const Model m = SceneMaker().model();
  CHECK(deserialize(serialize(m), "x"));
}

TEST_CASE("a damaged file is an error") {
  const std::string bytes = serialize(sampler().model());
  CHECK(!deserialize("", "x"));
  CHECK(!deserialize("NURI", "x"));
  std::mt19937 random(7);
  for (int i = 0; i < 300; ++i) {
    std::string bad = bytes;
    bad[random() % bad.size()] ^= char(1 + random() % 255);
    CHECK(!deserialize(bad, "x"));
    CHECK(!deserialize(bytes.substr(0, random() % bytes.size()), "x"));
  }
}

TEST_CASE("a file that was changed and sealed again is refused or harmless") {
  const std::string bytes = serialize(sampler().model());
  std::mt19937 random(11);
  int refused = 0;
  for (int i = 0; i < 3000; ++i) {
    std::string bad = i % 10 == 0 ? bytes.substr(0, 16 + random() % (bytes.size() - 16)) : bytes;
    for (int k = int(random() % 4); k >= 0; --k) bad[8 + random() % (bad.size() - 8)] = char(i % 3 == 0 ? random() : i % 3 == 1 ? 0xFF : random() % 4);
    seal(bad);
    auto r = deserialize(bad, "x");
    if (!r) { ++refused; continue; }
    derive(*r);                                  // walks every table
  }
  CHECK(refused > 300);
}

TEST_CASE("every index field is guarded") {
  // one entry of one index field at a time, far out of range: refused
  const Model good = sampler().model();
#define NURI_INDEX(name, count, doc)                                       \
  if (!good.name.empty() && std::string(#name) != "owner_key" && std::string(#name) != "geom_priority") { \
    Model bad = good;                                                      \
    bad.name.back() = 1 << 28;                                             \
    CHECK_MESSAGE(!deserialize(serialize(bad), "x"), #name);               \
    bad.name.back() = -(1 << 28);                                          \
    CHECK_MESSAGE(!deserialize(serialize(bad), "x"), #name);               \
  }
#include "engine/model/model_fields.inl"
}

TEST_CASE("tendons of a changed file that cannot be are refused") {
  const Model good = sampler().model();
  REQUIRE(good.tendon_count == 2);
  REQUIRE(good.segment_count == 2);
  const auto refused = [&](auto change) {
    Model bad = good;
    change(bad);
    return !deserialize(serialize(bad), "x");
  };
  CHECK(!refused([](Model&) {}));
  CHECK(refused([](Model& m) { m.segment_geom[0] = 1; }));                        // a box
  CHECK(refused([](Model& m) { m.segment_geom[0] = m.geom_count; }));
  CHECK(refused([](Model& m) { m.segment_site2[1] = -1; }));
  CHECK(refused([](Model& m) { m.segment_side[0] = m.site_count; }));
  CHECK(refused([](Model& m) { m.segment_adr[1] = 1; }));                         // then the fixed one is spatial
  CHECK(refused([](Model& m) { m.term_qpos[0] = -1; }));
  CHECK(refused([](Model& m) { m.term_qpos.back() = 0; }));
  CHECK(refused([](Model& m) { std::swap(m.term_dof.back(), m.term_dof[size_t(m.term_adr[1])]); }));
}

TEST_CASE("springs of a changed file that cannot give way are refused") {
  SceneMaker maker = sampler();
  for (const size_t j : {size_t(1), size_t(3)}) maker.scene.joints[j].springyield = 0.1;     // a hinge, the ball
  maker.scene.tendons[1].springyield = 0.2;
  maker.scene.tendons[1].springlength = {0, 3};
  const Model good = maker.model();
  CHECK(good.joint_plastic == std::vector<int32_t>{-1, 0, -1, 1});
  CHECK(good.tendon_plastic == std::vector<int32_t>{-1, 5});
  REQUIRE(good.plastic_count == 7);
  CHECK(deserialize(serialize(good), "x")->joint_yield == good.joint_yield);
  const auto refused = [&](auto change) {
    Model bad = good;
    change(bad);
    return !deserialize(serialize(bad), "x");
  };
  CHECK(!refused([](Model&) {}));
  CHECK(refused([](Model& m) { m.joint_plastic[0] = 0, m.joint_plastic[1] = -1; }));   // a free joint
  CHECK(refused([](Model& m) { m.joint_plastic[3] = -1; }));
  CHECK(refused([](Model& m) { m.joint_plastic[3] = 2; }));
  CHECK(refused([](Model& m) { m.joint_plastic[2] = 1; }));
  CHECK(refused([](Model& m) { m.tendon_plastic[1] = 4; }));
  CHECK(refused([](Model& m) { m.tendon_plastic[0] = 7; }));
  CHECK(refused([](Model& m) { m.tendon_plastic[1] = -2; }));
}

TEST_CASE("tracks are what their actuators and sensors say, in whole numbers") {
  const Model good = sampler().model();
  struct { const char* what; void (*change)(Model&); } cases[] = {
      {"a delay before now", [](Model& m) { m.track_lag[0] = -1; }}, {"a delay that is no number", [](Model& m) { m.track_lag[0] = std::nan(""); }},
      {"half a unit", [](Model& m) { m.track_beat[5] = 0.5; }},      {"a period without a unit", [](Model& m) { m.track_beat[5] = 0; }},
      {"an endless period", [](Model& m) { m.track_beat[3] = INFINITY; }}, {"a period below a step", [](Model& m) { m.track_beat[3] = 1, m.track_beat[5] = 2; }},
      {"more samples", [](Model& m) { ++m.track_samples[1]; }},      {"another control", [](Model& m) { m.track_control[0] = 0; }},
      {"another sensor", [](Model& m) { m.track_sensor[1] = 1; }},   {"no samples", [](Model& m) { m.track_samples[0] = 0, m.track_values[0] = 1 << 20; }},
      {"a sensor without its track", [](Model& m) { m.sensor_track[2] = -1; }}, {"a clock nobody reads", [](Model& m) { m.clock_count = 2; }},
      {"a camera without pixels", [](Model& m) { m.camera_resolution[1] = 0; }}, {"more pixels than numbers", [](Model& m) { m.camera_resolution[1] = 3; }}};
  CHECK(deserialize(serialize(good), "x"));
  for (const auto& c : cases) {
    Model bad = good;
    c.change(bad);
    CHECK_MESSAGE(!deserialize(serialize(bad), "x"), c.what);
  }
}

TEST_CASE("derive after an override equals a recompiled model") {
  SceneMaker s = sampler();
  Model overridden = s.model();
  for (auto& b : s.scene.bodies) {
    b.has_inertial = true;
    const int i = int(&b - s.scene.bodies.data());
    b.inertial = {center_of(overridden, i), axes_of(overridden, i), overridden.body_mass[i] * 1.5,
                  {overridden.body_inertia[3 * i] * 1.2, overridden.body_inertia[3 * i + 1] * 1.2, overridden.body_inertia[3 * i + 2] * 1.2}};
    overridden.body_mass[i] *= 1.5;
    for (int k = 0; k < 3; ++k) overridden.body_inertia[3 * i + k] *= 1.2;
  }
  for (auto& g : s.scene.geoms) g.friction[0] = 0.4;
  for (int g = 0; g < overridden.geom_count; ++g) overridden.geom_friction[3 * g] = 0.4;
  s.scene.option.timestep = overridden.timestep[0] = 0.02;
  for (auto& j : s.scene.joints) j.armature += 0.5;
  for (double& a : overridden.dof_armature) a += 0.5;
  derive(overridden);
  const Model again = s.model();
#define NURI_DERIVED(name, count, unit, doc) CHECK_MESSAGE(overridden.name == again.name, #name);
#include "engine/model/model_fields.inl"
}
