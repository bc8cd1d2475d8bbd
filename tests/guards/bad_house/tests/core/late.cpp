#include <cstddef>

#include "mrcz/core/late.hpp"
