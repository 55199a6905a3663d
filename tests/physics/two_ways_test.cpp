// T17: Newton's equations solved along the tree and by factoring their matrix are the same equations. Models of the first kind take the
// second way too when they are told to, so each step is done both ways from the same state. And islands of a heap know nothing of each other.
#include <algorithm>
#include <cmath>
#include "tests/physics/bit_models.h"

using namespace nuri;
using namespace nuri::bits_test;

namespace {

template <class T> void copy_state(World& from, World& to) {
  for (int f = 0; f < int(StateField::qacc); ++f)
    for (int e = 0; e < from.environments(); ++e) std::ranges::copy(from.row<T>(StateField(f), e), to.row<T>(StateField(f), e).begin());
}

// Worst |a - b| / max(1, |a|) over environments and steps. Cold: every step starts from no acceleration, far from the answer.
template <class T> double worst_difference(const NamedModel& named, Precision precision, bool cold, double& out_contacts) {
  constexpr int environments = 33, steps = 150;
  const auto model = compiled(named);
  REQUIRE_MESSAGE(model->along_tree == 1, named.name);
  // converged, or two right answers within the tolerance would differ by it
  model::Model converged = *model, other = *model;
  converged.tolerance = other.tolerance = {0};
  converged.iterations = other.iterations = 200;
  other.along_tree = 0;
  if (cold) converged.flags &= ~model::flag_warmstart, other.flags &= ~model::flag_warmstart;
  const auto a = make_world(std::make_shared<const model::Model>(converged), {.environments = environments, .precision = precision, .threads = 1});
  const auto b = make_world(std::make_shared<const model::Model>(other), {.environments = environments, .precision = precision, .threads = 1});
  double worst = 0;
  for (int e = 0; e < environments; ++e) scatter(*a, e, uint64_t(e));
  for (int step = 0; step < steps; ++step) {
    for (int e = 0; e < environments; ++e) drive(*a, e, uint64_t(e), uint64_t(step));
    copy_state<T>(*a, *b);
    a->step(1);
    b->step(1);
    for (int e = 0; e < environments; ++e) {
      double square = 0, size = 0;
      const auto x = a->row<T>(StateField::qacc, e), y = b->row<T>(StateField::qacc, e);
      for (size_t i = 0; i < x.size(); ++i) {
        square += (double(x[i]) - double(y[i])) * (double(x[i]) - double(y[i]));
        size += double(x[i]) * double(x[i]);
      }
      worst = std::max(worst, std::sqrt(square) / std::max(1.0, std::sqrt(size)));
      out_contacts += a->contacts(e) / double(environments * steps);
    }
  }
  CHECK(a->faults() == 0);
  return worst;
}

}  // namespace

TEST_CASE("T17: along the tree and by a matrix, the same accelerations") {
  for (const NamedModel& named : models()) {
    if (named.name.rfind("tree", 0) != 0) continue;
    CAPTURE(named.name);
    for (const bool cold : {false, true}) {
      CAPTURE(cold);
      double contacts = 0;
      const double f64 = worst_difference<double>(named, Precision::f64, cold, contacts), f32 = worst_difference<float>(named, Precision::f32, cold, contacts);
      MESSAGE(named.name << (cold ? " cold" : " warm") << ": double " << f64 << ", float " << f32 << ", contacts " << contacts / 2);
      CHECK(contacts / 2 > 0.5);
      CHECK(f64 < 3e-13);                                          // measured: 1e-13
      CHECK(f32 < 1e-4);                                           // measured: 8e-5; 2e-5 if every last step were refined (performance.md)
    }
  }
}

TEST_CASE("what happens in one island shows in no other's bits") {
  const auto of = [](Precision precision, auto number) {
    using T = decltype(number);
    for (const NamedModel& named : models()) {
      if (named.name != "crowd") continue;
      const auto model = compiled(named);
      const auto world = make_world(model, {.environments = 2, .precision = precision, .threads = 1});
      // the first three robots far from the others, which fall in the second environment from elsewhere; the last one, which a tendon ties to
      // the first, goes with them
      const int apart[] = {0, 1, 2, 17};
      const auto joint = [&](int robot) { return model->joint_qpos[model->body_joint_adr[1 + 3 * robot]]; };
      for (int e = 0; e < 2; ++e) {
        scatter(*world, e, 5);
        for (int robot = 0; robot < 18; ++robot) {
          const bool here = std::ranges::find(apart, robot) != std::end(apart);
          auto x = world->row<T>(StateField::qpos, e);
          if (here) x[joint(robot)] += T(20);
          else if (e) x[joint(robot) + 2] += T(0.01 * robot), x[joint(robot)] += T(0.03);
        }
      }
      world->step(100);
      CHECK(world->faults() == 0);
      CHECK(world->contacts(0) > 4);
      int same = 0, other = 0;
      for (int robot = 0; robot < 18; ++robot) {
        const int at = joint(robot), n = 10;
        const auto a = world->row<T>(StateField::qpos, 0).subspan(at, n), b = world->row<T>(StateField::qpos, 1).subspan(at, n);
        const bool here = std::ranges::find(apart, robot) != std::end(apart);
        (here ? same : other) += std::ranges::equal(a, b);
      }
      CHECK(same == 4);
      CHECK(other == 0);
    }
  };
  of(Precision::f64, double());
  of(Precision::f32, float());
}
