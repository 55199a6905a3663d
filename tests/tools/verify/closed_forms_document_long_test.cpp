// The section of docs/verification.md that `nuri verify --markdown` writes is up to date, and everything judged in it holds.
#include <doctest/doctest.h>
#include <fstream>
#include "tools/verify/report.h"

using namespace nuri;
using namespace nuri::verify;

TEST_CASE("verify: docs/verification.md is what nuri verify --markdown writes") {
  std::ifstream in("docs/verification.md", std::ios::binary);
  const std::string written{std::istreambuf_iterator<char>(in), {}};
  REQUIRE(!written.empty());
  std::vector<Outcome> outcomes[2];
  for (const Precision p : {Precision::f64, Precision::f32}) {
    Stepped engine(p);
    for (const Case& c : cases())
      for (const Outcome& o : run(engine, c, p)) {
        INFO(o.row->id << " " << o.why);
        CHECK(o.verdict != Verdict::failed);
        outcomes[p == Precision::f32].push_back(o);
      }
  }
  std::string document = written;
  REQUIRE(put_section(document, markdown(outcomes[0], outcomes[1])));
  size_t at = 0;
  while (at < written.size() && at < document.size() && written[at] == document[at]) ++at;
  INFO("differs at: " << document.substr(document.rfind('\n', at) + 1, 160));
  CHECK(document == written);
}
