#include "mrcz/writer.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cmath>
#include <complex>
#include <condition_variable>
#include <csignal>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <functional>
#include <future>
#include <limits>
#include <memory>
#include <mutex>
#include <random>
#include <set>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mrcz/format/geometry.hpp"
#include "mrcz/format/records.hpp"
#include "mrcz/io/memory.hpp"
#include "mrcz/write.hpp"
#include "tests/lazy.hpp"
#include "tests/whole_files.hpp"

using mrcz::codec;
using mrcz::errc;
using mrcz::kind;
using mrcz::mode;

namespace {

/// A sink that calls `on_write` before each write and otherwise keeps nothing.
class watching_sink final : public mrcz::byte_sink {
 public:
  explicit watching_sink(std::function<void(std::uint64_t)> on_write) : on_write_{std::move(on_write)} {}
  void write_at(std::uint64_t offset, std::span<const std::byte>) override { on_write_(offset); }
  void publish() override {}
  std::string name() const override { return "watched"; }

 private:
  std::function<void(std::uint64_t)> on_write_;
};

template <class T>
mrcz::image<T> slice(const mrcz::volume<T>& v, std::size_t z) {
  return xt::view(v, z, xt::all(), xt::all());
}

/// A file made by `fill(writer)`.
template <class Fill>
test::bytes made_by(const mrcz::write_options& options, Fill&& fill) {
  test::bytes content;
  mrcz::writer out{std::make_unique<mrcz::memory_sink>(content), options};
  fill(out);
  out.close();
  return content;
}

void check_closed(mrcz::writer& out) {
  const auto image = test::counts<std::int16_t>({1, 2, 2});
  for (const auto& action :
       std::vector<std::function<void()>>{[&] { out.append(image); }, [&] { out.put(mrcz::packed_slice{}); },
                                          [&] { out.close(); }, [&] { out.set_extended_header({}); }}) {
    const auto failure = test::failure_of(action);
    REQUIRE(failure);
    CHECK(failure->code == errc::closed);
    CHECK(failure->mentions("writer is closed, or failed before"));
  }
}

/// Both ways to store, and both byte orders.
const std::vector<mrcz::write_options> several_options{
    {.compression = {.codec = codec::none}, .kind = kind::image_stack},
    {.compression = {.codec = codec::zstd}, .kind = kind::image_stack},
    {.compression = {.codec = codec::none}, .kind = kind::image_stack, .byte_order = std::endian::big},
    {.compression = {.codec = codec::lz4, .level = 9}, .kind = kind::image_stack, .byte_order = std::endian::big}};

}  // namespace

TEST_CASE("images, a volume, and slices packed one by one make the same file") {
  const auto all = test::counts<std::int16_t>({5, 17, 19});
  for (const auto& options : several_options) {
    const auto by_volume = made_by(options, [&](mrcz::writer& out) { out.append(all); });
    CHECK(test::reader_of(by_volume).read<std::int16_t>() == all);
    CHECK(by_volume == made_by(options, [&](mrcz::writer& out) {
            for (std::size_t z = 0; z < 5; ++z) out.append(slice(all, z));
          }));
    CHECK(by_volume == made_by(options, [&](mrcz::writer& out) {
            for (std::size_t z = 0; z < 5; ++z) out.put(out.pack(slice(all, z)));
          }));
    CHECK(by_volume == made_by(options, [&](mrcz::writer& out) {
            std::vector<mrcz::packed_slice> packed;
            for (std::size_t z = 0; z < 5; ++z) packed.push_back(out.pack(xt::view(all, z, xt::all(), xt::all())));
            for (auto& p : packed) out.put(std::move(p));
          }));
    CHECK(by_volume == made_by(options, [&](mrcz::writer& out) {
            out.append(xt::view(all, xt::range(0, 2), xt::all(), xt::all()));
            out.append(slice(all, 2));
            out.append(xt::view(all, xt::range(3, 5), xt::all(), xt::all()));
            CHECK(out.size() == 5);
          }));
  }
}

TEST_CASE("the number of threads changes no byte of the file") {
  const auto all = test::counts<float>({11, 33, 35});
  for (auto options : several_options) {
    options.threads = 1;
    const auto expected = test::file_with(all, options);
    for (const std::size_t threads : {2U, 3U, 8U, 64U}) {
      options.threads = threads;
      CHECK(test::file_with(all, options) == expected);
    }
  }
}

TEST_CASE("threads share a lone large slice, which changes no byte of the file") {
  const std::size_t edge = 1500;
  auto large = mrcz::detail::make_image<float>(edge, edge);
  for (std::size_t i = 0; i < large.size(); ++i) large.data()[i] = static_cast<float>(i % 977) * 0.25F;
  REQUIRE(large.size() * sizeof(float) > mrcz::detail::least_bytes_to_split);
  for (const auto& compression :
       {mrcz::compression{.codec = codec::lz4}, mrcz::compression{.codec = codec::zstd},
        mrcz::compression{.codec = codec::zstd, .planes = true}, mrcz::compression{.codec = codec::zlib, .level = 0}}) {
    const auto expected = test::file_with(large, {.compression = compression, .threads = 1});
    CHECK(test::reader_of(expected).read_slice<float>(0) == large);
    for (const std::size_t threads : {2U, 5U, 300U})
      CHECK(test::file_with(large, {.compression = compression, .threads = threads}) == expected);
  }
}

TEST_CASE("slices are packed in several threads while others are put in order") {
  const auto all = test::counts<float>({24, 40, 41});
  for (const auto& options : several_options) {
    const auto expected = test::file_with(all, options);
    CHECK(expected == made_by(options, [&](mrcz::writer& out) {
            std::vector<std::future<mrcz::packed_slice>> packed;
            for (std::size_t z = 0; z < 24; ++z)
              packed.push_back(std::async(std::launch::async, [&, z] { return out.pack(slice(all, z)); }));
            for (auto& p : packed) out.put(p.get());
          }));
  }
}

TEST_CASE("threads that share a view or a lazy expression pack the same once its caches are filled") {
  const auto all = test::counts<float>({2, 30, 31});
  const auto check_shared = [](const auto& shared) {
    test::bytes content;
    mrcz::writer out{std::make_unique<mrcz::memory_sink>(content), {.compression = {.codec = codec::lz4}}};
    mrcz::fill_caches(shared);
    std::vector<std::future<mrcz::packed_slice>> packed;
    for (int i = 0; i < 4; ++i) packed.push_back(std::async(std::launch::async, [&] { return out.pack(shared); }));
    for (auto& p : packed) out.put(p.get());
    out.close();
    const auto in = test::reader_of(content);
    for (std::size_t z = 0; z < 4; ++z) CHECK(in.read_slice<float>(z) == mrcz::image<float>(shared));
  };
  check_shared(xt::view(all, 1, xt::range(2, 30, 3), xt::range(30, 0, -1)));
  check_shared(xt::view(all, 0, xt::all(), xt::range(1, 20)) * 2.0F + xt::view(all, 1, xt::all(), xt::range(2, 21)));
}

TEST_CASE("packing goes on in other threads while a put fails") {
  const auto image = slice(test::counts<float>({1, 64, 64}), 0);
  for (const auto c : {codec::none, codec::zstd}) {
    test::failing_sink::history seen;
    mrcz::writer out{std::make_unique<test::failing_sink>(3, seen), {.compression = {.codec = c}}};
    std::vector<std::future<mrcz::packed_slice>> packed;
    for (int i = 0; i < 16; ++i) packed.push_back(std::async(std::launch::async, [&] { return out.pack(image); }));
    int failures = 0;
    for (auto& p : packed) failures += test::failure_of([&] { out.put(p.get()); }).has_value();
    CHECK(failures == 14);  // the extended header and two slices were written
    CHECK_FALSE(seen.published);
  }
}

TEST_CASE("a packed slice does not refer to the array that it was made from") {
  for (const auto& options : several_options) {
    auto image = slice(test::counts<std::int16_t>({1, 8, 9}), 0);
    const auto copy = image;
    const auto file = made_by(options, [&](mrcz::writer& out) {
      auto packed = out.pack(image);
      image.fill(-1);
      out.put(std::move(packed));
      image = copy;
    });
    CHECK(test::reader_of(file).read_slice<std::int16_t>(0) == copy);
  }
}

TEST_CASE("a slice that another writer packed is put if both have the same codec, and refused otherwise") {
  const auto all = test::counts<std::int16_t>({2, 40, 50});
  for (const auto c : {codec::none, codec::lz4, codec::zstd, codec::zlib})
    for (const auto other : {codec::none, codec::lz4, codec::zstd}) {
      CAPTURE(mrcz::name_of(c));
      CAPTURE(mrcz::name_of(other));
      test::bytes content;
      test::bytes ignored;
      mrcz::writer out{std::make_unique<mrcz::memory_sink>(content), {.compression = {.codec = c}}};
      const mrcz::writer packer{std::make_unique<mrcz::memory_sink>(ignored), {.compression = {.codec = other}}};
      for (std::size_t z = 0; z < 2; ++z) {
        const auto failure = test::failure_of([&] { out.put(packer.pack(slice(all, z))); });
        CHECK(failure.has_value() == (c != other));
        if (!failure) continue;
        CHECK(failure->code == errc::mode_mismatch);
        CHECK(failure->mentions(
            fmt::format("packed with codec {}, but the file has {}", mrcz::name_of(other), mrcz::name_of(c))));
        out.put(out.pack(slice(all, z)));
      }
      out.close();
      CHECK(test::reader_of(content).read<std::int16_t>() == all);
    }
}

TEST_CASE("a slice that another writer packed in another mode or byte order is refused before it is written") {
  const auto image = slice(test::counts<float>({1, 4, 5}), 0);
  const auto refused = [&](const mrcz::write_options& options, const mrcz::write_options& other,
                           const std::string& message) {
    test::bytes content;
    test::bytes ignored;
    mrcz::writer out{std::make_unique<mrcz::memory_sink>(content), options};
    const mrcz::writer packer{std::make_unique<mrcz::memory_sink>(ignored), other};
    const auto failure = test::failure_of([&] { out.put(packer.pack(image)); });
    REQUIRE(failure);
    CHECK(failure->code == errc::mode_mismatch);
    CHECK(failure->mentions(message));
    CHECK(out.size() == 0);
  };
  refused({.mode = mode::int16}, {}, "packed as float32, but the file has int16");
  refused({.byte_order = std::endian::big}, {.byte_order = std::endian::little},
          "packed little-endian, but the file is big-endian");
}

TEST_CASE("a slice is put once") {
  const auto all = test::counts<std::int16_t>({1, 40, 50});
  for (const auto& options : several_options) {
    const auto file = made_by(options, [&](mrcz::writer& out) {
      const auto refused = [&](mrcz::packed_slice& packed) {
        const auto failure = test::failure_of([&] { out.put(std::move(packed)); });
        REQUIRE(failure);
        CHECK(failure->code == errc::bad_option);
        CHECK(failure->mentions("slice is empty"));
      };
      mrcz::packed_slice none;
      refused(none);
      auto packed = out.pack(slice(all, 0));
      auto moved = std::move(packed);
      refused(packed);  // NOLINT(bugprone-use-after-move)
      out.put(std::move(moved));
      refused(moved);  // NOLINT(bugprone-use-after-move)
    });
    CHECK(test::reader_of(file).read<std::int16_t>() == all);
  }
}

TEST_CASE("a slice that differs from those before it is refused and the writer can go on") {
  const auto all = test::counts<std::int16_t>({3, 4, 5});
  for (auto options : several_options) {
    for (const std::size_t threads : {1U, 3U}) {
      options.threads = threads;
      const auto file = made_by(options, [&](mrcz::writer& out) {
        out.append(slice(all, 0));
        auto failure = test::failure_of([&] { out.append(slice(test::counts<std::int16_t>({1, 5, 4}), 0)); });
        REQUIRE(failure);
        CHECK(failure->code == errc::shape_mismatch);
        CHECK(failure->mentions("memory: image has 5 x 4 voxels, but the slices before it have 4 x 5 (slice 1)"));
        failure = test::failure_of([&] { out.append(test::counts<std::int16_t>({4, 4, 6})); });
        REQUIRE(failure);
        CHECK(failure->code == errc::shape_mismatch);
        failure = test::failure_of([&] { out.append(test::counts<float>({2, 4, 5})); });
        REQUIRE(failure);
        CHECK(failure->code == errc::mode_mismatch);
        CHECK(failure->mentions("image has voxels of float32, but the slices before it have int16 (slice 1)"));
        failure = test::failure_of([&] { out.put(out.pack(slice(test::counts<float>({1, 4, 5}), 0))); });
        CHECK(failure->code == errc::mode_mismatch);
        CHECK(out.size() == 1);
        out.append(slice(all, 1));
        out.append(slice(all, 2));
      });
      CHECK(file == test::file_with(all, options));
    }
  }
}

TEST_CASE("a value that the mode cannot hold is refused, and closes the writer only in the middle of a volume") {
  mrcz::volume<std::int16_t> values = test::counts<std::int16_t>({3, 2, 2});
  values(1, 1, 0) = 200;
  for (const std::size_t threads : {1U, 2U}) {
    test::bytes content;
    mrcz::writer out{std::make_unique<mrcz::memory_sink>(content), {.mode = mode::int8, .threads = threads}};
    auto failure = test::failure_of([&] { out.append(slice(values, 1)); });
    REQUIRE(failure);
    CHECK(failure->code == errc::mode_mismatch);
    CHECK(failure->mentions("memory: voxel 2 has the value 200, which mode int8 cannot represent; ask for saturation"));
    CHECK(failure->mentions("(slice 0)"));
    out.append(slice(values, 0));  // the writer is still good
    CHECK(out.size() == 1);
    failure = test::failure_of([&] { out.append(values); });
    REQUIRE(failure);
    CHECK(failure->mentions("(slice 2)"));
    if (threads == 1) check_closed(out);  // the first slice of the volume had been put
    CHECK(content.empty());
  }
}

TEST_CASE("an array that is neither an image nor a volume, or has no voxels, is refused") {
  test::bytes content;
  mrcz::writer out{std::make_unique<mrcz::memory_sink>(content)};
  const auto refused = [&](const auto& voxels, const std::string& message) {
    const auto failure = test::failure_of([&] { out.append(voxels); });
    REQUIRE(failure);
    CAPTURE(failure->message);
    CHECK(failure->code == errc::shape_mismatch);
    CHECK(failure->mentions("memory: " + message));
  };
  refused(xt::xarray<float>(xt::zeros<float>({5})), "array has rank 1, expected 2 (an image) or 3 (a volume)");
  refused(xt::xtensor<float, 1>(xt::zeros<float>({5})), "array has rank 1");
  refused(xt::xarray<float>(xt::zeros<float>({1, 2, 3, 4})), "array has rank 4");
  refused(mrcz::volume<float>::from_shape({0, 4, 5}), "volume has no slices");
  refused(mrcz::volume<float>::from_shape({2, 0, 5}), "slice has 0 x 5 voxels, expected at least 1 x 1");
  refused(mrcz::image<float>::from_shape({2, 0}), "slice has 2 x 0 voxels");
  const auto failure = test::failure_of([&] { out.pack(test::counts<float>({1, 2, 2})); });
  REQUIRE(failure);
  CHECK(failure->mentions("pack takes an image (rank 2), but the array has rank 3"));
  out.append(test::counts<float>({1, 2, 2}));
  CHECK_NOTHROW(out.close());
}

TEST_CASE("a slice over blosc's 2 GiB is refused before any of it is evaluated") {
  std::atomic<std::size_t> evaluated = 0;
  const xt::xtensor<std::int8_t, 2> one = xt::zeros<std::int8_t>({1, 1});
  const auto huge = test::counting(xt::broadcast(one, std::array<std::size_t, 2>{50'000, 50'000}), evaluated);
  test::failing_sink::history seen;
  mrcz::writer out{std::make_unique<test::failing_sink>(0, seen), {.compression = {.codec = codec::zstd}}};
  const auto failure = test::failure_of([&] { out.append(huge); });
  REQUIRE(failure);
  CHECK(failure->code == errc::too_large);
  CHECK(failure->mentions("bad disk: a slice of 2500000000 bytes does not fit a blosc chunk"));
  CHECK(failure->mentions("write it with codec none (slice 0)"));
  CHECK(evaluated == 0);
  CHECK(seen.calls == 0);
}

TEST_CASE("a lazy expression is evaluated slice by slice, only a few slices ahead of the file") {
  const mrcz::shape extents{20, 16, 24};
  const std::size_t per_slice = 16 * 24;
  const auto all = test::counts<float>(extents);
  for (const std::size_t threads : {1U, 2U, 3U}) {
    std::atomic<std::size_t> evaluated = 0;
    std::size_t written = 0;
    std::size_t most_ahead = 0;
    mrcz::writer out{std::make_unique<watching_sink>([&](std::uint64_t offset) {
                       if (offset <= 1024 && written > 0) return;  // the header at the end
                       most_ahead = std::max(most_ahead, evaluated - written * per_slice);
                       if (offset > 1024 || evaluated > 0) ++written;
                     }),
                     {.compression = {.codec = codec::lz4}, .threads = threads}};
    out.append(test::counting(all, evaluated));
    CHECK(evaluated == all.size());
    CHECK(most_ahead <= (threads == 1 ? 2 : threads + 3) * per_slice);
    out.close();
  }
}

TEST_CASE("what evaluating a lazy expression throws is an error with the file, the slice and its cause") {
  for (const std::size_t z : {0U, 2U})  // the first voxel is asked for before the threads begin
    for (const std::size_t threads : {1U, 2U}) {
      auto all = mrcz::detail::make_volume<float>({4, 5, 6});
      all.fill(1);
      all(z, 0, 0) = 7;
      test::bytes content;
      mrcz::writer out{std::make_unique<mrcz::memory_sink>(content), {.threads = threads}};
      out.append(slice(all, 1));
      try {
        out.append(test::refusing(all, 7));
        FAIL("nothing was thrown");
      } catch (const mrcz::error& e) {
        CHECK(e.code() == errc::caller_failed);
        CHECK(std::string{e.what()} == "memory: 7 has no place (slice " + std::to_string(1 + z) + ")");
        REQUIRE(e.cause());
        CHECK_THROWS_AS(std::rethrow_exception(e.cause()), std::domain_error);
      }
    }
}

TEST_CASE("whatever kind of expression it is, the file is that of the evaluated array") {
  const auto base = test::counts<std::int16_t>({6, 8, 10});
  const auto check_same = [](const auto& expression, const mrcz::volume<float>& evaluated) {
    for (auto options : several_options) {
      options.threads = 3;
      CHECK(test::file_with(expression, options) == test::file_with(evaluated, options));
    }
  };
  const xt::xtensor<float, 2> gain = xt::ones<float>({8, 10}) * 2.5F;
  check_same(xt::cast<float>(base) * gain, xt::cast<float>(base) * gain);
  const auto lazy = xt::cast<float>(base) * gain + 1.0F - xt::cast<float>(base) / 2.0F;
  check_same(lazy, lazy);
  const mrcz::volume<float> floats = xt::cast<float>(base);
  check_same(xt::view(floats, xt::range(1, 6, 2), xt::range(7, 0, -1), xt::range(0, 10, 3)),
             xt::view(floats, xt::range(1, 6, 2), xt::range(7, 0, -1), xt::range(0, 10, 3)));
  check_same(xt::broadcast(gain, std::array<std::size_t, 3>{3, 8, 10}),
             xt::broadcast(gain, std::array<std::size_t, 3>{3, 8, 10}));
  check_same(xt::transpose(floats), xt::transpose(floats));
  check_same(xt::xarray<float>(floats), floats);
  check_same(xt::xtensor<float, 3, xt::layout_type::column_major>(floats), floats);
  check_same(xt::strided_view(floats, {xt::range(2, 5), xt::all(), xt::range(1, 9, 2)}),
             xt::view(floats, xt::range(2, 5), xt::all(), xt::range(1, 9, 2)));
  check_same(xt::adapt(floats.data(), floats.size(), xt::no_ownership(), std::array<std::size_t, 3>{6, 8, 10}), floats);
  check_same(xt::eval(xt::sqrt(floats)), xt::sqrt(floats));
}

TEST_CASE("an expression with state is evaluated once, in order, by the calling thread, while other threads pack") {
  const mrcz::volume<float> zeros = xt::zeros<float>({9, 6, 7});
  mrcz::volume<float> expected = zeros;
  for (std::size_t i = 0; i < expected.size(); ++i) expected.data()[i] = static_cast<float>(i + 1);
  for (const std::size_t threads : {1U, 2U, 5U})
    for (const auto c : {codec::none, codec::zstd}) {
      std::atomic<bool> elsewhere = false;
      const auto counting = xt::make_lambda_xfunction(
          [&elsewhere, caller = std::this_thread::get_id(), calls = std::make_shared<int>(0)](float) {
            if (std::this_thread::get_id() != caller) elsewhere = true;
            return static_cast<float>(++*calls);
          },
          zeros);
      const auto file = test::file_with(counting, {.compression = {.codec = c}, .threads = threads});
      CHECK(test::reader_of(file).read<float>() == expected);
      CHECK_FALSE(elsewhere);
    }
}

TEST_CASE("random numbers are the same for every number of threads") {
  const auto random_file = [](std::size_t threads) {
    std::mt19937 engine{7};
    return test::file_with(xt::random::rand<float>({8, 30, 31}, 0.0F, 1.0F, engine), {.threads = threads});
  };
  const auto expected = random_file(1);
  for (const std::size_t threads : {2U, 3U, 7U}) CHECK(random_file(threads) == expected);
  std::mt19937 engine{7};
  const mrcz::volume<float> at_once = xt::random::rand<float>({8, 30, 31}, 0.0F, 1.0F, engine);
  CHECK(test::reader_of(expected).read<float>() == at_once);
}

TEST_CASE("a caller who promises that an expression has no state gets it evaluated by several threads at once") {
  const mrcz::volume<float> zeros = xt::zeros<float>({3, 3, 4});
  std::mutex mutex;
  std::condition_variable arrived;
  std::set<std::thread::id> threads;
  int calls = 0;
  const auto waits_for_two = xt::make_lambda_xfunction(
      [&](float v) {
        std::unique_lock lock{mutex};
        if (calls++ < 12) return v;  // the first slice, which is evaluated before the others
        threads.insert(std::this_thread::get_id());
        arrived.notify_all();
        arrived.wait(lock, [&] { return threads.size() == 2; });
        return v;
      },
      zeros);
  const auto file = test::file_with(waits_for_two, {.threads = 2, .parallel_evaluation = true});
  CHECK(test::reader_of(file).read<float>() == zeros);
}

TEST_CASE("an expression with state that throws names file, slice and cause") {
  const mrcz::volume<float> voxels = test::counts<float>({6, 4, 5}) + 1.0F;
  for (const std::size_t threads : {1U, 3U}) {
    test::failing_sink::history seen;
    mrcz::writer out{std::make_unique<test::failing_sink>(1000, seen), {.threads = threads}};
    const auto throwing = xt::make_lambda_xfunction(
        [calls = std::make_shared<int>(0)](float v) {
          if (++*calls > 70) throw std::domain_error{"no light"};
          return v;
        },
        voxels);
    try {
      out.append(throwing);
      FAIL("nothing was thrown");
    } catch (const mrcz::error& e) {
      CHECK(e.code() == errc::caller_failed);
      CHECK(std::string{e.what()} == "bad disk: no light (slice 3)");
      CHECK_THROWS_AS(std::rethrow_exception(e.cause()), std::domain_error);
    }
    check_closed(out);
    CHECK_FALSE(seen.published);
  }
}

TEST_CASE("a writer that is asked to stop stops before the next slice, publishes nothing and says why") {
  const test::scratch_folder folder;
  const auto all = test::counts<float>({20, 30, 31});
  for (const std::size_t threads : {1U, 2U}) {
    std::stop_source source;
    const std::stop_token token = source.get_token();
    std::atomic<std::uint64_t> done = 0;
    mrcz::writer out{folder / "a.mrcz", {.threads = threads, .stop = &token, .progress = &done}};
    out.append(xt::view(all, xt::range(0, 5), xt::all(), xt::all()));
    CHECK(done == std::uint64_t{5} * 30 * 31 * sizeof(float));
    const auto stops = xt::make_lambda_xfunction(
        [&source](float v) {
          source.request_stop();
          return v;
        },
        all);
    const auto failure = test::failure_of([&] { out.append(stops); });
    REQUIRE(failure);
    CHECK(failure->code == errc::stopped);
    CHECK(failure->mentions("a.mrcz: stopped"));
    CHECK(out.size() <= 5 + 4);
  }
  CHECK(folder.files().empty());
}

TEST_CASE("a writer destroyed without close leaves nothing behind") {
  const test::scratch_folder folder;
  const auto path = folder / "movie.mrcz";
  {
    mrcz::writer out{path};
    out.append(test::counts<float>({2, 3, 4}));
    CHECK_FALSE(std::filesystem::exists(path));
  }
  CHECK(folder.files().empty());

  mrcz::write(path, test::counts<float>({2, 3, 4}));
  const auto old = test::bytes_of(path);
  {
    mrcz::writer out{path};
    out.append(test::counts<float>({5, 3, 4}));
  }
  CHECK(test::bytes_of(path) == old);
  CHECK(folder.files().size() == 1);
}

TEST_CASE("a closed writer refuses everything") {
  test::bytes content;
  mrcz::writer out{std::make_unique<mrcz::memory_sink>(content)};
  out.append(test::counts<std::int16_t>({1, 2, 2}));
  out.close();
  const auto written = content;
  CHECK(written.size() == 1024 + 8);
  check_closed(out);
  CHECK(content == written);
}

TEST_CASE("closing a writer without slices is refused and it can still be used") {
  const test::scratch_folder folder;
  mrcz::writer out{folder / "empty.mrc"};
  const auto failure = test::failure_of([&] { out.close(); });
  REQUIRE(failure);
  CHECK(failure->code == errc::shape_mismatch);
  CHECK(failure->mentions((folder / "empty.mrc").string() + ": no slice was appended"));
  out.append(test::counts<float>({1, 2, 2}));
  out.close();
  CHECK(mrcz::reader{folder / "empty.mrc"}.shape() == mrcz::shape{1, 2, 2});
}

TEST_CASE("slices that do not fill the announced volumes are refused at close and can be completed") {
  test::bytes content;
  mrcz::writer out{std::make_unique<mrcz::memory_sink>(content), {.sections_per_volume = 2}};
  out.append(test::counts<float>({3, 2, 2}));
  const auto failure = test::failure_of([&] { out.close(); });
  REQUIRE(failure);
  CHECK(failure->code == errc::shape_mismatch);
  CHECK(failure->mentions("memory: 3 slices are not a whole number of volumes of 2 sections"));
  out.append(test::counts<float>({1, 2, 2}));
  out.close();
  CHECK(test::reader_of(content).frames() == 2);
}

TEST_CASE("a writer can be moved in the middle of a file") {
  test::bytes content;
  const auto all = test::counts<std::int16_t>({2, 3, 4});
  mrcz::writer first{std::make_unique<mrcz::memory_sink>(content), {.compression = {.codec = codec::zstd}}};
  first.append(slice(all, 0));
  mrcz::writer second{std::move(first)};
  check_closed(first);  // NOLINT(bugprone-use-after-move): that is the point
  second.append(slice(all, 1));
  second.close();
  CHECK(test::reader_of(content).read<std::int16_t>() == all);
}

TEST_CASE("a sink that fails at its n-th call fails once, publishes nothing and closes the writer") {
  const auto all = test::counts<std::int16_t>({3, 4, 5});
  for (const std::size_t threads : {1U, 3U}) {
    for (const auto c : {codec::none, codec::lz4}) {
      int calls = 0;
      for (bool succeeded = false; !succeeded && calls < 50; ++calls) {
        test::failing_sink::history seen;
        mrcz::writer out{std::make_unique<test::failing_sink>(calls, seen),
                         {.compression = {.codec = c}, .threads = threads},
                         {{"key", "value"}}};
        const auto failure = test::failure_of([&] {
          out.append(all);
          out.append(slice(all, 0));
          out.close();
          succeeded = true;
        });
        CHECK(seen.published == succeeded);
        CHECK(seen.destroyed);  // destroying the sink discards the bytes
        check_closed(out);
        if (succeeded) break;
        REQUIRE(failure);
        CHECK(failure->code == std::errc::no_space_on_device);
        CHECK(failure->mentions("bad disk: cannot write"));
        CHECK(seen.calls == calls + 1);  // nothing was tried again
      }
      CHECK(calls == 1 + 4 + 1 + 1);  // extended header, slices, header, publish
    }
  }
}

TEST_CASE("a full disk is the system's error, and the old file stays as it was") {
  const test::scratch_folder folder;
  for (const char* name : {"full.mrc", "full.mrcz"}) {
    const auto path = folder / name;
    mrcz::write(path, test::counts<float>({1, 4, 4}));
    const auto old = test::bytes_of(path);
    const auto large = test::counts<std::int16_t>({8, 64, 64});
    for (const rlim_t limit : {rlim_t{0}, rlim_t{1024}, rlim_t{5000}}) {
      const int status = test::in_child([&] {
        std::signal(SIGXFSZ, SIG_IGN);
        const rlimit bound{limit, limit};
        if (::setrlimit(RLIMIT_FSIZE, &bound) != 0) return 2;
        const auto failure = test::failure_of([&] { mrcz::write(path, large, {.threads = 1}); });
        if (!failure) return 3;
        if (failure->code != std::errc::file_too_large) return 4;
        return failure->mentions(path.string()) ? 0 : 5;
      });
      CHECK(test::exited_with(status, 0));
      CHECK(test::bytes_of(path) == old);
    }
  }
  CHECK(folder.files().size() == 2);
}

TEST_CASE("a folder that may not be written to is the system's error") {
  const test::scratch_folder folder;
  ::chmod(folder.path().c_str(), 0555);
  const int status = test::in_child([&] {
    if (::geteuid() == 0 && ::seteuid(65534) != 0) return 2;
    const auto failure =
        test::failure_of([&] { mrcz::write(folder / "a.mrc", test::counts<float>({1, 2, 2}), {.threads = 1}); });
    if (!failure) return 3;
    return failure->code == std::errc::permission_denied && failure->mentions("a.mrc") ? 0 : 4;
  });
  ::chmod(folder.path().c_str(), 0755);
  CHECK(test::exited_with(status, 0));
  CHECK(folder.files().empty());
}

TEST_CASE("a destination that cannot be a file is refused before anything is packed") {
  const test::scratch_folder folder;
  const auto refused = [](const std::filesystem::path& path, auto code, mrcz::write_options options = {}) {
    const auto failure = test::failure_of([&] { mrcz::writer{path, options}; });
    REQUIRE(failure);
    CAPTURE(failure->message);
    CHECK(failure->code == code);
    CHECK(failure->mentions(path.string()));
  };
  refused(folder.path(), std::errc::is_a_directory);
  refused(folder / "no/such.mrc", std::errc::no_such_file_or_directory);
  refused("/dev/full", errc::bad_option);
  test::write_bytes(folder / "old.mrc", test::bytes(3));
  refused(folder / "old.mrc", errc::already_exists, {.replace = false});
  CHECK(test::bytes_of(folder / "old.mrc") == test::bytes(3));
  CHECK(folder.files().size() == 1);
}

TEST_CASE("a destination that appears while a file is written is not replaced against the options") {
  const test::scratch_folder folder;
  const auto path = folder / "raced.mrc";
  mrcz::writer out{path, {.replace = false}};
  out.append(test::counts<float>({1, 2, 2}));
  test::write_bytes(path, test::bytes(3));
  const auto failure = test::failure_of([&] { out.close(); });
  REQUIRE(failure);
  CHECK(failure->code == errc::already_exists);
  check_closed(out);
  CHECK(test::bytes_of(path) == test::bytes(3));
  CHECK(folder.files().size() == 1);
}

TEST_CASE("an illegal option or metadata that are no JSON object create no file") {
  const test::scratch_folder folder;
  const auto refused = [&](const mrcz::write_options& options, const mrcz::metadata& values, errc code) {
    const auto failure = test::failure_of([&] { mrcz::writer{folder / "bad.mrc", options, values}; });
    REQUIRE(failure);
    CHECK(failure->code == code);
    CHECK(folder.files().empty());
  };
  refused({.voxel_size = mrcz::voxel_size{1, std::numeric_limits<float>::quiet_NaN(), 1}}, nullptr, errc::bad_option);
  refused({.compression = {.level = 11}}, nullptr, errc::bad_option);
  refused({}, mrcz::metadata::array({1, 2}), errc::bad_metadata);
  refused({}, {{"bad", std::numeric_limits<double>::quiet_NaN()}}, errc::bad_metadata);
  refused({}, {{"bad", "\xff\xfe"}}, errc::bad_metadata);
}

TEST_CASE("the name of a file decides what is not stated: codec and kind") {
  const test::scratch_folder folder;
  const auto voxels = test::counts<std::int16_t>({3, 16, 16});
  const auto written = [&](const char* name, const mrcz::write_options& options = {}) {
    mrcz::write(folder / name, voxels, options);
    return mrcz::reader{folder / name};
  };
  CHECK(written("a.mrcz").codec() == codec::zstd);
  CHECK(written("a.mrcz").kind() == kind::volume);
  CHECK(written("b.mrc").codec() == codec::none);
  CHECK(written("c.map").kind() == kind::volume);
  CHECK(written("d.mrcs").kind() == kind::image_stack);
  CHECK(written("e.st").kind() == kind::image_stack);
  CHECK(written("f.mrcs", {.kind = kind::volume}).kind() == kind::volume);
  CHECK(written("g.mrcz", {.compression = {.codec = codec::none}}).codec() == codec::none);
  CHECK(written("h.mrc", {.compression = {.codec = codec::zlib}}).codec() == codec::zlib);
}

TEST_CASE("a copied header, its labels and its extended header survive, whatever the codec") {
  mrcz::header source;
  std::tie(source.nx, source.ny, source.nz) = std::tuple{5, 4, 3};
  std::tie(source.mx, source.my, source.mz) = std::tuple{5, 4, 3};
  source.cella = {5, 8, 9};
  source.cellb = {90, 90, 120};
  std::tie(source.nxstart, source.nystart, source.nzstart) = std::tuple{-2, 7, 100};
  source.ispg = 143;
  source.origin = {1.5F, -2, 3};
  source.extra1[3] = std::byte{0x5a};
  source.extra2[15] = std::byte{0xa5};
  source.extra3[35] = std::byte{0x77};
  std::tie(source.nint, source.nreal) = std::tuple{std::int16_t{28}, std::int16_t{7}};
  std::tie(source.voltage, source.c3, source.gain) = std::tuple{300.0F, 2.7F, 1.05F};
  source.labels.add("first");
  source.labels.add("second");
  const mrcz::extended_header extended{{'F', 'E', 'I', '1'}, test::bytes(100, std::byte{0x42})};
  const auto all = test::counts<std::int16_t>({3, 4, 5});
  for (const auto order : {std::endian::little, std::endian::big}) {
    for (const auto c : {codec::none, codec::zstd}) {
      source.byte_order = order;
      const auto file = made_by({.compression = {.codec = c}}, [&](mrcz::writer& out) {
        out.header() = source;
        out.header().labels.add("aligned");
        out.set_extended_header(extended);
        out.append(all);
      });
      const auto in = test::reader_of(file);
      const auto& h = in.header();
      CHECK(in.read<std::int16_t>() == all);
      CHECK(in.extended_header() == extended);
      CHECK(in.metadata().is_null());
      CHECK(h.byte_order == order);
      CHECK(h.ispg == 143);
      CHECK(std::tie(h.mx, h.my, h.mz) == std::tie(source.mx, source.my, source.mz));
      CHECK(h.cella == source.cella);
      CHECK(h.cellb == source.cellb);
      CHECK(std::tie(h.nxstart, h.nystart, h.nzstart) == std::tie(source.nxstart, source.nystart, source.nzstart));
      CHECK(h.origin == source.origin);
      CHECK(h.extra1 == source.extra1);
      CHECK(h.extra2 == source.extra2);
      CHECK(h.extra3 == source.extra3);
      CHECK(std::tie(h.nint, h.nreal) == std::tie(source.nint, source.nreal));
      CHECK(std::tie(h.voltage, h.c3, h.gain) == std::tie(source.voltage, source.c3, source.gain));
      const std::size_t ours = c == codec::none ? 0 : 1;
      REQUIRE(h.labels.size() == 3 + ours);
      CHECK(h.labels[ours] == "first");
      CHECK(h.labels[ours + 1] == "second");
      CHECK(h.labels[ours + 2] == "aligned");
    }
  }
}

TEST_CASE("a file like the header of a box, or of blocks, has its geometry, whatever the codec") {
  mrcz::header source;  // a part of the cell of a crystal, with columns along Z, rows along X, sections along Y
  std::tie(source.nx, source.ny, source.nz) = std::tuple{12, 10, 8};
  std::tie(source.mx, source.my, source.mz) = std::tuple{40, 12, 72};
  std::tie(source.mapc, source.mapr, source.maps) = std::tuple{3, 1, 2};
  std::tie(source.nxstart, source.nystart, source.nzstart) = std::tuple{1, -21, -12};
  source.cella = {20, 24, 216};
  source.ispg = 4;
  const auto all = test::counts<std::int16_t>({8, 10, 12});
  const auto in = test::reader_of(test::file_with(all, {.like = source}));
  const mrcz::region box{.z = {.first = 3, .count = 4}, .y = {.first = 1}, .x = {.first = 2, .count = 7}};
  for (const auto c : {codec::none, codec::zstd}) {
    const auto same_geometry = [&](const mrcz::header& wanted, const mrcz::volume<std::int16_t>& voxels) {
      const auto part = test::reader_of(test::file_with(voxels, {.compression = {.codec = c}, .like = wanted}));
      const auto& h = part.header();
      CHECK(part.read<std::int16_t>() == voxels);
      CHECK(std::tie(h.nx, h.ny, h.nz) == std::tie(wanted.nx, wanted.ny, wanted.nz));
      CHECK(std::tie(h.nxstart, h.nystart, h.nzstart) == std::tie(wanted.nxstart, wanted.nystart, wanted.nzstart));
      CHECK(std::tie(h.mx, h.my, h.mz) == std::tie(wanted.mx, wanted.my, wanted.mz));
      CHECK(std::tie(h.mapc, h.mapr, h.maps) == std::tie(wanted.mapc, wanted.mapr, wanted.maps));
      CHECK(h.cella == wanted.cella);
      CHECK(h.origin == wanted.origin);
      CHECK(h.ispg == wanted.ispg);
      return mrcz::position_of(h, 0, 0, 0);
    };
    const auto corner = same_geometry(mrcz::cropped(in.header(), box), in.read_region<std::int16_t>(box));
    CHECK(corner == mrcz::position_of(in.header(), 3, 1, 2));
    const mrcz::volume<std::int16_t> every_other =
        xt::view(all, xt::range(0, 8, 2), xt::range(0, 10, 2), xt::range(0, 12, 2));
    CHECK(same_geometry(mrcz::binned(in.header(), 2), every_other) == mrcz::position_of(in.header(), 0, 0, 0));
  }
}

TEST_CASE("options say more than a copied header does") {
  mrcz::header source;
  source.byte_order = std::endian::big;
  source.origin = {9, 9, 9};
  source.cella = {50, 40, 30};
  source.ispg = 1;
  std::tie(source.nx, source.ny, source.nz, source.mx, source.my, source.mz) = std::tuple{5, 4, 3, 5, 4, 3};
  const auto all = test::counts<std::int16_t>({3, 4, 5});
  for (const auto c : {codec::none, codec::lz4}) {
    const auto file = made_by({.compression = {.codec = c},
                               .kind = kind::image_stack,
                               .voxel_size = mrcz::voxel_size{2, 2, 2},
                               .origin = mrcz::per_axis<float>{1, 2, 3},
                               .byte_order = std::endian::little},
                              [&](mrcz::writer& out) {
                                out.header() = source;
                                out.append(all);
                              });
    const auto in = test::reader_of(file);
    CHECK(in.header().byte_order == std::endian::little);
    CHECK(in.kind() == kind::image_stack);
    CHECK(in.voxel_size() == mrcz::voxel_size{2, 2, 2});
    CHECK(in.header().origin == mrcz::per_axis<float>{1, 2, 3});
    CHECK(in.read<std::int16_t>() == all);
  }
}

TEST_CASE("a header that contradicts the slices put before is refused instead of written") {
  const auto all = test::counts<std::int16_t>({2, 4, 5});
  test::bytes content;
  mrcz::writer out{std::make_unique<mrcz::memory_sink>(content)};
  out.append(slice(all, 0));
  const auto good = out.header();
  out.header().byte_order = mrcz::detail::opposite(good.byte_order);
  for (const auto& action :
       std::vector<std::function<void()>>{[&] { out.append(slice(all, 1)); }, [&] { out.close(); }}) {
    const auto failure = test::failure_of(action);
    REQUIRE(failure);
    CHECK(failure->code == errc::mode_mismatch);
    CHECK(failure->mentions("-endian"));
  }
  out.header() = good;
  out.append(slice(all, 1));
  out.close();
  CHECK(test::reader_of(content).read<std::int16_t>() == all);

  test::bytes unsigned_content;
  mrcz::writer bytes{std::make_unique<mrcz::memory_sink>(unsigned_content)};
  bytes.append(test::counts<std::int8_t>({1, 2, 2}));
  bytes.header().imod_stamp = mrcz::imod_stamp_value;
  bytes.header().imod_flags = 0;  // says that the bytes are unsigned
  const auto failure = test::failure_of([&] { bytes.close(); });
  REQUIRE(failure);
  CHECK(failure->code == errc::bad_option);
  CHECK(failure->mentions("IMOD's flags is stated as 0, but the voxel type makes it 1"));
  bytes.header().imod_flags = 1;
  bytes.close();
  CHECK(test::reader_of(unsigned_content).read<std::int8_t>() == test::counts<std::int8_t>({1, 2, 2}));
}

TEST_CASE("unsigned bytes are not written behind a header by which they would be read as signed") {
  mrcz::header imod;
  imod.nx = 1;
  imod.imod_stamp = mrcz::imod_stamp_value;
  for (const bool copied : {true, false}) {
    test::bytes content;
    mrcz::writer out{std::make_unique<mrcz::memory_sink>(content), {.mode = mode::int8, .like = imod}};
    out.append(mrcz::image<std::uint8_t>{{200, 0}, {1, 2}});
    if (copied) out.header() = test::reader_of(test::file_with(test::counts<float>({1, 2, 2}))).header();
    else out.header().imod_stamp = 0;
    const auto failure = test::failure_of([&] { out.close(); });
    REQUIRE(failure);
    CHECK(failure->code == errc::bad_option);
    CHECK(failure->mentions("the header says that the bytes of mode 0 are signed, but they are unsigned"));
  }
}

TEST_CASE("a header to copy is refused where a file grows, which has its own") {
  const test::scratch_folder folder;
  mrcz::write(folder / "a.mrc", test::counts<float>({1, 2, 2}));
  const auto failure = test::failure_of([&] { mrcz::writer::append_to(folder / "a.mrc", {.like = mrcz::header{}}); });
  REQUIRE(failure);
  CHECK(failure->code == errc::bad_option);
}

TEST_CASE("signed bytes stay signed where the header of unsigned ones is copied") {
  mrcz::header imod;
  std::tie(imod.nx, imod.ny, imod.nz) = std::tuple{4, 4, 1};
  imod.imod_stamp = mrcz::imod_stamp_value;
  const mrcz::image<std::int8_t> voxels{{-1, 0}, {1, -128}};
  const auto file = made_by({.like = imod}, [&](mrcz::writer& out) { out.append(voxels); });
  CHECK(test::reader_of(file).read_slice<std::int8_t>(0) == voxels);
  CHECK(test::reader_of(file).header().imod_flags == 1);
  CHECK(test::reader_of(file).header().imod_stamp == mrcz::imod_stamp_value);
}

TEST_CASE("unsigned bytes are written where the header says so") {
  const mrcz::volume<std::uint8_t> voxels{{{0, 127, 128, 255}}};
  const auto file = made_by({.mode = mode::int8}, [&](mrcz::writer& out) {
    out.header().imod_stamp = mrcz::imod_stamp_value;
    out.append(voxels);
  });
  CHECK(test::reader_of(file).read<std::uint8_t>() == voxels);
  CHECK(test::failure_of([&] { test::file_with(voxels, {.mode = mode::int8}); })->code == errc::mode_mismatch);
  CHECK(test::reader_of(test::file_with(voxels)).mode() == mode::uint16);
}

TEST_CASE("the extended header is fixed with the first slice") {
  const mrcz::extended_header late{{'S', 'E', 'R', 'I'}, test::bytes(10)};
  test::bytes content;
  mrcz::writer out{std::make_unique<mrcz::memory_sink>(content), {}, {{"a", 1}}};
  out.append(test::counts<float>({1, 2, 2}));
  const auto failure = test::failure_of([&] { out.set_extended_header(late); });
  REQUIRE(failure);
  CHECK(failure->code == errc::closed);
  CHECK(failure->mentions("memory: the extended header cannot change once slices have been put"));
  out.close();
  CHECK(test::reader_of(content).metadata() == mrcz::metadata{{"a", 1}});

  const test::scratch_folder folder;
  test::write_bytes(folder / "a.mrc", content);
  auto more = mrcz::writer::append_to(folder / "a.mrc");
  CHECK(test::failure_of([&] { more.set_extended_header(late); })->code == errc::closed);
}

TEST_CASE("statistics are those of all slices, whatever the threads, or marked as not determined") {
  const mrcz::volume<float> voxels{{{1, 2}, {3, 4}}, {{-5, 6}, {7, 8}}};
  for (const auto c : {codec::none, codec::zstd}) {
    const auto h = test::reader_of(test::file_with(voxels, {.compression = {.codec = c}})).header();
    CHECK(h.dmin == -5);
    CHECK(h.dmax == 8);
    CHECK(h.dmean == 3.25F);
    CHECK(h.rms == doctest::Approx(std::sqrt(204.0 / 8 - 3.25 * 3.25)).epsilon(1e-6));

    const auto off =
        test::reader_of(test::file_with(voxels, {.compression = {.codec = c}, .statistics = false})).header();
    CHECK(std::tuple{off.dmin, off.dmax, off.dmean, off.rms} == std::tuple{0.0F, -1.0F, -2.0F, -1.0F});
  }
  mrcz::volume<float> with_nan = voxels;
  with_nan(1, 1, 1) = std::numeric_limits<float>::quiet_NaN();
  CHECK(test::reader_of(test::file_with(with_nan)).statistics() == mrcz::statistics{});

  const mrcz::volume<std::complex<float>> waves{{{{3, 0}, {0, 4}}}};  // mean (1.5, 2), both 2.5 away from it
  const auto s = test::reader_of(test::file_with(waves)).statistics();
  CHECK_FALSE(s.min.has_value());
  CHECK_FALSE(s.mean.has_value());
  CHECK(s.rms == 2.5);
}

TEST_CASE("what only the finished file can fulfil does not end an acquisition whose slices are kept") {
  const test::scratch_folder folder;
  const auto all = test::counts<float>({8, 3, 4});
  const auto acquire = [&](const char* name, const mrcz::write_options& options, auto&& state) {
    auto keeping = options;
    keeping.keep_partial = true;
    mrcz::writer out{folder / name, keeping};
    state(out.header());
    for (std::size_t z = 0; z < 8; ++z) out.append(slice(all, z));
    out.close();
    CHECK(mrcz::reader{folder / name}.read<float>() == all);
    return mrcz::reader{folder / name}.header();
  };
  CHECK(acquire("frames.mrcz", {}, [](mrcz::header_fields& h) { h.mz = 4; }).slices_per_frame() == 4);
  const auto cell = acquire("cell.mrc", {.kind = kind::volume, .voxel_size = mrcz::voxel_size{1, 1, 1}},
                            [](mrcz::header_fields& h) { h.cella = {4, 3, 8}; });
  CHECK(cell.cella == mrcz::per_axis<float>{4, 3, 8});
  const auto labelled = acquire("labels.mrcs", {}, [](mrcz::header_fields& h) {
    h.mz = 4;
    for (int i = 0; i < 10; ++i) h.labels.add(fmt::format("label {}", i));
  });
  CHECK(labelled.labels.size() == 10);
  CHECK(labelled.slices_per_frame() == 4);
}

TEST_CASE("slices are put behind those of a file by the path that it had, wherever the program works by then") {
  const test::scratch_folder folder;
  const auto all = test::counts<float>({2, 3, 4});
  std::filesystem::create_directory(folder / "elsewhere");
  mrcz::write(folder / "a.mrc", slice(all, 0));
  const int status = test::in_child([&] {
    if (::chdir(folder.path().c_str()) != 0) return 1;
    auto out = mrcz::writer::append_to("a.mrc");
    if (::chdir("elsewhere") != 0) return 2;
    out.append(slice(all, 1));
    out.close();
    return 0;
  });
  CHECK(test::exited_with(status, 0));
  CHECK(mrcz::reader{folder / "a.mrc"}.read<float>() == all);
}

TEST_CASE("an acquisition that dies leaves every complete slice under a recognisable name") {
  const auto all = test::counts<std::int16_t>({4, 16, 16});
  const auto salvaged = [&](const test::scratch_folder& folder, const std::string& name) {
    const auto files = folder.files();
    REQUIRE(files.size() == 1);
    CHECK(files[0].starts_with(name + "."));
    CHECK(files[0].ends_with(".partial"));
    const mrcz::reader in{folder / files[0]};
    CHECK(in.shape() == mrcz::shape{3, 16, 16});
    CHECK(in.metadata() == mrcz::metadata{{"dose", 1}});
    CHECK(in.voxel_size() == mrcz::voxel_size{1, 1, 1});
    CHECK(in.read<std::int16_t>() == mrcz::volume<std::int16_t>(xt::view(all, xt::range(0, 3), xt::all(), xt::all())));
  };
  for (const std::string name : {"movie.mrc", "movie.mrcz"}) {
    const mrcz::write_options options{.voxel_size = mrcz::voxel_size{1, 1, 1}, .keep_partial = true, .threads = 1};
    const auto put_three = [&](mrcz::writer& out) {
      for (std::size_t z = 0; z < 3; ++z) out.append(slice(all, z));
    };
    SUBCASE("when the writer is destroyed") {
      const test::scratch_folder folder;
      {
        mrcz::writer out{folder / name, options, {{"dose", 1}}};
        put_three(out);
      }
      salvaged(folder, name);
    }
    SUBCASE("when the program is killed") {
      const test::scratch_folder folder;
      const int status = test::in_child([&] {
        mrcz::writer out{folder / name, options, {{"dose", 1}}};
        put_three(out);
        return std::raise(SIGKILL);
      });
      CHECK(WIFSIGNALED(status));
      salvaged(folder, name);
    }
    SUBCASE("but nothing if there was no slice") {
      const test::scratch_folder folder;
      {
        mrcz::writer out{folder / name, options};
      }
      CHECK(folder.files().empty());
    }
    SUBCASE("and only the file itself if it was closed") {
      const test::scratch_folder folder;
      mrcz::writer out{folder / name, options};
      put_three(out);
      out.close();
      CHECK(folder.files() == std::vector<std::string>{name});
    }
  }
}

TEST_CASE("a program that is killed while it writes leaves the old file") {
  const test::scratch_folder folder;
  const auto path = folder / "old.mrcz";
  mrcz::write(path, test::counts<float>({2, 3, 4}));
  const auto old = test::bytes_of(path);
  const int status = test::in_child([&] {
    mrcz::writer out{path, {.threads = 1}};
    out.append(test::counts<float>({9, 30, 40}));
    return std::raise(SIGKILL);
  });
  CHECK(WIFSIGNALED(status));
  CHECK(test::bytes_of(path) == old);
}

namespace {

/// Files that slices are appended to: both ways to store, both byte orders.
struct existing {
  codec c;
  std::endian order;
};
const std::vector<existing> existing_files{{codec::none, std::endian::little},
                                           {codec::none, std::endian::big},
                                           {codec::zstd, std::endian::little},
                                           {codec::lz4, std::endian::big}};

}  // namespace

TEST_CASE("slices are put behind those of an existing file") {
  const test::scratch_folder folder;
  const auto path = folder / "grows.mrc";
  const auto all = test::counts<std::int16_t>({7, 9, 11});
  for (const auto& [c, order] : existing_files) {
    const mrcz::write_options options{.compression = {.codec = c},
                                      .kind = kind::image_stack,
                                      .voxel_size = mrcz::voxel_size{1.5F, 2, 3},
                                      .byte_order = order};
    mrcz::write(path, slice(all, 0),
                {.compression = {.codec = c}, .voxel_size = mrcz::voxel_size{1.5F, 2, 3}, .byte_order = order},
                {{"a", 1}});
    CHECK(mrcz::reader{path}.kind() == kind::image);
    mrcz::append_to(path, slice(all, 1));
    CHECK(mrcz::reader{path}.kind() == kind::image_stack);
    mrcz::append_to(path, xt::view(all, xt::range(2, 5), xt::all(), xt::all()), {.threads = 2});
    auto out = mrcz::writer::append_to(path);
    CHECK(out.size() == 5);
    out.append(xt::cast<std::int16_t>(slice(all, 5)));
    out.put(out.pack(slice(all, 6)));
    CHECK(out.size() == 7);
    out.close();
    test::bytes at_once;
    {
      mrcz::writer whole{std::make_unique<mrcz::memory_sink>(at_once), options, {{"a", 1}}};
      whole.append(all);
      whole.close();
    }
    const auto grown = test::bytes_of(path);
    CHECK(std::equal(grown.begin() + 1024, grown.end(), at_once.begin() + 1024, at_once.end()));
    const mrcz::reader in{path};
    const auto expected = test::reader_of(at_once).header();
    const auto& h = in.header();
    CHECK(h.byte_order == order);
    CHECK(std::tie(h.nx, h.ny, h.nz, h.mode, h.mx, h.my, h.mz, h.ispg, h.nsymbt, h.packed_bytes) ==
          std::tie(expected.nx, expected.ny, expected.nz, expected.mode, expected.mx, expected.my, expected.mz,
                   expected.ispg, expected.nsymbt, expected.packed_bytes));
    CHECK(h.cella == expected.cella);
    CHECK(h.labels == expected.labels);
    CHECK(std::tie(h.dmin, h.dmax) == std::tie(expected.dmin, expected.dmax));
    CHECK(h.dmean == doctest::Approx(expected.dmean).epsilon(1e-6));
    CHECK(h.rms == doctest::Approx(expected.rms).epsilon(1e-5));
    CHECK(in.metadata() == mrcz::metadata{{"a", 1}});
    CHECK(in.read<std::int16_t>() == all);
  }
  CHECK(folder.files().size() == 1);
}

TEST_CASE("a volume that grows keeps its voxel size, and MZ grows with it") {
  const test::scratch_folder folder;
  const auto path = folder / "volume.mrcz";
  mrcz::write(path, test::counts<float>({4, 5, 6}), {.voxel_size = mrcz::voxel_size{1, 2, 2.5F}});
  mrcz::append_to(path, test::counts<float>({2, 5, 6}));
  const mrcz::reader in{path};
  CHECK(in.kind() == kind::volume);
  CHECK(in.header().mz == 6);
  CHECK(in.header().cella == mrcz::per_axis<float>{6, 10, 15});
  CHECK(in.voxel_size() == mrcz::voxel_size{1, 2, 2.5F});

  const auto stack = folder / "stack.mrc";
  mrcz::write(stack, test::counts<float>({4, 5, 6}), {.sections_per_volume = 2});
  mrcz::append_to(stack, test::counts<float>({2, 5, 6}));
  CHECK(mrcz::reader{stack}.frames() == 3);
  const auto old = test::bytes_of(stack);
  CHECK(test::failure_of([&] { mrcz::append_to(stack, test::counts<float>({1, 5, 6})); })->code ==
        errc::shape_mismatch);
  CHECK(test::bytes_of(stack) == old);
}

TEST_CASE("what does not fit an existing file is refused and the file stays the same, byte for byte") {
  const test::scratch_folder folder;
  const auto path = folder / "strict.mrc";
  for (const auto& [c, order] : existing_files) {
    mrcz::write(path, test::counts<std::int16_t>({2, 3, 4}), {.compression = {.codec = c}, .byte_order = order});
    const auto old = test::bytes_of(path);
    const auto refused = [&](const auto& voxels, errc code, const mrcz::write_options& options = {}) {
      const auto failure = test::failure_of([&] { mrcz::append_to(path, voxels, options); });
      REQUIRE(failure);
      CAPTURE(failure->message);
      CHECK(failure->code == code);
      CHECK(failure->mentions(path.string() + ": "));
      CHECK(test::bytes_of(path) == old);
    };
    refused(test::counts<std::int16_t>({2, 4, 4}), errc::shape_mismatch);
    refused(xt::xarray<std::int16_t>::from_shape({4}), errc::shape_mismatch);
    refused(mrcz::volume<std::int16_t>::from_shape({0, 3, 4}), errc::shape_mismatch);
    mrcz::volume<float> fractions = test::counts<float>({3, 3, 4});
    fractions(2, 0, 0) = 0.5F;
    refused(fractions, errc::mode_mismatch);
    const auto good = test::counts<std::int16_t>({1, 3, 4});
    refused(good, errc::bad_option, {.compression = {.codec = codec::zlib}});
    refused(good, errc::bad_option, {.mode = mode::float32});
    refused(good, errc::bad_option, {.byte_order = mrcz::detail::opposite(order)});
    refused(good, errc::bad_option, {.threads = 0});
    CHECK_NOTHROW(mrcz::append_to(path, good, {.compression = {.codec = c}, .mode = mode::int16, .byte_order = order}));
  }
  const auto missing = test::failure_of([&] { mrcz::append_to(folder / "none.mrc", test::counts<float>({1, 2, 2})); });
  REQUIRE(missing);
  CHECK(missing->code == std::errc::no_such_file_or_directory);
  CHECK(folder.files().size() == 1);
}

TEST_CASE("an append that is interrupted leaves the old file, and the next one works") {
  const test::scratch_folder folder;
  const auto path = folder / "interrupted.mrc";
  const auto all = test::counts<std::int16_t>({4, 30, 31});
  for (const auto& [c, order] : existing_files) {
    const auto first_two = xt::view(all, xt::range(0, 2), xt::all(), xt::all());
    mrcz::write(path, first_two, {.compression = {.codec = c}, .byte_order = order});
    const auto old = test::bytes_of(path);
    {
      auto out = mrcz::writer::append_to(path);
      out.append(test::counts<std::int16_t>({9, 30, 31}, 5));
      CHECK(test::bytes_of(path).size() > old.size());
      CHECK(test::first(test::bytes_of(path), old.size()) == old);
    }
    CHECK(test::bytes_of(path) == old);

    const int status = test::in_child([&] {
      auto out = mrcz::writer::append_to(path, {.threads = 1});
      out.append(test::counts<std::int16_t>({9, 30, 31}, 5));
      return std::raise(SIGKILL);
    });
    CHECK(WIFSIGNALED(status));
    CHECK(test::bytes_of(path).size() > old.size());
    CHECK(mrcz::reader{path}.shape() == mrcz::shape{2, 30, 31});
    CHECK(mrcz::reader{path}.header().byte_order == order);
    CHECK(mrcz::reader{path}.read<std::int16_t>() == mrcz::volume<std::int16_t>(first_two));

    mrcz::append_to(path, xt::view(all, xt::range(2, 4), xt::all(), xt::all()));
    const mrcz::reader in{path};
    CHECK(in.read<std::int16_t>() == all);
    CHECK(std::filesystem::file_size(path) == in.slices().end());  // what the killed program left is gone
  }
}

TEST_CASE("a full disk while slices are appended leaves the old file") {
  const test::scratch_folder folder;
  for (const auto& [c, order] : existing_files) {
    const auto path = folder / "full.mrc";
    mrcz::write(path, test::counts<std::int16_t>({2, 8, 8}), {.compression = {.codec = c}, .byte_order = order});
    const auto old = test::bytes_of(path);
    const int status = test::in_child([&] {
      std::signal(SIGXFSZ, SIG_IGN);
      const rlimit bound{old.size() + 100, old.size() + 100};
      if (::setrlimit(RLIMIT_FSIZE, &bound) != 0) return 2;
      const auto failure =
          test::failure_of([&] { mrcz::append_to(path, test::counts<std::int16_t>({5, 8, 8}, 3), {.threads = 1}); });
      return failure && failure->code == std::errc::file_too_large && failure->mentions(path.string()) ? 0 : 1;
    });
    CHECK(test::exited_with(status, 0));
    CHECK(test::bytes_of(path) == old);
  }
}

TEST_CASE("bytes behind the last slice make room for appended slices") {
  const test::scratch_folder folder;
  const auto path = folder / "trailing.mrc";
  const auto all = test::counts<std::int16_t>({3, 4, 5});
  for (const auto& [c, order] : existing_files) {
    auto file = test::file_with(xt::view(all, xt::range(0, 2), xt::all(), xt::all()),
                                {.compression = {.codec = c}, .byte_order = order});
    file.resize(file.size() + 5000, std::byte{0xee});
    test::write_bytes(path, file);
    mrcz::append_to(path, slice(all, 2));
    const mrcz::reader in{path};
    CHECK(in.read<std::int16_t>() == all);
    CHECK(std::filesystem::file_size(path) == in.slices().end());
  }
}

TEST_CASE("a file that lacks slices is not appended to") {
  const test::scratch_folder folder;
  const auto path = folder / "cut.mrc";
  for (const auto c : {codec::none, codec::zstd}) {
    const auto whole = test::file_of(mode::int16, {3, 8, 8}, {.compression = {.codec = c}});
    const auto cut = test::first(whole, whole.size() - 3);
    test::write_bytes(path, cut);
    const auto failure = test::failure_of([&] { mrcz::append_to(path, test::counts<std::int16_t>({1, 8, 8})); });
    REQUIRE(failure);
    CHECK(failure->code == errc::truncated);
    CHECK(failure->mentions(path.string() + ": "));
    CHECK(failure->mentions("(slice 2, byte "));
    CHECK(test::bytes_of(path) == cut);
  }
}

TEST_CASE("statistics of zeros are read as they stand, but are no ground for those of a file that grows") {
  const test::scratch_folder folder;
  const auto path = folder / "zeros.mrc";
  mrcz::write(path, test::counts<float>({2, 4, 4}));
  auto file = test::bytes_of(path);
  for (const std::size_t at : {76U, 80U, 84U, 216U}) test::patch(file, at, 0.0F);
  test::write_bytes(path, file);
  CHECK(mrcz::reader{path}.statistics() == mrcz::statistics{.min = 0, .max = 0, .mean = 0, .rms = 0});
  mrcz::append_to(path, test::counts<float>({1, 4, 4}));
  CHECK(mrcz::reader{path}.statistics() == mrcz::statistics{});
}

TEST_CASE("a header that is changed without appending slices keeps the statistics that were known") {
  const test::scratch_folder folder;
  const auto path = folder / "known.mrc";
  mrcz::write(path, test::counts<float>({2, 4, 4}));
  auto file = test::bytes_of(path);
  test::patch(file, 216, -1.0F);  // RMS was not determined
  test::write_bytes(path, file);
  const auto before = mrcz::reader{path}.header();
  auto out = mrcz::writer::append_to(path);
  out.header().labels.add("looked at");
  out.close();
  const mrcz::reader in{path};
  CHECK(in.header().labels[0] == "looked at");
  CHECK(std::tuple{in.header().dmin, in.header().dmax, in.header().dmean, in.header().rms} ==
        std::tuple{before.dmin, before.dmax, before.dmean, -1.0F});
  CHECK(in.read<float>() == test::counts<float>({2, 4, 4}));
}

TEST_CASE("what is known of a file that grows stays known") {
  const test::scratch_folder folder;
  const auto path = folder / "partly.mrc";
  const auto all = test::counts<float>({3, 4, 4});
  mrcz::write(path, xt::view(all, xt::range(0, 2), xt::all(), xt::all()));
  auto file = test::bytes_of(path);
  test::patch(file, 216, -1.0F);
  test::write_bytes(path, file);
  mrcz::append_to(path, xt::view(all, 2, xt::all(), xt::all()));
  const auto statistics = mrcz::reader{path}.statistics();
  CHECK(statistics.min == static_cast<double>(xt::amin(all)()));
  CHECK(statistics.max == static_cast<double>(xt::amax(all)()));
  CHECK(*statistics.mean == doctest::Approx(static_cast<double>(xt::mean(all)())));
  CHECK(statistics.rms == std::nullopt);
}

TEST_CASE("statistics that an existing file does not have are not made up when it grows") {
  const test::scratch_folder folder;
  const auto path = folder / "unknown.mrc";
  mrcz::write(path, test::counts<float>({1, 4, 4}), {.statistics = false});
  mrcz::append_to(path, test::counts<float>({1, 4, 4}));
  CHECK(mrcz::reader{path}.statistics() == mrcz::statistics{});
  mrcz::write(path, test::counts<float>({1, 4, 4}));
  mrcz::append_to(path, test::counts<float>({1, 4, 4}), {.statistics = false});
  CHECK(mrcz::reader{path}.statistics() == mrcz::statistics{});
}

TEST_CASE("of two writers that append to one file the second is refused, and what the first closes stays") {
  const test::scratch_folder folder;
  const auto path = folder / "shared.mrc";
  const auto all = test::counts<std::int16_t>({4, 9, 11});
  for (const auto& [c, order] : existing_files) {
    mrcz::write(path, slice(all, 0), {.compression = {.codec = c}, .byte_order = order});
    auto first = mrcz::writer::append_to(path);
    first.append(slice(all, 1));
    const auto refused = [&] {
      const auto failure = test::failure_of([&] {
        auto second = mrcz::writer::append_to(path);
        second.append(slice(all, 3));
      });
      REQUIRE(failure);
      CHECK(failure->code == std::errc::operation_would_block);
      CHECK(failure->mentions(path.string() + ": somebody else is appending to it"));
    };
    refused();
    first.append(slice(all, 2));
    refused();
    first.close();
    mrcz::append_to(path, slice(all, 3));
    CHECK(mrcz::reader{path}.read<std::int16_t>() == all);
  }
}

TEST_CASE("an append that is refused while another one runs does not change the file, nor does the other's end") {
  const test::scratch_folder folder;
  const auto path = folder / "given_up.mrc";
  const auto all = test::counts<std::int16_t>({2, 9, 11});
  mrcz::write(path, slice(all, 0));
  const auto old = test::bytes_of(path);
  {
    auto given_up = mrcz::writer::append_to(path);
    given_up.append(slice(all, 1));
    CHECK(test::failure_of([&] { mrcz::append_to(path, slice(all, 1)); }));
  }
  CHECK(test::bytes_of(path) == old);
  mrcz::append_to(path, slice(all, 1));
  CHECK(mrcz::reader{path}.read<std::int16_t>() == all);
}

TEST_CASE("a file that was replaced or changed while slices were appended stays as it is then") {
  const test::scratch_folder folder;
  const auto path = folder / "meddled.mrc";
  const auto all = test::counts<std::int16_t>({3, 9, 11});
  for (const bool keep_partial : {false, true})
    for (const bool replaced : {true, false}) {
      mrcz::write(path, slice(all, 0));
      test::bytes theirs;
      {
        auto out = mrcz::writer::append_to(path, {.keep_partial = keep_partial});
        out.append(slice(all, 1));
        if (replaced) {
          mrcz::write(folder / "other", test::counts<float>({2, 5, 5}));
          std::filesystem::rename(folder / "other", path);
        } else {  // by a program that takes no locks
          auto changed = test::file_with(test::counts<float>({2, 5, 5}));
          test::write_bytes(path, changed);
        }
        theirs = test::bytes_of(path);
        const auto failure = test::failure_of([&] {
          if (keep_partial) out.append(slice(all, 2));
          else out.close();
        });
        REQUIRE(failure);
        CHECK(failure->code == std::error_code{ESTALE, std::system_category()});
        CHECK(failure->mentions(path.string() + ": another program " + (replaced ? "replaced" : "changed") + " it"));
        check_closed(out);
      }
      CHECK(test::bytes_of(path) == theirs);
    }
}

TEST_CASE("a partial file has its name from the first slice on, is readable, and both writer and error say where") {
  const test::scratch_folder folder;
  const auto path = folder / "a.mrc";
  const auto all = test::counts<std::int16_t>({3, 9, 11});
  std::filesystem::path partial;
  {
    mrcz::writer out{path, {.keep_partial = true}};
    CHECK(out.partial_path().empty());
    out.append(slice(all, 0));
    partial = out.partial_path();
    CHECK(partial.is_absolute());
    CHECK(partial.parent_path() == folder.path());
    CHECK(mrcz::reader{partial}.read<std::int16_t>().shape(0) == 1);
    out.append(slice(all, 1));
    CHECK(out.partial_path() == partial);
    CHECK(mrcz::reader{partial}.read<std::int16_t>() ==
          mrcz::volume<std::int16_t>(xt::view(all, xt::range(0, 2), xt::all(), xt::all())));
  }
  CHECK(std::filesystem::remove(partial));
  CHECK(folder.files().empty());
  {
    mrcz::writer out{path, {.keep_partial = true}};
    out.append(all);
    partial = out.partial_path();
    std::filesystem::create_directory(path);
    const auto failure = test::failure_of([&] { out.close(); });
    REQUIRE(failure);
    CHECK(failure->mentions("; what was put is in " + partial.string()));
    CHECK(out.partial_path() == partial);
  }
  CHECK(mrcz::reader{partial}.read<std::int16_t>() == all);
  std::filesystem::remove(path);
  std::filesystem::remove(partial);
  {
    mrcz::writer out{path, {.keep_partial = true}};
    out.append(all);
    out.close();
    CHECK(out.partial_path().empty());
  }
  CHECK(folder.files() == std::vector<std::string>{"a.mrc"});
}

TEST_CASE("a movie that is written by planes is read back, and planes without zstd are refused") {
  const test::scratch_folder folder;
  const auto movie = test::counts<std::int16_t>({5, 300, 411});
  const mrcz::write_options by_planes{.compression = {.block_size = 32'768, .planes = true}, .threads = 2};
  {
    mrcz::writer out{folder / "movie.mrcz", by_planes};
    out.append(movie);
    out.close();
  }
  const mrcz::reader in{folder / "movie.mrcz"};
  CHECK(in.codec() == mrcz::codec::zstd);
  CHECK(in.read<std::int16_t>() == movie);
  const auto thrown = test::failure_of([&] { mrcz::writer{folder / "movie.mrc", by_planes}; });
  REQUIRE(thrown);
  CHECK(thrown->code == mrcz::errc::bad_option);
  CHECK(thrown->mentions("planes is true for codec none; only zstd ends its blocks at planes of bits"));
}

TEST_CASE("a single large slice that several threads compress by planes is the one that a single thread makes") {
  const auto movie = test::counts<std::int16_t>({1, 1500, 1500});
  std::vector<std::byte> files[2];
  for (const std::size_t threads : {1U, 2U}) {
    mrcz::writer out{
        std::make_unique<mrcz::memory_sink>(files[threads - 1]),
        {.compression = {.codec = mrcz::codec::zstd, .block_size = 65'536, .planes = true}, .threads = threads}};
    out.append(movie);
    out.close();
  }
  CHECK(files[0] == files[1]);
}

TEST_CASE("records of FEI get the byte order of the file, other extended headers stay as they are") {
  std::vector<mrcz::fei1> records(2);
  records[0].alpha_tilt = -60.5;
  records[1].dose = 1e21;
  for (const auto order : {std::endian::little, std::endian::big}) {
    mrcz::extended_header extended;
    extended.set_records(std::span<const mrcz::fei1>{records});
    test::bytes file;
    mrcz::writer out{std::make_unique<mrcz::memory_sink>(file), {.byte_order = order}};
    out.set_extended_header(extended);
    out.append(test::counts<float>({2, 3, 4}));
    out.close();
    CHECK(std::to_integer<int>(file[1024 + (order == std::endian::little ? 1 : 2)]) == 3);  // 768 is 0x300
    const auto found = test::reader_of(file).extended_header();
    CHECK(found.records<mrcz::fei1>() == records);
    CHECK((found == extended) == (order == std::endian::little));
  }
}

TEST_CASE("records of SerialEM and Agard get the byte order of the file, and NINT and NREAL that describe them") {
  std::vector<mrcz::seri> of_serialem(2, mrcz::seri{.tilt_angle = -60.5, .exposure_dose = 1.5e20});
  of_serialem[1].tilt_angle = -57;
  std::vector<mrcz::agar> of_agard(2);
  of_agard[1].alpha_tilt = -60.5F;
  const auto written = [](auto& records, std::endian order, std::endian records_in) {
    using record = typename std::remove_cvref_t<decltype(records)>::value_type;
    mrcz::extended_header extended;
    extended.byte_order = records_in;
    extended.set_records(std::span<const record>{records});
    test::bytes file;
    mrcz::writer out{std::make_unique<mrcz::memory_sink>(file), {.byte_order = order}};
    out.set_extended_header(extended);
    out.append(test::counts<float>({2, 3, 4}));
    out.close();
    const auto in = test::reader_of(file);
    CHECK(std::pair{in.header().nint, in.header().nreal} == std::pair{extended.nint, extended.nreal});
    CHECK(in.extended_header().byte_order == order);
    return in.extended_header();
  };
  for (const auto order : {std::endian::little, std::endian::big})
    for (const auto records_in : {std::endian::little, std::endian::big}) {
      const auto seri = written(of_serialem, order, records_in);
      CHECK(seri.records<mrcz::seri>() == of_serialem);
      CHECK(mrcz::detail::load<std::int16_t>(seri.bytes.data(), order) == -6050);
      const auto agar = written(of_agard, order, records_in);
      CHECK(agar.records<mrcz::agar>()[1].alpha_tilt == -60.5F);
      CHECK(mrcz::detail::load<float>(agar.bytes.data() + 128, order) == -60.5F);
    }
}

TEST_CASE("a file with another NINT than its records is refused") {
  mrcz::extended_header extended;
  extended.set_records(std::span<const mrcz::seri>{std::vector<mrcz::seri>(2, {.tilt_angle = 1})});
  test::bytes file;
  mrcz::writer out{std::make_unique<mrcz::memory_sink>(file)};
  out.header().nint = 6;
  out.set_extended_header(extended);
  out.append(test::counts<float>({2, 3, 4}));
  CHECK(test::failure_of([&] { out.close(); })->mentions("NINT is stated as 6, but the extended header makes it 2"));
}
