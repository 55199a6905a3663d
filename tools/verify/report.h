// The table of `nuri verify`: as text of at most 120 columns, and as the section of docs/verification.md.
#pragma once
#include "tools/verify/run.h"

namespace nuri::verify {

std::string number(double value);      // 0.0081173, 5.9e-15, -
std::string published(const Row& row); // "Bullet 5.7e-09, RaiSim 4.1e-07"

std::string text_head();
std::string text_of(const Outcome& outcome);                       // one or more lines

// All cases, Nuri in double and in float, [case][row] in the same order.
std::string markdown(const std::vector<Outcome>& in_double, const std::vector<Outcome>& in_float);

// Replaces what stands between the markers of a document. False: they are not there.
extern const char *const markdown_begin, *const markdown_end;
bool put_section(std::string& document, const std::string& section);

}  // namespace nuri::verify
