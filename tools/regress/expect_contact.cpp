// Expectations of contacts, of how deep they are, and of energy.
#include <algorithm>
#include <cmath>
#include <memory>
#include "tools/regress/expect.h"

namespace nuri::regress {
namespace {

// A contact names what touches by geoms; people by bodies or geoms. The geoms of a bucket's model that the patterns mean.
std::vector<char> geoms_of(const model::Model& m, const std::vector<std::string>& patterns) {
  std::vector<char> out(size_t(m.geom_count), 0);
  for (int g = 0; g < m.geom_count; ++g) {
    const std::string &geom = m.geom_name[size_t(g)], &body = m.body_name[size_t(m.geom_body[g])];
    out[size_t(g)] = (!geom.empty() && scene::matches(patterns, geom)) || (!body.empty() && scene::matches(patterns, body));
  }
  return out;
}

std::vector<std::string> bodies_and_geoms(const model::Model& m) {
  std::vector<std::string> names = m.body_name;
  names.insert(names.end(), m.geom_name.begin(), m.geom_name.end());
  return names;
}

// For each bucket, which geoms are on either side.
struct Sides { std::vector<std::vector<char>> one, other; };

// Calls f(contact, sign) for those between the sides; the sign turns its force into that on `other`.
template <class F> void each_contact(Look& look, int e, const Sides& sides, F f) {
  const size_t b = size_t(look.world().place(e).bucket);
  for (const ContactRecord& c : look.probe(e).contacts) {
    const size_t g = size_t(c.geom1), h = size_t(c.geom2);
    if (sides.one[b][g] && sides.other[b][h]) f(c, 1.0);
    else if (sides.one[b][h] && sides.other[b][g]) f(c, -1.0);
  }
}

}  // namespace

std::vector<Quantity> expect_contact(const Finder& f) {
  const Expectation& e = f.expectation;
  const auto one = f.find(e.names, "body or geom", bodies_and_geoms), other = f.find(e.others, "body or geom", bodies_and_geoms);
  auto items = f.everyone();
  const auto sides = std::make_shared<Sides>();
  for (int b = 0; b < f.session.world().buckets(); ++b) {
    const model::Model& m = f.session.world().bucket(b).model();
    sides->one.push_back(geoms_of(m, e.names.patterns));
    sides->other.push_back(geoms_of(m, e.others.patterns));
    if (one[size_t(b)].empty() || other[size_t(b)].empty()) items[size_t(b)].clear();   // a variant without them
  }
  const std::string who = first_name(e.names) + " and " + first_name(e.others);
  std::vector<Quantity> out;
  if (e.present) {
    const double infinite = std::numeric_limits<double>::infinity();
    out.push_back(
        {"contacts of " + who, "", *e.present ? Range{1, infinite} : Range{-infinite, 0}, items, [sides](Look& look, int env, int) {
           double count = 0;
           each_contact(look, env, *sides, [&](const ContactRecord&, double) { ++count; });
           return count;
         }});
    out.back().probed = true;
  }
  if (e.force) {
    out.push_back({"force between " + who, "N", *e.force, items, [sides](Look& look, int env, int) {
                     Vec sum{0, 0, 0};
                     each_contact(look, env, *sides, [&](const ContactRecord& c, double sign) {
                       for (size_t k = 0; k < 3; ++k)
                         for (size_t i = 0; i < 3; ++i) sum[i] += sign * c.force[k] * c.frame[3 * k + i];
                     });
                     return std::sqrt(shape::dot(sum, sum));
                   }});
    out.back().probed = true;
  }
  return out;
}

std::vector<Quantity> expect_penetration(const Finder& f) {
  Quantity out{"penetration", "m", f.expectation.range, f.everyone(), [](Look& look, int env, int) {
                 double deepest = 0;
                 for (const ContactRecord& c : look.probe(env).contacts) deepest = std::max(deepest, -c.dist);
                 return deepest;
               }};
  out.probed = true;
  return {std::move(out)};
}

std::vector<Quantity> expect_energy(const Finder& f) {
  // the first look at an environment is what its drift is against
  const auto first = std::make_shared<std::vector<double>>(size_t(f.session.environments()), none);
  Quantity out{"energy drift", "", f.expectation.range, f.everyone(), [first](Look& look, int env, int) {
                 const double now = energy(look.world(), env, look.probe(env));
                 double& then = (*first)[size_t(env)];
                 if (!given(then)) then = now;
                 return std::abs(now - then) / std::max(std::abs(then), 1.0);
               }};
  out.probed = true;
  return {std::move(out)};
}

}  // namespace nuri::regress
