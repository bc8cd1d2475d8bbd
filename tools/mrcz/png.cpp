#include "png.hpp"

#ifdef MRCZ_PNG

#include <stdexcept>

#include <png.h>

bool png::is_available() { return true; }

std::vector<std::byte> png::encoded(const picture::greys& pixels) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.height = static_cast<png_uint_32>(pixels.shape(0));
  image.width = static_cast<png_uint_32>(pixels.shape(1));
  image.format = PNG_FORMAT_GRAY;
  png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(image);
  std::vector<std::byte> bytes(size);
  if (png_image_write_to_memory(&image, bytes.data(), &size, 0, pixels.data(), 0, nullptr) == 0)
    throw std::runtime_error{image.message};
  bytes.resize(size);
  return bytes;
}

#else

bool png::is_available() { return false; }

std::vector<std::byte> png::encoded(const picture::greys&) { return {}; }

#endif
