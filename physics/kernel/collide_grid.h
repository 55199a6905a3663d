// Height fields against everything convex.
//
// The problem: a field is thousands of triangles, and a geom that slides over it must not catch on the seams between them.
// Chosen: contacts of features, each asked for once.
//
//   faces    a triangle pushes along its own normal: the ball of a sphere, both balls of a capsule, the lowest point of an ellipsoid, corners
//            of boxes and hulls, a cylinder's lowest point and eight points of each rim. A point belongs to the triangle that it lies over.
//   ridges   an edge where the surface bends down (the border counts) against the whole geom, as convex geoms (collide_convex.h). Its
//            normal must lie between the normals around it, at an end between those of all six triangles there.
//
// Where the surface is flat or bends up there is no ridge, so a geom on a flat field has exactly the contacts that it has on a plane.
// A ridge deep inside a geom may find its shortest way out through the geom's side, or down; it then pushes along the mean of its two
// normals, no farther than that way. The field is solid down to its base, below which nothing touches.
//
// Rejected: a prism under every triangle as a convex geom (MuJoCo, up to 50 contacts): prisms' sides are the seams.
// Consequences: the walls at the border do not push sideways; of a cylinder's cap on a bump between its points only ridges know.
//
// Work grows with the cells under the geom. Of up to 24 candidates the 8 (a ball: 4) that are kept are the deepest and then
// always the one farthest from those kept; equals go by the order of the cells.
#pragma once
#include "physics/kernel/collide_manifold.h"

NURI_KERNEL_BEGIN

template <class S> struct Grid {
  using T = typename Parts<S>::Number;
  const T* elevation;                                       // rows x columns, 0 .. 1
  int rows, columns;
  S half_x, half_y, top, base;                              // m

  NURI_FN Vec3<S> vertex(int r, int c) const {
    const S x = S(T(2 * c - (columns - 1))) * (half_x / S(T(columns - 1))), y = S(T(2 * r - (rows - 1))) * (half_y / S(T(rows - 1)));
    return {x, y, S(elevation[r * columns + c]) * top};
  }
};
template <class R> NURI_FN Grid<One<R>> grid_of(const ModelView<R>& m, int g) {
  const int f = m.geom_shape[g];
  Grid<One<R>> o;
  const auto* const size = m.height_field_size.shared + 4 * f;
  o.elevation = m.height_field_elevation.shared + m.height_field_adr[f];
  o.rows = m.height_field_rows[f];
  o.columns = m.height_field_columns[f];
  o.half_x = size[0], o.half_y = size[1], o.top = size[2], o.base = size[3];
  return o;
}

inline constexpr int grid_candidates = 24;

// Hits found so far, in the field's frame.
template <class S> struct Grid_hits {
  Hit<S> hit[grid_candidates];
  int count = 0;
  S same, margin;                                           // m: hits nearer than `same` with like normals are one

  NURI_FN void offer(const Hit<S>& h) {
    if (!(h.dist <= margin).v) return;
    int shallow = 0;
    for (int k = 0; k < count; ++k) {
      const Vec3<S> d = hit[k].pos - h.pos;
      if ((dot(d, d) < same * same).v && (dot(hit[k].normal, h.normal) > real<S>(0.9)).v) {
        if ((h.dist < hit[k].dist).v) hit[k] = h;
        return;
      }
      if ((hit[k].dist > hit[shallow].dist).v) shallow = k;
    }
    if (count < grid_candidates) hit[count++] = h;
    else if ((h.dist < hit[shallow].dist).v) hit[shallow] = h;
  }
  NURI_FN int keep(int most, Hit<S>* out) {
    if (count <= most) {
      for (int k = 0; k < count; ++k) out[k] = hit[k];
      return count;
    }
    S away[grid_candidates];                                // squared distance from those that are kept
    int next = 0;
    for (int k = 0; k < count; ++k) {
      away[k] = real<S>(no_hit);
      if ((hit[k].dist < hit[next].dist).v) next = k;
    }
    for (int n = 0; n < most; ++n) {
      out[n] = hit[next];
      const Vec3<S> at = hit[next].pos;
      next = 0;
      for (int k = 0; k < count; ++k) {
        const Vec3<S> d = hit[k].pos - at;
        away[k] = min(away[k], dot(d, d));
        if ((away[k] > away[next]).v) next = k;
      }
    }
    return most;
  }
};

template <class S> struct Triangle {
  Vec3<S> a, b, c, n;                                       // counter-clockwise from above; unit normal
  NURI_FN Triangle(Vec3<S> p, Vec3<S> q, Vec3<S> r) : a(p), b(q), c(r) {
    S length;
    n = normalized(cross(b - a, c - a), Vec3<S>{S(0), S(0), S(1)}, length);
  }
  // Is p over the triangle, seen along `axis`?
  NURI_FN bool under(Vec3<S> p, Vec3<S> axis) const {
    const S zero = S(0);
    return ((dot(cross(b - a, p - a), axis) >= zero) & (dot(cross(c - b, p - b), axis) >= zero) & (dot(cross(a - c, p - c), axis) >= zero)).v;
  }
};

template <class S> struct Grid_walk {
  const Grid<S>& field;
  int type;
  const Solid<S>& geom;                                     // in the field's frame
  S margin;
  Grid_hits<S> found;
  Hit<S> left_over;                                         // the deepest of those that were left to a neighbour: counts if nobody is deep

  NURI_FN void leave(const Hit<S>& h) {
    if ((h.dist < left_over.dist).v) left_over = h;
  }
  NURI_FN Hit<S> contact(const Triangle<S>& t, Vec3<S> p, S radius) const {
    const S dist = dot(p - t.a, t.n) - radius;
    return {dist, sub_mul(p, t.n, mul_add(real<S>(0.5), dist, radius)), t.n, zero3<S>()};
  }
  // A point of the geom's core, with the radius around it, against the triangle that it lies over.
  NURI_FN void touch(const Triangle<S>& t, Vec3<S> p, S radius) {
    if (!(p.z - radius < -field.base).v) found.offer(contact(t, p, radius));
  }
  NURI_FN Triangle<S> triangle(int r, int c, bool upper) const {
    return upper ? Triangle<S>(field.vertex(r, c), field.vertex(r + 1, c + 1), field.vertex(r + 1, c))
                 : Triangle<S>(field.vertex(r, c), field.vertex(r, c + 1), field.vertex(r + 1, c + 1));
  }
  // Does an ellipsoid reach the triangle? Seen in a space where it is the unit ball.
  NURI_FN bool cuts(const Triangle<S>& t) const {
    const auto in_ball = [&](Vec3<S> p) {
      const Vec3<S> q = transposed_times(geom.mat, p - geom.pos);
      return Vec3<S>{q.x / geom.size.x, q.y / geom.size.y, q.z / geom.size.z};
    };
    const S zero = S(0), one = S(1);
    const Vec3<S> p[3] = {in_ball(t.a), in_ball(t.b), in_ball(t.c)}, n = cross(p[1] - p[0], p[2] - p[0]);
    bool inside = true;
    for (int k = 0; k < 3; ++k) {
      const Vec3<S> e = p[(k + 1) % 3] - p[k];
      const Vec3<S> near = mul_add(e, clamp01(-dot(p[k], e) / dot(e, e)), p[k]);
      if ((dot(near, near) < one).v) return true;
      inside = inside && (dot(cross(e, -p[k]), n) >= zero).v;
    }
    const S height = dot(p[0], n);
    return inside && (height * height < dot(n, n)).v;
  }
  NURI_FN static S clamp01(S x) { return max(min(x, S(1)), S(0)); }
  // A corner of the geom against the triangle under it.
  NURI_CALL void corner(Vec3<S> p) {
    if (!((abs(p.x) <= field.half_x) & (abs(p.y) <= field.half_y) & (p.z <= field.top + margin)).v) return;
    const S x = (p.x + field.half_x) / (field.half_x + field.half_x) * S(typename Grid<S>::T(field.columns - 1));
    const S y = (p.y + field.half_y) / (field.half_y + field.half_y) * S(typename Grid<S>::T(field.rows - 1));
    int c = int(x.v), r = int(y.v);
    c = c > field.columns - 2 ? field.columns - 2 : c;
    r = r > field.rows - 2 ? field.rows - 2 : r;
    const bool upper = (y - S(typename Grid<S>::T(r)) > x - S(typename Grid<S>::T(c))).v;
    touch(triangle(r, c, upper), p, S(0));
  }

  // Does normal n stay between the normals around grid point (r, c)?
  NURI_FN bool open_at(int r, int c, Vec3<S> n) const {
    const int step[6][2] = {{0, 1}, {1, 1}, {1, 0}, {0, -1}, {-1, -1}, {-1, 0}};
    const Vec3<S> at = field.vertex(r, c);
    for (int k = 0; k < 6; ++k) {
      const int i = r + step[k][0], j = c + step[k][1];
      if (i < 0 || j < 0 || i >= field.rows || j >= field.columns) continue;
      if (!beside(n, field.vertex(i, j) - at)) return false;
    }
    return true;
  }
  NURI_FN static bool beside(Vec3<S> n, Vec3<S> d) {
    const S along = dot(n, d), slack = is_double<S> ? real<S>(1e-7) : real<S>(1e-4);
    return (along <= slack * sqrt(dot(d, d))).v;
  }

  // The edge from (r, c) to (r + dr, c + dc); the triangles beside it have their third corners at `left` and `right` (row, column), or none.
  NURI_CALL void ridge(int r, int c, int dr, int dc, int lr, int lc, int rr, int rc) {
    const auto inside = [&](int i, int j) { return i >= 0 && j >= 0 && i < field.rows && j < field.columns; };
    const Vec3<S> p = field.vertex(r, c), q = field.vertex(r + dr, c + dc), e = q - p, wall{S(0), S(0), -S(1)};
    const bool has_left = inside(lr, lc), has_right = inside(rr, rc);
    const Vec3<S> left = has_left ? field.vertex(lr, lc) - p : wall, right = has_right ? field.vertex(rr, rc) - p : wall;
    S length;
    const Vec3<S> up{S(0), S(0), S(1)};
    const Vec3<S> n1 = has_left ? normalized(cross(e, left), up, length) : zero3<S>(), n2 = has_right ? normalized(cross(right, e), up, length) : zero3<S>();
    // bends down?
    if (has_left && has_right && (dot(n1, right) >= -(is_double<S> ? real<S>(1e-9) : real<S>(1e-5)) * norm(right)).v) return;
    // behind neither triangle's plane by more than the margin
    const S radius = round_radius(type, geom);
    if (has_left && (dot(core_support(type, geom, -n1) - p, n1) - radius > margin).v) return;
    if (has_right && (dot(core_support(type, geom, -n2) - p, n2) - radius > margin).v) return;

    const S half = real<S>(0.5);
    Solid<S> s;
    const Vec3<S> axis = normalized(e, up, length);
    s.pos = mul_add(e, half, p);
    s.mat = {{S(0), S(0), axis.x, S(0), S(0), axis.y, S(0), S(0), axis.z}};
    s.size = {S(0), length * half, S(0)};
    const Vec3<S> away = geom.pos - s.pos, side = sub_mul(away, axis, clamp(dot(away, axis), s.size.y));
    const S reach = bounding_radius(type, geom) + margin;
    if ((dot(side, side) > reach * reach).v) return;
    const Vec3<S> mean = normalized(n1 + n2, up, length);
    Hit<S> hit[4];
    int count = 1;
    if (type == geom::sphere) {                                                // nearest point of the edge
      const Vec3<S> on = geom.pos - side, n = normalized(side, mean, length);
      hit[0] = {length - radius, mul_add(n, (length - radius) * half, on), n, zero3<S>()};
      if (!(hit[0].dist <= margin).v) return;
    } else if (convex_hit(segment_type, type, s, geom, margin, hit) == 0) {
      return;
    }
    const Vec3<S> n = hit[0].normal;
    const S at = dot(sub_mul(hit[0].pos, n, hit[0].dist * half) - s.pos, axis), end = s.size.y * real<S>(0.999);
    bool open = beside(n, left) && beside(n, right);
    if (open && (at >= end).v) open = open_at(r + dr, c + dc, n);
    if (open && (at <= -end).v) open = open_at(r, c, n);
    if (!open) {
      if ((hit[0].dist >= S(0)).v) return;                                     // something else is nearer
      const bool next = (dot(n, mean) > S(0)).v && (abs(at) >= end).v;           // the next ridge has this end, or all leave it to each other
      const S dist = dot(mean, core_support(type, geom, -mean) - s.pos) - radius - abs(dot(mean, axis)) * s.size.y;
      hit[0].dist = max(dist, hit[0].dist);
      hit[0].normal = mean;
      if (next) leave(hit[0]);
      if (next || (hit[0].dist > margin).v) return;
    } else if (type != geom::sphere && type != geom::ellipsoid) {
      count = manifold_hits(segment_type, type, s, geom, margin, 2, hit);
    }
    for (int k = 0; k < count; ++k) found.offer(hit[k]);
  }

  NURI_FN void run() {
    const S zero = S(0), radius = round_radius(type, geom), reach = radius + margin;
    const Vec3<S> x{S(1), zero, zero}, y{zero, S(1), zero}, z{zero, zero, S(1)};
    const S low_x = core_support(type, geom, -x).x - reach, high_x = core_support(type, geom, x).x + reach;
    const S low_y = core_support(type, geom, -y).y - reach, high_y = core_support(type, geom, y).y + reach;
    const S low_z = core_support(type, geom, -z).z - reach;
    if ((low_x > field.half_x).v || (high_x < -field.half_x).v || (low_y > field.half_y).v || (high_y < -field.half_y).v || (low_z > field.top).v) return;
    // cells under the geom
    const auto cell = [&](S at, S half, int cells) {
      const S last = S(typename Grid<S>::T(cells - 1));
      return int(max(min((at + half) / (half + half) * S(typename Grid<S>::T(cells)), last), zero).v);   // also of what is no number
    };
    const int c0 = cell(low_x, field.half_x, field.columns - 1), c1 = cell(high_x, field.half_x, field.columns - 1);
    const int r0 = cell(low_y, field.half_y, field.rows - 1), r1 = cell(high_y, field.half_y, field.rows - 1);

    // points of the geom that need no search
    if (type == geom::box)
      for (int k = 0; k < 8; ++k)
        corner(geom.pos + geom.mat * Vec3<S>{k & 1 ? geom.size.x : -geom.size.x, k & 2 ? geom.size.y : -geom.size.y, k & 4 ? geom.size.z : -geom.size.z});
    if (type == geom::mesh)
      for (int k = 0; k < geom.hull.vertex_count; ++k) corner(geom.pos + geom.mat * corner_of<S>(geom.hull, k));
    if (type == geom::cylinder) {                                               // rims, the lowest point of each first
      const Vec3<S> d = transposed_times(geom.mat, z);
      const S side = sqrt(mul_add(d.y, d.y, d.x * d.x));
      const bool upright = (side < (is_double<S> ? real<S>(1e-9) : real<S>(1e-4))).v;
      const S inv = -geom.size.x / (upright ? S(1) : side), cx = upright ? geom.size.x : d.x * inv, cy = upright ? zero : d.y * inv, h = real<S>(0.70710678118654752);
      S px = cx, py = cy;
      for (int k = 0; k < 8; ++k) {
        for (int end = -1; end <= 1; end += 2) corner(geom.pos + geom.mat * Vec3<S>{px, py, S(typename Grid<S>::T(end)) * geom.size.y});
        const S turned = (px - py) * h;
        py = (px + py) * h;
        px = turned;
      }
    }

    const bool balls = type == geom::sphere || type == geom::capsule, round = balls || type == geom::ellipsoid || type == geom::cylinder;
    NURI_KEEP_LOOP for (int r = r0; r <= r1; ++r) {
      NURI_KEEP_LOOP for (int c = c0; c <= c1; ++c) {
        const S top = max(max(field.vertex(r, c).z, field.vertex(r, c + 1).z), max(field.vertex(r + 1, c).z, field.vertex(r + 1, c + 1).z));
        if ((low_z > top).v) continue;
        for (int k = 0; round && k < 2; ++k) {
          const Triangle<S> t = triangle(r, c, k == 1);
          if (balls) {
            for (int end = 0; end < (type == geom::capsule ? 2 : 1); ++end) {
              const Vec3<S> p = type == geom::capsule ? mul_add(z_axis(geom), end ? geom.size.y : -geom.size.y, geom.pos) : geom.pos;
              const bool sunk = (dot(p - t.a, t.n) < zero).v;                    // its centre below the surface: under one triangle only
              if (t.under(p, sunk ? z : t.n)) touch(t, p, radius);
            }
          } else {
            const Vec3<S> p = core_support(type, geom, -t.n);
            const bool sunk = type == geom::ellipsoid && (dot(geom.pos - t.a, t.n) < zero).v && t.under(geom.pos, z);   // up, whatever else
            const bool above = type == geom::ellipsoid && (dot(p - t.a, t.n) > zero).v;
            if (sunk || t.under(p, above ? t.n : z)) touch(t, p, zero);
            else if (type == geom::ellipsoid && !above && cuts(t)) leave(contact(t, p, zero));   // in a valley each side's point may lie over the other
          }
        }
        ridge(r, c, 1, 1, r + 1, c, r, c + 1);                                   // diagonal, lower and left side of the cell
        ridge(r, c, 0, 1, r + 1, c + 1, r - 1, c);
        ridge(r, c, 1, 0, r, c - 1, r + 1, c + 1);
        if (r + 2 == field.rows) ridge(r + 1, c, 0, 1, r + 2, c + 1, r, c);
        if (c + 2 == field.columns) ridge(r, c + 1, 1, 0, r, c, r + 1, c + 2);
      }
    }
  }
};

// geom 1: the field
template <class S> NURI_STAGE int grid_hits(int type, const Grid<S>& field, const Shape<S>& frame, const Solid<S>& g, S margin, int most, Hit<S>* out) {
  Solid<S> local = g;
  local.pos = transposed_times(frame.mat, g.pos - frame.pos);
  for (int k = 0; k < 3; ++k) {
    const Vec3<S> axis = transposed_times(frame.mat, column(g.mat, k));
    local.mat.m[k] = axis.x, local.mat.m[3 + k] = axis.y, local.mat.m[6 + k] = axis.z;
  }
  Grid_walk<S> walk{field, type, local, margin, {}, {}};
  walk.found.same = real<S>(0.01) * thickness(type, local);
  walk.found.margin = margin;
  walk.left_over.dist = S(0);
  walk.run();
  bool deep = false;
  for (int k = 0; k < walk.found.count; ++k) deep |= (walk.found.hit[k].dist < S(0)).v;
  if (!deep && (walk.left_over.dist < S(0)).v) walk.found.offer(walk.left_over);
  const int count = walk.found.keep(most, out);
  for (int k = 0; k < count; ++k) {
    out[k].pos = frame.pos + frame.mat * out[k].pos;
    out[k].normal = frame.mat * out[k].normal;
  }
  return count;
}

template <class R> NURI_FN void grid_convex(const ModelView<R>& m, int g1, int g2, int type2, const Shape<R>& a, const Shape<R>& b, R margin, Hit<R>* out) {
  const Grid<One<R>> field = grid_of(m, g1);
  const bool mesh = type2 == geom::mesh;
  const Hull_of<R> hull = mesh ? hull_of(m, g2) : Hull_of<R>{};
  const R radius = (mesh ? R(hull.radius) : bounding_radius(type2, b)) + margin;
  // the geom's bounding ball against the field's box
  const Vec3<R> at = transposed_times(a.mat, b.pos - a.pos);
  const auto near = (abs(at.x) <= radius + R(field.half_x.v)) & (abs(at.y) <= radius + R(field.half_y.v)) & (at.z <= radius + R(field.top.v)) & (at.z >= -radius - R(field.base.v));
  const auto hits_of = [&](int w, Hit<One<R>>* hits) {
    return grid_hits(type2, field, lane(a, w, false), mesh ? solid(b, w, hull) : solid(b, w, type2 <= geom::capsule), One<R>(margin[w]), max_hits(geom::hfield, type2), hits);
  };
  if (type2 == geom::sphere) walk<4>(near, a, out, hits_of);
  else walk<8>(near, a, out, hits_of);
}

NURI_KERNEL_END
