#include "tools/session/link.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include "engine/core/random.h"
#include "engine/math/elementary_normal.h"

namespace nuri::session {
namespace {

constexpr double rounding = 1e-9;                // of a latency that is meant to be whole control steps
constexpr double most_deviations = 4;            // a normal latency goes no further from its mean
// Draws of one packet's step; the episode's latency is the third of step 0.
enum : uint32_t { draw_jitter, draw_drop, draw_latency };

double most(const scene::Draw& d) { return d.normal ? d.a + most_deviations * d.b : d.b; }
double least(const scene::Draw& d) { return d.normal ? std::max(0.0, d.a - most_deviations * d.b) : d.a; }
int64_t steps_of(double seconds, double period) { return int64_t(std::ceil(std::max(0.0, seconds) / period - rounding)); }

}  // namespace

int Link::slots(const scene::LinkPath& path, double period) { return int(steps_of(most(path.latency) + path.jitter, period)) + 1; }

double Link::bytes(const scene::LinkPath& path, double period, int environments, int columns) {
  const double each = slots(path, period);
  return double(environments) * (each * (double(columns) * sizeof(float) + sizeof(Packet)) + double(columns) * sizeof(float) + sizeof(End));
}

Link::Link(const scene::LinkPath& path, double period, int environments, int columns, uint32_t stream, bool first_at_once)
    : path_(path), period_(period), columns_(columns), slots_(slots(path, period)), stream_(stream), first_at_once_(first_at_once) {
  const size_t n = size_t(environments), packets = n * size_t(slots_);
  ends_.resize(n);
  packets_.resize(packets);
  numbers_.resize(packets * size_t(columns));
  held_.resize(n * size_t(columns));
}

void Link::begin(int environment, uint64_t seed, uint64_t id) {
  End& end = ends_[size_t(environment)];
  const scene::Draw& d = path_.latency;
  end = {seed, id, d.a, -1, -1};
  if (!d.fixed())
    end.latency = d.normal ? d.a + d.b * normal(seed, id, stream_, 0, draw_latency) : d.a + (d.b - d.a) * uniform(seed, id, stream_, 0, draw_latency);
  end.latency = std::clamp(end.latency, least(d), most(d));
  std::fill_n(packets_.begin() + std::ptrdiff_t(environment) * slots_, slots_, Packet{});
}

void Link::deliver(int environment, int slot) {
  const float* const from = numbers(environment, slot);
  std::copy(from, from + columns_, held_.begin() + std::ptrdiff_t(environment) * columns_);
  ends_[size_t(environment)].held = packets_[size_t(environment) * size_t(slots_) + size_t(slot)].sent;
}

void Link::push(int environment, uint64_t step, std::span<const float> packet) {
  End& end = ends_[size_t(environment)];
  const int64_t now = int64_t(step);
  const int slot = int(step % uint64_t(slots_));
  Packet& p = packets_[size_t(environment) * size_t(slots_) + size_t(slot)];
  // what lies there is as old as any delay: it has arrived, even if nobody looked
  if (p.sent >= 0 && p.sent != now && p.arrives >= 0 && p.sent > end.held) deliver(environment, slot);
  if (p.sent != now) {
    const double delay = end.latency + (path_.jitter > 0 ? path_.jitter * (2 * uniform(end.seed, end.id, stream_, step, draw_jitter) - 1) : 0);
    const bool lost = path_.drop > 0 && uniform(end.seed, end.id, stream_, step, draw_drop) < path_.drop;
    p = {now, first_at_once_ && end.pushed < 0 ? now : lost ? -1 : now + steps_of(delay, period_)};
  }
  std::copy_n(packet.begin(), columns_, numbers(environment, slot));
  end.pushed = now;
  if (end.held == now) deliver(environment, slot);
}

std::span<const float> Link::pop(int environment, uint64_t step) {
  const Packet* const all = packets_.data() + size_t(environment) * size_t(slots_);
  int newest = -1;
  int64_t sent = ends_[size_t(environment)].held;
  for (int slot = 0; slot < slots_; ++slot)
    if (all[slot].sent > sent && all[slot].arrives >= 0 && all[slot].arrives <= int64_t(step)) newest = slot, sent = all[slot].sent;
  if (newest >= 0) deliver(environment, newest);
  if (sent < 0) return {};
  return {held_.data() + size_t(environment) * size_t(columns_), size_t(columns_)};
}

size_t Link::saved_bytes() const { return sizeof(End) + size_t(slots_) * (sizeof(Packet) + size_t(columns_) * sizeof(float)) + size_t(columns_) * sizeof(float); }

void Link::save(int environment, std::byte* out) const {
  const size_t e = size_t(environment), packets = size_t(slots_), numbers = packets * size_t(columns_), held = size_t(columns_);
  const auto put = [&](const void* from, size_t bytes) { std::memcpy(out, from, bytes), out += bytes; };
  put(&ends_[e], sizeof(End));
  put(packets_.data() + e * packets, packets * sizeof(Packet));
  if (columns_ > 0) put(numbers_.data() + e * numbers, numbers * sizeof(float)), put(held_.data() + e * held, held * sizeof(float));
}

void Link::restore(int environment, const std::byte* from) {
  const size_t e = size_t(environment), packets = size_t(slots_), numbers = packets * size_t(columns_), held = size_t(columns_);
  const auto get = [&](void* to, size_t bytes) { std::memcpy(to, from, bytes), from += bytes; };
  get(&ends_[e], sizeof(End));
  get(packets_.data() + e * packets, packets * sizeof(Packet));
  if (columns_ > 0) get(numbers_.data() + e * numbers, numbers * sizeof(float)), get(held_.data() + e * held, held * sizeof(float));
}

}  // namespace nuri::session
