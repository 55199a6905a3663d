// Reading attributes of one element. Every attribute that is asked for is thereby known; what was written but never asked
// for is unknown, and `finish` says so with the nearest known name. So the readers are the schema: there is no table beside
// them that could disagree.
#pragma once
#include <array>
#include <map>
#include <string>
#include <utility>
#include <vector>
#include "engine/scene/xml.h"

namespace nuri::scene::mjcf {

enum class Limited { no, yes, automatic };

// What one run has to say.
struct Findings {
  struct Counted { std::size_t count = 0; Place first; };
  xml::Errors errors;
  std::vector<Diagnostic> report;
  std::map<std::string, Counted> kept;     // "camera": read, for renderers; one note each at the end
  std::map<std::string, Counted> idle;     // "attribute 'user' of <geom>": read, without effect; one note each
  std::map<std::string, Counted> drawn;    // "<skin>": not read, because it is only drawn; one note each
  void keep(const std::string& what, const xml::Element& at);
  void idle_at(const std::string& what, const xml::Element& at);
  void only_drawn(const std::string& what, const xml::Element& at);
  void finish();                            // the counted ones become notes of `report`
};

class Attributes {
 public:
  Attributes(const xml::Element& element, Findings& findings) : element_(element), findings_(findings) {}
  const xml::Element& element() const { return element_; }
  bool has(const std::string& name) const { return element_.find(name) != nullptr; }

  // Each returns whether a value was written (and is well formed); otherwise `out` stays as it was.
  bool number(const std::string& name, double& out) { return numbers(name, &out, 1, 1) == 1; }
  template <std::size_t n> bool vector(const std::string& name, std::array<double, n>& out) { return numbers(name, out.data(), n, n) > 0; }
  template <std::size_t n> int up_to(const std::string& name, std::array<double, n>& out) { return numbers(name, out.data(), 1, n); }
  bool colour(const std::string& name, std::array<float, 4>& out);
  bool integer(const std::string& name, int& out) { return integers(name, &out, 1); }
  bool integers(const std::string& name, int* out, std::size_t count);
  bool list(const std::string& name, std::vector<double>& out);          // any number of values
  bool boolean(const std::string& name, bool& out) { return keyword(name, out, {{"false", false}, {"true", true}}); }
  bool limited(const std::string& name, Limited& out) {
    return keyword(name, out, {{"false", Limited::no}, {"true", Limited::yes}, {"auto", Limited::automatic}});
  }
  bool text(const std::string& name, std::string& out);                  // "" counts as not written
  template <class T> bool keyword(const std::string& name, T& out, std::initializer_list<std::pair<const char*, T>> words) {
    std::vector<std::string> names;
    for (const auto& word : words) names.push_back(word.first);
    int index = word_index(name, names);
    if (index >= 0) out = (words.begin() + index)->second;
    return index >= 0;
  }
  // A polynomial of up to three coefficients; those not written stay as they are.
  bool polynomial(const std::string& name, double& out, std::array<double, 2>& out_higher);

  void require(const std::string& name);                                 // an error if it is not written
  void accept(std::initializer_list<const char*> names);                 // known, without effect here
  void accept_zero(std::initializer_list<const char*> names);            // known, supported only where all its values are 0
  void refuse(std::initializer_list<const char*> names);                 // known, not supported yet
  void finish();                                                         // everything else is unknown

  // "attribute 'mass' of <geom> must be >= 0 kg, got "-1"" if not `holds`. Returns `holds`.
  bool check(bool holds, const std::string& name, const std::string& must);
  void error(const std::string& name, const std::string& code, const std::string& message, const std::string& hint = {});
  void note(const std::string& name, const std::string& code, const std::string& message);

 private:
  int numbers(const std::string& name, double* out, std::size_t least, std::size_t most);
  bool parse(const xml::Attribute& attribute, std::vector<double>& out, std::size_t most);
  int word_index(const std::string& name, const std::vector<std::string>& words);
  const xml::Attribute* ask(const std::string& name);
  std::string subject(const std::string& name) const { return "attribute '" + name + "' of <" + element_.name + ">"; }

  const xml::Element& element_;
  Findings& findings_;
  std::vector<std::string> known_;
};

}  // namespace nuri::scene::mjcf
