// Packets between policy and robot: when they arrive, which are lost, and that nothing but their own environment's draws shows.
#include "tools/session/link.h"

#include <doctest/doctest.h>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include "engine/core/random.h"
#include "tools/session/port.h"
#include "tools/session/session.h"

using namespace nuri;
using namespace nuri::session;

namespace {

constexpr double period = 0.02;                  // s

scene::LinkPath path(double low, double high, double jitter = 0, double drop = 0) { return {{low, high, false}, jitter, drop}; }

// Step of the packet that the receiver has after each control step, of one environment; -1: none.
std::vector<int> received(const scene::LinkPath& p, int steps, uint64_t seed, uint64_t id, bool first_at_once = false, int every = 1) {
  Link link(p, period, 1, 2, 8, first_at_once);
  link.begin(0, seed, id);
  std::vector<int> out;
  for (int k = 0; k < steps; ++k) {
    const float packet[] = {float(k), -float(k)};
    link.push(0, uint64_t(k), packet);
    if (k % every) continue;
    const std::span<const float> now = link.pop(0, uint64_t(k));
    if (!now.empty()) CHECK(now[1] == -now[0]);
    out.push_back(now.empty() ? -1 : int(now[0]));
  }
  return out;
}

}  // namespace

TEST_CASE("link: a packet is there at the first control step that does not come before it") {
  struct Case { double latency; int steps; };
  for (const Case& is : {Case{0, 0}, {1e-4, 1}, {0.019, 1}, {0.02, 1}, {0.021, 2}, {0.06, 3}, {0.1, 5}}) {
    const double latency = is.latency;                             // no structured binding: clang 14 has none in lambdas, which CAPTURE is
    CAPTURE(latency);
    const std::vector<int> have = received(path(latency, latency), 20, 1, 2), greeted = received(path(latency, latency), 20, 1, 2, true);
    for (int k = 0; k < 20; ++k) {
      CHECK(have[size_t(k)] == std::max(-1, k - is.steps));
      CHECK(greeted[size_t(k)] == std::max(0, k - is.steps));
    }
  }
}

TEST_CASE("link: what is lost leaves the last one; a latency is drawn once in an episode") {
  constexpr int steps = 20000;
  const double drop = 0.2;
  const std::vector<int> have = received(path(0, 0, 0, drop), steps, 5, 1);
  int lost = 0, last = -1;
  for (int k = 0; k < steps; ++k) {
    lost += have[size_t(k)] != k;
    CHECK((have[size_t(k)] == k || have[size_t(k)] == last));
    last = have[size_t(k)];
  }
  CHECK(std::abs(lost - drop * steps) < 5 * std::sqrt(drop * (1 - drop) * steps));      // 5 deviations
  for (const int k : received(path(0, 0, 0, 1), 50, 5, 1)) CHECK(k == -1);
  for (const int k : received(path(0, 0, 0, 1), 50, 5, 1, true)) CHECK(k == 0);

  Link link(path(0.01, 0.05), period, 1000, 1, 8, false);
  double sum = 0;
  for (int e = 0; e < 1000; ++e) {
    link.begin(e, 9, uint64_t(e));
    CHECK(link.latency(e) >= 0.01);
    CHECK(link.latency(e) <= 0.05);
    sum += link.latency(e);
    const double first = link.latency(e);
    link.begin(e, 10, uint64_t(e));
    CHECK(link.latency(e) != first);
    link.begin(e, 9, uint64_t(e));
    CHECK(link.latency(e) == first);
  }
  CHECK(std::abs(sum / 1000 - 0.03) < 5 * 0.04 / std::sqrt(12.0 * 1000));
  Link normal({{0.02, 0.02, true}, 0, 0}, period, 1000, 1, 8, false);                   // cut at 0 and at four deviations
  for (int e = 0; e < 1000; ++e) {
    normal.begin(e, 9, uint64_t(e));
    CHECK(normal.latency(e) >= 0);
    CHECK(normal.latency(e) <= 0.1);
  }
}

TEST_CASE("link: with jitter the newest that has arrived counts, as a list of all packets says") {
  const scene::LinkPath p = path(0.03, 0.05, 0.045, 0.15);
  for (const uint64_t id : {0, 1, 77}) {
    constexpr int steps = 400;
    const uint64_t seed = 4;
    const double latency = 0.03 + 0.02 * uniform(seed, id, 8, 0, 2);
    std::vector<double> arrives;                 // s
    std::vector<int> expected;
    bool overtaken = false;
    for (int k = 0; k < steps; ++k) {
      const double delay = std::max(0.0, latency + 0.045 * (2 * uniform(seed, id, 8, uint64_t(k), 0) - 1));
      arrives.push_back(uniform(seed, id, 8, uint64_t(k), 1) < 0.15 ? 1e9 : k * period + delay);
      int newest = -1;
      for (int j = 0; j <= k; ++j)
        if (arrives[size_t(j)] <= k * period + 1e-9 * period) newest = j;
      expected.push_back(newest);
      if (k > 0 && arrives[size_t(k)] < arrives[size_t(k) - 1] && arrives[size_t(k) - 1] < 1e8) overtaken = true;
    }
    CHECK(overtaken);
    CHECK(received(p, steps, seed, id) == expected);
    // who looks only now and then has what he would have
    const std::vector<int> rarely = received(p, steps, seed, id, false, 7);
    for (size_t i = 0; i < rarely.size(); ++i) CHECK(rarely[i] == expected[7 * i]);
  }
}

TEST_CASE("link: neighbours do not show, a second packet of a step takes the place of the first, and what was saved goes on") {
  const scene::LinkPath p = path(0, 0.06, 0.02, 0.1);
  const std::vector<int> alone = received(p, 60, 3, 12);
  Link link(p, period, 16, 2, 8, false);
  std::vector<std::byte> saved(link.saved_bytes());
  for (int e = 0; e < 16; ++e) link.begin(e, 3, uint64_t(e));
  std::vector<int> have(60), again(60);
  for (int turn = 0; turn < 2; ++turn) {
    for (int k = turn ? 25 : 0; k < 60; ++k) {
      for (int e = 15; e >= 0; --e) {
        const float other[] = {-5, 5}, packet[] = {float(k), -float(k)};
        if (e != 12) { link.push(e, uint64_t(k), other); continue; }
        if (k == 25 && turn == 0) link.save(12, saved.data());
        link.push(12, uint64_t(k), other);
        if (k % 2) link.pop(12, uint64_t(k));
        link.push(12, uint64_t(k), packet);
        const std::span<const float> now = link.pop(12, uint64_t(k));
        (turn ? again : have)[size_t(k)] = now.empty() ? -1 : int(now[0]);
      }
    }
    link.begin(12, 99, 99);
    link.restore(12, saved.data());
  }
  CHECK(have == alone);
  CHECK(std::equal(again.begin() + 25, again.end(), have.begin() + 25));
}

namespace {

const char* const slide = R"(<mujoco model="slide">
  <option timestep="0.01" gravity="0 0 0"/>
  <worldbody><body name="box"><joint name="x" type="slide" axis="1 0 0"/><geom name="box" size="0.1" mass="1"/></body></worldbody>
  <actuator><motor name="push" joint="x" ctrlrange="-1 1" ctrllimited="true"/></actuator>
</mujoco>)";

std::unique_ptr<Session> make(const std::string& rest, WorldOptions options) {
  const std::filesystem::path folder = std::filesystem::temp_directory_path() / "nuri_link_test";
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "slide.xml") << slide;
  auto loaded = load_scene_text("models: [{file: slide.xml}]\nsubsteps: 2\nenvironments: 4\ninitial: {joints: [{velocity: [-1, 1]}]}\n" + rest, (folder / "link.yaml").string());
  if (!loaded) FAIL(to_string(loaded.errors().front()));
  auto session = Session::create(std::move(*loaded), options);
  if (!session) FAIL(to_string(session.errors().front()));
  return std::move(*session);
}

struct Tape { std::vector<float> seen, control; };

// Drives by a fixed sequence of actions, whatever is seen; environment `which` is written down, and reset once on the way.
Tape drive(const std::string& link, int environments, int threads, int which, OutputMap map = OutputMap::range, int reset_at = 20) {
  auto session = make(link, {.environments = environments, .threads = threads, .seed = 1});
  auto port = Port::make(*session, {{InputKind::position}, {InputKind::velocity}}, {{{"*"}, map, 0.5, 1}});
  if (!port) FAIL(to_string(port.errors().front()));
  Port& p = **port;
  Tape out;
  p.observe();
  for (int k = 0; k < 40; ++k) {
    for (int e = 0; e < environments; ++e) p.action()[size_t(e)] = float(std::sin(0.7 * k + double(session->world().id(e))));
    p.act();
    out.control.push_back(float(session->world().get(StateField::ctrl, which, 0)));
    session->step(2);
    if (k == reset_at) {
      const int one[] = {which};
      session->reset(one);
      p.begin(one);
    }
    p.observe();
    p.observe();                                 // twice is once
    for (int i = 0; i < 2; ++i) out.seen.push_back(p.observation()[size_t(2 * which + i)]);
  }
  return out;
}

}  // namespace

TEST_CASE("link: a port shows and moves what the link brings") {
  constexpr int never = 1000;
  const Tape plain = drive("", 4, 1, 2, OutputMap::range, never);
  // observations two control steps late: the same motion, shown later; the first observation at once
  const Tape late = drive("link: {observations: {latency: 0.04}}\n", 4, 1, 2, OutputMap::range, never);
  CHECK(late.control == plain.control);
  for (size_t k = 3; k < 40; ++k)
    for (size_t i = 0; i < 2; ++i) CHECK(late.seen[2 * k + i] == plain.seen[2 * (k - 2) + i]);
  CHECK(late.seen[0] == late.seen[2]);           // the initial state, for two steps more
  CHECK(late.seen[0] != plain.seen[0]);
  // actions one step late: nothing before the first arrives
  const Tape slow = drive("link: {actions: {latency: 0.015}}\n", 4, 1, 2, OutputMap::range, never);
  CHECK(slow.control[0] == 0);
  for (size_t k = 1; k < 40; ++k) CHECK(slow.control[k] == plain.control[k - 1]);
  // increments go by what was sent: late, they come to the same controls
  const Tape steps = drive("", 4, 1, 2, OutputMap::increment, never), slow_steps = drive("link: {actions: {latency: 0.05}}\n", 4, 1, 2, OutputMap::increment, never);
  for (size_t k = 3; k < 40; ++k) CHECK(slow_steps.control[k] == steps.control[k - 3]);
}

TEST_CASE("link: through a port, too, batch and threads do not show, and a reset begins anew") {
  const std::string link = "link: {actions: {latency: [0, 0.05], jitter: 0.02, drop: 0.2}, observations: {latency: {mean: 0.03, deviation: 0.01}, drop: 0.1}}\n";
  const Tape alone = drive(link, 4, 1, 2), many = drive(link, 100, 3, 2);
  CHECK(alone.seen == many.seen);
  CHECK(alone.control == many.control);
  CHECK(alone.seen != drive("", 4, 1, 2).seen);
  // nothing of the episode before arrives in the new one
  const Tape late = drive("link: {actions: {latency: 0.015}, observations: {latency: 0.02}}\n", 4, 1, 2);
  CHECK(late.control[20] != 0);
  CHECK(late.control[21] == 0);
  CHECK(late.control[22] != 0);
  CHECK(late.seen[2 * 20] == late.seen[2 * 21]);   // the new initial state, at once, and again until the next one comes
  CHECK(late.seen[2 * 19] != late.seen[2 * 20]);
}
