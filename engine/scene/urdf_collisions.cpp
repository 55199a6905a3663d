// Pairs of links that do not touch: an SRDF's <disable_collisions>, and those a caller has found.
#include <algorithm>
#include <map>
#include <set>
#include "engine/scene/urdf_reader.h"

namespace nuri::scene::urdf {

void read_disabled(Reader& reader, const std::string& srdf, LinkPairs& out_pairs) {
  Result<xml::Document> document = xml::load(srdf);
  if (!document) {
    for (const Diagnostic& d : document.errors()) reader.findings.errors.add(d);
    return;
  }
  const xml::Element& root = *document->root;
  reader.findings.report.insert(reader.findings.report.end(), document->report.begin(), document->report.end());
  if (root.name != "robot") return reader.error(root, "wrong-root", "the root element of an SRDF file is <robot>, here it is <" + root.name + ">");
  const std::vector<std::string> known{"disable_collisions"};
  for (const auto& child : root.children) {
    if (child->name != "disable_collisions") {
      if (const std::string meant = xml::nearest(child->name, known); !meant.empty())
        reader.error(*child, "unknown-element", "<robot> cannot hold <" + child->name + ">", "did you mean '" + meant + "'?");
      else
        reader.findings.idle_at("<" + child->name + "> of the SRDF", *child);
      continue;
    }
    Attributes a(*child, reader.findings);
    std::array<std::string, 2> names;
    a.require("link1");
    a.require("link2");
    a.text("link1", names[0]);
    a.text("link2", names[1]);
    std::string reason;
    a.text("reason", reason);
    reader.finish(a);
    reader.only(*child, {});
    if (!names[0].empty() && !names[1].empty()) out_pairs.push_back({names, child->place(), "the SRDF disables them" + (reason.empty() ? "" : ": " + reason)});
  }
  reader.scene.documents.push_back(std::make_shared<const xml::Document>(std::move(*document)));
}

void disable(Reader& reader, const LinkPairs& pairs) {
  Scene& s = reader.scene;
  auto warn = [&](const Place& place, const std::string& code, const std::string& message, const std::string& hint) {
    reader.findings.report.push_back({Severity::warning, code, message, hint, place, {}, {}});
  };
  auto touches = [](const Link& l) { return std::any_of(l.geoms.begin(), l.geoms.end(), [](const Geom& g) { return !g.visual_only; }); };

  // pairs of links, by the bodies they became
  struct Pairs { std::set<std::pair<int, int>> links; Place place; std::string why; };
  std::map<std::pair<int, int>, Pairs> by_bodies;
  for (const auto& [names, place, why] : pairs) {
    int link[2];
    bool known = true;
    for (std::size_t i = 0; i < 2; ++i) {
      const auto found = reader.link_names.find(names[i]);
      link[i] = found == reader.link_names.end() ? -1 : found->second;
      if (link[i] >= 0) continue;
      warn(place, "unknown-name", "no link is named " + xml::shown(names[i]) + ": this pair has no effect", reader.hint(names[i], reader.link_names));
      known = false;
    }
    if (!known || link[0] == link[1]) continue;
    const int body[2] = {reader.links[static_cast<std::size_t>(link[0])].body, reader.links[static_cast<std::size_t>(link[1])].body};
    if (body[0] == body[1]) continue;
    if (body[0] == 0 || body[1] == 0) {
      warn(place, "world-pair", "contacts with link 'world' are not switched off: the floor belongs to the world too", "");
      continue;
    }
    Pairs& these = by_bodies[std::minmax(body[0], body[1])];
    if (these.place.line == 0) these.place = place, these.why = why;
    const bool solid = touches(reader.links[static_cast<std::size_t>(link[0])]) && touches(reader.links[static_cast<std::size_t>(link[1])]);
    if (solid) these.links.insert(std::minmax(link[0], link[1]));
  }

  // bodies, unless they are excluded already
  std::vector<std::size_t> solid_links(s.bodies.size(), 0);
  for (const Link& l : reader.links)
    if (touches(l)) ++solid_links[static_cast<std::size_t>(l.body)];
  std::set<std::pair<int, int>> excluded;
  for (const Exclude& e : s.excludes) excluded.insert(std::minmax(e.body1, e.body2));
  for (const auto& [bodies, these] : by_bodies) {
    const auto [b1, b2] = bodies;
    if (these.links.empty() || !excluded.insert(bodies).second) continue;
    s.excludes.push_back({"", b1, b2, these.place, these.why});
    reader.findings.report.push_back({Severity::note, "disabled-collision", "bodies '" + s.bodies[static_cast<std::size_t>(b1)].name + "' and '" + s.bodies[static_cast<std::size_t>(b2)].name +
                                      "' do not collide: " + these.why, {}, these.place, {}, {}});
    const std::size_t all = solid_links[static_cast<std::size_t>(b1)] * solid_links[static_cast<std::size_t>(b2)];
    if (these.links.size() < all)
      warn(these.place, "partly-disabled", "bodies '" + s.bodies[static_cast<std::size_t>(b1)].name + "' and '" + s.bodies[static_cast<std::size_t>(b2)].name + "' no longer touch, though only " +
           std::to_string(these.links.size()) + " of the " + std::to_string(all) + " pairs of links merged into them are disabled", "");
  }
}

}  // namespace nuri::scene::urdf
