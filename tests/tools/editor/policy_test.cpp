#include <doctest/doctest.h>
#include "tests/tools/editor/little_scene.h"
#include "tests/tools/session/policy_text.h"

using namespace nuri;
using namespace nuri::editor;
namespace fs = std::filesystem;

namespace {

// Pushes the cart.
std::string cart_policy(int substeps = 2, const std::string& scale = "1") {
  test::PolicyText p;
  p.inputs = R"([{"kind": "position", "names": ["cart/*"]}, {"kind": "velocity", "names": ["cart/*"]}, {"kind": "action"}, {"kind": "command"}])";
  p.outputs = R"([{"actuators": ["cart/push"], "map": "range", "scale": )" + scale + "}]";
  p.widths = {6, 8, 1};
  p.activations = {"tanh", "none"};
  p.command = "[0.5]";
  p.substeps = substeps;
  return p.text();
}

double control(Workbench& bench, int environment = 0) { return bench.session().world().get(StateField::ctrl, environment, 0); }

}  // namespace

TEST_CASE("workbench: a policy drives from where the scene is, and the scene without it goes on from there") {
  const auto folder = test::little_folder("policy");
  test::write(folder / "push.policy", cart_policy());
  Workbench bench(test::options());
  CHECK_FALSE(bench.open_policy((folder / "push.policy").string()));
  CHECK(bench.errors().front().code == "nothing-open");
  test::open(bench, (folder / "little.yaml").string());
  for (int i = 0; i < 20; ++i) bench.step_forward();
  const uint64_t before = test::hash(bench);
  REQUIRE(bench.open_policy((folder / "push.policy").string()));
  REQUIRE(bench.policy());
  CHECK(test::hash(bench) == before);
  CHECK(bench.time() == doctest::Approx(0.08));
  CHECK_FALSE(bench.changed());
  for (int i = 0; i < 20; ++i) bench.step_forward();
  const uint64_t driven = test::hash(bench);

  // time: back and forth with the same bits, last actions included
  for (int i = 0; i < 13; ++i) CHECK(bench.step_back());
  CHECK(test::hash(bench) != driven);
  for (int i = 0; i < 13; ++i) bench.step_forward();
  CHECK(test::hash(bench) == driven);

  // without it the sine of the scene drives
  REQUIRE(bench.open_policy(""));
  CHECK(!bench.policy());
  CHECK(test::hash(bench) == driven);
  const double last = control(bench);
  bench.step_forward();
  CHECK(control(bench) != last);
}

TEST_CASE("workbench: a policy's switch and its command are changes that can be undone") {
  const auto folder = test::little_folder("policy_changes");
  test::write(folder / "push.policy", cart_policy());
  Workbench bench(test::options());
  test::open(bench, (folder / "little.yaml").string());
  REQUIRE(bench.open_policy((folder / "push.policy").string()));
  for (int i = 0; i < 10; ++i) bench.step_forward();
  const uint64_t begin = test::hash(bench);
  for (int i = 0; i < 30; ++i) bench.step_forward();
  const uint64_t as_trained = test::hash(bench);
  CHECK(bench.step_back());
  bench.go_to(0.04);
  CHECK(test::hash(bench) == begin);

  for (const double value : {0.6, 0.8, 0.9}) bench.set_command(0, value);   // one gesture
  bench.end_gesture();
  CHECK(bench.entries().size() == 1);
  CHECK(bench.entries()[0].what == "command 0: 0.5 to 0.9");
  bench.set_command(1, 3);                       // there is none
  CHECK(bench.entries().size() == 1);
  for (int i = 0; i < 30; ++i) bench.step_forward();
  const uint64_t told = test::hash(bench);
  CHECK(told != as_trained);
  bench.go_to(0.06);                             // the past after the change is computed with the command that it had
  for (int i = 0; i < 25; ++i) bench.step_forward();
  CHECK(test::hash(bench) == told);

  bench.set_policy_on(false);
  CHECK(bench.entries().back().what == "policy off");
  const double sine = control(bench);
  bench.step_forward();
  CHECK(control(bench) != sine);                 // the scene's controls are its own again
  bench.set_control(0, 2);
  CHECK(bench.undo());
  CHECK(bench.undo());                           // on again
  CHECK(bench.policy()->on());
  CHECK(test::hash(bench) == told);
  CHECK(bench.undo());
  CHECK(bench.policy()->command()[0] == 0.5f);
  CHECK(test::hash(bench) == begin);
  for (int i = 0; i < 30; ++i) bench.step_forward();
  CHECK(test::hash(bench) == as_trained);
}

TEST_CASE("workbench: a policy brings its control steps, comes back when its file changes, and is refused when it is for another robot") {
  const auto folder = test::little_folder("policy_files");
  const std::string path = (folder / "push.policy").string();
  test::write(path, cart_policy(3));
  Workbench bench(test::options());
  test::open(bench, (folder / "little.yaml").string());
  REQUIRE(bench.open_policy(path));
  CHECK(bench.session().settings().substeps == 3);
  bench.step_forward();
  CHECK(bench.session().substep() == 3);

  // a better one is exported over it
  const uint64_t hash = bench.policy()->file().hash;
  test::write(path, cart_policy(3, "0.25"));
  REQUIRE(bench.open((folder / "little.yaml").string()));
  CHECK(bench.policy()->file().hash != hash);
  test::write(path, "{");
  CHECK_FALSE(bench.open((folder / "little.yaml").string()));
  CHECK(bench.errors().front().code == "bad-json");
  REQUIRE(bench.policy());                       // what was open goes on
  bench.step_forward();

  std::string other = cart_policy();
  other.replace(other.find("cart/push"), 9, "leg/thigh");
  test::write(folder / "other.policy", other);
  CHECK_FALSE(bench.open_policy((folder / "other.policy").string()));
  CHECK(bench.errors().front().code == "unknown-name");
  CHECK(bench.policy()->file().path == path);
  test::open(bench, (folder / "cart.xml").string());
  CHECK(!bench.policy());                        // another scene comes without one
}
