// What the parts of the MJCF reader share: the scene being filled, the compiler's settings, default classes, names.
//
// Order of reading is MuJoCo's, not the file's: settings, defaults and assets first, then bodies, then what refers to them.
// Elements start as copies of their class (a complete set of values, itself a copy of its parent class), so "default" needs
// no merging; values whose meaning depends on settings (angles, limited="auto", fromto) stay raw until their element is done.
//
// <replicate> and <attach> are carried out on the tree of elements, before anything of it is read (mjcf_expand.h): what
// follows sees frames, bodies and references with their final names only. An attached element keeps the settings and the
// places of the file it comes from.
#pragma once
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>
#include "engine/scene/mjcf.h"
#include "engine/scene/mjcf_attributes.h"
#include "engine/scene/mjcf_pose.h"
#include "engine/scene/scene.h"

namespace nuri::scene::mjcf {

struct Settings {
  bool degree = true, autolimits = true;
  std::string eulerseq = "xyz";
  std::string folder;                                 // canonical, of the file; "": read from memory
  std::string meshdir, texturedir;                    // as written, relative to `folder`
  bool strippath = false, discardvisual = false, alignfree = false;
  bool keeps_options = true, merges_options = false;  // conflict="warning": an attached model's options do not count; "merge"
  double angle(double written) const;                 // rad
};

struct JointSpec { Joint joint; Limited limited = Limited::automatic, actuatorfrclimited = Limited::automatic; };
struct GeomSpec { Geom geom; Orientation orientation; FromTo fromto = no_fromto; std::string mesh, hfield; };
struct SiteSpec { Site site; Orientation orientation; FromTo fromto = no_fromto; };
struct CameraSpec { Camera camera; Orientation orientation; double fovy_degrees = 45; Array2 sensorsize{}, focal{}, focalpixel{}, principal{}, principalpixel{}; };
struct TendonSpec { Tendon tendon; Limited limited = Limited::automatic, actuatorfrclimited = Limited::automatic; };

// How an actuator was written decides which class values a shortcut takes over (see mjcf_actuator.cpp).
enum class ActuatorKind { general, motor, position, velocity, intvelocity, damper, cylinder, adhesion, muscle, pid, dcmotor, orientation };
struct ActuatorSpec {
  Actuator actuator;
  ActuatorKind kind = ActuatorKind::general;
  Limited ctrllimited = Limited::automatic, forcelimited = Limited::automatic, actlimited = Limited::automatic;
};

constexpr std::size_t most_classes = 10'000;           // each is a complete set of values: some kilobytes
struct Class {
  std::string name;
  int parent = -1;                                    // index into Reader::classes
  JointSpec joint;
  GeomSpec geom;
  SiteSpec site;
  CameraSpec camera;
  Light light;
  Texture texture;
  Material material;
  Mesh mesh;
  Pair pair;
  Equality equality;
  TendonSpec tendon;
  ActuatorSpec actuator;
};

enum class Kind { body, joint, geom, site, camera, light, texture, material, mesh, hfield, pair, exclude, equality, tendon, actuator, sensor, key, frame, custom, count };
const char* word(Kind kind);

struct Reader;

// One <attach model=..> that was carried out.
struct Attachment {
  const Reader* model = nullptr;
  const xml::Element* at = nullptr;
  std::string prefix;
  std::unordered_map<const xml::Element*, const xml::Element*> copies;   // of the model's joints, bodies, actuators and tendons
};

struct Reader {
  Scene scene;
  Findings findings;
  Settings settings;
  std::vector<std::string> roots;                     // canonical folders that may be read
  std::vector<std::string> open_files;                // canonical: this file and those that attach it, outermost first
  std::shared_ptr<xml::Spent> spent;
  std::unique_ptr<xml::Document> document;
  std::vector<Class> classes;                         // [0] is main
  std::map<std::string, int> class_names;
  int least_keys = 0;                                 // size/nkey
  std::vector<const xml::Element*> materials, joints, bodies, actuators, tendons;   // beside the lists of `scene`; bodies[0] null: the world
  std::map<std::string, std::unique_ptr<Reader>> models;                   // asset/model, by name; null: could not be read
  std::vector<Attachment> attachments;
  std::unordered_map<const xml::Source*, const Settings*> foreign;         // of attached files
  std::vector<std::unique_ptr<xml::Element>> spare;   // replaced by their copies
  struct Named { int index; Place place; };
  std::map<std::string, Named> names[static_cast<std::size_t>(Kind::count)];

  // Reads attribute `name` and makes it known; an error if the kind has it already.
  void declare(Attributes& attributes, Kind kind, std::string& out_name, std::size_t index);
  // The thing the attribute names; -1: not written, or unknown (then an error was added).
  int find(Attributes& attributes, const std::string& attribute, Kind kind);
  int find(Attributes& attributes, const std::string& attribute, const std::string& name, Kind kind);  // a name that may come from a class
  int find_class(Attributes& attributes, const std::string& attribute, int otherwise);
  // Appends a class; its name must be new.
  int add_class(Class c);
  const Settings& settings_of(const xml::Element& element) const;
  // The path of a file the attribute names, in `folder` of the element's file; "": not written, or an error was added.
  std::string find_file(Attributes& attributes, const std::string& attribute, const std::string& folder, std::size_t most_bytes);

  // limited="auto" means: limited if the range is one.
  bool is_limited(Attributes& attributes, Limited limited, const std::string& limited_name, const Array2& range, const std::string& range_name);

  void error(const xml::Element& element, const std::string& code, const std::string& message, const std::string& hint = {});
  void unknown_element(const xml::Element& element, const std::vector<std::string>& known);
  void not_supported(const xml::Element& element);
  void no_children(const xml::Element& element);
};

// Reads reader.document; false: there are errors.
bool read_document(Reader& reader);
void load_models(Reader& reader, const xml::Element& root);        // asset/model
void add_attached_keys(Reader& reader);                            // keyframes of attached models; everything else is read
void report_attached_options(Reader& reader);
// "arm" of "meshes/arm.obj"
std::string stem(const std::string& file);

// sections; each takes the element of the section
void read_compiler(Reader& reader, const xml::Element& section);
void read_option(Reader& reader, const xml::Element& section);
void read_size(Reader& reader, const xml::Element& section);
void read_statistic(Reader& reader, const xml::Element& section);
void read_visual(Reader& reader, const xml::Element& section);
void read_custom(Reader& reader, const xml::Element& section);
void read_default(Reader& reader, const xml::Element& section, int parent);
void read_asset(Reader& reader, const xml::Element& section);
void hide_visual(Reader& reader);                     // compiler/discardvisual; everything is read
void check_textures(Reader& reader);                  // of materials; all assets are read
void read_worldbodies(Reader& reader, const std::vector<const xml::Element*>& sections);
void read_contact(Reader& reader, const xml::Element& section);
void read_tendons(Reader& reader, const xml::Element& section);
void read_equalities(Reader& reader, const xml::Element& section);
void read_actuators(Reader& reader, const xml::Element& section);
void read_sensors(Reader& reader, const xml::Element& section);
void read_keyframe(Reader& reader, const xml::Element& section);

// nsample, interp and delay; of sensors interval too
void read_history(Attributes& attributes, History& out, bool sensor);

// attributes that a class can hold too; they do not read name and class, and do not finish
void read(Attributes& attributes, JointSpec& out);
void read(Attributes& attributes, GeomSpec& out);
void read(Attributes& attributes, SiteSpec& out);
void read(Attributes& attributes, CameraSpec& out);
void read(Attributes& attributes, Light& out);
void read(Attributes& attributes, Texture& out);
void read(Attributes& attributes, Material& out);
void read(Attributes& attributes, Mesh& out);
void read_builtin_mesh(Attributes& attributes, Mesh& out);                       // builtin and params
void read_layers(Reader& reader, const xml::Element& material, Material& out);   // what a <material> holds
void read(Attributes& attributes, Pair& out);
void read(Attributes& attributes, Equality& out);
void read(Attributes& attributes, TendonSpec& out);
bool read(Attributes& attributes, ActuatorSpec& out, const std::vector<Class>& classes, int class_index);  // false: not an actuator this reads

}  // namespace nuri::scene::mjcf
