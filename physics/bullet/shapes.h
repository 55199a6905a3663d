// Geoms as Bullet's shapes, each in the frame of its geom.
//
//   plane      btStaticPlaneShape, endless as Nuri's
//   sphere, capsule, cylinder, box: their own, along z; the outside is exact. Boxes and cylinders have edges rounded by `margin`
//   ellipsoid  a shape by its support function: Bullet has none (btMultiSphereShape scales the support point of a sphere, which is another)
//   mesh       btConvexHullShape over the corners of Nuri's hull, no margin
//   hfield     btHeightfieldTerrainShape: the surface alone, without the solid under it
#pragma once
#include <memory>
#include <vector>
#include "engine/model/model.h"

class btCollisionShape;

namespace nuri::bullet {

namespace shape_margin {
constexpr double most = 1e-3;   // m: what Bullet rounds edges by; its own default is 0.04, wider than many parts
constexpr double share = 0.02;  // of the thinnest half extent
}  // namespace shape_margin

struct Shape {
  std::unique_ptr<btCollisionShape> shape;
  std::vector<double> heights;  // what a height field's shape reads
  double lift = 0;              // m along z: Bullet centres a height field between its lowest and its highest point
  Shape();
  Shape(Shape&&) noexcept;
  Shape& operator=(Shape&&) noexcept;
  ~Shape();
};

Shape make_shape(const model::Model& model, int geom);

}  // namespace nuri::bullet
