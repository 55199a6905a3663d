// What a learner does with a resident world: tables of ports and random numbers, CPU = CUDA, bit for bit; and what its steps copy.
#include <cuda_runtime_api.h>
#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include "tests/gpu/cases.h"
#include "tests/gpu/drive.h"
#include "tools/session/cuda_port.h"
#include "tools/session/cuda_status.h"

// The linker sends every copy and every wait of this program here first (tests/CMakeLists.txt).
namespace { uint64_t copies, waits; }
extern "C" {
cudaError_t __real_cudaMemcpyAsync(void* to, const void* from, size_t bytes, cudaMemcpyKind kind, cudaStream_t stream);
cudaError_t __wrap_cudaMemcpyAsync(void* to, const void* from, size_t bytes, cudaMemcpyKind kind, cudaStream_t stream) {
  ++copies;
  return __real_cudaMemcpyAsync(to, from, bytes, kind, stream);
}
cudaError_t __real_cudaStreamSynchronize(cudaStream_t stream);
cudaError_t __wrap_cudaStreamSynchronize(cudaStream_t stream) {
  ++waits;
  return __real_cudaStreamSynchronize(stream);
}
}

namespace nuri::gpu_test {
namespace {

using session::CudaPort;
using session::CudaStatus;
using session::PortColumn;
using session::PortJob;
using session::PortMove;

constexpr int columns = 48, commands = 3, drawn = 17, substeps = 5;
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

constexpr StateField fields[session::port_fields] = {StateField::sensordata, StateField::qpos, StateField::qvel, StateField::ctrl};   // as PortSource has them

// Columns from everywhere, with offsets and scales that leave no bit of a float as it was; actuators by all maps.
CudaPort::Plan plan_of(const model::Model& m, int outputs) {
  CudaPort::Plan plan;
  for (int c = 0; c < columns; ++c) {
    const uint64_t k = uint64_t(c);
    int source = c % 6, count = source < session::port_fields ? nuri::columns(m, fields[source]) : source == session::port_last ? outputs : commands;
    if (count == 0) source = session::port_command, count = commands;
    plan.columns.push_back({source, int((k * 7 + 3) % uint64_t(count)), c % 4 ? noise(k, 1, 0) : 0, 1 + noise(k, 2, 0)});
  }
  for (int a = 0; a < outputs; ++a) {
    const uint64_t k = uint64_t(a);
    const bool limited = m.control_limited[size_t(a)] != 0;
    const double inf = std::numeric_limits<double>::infinity();
    plan.moves.push_back({outputs - 1 - a, a % 3 == 2, 0.1 * noise(k, 3, 0), 0.3 * noise(k, 4, 0), 1.5,
                          limited ? m.actuator_ctrlrange[2 * size_t(outputs - 1 - a)] : -inf, limited ? m.actuator_ctrlrange[2 * size_t(outputs - 1 - a) + 1] : inf});
  }
  return plan;
}

// A port of a CPU world, by the same text.
struct HostPort {
  HostPort(World& w, const std::vector<CudaPort::Plan>& of, int out) : plans(of), members(size_t(w.buckets())) {
    const size_t n = size_t(w.environments());
    observation.resize(n * columns), action.resize(n * size_t(out)), last.resize(n * size_t(out)), command.resize(n * commands);
    for (int e = 0; e < w.environments(); ++e) members[size_t(w.place(e).bucket)].push_back(e);
    for (int b = 0; b < w.buckets(); ++b) {
      Bucket& bucket = w.bucket(b);
      PortJob<float> job{plans[size_t(b)].columns.data(), plans[size_t(b)].moves.data(), columns, out, commands, members[size_t(b)].data(), bucket.environments(), {}, {},
                         observation.data(), action.data(), last.data(), command.data(), nullptr};
      for (int f = 0; f < session::port_fields; ++f) job.state[f] = reinterpret_cast<float*>(bucket.data(fields[f])), job.width[f] = bucket.columns(fields[f]);
      jobs.push_back(job);
    }
  }
  void observe() { for (const auto& job : jobs) for (int e = 0; e < job.environments; ++e) for (int c = 0; c < job.inputs; ++c) port_observe(job, e, c); }
  void act() { for (const auto& job : jobs) for (int e = 0; e < job.environments; ++e) for (int c = 0; c < job.outputs; ++c) port_act(job, e, c); }

  const std::vector<CudaPort::Plan>& plans;
  std::vector<std::vector<int>> members;
  std::vector<float> observation, action, last, command;
  std::vector<PortJob<float>> jobs;
};

template <class T> std::vector<T> fetch(const World& w, const T* table, size_t count) {
  std::vector<T> out(count);
  if (!count) return out;
  NURI_CUDA(cudaMemcpyAsync(out.data(), table, count * sizeof(T), cudaMemcpyDeviceToHost, cudaStream_t(w.stream())));
  NURI_CUDA(cudaStreamSynchronize(cudaStream_t(w.stream())));
  return out;
}
void put(const World& w, float* table, const std::vector<float>& values) {
  if (!values.empty()) NURI_CUDA(cudaMemcpyAsync(table, values.data(), values.size() * sizeof(float), cudaMemcpyHostToDevice, cudaStream_t(w.stream())));
}

// Says the first number that differs; true if none does.
bool equal(const char* what, const std::vector<float>& cpu, const std::vector<float>& gpu, int per_row, int step) {
  for (size_t i = 0; i < cpu.size(); ++i) {
    uint32_t a, b;
    std::memcpy(&a, &cpu[i], 4), std::memcpy(&b, &gpu[i], 4);
    if (a == b) continue;
    std::printf("    %s of environment %zu, column %zu, step %d: cpu %08x (%.9g), gpu %08x (%.9g)\n", what, i / size_t(per_row), i % size_t(per_row), step, a, double(cpu[i]), b, double(gpu[i]));
    return false;
  }
  return true;
}

struct Pair {
  Pair(const Scene& scene, int n) {
    WorldOptions o;
    o.environments = n;
    o.first_id = 1000;
    o.backend = "cpu";
    cpu = scene.world(o);
    o.backend = "cuda";
    o.resident = true;
    gpu = scene.world(o);
    for (World* w : {cpu.get(), gpu.get()}) begin(*w);
    everyone.resize(size_t(n));
    for (int e = 0; e < n; ++e) everyone[size_t(e)] = e;
    gpu->upload(everyone);
    outputs = cpu->model(0).control_count;
    for (int b = 0; b < cpu->buckets(); ++b) outputs = std::min(outputs, cpu->bucket(b).model().control_count);
    for (int b = 0; b < cpu->buckets(); ++b) plans.push_back(plan_of(cpu->bucket(b).model(), outputs));
  }
  std::unique_ptr<World> cpu, gpu;
  std::vector<int> everyone;
  std::vector<CudaPort::Plan> plans;
  int outputs = 0;
};

// Observations make actions, actions make controls, steps make observations; some environments begin anew, one action is not a number.
bool ports(Pair& on, const Settings& settings, int steps) {
  HostPort host(*on.cpu, on.plans, on.outputs);
  CudaPort gpu(*on.gpu, on.plans, commands);
  for (size_t i = 0; i < host.command.size(); ++i) host.command[i] = float(noise(i, 9, 0));
  put(*on.gpu, gpu.command(), host.command);
  const int n = on.cpu->environments();
  const std::vector<int> some{0, n / 2, n - 1};
  bool good = true;
  for (int step = 0; step < steps && good; ++step) {
    host.observe(), gpu.observe();
    std::vector<float> seen = fetch(*on.gpu, gpu.observation(), host.observation.size());
    if (settings.spoil && step == 2) seen[5] = -seen[5];
    good = equal("observation", host.observation, seen, columns, step);
    for (size_t i = 0; i < host.action.size(); ++i) host.action[i] = 2 * host.observation[i * 5 % host.observation.size()];
    if (step == 3 && on.outputs) host.action[size_t(on.outputs)] = float(nan);
    put(*on.gpu, gpu.action(), host.action);
    host.act(), gpu.act();
    good = good && equal("last action", host.last, fetch(*on.gpu, gpu.last(), host.last.size()), on.outputs, step);
    on.cpu->step(substeps), on.gpu->step(substeps);
    if (step != steps / 2) continue;
    on.cpu->reset(some, 0), on.gpu->reset(some, 0);
    gpu.begin(some);
    for (const int e : some) std::fill_n(host.last.begin() + ptrdiff_t(e) * on.outputs, on.outputs, 0.0f);
  }
  on.gpu->download();
  for (int b = 0; b < on.gpu->buckets(); ++b) on.gpu->bucket(b).download(StateField::ctrl);   // what others write is not among the results
  const bool same = on.cpu->hash() == on.gpu->hash();
  if (!same) std::printf("    states differ after %d steps\n", steps);
  return good && same;
}

bool draws(Pair& on, const Settings& settings) {
  CudaStatus status(*on.gpu);
  const int n = on.gpu->environments();
  std::vector<CudaStatus::Episode> rows;
  for (int e = 0; e < n; ++e) {
    const uint64_t seed = mix(uint64_t(e) + 17);
    rows.push_back({seed, uint64_t(e % 3), mix(seed + uint64_t(e % 3)), uint64_t(e % 11)});
  }
  status.put(on.everyone, rows);
  for (int e = 1; e < n; e += 3) rows[size_t(e)].draws ^= 0xfff, rows[size_t(e)].began = 31;
  std::vector<int> list;
  std::vector<CudaStatus::Episode> changed;
  for (int e = 1; e < n; e += 3) list.push_back(e), changed.push_back(rows[size_t(e)]);
  status.put(list, changed);
  const device::Memory out(size_t(n) * drawn * sizeof(float));
  const uint64_t now = (uint64_t(1) << 33) + 12;                     // a high word too
  std::vector<float> cpu(size_t(n) * drawn);
  bool good = true;
  auto expect = [&](const char* what, auto&& draw) {
    for (int e = 0; e < n; ++e)
      for (int k = 0; k < drawn; ++k) cpu[size_t(e) * drawn + size_t(k)] = draw(rows[size_t(e)].draws, on.gpu->id(e), session::first_draw_stream + 4, now - rows[size_t(e)].began, uint32_t(k));
    std::vector<float> got = fetch(*on.gpu, out.as<float>(), cpu.size());
    if (settings.spoil) got.back() = -got.back();
    good = equal(what, cpu, got, drawn, 0) && good;
  };
  for (const auto& [low, high] : {std::pair{0.0f, 1.0f}, std::pair{-3.3f, 0.7f}, std::pair{1.0f, std::nextafter(1.0f, 2.0f)}}) {
    status.uniform(out.as<float>(), drawn, 4, low, high, now);
    const session::DrawRange range{low, high, std::nextafter(high, low)};
    expect("uniform", [&](uint64_t seed, uint64_t id, uint32_t stream, uint64_t step, uint32_t k) { return session::uniform_draw(range, seed, id, stream, step, k); });
  }
  status.normal(out.as<float>(), drawn, 4, now);
  expect("normal", [](uint64_t seed, uint64_t id, uint32_t stream, uint64_t step, uint32_t k) { return session::normal_draw(seed, id, stream, step, k); });

  status.refresh();
  const auto steps = fetch(*on.gpu, status.steps(), size_t(n));
  const auto faults = fetch(*on.gpu, status.fault(), size_t(n));
  const auto contacts = fetch(*on.gpu, status.contacts(), size_t(n));
  const auto numbers = fetch(*on.gpu, status.episodes(), size_t(n));
  for (int e = 0; e < n && good; ++e) {
    good = steps[size_t(e)] == on.cpu->step_count(e) && (faults[size_t(e)] & 0xff) == on.cpu->fault(e) && contacts[size_t(e)] == on.cpu->contacts(e) && numbers[size_t(e)] == rows[size_t(e)].number;
    if (!good) std::printf("    status of environment %d differs\n", e);
  }
  return good;
}

// Ten steps of a learner must neither copy nor wait.
bool nothing_moves(Pair& on) {
  CudaPort port(*on.gpu, on.plans, commands);
  CudaStatus status(*on.gpu);
  const device::Memory out(on.everyone.size() * drawn * sizeof(float));
  on.gpu->step(substeps);
  const uint64_t copied = copies, waited = waits;
  for (int step = 0; step < 10; ++step) {
    port.act();
    on.gpu->step(substeps);
    port.observe();
    status.uniform(out.as<float>(), drawn, 1, 0, 1, uint64_t(step));
    status.normal(out.as<float>(), drawn, 2, uint64_t(step));
    status.refresh();
  }
  const bool none = copies == copied && waits == waited;
  if (!none) std::printf("    10 steps made %llu copies and waited %llu times\n", static_cast<unsigned long long>(copies - copied), static_cast<unsigned long long>(waits - waited));
  on.gpu->wait();
  if (waits == waited) std::printf("    waits are not counted\n");
  return none && waits > waited;
}

}  // namespace

int learn(const Settings& settings) {
  const Clock clock;
  Table table(settings, "learn", {"case", "environments", "ports", "draws and status", "copies", "seconds"});
  int failed = 0;
  for (const Case& c : settings.chosen) {
    const auto scene = load(c);
    if (!scene) continue;
    for (int n : {c.compared, 1024}) {
      if (settings.environments) n = settings.environments;
      Pair on(*scene, n);
      const bool port = ports(on, settings, settings.steps ? settings.steps : 20), draw = draws(on, settings), still = nothing_moves(on);
      table.row({c.name, std::to_string(n), port ? "equal" : "DIFFERS", draw ? "equal" : "DIFFERS", still ? "none" : "SOME", text("%.1f", clock.seconds())});
      failed += !port + !draw + !still;
      if (settings.environments) break;
    }
  }
  std::printf("learn: %d comparisons FAILED\n", failed);
  return failed;
}

}  // namespace nuri::gpu_test
