#include "tools/record/journal_driver.h"

#if __has_include(<H5FDdevelop.h>)
#include <H5FDdevelop.h>
#endif
#include <algorithm>
#include <iterator>

namespace nuri::record {
namespace {

struct Driven {
  H5FD_t base;                                   // first, for the library
  Journal* journal;
};
Journal& journal_of(H5FD_t* file) { return *reinterpret_cast<Driven*>(file)->journal; }

H5FD_t* open(const char*, unsigned, hid_t access, haddr_t) {
  const auto* const journal = static_cast<Journal* const*>(H5Pget_driver_info(access));
  if (!journal) return nullptr;
  auto* const out = new Driven{};
  out->journal = *journal;
  return &out->base;
}
herr_t close(H5FD_t* file) {
  delete reinterpret_cast<Driven*>(file);
  return 0;
}
herr_t query(const H5FD_t*, unsigned long* flags) {
  if (flags) *flags = H5FD_FEAT_AGGREGATE_METADATA | H5FD_FEAT_ACCUMULATE_METADATA | H5FD_FEAT_DATA_SIEVE | H5FD_FEAT_AGGREGATE_SMALLDATA;
  return 0;
}
haddr_t get_end(const H5FD_t* file, H5FD_mem_t) { return reinterpret_cast<const Driven*>(file)->journal->end(); }
herr_t set_end(H5FD_t* file, H5FD_mem_t, haddr_t end) {
  journal_of(file).set_end(end);
  return 0;
}
// Failures stay in the journal: the library would be left with half of what it was about to do.
herr_t read(H5FD_t* file, H5FD_mem_t, hid_t, haddr_t at, size_t size, void* to) {
  journal_of(file).read(at, to, size);
  return 0;
}
herr_t write(H5FD_t* file, H5FD_mem_t, hid_t, haddr_t at, size_t size, const void* from) {
  journal_of(file).write(at, from, size);
  return 0;
}

hid_t driver() {
  static const hid_t id = [] {
    static H5FD_class_t c{};
#if H5_VERSION_GE(1, 13, 2)
    c.version = H5FD_CLASS_VERSION;
    c.value = H5FD_class_value_t(513);           // of those that nobody has reserved
#endif
    c.name = "nuri_journal";
    c.maxaddr = haddr_t(1) << 62;
    c.fc_degree = H5F_CLOSE_STRONG;
    c.fapl_size = sizeof(Journal*);
    c.open = open, c.close = close, c.query = query;
    c.get_eoa = get_end, c.set_eoa = set_end, c.get_eof = get_end;
    c.read = read, c.write = write;
    const H5FD_mem_t types[] = H5FD_FLMAP_DICHOTOMY;
    static_assert(std::size(types) == size_t(H5FD_MEM_NTYPES));
    std::copy(std::begin(types), std::end(types), c.fl_map);
    return H5FDregister(&c);
  }();
  return id;
}

}  // namespace

void use_journal(hid_t access, Journal& journal) {
  Journal* const pointer = &journal;
  H5Pset_driver(access, driver(), &pointer);
}

}  // namespace nuri::record
