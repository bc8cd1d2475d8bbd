/// Definitions that compile only because of what is included before them.
#pragma once

#include "mrcz/format/high.hpp"
