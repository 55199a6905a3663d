// What the parts of the URDF reader share. A file is read in two steps: links and joints as they are written (urdf_link.cpp,
// urdf_joint.cpp), each in its own frame; then the tree they form becomes bodies (urdf_tree.cpp), where fixed joints vanish.
#pragma once
#include <cmath>
#include <map>
#include <set>
#include <string>
#include <vector>
#include "engine/scene/mjcf_attributes.h"
#include "engine/scene/mjcf_pose.h"
#include "engine/scene/packages.h"
#include "engine/scene/urdf.h"
#include "engine/shape/inertia.h"

namespace nuri::scene::urdf {

using mjcf::Attributes;
using mjcf::Pose;

constexpr double default_density = 1000;              // kg/m^3, of links without inertial: water, and MJCF's default

// Numbers beyond these are mistakes, and their products would overflow or vanish.
constexpr double longest = 1e9, shortest = 1e-10;     // m
constexpr double heaviest = 1e15;                     // kg
constexpr double largest_moment = 1e30;               // kg m^2
inline bool is_length(double x) { return x >= shortest && x <= longest; }
inline bool is_within(const Array3& v, double most) { return std::abs(v[0]) <= most && std::abs(v[1]) <= most && std::abs(v[2]) <= most; }

// Where a link's mass comes from.
enum class MassSource { nothing, written, geometry };

struct Link {
  std::string name;
  const xml::Element* element = nullptr;
  MassSource source = MassSource::nothing;
  bool zero_mass = false;                             // written so
  shape::MassPart mass{{0, 0, 0}, {1, 0, 0, 0}, 0, {0, 0, 0}};   // of source written; in the link's frame
  std::vector<Geom> geoms;                            // in the link's frame, as they stand in the file
  int body = -1;                                      // that it became, or was merged into; set by build()
  int joint = -1;                                     // whose child it is; -1: a root
  std::vector<int> joints;                            // whose parent it is
};

enum class Kind { revolute, continuous, prismatic, fixed, floating, planar, spherical };

struct UrdfJoint {
  std::string name;
  const xml::Element* element = nullptr;
  Kind kind = Kind::fixed;
  int parent = -1, child = -1;                        // links
  Pose origin;                                        // of the child at rest, in the parent's frame
  Array3 axis{1, 0, 0};                               // unit, in the child's frame
  double damping = 0, friction = 0;
  bool limited = false, locked = false;               // locked: at range[0]
  Array2 range{0, 0};                                 // rad or m
  double effort = 0;                                  // N or N m; 0: no limit
  const xml::Element* mimic = nullptr;
  std::string mimicked;
  double multiplier = 1, offset = 0;                  // own position = multiplier * the mimicked one's + offset
};

struct Colouring { const xml::Element* element = nullptr; Material material; bool has_content = false; };

struct Reader {
  Reader(const UrdfOptions& o, const std::string& folder) : options(o), packages(o.paths, folder) {}

  const UrdfOptions& options;
  Packages packages;
  Scene scene;
  mjcf::Findings findings;
  std::vector<Link> links;
  std::vector<UrdfJoint> joints;
  std::map<std::string, int> link_names, joint_names;
  std::map<std::string, Colouring> materials;
  std::set<std::string> geom_names;
  std::set<std::string> taken_names;                             // of meshes, textures and materials, by kind
  std::map<std::string, int> next_number;                        // for those whose stem is taken
  std::size_t hints = 0;                                         // given with warnings; a hint is a search through all names
  std::map<std::pair<std::string, Array3>, int> meshes;          // canonical path and scale
  std::map<std::string, std::string> textures;                   // canonical path -> name
  struct Missing { std::size_t error, meshes; };                 // index in findings.errors.kept; how many are named by it
  std::map<std::string, Missing> missing_packages;

  void error(const xml::Element& element, const std::string& code, const std::string& message, const std::string& hint = {});
  void warning(const xml::Element& element, const std::string& code, const std::string& message, const std::string& hint = {});
  void note(const xml::Element& element, const std::string& code, const std::string& message);

  // The child of that name, or null; a second one is an error.
  const xml::Element* one(const xml::Element& element, const char* name);
  // Children may be `known`; `foreign` ones and those with a namespace are ignored with a note; others are errors.
  void only(const xml::Element& element, const std::vector<std::string>& known, const std::vector<std::string>& foreign = {});
  // The attributes that are left: with a namespace ignored, otherwise unknown.
  void finish(Attributes& attributes);
  // A name that must be written and be the first of its kind.
  bool declare(Attributes& attributes, std::map<std::string, int>& names, std::size_t index, std::string& out_name);
  int find(Attributes& attributes, const std::string& attribute, const std::map<std::string, int>& names, const char* kind);
  // "stem", "stem_2", ...: the first that is not taken yet among things of this kind.
  std::string free_name(const char* kind, const std::string& stem);
  // A hint for a warning; none after the first few, of which there can be a million.
  template <class Named> std::string hint(const std::string& name, const Named& known) {
    if (++hints > static_cast<std::size_t>(xml::limits::errors)) return {};
    std::vector<std::string> candidates;
    for (const auto& entry : known) candidates.push_back(entry.first);
    return xml::nearest_hint(name, candidates);
  }
  // <origin> of an element; the identity if there is none.
  Pose origin(const xml::Element& element);
};

void read_materials(Reader& reader, const xml::Element& robot);   // all of the file, wherever they are defined
void colour(Reader& reader, const xml::Element& visual, Geom& geom);
bool read_geometry(Reader& reader, const xml::Element& part, Geom& out);   // of a <visual> or <collision>; false: an error was added
void read_link(Reader& reader, const xml::Element& element);
void read_joint(Reader& reader, const xml::Element& element);
void build(Reader& reader, const xml::Element& robot);            // links and joints into the scene's bodies
struct LinkPair { std::array<std::string, 2> names; Place place; std::string why; };
using LinkPairs = std::vector<LinkPair>;
void read_disabled(Reader& reader, const std::string& srdf, LinkPairs& out_pairs);
void disable(Reader& reader, const LinkPairs& pairs);   // contacts between links of the built scene

std::string shown(double value);                                  // for messages: 6 digits
std::string shown(const shape::Vec& values);                      // "1 2 3"

// Moments that no body can have are changed as little as possible; returns whether they were. See urdf.h.
bool balance(shape::Vec& moments);
// The mass of primitives at their density, in the frame of their link; meshes are left out.
std::vector<shape::MassPart> primitive_masses(const std::vector<Geom>& geoms);

}  // namespace nuri::scene::urdf
