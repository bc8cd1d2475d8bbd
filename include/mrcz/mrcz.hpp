/// Everything: reading and writing electron-microscopy images in the MRC2014 and MRCZ formats.
#pragma once

#include "mrcz/read.hpp"
#include "mrcz/reader.hpp"
#include "mrcz/version.hpp"
#include "mrcz/write.hpp"
#include "mrcz/writer.hpp"
