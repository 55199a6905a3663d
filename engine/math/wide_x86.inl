// Native registers on x86-64: 4 floats or 2 doubles (SSE width, VEX encoded), 8 or 4 (AVX2), 16 or 8 (AVX-512).
// Included by wide.h inside its namespace.

#define NURI_X86_WIDE(T, W, V, P, S)                                                                         \
  template <> struct Wide<T, W, Kind::native> {                                                              \
    V v;                                                                                                     \
    Wide() = default;                                                                                        \
    NURI_VALUE Wide(V x) : v(x) {}                                                                           \
    NURI_VALUE Wide(T x) : v(P##_set1_##S(x)) {}                                                             \
    NURI_VALUE friend Wide operator+(Wide a, Wide b) { return P##_add_##S(a.v, b.v); }                       \
    NURI_VALUE friend Wide operator-(Wide a, Wide b) { return P##_sub_##S(a.v, b.v); }                       \
    NURI_VALUE friend Wide operator*(Wide a, Wide b) { return P##_mul_##S(a.v, b.v); }                       \
    NURI_VALUE friend Wide operator/(Wide a, Wide b) { return P##_div_##S(a.v, b.v); }                       \
    NURI_VALUE friend Mask<T, W> operator<(Wide a, Wide b) { return Mask<T, W>::less(a.v, b.v); }            \
    NURI_VALUE friend Mask<T, W> operator<=(Wide a, Wide b) { return Mask<T, W>::less_equal(a.v, b.v); }     \
    NURI_VALUE friend Wide mul_add(Wide a, Wide b, Wide c) { return P##_fmadd_##S(a.v, b.v, c.v); }          \
    NURI_VALUE friend Wide sub_mul(Wide c, Wide a, Wide b) { return P##_fnmadd_##S(a.v, b.v, c.v); }         \
    NURI_VALUE friend Wide min(Wide a, Wide b) { return P##_min_##S(a.v, b.v); }                             \
    NURI_VALUE friend Wide max(Wide a, Wide b) { return P##_max_##S(a.v, b.v); }                             \
    NURI_VALUE friend Wide where(Mask<T, W> m, Wide a, Wide b) { return Mask<T, W>::blend(m.m, a.v, b.v); }  \
    NURI_VALUE friend Wide sqrt(Wide a) { return P##_sqrt_##S(a.v); }                                        \
    NURI_VALUE T operator[](int i) const { return v[i]; }                                                    \
    NURI_VALUE void set(int i, T x) { v[i] = x; }                                                            \
  };

#define NURI_AVX(T, W, V, P, S, I)                                                                     \
  template <> struct Mask<T, W, Kind::native> {                                                              \
    V m;                                                                                                     \
    NURI_VALUE static Mask less(V a, V b) { return {P##_cmp_##S(a, b, _CMP_LT_OQ)}; }                        \
    NURI_VALUE static Mask less_equal(V a, V b) { return {P##_cmp_##S(a, b, _CMP_LE_OQ)}; }                  \
    NURI_VALUE static V blend(V m, V a, V b) { return P##_blendv_##S(b, a, m); }                             \
    NURI_VALUE friend Mask operator&(Mask a, Mask b) { return {P##_and_##S(a.m, b.m)}; }                     \
    NURI_VALUE friend Mask operator|(Mask a, Mask b) { return {P##_or_##S(a.m, b.m)}; }                      \
    NURI_VALUE Mask operator!() const { return {P##_xor_##S(m, from_bits(~0u).m)}; }                         \
    NURI_VALUE friend bool any(Mask a) { return P##_movemask_##S(a.m) != 0; }                                \
    NURI_VALUE bool operator[](int i) const { return bits() >> i & 1; }                                      \
    NURI_VALUE unsigned bits() const { return unsigned(P##_movemask_##S(m)); }                               \
    NURI_VALUE static Mask from_bits(unsigned bits) {                                                        \
      typedef I Lanes __attribute__((vector_size(sizeof(V))));                                               \
      I one[W];                                                                                              \
      NURI_UNROLL for (int i = 0; i < W; ++i) one[i] = I(1) << i;                                            \
      Lanes bit;                                                                                             \
      __builtin_memcpy(&bit, one, sizeof bit);                                                               \
      return {V((bit & I(bits)) == bit)};                                                                    \
    }                                                                                                        \
  };                                                                                                         \
  NURI_X86_WIDE(T, W, V, P, S)

#define NURI_AVX512(T, W, V, P, S, K)                                                                        \
  template <> struct Mask<T, W, Kind::native> {                                                              \
    K m;                                                                                                     \
    NURI_VALUE static Mask less(V a, V b) { return {P##_cmp_##S##_mask(a, b, _CMP_LT_OQ)}; }                 \
    NURI_VALUE static Mask less_equal(V a, V b) { return {P##_cmp_##S##_mask(a, b, _CMP_LE_OQ)}; }           \
    NURI_VALUE static V blend(K m, V a, V b) { return P##_mask_blend_##S(m, b, a); }                         \
    NURI_VALUE friend Mask operator&(Mask a, Mask b) { return {K(a.m & b.m)}; }                              \
    NURI_VALUE friend Mask operator|(Mask a, Mask b) { return {K(a.m | b.m)}; }                              \
    NURI_VALUE Mask operator!() const { return {K(~m)}; }                                                    \
    NURI_VALUE friend bool any(Mask a) { return a.m != 0; }                                                  \
    NURI_VALUE bool operator[](int i) const { return m >> i & 1; }                                           \
    NURI_VALUE unsigned bits() const { return m; }                                                           \
    NURI_VALUE static Mask from_bits(unsigned bits) { return {K(bits)}; }                                    \
  };                                                                                                         \
  NURI_X86_WIDE(T, W, V, P, S)

NURI_AVX(float, 4, __m128, _mm, ps, int32_t)
NURI_AVX(float, 8, __m256, _mm256, ps, int32_t)
NURI_AVX(double, 2, __m128d, _mm, pd, int64_t)
NURI_AVX(double, 4, __m256d, _mm256, pd, int64_t)
#if defined(__AVX512F__)
NURI_AVX512(float, 16, __m512, _mm512, ps, __mmask16)
NURI_AVX512(double, 8, __m512d, _mm512, pd, __mmask8)
#endif

#undef NURI_AVX
#undef NURI_AVX512
#undef NURI_X86_WIDE
