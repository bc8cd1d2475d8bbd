#include "rewrite.hpp"

#include <bit>
#include <utility>

#include "manners.hpp"
#include "mrcz/copy_slices.hpp"
#include "mrcz/format/records.hpp"

std::endian rewriting::byte_order_for(const mrcz::reader& in) {
  return mrcz::detail::has_known_numbers(in.extended_header()) ? std::endian::native : in.header().byte_order;
}

std::optional<mrcz::codec> rewriting::codec_for(const mrcz::reader& in, const std::string& out) {
  const bool compressed = mrcz::detail::defaults_for(out).codec != mrcz::codec::none;
  if (compressed && in.codec() != mrcz::codec::none) return in.codec();
  return std::nullopt;
}

mrcz::writer rewriting::open_like(const mrcz::reader& in, const std::string& path, const mrcz::write_options& options) {
  auto out = manners::open(path, options);
  copy_headers(in, out);
  return out;
}

void rewriting::copy_headers(const mrcz::reader& in, mrcz::writer& out) {
  out.header() = in.header();
  if (auto extended = in.extended_header(); !extended.empty()) out.set_extended_header(std::move(extended));
}

void rewriting::append_file(const std::string& path, const mrcz::range& z, mrcz::writer& out,
                            const std::stop_token* stop) {
  const mrcz::reader in{path, {.stop = stop}};
  if (in.codec() != mrcz::codec::none && mrcz::can_copy_packed(in, out))
    mrcz::copy_packed_slices(mrcz::reader{path, {.threads = 1, .stop = stop}}, z, out);
  else mrcz::copy_slices(in, z, out);
}

void rewriting::append_files(const std::vector<std::string>& paths, mrcz::writer& out, const std::stop_token* stop) {
  for (const auto& path : paths) append_file(path, {}, out, stop);
  signals::throw_if_interrupted();
}
