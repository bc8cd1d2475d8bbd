// Lets the program open MRC files inside bloscpack files, by including this header.
#include "mrcz/bloscpack/reader.hpp"
