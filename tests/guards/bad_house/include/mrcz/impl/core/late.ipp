/// Definitions that their header does not include, and that nobody compiles.
#pragma once

#include "mrcz/core/late.hpp"
#include "mrcz/impl/core/low.ipp"
#include <zlib.h>
