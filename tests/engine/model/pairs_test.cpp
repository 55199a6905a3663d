// Candidate pairs, owners, contact parameters and the row catalog.
#include <doctest/doctest.h>

#include <cmath>

#include "engine/model/impedance.h"
#include "engine/model/pairs.h"
#include "tests/engine/model/scene_maker.h"

using namespace nuri;
using namespace nuri::model;
using namespace nuri::scene;

namespace {
using List = std::vector<int32_t>;

// floor, two chained links, one free ball; every geom a sphere but the floor
SceneMaker yard() {
  SceneMaker s;
  const int one = s.body(0, {0, 0, 1}), two = s.body(one, {1, 0, 0}), free = s.body(0, {5, 0, 1});
  s.joint(one, JointType::hinge);
  s.joint(two, JointType::hinge);
  s.joint(free, JointType::free);
  s.geom(0, GeomType::plane, {0, 0, 1});
  s.geom(one, GeomType::sphere, {0.1, 0, 0});
  s.geom(two, GeomType::sphere, {0.2, 0, 0});
  s.geom(free, GeomType::sphere, {0.3, 0, 0});
  return s;
}
std::string pairs_of(const Model& m) {
  std::string out;
  for (int p = 0; p < m.pair_count; ++p) out += std::to_string(m.pair_geom1[p]) + std::to_string(m.pair_geom2[p]) + " ";
  return out;
}
}  // namespace

TEST_CASE("filters") {
  SceneMaker s = yard();
  CHECK(pairs_of(s.model()) == "01 02 03 13 23 ");          // link and link: parent and child
  s.scene.option.flags.filterparent = false;
  CHECK(pairs_of(s.model()) == "01 02 03 12 13 23 ");
  s.scene.option.flags.filterparent = true;
  s.scene.geoms[3].contype = 0;
  s.scene.geoms[3].conaffinity = 2;
  CHECK(pairs_of(s.model()) == "01 02 ");
  s.scene.geoms[2].contype = 3;                              // one direction is enough
  CHECK(pairs_of(s.model()) == "01 02 23 ");
  s.scene.excludes.push_back({"", 3, 2, {}});
  CHECK(pairs_of(s.model()) == "01 02 ");
  Pair p;                                                    // explicit pairs pass every filter
  p.geom1 = 2;
  p.geom2 = 1;
  s.scene.pairs = {p, p};
  const Model m = s.model();
  CHECK(pairs_of(m) == "01 02 12 ");
  CHECK(m.pair_explicit == List{-1, -1, 0});
  CHECK(m.geom_collides == List{1, 1, 1, 0});
  s.scene.option.flags.contact = false;
  CHECK(s.model().pair_count == 0);
}

TEST_CASE("what is only seen touches nothing and weighs nothing") {
  SceneMaker s = yard();
  s.scene.geoms[3].visual_only = true;
  CHECK(s.error() != "");                                    // its body moves and has no other geom
  s.scene.bodies[3].has_inertial = true;
  s.scene.bodies[3].inertial = {{0, 0, 0}, {1, 0, 0, 0}, 1, {1, 1, 1}};
  CHECK(pairs_of(s.model()) == "01 02 ");
}

TEST_CASE("owners") {
  SceneMaker s = yard();
  s.geom(3, GeomType::box, {0.1, 0.1, 0.1}).condim = 6;
  const Model m = s.model();
  // world: bodies 1, 2, 3 (condim 3 and 6); then 1-3 and 2-3, each with both condims
  CHECK(m.world_owner_count == 4);
  CHECK(m.owner_count == 8);
  CHECK(m.owner_body == List{1, 2, 3, 3, -1, -1, -1, -1});
  CHECK(m.owner_body1 == List{0, 0, 0, 0, 1, 1, 2, 2});
  CHECK(m.owner_body2 == List{1, 2, 3, 3, 3, 3, 3, 3});
  CHECK(m.owner_dim == List{3, 3, 3, 6, 3, 6, 3, 6});
  CHECK(m.owner_sign == List{1, 1, 1, 1, 0, 0, 0, 0});
  CHECK(m.owner_link == List{1, 2, 3, 3, 0, 0, 0, 0});
  CHECK(m.owner_dof_adr == List{0, 0, 0, 0, 0, 7, 14, 22, 30});
  CHECK(List(m.owner_dof.begin(), m.owner_dof.begin() + 7) == List{-1, 2, 3, 4, 5, 6, 7});
  CHECK(List(m.owner_dof.begin() + 14, m.owner_dof.begin() + 22) == List{-1, -2, 2, 3, 4, 5, 6, 7});
  CHECK(m.hit_count == 1 + 1 + 1 + 4 + 1 + 1 + 1 + 1);
  // keys: rows of different owners never meet
  CHECK(m.owner_key[0] == m.row_count);
  CHECK(m.owner_key[1] == m.row_count + 4);
  CHECK(m.owner_key[3] == m.row_count + 12);
  CHECK(m.owner_key[4] == m.row_count + 12 + 4 * 10);
}

TEST_CASE("links of one chain move against each other by the dofs between them") {
  SceneMaker s;
  int last = 0;
  for (int i = 0; i < 4; ++i) {
    last = s.body(last, {1, 0, 0});
    s.joint(last, JointType::hinge);
    s.geom(last, GeomType::sphere, {0.1, 0, 0});
  }
  const Model m = s.model();
  CHECK(pairs_of(m) == "02 03 13 ");
  CHECK(m.owner_dof == List{1, 2, 1, 2, 3, 2, 3});
}

TEST_CASE("contact parameters mix by priority and solmix") {
  SceneMaker s = yard();
  s.scene.geoms.resize(2);
  Geom &floor = s.scene.geoms[0], &ball = s.scene.geoms[1];
  for (int b : {2, 3}) { s.scene.bodies[b].has_inertial = true; s.scene.bodies[b].inertial = {{0, 0, 0}, {1, 0, 0, 0}, 1, {1, 1, 1}}; }
  floor.friction = {0.5, 0.1, 0.2};
  ball.friction = {0.7, 0.05, 0.3};
  floor.solmix = 3;
  floor.solref = {0.1, 1};
  ball.solref = {0.02, 1};
  floor.margin = 0.01;
  ball.margin = 0.02;
  ball.gap = 0.005;
  Model m = s.model();
  REQUIRE(m.pair_count == 1);
  CHECK(m.pair_friction == std::vector<double>{0.7, 0.7, 0.1, 0.3, 0.3});
  CHECK(m.pair_margin[0] == doctest::Approx(0.03));
  CHECK(m.pair_reach[0] == doctest::Approx(0.13));
  const double tau = 0.75 * 0.1 + 0.25 * 0.02, dmax = 0.95;
  CHECK(m.pair_impedance[imp_b_damp] == doctest::Approx(2 / (dmax * tau)));
  CHECK(m.pair_impedance[imp_k] == doctest::Approx(1 / (dmax * dmax * tau * tau)));
  const double w = m.body_invweight[2];
  CHECK(m.pair_invweight[0] == doctest::Approx(w * 2 * 0.49 * 1.49));
  ball.priority = 1;
  s.scene.option.cone = Cone::elliptic;
  s.scene.option.impratio = 4;
  m = s.model();
  CHECK(m.pair_friction == std::vector<double>{0.7, 0.7, 0.05, 0.3, 0.3});
  CHECK(m.pair_impedance[imp_b_damp] == doctest::Approx(2 / (dmax * 0.02)));
  CHECK(m.pair_invweight[0] == doctest::Approx(w));
  CHECK(m.pair_mu[0] == doctest::Approx(0.35));
  CHECK(m.pair_friction_kb[0] == 0);
  CHECK(m.pair_friction_kb[1] == doctest::Approx(2 / (dmax * 0.02)));
  s.scene.option.flags.override_contact = true;
  s.scene.option.o_friction = {0.9, 0.8, 0.1, 0.1, 0};
  s.scene.option.o_margin = 0.5;
  m = s.model();
  CHECK(m.pair_friction == std::vector<double>{0.9, 0.8, 0.1, 0.1, 1e-5});
  CHECK(m.pair_margin[0] == 0.5);
}

TEST_CASE("the row catalog") {
  const Model m = sampler().model();
  // connect 3, weld 6, joint 1, dof friction 1, tendon friction 1, limits 1 + 2 (range under twice the margin), ball 1, tendon 1
  CHECK(m.row_kind == List{0, 0, 0, 1, 1, 1, 1, 1, 1, 2, 4, 5, 6, 6, 6, 7, 8});
  CHECK(m.row_source == List{1, 1, 1, 0, 0, 0, 0, 0, 0, 2, 7, 0, 1, 2, 2, 3, 0});
  CHECK(m.row_component == List{0, 1, 2, 0, 1, 2, 3, 4, 5, 0, 0, 0, -1, 0, 1, 0, -1});
  auto dofs = [&](int r) { return List(m.row_dof.begin() + m.row_dof_adr[r], m.row_dof.begin() + m.row_dof_adr[r + 1]); };
  CHECK(dofs(0) == List{6, 7, 8, 9, 10});
  CHECK(dofs(3) == List{0, 1, 2, 3, 4, 5, 6, 7});
  CHECK(dofs(9) == List{6, 7});
  CHECK(dofs(10) == List{7});
  CHECK(dofs(15) == List{8, 9, 10});
  CHECK(dofs(16) == List{6, 7});
  CHECK(m.row_invweight[3] == m.body_invweight[2] + m.body_invweight[6]);   // weld: translation, then rotation
  CHECK(m.row_invweight[6] == m.body_invweight[3] + m.body_invweight[7]);
  CHECK(m.row_invweight[9] == m.dof_invweight[6] + m.dof_invweight[7]);
  CHECK(m.row_impedance[9 * 10 + imp_k] == 0);
  CHECK(m.row_impedance[9 * 12 + imp_k] > 0);
  SceneMaker s = sampler();
  s.scene.option.flags.limit = s.scene.option.flags.equality = false;
  CHECK(s.model().row_kind == List{4, 5});
  s.scene.option.flags.constraint = false;
  CHECK(s.model().row_count == 0);
}

TEST_CASE("impedance") {
  const double solref[2] = {0.02, 1}, solimp[5] = {0.9, 0.95, 0.001, 0.5, 2};
  double out[impedance_size];
  impedance(solref, solimp, 0.002, true, out);
  auto at = [&](double r) {
    const double x = std::min(1.0, std::abs(r) * out[imp_inverse_width]);
    const double y = x <= out[imp_midpoint] ? out[imp_a] * std::pow(x, out[imp_power]) : 1 - out[imp_b] * std::pow(1 - x, out[imp_power]);
    return out[imp_d0] + y * (out[imp_dmax] - out[imp_d0]);
  };
  CHECK(at(0) == doctest::Approx(0.9));
  CHECK(at(0.0005) == doctest::Approx(0.925));     // halfway
  CHECK(at(-0.00025) == doctest::Approx(0.90625)); // 2 x^2 at x = 1/4
  CHECK(at(1) == doctest::Approx(0.95));
  CHECK(out[imp_k] == doctest::Approx(1 / (0.95 * 0.95 * 4e-4)));
  const double stiff[2] = {0.001, 1}, direct[2] = {-300, -20}, mixed[2] = {-300, 20};
  impedance(stiff, solimp, 0.002, true, out);
  CHECK(out[imp_b_damp] == doctest::Approx(2 / (0.95 * 0.004)));
  impedance(direct, solimp, 0.002, true, out);
  CHECK(out[imp_k] == doctest::Approx(300 / (0.95 * 0.95)));
  CHECK(out[imp_b_damp] == doctest::Approx(20 / 0.95));
  impedance(mixed, solimp, 0.002, true, out);
  CHECK(out[imp_b_damp] == doctest::Approx(2 / (0.95 * 0.02)));
  const double flat[5] = {0.9, 0.8, 0, 0.5, 2};
  impedance(solref, flat, 0.002, true, out);
  CHECK(at(0.3) == doctest::Approx(0.85));
}
