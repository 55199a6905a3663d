// A small recording, written by HDF5 alone as docs/recordings.md lays it out, so that the reader is tested against the layout and not against
// Nuri's writer; and the places in it that tests change.
#pragma once
#include <doctest/doctest.h>
#include <hdf5.h>
#include <unistd.h>
#include <cstring>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>
#include "tools/session/session.h"

namespace nuri::record::test {

// A two-link arm that falls onto a plane, driven by random controls, and a ball.
inline const char* const little_model = R"(<mujoco model="arm">
  <compiler angle="radian"/>
  <option timestep="0.004"/>
  <worldbody>
    <geom name="floor" type="plane" size="0 0 1"/>
    <body name="upper" pos="0 0 0.4">
      <joint name="shoulder" axis="0 1 0" damping="0.05"/>
      <geom name="upper" type="capsule" fromto="0 0 0 0.3 0 0" size="0.03"/>
      <body name="lower" pos="0.3 0 0">
        <joint name="elbow" axis="0 1 0" damping="0.05" range="-2 2" limited="true"/>
        <geom name="lower" type="capsule" fromto="0 0 0 0.3 0 0" size="0.03"/>
      </body>
    </body>
    <body name="ball" pos="0.5 0.4 0.06"><freejoint name="ball"/><geom name="ball" size="0.05"/></body>
  </worldbody>
  <actuator><motor name="shoulder" joint="shoulder" gear="3" ctrlrange="-1 1" ctrllimited="true"/><motor name="elbow" joint="elbow" gear="2"/></actuator>
  <sensor><jointpos name="elbow/angle" joint="elbow"/></sensor>
</mujoco>)";

// What a stretch of one environment needed and became.
struct Stretch {
  uint32_t substeps;
  std::vector<double> ctrl, push, state;         // state: qpos, qvel before it
  uint64_t hash;
};
struct LittleEpisode {
  uint64_t environment = 0, number = 0, began = 0, seed = 0;
  std::vector<std::byte> row;
  std::vector<double> overrides;                 // field, item, value of each
  std::vector<Stretch> stretches;
};
struct Little {
  std::string model;                             // bytes of the .model
  std::vector<LittleEpisode> episodes;           // in the order in which they ended
  int substeps = 5;
  Precision precision = Precision::f32;
};

struct Id {
  hid_t id;
  ~Id() { H5Idec_ref(id); }
  operator hid_t() const { return id; }
};

inline void attribute(hid_t on, const char* name, hid_t type, const void* value) {
  const Id space{H5Screate(H5S_SCALAR)}, made{H5Acreate2(on, name, type, space, H5P_DEFAULT, H5P_DEFAULT)};
  REQUIRE(H5Awrite(made, type, value) >= 0);
}
inline void attribute(hid_t on, const char* name, uint64_t value) { attribute(on, name, H5T_NATIVE_UINT64, &value); }
inline void attribute(hid_t on, const char* name, double value) { attribute(on, name, H5T_NATIVE_DOUBLE, &value); }
inline void attribute(hid_t on, const char* name, const std::string& value) {
  const Id type{H5Tcopy(H5T_C_S1)};
  H5Tset_size(type, value.size() + 1);
  attribute(on, name, type, value.c_str());
}

// Rows of `columns` numbers (0: a list), compressed as the writer does it.
template <class T> hid_t data(hid_t in, const std::string& path, hid_t type, const std::vector<T>& values, uint64_t columns) {
  const Id links{H5Pcreate(H5P_LINK_CREATE)}, made{H5Pcreate(H5P_DATASET_CREATE)};
  H5Pset_create_intermediate_group(links, 1);
  hsize_t size[2] = {values.size() / std::max<uint64_t>(columns, 1), columns}, chunk[2] = {16, std::max<uint64_t>(columns, 1)};
  const int rank = columns == 0 ? 1 : 2;
  H5Pset_chunk(made, rank, chunk);
  H5Pset_shuffle(made);
  H5Pset_deflate(made, 4);
  const hsize_t most[2] = {H5S_UNLIMITED, columns};
  const Id space{H5Screate_simple(rank, size, most)};
  const hid_t out = H5Dcreate2(in, path.c_str(), type, space, links, made, H5P_DEFAULT);
  REQUIRE(out >= 0);
  REQUIRE((values.empty() || H5Dwrite(out, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()) >= 0));
  return out;
}
template <class T> void put(hid_t in, const std::string& path, hid_t type, const std::vector<T>& values, uint64_t columns) { const Id made{data(in, path, type, values, columns)}; }

// Numbers of the world's precision: HDF5 converts none here, so that one changed bit stays one changed bit.
inline void put_real(hid_t in, const std::string& path, Precision precision, const std::vector<double>& values, uint64_t columns) {
  if (precision == Precision::f64) return put(in, path, H5T_NATIVE_DOUBLE, values, columns);
  put(in, path, H5T_NATIVE_FLOAT, std::vector<float>(values.begin(), values.end()), columns);
}

// Collects what a session does.
class Collector : public session::Witness {
 public:
  explicit Collector(session::Session& session) : session_(session), running_(size_t(session.environments())), seen_(size_t(session.environments()), 0) {}
  void before(int substeps) override {
    World& world = session_.world();
    for (int e = 0; e < session_.environments(); ++e) {
      LittleEpisode& episode = running_[size_t(e)];
      if (seen_[size_t(e)] != session_.beginnings(e)) {
        finish(e);
        seen_[size_t(e)] = session_.beginnings(e);
        episode = {world.id(e), session_.episodes()[size_t(e)], session_.substep(), session_.seeds()[size_t(e)], std::vector<std::byte>(world.saved_bytes(e)), {}, {}};
        world.save(e, episode.row.data());
        world.bucket(world.place(e).bucket).each_override(world.place(e).index, [&](int field, int item, double value) {
          for (const double v : {double(field), double(item), value}) episode.overrides.push_back(v);
        });
      }
      Stretch stretch{uint32_t(substeps), {}, {}, {}, 0};
      auto take = [&](StateField field, std::vector<double>& to) { for (int i = 0; i < world.columns(field, e); ++i) to.push_back(world.get(field, e, i)); };
      take(StateField::ctrl, stretch.ctrl), take(StateField::xfrc_applied, stretch.push), take(StateField::qpos, stretch.state), take(StateField::qvel, stretch.state);
      episode.stretches.push_back(stretch);
    }
  }
  void after(int) override {
    for (int e = 0; e < session_.environments(); ++e) running_[size_t(e)].stretches.back().hash = session_.world().hash(e);
  }
  void finish(int e) {
    if (!running_[size_t(e)].stretches.empty()) out.push_back(running_[size_t(e)]);
    running_[size_t(e)].stretches.clear();
  }
  std::vector<LittleEpisode> out;

 private:
  session::Session& session_;
  std::vector<LittleEpisode> running_;
  std::vector<uint64_t> seen_;
};

// Runs of the arm: friction drawn anew in every episode, a push on the ball, environment 1 reset on the way.
inline Little little_run(int environments = 3, Precision precision = Precision::f32, uint64_t first_id = 4) {
  auto loaded = session::load_mjcf_text(little_model, "arm.xml");
  REQUIRE(loaded);
  loaded->settings.substeps = 5;
  scene::RandomField rule;
  rule.field = "geom_friction";
  rule.names = {"*"};
  rule.component = 0;
  rule.draw = {0.3, 0.9};
  rule.when = scene::When::episode;
  loaded->settings.fields = {rule};
  Little out;
  out.precision = precision;
  out.model = model::serialize(*loaded->models[0]);
  WorldOptions options;
  options.environments = environments, options.threads = 1, options.precision = precision, options.first_id = first_id, options.seed = 7;
  auto made = session::Session::create(std::move(*loaded), options);
  if (!made) FAIL(to_string(made.errors().front()));
  session::Session& session = **made;
  Collector collector(session);
  session.show(&collector);
  session.step(100);
  session.world().set(StateField::xfrc_applied, 0, 6 * 3, 0.3);
  session.step(48);                              // ends within a control step
  session.world().set(StateField::xfrc_applied, 0, 6 * 3, 0);
  session.step(52);
  const int one[] = {1};
  if (environments > 1) session.reset(one);
  session.step(150);
  for (int e = 0; e < environments; ++e) collector.finish(e);
  session.show(nullptr);
  out.episodes = std::move(collector.out);
  return out;
}

// Field names by number, as overrides have them.
inline std::string override_name(int field) {
  std::string found;
#define NURI_REAL(name, count, unit, doc) if (Bucket::field_number(#name) == field) found = #name;
#include "engine/model/model_fields.inl"
  return found;
}

inline void put_overrides(hid_t demo, const std::vector<double>& overrides) {
  struct Row { char field[48]; int32_t item; double value; };
  std::vector<Row> rows(overrides.size() / 3);
  for (size_t i = 0; i < rows.size(); ++i) {
    rows[i] = {{}, int32_t(overrides[3 * i + 1]), overrides[3 * i + 2]};
    override_name(int(overrides[3 * i])).copy(rows[i].field, sizeof rows[i].field - 1);
  }
  const Id word{H5Tcopy(H5T_C_S1)}, type{H5Tcreate(H5T_COMPOUND, sizeof(Row))};
  H5Tset_size(word, sizeof rows[0].field);
  H5Tinsert(type, "field", offsetof(Row, field), word);
  H5Tinsert(type, "item", offsetof(Row, item), H5T_NATIVE_INT32);
  H5Tinsert(type, "value", offsetof(Row, value), H5T_NATIVE_DOUBLE);
  put(demo, "initial_state/overrides", type, rows, 0);
}

// `more` writes what else a test wants.
inline void write(const Little& little, const std::string& path, const std::function<void(hid_t file)>& more = {}) {
  const Id file{H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT)};
  REQUIRE(file >= 0);
  const Id group{H5Gcreate2(file, "data", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT)}, nuri{H5Gcreate2(file, "nuri", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT)};
  uint64_t total = 0, last = 0, first = ~uint64_t(0);
  for (size_t k = 0; k < little.episodes.size(); ++k) {
    const LittleEpisode& e = little.episodes[k];
    const Id demo{H5Gcreate2(group, ("demo_" + std::to_string(k)).c_str(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT)};
    std::vector<double> states, actions, ctrl, push;
    std::vector<uint32_t> substeps;
    std::vector<uint64_t> hashes;
    uint64_t samples = 0, age = 0;
    for (const Stretch& s : e.stretches) {
      if ((e.began + age) % uint64_t(little.substeps) == 0) states.insert(states.end(), s.state.begin(), s.state.end()), actions.insert(actions.end(), s.ctrl.begin(), s.ctrl.end()), ++samples;
      ctrl.insert(ctrl.end(), s.ctrl.begin(), s.ctrl.end());
      push.insert(push.end(), s.push.begin(), s.push.end());
      substeps.push_back(s.substeps), hashes.push_back(s.hash), age += s.substeps;
    }
    const uint64_t columns = e.stretches[0].state.size();
    attribute(demo, "num_samples", samples), attribute(demo, "seed", e.seed), attribute(demo, "environment", e.environment), attribute(demo, "episode", e.number);
    attribute(demo, "variant", uint64_t(0)), attribute(demo, "success", uint64_t(0)), attribute(demo, "fault", uint64_t(0)), attribute(demo, "began", e.began);
    attribute(demo, "substeps", age), attribute(demo, "ended", std::string("end"));
    put_real(demo, "actions", Precision::f32, actions, e.stretches[0].ctrl.size());
    put_real(demo, "states", little.precision, states, columns);
    put(demo, "dones", H5T_NATIVE_UINT8, std::vector<uint8_t>(samples, 0), 0);
    put_real(demo, "inputs/ctrl", little.precision, ctrl, e.stretches[0].ctrl.size());
    put_real(demo, "inputs/xfrc_applied", little.precision, push, e.stretches[0].push.size());
    put(demo, "inputs/substeps", H5T_NATIVE_UINT32, substeps, 0);
    put(demo, "hashes", H5T_NATIVE_UINT64, hashes, 0);
    std::vector<uint8_t> row(e.row.size());
    std::memcpy(row.data(), e.row.data(), row.size());
    put(demo, "initial_state/row", H5T_NATIVE_UINT8, row, 0);
    put_overrides(demo, e.overrides);
    total += samples;
    last = std::max(last, e.environment), first = std::min(first, e.environment);
  }
  attribute(group, "total", total);
  attribute(group, "env_args", std::string(R"({"env_name": "arm", "type": 2})"));
  attribute(nuri, "format", uint64_t(1)), attribute(nuri, "version", std::string("0.1.0")), attribute(nuri, "name", std::string("arm")), attribute(nuri, "scene", std::string("arm.xml"));
  attribute(nuri, "control_period", 0.004 * little.substeps), attribute(nuri, "timestep", 0.004), attribute(nuri, "substeps", uint64_t(little.substeps));
  attribute(nuri, "precision", std::string(little.precision == Precision::f32 ? "float" : "double")), attribute(nuri, "seed", uint64_t(7)), attribute(nuri, "first_id", first);
  attribute(nuri, "environments", last - first + 1), attribute(nuri, "complete", uint64_t(1));
  put(nuri, "models/0", H5T_NATIVE_UINT8, std::vector<uint8_t>(little.model.begin(), little.model.end()), 0);
  if (more) more(file);
}

// A path of its own that is gone at the end.
struct TemporaryFile {
  std::string path;
  explicit TemporaryFile(const std::string& name) : path((std::filesystem::temp_directory_path() / ("nuri-" + std::to_string(::getpid()) + "-" + name)).string()) {}
  ~TemporaryFile() {
    std::error_code ignored;
    std::filesystem::remove(path, ignored);
  }
};

}  // namespace nuri::record::test
