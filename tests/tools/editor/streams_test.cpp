// What the editor shows of cameras and lidars is what a policy gets, of the state that is shown.
#include "tools/editor/workbench/streams.h"
#include <cmath>
#include "engine/model/pairs.h"
#include "tests/tools/editor/little_scene.h"

using namespace nuri;
using namespace nuri::editor;
namespace output = scene::eye_output;

namespace {

// Control steps are 4 ms. `late` and `twin` are one camera, with and without latency.
const char* const eyes_text = R"(
cameras:
  - {name: side, position: [0.4, -2, 0.6], look_at: [0.4, 0, 0.2], size: [32, 24], outputs: [rgb, depth, geom, body, class, normal],
     noise: {colour: 0.02, range: [0.01]}}
  - {name: late, position: [-1.2, -1.5, 0.7], look_at: [0, 0, 0.45], size: [24, 16], outputs: [depth], rate: 62.5, latency: 0.008}
  - {name: twin, position: [-1.2, -1.5, 0.7], look_at: [0, 0, 0.45], size: [24, 16], outputs: [depth]}
lidars:
  - {name: scan, body: cart/cart, position: [0, 0, 0.02], rows: 8, columns: 90, vertical: [-40, 10], near: 0.2, far: 20,
     outputs: [range, geom], latency: 0.008}
labels:
  - {class: 3, name: crate, bodies: box/box}
)";

std::filesystem::path folder_with_eyes(const std::string& name) {
  const auto folder = test::little_folder(name);
  test::write(folder / "little.yaml", test::scene_text + std::string(eyes_text));
  return folder;
}

int eye(const Streams& streams, const std::string& name) {
  for (size_t i = 0; i < streams.eyes().size(); ++i)
    if (streams.eyes()[i].name == name) return int(i);
  FAIL("no eye " << name);
  return -1;
}

std::string bits(const session::EyeInfo& info, uint32_t which, const void* data) {
  REQUIRE(data);
  return {static_cast<const char*>(data), session::picture_bytes(info, which)};
}
std::string bits(const Streams& streams, const std::string& name, uint32_t which) {
  const int i = eye(streams, name);
  return bits(streams.eyes()[size_t(i)], which, streams.data(i, which));
}

}  // namespace

TEST_CASE("streams: every picture has the bits that a policy gets, at the scene's rates and latencies") {
  const auto folder = folder_with_eyes("streams");
  Workbench bench(test::options());
  test::open(bench, (folder / "little.yaml").string());
  bench.focus = 1;
  Streams& streams = bench.streams();
  streams.follow(true, 0);
  for (const Diagnostic& d : streams.errors()) MESSAGE(to_string(d));
  REQUIRE(streams.eyes().size() == 4);
  CHECK(!streams.of_model());

  auto loaded = session::load((folder / "little.yaml").string());
  REQUIRE(loaded);
  WorldOptions options = test::options(3).world;
  options.seed = loaded->settings.seed;
  auto policy = session::Session::create(std::move(*loaded), options);
  REQUIRE(policy);
  auto eyes = session::Eyes::make(**policy);     // of all environments
  REQUIRE(eyes);
  (*eyes)->look();
  std::string before;
  int changes = 0;
  for (int step = 0; step < 12; ++step) {
    CAPTURE(step);
    for (int i = 0; i < 4; ++i)
      for (uint32_t bit = 1; bit <= output::all; bit <<= 1)
        if (const session::EyeInfo& info = streams.eyes()[size_t(i)]; info.outputs & bit) {
          CAPTURE(info.name);
          CAPTURE(bit);
          CHECK(bits(info, bit, streams.data(i, bit)) == bits(info, bit, (*eyes)->picture(i, 1, bit)));
        }
    changes += std::exchange(before, bits(streams, "late", output::depth)) != before;
    bench.step_forward();
    streams.follow(true, 0.01 * step);
    (*policy)->step((*policy)->settings().substeps);
    (*eyes)->look();
  }
  CHECK(changes == 3);                           // the first, and two that came after it
}

TEST_CASE("streams: after a step back, a reset or a joint set the pictures are of the state that is shown") {
  Workbench bench(test::options());
  test::open(bench, (folder_with_eyes("streams_back") / "little.yaml").string());
  Streams& streams = bench.streams();
  bench.focus = 2;
  streams.follow(true, 0);
  std::vector<std::string> seen, coloured;
  for (int step = 0; step <= 40; ++step) {
    seen.push_back(bits(streams, "twin", output::depth));
    coloured.push_back(bits(streams, "side", output::rgb));
    bench.step_forward();
    streams.follow(true, 0);
  }
  CHECK(seen[40] != seen[0]);
  CHECK(bits(streams, "late", output::depth) != bits(streams, "twin", output::depth));
  for (const int step : {40, 39, 12}) {
    CAPTURE(step);
    if (step == 12) bench.go_to(12 * 0.004);
    else REQUIRE(bench.step_back());
    streams.follow(true, 0);
    CHECK(bits(streams, "twin", output::depth) == seen[size_t(step)]);
    CHECK(bits(streams, "late", output::depth) == seen[size_t(step)]);   // delivered at once
    CHECK(bits(streams, "side", output::rgb) == coloured[size_t(step)]); // noise goes by the step
  }
  bench.reset();
  streams.follow(true, 0);
  CHECK(bits(streams, "late", output::depth) == seen[0]);
  const uint64_t version = streams.version();
  streams.follow(true, 0);
  CHECK(streams.version() == version);           // nothing new, nothing looked at
  const model::Model& m = bench.session().model();
  bench.set_joint(test::index_of(m.joint_name, "cart/rail"), 0, 0.2);
  streams.follow(true, 0);
  CHECK(bits(streams, "twin", output::depth) != seen[0]);
  CHECK(bits(streams, "late", output::depth) == bits(streams, "twin", output::depth));
  REQUIRE(bench.undo());
  streams.follow(true, 0);
  CHECK(bits(streams, "twin", output::depth) == seen[0]);
}

TEST_CASE("streams: nobody wants them, nothing is looked at; another focus, another scene are followed") {
  const auto folder = folder_with_eyes("streams_idle");
  Workbench bench(test::options());
  Streams& streams = bench.streams();
  streams.follow(true, 0);                       // nothing is open
  CHECK(streams.eyes().empty());
  test::open(bench, (folder / "little.yaml").string());
  streams.follow(false, 0);
  bench.step_forward();
  CHECK(streams.eyes().empty());
  streams.follow(true, 0);
  const uint64_t version = streams.version();
  const std::string first = bits(streams, "side", output::rgb);
  streams.follow(false, 0);
  for (int i = 0; i < 50; ++i) bench.step_forward();
  CHECK(streams.version() == version);
  CHECK(bits(streams, "side", output::rgb) == first);
  streams.follow(true, 0);
  CHECK(bits(streams, "side", output::rgb) != first);
  const std::string zero = bits(streams, "side", output::rgb);
  bench.focus = 1;
  streams.follow(true, 0);
  CHECK(bits(streams, "side", output::rgb) != zero);   // its own noise, for one
  bench.focus = 0;
  streams.follow(true, 0);
  CHECK(bits(streams, "side", output::rgb) == zero);
  CHECK(streams.data(99, output::rgb) == nullptr);
  CHECK(streams.data(-1, output::rgb) == nullptr);
  CHECK(streams.data(0, output::intensity) == nullptr);
  CHECK(streams.image(0, output::intensity).empty());
  CHECK(streams.image(0, output::rgb).size() == 4 * 32 * 24);

  test::write(folder / "blind.yaml", test::scene_text);
  test::open(bench, (folder / "blind.yaml").string());
  CHECK(streams.eyes().empty());                 // at once: the session that they looked at is gone
  streams.follow(true, 0);
  REQUIRE(!streams.errors().empty());
  CHECK(streams.errors().front().code == "no-eyes");
  std::string text = test::cart_text;
  text.replace(text.find("<body name=\"cart\""), 0, "<camera name=\"high\" pos=\"0 0 3\"/>");
  test::write(folder / "cart.xml", text);
  test::open(bench, (folder / "blind.yaml").string());
  streams.follow(true, 0);
  CHECK(streams.errors().empty());
  CHECK(streams.of_model());
  REQUIRE(streams.eyes().size() == 1);
  CHECK(streams.data(0, output::rgb));
}

TEST_CASE("streams: what stands under a pixel is named") {
  Workbench bench(test::options());
  test::open(bench, (folder_with_eyes("streams_names") / "little.yaml").string());
  Streams& streams = bench.streams();
  streams.follow(true, 0);
  const model::Model& m = bench.session().model();
  const int side = eye(streams, "side"), box = test::index_of(m.geom_name, "box/box");
  const auto* geoms = static_cast<const int32_t*>(streams.data(side, output::geom));
  const auto* depths = static_cast<const float*>(streams.data(side, output::depth));
  bool boxes = false, sky = false;
  for (int row = 0; row < 24; ++row)
    for (int column = 0; column < 32; ++column) {
      const size_t at = size_t(row * 32 + column);
      if (geoms[at] == box) {
        boxes = true;
        CHECK(streams.under(side, output::geom, column, row) == "geom box/box");
        CHECK(streams.under(side, output::body, column, row) == "body box/box");
        CHECK(streams.under(side, output::label, column, row) == "class 3 crate");
        CHECK(std::stof(streams.under(side, output::depth, column, row)) == doctest::Approx(depths[at]).epsilon(1e-3));
        CHECK(streams.under(side, output::depth, column, row).ends_with(" m"));
      } else if (geoms[at] < 0) {
        sky = true;
        CHECK(streams.under(side, output::geom, column, row) == "nothing");
        CHECK(streams.under(side, output::depth, column, row) == "nothing");
      }
      const auto* rgb = static_cast<const uint8_t*>(streams.data(side, output::rgb)) + 3 * at;
      const std::string colour = std::to_string(rgb[0]) + ' ' + std::to_string(rgb[1]) + ' ' + std::to_string(rgb[2]);
      CHECK(streams.under(side, output::rgb, column, row) == colour);
    }
  CHECK(boxes);
  CHECK(sky);
  for (const auto& [column, row] : {std::pair{-1, 0}, {0, -1}, {32, 0}, {0, 24}})
    CHECK(streams.under(side, output::rgb, column, row).empty());
}

TEST_CASE("streams: a lidar's points lie on what they met, though the lidar has moved on since") {
  Workbench bench(test::options(1));
  test::open(bench, (folder_with_eyes("streams_cloud") / "little.yaml").string());
  Streams& streams = bench.streams();
  const model::Model& m = bench.session().model();
  bench.set_joint(test::index_of(m.joint_name, "cart/rail"), 0, -0.3);
  bench.session().world().set(StateField::qvel, 0, m.joint_dof[test::index_of(m.joint_name, "cart/rail")], 1.5);   // 6 mm in a control step
  streams.follow(true, 0);
  for (int step = 0; step < 20; ++step) {
    CAPTURE(step);
    bench.step_forward();
    streams.follow(true, 0);
    const auto* geoms = static_cast<const int32_t*>(streams.data(eye(streams, "scan"), output::geom));
    const auto* ranges = static_cast<const float*>(streams.data(eye(streams, "scan"), output::range));
    const auto dots = streams.cloud(eye(streams, "scan"));
    size_t dot = 0;
    int shelf = 0, ground = 0;
    for (int i = 0; i < 8 * 90; ++i) {
      if (!(ranges[i] > 0)) continue;
      REQUIRE(dot < dots.size());
      const auto& at = dots[dot++].at;
      const int g = geoms[i];
      if (m.geom_type[g] == model::geom_plane) {
        ++ground;
        CHECK(std::abs(at[2]) < 1e-4);
      } else if (m.geom_name[g].empty() && m.geom_body[g] == 0) {   // of the shelf: boxes that stand still, turned about z
        ++shelf;
        const double w = m.geom_quat[4 * g], z = m.geom_quat[4 * g + 3], c = w * w - z * z, s = 2 * w * z;
        const double x = at[0] - m.geom_pos[3 * g], y = at[1] - m.geom_pos[3 * g + 1];
        const double inside[] = {c * x + s * y, c * y - s * x, at[2] - m.geom_pos[3 * g + 2]};
        double out = -1e9;                       // of the nearest face
        for (int k = 0; k < 3; ++k) out = std::max(out, std::abs(inside[k]) - m.geom_size[3 * g + k]);
        CHECK(std::abs(out) < 1e-4);
      }
    }
    CHECK(dot == dots.size());
    CHECK(ground > 50);
    CHECK(shelf > 5);
  }
  CHECK(streams.cloud(eye(streams, "side")).empty());
}

TEST_CASE("streams: rates are over the last two seconds of the clock") {
  Workbench bench(test::options());
  test::open(bench, (folder_with_eyes("streams_rates") / "little.yaml").string());
  Streams& streams = bench.streams();
  for (int frame = 0; frame <= 160; ++frame) {
    streams.follow(true, 0.02 * frame);
    for (int step = 0; step < 4; ++step) bench.step_forward();
  }
  const int side = eye(streams, "side"), late = eye(streams, "late");
  CHECK(streams.pictures_per_second(side) == doctest::Approx(200));
  CHECK(streams.pictures_per_second(late) == doctest::Approx(50));
  CHECK(streams.bytes_per_second(side, output::rgb) == doctest::Approx(200 * 32 * 24 * 3));
  CHECK(streams.bytes_per_second(late, output::depth) == doctest::Approx(50 * 24 * 16 * 4));
  CHECK(streams.seconds_per_picture() > 0);
  CHECK(streams.share_of_time() > 0);
  for (int frame = 161; frame <= 280; ++frame) streams.follow(true, 0.02 * frame);   // time stands still
  CHECK(streams.pictures_per_second(side) == 0);
}

TEST_CASE("streams: of environments with different models each has its own") {
  Workbench bench(test::options(6));
  test::open(bench, "scenes/fleet.yaml");
  auto eyes = session::Eyes::make(bench.session());
  REQUIRE(eyes);
  (*eyes)->look();
  int pictures = 0, blind = 0;
  for (int e = 0; e < 6; ++e) {
    bench.focus = e;
    bench.streams().follow(true, 0);
    REQUIRE(bench.streams().eyes().size() == (*eyes)->eyes().size());
    for (size_t i = 0; i < (*eyes)->eyes().size(); ++i)
      for (uint32_t bit = 1; bit <= output::all; bit <<= 1) {
        const session::EyeInfo& info = (*eyes)->eyes()[i];
        if (!(info.outputs & bit)) continue;
        const void* all = (*eyes)->picture(int(i), e, bit);
        CHECK((all == nullptr) == (bench.streams().data(int(i), bit) == nullptr));
        blind += !all;
        if (!all) continue;
        CHECK(bits(info, bit, bench.streams().data(int(i), bit)) == bits(info, bit, all));
        ++pictures;
      }
  }
  CHECK(pictures >= 3);
  CHECK(blind >= 3);                             // a robot that does not carry that camera
}
