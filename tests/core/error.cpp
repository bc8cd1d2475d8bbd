#include "mrcz/core/error.hpp"

#include <cerrno>
#include <exception>
#include <new>
#include <set>
#include <stdexcept>
#include <type_traits>

#include <doctest/doctest.h>

#include "tests/support.hpp"

static_assert(std::is_base_of_v<std::system_error, mrcz::error>);
static_assert(std::is_nothrow_copy_constructible_v<mrcz::error>, "an exception is copied while another is in flight");
static_assert(std::is_convertible_v<mrcz::errc, std::error_code>);
static_assert(!std::is_convertible_v<int, mrcz::errc>);

TEST_CASE("an error says what was found, and carries its code") {
  const auto thrown = test::failure_of([] { mrcz::fail(mrcz::errc::bad_mode, "MODE is {}, not {}", 5, "known"); });
  REQUIRE(thrown);
  CHECK(thrown->code == mrcz::errc::bad_mode);
  CHECK(thrown->code != mrcz::errc::bad_header);
  CHECK(thrown->message == "MODE is 5, not known");
}

TEST_CASE("every kind of error has words of its own") {
  std::set<std::string> words;
  for (int code = static_cast<int>(mrcz::errc::not_mrc); code <= static_cast<int>(mrcz::errc::caller_failed); ++code) {
    const std::error_code reason = static_cast<mrcz::errc>(code);
    CHECK(reason);
    CHECK(std::string{reason.category().name()} == "mrcz");
    CHECK(reason.message() != "unknown error");
    words.insert(reason.message());
  }
  CHECK(words.size() == static_cast<std::size_t>(mrcz::errc::caller_failed));
  CHECK(mrcz::error_category().message(0) == "unknown error");
  CHECK(mrcz::error_category().message(99) == "unknown error");
}

TEST_CASE("a failure of the system keeps the system's code and appends its words") {
  const auto thrown = test::failure_of([] { mrcz::fail_system(ENOENT, "/some/file: cannot open"); });
  REQUIRE(thrown);
  CHECK(thrown->code == std::errc::no_such_file_or_directory);
  CHECK(thrown->message == "/some/file: cannot open: No such file or directory");
  const std::error_code own{5, std::system_category()};
  const auto of_this_system = test::failure_of([&] { mrcz::fail_system(own, "/some/file: cannot open"); });
  REQUIRE(of_this_system);
  CHECK(of_this_system->code == own);
  CHECK(of_this_system->message == "/some/file: cannot open: " + own.message());
}

TEST_CASE("an error is caught as a system_error or a plain exception with the same message") {
  try {
    mrcz::fail(mrcz::errc::truncated, "file ends");
  } catch (const std::exception& e) {
    CHECK(std::string{e.what()} == "file ends");
  }
  try {
    mrcz::fail(mrcz::errc::truncated, "file ends");
  } catch (const std::system_error& e) {
    CHECK(e.code() == mrcz::errc::truncated);
  }
}

TEST_CASE("a copy of an error outlives the original") {
  auto original = std::make_unique<mrcz::error>(mrcz::make_error_code(mrcz::errc::closed), "a long enough message");
  const mrcz::error copy = *original;
  original.reset();
  CHECK(std::string{copy.what()} == "a long enough message");
  CHECK(copy.code() == mrcz::errc::closed);
}

TEST_CASE("naming puts the name in front once and keeps the code") {
  const auto inner = [] { mrcz::naming("a.mrc", [] { mrcz::fail(mrcz::errc::bad_header, "nx is -1"); }); };
  const auto once = test::failure_of(inner);
  REQUIRE(once);
  CHECK(once->message == "a.mrc: nx is -1");
  CHECK(once->code == mrcz::errc::bad_header);

  const auto twice = test::failure_of([&] { mrcz::naming("a.mrc", inner); });
  REQUIRE(twice);
  CHECK(twice->message == "a.mrc: nx is -1");

  const auto within_another = test::failure_of([&] { mrcz::naming("archive", inner); });
  REQUIRE(within_another);
  CHECK(within_another->message == "archive: a.mrc: nx is -1");

  // a.mrc is a prefix of a.mrcz but not its name
  const auto similar = test::failure_of([] { mrcz::naming("a.mrc", [] { mrcz::fail_system(EIO, "a.mrcz"); }); });
  REQUIRE(similar);
  CHECK(similar->message == "a.mrc: a.mrcz: Input/output error");
  CHECK(similar->code == std::errc::io_error);
}

TEST_CASE("naming passes results and other exceptions through untouched") {
  int value = 3;
  static_assert(std::is_same_v<decltype(mrcz::naming("n", [&]() -> int& { return value; })), int&>);
  CHECK(&mrcz::naming("n", [&]() -> int& { return value; }) == &value);
  CHECK_THROWS_WITH_AS(mrcz::naming("n", [] { throw std::logic_error{"not ours"}; }), "not ours", std::logic_error);
}

TEST_CASE("the number of the slice is put behind the message") {
  const auto thrown =
      test::failure_of([] { mrcz::naming("a.mrc", 5, [] { mrcz::fail(mrcz::errc::bad_chunk, "torn"); }); });
  REQUIRE(thrown);
  CHECK(thrown->code == mrcz::errc::bad_chunk);
  CHECK(thrown->message == "a.mrc: torn (slice 5)");
  CHECK(mrcz::naming("a.mrc", 5, [] { return 3; }) == 3);
}

TEST_CASE("what the caller's own code throws is an error with the number of the slice, and its cause is kept") {
  const auto failing = [] { mrcz::naming("a.mrc", 5, [] { throw std::domain_error{"no place"}; }); };
  try {
    mrcz::naming("archive", failing);
    FAIL("nothing was thrown");
  } catch (const mrcz::error& e) {
    CHECK(e.code() == mrcz::errc::caller_failed);
    CHECK(std::string{e.what()} == "archive: a.mrc: no place (slice 5)");
    REQUIRE(e.cause());
    CHECK_THROWS_WITH_AS(std::rethrow_exception(e.cause()), "no place", std::domain_error);
  }
}

TEST_CASE("an error of the library has no cause") {
  try {
    mrcz::naming("a.mrc", 5, [] { mrcz::fail(mrcz::errc::bad_chunk, "torn"); });
    FAIL("nothing was thrown");
  } catch (const mrcz::error& e) {
    CHECK_FALSE(e.cause());
  }
}

TEST_CASE("exhausted memory stays exhausted memory") {
  CHECK_THROWS_AS(mrcz::naming("a.mrc", 5, [] { throw std::bad_alloc{}; }), std::bad_alloc);
}

TEST_CASE("the name that was put in front of a message can be taken off again") {
  const mrcz::error named{mrcz::errc::truncated, "a.blp: file ends"};
  CHECK(mrcz::unnamed(named, "a.blp") == "file ends");
  CHECK(mrcz::unnamed(named, "a") == "a.blp: file ends");
  CHECK(mrcz::unnamed(named, "b.blp") == "a.blp: file ends");
}
