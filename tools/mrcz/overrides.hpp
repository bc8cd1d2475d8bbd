/// Options that override what a file says of its voxels.
#pragma once

#include <bit>
#include <optional>
#include <string>

#include <CLI/CLI.hpp>

#include "mrcz/reader.hpp"

namespace manners {

struct overrides {
  bool unsigned_bytes = false;
  std::string byte_order;

  void add_to(CLI::App& sub) {
    sub.add_flag("--unsigned", unsigned_bytes, "Read the bytes of mode 0 as 0 to 255");
    sub.add_option("--byte-order", byte_order, "little or big, whatever the header says")
        ->check(CLI::IsMember({"little", "big"}));
  }

  mrcz::read_options options() const {
    mrcz::read_options chosen;
    if (unsigned_bytes) chosen.signed_bytes = false;
    if (!byte_order.empty()) chosen.byte_order = byte_order == "big" ? std::endian::big : std::endian::little;
    return chosen;
  }
};

}  // namespace manners
