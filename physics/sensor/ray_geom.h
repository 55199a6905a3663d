// Rays against geoms and sites of a model, and what lies inside a site.
#pragma once
#include "engine/shape/bvh.h"
#include "physics/kernel/collide_box.h"
#include "physics/kernel/shape_pair.h"
#include "physics/sensor/frame.h"

NURI_KERNEL_BEGIN

// x and d in the shape's own axes; size as MJCF.
template <class R> NURI_FN RayHit<R> ray_primitive(int type, Vec3<R> size, Vec3<R> x, Vec3<R> d) {
  switch (type) {
    case geom::plane: return ray_plane(x, d, size);
    case geom::sphere: return ray_sphere(x, d, size.x);
    case geom::capsule: return ray_capsule(x, d, size.x, size.y);
    case geom::ellipsoid: return ray_ellipsoid(x, d, size);
    case geom::cylinder: return ray_cylinder(x, d, size.x, size.y);
    case geom::box: return ray_box(x, d, size);
  }
  return {R(no_ray_hit), zero3<R>()};
}

template <class R> using MeshOf = RayMesh<typename Parts<R>::Number>;
template <class R> NURI_FN MeshOf<R> ray_mesh_of(const ModelView<R>& m, int mesh) {
  const int node = m.bvh_node_adr[mesh];
  return {m.ray_vertex.shared + 3 * m.ray_vertex_adr[mesh], m.ray_triangle + 3 * m.ray_triangle_adr[mesh], m.bvh_node + 2 * node, m.bvh_bound.shared + 6 * node,
          m.bvh_node_adr[mesh + 1] - node};
}
template <class R> using GridOf = RayGrid<typename Parts<R>::Number>;
template <class R> NURI_FN GridOf<R> ray_grid_of(const ModelView<R>& m, int field) {
  const auto* const size = m.height_field_size.shared + 4 * field;
  return {m.height_field_elevation.shared + m.height_field_adr[field], m.height_field_rows[field], m.height_field_columns[field], size[0], size[1], size[2], size[3]};
}

// Any geom; x and d in its axes. Meshes and height fields are walked by the environments whose ray is `near`.
template <class R, class M> NURI_FN RayHit<R> ray_geom(const ModelView<R>& m, int g, M near, Vec3<R> x, Vec3<R> d) {
  const int type = m.geom_type[g], shape = m.geom_shape[g];
  if (type != geom::mesh && type != geom::hfield) return ray_primitive(type, load3(m.geom_size, g), x, d);
  RayHit<R> out{R(no_ray_hit), zero3<R>()};
  if (shape < 0) return out;
  NURI_KEEP_LOOP for (int w = 0; w < Parts<R>::width; ++w) {
    if (!near[w]) continue;
    const RayHit<One<R>> hit = type == geom::mesh ? ray_mesh(ray_mesh_of(m, shape), lane(x, w), lane(d, w)) : ray_grid(ray_grid_of(m, shape), lane(x, w), lane(d, w));
    out.t.set(w, hit.t.v);
    set_lane(out.normal, w, hit.normal);
  }
  return out;
}

// Is a point inside a site, not on its surface? In the site's axes. MuJoCo: mju_insideGeom.
template <class R> NURI_FN auto inside(int type, Vec3<R> size, Vec3<R> x) {
  const R side = mul_add(x.y, x.y, x.x * x.x);
  switch (type) {
    case geom::sphere: return dot(x, x) < size.x * size.x;
    case geom::capsule: {
      const R beyond = max(abs(x.z) - size.y, R(0));
      return mul_add(beyond, beyond, side) < size.x * size.x;
    }
    case geom::cylinder: return (side < size.x * size.x) & (abs(x.z) < size.y);
    case geom::ellipsoid: {
      const Vec3<R> u{x.x / size.x, x.y / size.y, x.z / size.z};
      return dot(u, u) < R(1);
    }
    case geom::box: return (abs(x.x) < size.x) & (abs(x.y) < size.y) & (abs(x.z) < size.z);
  }
  return R(1) < R(0);
}
template <class L> NURI_FN typename L::Truth inside_site(const Pack<L>& p, int site, Vec3<typename L::Real> at) {
  const auto zone = frame_of(p, object::site, site);
  return inside(p.model.site_type[site], load3(p.model.site_size, site), transposed_times(matrix(zone.quat), at - zone.pos));
}

NURI_KERNEL_END
