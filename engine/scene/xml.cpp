#include "engine/scene/xml.h"
#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <pugixml.hpp>
#include <set>
#include <tuple>
#include <utility>
#include "engine/core/paths.h"

namespace nuri::scene::xml {
namespace {

constexpr std::size_t most_path_bytes = 1000;                   // of where an element stands; what is above that is left out
constexpr std::size_t most_strays = 100;                        // texts between elements that are reported one by one
namespace fs = std::filesystem;

std::pair<int, int> line_and_column(const std::vector<std::size_t>& line_starts, std::size_t offset) {
  auto after = std::upper_bound(line_starts.begin(), line_starts.end(), offset);
  std::size_t line = static_cast<std::size_t>(after - line_starts.begin());
  return {static_cast<int>(line), static_cast<int>(offset - line_starts[line - 1] + 1)};
}

// Offset of the first byte that is not well-formed UTF-8 or is a control character XML forbids; npos: none.
std::size_t first_bad_byte(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    unsigned char c = static_cast<unsigned char>(text[i]);
    if (c < 0x80) {
      if (c < 0x20 && c != '\t' && c != '\n' && c != '\r') return i;
      ++i;
      continue;
    }
    int length = c >= 0xC2 && c < 0xE0 ? 2 : c >= 0xE0 && c < 0xF0 ? 3 : c >= 0xF0 && c < 0xF5 ? 4 : 0;
    if (length == 0 || i + static_cast<std::size_t>(length) > text.size()) return i;
    std::uint32_t code = c & (0xFFu >> (length + 1));
    for (int k = 1; k < length; ++k) {
      unsigned char next = static_cast<unsigned char>(text[i + static_cast<std::size_t>(k)]);
      if ((next & 0xC0) != 0x80) return i;
      code = code << 6 | (next & 0x3F);
    }
    bool overlong = (length == 3 && code < 0x800) || (length == 4 && code < 0x10000);
    if (overlong || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) return i;
    i += static_cast<std::size_t>(length);
  }
  return std::string_view::npos;
}

class Loader {
 public:
  // `folder` is where inclusions may lie; nothing: inclusions are errors.
  Loader(std::optional<fs::path> folder, std::string shown_folder, LoadOptions options = {})
      : folder_(std::move(folder)), shown_folder_(std::move(shown_folder)), options_(std::move(options)), spent_(options_.spent ? *options_.spent : own_) {}

  Result<Document> run(std::string text, const std::string& name, const fs::path& identity) {
    if (folder_) open_.push_back({identity, name});
    Element super_root;
    splice(std::move(text), name, options_.included_from, super_root, 0, true);
    if (errors_.count > 0) return errors_.finished();
    if (strays_ > most_strays)
      document_.report.push_back({Severity::warning, "more-stray-text", std::to_string(strays_ - most_strays) + " more texts between elements are not read", {}, {name, 0, 0}, {}, {}});
    document_.root = std::move(super_root.children.front());
    document_.root->parent = nullptr;
    return std::move(document_);
  }

 private:
  struct Open { fs::path identity; std::string name; };

  void error(Place place, std::string code, std::string message, std::string hint, std::vector<Place> included_from, Excerpt excerpt) {
    errors_.add({Severity::error, std::move(code), std::move(message), std::move(hint), std::move(place), {}, std::move(included_from), std::move(excerpt)});
  }

  // Parses one file; appends its root (is_main) or the children of its root to `target`.
  void splice(std::string content, const std::string& name, std::vector<Place> included_from, Element& target, int depth, bool is_main) {
    document_.sources.push_back(std::make_unique<Source>(Source{name, std::move(included_from), std::move(content), {}}));
    Source& source = *document_.sources.back();
    std::string& text = source.text;
    std::vector<std::size_t>& line_starts = source.line_starts;
    auto fail = [&](int line, int column, std::string code, std::string message, std::string hint = {}) {
      error({name, line, column}, std::move(code), std::move(message), std::move(hint), source.included_from, source.excerpt(line, column));
    };

    // size and encoding
    spent_.bytes += text.size();
    if (text.size() > limits::file_bytes || spent_.bytes > limits::total_bytes)
      return fail(0, 0, "file-too-large", "the file and its inclusions hold more than " +
                  std::to_string((text.size() > limits::file_bytes ? limits::file_bytes : limits::total_bytes) >> 20) + " MiB of text");
    if (text.rfind("\xFF\xFE", 0) == 0 || text.rfind("\xFE\xFF", 0) == 0)
      return fail(1, 1, "bad-encoding", "the file is UTF-16", "save it as UTF-8");
    if (text.rfind("\xEF\xBB\xBF", 0) == 0) text.erase(0, 3);
    while (!text.empty() && text.back() == '\0') text.pop_back();   // written from C, with the end of the string
    line_starts.push_back(0);
    for (std::size_t i = 0; i < text.size(); ++i)
      if (text[i] == '\n') line_starts.push_back(i + 1);
    if (std::size_t bad = first_bad_byte(text); bad != std::string::npos) {
      auto [line, column] = line_and_column(line_starts, bad);
      return fail(line, column, "bad-encoding", "this byte is not UTF-8 text", "save the file as UTF-8");
    }

    // parse; fragments allowed so that what stands outside the root is seen, and refused, here
    pugi::xml_document tree;
    const unsigned options = pugi::parse_default | pugi::parse_fragment | pugi::parse_doctype | pugi::parse_pi;
    pugi::xml_parse_result parsed = tree.load_buffer(text.data(), text.size(), options, pugi::encoding_utf8);
    if (!parsed) {
      auto [line, column] = line_and_column(line_starts, std::min(static_cast<std::size_t>(std::max<std::ptrdiff_t>(parsed.offset, 0)), text.size()));
      return fail(line, column, "bad-xml", std::string("this is not well-formed XML: ") + parsed.description());
    }
    pugi::xml_node root;
    for (pugi::xml_node node : tree.children()) {
      if (node.type() == pugi::node_element) {
        if (root) {
          auto [line, column] = line_and_column(line_starts, static_cast<std::size_t>(node.offset_debug()));
          return fail(line, column, "bad-xml", std::string("a second root element <") + node.name() + ">");
        }
        root = node;
      } else if (node.type() == pugi::node_doctype) {
        return fail(1, 1, "doctype", "document type declarations are not read", "remove <!DOCTYPE ...>");
      } else if (node.type() == pugi::node_pcdata || node.type() == pugi::node_cdata) {
        const std::string_view value = node.value();
        const std::size_t blanks = std::min(value.find_first_not_of(" \t\r\n"), value.size());
        const std::ptrdiff_t offset = node.offset_debug();
        auto [line, column] = line_and_column(line_starts, offset < 0 ? text.size() : std::min(static_cast<std::size_t>(offset) + blanks, text.size()));
        return fail(line, column, "bad-xml", "text outside the root element: " + shown(node.value()));
      }
    }
    if (!root) return fail(1, 1, "bad-xml", "the file holds no element");

    // names of elements point into the parser's buffer: that gives attributes their places too
    const char* base = root.name() - root.offset_debug();
    if (is_main) return add(root, source, base, line_starts, target, depth);
    for (pugi::xml_attribute attribute : root.attributes()) {
      if (std::string_view(attribute.name()) == "model") continue;  // the name of a file that can also stand alone
      auto [line, column] = line_and_column(line_starts, static_cast<std::size_t>(attribute.name() - base));
      fail(line, column, "unknown-attribute", "the root of an included file cannot have attribute '" + std::string(attribute.name()) + "'");
    }
    for (pugi::xml_node child : root.children()) add_child(child, source, base, line_starts, target, depth);
  }

  void add_child(pugi::xml_node node, const Source& source, const char* base, const std::vector<std::size_t>& line_starts, Element& target, int depth) {
    if (node.type() == pugi::node_element) return add(node, source, base, line_starts, target, depth);
    if (node.type() != pugi::node_pcdata && node.type() != pugi::node_cdata) return;
    if (++strays_ > most_strays) return;
    auto [line, column] = line_and_column(line_starts, static_cast<std::size_t>(std::max<std::ptrdiff_t>(node.value() - base, 0)));
    document_.report.push_back({Severity::warning, "stray-text", "text inside <" + target.name + "> is not read: " + shown(node.value()),
                                "comments are written <!-- ... -->", {source.name, line, column}, target.path(), source.included_from});
  }

  void add(pugi::xml_node node, const Source& source, const char* base, const std::vector<std::size_t>& line_starts, Element& target, int depth) {
    auto element = std::make_unique<Element>();
    element->name = node.name();
    element->source = &source;
    element->parent = target.source ? &target : nullptr;  // what holds the root has no source
    std::tie(element->line, element->column) = line_and_column(line_starts, static_cast<std::size_t>(node.name() - base));
    element->column = std::max(1, element->column - 1);  // of its '<'

    // limits
    if (++spent_.elements > limits::elements) {
      if (spent_.elements == limits::elements + 1)
        errors_.add(finding(Severity::error, *element, {}, "too-many-elements", "more than " + std::to_string(limits::elements) + " elements"));
      return;
    }
    if (depth > limits::element_depth) {
      error(element->place(), "nested-too-deep", "elements are nested more than " + std::to_string(limits::element_depth) + " deep", {}, source.included_from,
            source.excerpt(element->line, element->column));
      return;
    }

    // attributes, each once
    std::set<std::string_view> seen;
    for (pugi::xml_attribute attribute : node.attributes()) {
      auto [line, column] = line_and_column(line_starts, static_cast<std::size_t>(attribute.name() - base));
      if (element->attributes.size() == static_cast<std::size_t>(limits::attributes)) {
        error({source.name, line, column}, "too-many-attributes", "<" + element->name + "> has more than " + std::to_string(limits::attributes) + " attributes", {}, source.included_from, source.excerpt(line, column));
        break;
      }
      element->attributes.push_back({attribute.name(), attribute.value(), line, column});
      if (!seen.insert(attribute.name()).second)
        error({source.name, line, column}, "repeated-attribute", "attribute '" + std::string(attribute.name()) + "' is written twice", {}, source.included_from, source.excerpt(line, column));
    }
    if (element->name == "include") return include(*element, target, depth);
    Element& kept = *element;
    target.children.push_back(std::move(element));
    for (pugi::xml_node child : node.children()) add_child(child, source, base, line_starts, kept, depth + 1);
  }

  void include(const Element& at, Element& target, int depth) {
    auto fail = [&](std::string code, std::string message, std::string hint = {}) {
      errors_.add(finding(Severity::error, at, "file", std::move(code), std::move(message), std::move(hint)));
    };
    const Attribute* file = at.find("file");
    if (!file || file->value.empty()) return fail("missing-attribute", "<include> needs attribute 'file'");
    for (const Attribute& attribute : at.attributes)
      if (attribute.name != "file") return fail("unknown-attribute", "<include> knows only 'file', not '" + attribute.name + "'");
    if (!folder_) return fail("include-refused", "a scene read from memory cannot include files");
    if (!at.parent) return fail("include-refused", "<include> cannot be the root");

    // inside the main file's folder
    const fs::path relative(file->value);
    if (relative.is_absolute() || file->value.find('\\') != std::string::npos || file->value.find(':') != std::string::npos || file->value.size() > 4096)
      return fail("include-outside", "an included file is named relative to the main file, not " + shown(file->value));
    std::error_code failure;
    fs::path identity = fs::canonical(*folder_ / relative, failure);
    if (failure) return fail("cannot-read", "cannot open included file " + shown(file->value) + ": " + failure.message(), "the name is relative to the folder of the main file");
    auto is_in = [&](const fs::path& folder) {
      const fs::path inside = identity.lexically_relative(folder);
      return !inside.empty() && *inside.begin() != "..";
    };
    if (!is_in(*folder_) && std::none_of(options_.roots.begin(), options_.roots.end(), is_in))
      return fail("include-outside", "included file " + shown(file->value) + " lies outside the folder of the main file");
    if (!fs::is_regular_file(identity, failure)) return fail("cannot-read", shown(file->value) + " is not a regular file");

    // no cycles, not too deep, not too many
    for (std::size_t i = 0; i < open_.size(); ++i) {
      if (!fs::equivalent(open_[i].identity, identity, failure)) continue;
      std::string cycle;
      for (std::size_t k = i; k < open_.size(); ++k) cycle += open_[k].name + " -> ";
      return fail("include-cycle", "the file includes itself: " + cycle + file->value);
    }
    if (open_.size() > static_cast<std::size_t>(limits::include_depth))
      return fail("include-too-deep", "files are included more than " + std::to_string(limits::include_depth) + " deep");
    if (++spent_.files > limits::inclusions) {
      if (spent_.files == limits::inclusions + 1) fail("too-many-inclusions", "more than " + std::to_string(limits::inclusions) + " inclusions");
      return;
    }
    if (fs::file_size(identity, failure) > limits::file_bytes) return fail("file-too-large", shown(file->value) + " is larger than 64 MiB");

    Result<std::string> text = read_file(identity.string(), limits::file_bytes);
    if (!text) return fail(text.errors()[0].code, text.errors()[0].message);
    std::vector<Place> included_from{{at.source->name, at.line, at.column}};
    included_from.insert(included_from.end(), at.source->included_from.begin(), at.source->included_from.end());
    const std::string name = (fs::path(shown_folder_) / relative).lexically_normal().string();
    open_.push_back({identity, name});
    splice(std::move(*text), name, std::move(included_from), target, depth, false);
    open_.pop_back();
  }

  std::optional<fs::path> folder_;
  std::string shown_folder_;
  LoadOptions options_;
  Spent own_;
  Spent& spent_;
  Document document_;
  Errors errors_;
  std::vector<Open> open_;       // the files being read, outermost first
  std::size_t strays_ = 0;
};

int edit_distance(std::string_view a, std::string_view b, int most) {
  if (a.size() > b.size() + static_cast<std::size_t>(most) || b.size() > a.size() + static_cast<std::size_t>(most)) return most + 1;
  std::vector<int> last(b.size() + 1), row(b.size() + 1), before;   // rows i - 1, i, i - 2
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = static_cast<int>(j);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = static_cast<int>(i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] != b[j - 1])});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    before = last, last = row;
  }
  return last[b.size()];
}

}  // namespace

const Attribute* Element::find(std::string_view attribute) const {
  for (const Attribute& a : attributes)
    if (a.name == attribute) return &a;
  return nullptr;
}

Attribute* Element::find(std::string_view attribute) { return const_cast<Attribute*>(std::as_const(*this).find(attribute)); }

void Element::set(std::string_view attribute, std::string value) {
  if (Attribute* found = find(attribute)) found->value = std::move(value);
  else attributes.push_back({std::string(attribute), std::move(value), line, column});
}

Excerpt Source::excerpt(int line, int column) const {
  if (line < 1 || static_cast<std::size_t>(line) > line_starts.size() || column < 1) return {};
  const std::size_t begin = line_starts[static_cast<std::size_t>(line) - 1];
  const std::size_t next = static_cast<std::size_t>(line) < line_starts.size() ? line_starts[static_cast<std::size_t>(line)] - 1 : text.size();
  const std::size_t at = static_cast<std::size_t>(column) - 1;
  if (begin > next || at > next - begin) return {};
  const std::string_view whole = std::string_view(text).substr(begin, std::min(next - begin, at + 1000));

  // what is meant: `<geom`, or an attribute with its quoted value
  std::size_t end = at;
  while (end < whole.size() && std::string_view(" \t\r/>='\"").find(whole[end]) == std::string_view::npos) ++end;
  if (end + 1 < whole.size() && whole[end] == '=' && (whole[end + 1] == '"' || whole[end + 1] == '\'')) {
    const std::size_t close = whole.find(whole[end + 1], end + 2);
    end = close == std::string_view::npos ? whole.size() : close + 1;
  }

  // cut to a terminal's width; tabs become blanks, so that columns keep their width
  constexpr std::size_t before = 50, widest = 120;
  std::size_t first = at > before && whole.size() > widest ? at - before : 0;
  while (first > 0 && (static_cast<unsigned char>(whole[first]) & 0xC0) == 0x80) --first;
  std::size_t last = std::min(whole.size(), first + widest);
  while (last > first && last < whole.size() && (static_cast<unsigned char>(whole[last]) & 0xC0) == 0x80) --last;
  Excerpt excerpt{std::string(whole.substr(first, last - first)), 0, 0};
  for (char& c : excerpt.line)
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
  if (first_bad_byte(excerpt.line) != std::string_view::npos) return {};
  auto width_of = [&](std::size_t from, std::size_t to) {   // characters, not bytes
    return static_cast<int>(std::count_if(whole.begin() + static_cast<std::ptrdiff_t>(from), whole.begin() + static_cast<std::ptrdiff_t>(to),
                                          [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
  };
  excerpt.column = width_of(first, std::min(at, last));
  excerpt.width = std::max(1, width_of(std::min(at, last), std::min(end, last)));
  return excerpt;
}

std::string Element::path() const {
  std::string path;
  for (const Element* e = this; e; e = e->parent) {
    if (path.size() > most_path_bytes) return "..." + path;
    std::string own = e->name.substr(0, limits::shown_bytes);
    if (const Attribute* label = e->find("name"); label && !label->value.empty()) own += "[" + label->value.substr(0, limits::shown_bytes) + "]";
    path = path.empty() ? own : own + "/" + path;
  }
  return path;
}

Result<Document> load(const std::string& path, const LoadOptions& options) {
  const std::string& shown_name = options.shown.empty() ? path : options.shown;
  auto fail = [&](const char* code, std::string message) {
    return Diagnostic{Severity::error, code, std::move(message), {}, {shown_name, 0, 0}, {}, options.included_from};
  };
  if (path.find('\0') != std::string::npos) return fail("cannot-read", "a file name cannot hold a zero byte");
  std::error_code failure;
  const fs::path identity = fs::canonical(path, failure);
  if (failure) return fail("cannot-read", "cannot open the file: " + failure.message());
  if (!fs::is_regular_file(identity, failure)) return fail("cannot-read", "this is not a regular file");
  if (fs::file_size(identity, failure) > limits::file_bytes) return fail("file-too-large", "the file is larger than 64 MiB");
  Result<std::string> text = read_file(identity.string(), limits::file_bytes);
  if (!text) return fail(text.errors()[0].code.c_str(), text.errors()[0].message);
  return Loader(identity.parent_path(), fs::path(shown_name).parent_path().string(), options).run(std::move(*text), shown_name, identity);
}

Result<Document> parse(const std::string& text, const std::string& name) { return Loader(std::nullopt, {}).run(text, name, {}); }

Place place_of(const Element& element, std::string_view attribute) {
  Place place = element.place();
  if (const Attribute* found = attribute.empty() ? nullptr : element.find(attribute)) {
    place.line = found->line;
    place.column = found->column;
  }
  return place;
}

Diagnostic finding(Severity severity, const Element& element, std::string_view attribute, std::string code, std::string message, std::string hint) {
  Place place = place_of(element, attribute);
  Excerpt excerpt = element.source->excerpt(place.line, place.column);
  return {severity, std::move(code), std::move(message), std::move(hint), std::move(place), element.path(), element.source->included_from, std::move(excerpt)};
}

Excerpt excerpt_of(const std::string& text, int line, int column) {
  Source source{{}, {}, text, {0}};
  for (std::size_t i = 0; i < text.size(); ++i)
    if (text[i] == '\n') source.line_starts.push_back(i + 1);
  return source.excerpt(line, column);
}

void locate(std::vector<Diagnostic>& findings, const std::vector<std::shared_ptr<const Document>>& documents) {
  // what is asked for, by place
  std::map<std::tuple<std::string, int, int>, std::vector<Diagnostic*>> asked;
  for (Diagnostic& d : findings)
    if (d.place.line > 0 && d.element.empty()) asked[{d.place.file, d.place.line, d.place.column}].push_back(&d);
  if (asked.empty()) return;
  auto complete = [](Diagnostic& d, const Source& source) {
    if (d.included_from.empty()) d.included_from = source.included_from;
    if (d.excerpt.line.empty()) d.excerpt = source.excerpt(d.place.line, d.place.column);
  };

  // elements, then what stands elsewhere in a file; the first of several copies of an element answers
  for (const auto& document : documents) {
    std::vector<const Element*> waiting{document->root.get()};
    while (!waiting.empty()) {
      const Element& e = *waiting.back();
      waiting.pop_back();
      for (auto child = e.children.rbegin(); child != e.children.rend(); ++child) waiting.push_back(child->get());
      const auto found = asked.find({e.source->name, e.line, e.column});
      if (found == asked.end()) continue;
      for (Diagnostic* d : found->second) d->element = e.path(), complete(*d, *e.source);
      asked.erase(found);
    }
  }
  for (const auto& [place, waiting] : asked)
    for (const auto& document : documents)
      for (const auto& source : document->sources)
        if (source->name == std::get<0>(place))
          for (Diagnostic* d : waiting) complete(*d, *source);
}

void Errors::add(Diagnostic diagnostic) {
  if (++count <= static_cast<std::size_t>(limits::errors)) kept.push_back(std::move(diagnostic));
}

std::vector<Diagnostic> Errors::finished() const {
  std::vector<Diagnostic> all = kept;
  if (count > kept.size())
    all.push_back({Severity::note, "more-errors", std::to_string(count - kept.size()) + " more errors are not shown", {}, {kept.front().place.file, 0, 0}, {}, {}});
  return all;
}

std::string nearest(std::string_view name, const std::vector<std::string>& candidates) {
  const int most = name.size() <= 3 ? 1 : 2;
  int best = most + 1;
  std::string found;
  if (name.size() > 200) return found;
  for (const std::string& candidate : candidates) {
    int distance = candidate.empty() ? most + 1 : edit_distance(name, candidate, most);
    if (distance < best) best = distance, found = candidate;
  }
  return found;
}

std::string nearest_hint(std::string_view name, const std::vector<std::string>& candidates) {
  if (std::string found = nearest(name, candidates); !found.empty()) return "did you mean '" + found + "'?";
  if (candidates.empty() || candidates.size() > 12) return {};
  std::string hint = "known here:";
  for (const std::string& candidate : candidates) hint += (&candidate == &candidates.front() ? " " : ", ") + candidate;
  return hint;
}

std::string shown(std::string_view value) {
  std::string text = "\"";
  for (char c : value.substr(0, limits::shown_bytes)) text += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  return text + (value.size() > limits::shown_bytes ? "...\"" : "\"");
}

}  // namespace nuri::scene::xml
