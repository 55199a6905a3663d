// The triangles of shapes: tessellated unit shapes, and what a model has of meshes, hulls and height fields.
#pragma once
#include "render/view/scenery.h"

namespace nuri::view {

Shape unit_shape(shape::Unit unit);

// Triangles that name a vertex which is not there are left out; without normals, smooth ones are made. Without uv, all are 0.
Shape mesh_shape(const model::Look::Mesh& mesh);
// Flat faces, from the polygons of a collision hull.
Shape hull_shape(const model::Model& model, int hull);
// The ground, smooth, with walls and a base: a closed body. Fields of more than 1024 grid points along a side are drawn from every second, third ...
// point.
Shape field_shape(const model::Model& model, int field);

void set_bounds(Shape& shape);                     // from its vertices

}  // namespace nuri::view
