/// Grey pictures on a terminal.
#pragma once

#include <optional>
#include <string>

#include "picture.hpp"

namespace terminal {

/// How many pixels have room on the terminal that standard output is, above a scale bar and a prompt; nothing if it is
/// no terminal. A character holds two pixels, one above the other.
std::optional<picture::extents> room();

/// Upper half blocks, whose foreground and background are two pixels.
std::string in_half_blocks(const picture::greys& pixels);

/// Dark and bright characters, each for the average of two pixels.
std::string in_characters(const picture::greys& pixels);

/// A line below the picture.
std::string drawn(const picture::scale_bar& bar);

}  // namespace terminal
