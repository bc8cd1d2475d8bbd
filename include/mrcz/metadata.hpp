/// Include this to look into the metadata of a file or to write some. Metadata are JSON; other headers only declare
/// them.
#pragma once

#include "mrcz/format/metadata.hpp"
