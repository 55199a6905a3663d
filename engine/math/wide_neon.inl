// Native registers on AArch64: 4 floats or 2 doubles. Included by wide.h inside its namespace.
// vminq / vmaxq treat NaN and -0 otherwise than `a < b ? a : b`, so min and max are written by compare and select.

#define NURI_NEON(T, W, V, U, I, S, M)                                                                       \
  template <> struct Mask<T, W, Kind::native> {                                                              \
    U m;                                                                                                     \
    NURI_VALUE friend Mask operator&(Mask a, Mask b) { return {vandq_##M(a.m, b.m)}; }                       \
    NURI_VALUE friend Mask operator|(Mask a, Mask b) { return {vorrq_##M(a.m, b.m)}; }                       \
    NURI_VALUE Mask operator!() const { return {m ^ from_bits(~0u).m}; }                                     \
    NURI_VALUE friend bool any(Mask a) { return vmaxvq_u32((uint32x4_t)(a.m)) != 0; }               \
    NURI_VALUE bool operator[](int i) const { return m[i] != 0; }                                            \
    NURI_VALUE unsigned bits() const {                                                                       \
      unsigned b = 0;                                                                                        \
      NURI_UNROLL for (int i = 0; i < W; ++i) b |= (m[i] != 0 ? 1u : 0u) << i;                               \
      return b;                                                                                              \
    }                                                                                                        \
    NURI_VALUE static Mask from_bits(unsigned bits) {                                                        \
      Mask r;                                                                                                \
      NURI_UNROLL for (int i = 0; i < W; ++i) r.m[i] = I(0) - I(bits >> i & 1);                              \
      return r;                                                                                              \
    }                                                                                                        \
  };                                                                                                         \
  template <> struct Wide<T, W, Kind::native> {                                                              \
    V v;                                                                                                     \
    Wide() = default;                                                                                        \
    NURI_VALUE Wide(V x) : v(x) {}                                                                           \
    NURI_VALUE Wide(T x) : v(vdupq_n_##S(x)) {}                                                              \
    NURI_VALUE friend Wide operator+(Wide a, Wide b) { return vaddq_##S(a.v, b.v); }                         \
    NURI_VALUE friend Wide operator-(Wide a, Wide b) { return vsubq_##S(a.v, b.v); }                         \
    NURI_VALUE friend Wide operator*(Wide a, Wide b) { return vmulq_##S(a.v, b.v); }                         \
    NURI_VALUE friend Wide operator/(Wide a, Wide b) { return vdivq_##S(a.v, b.v); }                         \
    NURI_VALUE friend Mask<T, W> operator<(Wide a, Wide b) { return {vcltq_##S(a.v, b.v)}; }                 \
    NURI_VALUE friend Mask<T, W> operator<=(Wide a, Wide b) { return {vcleq_##S(a.v, b.v)}; }                \
    NURI_VALUE friend Wide mul_add(Wide a, Wide b, Wide c) { return vfmaq_##S(c.v, a.v, b.v); }              \
    NURI_VALUE friend Wide sub_mul(Wide c, Wide a, Wide b) { return vfmsq_##S(c.v, a.v, b.v); }              \
    NURI_VALUE friend Wide where(Mask<T, W> m, Wide a, Wide b) { return vbslq_##S(m.m, a.v, b.v); }          \
    NURI_VALUE friend Wide min(Wide a, Wide b) { return vbslq_##S(vcltq_##S(a.v, b.v), a.v, b.v); }          \
    NURI_VALUE friend Wide max(Wide a, Wide b) { return vbslq_##S(vcltq_##S(b.v, a.v), a.v, b.v); }          \
    NURI_VALUE friend Wide sqrt(Wide a) { return vsqrtq_##S(a.v); }                                          \
    NURI_VALUE T operator[](int i) const { return v[i]; }                                                    \
    NURI_VALUE void set(int i, T x) { v[i] = x; }                                                            \
  };

NURI_NEON(float, 4, float32x4_t, uint32x4_t, uint32_t, f32, u32)
NURI_NEON(double, 2, float64x2_t, uint64x2_t, uint64_t, f64, u64)
#undef NURI_NEON
