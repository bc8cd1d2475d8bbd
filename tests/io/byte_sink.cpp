#include "mrcz/io/byte_sink.hpp"

#include <array>
#include <memory>
#include <type_traits>

#include <doctest/doctest.h>

#include "mrcz/io/memory.hpp"

static_assert(std::is_abstract_v<mrcz::byte_sink>);
static_assert(std::has_virtual_destructor_v<mrcz::byte_sink>);
static_assert(!std::is_copy_constructible_v<mrcz::byte_sink> && !std::is_copy_assignable_v<mrcz::byte_sink>);

namespace {

/// The smallest sink that a user can write: it counts bytes until it is published.
class counting_sink : public mrcz::byte_sink {
 public:
  explicit counting_sink(std::uint64_t& published, int& destroyed) : published_{&published}, destroyed_{&destroyed} {}
  ~counting_sink() override { ++*destroyed_; }
  void write_at(std::uint64_t, std::span<const std::byte> from) override { bytes_ += from.size(); }
  void publish() override { *published_ = bytes_; }
  std::string name() const override { return "counting"; }

 private:
  std::uint64_t bytes_ = 0;
  std::uint64_t* published_;
  int* destroyed_;
};

}  // namespace

TEST_CASE("a sink of the user's own needs three members; keeping what is partial means nothing to it") {
  std::uint64_t published = 0;
  int destroyed = 0;
  {
    const std::unique_ptr<mrcz::byte_sink> sink = std::make_unique<counting_sink>(published, destroyed);
    sink->write_at(0, std::array<std::byte, 5>{});
    CHECK(sink->keep_partial().empty());
    CHECK(published == 0);
    sink->publish();
  }
  CHECK(published == 5);
  CHECK(destroyed == 1);
}

TEST_CASE("a sink copies from any source, in pieces") {
  std::vector<std::byte> content(3'000'000);
  for (std::size_t i = 0; i < content.size(); ++i) content[i] = static_cast<std::byte>(i * i / 1000);
  std::vector<std::byte> copied;
  mrcz::memory_sink to{copied};
  to.copy(mrcz::memory_source{std::span{content}}, 10, content.size() - 10, 5);
  to.copy(mrcz::memory_source{std::span{content}}, 0, 0, 0);
  to.publish();
  REQUIRE(copied.size() == content.size() - 5);
  CHECK(std::equal(content.begin() + 10, content.end(), copied.begin() + 5));
}
