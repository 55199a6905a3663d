// CheckedLane: one environment in double whose numbers know when they lie in scratch. For tests: it computes PackLane's bits and
// reports every access that the lane contract does not allow, by field, index and the place of the each() in the source:
//
//   unwritten read   nobody wrote the slot (since it was forgotten: scratch is reused substep after substep)
//   unfinished read  another item, or another each(), wrote it after the last sync()
//   two writers      the same, writing
//   late write       another item read it after the last sync(), so it may see either value
//   uniform write    a write outside of each() and once(): every thread would do it
//
// sums(), list() and place() have read everything when they return (their threads meet to combine answers), so what follows may
// overwrite what they read; each() and once() promise that only with a sync().
// The checks are strict: item 3 of one each() and item 3 of the next are different items. A read that is selected out by
// where() counts as a read. Integers in scratch are not watched: they are written in once() and by list() and place().
// Rejected: memory tools (valgrind, compute-sanitizer): the arena is one written block to them, and a CPU lane has no races.
#pragma once
#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <vector>
#include "engine/lane/lane.h"

namespace nuri {

// Where a call stands in the source: std::source_location, which clang has only since its release 16.
struct SourcePlace {
  const char* file = "";
  int line = 0;
  static constexpr SourcePlace current(const char* file = __builtin_FILE(), int line = __builtin_LINE()) { return {file, line}; }
};

// What happened to each 8-byte word of an arena, and which accesses were wrong.
class Shadow {
 public:
  struct Area { std::string name; size_t begin, end; bool loose; };   // bytes; loose: the step around the kernels may write it too
  struct Finding { std::string rule, area, where; size_t index; int stage; int times; };

  std::function<void(Shadow&, int stage)> on_mark;                    // after a stage
  std::map<std::string, Finding> findings;                            // by rule, area and where

  Shadow(char* base, size_t bytes, std::vector<Area> areas) : base_(base), words_(bytes / sizeof(double)), areas_(std::move(areas)) { active = this; }
  ~Shadow() { active = nullptr; }
  Shadow(const Shadow&) = delete;
  Shadow& operator=(const Shadow&) = delete;

  static inline thread_local Shadow* active = nullptr;

  void enter(const SourcePlace& where) {
    ++section_;
    where_ = where;
    places_.push_back(where);
  }
  void item(int i) { agent_ = section_ << 32 | uint64_t(uint32_t(i)); }
  void leave() { agent_ = uniform; }
  // Inside sums(), list() and place(): nobody leaves them before everybody has read, so their reads are finished.
  void gather(bool on) { gathering_ = on; }
  void sync() {
    ++epoch_;
    places_.clear();
    first_section_ = section_ + 1;
  }
  void mark(int stage) {
    stage_ = stage;
    if (on_mark) on_mark(*this, stage);
  }
  void forget(size_t begin, size_t end) {
    for (size_t w = begin / sizeof(double); w < end / sizeof(double); ++w) words_[w] = {};
  }
  std::string report() const {
    std::string text;
    for (const auto& [key, f] : findings)
      text += f.rule + ": " + f.area + "[" + std::to_string(f.index) + "] at " + f.where + ", after stage " + std::to_string(f.stage) + ", " + std::to_string(f.times) + " times\n";
    return text;
  }

  __attribute__((noinline)) static void read(uintptr_t at) {
    if (active) active->on_read(at);
  }
  __attribute__((noinline)) static void write(uintptr_t at) {
    if (active) active->on_write(at);
  }

 private:
  static constexpr uint64_t uniform = 0;                              // agents: section and item; this one: everybody, outside of each()
  struct Word {
    uint64_t writer = 0, reader = 0, other_reader = 0, write_epoch = 0, read_epoch = 0;   // the last two different readers
    bool written = false;
  };

  size_t word_at(uintptr_t at) const { return size_t(at - reinterpret_cast<uintptr_t>(base_)) / sizeof(double); }
  void on_read(uintptr_t at) {
    const size_t w = word_at(at);
    if (w >= words_.size()) return;
    Word& word = words_[w];
    if (!word.written) found("unwritten read", w);
    else if (word.write_epoch == epoch_ && word.writer != agent_) found("unfinished read", w, &word.writer);
    if (gathering_) return;
    if (word.read_epoch != epoch_) word.other_reader = agent_;
    else if (word.reader != agent_) word.other_reader = word.reader;
    word.reader = agent_;
    word.read_epoch = epoch_;
  }
  void on_write(uintptr_t at) {
    const size_t w = word_at(at);
    if (w >= words_.size()) return;
    Word& word = words_[w];
    if (word.write_epoch == epoch_ && word.writer != agent_) found("two writers", w, &word.writer);
    else if (word.read_epoch == epoch_ && word.reader != agent_) found("late write", w, &word.reader);
    else if (word.read_epoch == epoch_ && word.other_reader != agent_) found("late write", w, &word.other_reader);
    if (agent_ == uniform && !area_of(w).loose) found("uniform write", w);
    word.written = true;
    word.writer = agent_;
    word.write_epoch = agent_ == uniform ? 0 : epoch_;                // the step around the kernels finishes before they begin
  }
  const Area& area_of(size_t word) const {
    static const Area nowhere{"?", 0, 0, false};
    for (const Area& a : areas_) if (word * sizeof(double) >= a.begin && word * sizeof(double) < a.end) return a;
    return nowhere;
  }
  static std::string name(const SourcePlace& place) {
    const std::string file = place.file;
    return file.substr(file.rfind('/') + 1) + ":" + std::to_string(place.line);
  }
  // other: who touched the word before
  void found(const char* rule, size_t word, const uint64_t* other = nullptr) {
    const Area& area = area_of(word);
    std::string file = agent_ == uniform ? "outside, after " + name(where_) : name(where_);
    if (other) {
      const uint64_t section = *other >> 32;
      file += " against " + (*other == uniform ? "outside" : section < first_section_ ? "an older one" : name(places_[section - first_section_]));
    }
    Finding& f = findings[std::string(rule) + area.name + file];
    if (!f.times++) f = {rule, area.name, file, word - area.begin / sizeof(double), stage_, 1};
  }

  char* base_;
  std::vector<Word> words_;
  std::vector<Area> areas_;
  SourcePlace where_;
  std::vector<SourcePlace> places_;                                   // of the sections since the last sync()
  uint64_t epoch_ = 1, section_ = 0, first_section_ = 1, agent_ = uniform;
  int stage_ = -1;
  bool gathering_ = false;
};

// A double by another name, so that its Wide can be another type.
struct Checked {
  double v;
  Checked() = default;
  constexpr Checked(double x) : v(x) {}
  constexpr operator double() const { return v; }
};

}  // namespace nuri

NURI_KERNEL_BEGIN

template <> struct Wide<Checked, 1, Kind::scalar> {
  double v;
  Wide() = default;
  Wide(double x) : v(x) {}
  Wide(Checked x) : v(x.v) {}
  Wide(const Wide& o) : v(o.v) { Shadow::read(o.address()); }
  Wide& operator=(const Wide& o) {
    Shadow::read(o.address());
    Shadow::write(address());
    v = o.v;
    return *this;
  }
  friend Wide operator+(Wide a, Wide b) { return a.v + b.v; }
  friend Wide operator-(Wide a, Wide b) { return a.v - b.v; }
  friend Wide operator*(Wide a, Wide b) { return a.v * b.v; }
  friend Wide operator/(Wide a, Wide b) { return a.v / b.v; }
  friend Mask<Checked, 1> operator<(Wide a, Wide b) { return {a.v < b.v}; }
  friend Mask<Checked, 1> operator<=(Wide a, Wide b) { return {a.v <= b.v}; }
  friend Wide mul_add(Wide a, Wide b, Wide c) { return __builtin_fma(a.v, b.v, c.v); }
  friend Wide sub_mul(Wide c, Wide a, Wide b) { return __builtin_fma(-a.v, b.v, c.v); }
  friend Wide min(Wide a, Wide b) { return a.v < b.v ? a.v : b.v; }
  friend Wide max(Wide a, Wide b) { return b.v < a.v ? a.v : b.v; }
  friend Wide where(Mask<Checked, 1> m, Wide a, Wide b) { return m.v ? a.v : b.v; }
  friend Wide sqrt(Wide a) { return __builtin_sqrt(a.v); }
  Checked operator[](int) const {
    Shadow::read(address());
    return v;
  }
  void set(int, double x) {
    Shadow::write(address());
    v = x;
  }
  uintptr_t address() const { return reinterpret_cast<uintptr_t>(this); }
};

// Loading the state is a write (engine/lane/transpose.h copies bytes).
inline void gather_rows(const Checked* const* rows, int n, Wide<Checked, 1>* out) {
  for (int i = 0; i < n; ++i) out[i].set(0, rows[0][i]);
}

// An each() that says where it stands, and CheckedLane's words for the rest.
struct CheckedLane {
  using Scalar = Checked;
  using Real = Wide<Checked, 1>;
  using Truth = Mask<Checked, 1>;
  using Int = Ints<1>;
  using Place = SourcePlace;
  static constexpr int width = 1;
  Stopwatch* watch = nullptr;

  template <class F> void each(int n, F f, Place at = Place::current()) const {
    enter(at);
    for (int i = 0; i < n; ++i) {
      item(i);
      f(i);
    }
    leave();
  }
  template <class F> void once(F f, Place at = Place::current()) const {
    enter(at);
    item(0);
    f();
    leave();
  }
  void sync() const { if (Shadow::active) Shadow::active->sync(); }
  void mark(int stage) const { if (Shadow::active) Shadow::active->mark(stage); }

  template <int N, class K, class F> void sums(int n, K key, Real (&out)[N], F f, Place at = Place::current()) const {
    enter(at);
    PackLane<Checked, 1>{}.sums(n, key, out, [&](int i, Real* acc) {
      item(i);
      gather(true);
      f(i, acc);
      gather(false);
      leave();
    });
  }
  template <int N, class F> void sweep(int first, int n, Real (&out)[N], F f, Place at = Place::current()) const {
    sums(n, ByItem{}, out, [&](int i, Real* acc) { f.template operator()<Real>(first + i, acc); }, at);
  }
  template <class F> int list(int n, int* out, int cap, F keep, Place at = Place::current()) const {
    enter(at);
    return PackLane<Checked, 1>{}.list(n, out, cap, [&](int i) { return ask(i, keep); });
  }
  template <class O, class K> int place(int n, int cap, O owner, K keep, Int* out_source, int* out_owner, int* out_rank, Place at = Place::current()) const {
    enter(at);
    return PackLane<Checked, 1>{}.place(n, cap, owner, [&](int i) { return ask(i, keep); }, out_source, out_owner, out_rank);
  }

 private:
  static void enter(const Place& at) { if (Shadow::active) Shadow::active->enter(at); }
  static void item(int i) { if (Shadow::active) Shadow::active->item(i); }
  static void leave() { if (Shadow::active) Shadow::active->leave(); }
  static void gather(bool on) { if (Shadow::active) Shadow::active->gather(on); }
  template <class F> static Truth ask(int i, F& keep) {
    item(i);
    gather(true);
    const Truth kept = keep(i);
    gather(false);
    leave();
    return kept;
  }
};

NURI_KERNEL_END

// The elementary functions, from the same text.
#include "engine/math/wide_bits.h"

NURI_KERNEL_BEGIN

template <> struct Format<Checked> : Format<double> {};
namespace bits {
template <> struct Pattern<Checked, 1, Kind::scalar> {
  using Word = uint64_t;
  using type = Word;
  static type load(Wide<Checked, 1> x) { return __builtin_bit_cast(type, x.v); }
  static void store(type x, Wide<Checked, 1>& out) { out = Wide<Checked, 1>(__builtin_bit_cast(double, x)); }
};
}  // namespace bits

NURI_KERNEL_END
