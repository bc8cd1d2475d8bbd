/// A header put together byte by byte from the tables of the standard, without help from the library under test.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <type_traits>

namespace test {

class raw_header {
 public:
  explicit raw_header(std::endian order) : order_{order} {}

  raw_header& i16(std::size_t at, std::int16_t value) { return number(at, static_cast<std::uint16_t>(value)); }
  raw_header& i32(std::size_t at, std::int32_t value) { return number(at, static_cast<std::uint32_t>(value)); }
  raw_header& i64(std::size_t at, std::int64_t value) { return number(at, static_cast<std::uint64_t>(value)); }
  raw_header& f32(std::size_t at, float value) { return number(at, std::bit_cast<std::uint32_t>(value)); }

  raw_header& text(std::size_t at, std::string_view characters) {
    for (const char c : characters) bytes_[at++] = static_cast<std::byte>(c);
    return *this;
  }
  raw_header& raw(std::size_t at, std::initializer_list<unsigned> values) {
    for (const unsigned value : values) bytes_[at++] = static_cast<std::byte>(value);
    return *this;
  }

  const std::array<std::byte, 1024>& bytes() const { return bytes_; }

 private:
  template <class Bits>
  raw_header& number(std::size_t at, Bits bits) {
    for (std::size_t i = 0; i < sizeof(Bits); ++i) {
      const std::size_t place = order_ == std::endian::little ? i : sizeof(Bits) - 1 - i;
      bytes_[at + place] = static_cast<std::byte>(bits >> (8 * i));
    }
    return *this;
  }

  std::endian order_;
  std::array<std::byte, 1024> bytes_{};
};

/// What every sane writer fills in, with the standard's stamp.
inline raw_header sane_header(std::endian order, std::int32_t nx, std::int32_t ny, std::int32_t nz, std::int32_t mode) {
  raw_header h{order};
  h.i32(0, nx).i32(4, ny).i32(8, nz).i32(12, mode);
  h.i32(28, nx).i32(32, ny).i32(36, nz);
  h.f32(40, 2.0F * static_cast<float>(nx)).f32(44, 2.0F * static_cast<float>(ny));
  h.f32(48, 2.0F * static_cast<float>(nz)).f32(52, 90).f32(56, 90).f32(60, 90);
  h.i32(64, 1).i32(68, 2).i32(72, 3);
  h.i32(88, 1).i32(108, 20141).text(208, "MAP ");
  if (order == std::endian::little) h.raw(212, {0x44, 0x44, 0, 0});
  else h.raw(212, {0x11, 0x11, 0, 0});
  return h;
}

}  // namespace test
