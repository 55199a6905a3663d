#include "engine/scene/mjcf_expand.h"
#include <algorithm>
#include <charconv>
#include <map>
#include <set>
#include "engine/scene/mjcf_names.h"

namespace nuri::scene::mjcf {
namespace {

constexpr std::size_t most_scanned = 10'000'000;          // elements looked at to find what goes along: a few seconds

constexpr Section referring[] = {Section::contact, Section::tendon, Section::equality, Section::actuator, Section::sensor};

template <std::size_t n> std::string text_of(const std::array<double, n>& values) {
  std::string text;
  for (double value : values) {
    char digits[32];
    text.append(text.empty() ? 0 : 1, ' ').append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);   // shortest that reads back equal
  }
  return text;
}

std::string suffix_of(const std::string& separator, int count, int index) {
  const std::string digits = std::to_string(index);
  return separator + std::string(std::to_string(count).size() - digits.size(), '0') + digits;
}

// Elements that a joint or an inertia may not stand in directly: frames of a replicate belong to the outer body.
const xml::Element* misplaced_part(const xml::Element& holder) {
  for (const auto& child : holder.children) {
    if (child->name == "joint" || child->name == "freejoint" || child->name == "inertial") return child.get();
    if (child->name != "frame") continue;
    if (const xml::Element* found = misplaced_part(*child)) return found;
  }
  return nullptr;
}

class Expander {
 public:
  Expander(Reader& reader, xml::Element& root) : r_(reader), root_(root) {}

  bool run() {
    bool any = false;
    for (const auto& section : root_.children)
      if (section->name == "worldbody" && !fits(*section, any)) return false;
    if (!any) return true;
    for (auto& section : root_.children) {
      const auto word = std::find(std::begin(section_words), std::end(section_words), section->name);
      if (word == std::end(section_words)) continue;
      const auto s = static_cast<Section>(word - std::begin(section_words));
      if (s == Section::tree || s == Section::asset) continue;
      for (auto& element : section->children) enlist(s, element.get());
    }
    // sections may be added meanwhile: their addresses are stable, the list is not
    std::vector<xml::Element*> worlds;
    for (auto& section : root_.children)
      if (section->name == "worldbody") worlds.push_back(section.get());
    for (xml::Element* world : worlds) walk(*world, false);
    for (auto& section : root_.children)
      std::erase_if(section->children, [&](const auto& element) { return gone_.contains(element.get()); });
    return !full_;
  }

 private:
  using Naming = std::function<std::string(const std::string&)>;
  struct Planned { Section section; const xml::Element* element; };

  // The counts of nested replicates, multiplied before anything is copied.
  bool fits(const xml::Element& world, bool& out_any) {
    bool good = true;
    std::function<std::size_t(const xml::Element&)> size = [&](const xml::Element& e) -> std::size_t {
      std::size_t total = 1;
      for (const auto& child : e.children) total += size(*child);
      out_any = out_any || e.name == "replicate" || e.name == "attach";
      if (e.name != "replicate" || !good) return total;
      const xml::Attribute* count = e.find("count");
      long long times = 0;
      if (count) std::from_chars(count->value.data(), count->value.data() + count->value.size(), times);
      times = std::clamp(times, 0LL, static_cast<long long>(xml::limits::elements) + 1);
      total *= static_cast<std::size_t>(times);
      if (total > xml::limits::elements) {
        good = false;
        too_many(e, "count");
      }
      return total;
    };
    const std::size_t total = size(world);
    if (good && total > xml::limits::elements) good = false, too_many(world, {});
    return good;
  }

  void too_many(const xml::Element& e, const std::string& attribute) {
    if (full_) return;
    full_ = true;
    r_.findings.errors.add(xml::finding(Severity::error, e, attribute, "too-many-elements", "with its copies the scene has more than " +
                                        std::to_string(xml::limits::elements) + " elements"));
  }

  bool spend(std::size_t elements, const xml::Element& at) {
    r_.spent->elements += elements;
    if (r_.spent->elements > xml::limits::elements) too_many(at, {});
    return !full_;
  }

  // Copies are paid by spend(); looking for them must end too.
  bool scan(std::size_t elements, const xml::Element& at) {
    if ((scanned_ += elements) > most_scanned && !full_) {
      full_ = true;
      r_.error(at, "too-many-elements", "finding what refers to what is copied takes too long", "give fewer things one name, or attach smaller models");
    }
    return !full_;
  }

  void walk(xml::Element& holder, bool in_replicate) {
    std::vector<std::unique_ptr<xml::Element>> children = std::move(holder.children), kept;
    for (auto& child : children) {
      if (child->name == "body" || child->name == "frame") walk(*child, in_replicate);
      if (!full_ && child->name == "replicate") {
        walk(*child, true);
        replicate(*child, holder, kept, in_replicate);
      } else if (!full_ && child->name == "attach") {
        if (auto attached = attach(*child, holder)) {
          if (!in_replicate) remember(*attached);
          kept.push_back(std::move(attached));
        }
      } else {
        if (!in_replicate && (child->name == "body" || child->name == "frame")) remember_one(*child);
        kept.push_back(std::move(child));
        continue;
      }
      done_.push_back(std::move(child));               // diagnostics may still point at it
    }
    holder.children = std::move(kept);
  }

  void remember_one(xml::Element& element) {
    const xml::Attribute* name = std::as_const(element).find("name");
    if (name && (element.name == "body" || element.name == "frame")) complete_[name_key(own_kind(element, Section::tree), name->value)] = &element;
  }
  void remember(xml::Element& element) {
    remember_one(element);
    for (auto& child : element.children) remember(*child);
  }

  // ---- what refers to what -------------------------------------------------------------------------------------------

  void enlist(Section section, xml::Element* element) {
    auto& list = lists_[static_cast<std::size_t>(section)];
    each_reference(*element, [&](const xml::Attribute& a, Kind kind) { referrers_[name_key(kind, a.value)].push_back({section, list.size()}); });
    list.push_back(element);
  }

  // Elements to copy with what has the names; their own names are added. `strict`: what cannot be copied goes, with a warning.
  std::vector<Planned> plan(NameSet& names, const xml::Element& at, bool strict) {
    std::vector<Planned> planned;
    for (Section section : referring) {
      std::set<std::size_t> found;
      for (const std::string& name : names)
        if (auto entry = referrers_.find(name); entry != referrers_.end()) {
          if (!scan(entry->second.size(), at)) return {};
          for (const auto& [s, index] : entry->second)
            if (s == section) found.insert(index);
        }
      for (std::size_t index : found) {
        const xml::Element* e = lists_[static_cast<std::size_t>(section)][index];
        if (gone_.contains(e)) continue;
        std::string outside;
        if (section == Section::equality || section == Section::actuator)
          each_reference(*e, [&](const xml::Attribute& a, Kind kind) { if (!names.contains(name_key(kind, a.value))) outside = a.value; });
        if (!outside.empty()) {
          if (!strict) continue;
          gone_.insert(e);
          r_.findings.report.push_back(xml::finding(Severity::warning, *e, {}, "left-out", "this <" + e->name + "> joins what a <replicate> copies with " +
                                                    xml::shown(outside) + ", which it does not copy: left out, as MuJoCo does", "put both inside or both outside"));
          continue;
        }
        planned.push_back({section, e});
        if (const xml::Attribute* name = e->find("name"); name && !name->value.empty()) names.insert(name_key(own_kind(*e, section), name->value));
      }
    }
    return planned;
  }

  static void rename(xml::Element& e, Section section, const NameSet& names, const Naming& naming, bool is_top) {
    for (xml::Attribute& a : e.attributes) {
      if (a.value.empty()) continue;
      if (a.name == "name") {
        if (is_top && own_kind(e, section) != Kind::count) a.value = naming(a.value);
      } else if (const Kind kind = reference_kind(e, a.name); kind != Kind::count && names.contains(name_key(kind, a.value))) a.value = naming(a.value);
    }
  }

  void copy_referrers(const std::vector<Planned>& planned, const NameSet& names, const Naming& naming) {
    for (const Planned& p : planned)
      add(p.section, copy_of(*p.element, nullptr, [&](const xml::Element& from, xml::Element& to) { rename(to, p.section, names, naming, &from == p.element); }));
  }

  // To the end of the section, which is made if there is none.
  void add(Section section, std::unique_ptr<xml::Element> element) {
    xml::Element*& holder = last_[static_cast<std::size_t>(section)];
    const char* const word = section_words[static_cast<std::size_t>(section)];
    if (!holder)
      for (auto& child : root_.children)
        if (child->name == word) holder = child.get();
    if (!holder) {
      auto made = std::make_unique<xml::Element>();
      made->name = word;
      made->parent = &root_;
      made->source = root_.source;
      made->line = root_.line;
      made->column = root_.column;
      holder = made.get();
      root_.children.push_back(std::move(made));
    }
    element->parent = holder;
    if (section != Section::asset) enlist(section, element.get());
    holder->children.push_back(std::move(element));
  }

  // ---- replicate -----------------------------------------------------------------------------------------------------

  void replicate(const xml::Element& e, xml::Element& holder, std::vector<std::unique_ptr<xml::Element>>& kept, bool in_replicate) {
    Attributes a(e, r_.findings);
    int count = 0;
    Array3 offset{};
    Orientation turn;
    turn.kind = Orientation::Kind::euler;
    std::string separator, childclass;
    a.require("count");
    const bool counted = a.integer("count", count) && a.check(count >= 0, "count", "be >= 0");
    a.vector("offset", offset);
    Array3 euler{};
    a.vector("euler", euler);
    a.text("sep", separator);
    a.text("childclass", childclass);
    a.finish();
    if (const xml::Element* part = misplaced_part(e)) return r_.error(*part, "not-in-replicate", "<" + part->name + "> cannot stand directly in a <replicate>", "put it in a <body>");
    if (!counted) return;

    NameSet names;
    for (const auto& child : e.children) collect_names(*child, names);
    const std::vector<Planned> planned = plan(names, e, true);
    std::size_t size = element_count(e);
    for (const Planned& p : planned) size += element_count(*p.element);
    if (count > 0 && (size > xml::limits::elements / static_cast<std::size_t>(count) || !spend(size * static_cast<std::size_t>(count), e))) return too_many(e, "count");

    Pose pose;
    for (int i = 0; i < count; ++i) {
      for (std::size_t k = 0; k < 3; ++k) turn.euler[k] = i * euler[k];
      pose.quat = resolve(a, turn, r_.settings_of(e));
      const Naming naming = [suffix = suffix_of(separator, count, i)](const std::string& name) { return name + suffix; };
      auto frame = frame_for(e, holder);
      frame->set("pos", text_of(pose.pos));
      frame->set("quat", text_of(pose.quat));
      if (!childclass.empty()) frame->set("childclass", childclass);
      for (const auto& child : e.children)
        frame->children.push_back(copy_of(*child, frame.get(), [&](const xml::Element&, xml::Element& to) { rename(to, Section::tree, names, naming, true); }));
      copy_referrers(planned, names, naming);
      if (!in_replicate) remember(*frame);
      kept.push_back(std::move(frame));
      const Array3 step = rotate(pose.quat, offset);
      for (std::size_t k = 0; k < 3; ++k) pose.pos[k] += step[k];
    }
    for (const Planned& p : planned) gone_.insert(p.element);
  }

  // An empty <frame> that stands where `e` does.
  static std::unique_ptr<xml::Element> frame_for(const xml::Element& e, const xml::Element& holder) {
    auto frame = std::make_unique<xml::Element>();
    frame->name = "frame";
    frame->parent = &holder;
    frame->source = e.source;
    frame->line = e.line;
    frame->column = e.column;
    return frame;
  }

  // ---- attach --------------------------------------------------------------------------------------------------------

  std::unique_ptr<xml::Element> attach(const xml::Element& e, xml::Element& holder) {
    Attributes a(e, r_.findings);
    std::string model_name, name, prefix;
    a.require("prefix");
    a.text("prefix", prefix);
    const bool has_model = a.text("model", model_name), has_body = a.text("body", name), has_frame = a.text("frame", name);
    a.finish();
    r_.no_children(e);
    if (has_body && has_frame) return a.error("frame", "conflicting-attributes", "<attach> names a body and a frame", "keep one of them"), nullptr;
    const std::string kind = has_body ? "body" : "frame";
    if (!a.has("prefix")) return nullptr;

    // the wrapper takes the place of <attach>
    auto frame = frame_for(e, holder);
    std::size_t depth = 1;
    for (const xml::Element* p = &holder; p; p = p->parent) ++depth;
    auto too_deep = [&](const xml::Element& source) {
      std::function<std::size_t(const xml::Element&)> height = [&](const xml::Element& x) {
        std::size_t most = 0;
        for (const auto& child : x.children) most = std::max(most, height(*child));
        return most + 1;
      };
      if (depth + height(source) <= static_cast<std::size_t>(xml::limits::element_depth)) return false;
      r_.error(e, "nested-too-deep", "with what is attached, elements are nested more than " + std::to_string(xml::limits::element_depth) + " deep");
      return true;
    };

    if (!has_model) {
      if (name.empty()) return r_.error(e, "missing-attribute", "<attach> needs 'model', or a 'body' or 'frame' of this model"), nullptr;
      for (const xml::Element* p = &holder; p; p = p->parent)
        if (const xml::Attribute* own = p->find("name"); own && p->name == kind && own->value == name)
          return a.error(kind, "self-attach", "this <attach> stands inside the " + kind + " that it copies"), nullptr;
      const auto found = complete_.find(name_key(has_body ? Kind::body : Kind::frame, name));
      if (found == complete_.end()) return a.error(kind, "unknown-name", "no " + kind + " before this element is named " + xml::shown(name)), nullptr;
      const xml::Element& source = *found->second;
      NameSet names;
      collect_names(source, names);
      const std::vector<Planned> planned = plan(names, e, false);
      std::size_t size = element_count(source) + 1;
      for (const Planned& p : planned) size += element_count(*p.element);
      if (too_deep(source) || !spend(size, e)) return nullptr;
      const Naming naming = [&](const std::string& old) { return prefix + old; };
      frame->set("childclass", class_around(source, "main"));
      frame->children.push_back(copy_of(source, frame.get(), [&](const xml::Element&, xml::Element& to) { rename(to, Section::tree, names, naming, true); }));
      copy_referrers(planned, names, naming);
      return frame;
    }

    const auto found = r_.models.find(model_name);
    if (found == r_.models.end()) {
      std::vector<std::string> known;
      for (const auto& [candidate, unused] : r_.models) known.push_back(candidate);
      return a.error("model", "unknown-name", "no model is named " + xml::shown(model_name), xml::nearest_hint(model_name, known)), nullptr;
    }
    if (!found->second) return nullptr;                 // could not be read: that has been said
    const Reader& child = *found->second;
    const xml::Element& child_root = *child.document->root;
    if (!scan(element_count(child_root), e)) return nullptr;
    std::vector<const xml::Element*> sources;
    for (const auto& section : child_root.children) {
      if (section->name != "worldbody") continue;
      if (name.empty()) for (const auto& element : section->children) sources.push_back(element.get());
      else if (const xml::Element* one = find_named(*section, kind, name); one && sources.empty()) sources.push_back(one);
    }
    if (!name.empty() && sources.empty()) return a.error(kind, "unknown-name", "model " + xml::shown(model_name) + " has no " + kind + " named " + xml::shown(name)), nullptr;
    if (prefix.empty())
      r_.findings.report.push_back(xml::finding(Severity::warning, e, "prefix", "empty-prefix", "an attached model with an empty prefix shares its names with this one"));
    for (const xml::Element* source : sources)
      if (too_deep(*source) || !spend(element_count(*source) + 1, e)) return nullptr;
    return attach_model(e, child, sources, prefix, std::move(frame));
  }

  static const xml::Element* find_named(const xml::Element& tree, const std::string& tag, const std::string& name) {
    for (const auto& child : tree.children) {
      if (const xml::Attribute* own = child->find("name"); own && child->name == tag && own->value == name) return child.get();
      if (const xml::Element* found = find_named(*child, tag, name)) return found;
    }
    return nullptr;
  }

  static std::string class_around(const xml::Element& element, const std::string& otherwise) {
    for (const xml::Element* p = element.parent; p; p = p->parent)
      if (const xml::Attribute* found = p->find("childclass"); found && !found->value.empty()) return found->value;
    return otherwise;
  }

  // The model's classes under new names, complete as they are: they take nothing from this model's. Returns that of "main".
  std::string add_classes(const Reader& child, const std::string& prefix, const xml::Element& e) {
    auto [entry, is_new] = class_prefixes_.try_emplace({&child, prefix}, prefix + "main");
    if (!is_new) return entry->second;
    while (r_.class_names.contains(entry->second)) entry->second += "'";
    const int first = static_cast<int>(r_.classes.size());
    if (r_.classes.size() + child.classes.size() > most_classes)
      return r_.error(e, "too-many-classes", "with those of attached models there are more than " + std::to_string(most_classes) + " default classes"), "main";
    for (const Class& from : child.classes) {
      Class to = from;
      to.name = &from == &child.classes.front() ? entry->second : prefix + from.name;
      if (to.parent >= 0) to.parent += first;
      for (std::string* reference : {&to.geom.geom.material, &to.geom.mesh, &to.geom.hfield, &to.material.texture})
        if (!reference->empty()) *reference = prefix + *reference;
      if (r_.class_names.contains(to.name))
        r_.findings.errors.add(xml::finding(Severity::error, e, "prefix", "repeated-name", "the attached model brings default class " + xml::shown(to.name) + ", which is there already"));
      r_.add_class(std::move(to));
    }
    return entry->second;
  }

  std::unique_ptr<xml::Element> attach_model(const xml::Element& e, const Reader& child, const std::vector<const xml::Element*>& sources, const std::string& prefix,
                                             std::unique_ptr<xml::Element> frame) {
    const std::string main_class = add_classes(child, prefix, e);
    auto class_name = [&](const std::string& old) { return old == "main" ? main_class : prefix + old; };
    for (const auto& source : child.document->sources) r_.foreign[source.get()] = &child.settings;
    for (const auto& [source, settings] : child.foreign) r_.foreign[source] = settings;
    Attachment attachment{&child, &e, prefix, {}};

    // everything gets the prefix, except the world
    auto change = [&](Section section, bool is_top, const xml::Element& from, xml::Element& to) {
      for (xml::Attribute& a : to.attributes) {
        if (a.value.empty()) continue;
        const Kind kind = reference_kind(to, a.name);
        if (a.name == "class" || a.name == "childclass") a.value = class_name(a.value);
        else if (a.name == "name" ? is_top && own_kind(to, section) != Kind::count : kind != Kind::count && !(kind == Kind::body && a.value == "world")) a.value = prefix + a.value;
      }
      const bool takes_class = is_top && section != Section::tree && section != Section::sensor && to.name != "exclude" && to.name != "hfield";
      if (takes_class && (!to.find("class") || to.find("class")->value.empty())) to.set("class", main_class);
      if (section == Section::asset && is_top && !to.find("name") && to.find("file")) to.set("name", prefix + stem(to.find("file")->value));
      if (section == Section::actuator || section == Section::tendon || to.name == "body" || to.name == "joint" || to.name == "freejoint") attachment.copies[&from] = &to;
    };

    NameSet names;
    for (const xml::Element* source : sources) collect_names(*source, names);
    frame->set("childclass", sources.empty() ? main_class : class_name(class_around(*sources.front(), "main")));
    for (const xml::Element* source : sources)
      frame->children.push_back(copy_of(*source, frame.get(), [&](const xml::Element& from, xml::Element& to) { change(Section::tree, true, from, to); }));

    // other sections: all assets, and what refers to nothing that stays behind
    for (int s = static_cast<int>(Section::asset); s < static_cast<int>(Section::count); ++s) {
      const auto section = static_cast<Section>(s);
      for (const auto& from_section : child.document->root->children) {
        if (from_section->name != section_words[s]) continue;
        for (const auto& element : from_section->children) {
          if (section == Section::asset ? element->name == "model" : !comes_along(*element, section, names)) continue;
          if (!spend(element_count(*element), e)) return nullptr;
          add(section, copy_of(*element, nullptr, [&](const xml::Element& from, xml::Element& to) { change(section, &from == element.get(), from, to); }));
          if (const xml::Attribute* own = element->find("name"); own && section != Section::asset) names.insert(name_key(own_kind(*element, section), own->value));
        }
      }
    }
    r_.attachments.push_back(std::move(attachment));
    return frame;
  }

  static bool comes_along(const xml::Element& element, Section section, const NameSet& names) {
    int attached = 0, left = 0, world = 0;
    each_reference(element, [&](const xml::Attribute& a, Kind kind) {
      if (names.contains(name_key(kind, a.value))) ++attached;
      else if (kind == Kind::body && a.value == "world" && section != Section::equality) ++world;
      else ++left;
    });
    return left == 0 && (attached > 0 || world == 0);
  }

  Reader& r_;
  xml::Element& root_;
  bool full_ = false;
  std::size_t scanned_ = 0;
  std::vector<xml::Element*> lists_[static_cast<std::size_t>(Section::count)];
  xml::Element* last_[static_cast<std::size_t>(Section::count)] = {};
  std::unordered_map<std::string, std::vector<std::pair<Section, std::size_t>>> referrers_;   // by what they refer to
  std::unordered_set<const xml::Element*> gone_;
  std::unordered_map<std::string, xml::Element*> complete_;                                   // bodies and frames that <attach> may copy
  std::map<std::pair<const Reader*, std::string>, std::string> class_prefixes_;
  std::vector<std::unique_ptr<xml::Element>>& done_ = r_.spare;
};

}  // namespace

bool expand(Reader& reader, xml::Element& root) { return Expander(reader, root).run(); }

}  // namespace nuri::scene::mjcf
