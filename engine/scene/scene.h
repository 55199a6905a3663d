// Scene: what a person writes. Names, defaults already applied, SI units, angles in radians; still editable, not yet
// laid out for stepping (engine/model compiles it).
//
// The description follows MJCF because its meaning is published and people's models are written in it; every field
// has MJCF's name and default (mujoco.readthedocs.io, XML Reference). Readers of other formats fill the same
// structures. Bodies stand in depth-first order, body 0 is the world; joints, geoms and sites are listed in the order
// of their bodies and, within a body, of the file. Everything keeps its place in the source, for reports.
#pragma once
#include <array>
#include <limits>
#include <memory>
#include <string>
#include <vector>
#include "engine/core/result.h"

namespace nuri::scene {

namespace xml { struct Document; }

using Array2 = std::array<double, 2>;
using Array3 = std::array<double, 3>;
using Array4 = std::array<double, 4>;   // quaternion w x y z, unit
using Array5 = std::array<double, 5>;

enum class JointType { free, ball, slide, hinge };                                   // numbers as in MJCF's compiled models
enum class GeomType { plane, hfield, sphere, capsule, ellipsoid, cylinder, box, mesh };
enum class Integrator { euler, rk4, implicit, implicitfast };
enum class Cone { pyramidal, elliptic };
enum class Solver { pgs, cg, newton };
enum class SleepPolicy { automatic, never, allowed, asleep };                        // of a tree; asleep: from the beginning
enum class InertiaFromGeom { no, yes, automatic };

// Option flags; each is `enable` unless said otherwise. MJCF: option/flag.
struct Flags {
  bool constraint = true, equality = true, frictionloss = true, limit = true, contact = true, spring = true, damper = true,
       gravity = true, clampctrl = true, warmstart = true, filterparent = true, actuation = true, refsafe = true,
       sensor = true, eulerdamp = true, midphase = true, nativeccd = true, island = true, autoreset = true;
  bool override_contact = false, energy = false, fwdinv = false, invdiscrete = false, multiccd = false, sleep = false, diagexact = false, sensornoise = false;
};

struct Option {
  double timestep = 0.002;                       // s
  Array3 gravity{0, 0, -9.81};                   // m/s^2
  Array3 wind{0, 0, 0};                          // m/s
  Array3 magnetic{0, -0.5, 0};
  double density = 0, viscosity = 0;             // of the medium; kg/m^3, Pa s
  double impratio = 1;
  double tolerance = 1e-8, ls_tolerance = 0.01, noslip_tolerance = 1e-6, ccd_tolerance = 1e-6;
  int iterations = 100, ls_iterations = 50, noslip_iterations = 0, ccd_iterations = 50;
  Integrator integrator = Integrator::euler;
  Cone cone = Cone::pyramidal;
  Solver solver = Solver::newton;
  double sleep_tolerance = 1e-3;                 // m/s: below it a tree may fall asleep, with Flags::sleep
  double o_margin = 0;                           // contact override, used with Flags::override_contact
  Array2 o_solref{0.02, 1};
  Array5 o_solimp{0.9, 0.95, 0.001, 0.5, 2};
  Array5 o_friction{1, 1, 0.005, 0.0001, 0.0001};
  std::vector<int> actuatorgroupdisable;         // groups whose actuators do nothing
  Flags flags;
};

// How the length ranges of muscles are found (MJCF: compiler/lengthrange).
struct LengthRange {
  enum class Mode { none, muscle, all } mode = Mode::muscle;
  bool useexisting = true, uselimit = false;
  double accel = 20, maxforce = 0;               // of all dofs as a length, m/s^2 and rad/s^2; N, 0: any
  double timeconst = 1, timestep = 0.01;         // s; 0: the model's
  double inttotal = 10, interval = 2;            // s
  double tolrange = 0.05;
};

struct Compiler {
  double boundmass = 0, boundinertia = 0, settotalmass = -1;
  bool balanceinertia = false;
  InertiaFromGeom inertiafromgeom = InertiaFromGeom::automatic;
  std::array<int, 2> inertiagrouprange{0, 5};
  LengthRange lengthrange;
  bool fitaabb = false;                          // primitives fitted to meshes: by bounding boxes, otherwise by boxes of equal inertia
};

struct Inertial {
  Array3 pos{0, 0, 0};
  Array4 quat{1, 0, 0, 0};
  double mass = 0;                               // kg
  Array3 diaginertia{0, 0, 0};                   // kg m^2, in the inertial frame
};

// Meshes and height fields are named here and read by the compiler (engine/shape), which scales, centres and hulls them. A
// file is a path that may be opened: its reader has resolved it and checked that it lies in an allowed folder.
enum class MeshInertia { legacy, convex, exact, shell };   // MJCF: asset/mesh/inertia
struct Mesh {
  std::string name, file;                        // file empty: vertices and faces hold the mesh
  std::vector<double> vertices, normals, texcoords;        // 3, 3 and 2 each; m before `scale`
  std::vector<int> faces;                        // 3 vertices each, counter-clockwise from outside; none: the hull of the vertices
  Array3 scale{1, 1, 1};                         // negative: mirrored
  Array3 refpos{0, 0, 0};                        // the origin, and
  Array4 refquat{1, 0, 0, 0};                    //   the axes of the geoms' frame in the file's, before `scale`
  MeshInertia inertia = MeshInertia::legacy;
  bool smoothnormal = false;
  int maxhullvert = -1;                          // -1: no limit
  // Where its geoms touch: as convex parts instead of as one hull; not MJCF's.
  struct Parts {
    int most = 0;                                // 0: as one hull
    double excess = 0.02;                        // what the parts may hold more than the mesh, as a share of its volume
    std::string file;                            // not empty: the parts are this OBJ file's objects, before `scale`
  } parts;
  Place place;
};
struct HeightField {
  std::string name, file;                        // file empty: elevation holds it
  int rows = 0, columns = 0;                     // rows along y, columns along x
  std::vector<float> elevation;                  // rows x columns, first row at -y; compiled to 0 .. 1
  Array4 size{1, 1, 1, 1};                       // m: half x, half y, top, depth of the base below 0
  Place place;
};

struct Body {
  std::string name;
  int parent = 0;                                // index into Scene::bodies
  Array3 pos{0, 0, 0};                           // m, in the parent's frame
  Array4 quat{1, 0, 0, 0};
  bool mocap = false, has_inertial = false;
  SleepPolicy sleep = SleepPolicy::automatic;    // of the tree that begins here
  double gravcomp = 0;
  Inertial inertial;                             // meaningful if has_inertial
  int unlisted = 0;                              // > 0: of a robot, this one, whose files do not list which links never touch (URDF without SRDF)
  Place place;
};

struct Joint {
  std::string name;
  int body = 0;
  JointType type = JointType::hinge;
  Array3 pos{0, 0, 0}, axis{0, 0, 1};            // in the body's frame; axis is unit
  double stiffness = 0, damping = 0, armature = 0, frictionloss = 0, margin = 0;
  Array2 stiffness_poly{0, 0}, damping_poly{0, 0};   // what they grow by: per m and m^2 or rad and rad^2 of stretch, per m/s .. of speed
  double ref = 0, springref = 0;                 // rad or m
  double springyield = 0;                        // rad or m; > 0: what stretches the spring beyond moves where it rests
  Array2 springdamper{0, 0};
  bool limited = false;
  Array2 range{0, 0};                            // rad or m
  bool actuatorfrclimited = false;
  Array2 actuatorfrcrange{0, 0};
  bool actuatorgravcomp = false;
  bool align = false;                            // of a free joint, if nothing hangs on its body: the body's frame becomes that of its inertia
  Array2 solreflimit{0.02, 1}, solreffriction{0.02, 1};
  Array5 solimplimit{0.9, 0.95, 0.001, 0.5, 2}, solimpfriction{0.9, 0.95, 0.001, 0.5, 2};
  int group = 0;
  Place place;
};

struct Geom {
  std::string name;
  int body = 0;
  GeomType type = GeomType::sphere;
  Array3 size{0, 0, 0};                          // m; as MJCF: radius | radius, half length | half sizes (fromto already resolved)
  Array3 pos{0, 0, 0};
  Array4 quat{1, 0, 0, 0};
  int contype = 1, conaffinity = 1, condim = 3, group = 0, priority = 0;
  Array3 friction{1, 0.005, 0.0001};
  double solmix = 1, margin = 0, gap = 0;
  Array2 solref{0.02, 1};
  Array5 solimp{0.9, 0.95, 0.001, 0.5, 2};
  std::array<double, 6> surfacevel{};            // how its surface moves: m/s, and rad/s about its origin; in the geom's frame
  double adhesion = 0;                           // N, of each of its contacts
  double mass = std::numeric_limits<double>::quiet_NaN();   // NaN: from density
  double density = 1000;
  bool shellinertia = false;
  bool fluid_ellipsoid = false;
  Array5 fluidcoef{0.5, 0.25, 1.5, 1, 1};        // of it: blunt, slender and angular drag, Kutta and Magnus lift
  // Indices into Scene::meshes and Scene::height_fields. A geom of a primitive type that names a mesh takes its size and place
  // from the mesh: the compiler fits the primitive (MJCF: compiler/fitaabb) and scales it by `fitscale`; `size` is not read then.
  int mesh = -1, height_field = -1;
  double fitscale = 1;
  bool seen = true;                              // by rangefinders
  bool visual_only = false;                      // of a format that says so (URDF <visual>): touches nothing, weighs nothing
  std::string material;
  std::array<float, 4> rgba{0.5f, 0.5f, 0.5f, 1};
  Place place;
};

struct Site {
  std::string name;
  int body = 0;
  GeomType type = GeomType::sphere;
  Array3 size{0.005, 0.005, 0.005}, pos{0, 0, 0};
  Array4 quat{1, 0, 0, 0};
  int group = 0;
  std::array<float, 4> rgba{0.5f, 0.5f, 0.5f, 1};
  bool is_link = false;                          // the frame of a URDF link that was merged into its body
  Place place;
};

// Kept for the renderers; the dynamics never look.
struct Camera { std::string name; int body = 0; std::string mode = "fixed", target; Array3 pos{}; Array4 quat{1, 0, 0, 0}; double fovy = 0.7853981633974483; Place place; std::array<int, 2> resolution{}; Array2 focal{}, principal{}; bool orthographic = false; double extent = 0; };   // as model::Look::Camera; extent: m, an orthographic picture's height
enum class LightType { spot, directional, point };
struct Light {
  std::string name;
  int body = 0;
  std::string mode = "fixed", target;
  LightType type = LightType::spot;
  bool castshadow = true, active = true;
  Array3 pos{}, dir{0, 0, -1}, ambient{}, diffuse{0.7, 0.7, 0.7}, specular{0.3, 0.3, 0.3}, attenuation{1, 0, 0};
  double cutoff = 0.7853981633974483, exponent = 10, range = 10;   // rad from the axis, the cosine's power within, m
  Place place;
};
struct Texture {
  std::string name, type, builtin, file;         // file as written; `path` may be opened, "": none, or a scene from memory
  Array3 rgb1{0.8, 0.8, 0.8}, rgb2{0.5, 0.5, 0.5};
  int width = 0, height = 0;
  Place place;
  std::string path;
  std::array<std::string, 6> cube_files, cube_paths;       // right left up down front back
  std::array<int, 2> gridsize{1, 1};             // rows, columns of the faces in one file,
  std::string gridlayout;                        //   and which face each is: L R F B U D, '.' none
  bool hflip = false, vflip = false;
  std::string colorspace = "auto", mark = "none";
  Array3 markrgb{};
  double random = 0.01;
  int nchannel = 3;
};
struct Material {
  struct Layer { std::string role, texture; };
  std::string name, texture;
  Array2 texrepeat{1, 1};
  bool texuniform = false;
  double emission = 0, specular = 0.5, shininess = 0.5, reflectance = 0;
  std::array<float, 4> rgba{1, 1, 1, 1};
  Place place;
  double metallic = -1, roughness = -1;          // -1: not given
  std::vector<Layer> layers;                     // instead of `texture`
};

// An explicit contact pair.
struct Pair {
  std::string name;
  int geom1 = 0, geom2 = 0;
  int condim = 3;
  Array5 friction{1, 1, 0.005, 0.0001, 0.0001};
  Array2 solref{0.02, 1}, solreffriction{0, 0};
  Array5 solimp{0.9, 0.95, 0.001, 0.5, 2};
  double margin = 0, gap = 0;
  double adhesion = 0;                           // N; never taken from the geoms
  Place place;
};
struct Exclude { std::string name; int body1 = 0, body2 = 0; Place place; std::string why = {}; };   // why: for the import report; "": the file says so

enum class EqualityType { connect, weld, joint, tendon };
struct Equality {
  std::string name;
  EqualityType type = EqualityType::connect;
  bool active = true;
  // bodies (connect, weld), joints or tendons; -1: none (world body / constant). With sites, both are sites.
  int object1 = -1, object2 = -1;
  bool uses_sites = false;
  Array3 anchor{0, 0, 0};                        // connect: in object1's frame; weld: in object2's frame
  std::array<double, 7> relpose{0, 1, 0, 0, 0, 0, 0};   // weld: pos, quat of body2 in body1; the default 0 1 0 0 .. means "take it from the initial pose"
  double torquescale = 1;
  Array5 polycoef{0, 1, 0, 0, 0};
  Array2 solref{0.02, 1};
  Array5 solimp{0.9, 0.95, 0.001, 0.5, 2};
  Place place;
};

// Fixed: length = sum coef * joint position. Spatial: the shortest string along a path; the sum of its branches, each by its divisor.
struct Tendon {
  std::string name;
  struct Joint { int joint; double coef; };
  enum class Pass { site, geom, pulley };
  struct Via {                                   // through a site, around a geom (sphere or cylinder), or a pulley, where a new branch begins
    Pass kind = Pass::site;
    int object = -1;                             // site or geom
    int side = -1;                               // geom: site on the side where the string passes it, or inside of it; -1: the short way
    double divisor = 1;                          // pulley
  };
  std::vector<Joint> joints;                     // fixed
  std::vector<Via> path;                         // spatial: one of the two lists is empty
  bool limited = false;
  Array2 range{0, 0};
  bool actuatorfrclimited = false;
  Array2 actuatorfrcrange{0, 0};
  double margin = 0, frictionloss = 0, stiffness = 0, damping = 0, armature = 0;
  Array2 stiffness_poly{0, 0}, damping_poly{0, 0};   // as Joint
  Array2 springlength{-1, -1};                   // -1 -1: take it from the initial pose
  double springyield = 0;                        // as Joint
  Array2 solreflimit{0.02, 1}, solreffriction{0.02, 1};
  Array5 solimplimit{0.9, 0.95, 0.001, 0.5, 2}, solimpfriction{0.9, 0.95, 0.001, 0.5, 2};
  double width = 0.003;                          // m; how it looks: radius
  std::string material;
  std::array<float, 4> rgba{0.5f, 0.5f, 0.5f, 1};
  Place place;
};

// Past values that an actuator keeps of its control, or a sensor of its values. MJCF: nsample, interp, delay, interval.
enum class Interpolation { hold, linear, cubic };
struct History {
  int samples = 0;                               // 0: none are kept
  Interpolation interpolation = Interpolation::hold;
  double delay = 0;                              // s
  Array2 interval{0, 0};                         // s, of sensors: period (0: every step) and phase, which is 0 or within a period before 0
};

enum class Dynamics { none, integrator, filter, filterexact, muscle, dcmotor, pid };   // numbers as in MJCF's compiled models
enum class Gain { fixed, affine, muscle, dcmotor, so3, pid };
enum class Bias { none, affine, muscle, dcmotor, so3 };
enum class Transmission { joint, joint_in_parent, tendon, body, site, slidercrank, so3 };   // numbers are used in compiled models: add at the end
// What the controls of an actuator are, as bits, in the order in which they stand. Of an so3 servo: one of the last two.
namespace actuator_input { enum : int { pos = 1, vel = 2, ff = 4, voltage = 8, none = 16, expmap = 32, quat = 64 }; }
using Parameters = std::array<double, 10>;
// All shortcuts (motor, position, muscle, ..) arrive here as `general`.
struct Actuator {
  std::string name;
  Transmission transmission = Transmission::joint;
  int target = 0;                                // joint, tendon, site or body; of a slider-crank: the site of the pin between crank and rod
  int reference = -1;                            // of a site: the site whose frame it is seen in (refsite); -1: its own
                                                 // of a slider-crank: the site whose z axis the slider moves along
  std::array<double, 6> gear{1, 0, 0, 0, 0, 0};
  double cranklength = 0;                        // m, of a slider-crank's rod
  Array2 lengthrange{0, 0};                      // of the transmission; what a muscle needs. 0 0: it is found
  Array3 damping{0, 0, 0};                       // of the target, times gear^2: linear, quadratic, cubic
  double armature = 0;                           // of the target, times gear^2
  int group = 0;
  int input = 0;                                 // actuator_input; 0: one control
  Dynamics dynamics = Dynamics::none;
  Gain gain = Gain::fixed;
  Bias bias = Bias::none;
  Parameters dynprm{1}, gainprm{1}, biasprm{};
  double dampratio = 0;                          // position servo with dampratio: kv is computed by the compiler (MuJoCo: kv > 0 in biasprm[2])
  bool ctrllimited = false, forcelimited = false, actlimited = false, actearly = false;
  Array2 ctrlrange{0, 0}, forcerange{0, 0}, actrange{0, 0};
  Array2 velrange{0, 0}, ffrange{0, 0};          // of a pid's other controls; they limit if they are not 0 0
  double inheritrange = 0;
  History history;
  Place place;
};

// MJCF sensor types. Numbers are ours and used in compiled models: add at the end.
enum class SensorType {
  touch, accelerometer, velocimeter, gyro, force, torque, magnetometer,
  jointpos, jointvel, tendonpos, tendonvel, actuatorpos, actuatorvel, actuatorfrc, jointactuatorfrc, tendonactuatorfrc,
  ballquat, ballangvel, jointlimitpos, jointlimitvel, jointlimitfrc, tendonlimitpos, tendonlimitvel, tendonlimitfrc,
  framepos, framequat, framexaxis, frameyaxis, framezaxis, framelinvel, frameangvel, framelinacc, frameangacc,
  subtreecom, subtreelinvel, subtreeangmom, e_potential, e_kinetic, clock,
  rangefinder, contact, distance, normal, fromto, insidesite, camprojection, user
};
// What each reading of a rangefinder or contact sensor holds, as bits; the numbers stand in this order.
namespace ray_data { enum : int { dist = 1, dir = 2, origin = 4, point = 8, normal = 16, depth = 32, all = 63 }; }
namespace contact_data { enum : int { found = 1, force = 2, torque = 4, dist = 8, pos = 16, normal = 32, tangent = 64, linvel = 128, angvel = 256, all = 511 }; }
enum class ContactReduce { none, mindist, maxforce, netforce };
enum class ObjectType { none, body, xbody, joint, geom, site, tendon, actuator, camera };
struct Sensor {
  std::string name;
  SensorType type = SensorType::jointpos;
  ObjectType object_type = ObjectType::none, reference_type = ObjectType::none;
  int object = -1, reference = -1;               // indices in the Scene's lists; xbody and body both index bodies
                                                 // contact: geom, body, subtree (xbody), first also site; insidesite: the site is the reference, camprojection: the camera
  int data = 1;                                  // rangefinder, contact: bits of ray_data, contact_data
  ContactReduce reduce = ContactReduce::none;    // contact
  int num = 1;                                   // contact: readings; user: numbers
  double cutoff = 0, noise = 0;
  History history;
  Place place;
};

struct Key {
  std::string name;
  double time = 0;
  std::vector<double> qpos, qvel, act, ctrl, mpos, mquat, plastic;   // empty: default; plastic: NaN too
  Place place;
};

// How many numbers say where its spring rests, if it gives way.
inline std::size_t plastic_count(const Joint& joint) { return joint.springyield <= 0 || joint.type == JointType::free ? 0 : joint.type == JointType::ball ? 4 : 1; }
inline std::size_t plastic_count(const Tendon& tendon) { return tendon.springyield <= 0 ? 0 : 2; }

struct Scene {
  std::string name = "scene";
  Option option;
  Compiler compiler;
  std::vector<Body> bodies;                      // never empty: bodies[0] is the world
  std::vector<Joint> joints;
  std::vector<Geom> geoms;
  std::vector<Site> sites;
  std::vector<Camera> cameras;
  std::vector<Light> lights;
  std::vector<Texture> textures;
  std::vector<Material> materials;
  std::vector<Mesh> meshes;
  std::vector<HeightField> height_fields;
  std::vector<Pair> pairs;
  std::vector<Exclude> excludes;
  std::vector<Equality> equalities;
  std::vector<Tendon> tendons;
  std::vector<Actuator> actuators;
  std::vector<Sensor> sensors;
  std::vector<Key> keys;
  std::vector<Diagnostic> report;                // everything adjusted, guessed or kept for later while loading
  std::vector<std::shared_ptr<const xml::Document>> documents;   // what it was read from: for the places of later findings
};

}  // namespace nuri::scene
