// What eyes see on the GPU is what they see on the CPU, bit for bit: every lens and lidar pattern, all outputs, noise, pictures that arrive late,
// environments that begin anew, mountings that move; poses from host memory, and poses that a resident world has just stepped.
#include <algorithm>
#include <cstring>
#include "engine/core/hash.h"
#include "engine/device/memory.h"
#include "render/trace/eyes.h"
#include "tests/gpu/cases.h"
#include "tests/gpu/drive.h"

namespace nuri::gpu_test {
namespace {
constexpr int environments = 3, calls = 7;

trace::Sensor eye(const char* name, std::array<double, 3> pos, uint32_t outputs) {
  trace::Sensor s;
  s.name = name, s.pos = pos, s.outputs = outputs;
  s.quat = {0.7933533402912352, 0.6087614290087207, 0, 0};         // towards +y, 15 degrees down
  return s;
}
// Every kind of lens and pattern, in pictures whose edges are no multiples of blocks.
std::vector<trace::Sensor> sensors() {
  using namespace trace;
  std::vector<Sensor> all;
  Lens lens;
  lens.width = 75, lens.height = 51, lens.fovy = 0.9;
  all.push_back(eye("pinhole", {0.2, -4, 1.9}, output::all));
  all.back().optics = lens;
  lens.model = Lens::Model::radial, lens.distortion = {-0.2, 0.05, 0.001, -0.002, 0.001, 0, 0, 0};
  all.push_back(eye("radial", {0.8, -3.5, 1.5}, output::rgb | output::depth | output::normal));
  all.back().optics = lens;
  all.back().every = 2, all.back().delay = 3;
  lens.model = Lens::Model::fisheye, lens.fovy = 3.3, lens.distortion = {0.05, -0.01, 0, 0};
  all.push_back(eye("fisheye", {0, -1.5, 1.1}, output::rgb | output::range | output::geom));
  all.back().optics = lens;
  all.back().noise = {0.01f, 0.002f, 0.001f, 0.02f, 0.02f, 0.15f, 0.03f, 0};
  for (const auto pattern : {Scan::Pattern::spinning, Scan::Pattern::raster, Scan::Pattern::rosette}) {
    Scan scan;
    scan.pattern = pattern, scan.rows = 20, scan.columns = 77, scan.low = -0.6, scan.high = 0.5;
    Sensor s;
    s.name = "lidar", s.optics = scan, s.pos = {0.1, -0.3, 1.2}, s.outputs = output::all & ~(output::rgb | output::depth);
    s.noise.range_sigma = 0.01f, s.noise.intensity_sigma = 0.05f, s.noise.dropout = 0.1f;
    all.push_back(s);
  }
  return all;
}
trace::Options lit() {
  using namespace trace;
  Options o;
  o.lamps = {{LampKind::directional, 0, {}, {-0.3, 0.4, -0.8}, {0.6f, 0.6f, 0.5f}}, {LampKind::point, 0, {1, -1, 2}, {}, {0.4f, 0.2f, 0.2f}}, {LampKind::spot, 0, {-1, -1, 3}, {0.3, 0.4, -1}, {0.3f, 0.3f, 0.7f}}};
  o.lamps[1].falls = true;
  return o;
}

std::vector<uint8_t> bytes_of(const trace::Tensor& t, bool on_device) {
  std::vector<uint8_t> out(t.bytes);
  if (on_device) NURI_CUDA(cudaMemcpy(out.data(), t.data, t.bytes, cudaMemcpyDeviceToHost));
  else std::memcpy(out.data(), t.data, t.bytes);
  return out;
}
// Compares all tensors; prints the first difference of each.
bool same(const char* what, int call, const trace::Eyes& one, const trace::Eyes& two, bool on_device, uint64_t& out_hash) {
  bool all = true;
  Hash hash;
  for (size_t g = 0; g < one.groups().size(); ++g)
    for (size_t k = 0; k < one.groups()[g].tensors.size(); ++k) {
      const trace::Tensor& t = one.groups()[g].tensors[k];
      const std::vector<uint8_t> a = bytes_of(t, false), b = bytes_of(two.groups()[g].tensors[k], on_device);
      hash.add(std::span<const uint8_t>(a));
      if (a == b) continue;
      const size_t at = size_t(std::mismatch(a.begin(), a.end(), b.begin()).first - a.begin()), unit = t.type == trace::Tensor::Type::u8 ? 1 : 4;
      size_t differ = 0;
      for (size_t i = 0; i < a.size(); i += unit) differ += std::memcmp(&a[i], &b[i], unit) != 0;
      uint32_t words[2] = {};
      std::memcpy(&words[0], &a[at / unit * unit], unit), std::memcpy(&words[1], &b[at / unit * unit], unit);
      std::printf("    DIFFERS: %s, call %d, group %zu, output %u: %zu of %zu numbers; first at %zu: cpu %08x, other %08x\n", what, call, g, t.output, differ, a.size() / unit, at / unit, words[0], words[1]);
      all = false;
    }
  out_hash = hash.value();
  return all;
}

// Bodies of some environments, where they stand, moved by numbers that only this file knows.
struct Bodies {
  std::vector<float> position, rotation;
};
Bodies bodies_of(World& w, int call) {
  Bodies out;
  for (int e = 0; e < w.environments(); ++e) {
    const auto p = w.row<float>(StateField::xpos, e), r = w.row<float>(StateField::xquat, e);
    for (size_t k = 0; k < p.size(); ++k) out.position.push_back(p[k] + (k < 3 ? 0.0f : float(0.02 * noise(uint64_t(e), uint64_t(call), k))));
    out.rotation.insert(out.rotation.end(), r.begin(), r.end());
  }
  return out;
}

// From host memory: what is tested gets a copy on the device.
bool by_hand(const char* name, const ModelPtr& model, const Settings& settings, uint64_t& out_hash) {
  trace::Options options = lit(), other = lit();
  if (settings.on_cpu()) other.width = 1;
  else other.device = trace::Device::cuda;
  auto one = trace::Eyes::make(model, environments, sensors(), options), two = trace::Eyes::make(model, environments, sensors(), other);
  for (const auto* made : {&one, &two})
    if (!*made) return std::printf("    REFUSED: %s\n", to_string(made->errors()[0]).c_str()), false;
  auto world = World::create(model, {.environments = environments, .backend = "cpu", .width = 1});
  if (!world) return std::printf("    REFUSED: %s\n", to_string(world.errors()[0]).c_str()), false;
  begin(**world);
  (*world)->forward();
  Pool pool(2);
  bool all = true;
  for (int call = 0; call < calls && all; ++call) {
    Bodies b = bodies_of(**world, call);
    if (call == 4) one->reset(std::vector<int>{1}), two->reset(std::vector<int>{1});
    if (call == 2) one->mounts()[0] += 0.25f, two->mounts()[0] += 0.25f;
    one->render(pool, {b.position, b.rotation});
    if (settings.spoil && call == 1) b.position[3 * size_t(model->body_count) - 1] += 0.01f;
    if (settings.on_cpu()) {
      two->render(pool, {b.position, b.rotation});
    } else {
      const device::Memory position(4 * b.position.size()), rotation(4 * b.rotation.size());
      NURI_CUDA(cudaMemcpy(position.as(), b.position.data(), position.bytes(), cudaMemcpyHostToDevice));
      NURI_CUDA(cudaMemcpy(rotation.as(), b.rotation.data(), rotation.bytes(), cudaMemcpyHostToDevice));
      two->render(pool, {{position.as<const float>(), b.position.size()}, {rotation.as<const float>(), b.rotation.size()}});
      NURI_CUDA(cudaDeviceSynchronize());
    }
    all = same(name, call, *one, *two, !settings.on_cpu(), out_hash);
  }
  return all;
}

// A world steps, and eyes look where it keeps its poses: nothing leaves the GPU.
bool behind_a_world(const char* name, const ModelPtr& model, const Settings& settings, uint64_t& out_hash) {
  WorldOptions options{.environments = environments, .backend = "cpu", .width = 1}, other = options;
  if (!settings.on_cpu()) other = {.environments = environments, .backend = "cuda", .resident = true};
  auto cpu = World::create(model, options), tested = World::create(model, other);
  for (const auto* made : {&cpu, &tested})
    if (!*made) return std::printf("    REFUSED: %s\n", to_string(made->errors()[0]).c_str()), false;
  trace::Options look = lit(), other_look = lit();
  if (!settings.on_cpu()) other_look.device = trace::Device::cuda, other_look.stream = (*tested)->stream();
  else other_look.width = 8;
  auto one = trace::Eyes::make(model, environments, sensors(), look), two = trace::Eyes::make(model, environments, sensors(), other_look);
  for (const auto* made : {&one, &two})
    if (!*made) return std::printf("    REFUSED: %s\n", to_string(made->errors()[0]).c_str()), false;
  std::vector<int> everyone;
  for (int e = 0; e < environments; ++e) everyone.push_back(e);
  const size_t bodies = size_t(model->body_count);
  const auto poses = [&](World& w) {
    const auto at = [&](StateField f, size_t numbers) { return std::span<const float>(static_cast<const float*>(w.bucket(0).device_data(f)), numbers * bodies * environments); };
    return trace::Poses{at(StateField::xpos, 3), at(StateField::xquat, 4)};
  };
  Pool pool(2);
  for (const auto* made : {&cpu, &tested}) {
    World& w = **(*made);
    begin(w);
    w.upload(everyone);
  }
  bool all = true;
  for (int call = 0; call < calls && all; ++call) {
    for (const auto* made : {&cpu, &tested}) {
      World& w = **(*made);
      control(w, uint64_t(call) * control_period, calm);
      w.bucket(0).upload(StateField::ctrl);
      w.step(control_period);
    }
    one->render(pool, poses(**cpu));
    two->render(pool, poses(**tested));
    (*tested)->wait();
    all = same(name, call, *one, *two, !settings.on_cpu(), out_hash);
  }
  return all;
}
}  // namespace

int pictures(const Settings& settings) {
  int failed = 0;
  Table table(settings, "pictures", {"model", "poses", "result", "hash"});
  for (const Case& c : settings.chosen) {
    const auto scene = load(c);
    if (!scene) continue;
    for (const bool world : {false, true}) {
      uint64_t hash = 0;
      const bool good = (world ? behind_a_world : by_hand)(c.name.c_str(), scene->models[0], settings, hash);
      failed += !good;
      table.row({c.name, world ? "of a world" : "by hand", good ? "equal" : "DIFFERS", hex(hash)});
    }
  }
  std::printf("%s\n", failed ? "PICTURES DIFFER" : "all pictures equal");
  return failed;
}

}  // namespace nuri::gpu_test
