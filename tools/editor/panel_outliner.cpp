// The tree of what the focused environment's model has. Rows are listed flat and only those in sight are drawn, so that a factory of
// ten thousand parts costs as much as one robot.
#include <imgui/imgui.h>
#include <imgui/imgui_stdlib.h>
#include <algorithm>
#include <cctype>
#include <set>
#include "tools/editor/panels.h"
#include "tools/editor/tell.h"
#include "tools/editor/theme.h"

namespace nuri::editor {
namespace {

// thing.index -1: a heading called `name`; leaf: no body below
struct Row { Thing thing; int depth; bool opens, open, leaf; std::string name; };

struct Tree {
  uint64_t generation = ~uint64_t{0};
  int bucket = -1;
  std::vector<std::vector<int>> geoms, sites;      // of each body
  std::set<int> closed, opened;                    // bodies folded; bodies whose joints, geoms and sites are listed
  std::set<Kind> folded{Kind::actuator, Kind::sensor};
  std::string search;
  std::vector<Row> rows;
};

bool contains(const std::string& text, const std::string& part) {   // part: in small letters
  return std::search(text.begin(), text.end(), part.begin(), part.end(),
                     [](char a, char b) { return std::tolower(static_cast<unsigned char>(a)) == b; }) != text.end();
}

theme::Icon icon_of(const Thing& thing) {
  switch (thing.kind) {
    case Kind::body: return thing.index == 0 ? theme::Icon::world : theme::Icon::body;
    case Kind::joint: return theme::Icon::joint;
    case Kind::geom: return theme::Icon::geom;
    case Kind::site: return theme::Icon::site;
    case Kind::actuator: return theme::Icon::actuator;
    default: return theme::Icon::sensor;
  }
}

void index_parts(Tree& tree, const model::Model& model) {
  tree.geoms.assign(model.body_count, {});
  tree.sites.assign(model.body_count, {});
  for (int geom = 0; geom < model.geom_count; ++geom) tree.geoms[model.geom_body[geom]].push_back(geom);
  for (int site = 0; site < model.site_count; ++site) tree.sites[model.site_body[site]].push_back(site);
}

// All that a body has, then the bodies below it; depth first, without recursion: chains may be long.
void list_bodies(Tree& tree, const model::Model& model, const std::string& part) {
  std::vector<std::pair<int, int>> stack{{0, 0}};  // body, depth
  while (!stack.empty()) {
    const auto [body, depth] = stack.back();
    stack.pop_back();
    const bool searching = !part.empty();
    std::vector<Thing> parts;
    for (int i = 0; i < model.body_joint_num[body]; ++i) parts.push_back({Kind::joint, model.body_joint_adr[body] + i});
    for (int geom : tree.geoms[body]) parts.push_back({Kind::geom, geom});
    for (int site : tree.sites[body]) parts.push_back({Kind::site, site});
    const int first = model.child_adr[body], last = model.child_adr[body + 1];
    const Thing thing{Kind::body, body};
    const bool leaf = last == first;
    const Row row{thing, depth, !parts.empty() || !leaf, leaf ? tree.opened.contains(body) : !tree.closed.contains(body), leaf,
                  name_of(model, thing)};
    if (!searching || contains(row.name, part)) tree.rows.push_back(row);
    if (!searching && !row.open) continue;
    if (searching || tree.opened.contains(body))
      for (const Thing& one : parts) {
        Row below{one, depth + 1, false, false, true, name_of(model, one)};
        if (!searching || contains(below.name, part)) tree.rows.push_back(std::move(below));
      }
    for (int child = last; child-- > first;) stack.push_back({model.child[child], depth + 1});
  }
}

void list_others(Tree& tree, const model::Model& model, Kind kind, int count, const char* heading, const std::string& part) {
  if (count == 0) return;
  const bool open = !part.empty() || !tree.folded.contains(kind);
  const size_t at = tree.rows.size();
  tree.rows.push_back({Thing{kind, -1}, 0, true, open, true, std::string(heading) + " (" + std::to_string(count) + ")"});
  if (!open) return;
  for (int i = 0; i < count; ++i) {
    Row row{Thing{kind, i}, 1, false, false, true, name_of(model, Thing{kind, i})};
    if (part.empty() || contains(row.name, part)) tree.rows.push_back(std::move(row));
  }
  if (!part.empty() && tree.rows.size() == at + 1) tree.rows.pop_back();
}

// Opens what hides the chosen thing.
void unfold(Tree& tree, const model::Model& model, const Thing& thing) {
  if (thing.kind == Kind::actuator || thing.kind == Kind::sensor) tree.folded.erase(thing.kind);
  int body = body_of(model, thing);
  if (body < 0) return;
  if (thing.kind != Kind::body) tree.opened.insert(body), tree.closed.erase(body);
  while (body > 0) body = model.body_parent[body], tree.closed.erase(body);
}

void draw_row(Desk& desk, Tree& tree, const model::Model& model, const Row& row) {
  const theme::Palette& p = theme::palette();
  const float letter = ImGui::GetFontSize(), height = ImGui::GetFrameHeight() * 0.95f, indent = 0.7f * letter * float(row.depth);
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const float width = ImGui::GetContentRegionAvail().x;
  const bool heading = row.thing.index < 0, chosen = !heading && desk.chosen == row.thing;
  ImGui::PushID(int(row.thing.kind) * 10'000'019 + row.thing.index);
  ImGui::InvisibleButton("row", {std::max(width, 1.0f), height});
  tell_item(desk, "row " + row.name);
  const bool hovered = ImGui::IsItemHovered();
  ImDrawList& list = *ImGui::GetWindowDrawList();
  if (chosen) list.AddRectFilled(at, {at.x + width, at.y + height}, theme::colour(p.accent, 0.22f), 4);
  else if (hovered) list.AddRectFilled(at, {at.x + width, at.y + height}, theme::colour(p.hovered), 4);

  const float middle = at.y + height / 2;
  const float arrow = at.x + indent + 0.5f * letter;
  if (row.opens) {
    const ImU32 colour = theme::colour(p.quiet);
    const float a = 0.2f * letter;
    if (row.open)
      list.AddTriangleFilled({arrow - a, middle - a * 0.6f}, {arrow + a, middle - a * 0.6f}, {arrow, middle + a * 0.8f}, colour);
    else list.AddTriangleFilled({arrow - a * 0.6f, middle - a}, {arrow + a * 0.8f, middle}, {arrow - a * 0.6f, middle + a}, colour);
  }
  float x = at.x + indent + 1.1f * letter;
  if (!heading) {
    theme::icon(list, icon_of(row.thing), {x + 0.35f * letter, middle}, 0.68f * letter, theme::colour(chosen ? p.accent : p.quiet));
    x += 1.1f * letter;
  }
  list.PushClipRect(at, {at.x + width, at.y + height}, true);
  list.AddText({x, middle - letter / 2}, theme::colour(heading || row.thing.kind != Kind::body ? p.quiet : p.text), row.name.c_str());
  list.PopClipRect();
  if (hovered && x + ImGui::CalcTextSize(row.name.c_str()).x > at.x + width) theme::tip(row.name.c_str());

  if (ImGui::IsItemClicked()) {
    const bool on_arrow = row.opens && (heading || ImGui::GetIO().MousePos.x < arrow + 0.6f * letter);
    if (on_arrow && heading) {
      if (!tree.folded.erase(row.thing.kind)) tree.folded.insert(row.thing.kind);
    } else if (on_arrow && row.leaf) {
      if (!tree.opened.erase(row.thing.index)) tree.opened.insert(row.thing.index);
    } else if (on_arrow) {
      if (!tree.closed.erase(row.thing.index)) tree.closed.insert(row.thing.index);
    } else {
      desk.select(row.thing, false);
    }
  }
  // a second click lists what the body is made of
  if (row.thing.kind == Kind::body && !heading && hovered && ImGui::GetIO().MousePos.x > arrow + 0.6f * letter &&
      ImGui::IsMouseDoubleClicked(ImGuiMouseButton_Left)) {
    if (!tree.opened.erase(row.thing.index)) tree.opened.insert(row.thing.index);
    tree.closed.erase(row.thing.index);
  }
  if (row.thing.kind == Kind::sensor && !heading) {
    const std::string first = name_of(model, row.thing);
    plottable(desk, StateField::sensordata, model.sensor_adr[row.thing.index], first, "");
  }
  ImGui::PopID();
}

}  // namespace

void outliner(Desk& desk) {
  static Tree tree;
  ImGui::SetNextItemWidth(-1);
  const std::string before = tree.search;
  ImGui::InputTextWithHint("##search", "Search", &tree.search);
  if (tree.search != before) desk.event("search " + tree.search);
  if (!desk.has_scene()) return;
  const model::Model& model = desk.model();
  const int bucket = desk.world().place(desk.bench.focus).bucket;
  if (tree.generation != desk.bench.generation() || tree.bucket != bucket) {
    tree.generation = desk.bench.generation();
    tree.bucket = bucket;
    tree.closed.clear(), tree.opened.clear();
    index_parts(tree, model);
  }
  if (desk.reveal && desk.chosen.index >= 0) unfold(tree, model, desk.chosen);

  std::string part = tree.search;
  std::transform(part.begin(), part.end(), part.begin(), [](unsigned char letter) { return char(std::tolower(letter)); });
  tree.rows.clear();
  list_bodies(tree, model, part);
  list_others(tree, model, Kind::actuator, model.actuator_count, "Actuators", part);
  list_others(tree, model, Kind::sensor, model.sensor_count, "Sensors", part);

  ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, {0, 0});
  if (ImGui::BeginChild("rows", {0, 0}, false, ImGuiWindowFlags_NoNav)) {
    if (tree.rows.empty()) theme::quiet_text("Nothing is called so.");
    const float height = ImGui::GetFrameHeight() * 0.95f;
    if (desk.reveal) {
      for (size_t i = 0; i < tree.rows.size(); ++i)
        if (tree.rows[i].thing == desk.chosen) {
          const float at = height * float(i), top = ImGui::GetScrollY();
          if (at < top || at + height > top + ImGui::GetWindowHeight()) ImGui::SetScrollY(at - ImGui::GetWindowHeight() * 0.4f);
        }
      desk.reveal = false;
    }
    ImGuiListClipper clipper;
    clipper.Begin(int(tree.rows.size()), height);
    while (clipper.Step())
      for (int i = clipper.DisplayStart; i < clipper.DisplayEnd; ++i) draw_row(desk, tree, model, tree.rows[i]);
  }
  ImGui::EndChild();
  ImGui::PopStyleVar();
}

}  // namespace nuri::editor
