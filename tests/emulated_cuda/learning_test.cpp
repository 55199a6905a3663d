// What a learner does with a resident world: its bits are those of a world on the CPU, and nothing is copied that need not be.
#include <cuda_runtime_api.h>
#include <doctest/doctest.h>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>
#include "tests/emulated_cuda/emulated.h"
#include "tools/session/cuda_port.h"
#include "tools/session/cuda_status.h"
#include "tools/session/port.h"
#include "tools/session/session.h"

using namespace nuri;
using namespace nuri::session;

namespace {

// A ball that falls and a servo, a motor with a range and one without, on a hinge and a slide.
const char* const model_text = R"(<mujoco model="bench">
  <compiler angle="radian"/>
  <option timestep="0.002"/>
  <worldbody><geom name="floor" type="plane" size="0 0 1"/>
    <body name="ball" pos="0 0 0.06"><freejoint name="ball"/><geom size="0.05"/></body>
    <body name="arm" pos="0 0 1">
      <joint name="hinge" axis="0 1 0" ref="0.1"/><geom type="capsule" fromto="0 0 0 0.3 0 0" size="0.03"/>
      <body name="slider" pos="0.3 0 0"><joint name="slide" type="slide" axis="1 0 0" range="0 0.2" limited="true"/><geom size="0.04"/><site name="tip"/></body>
    </body>
  </worldbody>
  <actuator>
    <position name="servo" joint="hinge" kp="10" gear="2"/>
    <motor name="push" joint="slide" ctrlrange="-1 3" ctrllimited="true"/>
    <motor name="free" joint="hinge"/>
  </actuator>
  <sensor><gyro name="spin" site="tip"/><jointpos name="angle" joint="hinge"/></sensor>
</mujoco>)";

// Another with the same names, another order of the joints and another number of bodies.
const char* const other_text = R"(<mujoco model="other">
  <compiler angle="radian"/>
  <option timestep="0.002"/>
  <worldbody>
    <body name="rail" pos="0 0 1"><joint name="slide" type="slide" axis="0 0 1" damping="3"/><geom size="0.06"/>
      <body name="arm"><joint name="hinge" axis="1 0 0"/><geom type="capsule" fromto="0 0 0 0 0.2 0" size="0.03"/><site name="tip" pos="0 0.2 0"/></body></body>
  </worldbody>
  <actuator><motor name="free" joint="hinge"/><position name="servo" joint="hinge" kp="5"/><motor name="push" joint="slide" ctrlrange="-2 2" ctrllimited="true"/></actuator>
  <sensor><jointpos name="angle" joint="hinge"/><gyro name="spin" site="tip"/></sensor>
</mujoco>)";

const std::vector<Input> mixed_inputs{{InputKind::position, {"hinge"}}, {InputKind::velocity, {"slide"}, 0.1}, {InputKind::sensor, {"angle"}, 3}, {InputKind::control, {"push"}},
                                      {InputKind::action, {"*"}, 0.7}, {InputKind::command, {"*"}, 0.5}};
const std::vector<Input> inputs{{InputKind::sensor, {"*"}, 0.25}, {InputKind::position}, {InputKind::offset, {"sl*", "hinge"}, 2}, {InputKind::velocity, {"hinge"}, 0.05},
                                {InputKind::control, {"push"}}, {InputKind::action, {"*"}, 3}, {InputKind::command, {"*"}, 0.5}};
const std::vector<Output> outputs{{{"servo"}, OutputMap::around, 0.3, 2}, {{"push"}, OutputMap::range, 0.8}, {{"free"}, OutputMap::increment, 0.05, 4}};

std::unique_ptr<Session> make(bool on_gpu, bool mixed, int environments, void (*change)(scene::Settings&) = nullptr) {
  auto loaded = load_mjcf_text(model_text, "bench.xml");
  REQUIRE(loaded);
  if (mixed) {
    auto other = load_mjcf_text(other_text, "other.xml");
    REQUIRE(other);
    loaded->models.push_back(other->models[0]), loaded->shares = {2, 1};
  }
  set_control(*loaded, "none");
  perturb(loaded->settings, 0.2);
  loaded->settings.substeps = 4;
  if (change) change(loaded->settings);
  WorldOptions options;
  options.environments = environments;
  options.backend = on_gpu ? "cuda" : "cpu";
  options.resident = on_gpu;
  options.threads = 1;
  options.seed = 5, options.first_id = 900;
  auto session = Session::create(std::move(*loaded), options);
  if (!session) FAIL(to_string(session.errors().front()));
  return std::move(*session);
}

std::vector<float> read(const World& world, const float* table, size_t count) {
  std::vector<float> out(count);
  REQUIRE(cudaMemcpyAsync(out.data(), table, count * sizeof(float), cudaMemcpyDeviceToHost, cudaStream_t(world.stream())) == cudaSuccess);
  return out;
}
void write(const World& world, float* table, const std::vector<float>& values) {
  REQUIRE(cudaMemcpyAsync(table, values.data(), values.size() * sizeof(float), cudaMemcpyHostToDevice, cudaStream_t(world.stream())) == cudaSuccess);
}
void download(World& world) {
  world.download();
  for (int b = 0; b < world.buckets(); ++b) world.bucket(b).download(StateField::ctrl);   // what others write is not among the results
}
bool same_bits(std::span<const float> a, std::span<const float> b) { return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size_bytes()) == 0; }

// Steps of a learner on both: actions follow from observations and grow past their limits; one is not a number; environments begin anew.
void compare(bool mixed, const std::vector<Output>& moved = outputs, void (*change)(scene::Settings&) = nullptr) {
  constexpr int n = 7, steps = 40;
  auto host = make(false, mixed, n, change), gpu = make(true, mixed, n, change);
  REQUIRE(gpu->world().options().backend == "cuda");
  auto made = Port::make(*host, mixed ? mixed_inputs : inputs, moved, 2), placed = Port::make(*gpu, mixed ? mixed_inputs : inputs, moved, 2, true);
  REQUIRE(made);
  REQUIRE(placed);
  Port &a = **made, &b = **placed;
  REQUIRE(b.on_gpu());
  CHECK(a.on_gpu() == nullptr);
  CHECK(b.why_host().empty());
  CHECK(b.observation().empty());
  const CudaPort& tables = *b.on_gpu();
  const float* const address = tables.observation();
  std::vector<float> command(n * 2);
  for (size_t i = 0; i < command.size(); ++i) command[i] = float(i) - 3;
  std::copy(command.begin(), command.end(), a.command().begin());
  write(gpu->world(), tables.command(), command);
  for (int step = 0; step < steps; ++step) {
    a.observe(), b.observe();
    const std::vector<float> seen = read(gpu->world(), tables.observation(), a.observation().size());
    REQUIRE(same_bits(seen, a.observation()));
    std::vector<float> action(a.action().size());
    for (size_t i = 0; i < action.size(); ++i) action[i] = 1.5f * seen[(i * 5) % seen.size()] + 0.1f * float(step % 5);
    if (step == 30) action[2 * action.size() / n] = std::numeric_limits<float>::quiet_NaN();
    std::copy(action.begin(), action.end(), a.action().begin());
    write(gpu->world(), tables.action(), action);
    a.act(), b.act();
    REQUIRE(same_bits(read(gpu->world(), tables.last(), action.size()), a.last()));
    host->step(4), gpu->step(4);
    if (step % 9 == 4) {
      const int some[] = {6, step / 9, 5};
      host->reset(some), gpu->reset(some);
      a.begin(some), b.begin(some);
    }
  }
  download(gpu->world());
  CHECK(host->world().hash() == gpu->world().hash());
  CHECK(host->world().fault(2) == gpu->world().fault(2));
  CHECK(host->world().fault(2) != 0);
  CHECK(tables.observation() == address);
  a.begin(), b.begin();
  CHECK(same_bits(read(gpu->world(), tables.last(), a.last().size()), a.last()));
}

}  // namespace

TEST_CASE("emulated CUDA: a port on the GPU has the host's bits") { compare(false); }

TEST_CASE("emulated CUDA: so has one of a world of two models") { compare(true); }

TEST_CASE("emulated CUDA: where a scene moves other actuators at every control step, the port's stay its own") {
  compare(true, {outputs[0], outputs[2]}, [](scene::Settings& s) {
    scene::Control random;
    random.type = scene::ControlType::random, random.actuators = {"push"}, random.scale = 0.3;
    s.controls = {random};
  });
}

TEST_CASE("emulated CUDA: steps of a learner copy nothing to or from the host; a reset moves the rows of who is reset") {
  constexpr int n = 16;
  auto session = make(true, false, n);
  auto port = Port::make(*session, inputs, outputs, 2, true);
  REQUIRE(port);
  CudaStatus status(session->world());
  device::Memory drawn(n * 3 * sizeof(float));
  session->step(4);                                                            // what the first step prepares
  const emulated::Counts before = nuri_emulated_counts();
  for (int step = 0; step < 10; ++step) {
    (*port)->act();
    session->step(4);
    (*port)->observe();
    status.uniform(drawn.as<float>(), 3, 1, -1, 1, session->substep());
    status.normal(drawn.as<float>(), 3, 2, session->substep());
  }
  const emulated::Counts after = nuri_emulated_counts();
  CHECK(after.uploads == before.uploads);
  CHECK(after.downloads == before.downloads);
  CHECK(after.waits == before.waits);
  CHECK(after.launches - before.launches == 10 * 6);                           // act, two of the step, observe, two draws
  const int some[] = {3, 8};
  session->reset(some);
  const emulated::Counts reset = nuri_emulated_counts();
  CHECK(reset.downloads == after.downloads);
  size_t row = sizeof(uint64_t) + sizeof(uint32_t) + sizeof(int32_t);          // counters, and the inputs of the state
  for (int f = 0; f < state_field_count; ++f)
    if (!info(StateField(f)).output) row += size_t(session->world().columns(StateField(f))) * sizeof(float);
  CHECK(reset.upload_bytes - after.upload_bytes <= 2 * row + 2 * 2 * sizeof(int));   // the list once for the rows and once for what follows from them
}

TEST_CASE("emulated CUDA: draws have the host's bits, whenever environments began") {
  constexpr int n = 9, columns = 5;
  for (const bool mixed : {false, true}) {
    auto session = make(true, mixed, n);
    CudaStatus status(session->world());
    auto put = [&](std::vector<int> list) {
      std::vector<CudaStatus::Episode> rows;
      for (const int e : list) rows.push_back({session->seeds()[size_t(e)], session->episodes()[size_t(e)], session->episode_seed(e), session->substep() - session->age(e)});
      status.put(list, rows);
    };
    put({0, 1, 2, 3, 4, 5, 6, 7, 8});
    session->step(6);
    session->reset(std::vector{7, 1});
    put({7, 1});
    session->step(5);
    const uint64_t seeds[] = {77};
    session->reset(std::vector{4}, seeds);
    put({4});
    session->step(8);
    device::Memory out(n * columns * sizeof(float));
    for (const auto& [low, high] : {std::pair{-2.5f, 1.25f}, std::pair{0.1f, 0.1f}}) {
      status.uniform(out.as<float>(), columns, 3, low, high, session->substep());
      const std::vector<float> got = read(session->world(), out.as<float>(), n * columns);
      for (int e = 0; e < n; ++e)
        for (int k = 0; k < columns; ++k)
          CHECK(got[size_t(e * columns + k)] == uniform_draw({low, high, std::nextafter(high, low)}, session->episode_seed(e), session->world().id(e), first_draw_stream + 3, session->age(e), uint32_t(k)));
    }
    status.normal(out.as<float>(), columns, 9, session->substep());
    const std::vector<float> got = read(session->world(), out.as<float>(), n * columns);
    for (int e = 0; e < n; ++e)
      for (int k = 0; k < columns; ++k)
        CHECK(got[size_t(e * columns + k)] == normal_draw(session->episode_seed(e), session->world().id(e), first_draw_stream + 9, session->age(e), uint32_t(k)));
  }
}

TEST_CASE("emulated CUDA: status shows the counters of all environments where they are stepped") {
  for (const bool mixed : {false, true}) {
    constexpr int n = 8;
    auto session = make(true, mixed, n);
    CudaStatus status(session->world());
    session->step(200);                                                        // the ball has fallen to the floor
    session->reset(std::vector{2, 5});
    session->world().bucket(0).download(StateField::qvel);
    session->world().set(StateField::qvel, 0, 0, std::numeric_limits<double>::quiet_NaN());
    session->world().bucket(0).upload(StateField::qvel);
    session->step(4);
    status.refresh();
    session->world().download();                                               // waits, too
    CHECK(session->world().fault(0) != 0);
    bool touching = false;
    for (int e = 0; e < n; ++e) {
      CHECK((status.fault()[e] & 0xff) == session->world().fault(e));
      CHECK(status.contacts()[e] == session->world().contacts(e));
      CHECK(status.steps()[e] == session->world().step_count(e));
      touching = touching || status.contacts()[e] > 0;
    }
    CHECK(touching);
    CHECK(status.steps()[2] == 4);
    CHECK(status.steps()[1] == 204);
  }
}

TEST_CASE("emulated CUDA: with a link the tables stay on the host, and say so") {
  auto delayed = [](scene::Settings& s) { s.action_link.latency.a = s.action_link.latency.b = 0.008; };
  auto host = make(false, false, 3, delayed), gpu = make(true, false, 3, delayed);
  auto made = Port::make(*host, inputs, outputs, 0), kept = Port::make(*gpu, inputs, outputs, 0, true);
  REQUIRE(made);
  REQUIRE(kept);
  CHECK((*kept)->on_gpu() == nullptr);
  CHECK((*kept)->why_host().find("link") != std::string::npos);
  for (int step = 0; step < 6; ++step) {
    gpu->world().download();
    (*made)->observe(), (*kept)->observe();
    REQUIRE(same_bits((*made)->observation(), (*kept)->observation()));
    for (Port* p : {made->get(), kept->get()}) std::fill(p->action().begin(), p->action().end(), 0.3f * float(step));
    (*made)->act(), (*kept)->act();
    gpu->world().bucket(0).upload(StateField::ctrl);
    host->step(4), gpu->step(4);
  }
  download(gpu->world());
  CHECK(host->world().hash() == gpu->world().hash());
}
