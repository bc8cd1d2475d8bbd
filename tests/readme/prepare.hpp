/// The surroundings of the examples in README.md and docs/: a folder with the files that they name.
#pragma once

#include <filesystem>

#include "mrcz/mrcz.hpp"
#include "tests/support.hpp"

namespace test {

class prepared_folder {
 public:
  prepared_folder() {
    std::filesystem::current_path(folder_.path());
    mrcz::write("movie.mrcz", counts<std::int8_t>({20, 512, 1536}), {.kind = mrcz::kind::image_stack},
                {{"pixel", 1.06}});
    mrcz::write("tomo.mrc", counts<std::int16_t>({4, 30, 40}));
    mrcz::write("gain.mrc", counts<float>({1, 512, 1536}));
  }
  ~prepared_folder() { std::filesystem::current_path("/"); }

 private:
  scratch_folder folder_;
};

}  // namespace test
