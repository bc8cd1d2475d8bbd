/// A header that compiles only because of what its test includes before it.
#pragma once

inline std::size_t late() { return 0; }
