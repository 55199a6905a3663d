#include "tools/editor/workbench/history.h"

#include <doctest/doctest.h>
#include "tests/tools/editor/little_scene.h"

using namespace nuri;
using namespace nuri::editor;

TEST_CASE("history: memory stays within its bound, thinned before it is shortened, and what was changed by hand is kept") {
  auto loaded = session::load((test::little_folder("history") / "little.yaml").string());
  REQUIRE(loaded);
  auto made = session::Session::create(std::move(*loaded), {.environments = 2, .backend = "cpu", .threads = 1});
  REQUIRE(made);
  session::Session& session = **made;
  const int everyone[] = {0, 1};
  const size_t one = session.save(everyone).bytes();
  constexpr size_t room = 20;                    // states
  History history(room * one + one / 2);
  history.begin(session, {}, 1);
  uint64_t oldest_at_last = 0;
  for (int i = 1; i <= 1000; ++i) {
    session.step(2);
    history.record(session, {}, 1, i == 333);
    CHECK(history.bytes() <= room * one + one / 2);
    CHECK(history.newest() == session.substep());
    if (i <= int(room * History::most_stride) / 2) CHECK(history.oldest() == 0);
    const auto* const moment = history.at_or_before(session.substep());
    REQUIRE(moment);
    CHECK(session.substep() - moment->substep() < 2 * History::most_stride);
    if (i == 500) CHECK(history.at_or_before(2 * 334)->substep() == 2 * 333);
    CHECK(history.oldest() >= oldest_at_last);
    oldest_at_last = history.oldest();
  }
  CHECK(history.oldest() > 0);
  CHECK(history.kept() <= room);
  CHECK(history.kept() > room / 3);
  CHECK(1000 - history.oldest() / 2 >= room / 2 * History::most_stride);

  // what was held, by substep
  const Hold a{0, 1, {}, {}}, b{0, 2, {}, {}};
  history.hold(100, a);
  history.hold(104, a);
  history.hold(110, b);
  history.hold(120, std::nullopt);
  CHECK(!history.held(99));
  CHECK(history.held(109) == a);
  CHECK(history.held(110) == b);
  CHECK(!history.held(1000));
  history.forget_after(115);
  CHECK(history.held(1000) == b);
}
