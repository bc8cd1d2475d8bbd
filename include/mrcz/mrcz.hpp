/// Everything: reading and writing electron-microscopy images in the MRC2014 and MRCZ formats.
#pragma once

#include "mrcz/async/read.hpp"
#include "mrcz/async/reader.hpp"
#include "mrcz/async/write.hpp"
#include "mrcz/async/writer.hpp"
#include "mrcz/edit.hpp"
#include "mrcz/io/memory.hpp"
#include "mrcz/mapped_volume.hpp"
#include "mrcz/metadata.hpp"
#include "mrcz/read.hpp"
#include "mrcz/read_header.hpp"
#include "mrcz/reader.hpp"
#include "mrcz/validate.hpp"
#include "mrcz/version.hpp"
#include "mrcz/write.hpp"
#include "mrcz/writer.hpp"
