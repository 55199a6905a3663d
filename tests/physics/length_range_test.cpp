// How short and how long muscles can get: found by simulation, as MuJoCo 4.0.1 finds it; its numbers stand here.
#include <doctest/doctest.h>
#include <cmath>
#include <string>
#include "engine/scene/mjcf.h"
#include "physics/compile.h"
#include "physics/world.h"

using namespace nuri;

namespace {

Result<model::Model> compiled(const std::string& before, const std::string& actuators, const std::string& joint = "range='-50 70'") {
  const auto scene = scene::read_mjcf_text("<mujoco>" + before + "<worldbody><site name='w' pos='0 0 1'/><body><joint name='h' axis='0 1 0' " + joint +
                                           "/><geom size='.1' pos='.1 0 0'/><site name='s' pos='.2 0 0'/></body></worldbody><actuator>" + actuators + "</actuator></mujoco>", "text");
  REQUIRE(bool(scene));
  return compile(*scene);
}

const std::string both = "<muscle joint='h'/><muscle cranksite='s' slidersite='w' cranklength='1.5' gear='2'/>";

void check_lengths(const Result<model::Model>& m, std::initializer_list<double> expected) {
  REQUIRE(bool(m));
  size_t i = 0;
  for (const double length : expected) CHECK(std::abs(m->actuator_lengthrange[i++] - length) < 1e-9);
}

}  // namespace

TEST_CASE("length ranges: muscles are driven to both ends, a little beyond the limits that end them") {
  const auto m = compiled("", both);
  check_lengths(m, {-0.8732345643505363, 1.2223004147494012, -5.3728437013521315, -4.6824124222268});
  CHECK(m->actuator_acc0[0] == doctest::Approx(17.05231533).epsilon(1e-8));
  CHECK(m->actuator_acc0[1] == doctest::Approx(6.82092613).epsilon(1e-8));
  check_lengths(compiled("<compiler><lengthrange accel='5' timestep='0' inttotal='4' interval='0.5' maxforce='0.1'/></compiler><option timestep='0.004' integrator='RK4'/>", both),
                {-0.8727400961646978, 1.2218059465635533, -5.372767636138349, -4.682526476605658});
}

TEST_CASE("length ranges: what is written or limited needs no simulation") {
  check_lengths(compiled("", "<muscle joint='h' lengthrange='1 2'/>"), {1, 2});
  check_lengths(compiled("<compiler><lengthrange uselimit='true' inttotal='0'/></compiler>", "<muscle joint='h'/>"), {-50 * M_PI / 180, 70 * M_PI / 180});
}

TEST_CASE("length ranges: a length that nothing ends is an error") {
  const auto endless = compiled("", "<muscle joint='h'/>", "");
  REQUIRE(!endless);
  CHECK(endless.errors()[0].code == "no-length-range");
  const auto blind = compiled("<option><flag limit='disable'/></option>", "<muscle joint='h'/>");
  REQUIRE(!blind);
  CHECK(blind.errors()[0].code == "no-length-range");
}

TEST_CASE("length ranges: a world does not take a muscle without one") {
  auto m = compiled("", "<muscle joint='h' lengthrange='1 2'/>");
  REQUIRE(bool(m));
  m->actuator_lengthrange = {0, 0};
  const auto world = World::create(std::make_shared<const model::Model>(*m), {});
  REQUIRE(!world);
  CHECK(world.errors()[0].code == "no-length-range");
}
