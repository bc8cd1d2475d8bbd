/// Free metadata as JSON in the extended header (MRCZ specification, "JSON extended meta-data").
#pragma once

#include "mrcz/core/json.hpp"
#include "mrcz/format/metadata_fwd.hpp"

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/format/metadata.ipp"
#endif
