// 0 .. 1 by pixel: neighbours differ as much as they can (Jimenez 2014, "Next generation post processing in Call of Duty").
float noise(vec2 pixel) { return fract(52.9829189 * fract(dot(floor(pixel), vec2(0.06711056, 0.00583715)))); }

// Point k of n of a spiral that fills the unit disc evenly, turned by `turn` of a whole turn.
vec2 spiral(int k, int n, float turn) {
  float angle = 2.39996323 * float(k) + 6.2831853 * turn;
  return sqrt((float(k) + 0.5) / float(n)) * vec2(cos(angle), sin(angle));
}
