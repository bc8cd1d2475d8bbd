#include "mrcz/io/byte_source.hpp"

#include <array>
#include <memory>
#include <type_traits>

#include <doctest/doctest.h>

static_assert(std::is_abstract_v<mrcz::byte_source>);
static_assert(std::has_virtual_destructor_v<mrcz::byte_source>);
static_assert(!std::is_copy_constructible_v<mrcz::byte_source> && !std::is_copy_assignable_v<mrcz::byte_source>);

namespace {

/// The smallest source that a user can write: the byte at each position is the position.
class counting_source : public mrcz::byte_source {
 public:
  explicit counting_source(int& destroyed) : destroyed_{&destroyed} {}
  ~counting_source() override { ++*destroyed_; }
  std::uint64_t size() const override { return 256; }
  void read_at(std::uint64_t offset, std::span<std::byte> into) const override {
    for (std::byte& b : into) b = static_cast<std::byte>(offset++);
  }
  std::string name() const override { return "counting"; }

 private:
  int* destroyed_;
};

}  // namespace

TEST_CASE("a source of the user's own needs three members, and is not in memory unless it says so") {
  int destroyed = 0;
  {
    const std::unique_ptr<const mrcz::byte_source> source = std::make_unique<counting_source>(destroyed);
    CHECK(source->in_memory().empty());
    CHECK(source->in_memory().data() == nullptr);
    std::array<std::byte, 3> bytes{};
    source->read_at(40, bytes);
    CHECK(bytes == std::array{std::byte{40}, std::byte{41}, std::byte{42}});
  }
  CHECK(destroyed == 1);
}

TEST_CASE("a source that is shared lives until the last of its users is done") {
  int destroyed = 0;
  {
    auto shared = std::make_shared<const counting_source>(destroyed);
    const mrcz::detail::shared_source one{shared};
    shared.reset();
    CHECK(destroyed == 0);
    CHECK(one.size() == 256);
    CHECK(one.name() == "counting");
    CHECK(one.in_memory().empty());
    std::array<std::byte, 2> bytes{};
    one.read_at(7, bytes);
    CHECK(bytes == std::array{std::byte{7}, std::byte{8}});
  }
  CHECK(destroyed == 1);
}
