#include "blosc2.hpp"

#ifdef MRCZ_BENCHMARK_BLOSC2
#include <memory>
#include <stdexcept>

#include <blosc2.h>
#endif

namespace benchmark {

#ifdef MRCZ_BENCHMARK_BLOSC2
bool has_blosc2() { return true; }

void decompress_with_blosc2(std::span<const std::byte> chunk, std::span<std::byte> into) {
  static const bool ready = (blosc2_init(), true);
  static_cast<void>(ready);
  blosc2_dparams parameters = BLOSC2_DPARAMS_DEFAULTS;
  parameters.nthreads = 1;
  const std::unique_ptr<blosc2_context, void (*)(blosc2_context*)> context{blosc2_create_dctx(parameters),
                                                                           &blosc2_free_ctx};
  const int size = blosc2_decompress_ctx(context.get(), chunk.data(), static_cast<int>(chunk.size()), into.data(),
                                         static_cast<int>(into.size()));
  if (size != static_cast<int>(into.size())) throw std::runtime_error{"c-blosc2 could not decompress a chunk"};
}
#else
bool has_blosc2() { return false; }
void decompress_with_blosc2(std::span<const std::byte>, std::span<std::byte>) {}
#endif

}  // namespace benchmark
