#pragma once
#include <blosc.h>
#include "mrcz/format/high.hpp"
#include <sys/stat.h>
