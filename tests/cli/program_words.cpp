// What the programs share: text that is fit for a terminal, and signals.
#include "printable.hpp"

#include <csignal>
#include <string>
#include <string_view>
#include <thread>

#include <sys/wait.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include "signals.hpp"

namespace {

/// The signal that ends a child which does `work`, or minus its exit code.
template <class Work>
int end_of_child(Work&& work) {
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    for (const int signal : {SIGHUP, SIGINT, SIGTERM}) std::signal(signal, SIG_DFL);  // doctest has handlers of its own
    try {
      work();
    } catch (const signals::interruption& request) {
      ::_exit(100 + request.signal);
    }
    ::_exit(0);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  return WIFSIGNALED(status) ? WTERMSIG(status) : -WEXITSTATUS(status);
}

}  // namespace

TEST_CASE("text for people stays as it is in any script") {
  for (const std::string_view plain : {"", "K2 summit, 1.06 A", "Ångström µm 300 kV", "電子顕微鏡", "Ω≈ç√",
                                       "👩‍🔬", "می‌خواهم", R"(C:\data\new)", "'\"`"})
    CHECK(text::printable(plain) == plain);
}

TEST_CASE("control characters are escaped, of both sets and in both spellings") {
  CHECK(text::printable("a\x1b[31mred\x1b[0m") == R"(a\x1b[31mred\x1b[0m)");
  CHECK(text::printable(std::string_view{"\0\a\b\t\n\v\f\r\x7f", 9}) == R"(\x00\x07\x08\t\n\x0b\x0c\r\x7f)");
  CHECK(text::printable("\u0080\u0085\u009b31m\u009f") == R"(\x80\x85\x9b31m\x9f)");
  CHECK(text::printable("\x9b"
                        "31m") == R"(\x9b31m)");
  for (int c = 1; c < 0x20; ++c) CHECK(text::printable(std::string(1, static_cast<char>(c))).front() == '\\');
}

TEST_CASE("what turns text around, breaks lines or cannot be seen is escaped") {
  CHECK(text::printable("gain\u202emrc.exe\u2069") == R"(gain\u202emrc.exe\u2069)");
  CHECK(text::printable("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u2066\u2067\u2068") ==
        R"(\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u2066\u2067\u2068)");
  CHECK(text::printable("\u2028\u2029\u200b\ufeff\u00ad") == R"(\u2028\u2029\u200b\ufeff\xad)");
  CHECK(text::printable("\U000e0041") == R"(\U000e0041)");
}

TEST_CASE("bytes that are no UTF-8 are escaped one by one, and what follows them is not swallowed") {
  CHECK(text::printable("caf\xe9 au lait") == R"(caf\xe9 au lait)");
  CHECK(text::printable("\xc3") == R"(\xc3)");
  CHECK(text::printable("\xe2\x82x") == R"(\xe2\x82x)");
  CHECK(text::printable("\xc0\x9b") == R"(\xc0\x9b)");          // ESC-like in two bytes too many
  CHECK(text::printable("\xe0\x82\x9b") == R"(\xe0\x82\x9b)");  // U+009B in three
  CHECK(text::printable("\xed\xa0\x80") == R"(\xed\xa0\x80)");  // half of a pair
  CHECK(text::printable("\xf4\x90\x80\x80\xf5\xff") == R"(\xf4\x90\x80\x80\xf5\xff)");
  CHECK(text::printable("\x80\xbf") == R"(\x80\xbf)");
}

TEST_CASE("printing twice changes nothing more") {
  for (const std::string_view odd : {"\x1b[0m\n", "\u202e", "caf\xe9", "a\\b"})
    CHECK(text::printable(text::printable(odd)) == text::printable(odd));
}

TEST_CASE("JSON stays the same JSON on its lines") {
  CHECK(text::printable_json("{\n  \"a\": \"x\u007f\u009b\u202e\u00e9\U000e0041\"\n}") ==
        "{\n  \"a\": \"x\\u007f\\u009b\\u202e\u00e9\\udb40\\udc41\"\n}");
}

TEST_CASE("a signal is heard of where the work can end, and the program ends by it") {
  for (const int signal : {SIGHUP, SIGINT, SIGTERM}) {
    CHECK(end_of_child([] { signals::handle(); }) == 0);
    CHECK(end_of_child([=] { std::raise(signal); }) == signal);
    CHECK(end_of_child([=] {
            signals::handle();
            std::raise(signal);
            signals::throw_if_interrupted();
          }) == -(100 + signal));
    CHECK(end_of_child([=] {
            signals::handle();
            signals::end_by({signal});
          }) == signal);
  }
}

TEST_CASE("a signal requests the stop that the library looks at") {
  CHECK(end_of_child([] {
          signals::handle();
          const signals::stop stop;
          if (stop.token()->stop_requested()) ::_exit(1);
          std::raise(SIGINT);
          while (!stop.token()->stop_requested()) std::this_thread::yield();
        }) == 0);
  CHECK(end_of_child([] {  // ends without a signal
          signals::handle();
          const signals::stop stop;
        }) == 0);
}

TEST_CASE("a second signal, of the same kind or another, ends the program at once") {
  for (const int first : {SIGINT, SIGTERM})
    for (const int other : {SIGINT, SIGHUP})
      CHECK(end_of_child([=] {
              signals::handle();
              std::raise(first);
              std::raise(other);
            }) == other);
}

TEST_CASE("a signal that was ignored when the program began stays ignored") {
  CHECK(end_of_child([] {
          std::signal(SIGHUP, SIG_IGN);
          signals::handle();
          std::raise(SIGHUP);
          signals::throw_if_interrupted();
        }) == 0);
}
