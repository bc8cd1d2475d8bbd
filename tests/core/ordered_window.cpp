#include "mrcz/core/ordered_window.hpp"

#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <doctest/doctest.h>

using window = mrcz::detail::ordered_window<std::string>;

namespace {

std::exception_ptr failure(const char* text) { return std::make_exception_ptr(std::runtime_error{text}); }

std::string text_of(const std::exception_ptr& thrown) {
  if (!thrown) return "nothing";
  try {
    std::rethrow_exception(thrown);
  } catch (const std::runtime_error& e) {
    return e.what();
  }
}

/// All results that are ready, in the order in which they are handed out.
std::vector<std::string> taken_from(window& w) {
  std::vector<std::string> taken;
  while (w.has_next()) {
    taken.push_back(w.take());
    w.release();
  }
  return taken;
}

using texts = std::vector<std::string>;

}  // namespace

TEST_CASE("results are handed out in the order of admission, whatever the order in which they are made") {
  window w{{.items = 4}};
  for (std::size_t i = 0; i < 4; ++i) CHECK(w.admit() == i);
  w.done(2, "two");
  w.done(3, "three");
  CHECK_FALSE(w.has_next());
  w.done(0, "zero");
  CHECK(taken_from(w) == texts{"zero"});
  w.done(1, "one");
  CHECK(taken_from(w) == texts{"one", "two", "three"});
  CHECK(w.empty());
  CHECK(w.begin() == 4);
  CHECK(w.end() == 4);
}

TEST_CASE("numbers go on from the first one") {
  window w{{.items = 2}, 100};
  CHECK(w.admit() == 100);
  CHECK(w.begin() == 100);
  CHECK(w.end() == 101);
}

TEST_CASE("there is room for so many items and so many bytes, and always for one") {
  window w{{.items = 3, .bytes = 100}};
  CHECK(w.has_room(1000));
  w.admit(60);
  CHECK(w.has_room(40));
  CHECK_FALSE(w.has_room(41));
  CHECK_FALSE(w.has_room(static_cast<std::size_t>(-1)));
  w.admit(40);
  CHECK(w.has_room(0));
  w.admit(0);
  CHECK_FALSE(w.has_room(0));
  w.done(0, "");
  CHECK(taken_from(w) == texts{""});
  CHECK(w.has_room(60));
  CHECK_FALSE(w.has_room(61));

  window huge{{.items = 3, .bytes = 100}};
  huge.admit(1000);
  CHECK_FALSE(huge.has_room(0));
}

TEST_CASE("what was taken keeps its room until it is released, and nothing else is handed out meanwhile") {
  window w{{.items = 2}};
  w.admit();
  w.admit();
  w.done(0, "zero");
  w.done(1, "one");
  CHECK(w.take() == "zero");
  CHECK_FALSE(w.has_next());
  CHECK_FALSE(w.has_room());
  w.release();
  CHECK(w.has_next());
  CHECK(w.has_room());
}

TEST_CASE("an item that was none after all leaves its place") {
  window w{{.items = 2, .bytes = 10}};
  w.admit(4);
  w.admit(6);
  w.withdraw();
  CHECK(w.end() == 1);
  CHECK(w.has_room(6));
}

TEST_CASE("a failure comes in the place of its item: everything before it is taken, nothing behind it") {
  window w{{.items = 5}};
  for (int i = 0; i < 5; ++i) w.admit();
  w.done(4, "four");
  w.done(2, failure("two failed"));
  CHECK(w.failed());
  CHECK_FALSE(w.failure_is_next());
  CHECK_FALSE(w.has_room());
  CHECK(w.is_wanted(0));
  CHECK(w.is_wanted(1));
  CHECK_FALSE(w.is_wanted(2));
  CHECK_FALSE(w.is_wanted(3));
  w.done(3, "nobody wants it");
  w.done(1, "one");
  w.done(0, "zero");
  CHECK(taken_from(w) == texts{"zero", "one"});
  CHECK(w.failure_is_next());
  CHECK(text_of(w.take_failure()) == "two failed");
  CHECK(w.failed());
  CHECK_FALSE(w.has_room());
  CHECK(text_of(w.take_failure()) == "nothing");
}

TEST_CASE("of several failures the one of the first item counts") {
  window w{{.items = 5}};
  for (int i = 0; i < 5; ++i) w.admit();
  w.done(3, failure("three failed"));
  w.done(1, failure("one failed"));
  w.done(2, failure("two failed"));
  w.done(0, "zero");
  CHECK(taken_from(w) == texts{"zero"});
  CHECK(text_of(w.take_failure()) == "one failed");
}

TEST_CASE("what could not be used counts as failed, before all failures behind it") {
  window w{{.items = 3}};
  for (int i = 0; i < 3; ++i) w.admit();
  w.done(0, "zero");
  w.done(1, "one");
  w.done(2, failure("two failed"));
  CHECK(w.take() == "zero");
  w.release(failure("zero could not be written"));
  CHECK_FALSE(w.has_next());
  CHECK(w.failure_is_next());
  CHECK(w.begin() == 0);
  CHECK(text_of(w.take_failure()) == "zero could not be written");
}

TEST_CASE("a window that is closed drops what waits, and lets what was taken leave") {
  const auto kept = std::make_shared<int>(1);
  mrcz::detail::ordered_window<std::shared_ptr<int>> w{{.items = 3}};
  for (int i = 0; i < 3; ++i) w.admit();
  w.done(0, std::shared_ptr<int>{kept});
  w.done(2, std::shared_ptr<int>{kept});
  auto first = w.take();
  w.close();
  CHECK(w.take_dropped().size() == 2);
  CHECK(kept.use_count() == 2);
  CHECK_FALSE(w.has_room());
  w.done(1, std::shared_ptr<int>{kept});
  CHECK(kept.use_count() == 2);
  w.release();
  CHECK(w.empty());
  CHECK(w.begin() == 1);
  CHECK_FALSE(w.has_next());
  CHECK_FALSE(w.failure_is_next());
}

TEST_CASE("results that a failure or the end drops are handed out, so that they can be freed without a lock") {
  window w{{.items = 4, .bytes = 100}};
  for (std::size_t i = 0; i < 4; ++i) w.admit(10);
  w.done(2, "two");
  w.done(3, "three");
  w.done(1, failure("one"));
  auto dropped = w.take_dropped();
  REQUIRE(dropped.size() == 2);
  CHECK(dropped.front().result == "two");
  CHECK(dropped.back().result == "three");
  CHECK(w.bytes() == 20);
  CHECK(w.take_dropped().empty());
  w.close();
  CHECK(w.take_dropped().size() == 2);
  CHECK(w.empty());
  CHECK(w.bytes() == 0);
}
