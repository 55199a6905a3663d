// Where an instance's vertex is in the world.
layout(location = 0) in vec3 position;
layout(location = 1) in vec3 normal;
layout(location = 2) in vec2 uv;
layout(location = 3) in float cap;

vec3 scaled(Instance i) { return position * i.scale.xyz + vec3(0.0, 0.0, cap * i.scale.w); }
vec3 placed(Instance i) {
  vec4 p = vec4(scaled(i), 1.0);
  return vec3(dot(i.x, p), dot(i.y, p), dot(i.z, p));
}
const vec4 nowhere = vec4(2.0, 2.0, 2.0, 1.0);   // outside of what is drawn
