// Sorts a tilt series by angle: the sections, and the records in which SerialEM or FEI's programs wrote their angles.
// Prints a line for each section, so that the output is a list of angles too.
#include <algorithm>
#include <cstddef>
#include <exception>
#include <numeric>
#include <optional>
#include <span>
#include <stdexcept>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "mrcz/mrcz.hpp"

namespace {

template <class Record>
void sort_by_tilt(const mrcz::reader& in, std::optional<double> Record::* angle, const char* path) {
  auto extended = in.extended_header();
  const std::vector<Record> records = extended.records<Record>();
  const bool complete = std::ranges::all_of(records, [&](const Record& record) { return (record.*angle).has_value(); });
  if (records.size() != in.shape()[0] || !complete)
    throw std::runtime_error{"the file does not say the angle of each section"};
  std::vector<std::size_t> order(records.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, {}, [&](std::size_t z) { return std::pair{*(records[z].*angle), z}; });

  std::vector<Record> sorted;
  for (const std::size_t z : order) sorted.push_back(records[z]);
  extended.set_records(std::span<const Record>{sorted});
  mrcz::writer out{path, {.mode = in.mode(), .like = in.header()}};
  out.set_extended_header(extended);
  for (const std::size_t z : order) {
    out.append(in.read_slice<float>(z));
    fmt::print("{:7.2f} degrees, section {}\n", *(records[z].*angle), z);
  }
  out.close();
}

}  // namespace

int main(int count, char** arguments) try {
  if (count != 3) {
    fmt::print(stderr, "usage: {} SERIES.mrc SORTED.mrc\n", arguments[0]);
    return 2;
  }
  const mrcz::reader in{arguments[1]};
  if (in.extended_header().type().starts_with("FEI")) sort_by_tilt(in, &mrcz::fei1::alpha_tilt, arguments[2]);
  else sort_by_tilt(in, &mrcz::seri::tilt_angle, arguments[2]);
} catch (const std::exception& e) {
  fmt::print(stderr, "error: {}\n", e.what());
  return 1;
}
