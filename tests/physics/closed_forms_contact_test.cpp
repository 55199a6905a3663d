// What the floor carries of a humanoid against its weight and acceleration (T24 of docs/verification.md); other closed forms of contact are
// cases of `nuri verify`.
#include <algorithm>
#include <fstream>
#include <sstream>
#include "tests/physics/closed_forms_bodies.h"

using namespace nuri;
using namespace nuri::closed_forms;

namespace {

// Of the floor, geom 0; frames point from geom 1 to geom 2.
V3 floor_force(const Probe& p) {
  V3 out{};
  for (const ContactRecord& c : p.contacts)
    for (int k = 0; k < 3; ++k)
      for (int i = 0; i < 3; ++i) out[size_t(i)] += (c.geom1 == 0 ? 1 : c.geom2 == 0 ? -1 : 0) * c.frame[3 * k + i] * c.force[k];
  return out;
}

std::string file(const std::string& path) {
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

}  // namespace

TEST_CASE("T24 Newton and Euler of a humanoid at rest on the floor") {
  for (const Precision p : both_precisions) {
    std::string text = file("assets/robots/humanoid.xml");
    REQUIRE(!text.empty());
    const auto option = text.find("<option timestep=\"0.005\"/>");
    REQUIRE(option != std::string::npos);
    text.replace(option, 26, "<option timestep=\"0.005\" tolerance=\"0\" ls_tolerance=\"1e-10\" cone=\"elliptic\"/>");
    Twins w(text, p);
    w.step(100);
    CHECK(w.alike());
    w.drop_batch();
    Probe probe;
    for (int tries = 0; tries < 60; ++tries) {                     // it tumbles; when it lies still depends on every bit
      w.step(400);
      probe = w.probe();
      double weight_now = 0;
      for (double mass : w.model().body_mass) weight_now += mass * gravity;
      if (norm(floor_force(probe) - V3{0, 0, weight_now}) < 1e-3 * weight_now) break;
    }
    const Bodies b(w.model(), probe, velocities(w));
    const double weight = b.total_mass() * gravity;
    // m a of the centre of mass from the accelerations: a body's is Jt acc + a
    const std::vector<double>& acc = probe.fields.at("acc").values;
    V3 inertial{};
    for (size_t body = 1; body < b.Jt.size(); ++body) {
      V3 a = b.a[body];
      for (size_t i = 0; i < acc.size(); ++i) a = a + acc[i] * b.Jt[body][i];
      inertial = inertial + w.model().body_mass[body] * a;
    }
    V3 force = floor_force(probe) - V3{0, 0, weight};
    judge("T24 (contacts - m g - m a) / m g", p, norm(force - inertial) / weight, 18 * w.epsilon());   // asked 1e-9, 1e-3; measured up to 6 epsilon
    judge("T24 nearly at rest: (contacts - m g) / m g", p, norm(force) / weight, 2.5e-3);   // measured 8.4e-4, 3.9e-5: limbs still settle
    Probe fewer = probe;
    std::erase_if(fewer.contacts, [&, seen = false](const ContactRecord& c) mutable { return !seen && (seen = c.geom1 == 0 || c.geom2 == 0); });
    rejects("one contact left out", norm(floor_force(fewer) - V3{0, 0, weight} - inertial) / weight, 1e-4);
  }
}
