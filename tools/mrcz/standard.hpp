/// Standard input and output, which the arguments of the program call "-".
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "mrcz/io/byte_sink.hpp"
#include "mrcz/io/sequential.hpp"

namespace standard {

inline bool is_meant_by(const std::string& path) { return path == "-"; }

inline mrcz::descriptor_source input() { return {0, "standard input"}; }

/// A sink for callers that write in order.
class output final : public mrcz::byte_sink {
 public:
  void write_at(std::uint64_t, std::span<const std::byte> from) override { to_.write(from); }
  void publish() override {}
  std::string name() const override { return to_.name(); }

 private:
  mrcz::descriptor_sink to_{1, "standard output"};
};

}  // namespace standard
