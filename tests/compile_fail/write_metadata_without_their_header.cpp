// expected: defined_in_mrcz_metadata_hpp
#include <nlohmann/json.hpp>

#include "mrcz/write.hpp"

int main() { mrcz::write("out.mrc", mrcz::volume<float>({1, 2, 3}), {}, {{"voltage", 300}}); }
