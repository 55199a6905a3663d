// Which attributes of MJCF are names, and of what. Copies of elements (replicate, attach) get new names, and what refers to
// them must follow; names are told apart by kind, since a body and a joint may share one.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <unordered_set>
#include "engine/scene/mjcf_reader.h"

namespace nuri::scene::mjcf {

enum class Section { tree, asset, contact, tendon, equality, actuator, sensor, count };
constexpr const char* section_words[] = {"worldbody", "asset", "contact", "tendon", "equality", "actuator", "sensor"};

// What attribute "name" of an element that stands directly in the section (or anywhere in the tree) names; count: nothing.
Kind own_kind(const xml::Element& element, Section section);
// What the attribute refers to; count: it is no reference. Classes are not references here.
Kind reference_kind(const xml::Element& element, const std::string& attribute);
inline bool is_asset(Kind kind) { return kind == Kind::material || kind == Kind::texture || kind == Kind::mesh || kind == Kind::hfield; }

using NameSet = std::unordered_set<std::string>;
std::string name_key(Kind kind, const std::string& name);

// Every reference of the element and what it holds, assets left out.
void each_reference(const xml::Element& element, const std::function<void(const xml::Attribute&, Kind)>& use);
// The names that a part of the tree declares.
void collect_names(const xml::Element& tree, NameSet& out);

std::size_t element_count(const xml::Element& element);
// A copy with all it holds; `change` is called for each new element, outer ones first.
std::unique_ptr<xml::Element> copy_of(const xml::Element& element, const xml::Element* parent,
                                      const std::function<void(const xml::Element& from, xml::Element& to)>& change);

}  // namespace nuri::scene::mjcf
