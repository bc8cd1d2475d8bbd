#include "mrcz/core/error.hpp"

#include <cerrno>
#include <exception>
#include <memory>
#include <new>
#include <set>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

#include <doctest/doctest.h>

#include "tests/support.hpp"

static_assert(std::is_base_of_v<std::system_error, mrcz::error>);
static_assert(std::is_nothrow_copy_constructible_v<mrcz::error>, "an exception is copied while another is in flight");
static_assert(std::is_convertible_v<mrcz::errc, std::error_code>);
static_assert(!std::is_convertible_v<int, mrcz::errc>);

namespace {

/// The error that `action` throws.
template <class Action>
mrcz::error thrown_by(Action&& action) {
  try {
    action();
  } catch (const mrcz::error& e) {
    return e;
  }
  throw std::logic_error{"nothing was thrown"};
}

}  // namespace

TEST_CASE("an error says what was found, and carries its code") {
  const auto thrown =
      test::failure_of([] { mrcz::detail::fail(mrcz::errc::bad_mode, "MODE is {}, not {}", 5, "known"); });
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
  const auto thrown = test::failure_of([] { mrcz::detail::fail_system(ENOENT, "cannot open", "/some/file"); });
  REQUIRE(thrown);
  CHECK(thrown->code == std::errc::no_such_file_or_directory);
  CHECK(thrown->message == "/some/file: cannot open: No such file or directory");
  const std::error_code own{5, std::system_category()};
  const auto of_this_system = test::failure_of([&] { mrcz::detail::fail_system(own, "cannot open", "/some/file"); });
  REQUIRE(of_this_system);
  CHECK(of_this_system->code == own);
  CHECK(of_this_system->message == "/some/file: cannot open: " + own.message());
}

TEST_CASE("an error is caught as a system_error or a plain exception with the same message") {
  try {
    mrcz::detail::fail(mrcz::errc::truncated, "file ends");
  } catch (const std::exception& e) {
    CHECK(std::string{e.what()} == "file ends");
  }
  try {
    mrcz::detail::fail(mrcz::errc::truncated, "file ends");
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

TEST_CASE("an error that was moved from keeps its message") {
  mrcz::error original{mrcz::errc::closed, "writer is closed"};
  const mrcz::error taken = std::move(original);
  CHECK(std::string{taken.what()} == "writer is closed");
  CHECK(std::string{original.what()} == "writer is closed");  // NOLINT(bugprone-use-after-move)
}

TEST_CASE("each field of an error can be asked for and stands in its text") {
  const mrcz::error full{mrcz::errc::bad_chunk,
                         {.path = "a.mrcz",
                          .slice = 3,
                          .chunk = 4,
                          .byte = 5,
                          .found = "chunk holds 6 bytes",
                          .expected = "7",
                          .reason = "a reason",
                          .remark = "a remark",
                          .cause = std::make_exception_ptr(std::domain_error{"a cause"})}};
  const mrcz::error copied = full;
  for (const auto& e : {full, copied}) {
    CHECK(e.code() == mrcz::errc::bad_chunk);
    CHECK(e.path() == "a.mrcz");
    CHECK(e.slice() == 3U);
    CHECK(e.chunk() == 4U);
    CHECK(e.byte() == 5U);
    CHECK(e.found() == "chunk holds 6 bytes");
    CHECK(e.expected() == "7");
    CHECK(e.remark() == "a remark");
    CHECK_THROWS_WITH_AS(std::rethrow_exception(e.cause()), "a cause", std::domain_error);
    CHECK(std::string{e.what()} ==
          "a.mrcz: chunk holds 6 bytes, expected 7: a reason (slice 3, chunk 4, byte 5); a remark");
    CHECK(e.message() == "chunk holds 6 bytes, expected 7: a reason (slice 3, chunk 4, byte 5); a remark");
  }
}

TEST_CASE("a field that is not known leaves nothing in the text") {
  const auto text_of = [](mrcz::error_fields fields) {
    return std::string{mrcz::error{mrcz::errc::truncated, std::move(fields)}.what()};
  };
  CHECK(text_of({.found = "file ends"}) == "file ends");
  CHECK(text_of({.path = "a.mrc", .found = "file ends"}) == "a.mrc: file ends");
  CHECK(text_of({.slice = 0, .found = "file ends"}) == "file ends (slice 0)");
  CHECK(text_of({.chunk = 0, .found = "file ends"}) == "file ends (chunk 0)");
  CHECK(text_of({.byte = 0, .found = "file ends"}) == "file ends (byte 0)");
  CHECK(text_of({.slice = 1, .byte = 2, .found = "file ends"}) == "file ends (slice 1, byte 2)");
  CHECK(text_of({.found = "file ends", .expected = "more"}) == "file ends, expected more");
  CHECK(text_of({.found = "file ends", .remark = "copy it again"}) == "file ends; copy it again");
  const mrcz::error bare{mrcz::errc::truncated, "file ends"};
  CHECK(bare.path().empty());
  CHECK_FALSE(bare.slice());
  CHECK_FALSE(bare.chunk());
  CHECK_FALSE(bare.byte());
  CHECK(bare.expected().empty());
  CHECK(bare.remark().empty());
  CHECK_FALSE(bare.cause());
  CHECK(bare.message() == "file ends");
}

TEST_CASE("what was found and what was expected are kept apart") {
  const auto e = thrown_by([] {
    mrcz::detail::fail_expected(mrcz::errc::bad_option, mrcz::detail::text("level is {}", 10),
                                mrcz::detail::text("{} to {}", 0, 9));
  });
  CHECK(e.code() == mrcz::errc::bad_option);
  CHECK(e.found() == "level is 10");
  CHECK(e.expected() == "0 to 9");
  CHECK(std::string{e.what()} == "level is 10, expected 0 to 9");
}

TEST_CASE("the path is added once") {
  const auto inner = [] {
    mrcz::detail::with_context("a.mrc", [] { mrcz::detail::fail(mrcz::errc::bad_header, "nx is -1"); });
  };
  const auto once = thrown_by(inner);
  CHECK(once.path() == "a.mrc");
  CHECK(once.found() == "nx is -1");
  CHECK(once.code() == mrcz::errc::bad_header);
  CHECK(std::string{once.what()} == "a.mrc: nx is -1");
  CHECK(std::string{thrown_by([&] { mrcz::detail::with_context("a.mrc", inner); }).what()} == "a.mrc: nx is -1");
}

TEST_CASE("two layers of context keep each field and add what is missing") {
  const auto e = thrown_by([] {
    mrcz::detail::with_context("a.mrcz", [] {
      try {
        mrcz::detail::with_context("", 3, [] {
          mrcz::detail::fail(mrcz::errc::bad_chunk,
                             {.byte = 4096, .found = "torn", .expected = "whole", .remark = "sorry"});
        });
      } catch (...) {
        mrcz::detail::rethrow_with({.slice = 7, .chunk = 8, .byte = 9, .remark = "late"});
      }
    });
  });
  CHECK(e.code() == mrcz::errc::bad_chunk);
  CHECK(e.path() == "a.mrcz");
  CHECK(e.slice() == 3U);
  CHECK(e.chunk() == 8U);
  CHECK(e.byte() == 4096U);
  CHECK(e.found() == "torn");
  CHECK(e.expected() == "whole");
  CHECK(e.remark() == "sorry; late");
  CHECK(std::string{e.what()} == "a.mrcz: torn, expected whole (slice 3, chunk 8, byte 4096); sorry; late");
}

TEST_CASE("path, slice and byte are added together") {
  const auto e = thrown_by([] {
    try {
      mrcz::detail::fail_system(EIO, "cannot read");
    } catch (...) {
      mrcz::detail::rethrow_with({.path = "a.mrcz", .slice = 2, .byte = 99});
    }
  });
  CHECK(e.code() == std::errc::io_error);
  CHECK(e.found() == "cannot read");
  CHECK(std::string{e.what()} == "a.mrcz: cannot read: Input/output error (slice 2, byte 99)");
}

TEST_CASE("an error about another file gets no slice of this one, but its remark says where it came up") {
  const auto e = thrown_by([] {
    mrcz::detail::with_context("out.mrcz", 5, [] {
      mrcz::detail::with_context("out.mrcz", 5, [] {
        mrcz::detail::with_context("in.mrcz", [] { mrcz::detail::fail(mrcz::errc::bad_header, "nx is -1"); });
      });
    });
  });
  CHECK(e.path() == "in.mrcz");
  CHECK_FALSE(e.slice());
  CHECK(std::string{e.what()} == "in.mrcz: nx is -1; it came up at slice 5 of out.mrcz");
}

TEST_CASE("a remark is added to an error and to nothing else") {
  const auto remarking = [](auto&& action) {
    try {
      action();
    } catch (...) {
      mrcz::detail::rethrow_with({.remark = "what was put is in a.partial"});
    }
  };
  const auto e = thrown_by([&] { remarking([] { mrcz::detail::fail_system(ENOSPC, "cannot write", "a.mrc"); }); });
  CHECK(e.remark() == "what was put is in a.partial");
  CHECK(std::string{e.what()} == "a.mrc: cannot write: No space left on device; what was put is in a.partial");
  CHECK_THROWS_WITH_AS(remarking([] { throw std::logic_error{"not ours"}; }), "not ours", std::logic_error);
}

TEST_CASE("context passes results and other exceptions through untouched") {
  int value = 3;
  static_assert(std::is_same_v<decltype(mrcz::detail::with_context("n", [&]() -> int& { return value; })), int&>);
  CHECK(&mrcz::detail::with_context("n", [&]() -> int& { return value; }) == &value);
  CHECK_THROWS_WITH_AS(mrcz::detail::with_context("n", [] { throw std::logic_error{"not ours"}; }), "not ours",
                       std::logic_error);
  CHECK_THROWS_AS(mrcz::detail::with_context("n", [] { throw 3; }), int);  // NOLINT(hicpp-exception-baseclass)
}

TEST_CASE("the number of the slice is put behind the message") {
  const auto e = thrown_by(
      [] { mrcz::detail::with_context("a.mrc", 5, [] { mrcz::detail::fail(mrcz::errc::bad_chunk, "torn"); }); });
  CHECK(e.code() == mrcz::errc::bad_chunk);
  CHECK(e.slice() == 5U);
  CHECK(std::string{e.what()} == "a.mrc: torn (slice 5)");
  CHECK_FALSE(e.cause());
  CHECK(mrcz::detail::with_context("a.mrc", 5, [] { return 3; }) == 3);
}

TEST_CASE("what the caller's own code throws is an error with the number of the slice, and its cause is kept") {
  const auto failing = [] { mrcz::detail::with_context("a.mrc", 5, [] { throw std::domain_error{"no place"}; }); };
  const auto e = thrown_by([&] { mrcz::detail::with_context("archive", failing); });
  CHECK(e.code() == mrcz::errc::caller_failed);
  CHECK(e.path() == "a.mrc");
  CHECK(e.slice() == 5U);
  CHECK(e.found() == "no place");
  CHECK(std::string{e.what()} == "a.mrc: no place (slice 5)");
  REQUIRE(e.cause());
  CHECK_THROWS_WITH_AS(std::rethrow_exception(e.cause()), "no place", std::domain_error);
}

TEST_CASE("the caller's code may throw anything: the error keeps it as its cause") {
  const auto e =
      thrown_by([] { mrcz::detail::with_context("a.mrc", 5, [] { throw 3; }); });  // NOLINT(hicpp-exception-baseclass)
  CHECK(e.code() == mrcz::errc::caller_failed);
  CHECK(e.slice() == 5U);
  REQUIRE(e.cause());
  CHECK_THROWS_AS(std::rethrow_exception(e.cause()), int);
}

TEST_CASE("an error to which nothing is added is thrown again as it is") {
  const auto e = thrown_by([] { mrcz::detail::fail(mrcz::errc::bad_chunk, {.path = "a.mrc", .found = "torn"}); });
  const char* text = nullptr;
  const auto same = thrown_by([&] {
    mrcz::detail::with_context("a.mrc", [&] {
      text = e.what();
      throw e;
    });
  });
  CHECK(same.what() == text);
}

TEST_CASE("exhausted memory stays exhausted memory") {
  CHECK_THROWS_AS(mrcz::detail::with_context("a.mrc", 5, [] { throw std::bad_alloc{}; }), std::bad_alloc);
}
