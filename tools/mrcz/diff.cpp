// mrcz diff: compares two files: what they say, and their voxels.
#include <cmath>
#include <exception>
#include <memory>
#include <string>
#include <type_traits>

#include <fmt/format.h>

#include "command.hpp"
#include "manners.hpp"
#include "mrcz/compare_voxels.hpp"
#include "mrcz/core/shape.hpp"
#include "mrcz/format/header_bytes.hpp"
#include "mrcz/reader.hpp"
#include "printable.hpp"

namespace {

struct arguments {
  std::string a;
  std::string b;
  bool voxels_only = false;
};

/// Prints one difference. Returns that there is one.
bool differ(std::string_view what, std::string_view a, std::string_view b) {
  fmt::print("{}: {} | {}\n", what, text::printable(a), text::printable(b));
  return true;
}

/// Whether the headers say the same. How voxels are stored does not count: codec, packed size, byte order.
bool same_headers(const mrcz::header& a, const mrcz::header& b) {
  bool same = true;
  const auto compare = [&](const mrcz::detail::field_place& place, auto in_a, auto in_b) {
    if (place.name == std::string_view{"MODE"} || place.name == std::string_view{"packed size"}) return;
    if constexpr (std::is_floating_point_v<decltype(in_a)>)
      if (std::isnan(in_a) && std::isnan(in_b)) return;
    if (in_a != in_b) same = !differ(place.name, fmt::format("{}", in_a), fmt::format("{}", in_b));
  };
  mrcz::detail::for_each_number(compare, a, b);
  for (std::size_t i = 0; i < mrcz::labels::capacity; ++i)
    if (a.labels[i] != b.labels[i]) same = !differ(fmt::format("label {}", i), a.labels[i], b.labels[i]);
  return same;
}

/// Whether the files say the same. Voxels are not read.
bool same_fields(const mrcz::reader& a, const mrcz::reader& b) {
  bool same = same_headers(a.header(), b.header());
  if (a.mode() != b.mode()) same = !differ("mode", name_of(a.mode()), name_of(b.mode()));
  if (a.unsigned_bytes() != b.unsigned_bytes())
    same = !differ("bytes", a.unsigned_bytes() ? "unsigned" : "signed", b.unsigned_bytes() ? "unsigned" : "signed");
  const auto of_a = a.extended_header();
  const auto of_b = b.extended_header();
  if (!(of_a == of_b))
    same = !differ("extended header", fmt::format("{}, {} bytes", of_a.type(), of_a.bytes.size()),
                   fmt::format("{}, {} bytes", of_b.type(), of_b.bytes.size()));
  return same;
}

bool same_voxels(const mrcz::reader& a, const mrcz::reader& b) {
  if (a.shape() != b.shape()) return !differ("shape", mrcz::to_string(a.shape()), mrcz::to_string(b.shape()));
  const auto found = mrcz::compare_voxels(a, b);
  if (found.count == 0) return true;
  fmt::print("voxels: {} of {} differ, the largest difference is {:g} at z {}, y {}, x {}, the rms difference {:g}\n",
             found.count, a.shape()[0] * a.shape()[1] * a.shape()[2], found.largest, found.where[0], found.where[1],
             found.where[2], found.rms);
  return false;
}

/// A failure has another exit code than a difference.
int diff(const arguments& given) try {
  const mrcz::reader a{given.a, {.threads = 1}};
  const mrcz::reader b{given.b, {.threads = 1}};
  const bool fields = given.voxels_only || same_fields(a, b);
  const bool voxels = same_voxels(a, b);
  return fields && voxels ? manners::done : manners::failed;
} catch (const mrcz::error& e) {
  if (std::ferror(stdout) != 0) throw;
  manners::report(e.what());
  return manners::wrong_usage;
}

}  // namespace

command::action command::add_diff(CLI::App& program) {
  const auto given = std::make_shared<arguments>();
  auto* sub = program.add_subcommand("diff", "Compare the fields and the voxels of two files");
  sub->add_option("A", given->a, "An MRC or MRCZ file")->required();
  sub->add_option("B", given->b, "Another one, in any mode, codec and byte order")->required();
  sub->add_flag("--voxels", given->voxels_only, "Compare the voxels alone");
  sub->footer("Example:\n  mrcz diff --voxels movie.mrc movie.mrcz && echo the same voxels");
  return [given] { return diff(*given); };
}
