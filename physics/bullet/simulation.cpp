#include "physics/bullet/simulation.h"
#include <BulletDynamics/Featherstone/btMultiBodyConstraintSolver.h>
#include <BulletDynamics/Featherstone/btMultiBodyDynamicsWorld.h>
#include <BulletDynamics/Featherstone/btMultiBodyLinkCollider.h>
#include <algorithm>
#include <limits>
#include <map>
#include <unordered_map>
#include "engine/model/model_flags.h"
#include "engine/scene/scene.h"
#include "physics/bullet/convert.h"
#include "physics/bullet/rows.h"
#include "physics/bullet/shapes.h"
#include "physics/bullet/trees.h"

namespace nuri::bullet {
namespace {

constexpr double limit_in_sight = 1e-3;  // m, rad: farther from a limit than this, and than two steps, it has no row

// Bullet's pools have room for thousands of pairs, 7 MB for each environment; beyond these it asks the heap.
btDefaultCollisionConstructionInfo small_pools() {
  btDefaultCollisionConstructionInfo info;
  info.m_defaultMaxPersistentManifoldPoolSize = info.m_defaultMaxCollisionAlgorithmPoolSize = 64;
  return info;
}

// A substep without what stepSimulation does around it: interpolation of frames, and velocities of kinematic bodies by their last motion.
class World final : public btMultiBodyDynamicsWorld {
 public:
  using btMultiBodyDynamicsWorld::btMultiBodyDynamicsWorld;
  void substep(btScalar h) {
    applyGravity();
    internalSingleStepSimulation(h);
    clearForces();
  }
};

// Which geoms may touch: those of the model's candidate pairs.
class Pairs final : public btOverlapFilterCallback {
 public:
  explicit Pairs(const model::Model& m) {
    const bool gaps = (m.flags & model::flag_gap) != 0;
    for (int p = 0; p < m.pair_count; ++p)
      if (!gaps || !m.pair_gap[size_t(p)]) pairs_.emplace(key(m.pair_geom1[size_t(p)], m.pair_geom2[size_t(p)]), p);
  }
  int find(int geom1, int geom2) const {  // -1: they may not
    const auto found = pairs_.find(key(geom1, geom2));
    return found == pairs_.end() ? -1 : found->second;
  }
  bool needBroadphaseCollision(btBroadphaseProxy* a, btBroadphaseProxy* b) const override {
    const int one = static_cast<btCollisionObject*>(a->m_clientObject)->getUserIndex(),
              two = static_cast<btCollisionObject*>(b->m_clientObject)->getUserIndex();
    return one >= 0 && two >= 0 && find(one, two) >= 0;
  }

 private:
  static uint64_t key(int a, int b) { return uint64_t(std::min(a, b)) << 32 | uint32_t(std::max(a, b)); }
  std::unordered_map<uint64_t, int> pairs_;
};

// The friction that a contact found just now has. Bullet knows one function for all worlds; the model comes with the objects.
struct Materials {
  const model::Model* model;
  const Pairs* pairs;
};
bool set_material(btManifoldPoint& point, const btCollisionObjectWrapper* a, int, int, const btCollisionObjectWrapper* b, int, int) {
  const auto* const one = a->getCollisionObject();
  const auto* const two = b->getCollisionObject();
  const auto* const materials = static_cast<const Materials*>(one->getUserPointer());
  const int pair = materials ? materials->pairs->find(one->getUserIndex(), two->getUserIndex()) : -1;
  if (pair < 0) return false;
  const model::Model& m = *materials->model;
  const int dim = m.owner_dim[size_t(m.pair_owner[size_t(pair)])];
  const double* const friction = m.pair_friction.data() + 5 * pair;
  point.m_combinedFriction = dim > 1 ? friction[0] : 0;
  point.m_combinedSpinningFriction = dim > 3 ? friction[2] : 0;
  point.m_combinedRollingFriction = dim > 4 ? friction[3] : 0;
  point.m_combinedRestitution = 0;
  return true;
}

}  // namespace

struct Simulation::Parts {
  std::shared_ptr<const model::Model> model;
  Smooth smooth;
  Forces forces;
  Trees trees;

  btDefaultCollisionConfiguration configuration;
  btCollisionDispatcher dispatcher;
  btDbvtBroadphase broadphase;
  btMultiBodyConstraintSolver solver;
  Pairs pairs;
  Materials materials;
  World world;

  struct Geom {
    std::unique_ptr<btCollisionObject> object;
    btTransform local;
    int body;
  };  // local: in the frame of its body, or of its link
  std::vector<Shape> shapes;
  std::vector<Geom> geoms;
  std::vector<std::unique_ptr<btMultiBodyLinkCollider>> bases;  // a tree's name in Bullet's islands; they touch nothing
  btEmptyShape nothing;
  std::map<std::pair<int, int>, std::unique_ptr<Rows>> rows;  // by trees; -1: none
  std::vector<double> row_impulse, rotor_impulse, damper_impulse;
  std::vector<double> speed;  // qvel before the substep
  double h = 0;

  explicit Parts(std::shared_ptr<const model::Model> of);
  ~Parts();
  void add_geoms();
  void place_geoms();
  Rows& rows_of(int tree1, int tree2);
  void add_catalog_rows(const Numbers& state);
  void add_rotors();
  void add_dampers();
  Row* add_row(const std::vector<int>& dof, const std::vector<double>& J);
  double own_damping(int dof) const;
};

Simulation::Parts::Parts(std::shared_ptr<const model::Model> of)
    : model(std::move(of)),
      smooth(model),
      trees(*model),
      configuration(small_pools()),
      dispatcher(&configuration),
      pairs(*model),
      materials{model.get(), &pairs},
      world(&dispatcher, &broadphase, &solver, &configuration),
      row_impulse(size_t(model->row_count)),
      rotor_impulse(size_t(model->dof_count)),
      damper_impulse(size_t(model->output_count + model->tendon_count)),
      speed(size_t(model->dof_count)),
      h(model->timestep[0]) {
  const model::Model& m = *model;
  gContactAddedCallback = set_material;
  configuration.setConvexConvexMultipointIterations(3, 3);  // several points of a face at once, not one per step
  configuration.setPlaneConvexMultipointIterations(3, 3);
  world.getPairCache()->setOverlapFilterCallback(&pairs);
  world.setGravity(m.flags & model::flag_gravity ? vector(m.gravity.data()) : btVector3(0, 0, 0));
  btContactSolverInfo& info = world.getSolverInfo();
  info.m_numIterations = solving::iterations;
  info.m_leastSquaresResidualThreshold = solving::least_change * solving::least_change;
  info.m_erp = info.m_erp2 = solving::share;
  info.m_minimumSolverBatchSize = std::numeric_limits<int>::max();  // all islands in one batch: rows of whatever island are in it
  for (int t = 0; t < trees.size(); ++t) {
    auto base = std::make_unique<btMultiBodyLinkCollider>(&trees.tree(t), -1);
    base->setCollisionShape(&nothing);
    base->setUserIndex(-1);
    base->setActivationState(DISABLE_DEACTIVATION);
    trees.tree(t).setBaseCollider(base.get());
    world.addMultiBody(&trees.tree(t));
    world.addCollisionObject(base.get());
    bases.push_back(std::move(base));
  }
  if (m.flags & model::flag_contact && m.flags & model::flag_constraint) add_geoms();
}

Simulation::Parts::~Parts() {
  for (auto& [trees_of, constraint] : rows) world.removeMultiBodyConstraint(constraint.get());
  for (Geom& geom : geoms)
    if (geom.object) world.removeCollisionObject(geom.object.get());
  for (auto& base : bases) world.removeCollisionObject(base.get());
  for (int t = 0; t < trees.size(); ++t) world.removeMultiBody(&trees.tree(t));
}

void Simulation::Parts::add_geoms() {
  const model::Model& m = *model;
  shapes.resize(size_t(m.geom_count));
  geoms.resize(size_t(m.geom_count));
  std::vector<char> touches(size_t(m.geom_count), 0);
  for (int p = 0; p < m.pair_count; ++p) touches[size_t(m.pair_geom1[size_t(p)])] = touches[size_t(m.pair_geom2[size_t(p)])] = 1;
  for (int g = 0; g < m.geom_count; ++g) {
    if (!touches[size_t(g)]) continue;
    Geom& geom = geoms[size_t(g)];
    Shape& shape = shapes[size_t(g)] = make_shape(m, g);
    geom.body = m.geom_body[size_t(g)];
    const btTransform in_body =
        frame(m.geom_pos.data() + 3 * g, m.geom_quat.data() + 4 * g) * btTransform(btQuaternion(0, 0, 0, 1), btVector3(0, 0, shape.lift));
    const int tree = trees.tree_of_body(geom.body);
    const double* const belt = m.geom_surfacevel.data() + 6 * g;
    const bool runs = std::any_of(belt, belt + 6, [](double v) { return v != 0; });
    if (tree >= 0) {
      geom.object = std::make_unique<btMultiBodyLinkCollider>(&trees.tree(tree), trees.link_of_body(geom.body));
      geom.local = trees.body_in_link(geom.body) * in_body;
    } else if (runs) {  // a belt: Bullet takes it for a body that moves, though it stands
      auto body = std::make_unique<btRigidBody>(0, nullptr, shape.shape.get());
      body->setCollisionFlags(btCollisionObject::CF_KINEMATIC_OBJECT);
      geom.object = std::move(body);
      geom.local = in_body;
    } else {
      geom.object = std::make_unique<btCollisionObject>();
      geom.object->setCollisionFlags(btCollisionObject::CF_STATIC_OBJECT);
      geom.local = in_body;
    }
    btCollisionObject& object = *geom.object;
    object.setCollisionShape(shape.shape.get());
    object.setUserIndex(g);
    object.setUserPointer(&materials);
    object.setCollisionFlags(object.getCollisionFlags() | btCollisionObject::CF_CUSTOM_MATERIAL_CALLBACK);
    object.setActivationState(DISABLE_DEACTIVATION);
    world.addCollisionObject(&object, 1, 1);
  }
}

void Simulation::Parts::place_geoms() {
  const model::Model& m = *model;
  for (size_t g = 0; g < geoms.size(); ++g) {
    Geom& geom = geoms[g];
    if (!geom.object) continue;
    const int tree = trees.tree_of_body(geom.body);
    if (tree < 0) {
      const btTransform at = frame(forces.xpos.data() + 3 * geom.body, forces.xquat.data() + 4 * geom.body) * geom.local;
      geom.object->setWorldTransform(at);
      if (btRigidBody* const belt = btRigidBody::upcast(geom.object.get())) {
        const double* const v = m.geom_surfacevel.data() + 6 * g;
        belt->setLinearVelocity(at.getBasis() * vector(v));
        belt->setAngularVelocity(at.getBasis() * vector(v + 3));
      }
      continue;
    }
    const int link = trees.link_of_body(geom.body);
    btMultiBody& body = trees.tree(tree);
    geom.object->setWorldTransform((link < 0 ? body.getBaseWorldTransform() : body.getLink(link).m_cachedWorldTransform) * geom.local);
  }
}

Rows& Simulation::Parts::rows_of(int tree1, int tree2) {
  auto& found = rows[{tree1, tree2}];
  if (!found) {
    found = std::make_unique<Rows>(&trees.tree(tree1), tree2 < 0 ? nullptr : &trees.tree(tree2));
    world.addMultiBodyConstraint(found.get());
  }
  return *found;
}

// A row over these dofs; none if they are of more than two trees, or none at all.
Row* Simulation::Parts::add_row(const std::vector<int>& dof, const std::vector<double>& J) {
  int tree1 = -1, tree2 = -1;
  for (const int d : dof) {
    const int tree = trees.tree_of_dof(d);
    if (tree1 < 0 || tree == tree1)
      tree1 = tree;
    else if (tree2 < 0 || tree == tree2)
      tree2 = tree;
    else
      return nullptr;
  }
  if (tree1 < 0) return nullptr;
  Row& row = rows_of(tree1, tree2).add();
  for (size_t k = 0; k < dof.size(); ++k)
    trees.add_to_row(dof[k], J[k], trees.tree_of_dof(dof[k]) == tree1 ? row.jacobian_a : row.jacobian_b);
  return &row;
}

void Simulation::Parts::add_catalog_rows(const Numbers& state) {
  const model::Model& m = *model;
  for (const CatalogRow& from : forces.rows) {
    const int source = m.row_source[size_t(from.row)];
    double* const impulse = &row_impulse[size_t(from.row)];
    double distance = from.error;
    if (from.kind >= model::row_joint_limit) {
      distance -= from.kind == model::row_tendon_limit ? m.tendon_margin[size_t(source)] : m.joint_margin[size_t(source)];
      double reach = 0;
      for (size_t k = 0; k < from.dof.size(); ++k) reach -= from.J[k] * state.qvel[size_t(from.dof[k])] * h;
      if (distance > std::max(2 * reach, limit_in_sight)) {
        *impulse = 0;
        continue;
      }
    }
    Row* const row = add_row(from.dof, from.J);
    if (!row) continue;  // left_out.h names it
    row->impulse = impulse;
    if (from.kind <= model::row_tendon_equality) {
      row->target = -solving::share * distance / h;
    } else if (from.kind <= model::row_tendon_friction) {
      row->low = -h * from.loss;
      row->high = h * from.loss;
    } else {
      row->target = -(distance > 0 ? 1 : solving::share) * distance / h;
      row->low = 0;
    }
  }
}

// What dampers on this dof alone take off its force per unit of its velocity.
double Simulation::Parts::own_damping(int dof) const {
  double sum = 0;
  for (const Damper& damper : forces.dampers)
    if (damper.dof.size() == 1 && damper.dof[0] == dof) sum += damper.strength * damper.J[0] * damper.J[0];
  return sum;
}

void Simulation::Parts::add_rotors() {
  const model::Model& m = *model;
  const bool damper = m.flags & model::flag_damper;
  for (int d = 0; d < m.dof_count; ++d) {
    const double armature = m.dof_armature[size_t(d)], damping = (damper ? m.dof_damping[size_t(d)] : 0) + own_damping(d);
    const double sum = armature + h * damping;
    if (sum <= 0) continue;
    forces.force[size_t(d)] += damping * speed[size_t(d)];  // was in the laws; the row has it now
    Row& row = rows_of(trees.tree_of_dof(d), -1).add();
    trees.add_to_row(d, 1, row.jacobian_a);
    row.softness = 1 / sum;
    row.target = armature * speed[size_t(d)] / sum;
    row.impulse = &rotor_impulse[size_t(d)];
  }
}

// Those on several dofs; what no row can hold stays in the laws, explicit.
void Simulation::Parts::add_dampers() {
  for (const Damper& damper : forces.dampers) {
    if (damper.dof.size() < 2) continue;
    Row* const row = add_row(damper.dof, damper.J);
    if (!row) continue;
    double along = 0;
    for (size_t k = 0; k < damper.dof.size(); ++k) along += damper.J[k] * speed[size_t(damper.dof[k])];
    for (size_t k = 0; k < damper.dof.size(); ++k) forces.force[size_t(damper.dof[k])] += damper.strength * along * damper.J[k];
    row->softness = 1 / (h * damper.strength);
    row->impulse = &damper_impulse[size_t(damper.number)];
  }
}

Simulation::Simulation(std::shared_ptr<const model::Model> model) : parts_(std::make_unique<Parts>(std::move(model))) {}
Simulation::~Simulation() = default;

void Simulation::load(const Numbers& state) {
  Parts& s = *parts_;
  Numbers copy = state;
  s.smooth.run(copy, s.forces);
  s.trees.put_bases(s.forces.xpos, s.forces.xquat);
  s.trees.load(state);
  s.trees.forward();
  s.place_geoms();
  for (int i = 0; i < s.dispatcher.getNumManifolds(); ++i) s.dispatcher.getManifoldByIndexInternal(i)->clearManifold();
  std::fill(s.row_impulse.begin(), s.row_impulse.end(), 0);
  std::fill(s.rotor_impulse.begin(), s.rotor_impulse.end(), 0);
  std::fill(s.damper_impulse.begin(), s.damper_impulse.end(), 0);
}

void Simulation::step(Numbers& state) {
  Parts& s = *parts_;
  const model::Model& m = *s.model;
  s.speed = state.qvel;
  s.smooth.run(state, s.forces);
  s.trees.put_bases(s.forces.xpos, s.forces.xquat);
  s.trees.forward();
  s.place_geoms();
  for (auto& [trees, rows] : s.rows) rows->begin();
  if (m.flags & model::flag_constraint) s.add_catalog_rows(state);
  s.add_rotors();
  s.add_dampers();
  for (int d = 0; d < m.dof_count; ++d) s.forces.force[size_t(d)] += state.qfrc_applied[size_t(d)];
  s.trees.apply(s.forces.force);
  for (int b = 1; b < m.body_count; ++b) {
    const double* const push = state.xfrc_applied.data() + 6 * b;
    const int tree = s.trees.tree_of_body(b), link = s.trees.link_of_body(b);
    if (tree < 0 || std::all_of(push, push + 6, [](double f) { return f == 0; })) continue;
    btMultiBody& body = s.trees.tree(tree);
    if (link < 0)
      body.addBaseForce(vector(push)), body.addBaseTorque(vector(push + 3));
    else
      body.addLinkForce(link, vector(push)), body.addLinkTorque(link, vector(push + 3));
  }
  s.world.substep(s.h);
  for (auto& [trees, rows] : s.rows) rows->keep_impulses();
  s.trees.store(state);
  state.act = s.forces.act;
}

void Simulation::poses(std::vector<double>& xpos, std::vector<double>& xquat) const {
  Parts& s = *parts_;
  xpos = s.forces.xpos;  // of static bodies; of mocap bodies too
  xquat = s.forces.xquat;
  s.trees.forward();
  for (int b = 1; b < s.model->body_count; ++b) {
    if (s.trees.tree_of_body(b) < 0) continue;
    const btTransform pose = s.trees.body_pose(b);
    put(xpos.data() + 3 * b, pose.getOrigin());
    put(xquat.data() + 4 * b, pose.getRotation());
  }
}

// A point that Bullet keeps counts as a contact if it pressed in the last step, or overlaps.
static bool counts(const btManifoldPoint& point) { return point.m_appliedImpulse > 0 || point.getDistance() < 0; }

int Simulation::contact_count() const {
  int count = 0;
  for (int i = 0; i < parts_->dispatcher.getNumManifolds(); ++i) {
    const btPersistentManifold& manifold = *parts_->dispatcher.getManifoldByIndexInternal(i);
    for (int k = 0; k < manifold.getNumContacts(); ++k) count += counts(manifold.getContactPoint(k));
  }
  return count;
}

void Simulation::contacts(std::vector<ContactRecord>& out) const {
  const Parts& s = *parts_;
  const model::Model& m = *s.model;
  out.clear();
  for (int i = 0; i < parts_->dispatcher.getNumManifolds(); ++i) {
    const btPersistentManifold& manifold = *parts_->dispatcher.getManifoldByIndexInternal(i);
    const int a = manifold.getBody0()->getUserIndex(), b = manifold.getBody1()->getUserIndex(), pair = s.pairs.find(a, b);
    if (pair < 0) continue;
    for (int k = 0; k < manifold.getNumContacts(); ++k) {
      const btManifoldPoint& point = manifold.getContactPoint(k);
      if (!counts(point)) continue;
      ContactRecord c{};
      c.geom1 = m.pair_geom1[size_t(pair)];
      c.geom2 = m.pair_geom2[size_t(pair)];
      c.dim = m.owner_dim[size_t(m.pair_owner[size_t(pair)])];
      c.dist = point.getDistance();
      const bool straight = c.geom1 == a;  // Bullet's normal points from its second body to its first
      const btVector3 normal = straight ? -point.m_normalWorldOnB : point.m_normalWorldOnB;
      const btVector3 tangent = point.m_lateralFrictionDir1, other = normal.cross(tangent);
      put(c.pos, (point.m_positionWorldOnA + point.m_positionWorldOnB) / 2);
      put(c.frame, normal);
      put(c.frame + 3, tangent);
      put(c.frame + 6, other);
      std::copy_n(m.pair_friction.data() + 5 * pair, 5, c.friction);
      // impulses act on Bullet's first body; the record's forces on geom 2
      const btVector3 pushed =
          (point.m_lateralFrictionDir1 * point.m_appliedImpulseLateral1 + point.m_lateralFrictionDir2 * point.m_appliedImpulseLateral2) *
          (straight ? -1 : 1) / s.h;
      c.force[0] = point.m_appliedImpulse / s.h;
      c.force[1] = pushed.dot(tangent);
      c.force[2] = pushed.dot(other);
      out.push_back(c);
    }
  }
}

}  // namespace nuri::bullet
