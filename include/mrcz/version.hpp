/// The version of this library; the package files and the label in every written file are made from it.
#pragma once

#define MRCZ_VERSION_MAJOR 1
#define MRCZ_VERSION_MINOR 0
#define MRCZ_VERSION_PATCH 0
#define MRCZ_VERSION_STRING "1.0.0"
