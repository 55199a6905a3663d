// How much of the sun a point sees: the shadow map's depths (1 near the sun, 0 far) around it, over a width that grows with the distance
// to what casts the shadow (Fernando 2005, "Percentage-closer soft shadows"). Depths of a tap are compared with the plane through the point, not
// with the point: so a wide kernel on a slanted surface does not shade itself.
layout(set = 0, binding = 3) uniform sampler2D sun_depth;
layout(constant_id = 0) const bool quick = false;   // edges as wide as a texel or two, whatever casts the shadow

vec3 in_map(vec3 p) {
  vec4 c = view.sun_clip * vec4(p, 1.0);
  return vec3(c.xy, c.z) / c.w;
}

// Of the four texels around `uv`, weighted as if they were interpolated: how many let the sun pass to `depth`.
float passes(vec2 uv, float depth) {
  vec2 texel = uv / view.shadow.x - 0.5, part = fract(texel);
  vec4 seen = vec4(lessThanEqual(textureGather(sun_depth, (floor(texel) + 1.0) * view.shadow.x), vec4(depth)));
  return mix(mix(seen.w, seen.z, part.x), mix(seen.x, seen.y, part.x), part.y);
}

float sunlight(vec3 at, vec3 n, vec2 pixel) {
  vec3 p = in_map(at + n * view.shadow.z);
  vec2 uv = p.xy * 0.5 + 0.5;
  if (any(greaterThan(abs(p.xy), vec2(0.995))) || !(p.z > 0.0) || p.z >= 1.0) return 1.0;
  // the plane's depth per uv, from two steps along it
  vec3 a = normalize(cross(n, abs(n.z) < 0.9 ? vec3(0.0, 0.0, 1.0) : vec3(1.0, 0.0, 0.0))), b = cross(n, a);
  vec3 pa = in_map(at + n * view.shadow.z + a * view.shadow.z * 4.0) - p, pb = in_map(at + n * view.shadow.z + b * view.shadow.z * 4.0) - p;
  float area = pa.x * pb.y - pa.y * pb.x;
  vec2 slope = abs(area) > 1e-12 ? 2.0 * vec2(pa.z * pb.y - pb.z * pa.y, pb.z * pa.x - pa.z * pb.x) / area : vec2(0.0);
  float steepest = 12.0 * view.shadow.w / view.shadow.x;   // a texel's depth, twelvefold: nearly along the sun's rays
  slope *= min(1.0, steepest / max(length(slope), 1e-9));
  float depth = p.z + view.shadow.w, turn = noise(pixel);
  if (quick) return passes(uv, depth);
  // what is in between, and how far off
  const float widest = 20.0;                       // texels
  float blockers = 0.0, sum = 0.0, reach = widest * view.shadow.x;
  for (int k = 0; k < 8; ++k) {
    vec2 off = spiral(k, 8, turn) * reach;
    float found = textureLod(sun_depth, uv + off, 0.0).r;
    if (found > depth + dot(slope, off)) blockers += 1.0, sum += found;
  }
  if (blockers == 0.0) return 1.0;
  float width = clamp((sum / blockers - depth) * view.shadow.y, 1.3 * view.shadow.x, reach);
  float light = 0.0;
  for (int k = 0; k < 12; ++k) {
    vec2 off = spiral(k, 12, turn) * width;
    light += passes(uv + off, depth + dot(slope, off));
  }
  return light / 12.0;
}
