// Reads an MRC or MRCZ file that lies in a tar archive, without unpacking the archive. The member of the archive is a
// source of bytes; the same works for object stores, file servers and everything else that can be read at positions.
#include <array>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "mrcz/mrcz.hpp"

namespace {

/// A member of a tar archive. Any number of threads may read it at once, because `file_source` has no cursor.
class tar_member final : public mrcz::byte_source {
 public:
  tar_member(const std::filesystem::path& archive, const std::string& member) : archive_{archive}, member_{member} {
    std::array<char, 512> head{};
    for (std::uint64_t at = 0; at + head.size() <= archive_.size(); at = begin_ + (size_ + 511) / 512 * 512) {
      archive_.read_at(at, std::as_writable_bytes(std::span{head}));
      const std::string name(head.data(), ::strnlen(head.data(), 100));
      if (name.empty()) break;
      begin_ = at + head.size();
      size_ = std::stoull(std::string(head.data() + 124, 12), nullptr, 8);
      if (name == member) {
        if (size_ > archive_.size() - begin_) throw std::runtime_error{"the archive ends within " + member};
        return;
      }
    }
    throw std::runtime_error{fmt::format("{} has no member {}", archive.string(), member)};
  }

  std::uint64_t size() const override { return size_; }
  void read_at(std::uint64_t offset, std::span<std::byte> into) const override {
    archive_.read_at(begin_ + offset, into);
  }
  std::string name() const override { return archive_.name() + ":" + member_; }

 private:
  mrcz::file_source archive_;
  std::string member_;
  std::uint64_t begin_ = 0;
  std::uint64_t size_ = 0;
};

}  // namespace

int main(int count, char** arguments) try {
  if (count != 3) {
    fmt::print(stderr, "usage: {} ARCHIVE.tar MEMBER\n", arguments[0]);
    return 2;
  }
  const mrcz::reader in{std::make_unique<tar_member>(arguments[1], arguments[2])};
  const auto [nz, ny, nx] = in.shape();
  fmt::print("{} slices of {} x {} voxels\n", nz, ny, nx);
  fmt::print("the voxel in the middle is {:g}\n", in.read_slice<float>(nz / 2)(ny / 2, nx / 2));
} catch (const std::exception& e) {
  fmt::print(stderr, "error: {}\n", e.what());
  return 1;
}
