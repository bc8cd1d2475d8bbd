/// The version of this library. The package files and the MRCZ label of written files contain it.
#pragma once

/// A part of the version.
/// @{
#define MRCZ_VERSION_MAJOR 2
#define MRCZ_VERSION_MINOR 0
#define MRCZ_VERSION_PATCH 0
/// @}
/// The version as text.
#define MRCZ_VERSION_STRING "2.0.0"
