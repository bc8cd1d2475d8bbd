#include "session.hpp"

#include "printable.hpp"
#include "python.hpp"

void session::begin(std::map<std::string, std::string> arguments, std::string_view what) const {
  arguments.insert({{"debug", python::repr(debug)},
                    {"force", python::repr(force)},
                    {"nthreads", std::to_string(threads)},
                    {"verbose", python::repr(verbose)}});
  say_debug("command line argument parsing complete");
  say_debug("command line arguments are: ");
  for (const auto& [name, value] : arguments) say_debug("    {}: {}", name, text::printable(value));
  say_verbose("using {} thread{}", threads, threads == 1 ? "" : "s");
  say_verbose("getting ready for {}", what);
}
