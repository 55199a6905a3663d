// Reports are read back by readers of JSON and XML, with names that try to break out of them.
#include "tools/regress/report.h"
#include <doctest/doctest.h>
#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <pugixml.hpp>
#include <random>
#include <set>

using namespace nuri;
using namespace nuri::regress;

namespace {

const std::string hostile = "</script><script>alert(1)</script><img src=x onerror='alert(2)'>\"&amp;]]>\x1b[31m\x01\xff{}";

shape::Pixels picture(uint32_t width, uint32_t height) {
  shape::Pixels out{width, height, 3, 8, std::vector<unsigned char>(size_t(width) * height * 3)};
  for (size_t i = 0; i < out.bytes.size(); ++i) out.bytes[i] = uint8_t(i * 37);
  return out;
}

// A crate that comes to rest 2 mm too high, and one that does not.
CaseResult failed_case() {
  CaseResult out;
  out.name = "boxes[float,8]", out.script = "scenes/regress/boxes.yaml", out.place = {"scenes/regress/boxes.yaml", 1, 1}, out.tags = {"contact", "quick"};
  out.outcome = CaseResult::failed, out.reason = "left_1/crate position z: missed by 0.0021 m";
  out.seconds_wall = 1.25, out.seconds_simulated = 4, out.steps = 16000, out.backend = "cpu, AVX2, 8 environments per pack, 2 threads", out.state_hash = "9c80e53f8aee546a";
  Check bad;
  bad.name = "left_1/crate position z", bad.what = "at 4 s, within 0.005 m of 0.2 m";
  bad.value = 0.2071, bad.bound = 0.205, bad.margin = -0.0021, bad.unit = "m", bad.time = 4, bad.environment = 3;
  bad.detail = "lower body: floor\nhigher body: left_2/crate", bad.place = {"scenes/regress/boxes.yaml", 12, 5};
  Series series{"z", "m", {}, 0.195, 0.205, 2, 4};
  for (int i = 0; i <= 400; ++i) series.samples.push_back({i * 0.01, 0.2 + (i < 300 ? 0.0001 * (i % 7) : 0.0071)});
  bad.series.push_back(series);
  bad.images = {{"expected", picture(8, 6)}, {"actual", picture(8, 6)}};
  Check good;
  good.name = "no faults", good.what = "0", good.passed = true;
  out.checks = {bad, good};
  return out;
}

Results example() {
  Results out;
  out.seconds_wall = 3.5;
  CaseResult passed;
  passed.name = "cartpole", passed.script = "scenes/regress/cartpole.yaml", passed.outcome = CaseResult::passed, passed.seconds_wall = 0.5;
  passed.findings = {{Severity::note, "mass-from-geoms", "mass 6 kg", "", {"crate.xml", 6, 5}, "", {}, {}}};
  CaseResult error;
  error.name = "odd", error.script = "scenes/regress/odd.yaml", error.outcome = CaseResult::error, error.reason = "unknown key 'sceen'";
  error.findings = {{Severity::error, "unknown-key", "unknown key 'sceen'", "did you mean 'scene'?", {"scenes/regress/odd.yaml", 1, 1}, "", {}, {}}};
  CaseResult skipped;
  skipped.name = "boxes[cuda]", skipped.script = "scenes/regress/boxes.yaml", skipped.outcome = CaseResult::skipped, skipped.reason = "no CUDA device";
  out.cases = {passed, skipped, error, failed_case()};
  return out;
}

// Every text of `results` becomes `words`.
void rename(Results& results, const std::function<std::string()>& words) {
  for (CaseResult& c : results.cases) {
    c.name = words(), c.script = words(), c.place.file = words(), c.reason = words(), c.backend = words(), c.state_hash = words();
    for (std::string& tag : c.tags) tag = words();
    for (Diagnostic& finding : c.findings) finding.message = words(), finding.hint = words(), finding.place.file = words(), finding.element = words();
    for (Check& check : c.checks) {
      check.name = words(), check.what = words(), check.unit = words(), check.detail = words(), check.place.file = words();
      for (Series& series : check.series) series.name = words(), series.unit = words();
      for (NamedImage& image : check.images) image.name = words();
    }
  }
}

// A page or a suite, as a strict reader sees it; every element and attribute that there is.
struct Tree {
  pugi::xml_document document;
  std::map<std::string, std::set<std::string>> elements;
  explicit Tree(const std::string& content) {
    const pugi::xml_parse_result result = document.load_buffer(content.data(), content.size(), pugi::parse_default | pugi::parse_ws_pcdata);
    INFO(result.description(), " at ", content.substr(size_t(std::max<ptrdiff_t>(result.offset - 60, 0)), 120));
    REQUIRE(result);
    walk(document);
  }
  void walk(const pugi::xml_node& node) {
    for (const pugi::xml_node& child : node) {
      if (child.type() != pugi::node_element) continue;
      std::set<std::string>& attributes = elements[child.name()];
      for (const pugi::xml_attribute& attribute : child.attributes()) attributes.insert(attribute.name());
      walk(child);
    }
  }
  std::vector<pugi::xml_node> all(const std::string& query) const {
    std::vector<pugi::xml_node> out;
    for (const pugi::xpath_node& node : document.select_nodes(query.c_str())) out.push_back(node.node());
    return out;
  }
};

std::string decoded(const std::string& text) {
  static const std::string digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  uint32_t bits = 0;
  int held = 0;
  for (const char c : text) {
    if (c == '=') break;
    bits = bits << 6 | uint32_t(digits.find(c)), held += 6;
    if (held >= 8) held -= 8, out += char(bits >> held & 255);
  }
  return out;
}

}  // namespace

TEST_CASE("text of strangers is UTF-8 without control characters") {
  CHECK(report::text("a\xc3\xa9\xe2\x9c\x93\xf0\x9f\x99\x82\tb\nc") == "a\xc3\xa9\xe2\x9c\x93\xf0\x9f\x99\x82\tb\nc");
  CHECK(report::text("\x1b[31m") == "\xEF\xBF\xBD[31m");
  CHECK(report::text(std::string("a\0b", 3)) == "a\xEF\xBF\xBD" "b");
  CHECK(report::text("a\r\nb\rc") == "a\nb\xEF\xBF\xBD" "c");
  for (const char* bad : {"\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xf8", "\xc3", "\xe2\x9c", "\xef\xbf\xbf", "\xc2\x85"}) {
    CAPTURE(bad);
    for (const char c : std::string("\xc0\x80\xe0\xed\xa0\xf4\x90\xf8\xbe\x85")) CHECK(report::text(bad).find(std::string(1, c) + "\xEF") == std::string::npos);
    CHECK(report::text(bad).substr(0, 3) == "\xEF\xBF\xBD");
  }
  CHECK(report::line("a\nb\n") == "a b");
  CHECK(report::markup("<a b='c'>&\"") == "&lt;a b=&#39;c&#39;&gt;&amp;&quot;");
}

TEST_CASE("numbers as people read them") {
  CHECK(report::quantity(0.2071, "m") == "0.2071 m");
  CHECK(report::quantity(-0.0, "") == "0");
  CHECK(report::number(std::nan("")) == "nan");
  CHECK(report::seconds(0.1234) == "0.12 s");
  CHECK(report::seconds(200) == "3 min 20 s");
  CHECK(report::count(1234567) == "1\u00a0234\u00a0567");
  CHECK(report::count(999) == "999");
  CHECK(report::figures(failed_case().checks[0]) == "0.2071 m, bound 0.205 m, missed by 0.0021 m, at 4 s, environment 3");
  CHECK(report::figures(failed_case().checks[1]) == "");
}

TEST_CASE("report as text: places that editors follow, and a last line like that of the tests") {
  CHECK(to_text(failed_case()) ==
        "failed boxes[float,8]: left_1/crate position z: missed by 0.0021 m\n"
        "  scenes/regress/boxes.yaml:12:5: left_1/crate position z: at 4 s, within 0.005 m of 0.2 m\n"
        "    0.2071 m, bound 0.205 m, missed by 0.0021 m, at 4 s, environment 3\n"
        "    lower body: floor\n    higher body: left_2/crate\n");
  const Results results = example();
  CHECK(to_text(results.cases[1]) == "skipped boxes[cuda]: no CUDA device\n");
  CHECK(to_text(results.cases[2]).find("hint: did you mean 'scene'?") != std::string::npos);
  CHECK(summary(results) == "1 passed, 2 failed, 1 skipped");
}

TEST_CASE("report as JSON: counts and every check, null where there is no number") {
  const auto o = nlohmann::json::parse(to_json(example()));
  CHECK(o["passed"] == 1);
  CHECK(o["failed"] == 2);
  CHECK(o["errors"] == 1);
  CHECK(o["skipped"] == 1);
  CHECK(o["cases"].size() == 4);
  const auto& failed = o["cases"][3];
  CHECK(failed["outcome"] == "failed");
  CHECK(failed["steps"] == 16000);
  REQUIRE(failed["checks"].size() == 2);
  const auto& bad = failed["checks"][0];
  CHECK(bad["margin"] == -0.0021);
  CHECK(bad["place"]["line"] == 12);
  CHECK(bad["series"][0]["first_violation"]["time"] == 3);
  CHECK(failed["checks"][1]["value"].is_null());
  CHECK(o["cases"][2]["findings"][0]["hint"] == "did you mean 'scene'?");
  CHECK(o["cases"][2]["state_hash"].is_null());

  Results slower = example();
  slower.seconds_wall *= 2, slower.cases[0].seconds_wall *= 3;
  CHECK(to_json(slower, false) == to_json(example(), false));
  CHECK(to_json(slower, true) != to_json(example(), true));
  slower.cases[3].checks[0].value = std::numeric_limits<double>::infinity();
  CHECK(nlohmann::json::parse(to_json(slower))["cases"][3]["checks"][0]["value"] == "inf");
  CHECK(nlohmann::json::parse(to_json(Results{}))["cases"].empty());
}

// The elements, attributes and their order of junit-10.xsd of Jenkins' xUnit plugin, as far as they are used.
TEST_CASE("report as JUnit XML: what Jenkins' schema allows") {
  const std::map<std::string, std::set<std::string>> allowed{
      {"testsuites", {"name", "time", "tests", "failures", "errors"}},
      {"testsuite", {"name", "tests", "failures", "errors", "time", "skipped", "file"}},
      {"testcase", {"name", "time", "classname"}},
      {"failure", {"type", "message"}}, {"error", {"type", "message"}}, {"skipped", {"type", "message"}}, {"system-out", {}}};
  Results results = example();
  results.cases.push_back(failed_case());        // again: GitLab would drop a second case of one name
  results.cases[0].seconds_wall = 1e-7;
  const Tree tree(to_junit(results));
  for (const auto& [element, attributes] : tree.elements) {
    REQUIRE(allowed.contains(element));
    CHECK(std::includes(allowed.at(element).begin(), allowed.at(element).end(), attributes.begin(), attributes.end()));
  }
  const pugi::xml_node root = tree.document.child("testsuites");
  CHECK(root.attribute("tests").as_int() == 5);
  CHECK(root.attribute("failures").as_int() == 2);
  CHECK(root.attribute("errors").as_int() == 1);
  CHECK(tree.all("//testsuite").size() == 3);
  const pugi::xml_node boxes = root.find_child_by_attribute("name", "scenes.regress.boxes");
  CHECK(boxes.attribute("tests").as_int() == 3);
  CHECK(boxes.attribute("skipped").as_int() == 1);
  CHECK(boxes.attribute("time").as_string() == std::string("2.500"));
  std::set<std::string> names;
  for (const pugi::xml_node& one : tree.all("//testcase")) {
    names.insert(std::string(one.attribute("classname").value()) + " " + one.attribute("name").value());
    const std::string time = one.attribute("time").value();
    CHECK(time.find_first_not_of("0123456789.") == std::string::npos);
  }
  CHECK(names.size() == 5);
  CHECK(tree.all("//testcase/failure").size() == 2);
  CHECK(tree.all("//testcase/error").size() == 1);
  CHECK(std::string(tree.all("//failure")[0].text().get()).find("scenes/regress/boxes.yaml:12:5") != std::string::npos);
  CHECK(std::string(tree.all("//testcase/system-out")[0].text().get()).find("state hash 9c80e53f8aee546a") != std::string::npos);
  CHECK(Tree(to_junit(Results{})).all("/testsuites").size() == 1);
}

TEST_CASE("report as HTML: failures first and open, pictures inside, nothing from elsewhere") {
  const std::string page = to_html(example());
  const Tree tree(page);
  std::vector<std::string> outcomes;
  for (const pugi::xml_node& one : tree.all("//details[contains(@class,'case')]")) outcomes.push_back(one.attribute("data-outcome").value());
  CHECK(outcomes == std::vector<std::string>{"failed", "error", "skipped", "passed"});
  CHECK(tree.all("//details[@open]").size() == 2);
  CHECK(std::string(tree.all("//h1")[0].text().get()) == "2 of 4 cases failed");
  CHECK(tree.all("//script").size() == 1);
  CHECK(tree.all("//*[@src]").size() == 2);
  CHECK(tree.all("//*[@href]").empty());
  CHECK(page.find("http:") == std::string::npos);
  CHECK(page.find("https:") == std::string::npos);
  CHECK(page.find("url(") == std::string::npos);
  const std::string source = tree.all("//img")[0].attribute("src").value(), head = "data:image/png;base64,";
  REQUIRE(source.substr(0, head.size()) == head);
  const Result<shape::Pixels> read = shape::decode_png(decoded(source.substr(head.size())), false);
  REQUIRE(read);
  CHECK(read->bytes == picture(8, 6).bytes);
  CHECK(tree.all("//figure[@class='plot']").size() == 1);
  CHECK(tree.all("//details[@class='notes']/pre").size() == 1);       // and an error is not among them
  CHECK(tree.all("//details[@data-outcome='error']/div/pre").size() == 1);

  // a picture that is none does not stop the report
  Results odd = example();
  odd.cases[3].checks[0].images[0].image.bytes.resize(5);
  odd.cases[3].checks[0].images[1].image = {};
  CHECK(Tree(to_html(odd)).all("//img").empty());
  CHECK(Tree(to_html(Results{})).all("//h1").size() == 1);
}

TEST_CASE("nothing that a name contains becomes part of a report") {
  Results results = example(), plain = example();
  rename(results, [] { return hostile; });
  rename(plain, [] { return std::string("name[float]"); });   // a bracket, as the other has one
  const std::string page = to_html(results);
  CHECK(Tree(page).elements == Tree(to_html(plain)).elements);
  CHECK(page.find("<script>alert") == std::string::npos);
  CHECK(page.find('\x1b') == std::string::npos);
  CHECK(Tree(to_junit(results)).elements == Tree(to_junit(plain)).elements);
  CHECK(nlohmann::json::parse(to_json(results))["cases"][3]["checks"][0]["name"] == report::text(hostile));
  for (const CaseResult& c : results.cases) CHECK(to_text(c).find('\x1b') == std::string::npos);

  std::mt19937 random(7);
  for (int run = 0; run < 50; ++run) {
    rename(results, [&] {
      std::string bytes(random() % 24, ' ');
      for (char& c : bytes) c = char(random() % 3 == 0 ? "<>&\"'/]![-=\n"[random() % 12] : random());
      return bytes;
    });
    CHECK(Tree(to_html(results)).all("//script").size() == 1);
    CHECK(Tree(to_junit(results)).all("//testcase").size() == 4);
    CHECK(nlohmann::json::accept(to_json(results)));
  }
}

TEST_CASE("plots: bounds where they are, the first sample beyond them marked") {
  Series series{"height", "m", {{0, 0}, {1, 10}, {2, 4}, {3, 5}}, none, 8, none, none};
  CHECK(report::first_violation(series) == 1);
  series.from = 1.5;
  CHECK(report::first_violation(series) == 4);
  series.low = 4.5;
  CHECK(report::first_violation(series) == 2);
  series.to = 1.9;
  CHECK(report::first_violation(series) == 4);
  series.from = series.to = none, series.low = none;
  series.samples[2].value = std::nan("");
  series.samples[1].value = 1;
  CHECK(report::first_violation(series) == 2);
  series.samples[2].value = 20;

  const Tree tree("<page>" + report::plot(series) + "</page>");
  const std::string mark = tree.all("//i[@class='dot']")[0].attribute("style").value();
  CHECK(mark == "left:66.67%;top:6.90%");        // 2 of 3 s; 20 of 0 .. 20 with 8 % more on each side: 0.08 / 1.16
  CHECK(std::string(tree.all("//em")[0].text().get()) == "out of bounds first at 2 s: 20 m");
  const pugi::xml_node bound = tree.all("//path[@class='bound']")[0];
  CHECK(bound.attribute("d").value() == std::string("M0.0 175.9h1000.0"));     // 300 (1 - (8 + 1.6) / 23.2)
  CHECK(tree.all("//rect[@class='out']")[0].attribute("height").value() == std::string("175.9"));

  // two on one scale, each in its style, told apart by name; a moment beside its line, on the side where there is room
  report::Plot both{"energy", {{{"<a>", "J", {{0, 100}, {4, 110}}}, "a"}, {{"b", "J", {{0, 100}, {4, 90}}}, "b"}}, 1, "they part", 4};
  const Tree two("<page>" + report::plot(both) + "</page>");
  CHECK(two.all("//div//path[@class='a']")[0].attribute("d").value() == std::string("M0.0 150.0L1000.0 20.7"));    // 300 (1 - 11.6 / 23.2), 300 (1.6 / 23.2)
  CHECK(two.all("//div//path[@class='b']")[0].attribute("d").value() == std::string("M0.0 150.0L1000.0 279.3"));
  CHECK(two.all("//span[@class='legend']/span").size() == 2);
  CHECK(std::string(two.all("//span[@class='legend']/span")[0].text().get()) == "<a>");
  CHECK(two.all("//path[@class='moment']")[0].attribute("d").value() == std::string("M250.0 0V300"));
  CHECK(two.all("//span[@class='when']")[0].attribute("style").value() == std::string("left:25.00%"));
  CHECK(two.all("//div[@class='axis']/span").size() == 5);
  both.moment = 3;
  CHECK(report::plot(both).find("style=\"right:25.00%\">they part") != std::string::npos);
  both.moment = 5;                                 // outside
  CHECK(report::plot(both).find("they part") == std::string::npos);
  both.curves.clear();
  CHECK(report::plot(both).find("no samples") != std::string::npos);

  // without samples, with one, constant, without a finite one, with very large ones
  for (const std::vector<Sample>& samples : std::vector<std::vector<Sample>>{
           {}, {{1, 2}}, {{0, 3}, {1, 3}}, {{0, NAN}, {1, INFINITY}, {2, -INFINITY}}, {{NAN, 1}}, {{0, -1e308}, {1, 1e308}}, {{0, 1e16}, {1e-12, 1e16 + 2}}}) {
    for (const double high : {none, 2.0, 1e300, double(INFINITY)}) {
      const std::string drawn = report::plot({"odd", "m", samples, none, high, none, none});
      CHECK(Tree("<page>" + drawn + "</page>").all("//figure").size() == 1);
      for (const char* word : {"Mnan", "Lnan", "\"nan", "nan%", "Minf", "Linf", "\"inf", "inf%"}) CHECK(drawn.find(word) == std::string::npos);
    }
  }

  // a hundred thousand samples become a picture of some kilobytes that keeps what matters
  Series noise{"noise", "", {}, none, 5, none, none};
  for (int i = 0; i < 100'000; ++i) noise.samples.push_back({i * 0.001, i == 61'803 ? 9.0 : std::sin(0.01 * i)});
  const std::string drawn = report::plot(noise);
  CHECK(drawn.size() < 40'000);
  CHECK(drawn.find("out of bounds first at 61.803 s: 9") != std::string::npos);
}
