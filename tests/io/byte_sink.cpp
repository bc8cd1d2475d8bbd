#include "mrcz/io/byte_sink.hpp"

#include <array>
#include <memory>
#include <type_traits>

#include <doctest/doctest.h>

static_assert(std::is_abstract_v<mrcz::byte_sink>);
static_assert(std::has_virtual_destructor_v<mrcz::byte_sink>);
static_assert(!std::is_copy_constructible_v<mrcz::byte_sink> && !std::is_copy_assignable_v<mrcz::byte_sink>);

namespace {

/// The least that a user must write: a sink that counts until it is published.
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
    sink->keep_partial();
    CHECK(published == 0);
    sink->publish();
  }
  CHECK(published == 5);
  CHECK(destroyed == 1);
}
