// The sky: a gradient over the height of a direction, the same for all azimuths but for a glow around the sun; or the scene's own, whose means
// above, aside and below are then the gradient that lights.
layout(set = 1, binding = 3) uniform samplerCube own_sky;

// `blur` 0 .. 1: from a mirror's view to a rough surface's.
vec3 gradient(vec3 zenith, vec3 horizon, vec3 ground, float height, float blur) {
  vec3 above = mix(horizon, zenith, sqrt(clamp(height, 0.0, 1.0)) * (1.0 - 0.35 * blur));
  vec3 below = mix(horizon, ground, smoothstep(0.0, 0.12 + blur, -height));
  return mix(below, above, smoothstep(-0.02 - blur, 0.02 + blur, height));
}

// Radiance that lights from direction d.
vec3 sky_light(vec3 d, float blur) {
  vec3 mean = gradient(view.light_zenith.rgb, view.light_horizon.rgb, view.light_ground.rgb, d.z, blur);
  if (view.own_sky.x == 0.0) return mean;
  return mix(textureLod(own_sky, d.xzy, blur * view.own_sky.y).rgb * view.own_sky.z, mean, blur);   // the faces' top is +z in ours, +y in Vulkan's
}

// The same, gathered over the hemisphere around n, / pi.
vec3 ambient(vec3 n) {
  vec3 above = mix(view.light_horizon.rgb, view.light_zenith.rgb, 0.55);
  vec3 side = 0.5 * mix(view.light_ground.rgb, view.light_horizon.rgb, 0.6) + 0.5 * mix(view.light_ground.rgb, above, 0.5);
  return n.z > 0.0 ? mix(side, above, n.z) : mix(side, view.light_ground.rgb, -n.z);
}

// What is seen in direction d behind everything; d.z = 0 is what far ground fades into.
vec3 sky_seen(vec3 d) {
  if (view.own_sky.x != 0.0) return textureLod(own_sky, d.xzy, 0.0).rgb;
  float towards = max(dot(d, view.towards_sun.xyz), 0.0);
  float t2 = towards * towards, t8 = t2 * t2 * t2 * t2;
  float t64 = t8 * t8;
  t64 = t64 * t64 * t64 * t64;
  return gradient(view.seen_zenith.rgb, view.seen_horizon.rgb, view.seen_ground.rgb, d.z, 0.0) + view.glow.rgb * (0.12 * t2 + 0.25 * t8 + 0.6 * t64);
}

// How much of what is at distance d is lost in haze.
float hazed(float d) {
  float x = max(d - view.haze.x, 0.0) / view.haze.y;
  return 1.0 - exp(-x * x);
}
