// What the reports share: text that no name or message of a script, a scene or a file can break out of, and numbers as people read them.
//
// Names come from whoever wrote a script or a model, so nothing of theirs is trusted: text() makes any bytes valid UTF-8 without control
// characters, markup() makes it harmless in XML and HTML too, in elements and in quoted attributes.
#pragma once
#include <string>
#include <string_view>
#include <vector>
#include "tools/regress/result.h"

namespace nuri::regress {

// For people at a terminal: one line, and below it of a case that did not pass what failed, as "FILE:LINE:COLUMN: ..".
std::string to_text(const CaseResult& result);
// "12 passed, 1 failed, 0 skipped", cases that could not be run counted as failed.
std::string summary(const Results& results);

namespace report {

std::string text(std::string_view bytes);        // lines stay, other control characters and what is no UTF-8 become U+FFFD
std::string line(std::string_view bytes);        // of several lines one
std::string markup(std::string_view bytes);      // text(), and & < > " ' as entities
std::string number(double value);                // six digits, "nan", "inf"; the same in every locale
std::string quantity(double value, const std::string& unit);
std::string seconds(double value);               // "0.12 s", "3 min 20 s"
std::string count(uint64_t whole);               // "1 200 000", with spaces that do not break
std::string to_string(const Place& place);       // "boxes.yaml:12:5"; empty without a file
// "0.2071 m, bound 0.205 m, missed by 0.0021 m, at 4 s, environment 3": of these what there is.
std::string figures(const Check& check);

// Where a series first leaves its bounds; index of the sample, or size() if it does not. What is not a number leaves every bound.
size_t first_violation(const Series& series);
// One series as HTML with inline SVG.
std::string plot(const Series& series);

// Several series on one scale, that of the first one's unit. `style` is the curve's class on the page (report_page.h): "curve", "a", "b". Of
// several the caption says which is which, by their names.
struct Curve {
  Series series;
  const char* style = "curve";
};
struct Plot {
  std::string name;
  std::vector<Curve> curves;
  double moment = none;                          // s: a line there
  std::string at_moment;                         //   with these words beside it; none are fine
  int ticks = 6;                                 // times under it, about
};
std::string plot(const Plot& plot);
std::string key(const char* style);              // a short line in that style, for a legend

// A page up to its first heading, with the plots' style and its own: it needs nothing from outside, may run the one script whose SHA-256
// (base64) is given, and is XML too.
std::string page_head(const std::string& title, const std::string& style, const std::string& script_hash = {});

}  // namespace report
}  // namespace nuri::regress
