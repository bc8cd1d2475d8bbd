// expected: mrcz::borrowed\(expression\)
#include "mrcz/async/writer.hpp"

bool append(mrcz::async::writer& out, const mrcz::image<float>& frame, const mrcz::image<float>& gain) {
  return out.try_append(frame * gain);
}

int main() {}
