/// Include this to look into the metadata of a file or to write some: JSON, which the other headers only hand on.
#pragma once

#include "mrcz/format/metadata.hpp"
