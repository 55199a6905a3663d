#include "tools/compare/compare.h"
#include <algorithm>
#include <cmath>
#include <set>
#include "engine/shape/rigid.h"
#include "tools/regress/look.h"
#include "tools/session/kinematics.h"

namespace nuri::compare {
namespace {

using shape::Rot;
using shape::Vec;

constexpr StateField inputs[] = {StateField::ctrl,      StateField::qfrc_applied, StateField::xfrc_applied,
                                 StateField::mocap_pos, StateField::mocap_quat,   StateField::equality_active};

// A world of Nuri's that is put into others' states, to measure them.
class Ruler {
 public:
  static Result<Ruler> make(World& of) {
    std::vector<std::shared_ptr<const model::Model>> models;
    std::vector<int> which;
    for (int b = 0; b < of.buckets(); ++b) models.push_back(of.bucket(b).shared_model());
    for (int e = 0; e < of.environments(); ++e) which.push_back(of.place(e).bucket);
    auto world =
        World::create(std::move(models), which,
                      {.environments = of.environments(), .backend = "cpu", .precision = Precision::f64, .threads = 1, .publish = false});
    if (!world) return world.errors();
    for (int e = 0; e < of.environments(); ++e) {
      const World::Place at = of.place(e);
      of.bucket(at.bucket).each_override(
          at.index, [&](int field, int item, double value) { (*world)->bucket(at.bucket).override_number(field, at.index, item, value); });
    }
    Ruler out;
    out.world_ = std::move(*world);
    return out;
  }
  void measure(World& of, int e, Look& out) {
    for (int f = 0; f < state_field_count; ++f)
      for (int i = 0, n = of.columns(StateField(f), e); i < n && !info(StateField(f)).output; ++i)
        world_->set(StateField(f), e, i, of.get(StateField(f), e, i));
    const Probe probe = world_->probe(e);
    out.energy = regress::energy(*world_, e, probe);
    out.depth = 0;
    for (const ContactRecord& c : probe.contacts) out.depth = std::max(out.depth, -c.dist);
  }

 private:
  std::unique_ptr<World> world_;
};

struct Pose {
  Vec position;
  Rot turn;
};
std::vector<Pose> poses(const World& world, int e) {
  const int bodies = world.columns(StateField::xpos, e) / 3;
  std::vector<Pose> out;
  for (int b = 0; b < bodies; ++b) {
    Pose pose;
    for (int k = 0; k < 3; ++k) pose.position[size_t(k)] = world.get(StateField::xpos, e, 3 * b + k);
    for (int k = 0; k < 4; ++k) pose.turn[size_t(k)] = world.get(StateField::xquat, e, 4 * b + k);
    out.push_back(pose);
  }
  return out;
}
double length(const Vec& v) { return std::sqrt(shape::dot(v, v)); }
double angle_between(const Rot& a, const Rot& b) { return length(session::rotation_between(a, b)); }

// One world as it is looked at, look by look.
class Watched {
 public:
  Watched(session::Session& session, Side& out)
      : session_(session), out_(out), before_(size_t(session.environments())), touched_(size_t(session.environments())) {
    out_.backend = world().describe();
    out_.looks.resize(size_t(session.environments()));
    out_.settled.assign(size_t(session.environments()), 0);
    out_.touching.resize(size_t(session.environments()));
  }
  World& world() { return session_.world(); }

  const std::vector<Pose>& look(int e, double time, Ruler& ruler) {
    Look seen;
    seen.time = time;
    ruler.measure(world(), e, seen);
    const model::Model& m = world().model(e);
    std::set<BodyPair> now;
    for (const ContactRecord& c : world().probe(e).contacts) {
      seen.own_depth = std::max(seen.own_depth, -c.dist);
      if (c.dist <= 0 || c.force[0] > 0) now.insert(std::minmax(m.geom_body[size_t(c.geom1)], m.geom_body[size_t(c.geom2)]));
    }
    std::vector<Pose> pose = poses(world(), e);
    std::vector<Pose>& before = before_[size_t(e)];
    std::vector<Look>& looks = out_.looks[size_t(e)];
    if (!looks.empty() && time > looks.back().time)
      for (size_t b = 0; b < pose.size(); ++b) {
        const double moved =
            length(shape::sub(pose[b].position, before[b].position)) + still::arm * angle_between(before[b].turn, pose[b].turn);
        seen.speed = std::max(seen.speed, moved / (time - looks.back().time));
      }
    if (seen.speed > still::speed) out_.settled[size_t(e)] = time;
    looks.push_back(seen);
    touched_[size_t(e)].insert(now.begin(), now.end());
    out_.touching[size_t(e)].assign(now.begin(), now.end());
    before = std::move(pose);
    return before;
  }
  void finish() {
    for (size_t e = 0; e < touched_.size(); ++e) {
      out_.touched.emplace_back(touched_[e].begin(), touched_[e].end());
      if (!out_.looks[e].empty() && out_.settled[e] >= out_.looks[e].back().time && out_.looks[e].size() > 1) out_.settled[e] = -1;
    }
    out_.faults = world().faults();
  }

 private:
  session::Session& session_;
  Side& out_;
  std::vector<std::vector<Pose>> before_;
  std::vector<std::set<BodyPair>> touched_;
};

}  // namespace

double in_bounds(const Apart& a, const Bounds& bounds) { return std::max(a.position / bounds.position, a.angle / bounds.angle); }

Result<Comparison> run(session::Session& a, session::Session& b, const Asked& asked, const std::function<bool(int64_t)>& go_on) {
  Comparison out;
  out.bounds = asked.bounds;
  auto ruler = Ruler::make(a.world());
  if (!ruler) return ruler.errors();
  Watched left(a, out.a), right(b, out.b);
  const int environments = a.environments();
  const double h = a.model().timestep[0];
  out.apart.resize(size_t(environments));

  auto look = [&](double time) {
    Apart worst;
    for (int e = 0; e < environments; ++e) {
      const std::vector<Pose>&one = left.look(e, time, *ruler), &other = right.look(e, time, *ruler);
      Apart here{e, 0, time, 0, 0};
      for (size_t body = 0; body < one.size(); ++body) {
        const Apart found{e, int(body), time, length(shape::sub(one[body].position, other[body].position)),
                          angle_between(one[body].turn, other[body].turn)};
        if (!(in_bounds(found, asked.bounds) <= in_bounds(here, asked.bounds))) here = found;
      }
      out.apart[size_t(e)].push_back(here);
      if (worst.environment < 0 || !(in_bounds(here, asked.bounds) <= in_bounds(worst, asked.bounds))) worst = here;
    }
    if (out.parted.environment < 0 && !(in_bounds(worst, asked.bounds) <= 1)) out.parted = worst;
    if (out.farthest.environment < 0 || in_bounds(worst, asked.bounds) > in_bounds(out.farthest, asked.bounds)) out.farthest = worst;
    out.last = worst;
    out.seconds = time;
  };

  look(0);
  int64_t done = 0, looked = 0;
  const int64_t between = std::max<int64_t>(1, std::llround(asked.every / h));
  while (done < asked.substeps) {
    a.apply_controls();
    const int64_t period = a.settings().substeps, to_control = period - done % period;
    const int64_t next_look = (looked + 1) * between;
    const int count = int(std::min({to_control, asked.substeps - done, next_look - done}));
    if (asked.react) {
      a.step(count);
      b.step(count);
    } else {
      for (int e = 0; e < environments; ++e)
        for (const StateField field : inputs)
          for (int i = 0, n = a.world().columns(field, e); i < n; ++i) b.world().set(field, e, i, a.world().get(field, e, i));
      a.step(count);
      b.world().step(count);
    }
    done += count;
    if (done == next_look || done == asked.substeps) {
      look(double(done) * h);
      looked = done / between;
      if (!go_on(done)) break;
    }
  }
  out.finished = done >= asked.substeps;
  left.finish();
  right.finish();
  const Apart& judged = asked.at_rest ? out.last : out.parted;
  out.within = out.a.faults == 0 && out.b.faults == 0 && out.finished && (judged.environment < 0 || in_bounds(judged, asked.bounds) <= 1);
  return out;
}

}  // namespace nuri::compare
