#include "physics/bullet/shapes.h"
#include <BulletCollision/CollisionShapes/btHeightfieldTerrainShape.h>
#include <algorithm>
#include "engine/model/pairs.h"
#include "physics/bullet/convert.h"

namespace nuri::bullet {
namespace {

// Support point of the unit ball, scaled: along n it is a^2 n / |a n|.
class Ellipsoid final : public btConvexInternalShape {
 public:
  explicit Ellipsoid(const btVector3& half) : half_(half) {
    m_shapeType = CUSTOM_CONVEX_SHAPE_TYPE;
    setMargin(0);
  }
  btVector3 localGetSupportingVertexWithoutMargin(const btVector3& n) const override {
    const btVector3 scaled = half_ * n;
    const btScalar length = scaled.length();
    return length > 0 ? half_ * scaled / length : btVector3(0, 0, half_.z());
  }
  btVector3 localGetSupportingVertex(const btVector3& n) const override { return localGetSupportingVertexWithoutMargin(n); }
  void batchedUnitVectorGetSupportingVertexWithoutMargin(const btVector3* n, btVector3* out, int count) const override {
    for (int k = 0; k < count; ++k) out[k] = localGetSupportingVertexWithoutMargin(n[k]);
  }
  void getAabb(const btTransform& at, btVector3& low, btVector3& high) const override {
    btVector3 reach;
    for (int k = 0; k < 3; ++k) reach[k] = (half_ * at.getBasis().getRow(k)).length();
    low = at.getOrigin() - reach;
    high = at.getOrigin() + reach;
  }
  void calculateLocalInertia(btScalar, btVector3& inertia) const override { inertia.setZero(); }
  const char* getName() const override { return "ellipsoid"; }

 private:
  btVector3 half_;
};

double margin_of(double thinnest) { return std::min(shape_margin::most, shape_margin::share * thinnest); }

std::unique_ptr<btCollisionShape> make_hull(const model::Model& m, int mesh) {
  auto hull = std::make_unique<btConvexHullShape>();
  for (int v = m.mesh_vertex_adr[size_t(mesh)]; v < m.mesh_vertex_adr[size_t(mesh) + 1]; ++v)
    hull->addPoint(vector(m.mesh_vertex.data() + 3 * v), false);
  hull->setMargin(0);
  hull->recalcLocalAabb();
  hull->initializePolyhedralFeatures();  // whole faces that meet are clipped: as many points at once as Nuri finds
  return hull;
}

Shape make_field(const model::Model& m, int field) {
  Shape out;
  const int rows = m.height_field_rows[size_t(field)], columns = m.height_field_columns[size_t(field)],
            first = m.height_field_adr[size_t(field)];
  const double* const size = m.height_field_size.data() + 4 * field;
  for (int i = 0; i < rows * columns; ++i) out.heights.push_back(m.height_field_elevation[size_t(first + i)] * size[2]);
  const auto [low, high] = std::minmax_element(out.heights.begin(), out.heights.end());
  auto shape =
      std::make_unique<btHeightfieldTerrainShape>(columns, rows, out.heights.data(), *low, *high, 2, true);  // flipped: Nuri's diagonals
  shape->setLocalScaling({2 * size[0] / (columns - 1), 2 * size[1] / (rows - 1), 1});
  shape->setMargin(0);
  out.lift = (*low + *high) / 2;
  out.shape = std::move(shape);
  return out;
}

}  // namespace

Shape::Shape() = default;
Shape::Shape(Shape&&) noexcept = default;
Shape& Shape::operator=(Shape&&) noexcept = default;
Shape::~Shape() = default;

Shape make_shape(const model::Model& m, int geom) {
  const double* const s = m.geom_size.data() + 3 * geom;
  Shape out;
  switch (m.geom_type[size_t(geom)]) {
    case model::geom_plane: out.shape = std::make_unique<btStaticPlaneShape>(btVector3(0, 0, 1), 0); break;
    case model::geom_hfield: return make_field(m, m.geom_shape[size_t(geom)]);
    case model::geom_sphere: out.shape = std::make_unique<btSphereShape>(s[0]); break;
    case model::geom_capsule: out.shape = std::make_unique<btCapsuleShapeZ>(s[0], 2 * s[1]); break;
    case model::geom_ellipsoid: out.shape = std::make_unique<Ellipsoid>(vector(s)); break;
    case model::geom_cylinder: {
      auto cylinder = std::make_unique<btCylinderShapeZ>(btVector3(s[0], s[0], s[1]));
      cylinder->setMargin(margin_of(std::min(s[0], s[1])));
      out.shape = std::move(cylinder);
      break;
    }
    case model::geom_box: {
      auto box = std::make_unique<btBoxShape>(vector(s));
      box->setMargin(margin_of(std::min({s[0], s[1], s[2]})));
      box->initializePolyhedralFeatures();
      out.shape = std::move(box);
      break;
    }
    default: out.shape = make_hull(m, m.geom_shape[size_t(geom)]);
  }
  return out;
}

}  // namespace nuri::bullet
