/// The whole bloscpack wing: it packs files, reads them at any place and appends to them (bloscpack format 3, `.blp`).
/// Needs the target `mrcz::bloscpack`, which links zlib and OpenSSL's libcrypto.
#pragma once

#include "mrcz/bloscpack/append.hpp"
#include "mrcz/bloscpack/array.hpp"
#include "mrcz/bloscpack/pack.hpp"
#include "mrcz/bloscpack/reader.hpp"
#include "mrcz/bloscpack/salvage.hpp"
#include "mrcz/bloscpack/unpack.hpp"
#include "mrcz/bloscpack/writer.hpp"
