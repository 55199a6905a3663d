// Primitives fitted to meshes, against MuJoCo 3.17.0's geom_size, geom_pos, geom_quat and body_mass.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "engine/model/compile.h"
#include "engine/scene/mjcf.h"

using namespace nuri;

namespace {

const std::string tetrahedron = "vertex='0 0 0 0.1 0 0 0 0.2 0 0 0 0.3'";
const std::string assets = "<asset><mesh name='tet' " + tetrahedron + "/><mesh name='shell' " + tetrahedron + " inertia='shell'/>"
                           "<mesh name='wedge' scale='1 -1 0.5' vertex='0 0 0 0.4 0 0 0 0.1 0 0.4 0.1 0 0 0 0.1 0 0.1 0.1'/><mesh name='flat' vertex='0 0 0 1 0 0 0 1 0 0 0 1' face='0 1 2 0 2 1'/></asset>";

Result<model::Model> compiled(const std::string& compiler, const std::string& geom, std::vector<Diagnostic>* report = nullptr) {
  Result<scene::Scene> scene = scene::read_mjcf_text("<mujoco><compiler " + compiler + "/>" + assets + "<worldbody><body><freejoint/><geom name='g' " + geom + "/></body></worldbody></mujoco>", "fit.xml");
  if (!scene) return scene.errors();
  return model::compile(*scene, report);
}

struct Case {
  bool bounds;
  const char *mesh, *type;
  bool placed;                         // fitscale="1.5" pos="0.1 0.2 0.3" quat="1 0.2 0.3 0.4"
  double size[3], pos[3], quat[4], mass;
};
const Case cases[] = {
    {false, "tet", "sphere", false, {0.064920668, 0, 0}, {0.025, 0.050000001, 0.075000003}, {0.9729071, 0.15229176, -0.068012089, 0.16010422}, 1.1461397},
    {false, "tet", "capsule", true, {0.067473525, 0.12345919, 0}, {0.13313954, 0.24302326, 0.37616279}, {0.79135868, 0.3716465, 0.22253916, 0.43140079}, 4.8183226},
    {false, "tet", "ellipsoid", true, {0.038999145, 0.095947904, 0.15719596}, {0.13313954, 0.24302326, 0.37616279}, {0.79135868, 0.3716465, 0.22253916, 0.43140079}, 2.4638857},
    {false, "tet", "cylinder", true, {0.067473525, 0.15719596, 0}, {0.13313954, 0.24302326, 0.37616279}, {0.79135868, 0.3716465, 0.22253916, 0.43140079}, 4.4966391},
    {false, "tet", "box", false, {0.02599943, 0.063965269, 0.1047973}, {0.025, 0.050000001, 0.075000003}, {0.9729071, 0.15229176, -0.068012089, 0.16010422}, 1.3942741},
    {false, "shell", "sphere", false, {0.082687659, 0, 0}, {0.022222223, 0.055555556, 0.088888893}, {0.96973856, 0.16670538, -0.067822319, 0.16497445}, 2.3681582},
    {false, "shell", "capsule", true, {0.085670427, 0.1579184, 0}, {0.13669251, 0.24315246, 0.39095608}, {0.78426552, 0.3849986, 0.22608792, 0.43079917}, 9.9161905},
    {false, "shell", "ellipsoid", true, {0.050179961, 0.12116089, 0.20075361}, {0.13669251, 0.24315246, 0.39095608}, {0.78426552, 0.3849986, 0.22608792, 0.43079917}, 5.1126347},
    {false, "shell", "cylinder", true, {0.085670427, 0.20075361, 0}, {0.13669251, 0.24315246, 0.39095608}, {0.78426552, 0.3849986, 0.22608792, 0.43079917}, 9.2577426},
    {false, "shell", "box", false, {0.033453308, 0.080773929, 0.13383574}, {0.022222223, 0.055555556, 0.088888893}, {0.96973856, 0.16670538, -0.067822319, 0.16497445}, 2.8931594},
    {false, "wedge", "sphere", false, {0.077088184, 0, 0}, {0.13333334, -0.050000001, 0.016666667}, {0, 0.7290789, 0, 0.68442966}, 1.9188987},
    {false, "wedge", "capsule", true, {0.050732129, 0.2200665, 0}, {0.21782946, 0.25852713, 0.24302325}, {-0.36942632, 0.82270019, 0.13624593, 0.41003126}, 4.1057083},
    {false, "wedge", "ellipsoid", true, {0.026464258, 0.075000001, 0.24543257}, {0.21782946, 0.25852713, 0.24302325}, {-0.36942632, 0.82270019, 0.13624593, 0.41003126}, 2.0405244},
    {false, "wedge", "cylinder", true, {0.050732129, 0.24543257, 0}, {0.21782946, 0.25852713, 0.24302325}, {-0.36942632, 0.82270019, 0.13624593, 0.41003126}, 3.9689739},
    {false, "wedge", "box", false, {0.017642839, 0.050000001, 0.16362171}, {0.13333334, -0.050000001, 0.016666667}, {0, 0.7290789, 0, 0.68442966}, 1.1547006},
    {true, "tet", "sphere", false, {0.17346543, 0, 0}, {0.010490372, 0.045151591, 0.13245265}, {0.9729071, 0.15229176, -0.068012089, 0.16010422}, 21.863889},
    {true, "tet", "capsule", true, {0.16027079, 0.099927353, 0}, {0.16065761, 0.22220437, 0.42457944}, {0.79135868, 0.3716465, 0.22253916, 0.43140079}, 33.372267},
    {true, "tet", "ellipsoid", true, {0.07046115, 0.16027079, 0.26019814}, {0.16065761, 0.22220437, 0.42457944}, {0.79135868, 0.3716465, 0.22253916, 0.43140079}, 12.308267},
    {true, "tet", "cylinder", true, {0.16027079, 0.26019814, 0}, {0.16065761, 0.22220437, 0.42457944}, {0.79135868, 0.3716465, 0.22253916, 0.43140079}, 41.99454},
    {true, "tet", "box", false, {0.0469741, 0.10684719, 0.17346543}, {0.010490372, 0.045151591, 0.13245265}, {0.9729071, 0.15229176, -0.068012089, 0.16010422}, 6.9650545},
    {true, "shell", "sphere", false, {0.17485276, 0, 0}, {0.011127472, 0.041339636, 0.12922712}, {0.96973856, 0.16670538, -0.067822319, 0.16497445}, 22.39268},
    {true, "shell", "capsule", true, {0.15919109, 0.10308804, 0}, {0.16115687, 0.22042885, 0.41989552}, {0.78426552, 0.3849986, 0.22608792, 0.43079917}, 33.312799},
    {true, "shell", "ellipsoid", true, {0.070227536, 0.15919109, 0.26227914}, {0.16115687, 0.22042885, 0.41989552}, {0.78426552, 0.3849986, 0.22608792, 0.43079917}, 12.282267},
    {true, "shell", "cylinder", true, {0.15919109, 0.26227914, 0}, {0.16115687, 0.22042885, 0.41989552}, {0.78426552, 0.3849986, 0.22608792, 0.43079917}, 41.761985},
    {true, "shell", "box", false, {0.046818357, 0.10612739, 0.17485276}, {0.011127472, 0.041339636, 0.12922712}, {0.96973856, 0.16670538, -0.067822319, 0.16497445}, 6.9503415},
    {true, "wedge", "sphere", false, {0.20117909, 0, 0}, {0.19920338, -0.050000001, 0.012402746}, {0, 0.7290789, 0, 0.68442966}, 34.1065},
    {true, "wedge", "capsule", true, {0.075000001, 0.22676864, 0}, {0.2556564, 0.30603307, 0.21715143}, {-0.36942632, 0.82270019, 0.13624593, 0.41003126}, 9.7818115},
    {true, "wedge", "ellipsoid", true, {0.037425242, 0.075000001, 0.30176864}, {0.2556564, 0.30603307, 0.21715143}, {-0.36942632, 0.82270019, 0.13624593, 0.41003126}, 3.5480408},
    {true, "wedge", "cylinder", true, {0.075000001, 0.30176864, 0}, {0.2556564, 0.30603307, 0.21715143}, {-0.36942632, 0.82270019, 0.13624593, 0.41003126}, 10.665384},
    {true, "wedge", "box", false, {0.024950162, 0.050000001, 0.20117909}, {0.19920338, -0.050000001, 0.012402746}, {0, 0.7290789, 0, 0.68442966}, 2.0077804},
};

// MuJoCo keeps vertices and sizes in single precision; moments of a shell of thin triangles lose most.
constexpr double tolerance = 2e-6;

}  // namespace

TEST_CASE("a primitive is fitted to a mesh as MuJoCo does it") {
  for (const Case& c : cases) {
    CAPTURE(c.bounds);
    CAPTURE(c.mesh);
    CAPTURE(c.type);
    std::vector<Diagnostic> report;
    auto m = compiled(c.bounds ? "fitaabb='true'" : "fitaabb='false'", std::string("type='") + c.type + "' mesh='" + c.mesh + "'" +
                      (c.placed ? " fitscale='1.5' pos='0.1 0.2 0.3' quat='1 0.2 0.3 0.4'" : ""), &report);
    REQUIRE(m);
    for (int k = 0; k < 3; ++k) CHECK(std::abs(m->geom_size[k] - c.size[k]) <= tolerance);
    for (int k = 0; k < 3; ++k) CHECK(std::abs(m->geom_pos[k] - c.pos[k]) <= tolerance);
    double along = 0;                  // a quaternion and its negative are one orientation
    for (int k = 0; k < 4; ++k) along += m->geom_quat[k] * c.quat[k];
    CHECK(std::abs(std::abs(along) - 1) <= tolerance);
    CHECK(std::abs(m->body_mass[1] / c.mass - 1) <= 20 * tolerance);
    CHECK(m->mesh_count == 0);
    CHECK(std::count_if(report.begin(), report.end(), [](const Diagnostic& d) { return d.code == "fitted-geom"; }) == 1);
  }
}

TEST_CASE("what cannot be fitted is refused, where it stands") {
  auto flat = compiled("angle='degree'", "type='box' mesh='flat'");
  REQUIRE_FALSE(flat);
  CHECK(flat.errors()[0].place.line == 1);
  CHECK(flat.errors()[0].message.find("geom 'g'") != std::string::npos);
  CHECK_FALSE(compiled("angle='degree'", "type='plane' mesh='tet'"));
}
