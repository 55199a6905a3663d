#version 460
// A surface under lamps and sky. Lambert and GGX (Walter et al. 2007) with Smith's visibility in Karis' form and Schlick's Fresnel; the sky's
// mirror image by Karis' fit of the split sum (2014, "Physically based shading on mobile").
#extension GL_GOOGLE_include_directive : require
#include "scene.glsl"
#include "sky.glsl"
#include "noise.glsl"
#include "sunlight.glsl"

layout(set = 0, binding = 4) uniform sampler2D open_sky;   // red: how much of the sky is seen, green: distance of what sees it; half as many pixels
layout(set = 1, binding = 0, std430) readonly buffer Materials { MaterialData materials[]; };
layout(set = 1, binding = 1) uniform sampler2D image;
layout(set = 1, binding = 2) uniform samplerCube cube;
layout(location = 0) in vec3 in_at;
layout(location = 1) in vec3 in_normal;
layout(location = 2) in vec2 in_uv;
layout(location = 3) in vec3 in_shape_at;
layout(location = 4) in vec3 in_shape_normal;
layout(location = 5) flat in uint in_instance;
layout(location = 0) out vec4 out_colour;        // premultiplied

const float pi = 3.14159265;

// The image where this pixel is, as view::Material says.
vec4 painted(MaterialData m, Instance i) {
  vec3 p = in_shape_at, dx = dFdx(p), dy = dFdy(p), n = abs(in_shape_normal);
  vec2 at = in_uv - 0.5, ux = dFdx(in_uv), uy = dFdy(in_uv);
  if (m.cover.y == 3.0) {
    if (m.cover.z == 0.0) p /= i.scale.xyz;
    return texture(cube, p.xzy);                   // the sides' top is +z in ours, +y in Vulkan's
  }
  if (m.cover.y == 2.0 || m.cover.z != 0.0) {
    bool x = n.x > n.y && n.x > n.z, y = n.y > n.z;
    at = x ? p.yz : y ? p.xz : p.xy;
    ux = x ? dx.yz : y ? dx.xz : dx.xy, uy = x ? dy.yz : y ? dy.xz : dy.xy;
  }
  at = m.repeat.xy * at + 0.5, ux *= m.repeat.xy, uy *= m.repeat.xy;
  // no more than the whole image per pixel: some drivers look at every repetition
  return textureGrad(image, vec2(at.x, 1.0 - at.y), ux / max(1.0, length(ux)), uy / max(1.0, length(uy)));
}

// The sky that this pixel's surroundings leave it, from the four nearest at its own distance.
float sky_left(float distant) {
  if (view.knobs.z == 0.0) return 1.0;
  if (quick) return texelFetch(open_sky, min(ivec2(gl_FragCoord.xy) / 2, textureSize(open_sky, 0) - 1), 0).r;
  vec2 half_size = vec2(textureSize(open_sky, 0)), at = gl_FragCoord.xy * 0.5 - 0.5;
  vec2 low = floor(at), part = at - low;
  float sum = 0.0, weights = 0.0;
  for (int k = 0; k < 4; ++k) {
    vec2 o = vec2(k & 1, k >> 1);
    vec2 found = texelFetch(open_sky, ivec2(clamp(low + o, vec2(0.0), half_size - 1.0)), 0).rg;
    vec2 w = mix(1.0 - part, part, o);
    float weight = (w.x * w.y + 0.01) * exp(-24.0 * abs(found.g - distant) / distant) + 1e-5;
    sum += weight * found.r, weights += weight;
  }
  return sum / weights;
}

void main() {
  Instance i = instances[in_instance];
  MaterialData m = materials[min(i.name.x, uint(materials.length() - 1))];
  vec3 to_eye = view.eye.xyz - in_at;
  vec3 facet = cross(dFdx(in_at), dFdy(in_at));
  vec4 base = i.rgba * m.rgba;
  if (m.cover.y != 0.0) base *= painted(m, i);
  if ((i.name.z & flat_lit) != 0u) {
    out_colour = vec4(base.rgb / view.knobs.y * base.a, base.a);
    return;
  }
  facet = dot(facet, to_eye) < 0.0 ? -facet : facet;   // files wind their triangles either way: what is seen is the outside
  vec3 n = normalize(in_normal), v = normalize(to_eye);
  n = dot(n, facet) < 0.0 ? -n : n;
  float rough = clamp(m.look.z, 0.06, 1.0), metal = m.look.w, mirror = m.cover.x, a2 = rough * rough * rough * rough;
  vec3 f0 = mix(vec3(0.08 * m.look.y), base.rgb, metal), albedo = base.rgb * (1.0 - metal);
  float nv = max(dot(n, v), 1e-3);
  vec3 through = vec3(0.0), shine = vec3(0.0);         // from within, and off the surface
  for (int k = 0; k < int(view.knobs.x); ++k) {
    LampData lamp = view.lamps[k];
    vec3 l = lamp.from.xyz;
    float arrives = 1.0;
    if (lamp.from.w != 0.0) {
      l -= in_at;
      float d = length(l);
      l /= max(d, 1e-6);
      arrives = 1.0 / max(lamp.fall.x + d * (lamp.fall.y + d * lamp.fall.z), 1e-4);
      float along = -dot(l, lamp.axis.xyz);
      // a pixel wide, so that the cone's edge is as smooth as those of things
      if (lamp.axis.w > -1.0) arrives *= clamp((along - lamp.axis.w) / max(fwidth(along), 1e-6) + 0.5, 0.0, 1.0) * pow(max(along, 1e-6), lamp.beam.x);
      if (d > lamp.fall.w) arrives = 0.0;
    }
    float nl = dot(n, l);
    if (nl <= 0.0 || arrives <= 0.0) continue;
    vec3 light = lamp.colour.rgb * (nl * arrives);
    if (lamp.colour.w != 0.0) light *= sunlight(in_at, n, gl_FragCoord.xy);
    vec3 h = normalize(l + v);
    float nh = max(dot(n, h), 0.0), vh = max(dot(v, h), 0.0);
    float d = nh * nh * (a2 - 1.0) + 1.0;
    float k2 = 0.5 * rough * rough;
    float see = 0.25 / ((nv * (1.0 - k2) + k2) * (nl * (1.0 - k2) + k2));
    vec3 fresnel = f0 + (1.0 - f0) * pow(1.0 - vh, 5.0);
    through += (1.0 - fresnel) * albedo / pi * light;
    shine += min(a2 / (pi * d * d) * see, 40.0) * fresnel * light;
  }
  float left = base.a < 1.0 ? 1.0 : sky_left(dot(-to_eye, view.forward.xyz));   // what is clear leaves all of the sky to what is behind it
  vec3 r = reflect(-v, n);
  vec4 c = rough * vec4(-1.0, -0.0275, -0.572, 0.022) + vec4(1.0, 0.0425, 1.04, -0.04);
  float fit = min(c.x * c.x, exp2(-9.28 * nv)) * c.x + c.y;
  vec3 fraction = f0 * (-1.04 * fit + c.z) + clamp(50.0 * f0.g, 0.0, 1.0) * (1.04 * fit + c.w);
  float shown = mix(1.0, left, 0.7) * left;            // in a corner the mirror image is of the corner
  through += albedo * ambient(n) * left;
  shine += fraction * sky_light(r, rough) * shown;
  float coat = mirror * (0.35 + 0.65 * pow(1.0 - nv, 4.0));
  through *= 1.0 - coat;
  shine += coat * sky_light(r, 0.05) * shown;
  through += m.look.x * base.rgb;
  vec3 far = sky_seen(normalize(vec3(-to_eye.xy, max(-to_eye.z, 0.0))));
  float lost = hazed(length(to_eye));
  out_colour = vec4(mix(through * base.a + shine, far * base.a, lost), base.a);
}
