// expected: defined_in_mrcz_metadata_hpp
#include <nlohmann/json.hpp>

#include "mrcz/reader.hpp"

int main() { return static_cast<int>(mrcz::reader{"in.mrc"}.metadata().size()); }
