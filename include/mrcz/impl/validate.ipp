/// Definitions of `validate.hpp`.
#pragma once

#include "mrcz/validate.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "mrcz/array/voxels.hpp"
#include "mrcz/codec/chunk_header.hpp"
#include "mrcz/core/bytes.hpp"
#include "mrcz/core/error.hpp"
#include "mrcz/core/parallel.hpp"
#include "mrcz/format/header_bytes.hpp"
#include "mrcz/format/metadata.hpp"
#include "mrcz/format/other_format.hpp"
#include "mrcz/format/records.hpp"
#include "mrcz/format/statistics.hpp"
#include "mrcz/io/file.hpp"
#include "mrcz/open_file.hpp"
#include "mrcz/reader.hpp"

namespace mrcz {

namespace detail {

/// Rethrows an error that is no fault of the file, such as that of a failing disk.
MRCZ_INLINE void require_fault_of_file(const error& e) {
  if (e.code().category() != mrcz::error_category()) throw e;
}

/// What the error expected, or else `instead`.
MRCZ_INLINE std::string expected_of(const error& e, const char* instead) {
  return e.expected().empty() ? instead : e.expected();
}

/// The rules about the places of slices in the file.
MRCZ_INLINE void validate_slices(const reader& in, findings& list) {
  const slice_table& slices = in.slices();
  const header& h = in.header();
  const std::uint64_t size = in.source().size();
  list.error_if(slices.complete() < slices.claimed(), fmt::format("slice {}", slices.complete()), slices.end(),
                slices.found(),
                slices.expected().empty() ? fmt::format("{} slices", slices.claimed()) : slices.expected());
  const bool longer = slices.complete() == slices.claimed() && slices.end() < size;
  list.error_if(longer && !slices.compressed(), "file size", slices.end(), fmt::format("{} bytes", size),
                fmt::format("{} bytes", slices.end()));
  list.warn_if(longer && slices.compressed(), "file size", slices.end(), fmt::format("{} bytes", size),
               fmt::format("{} bytes", slices.end()));
  if (!slices.compressed()) return;
  list.warn_if(h.packed_bytes != 0 && slices.complete() == slices.claimed() &&
                   h.packed_bytes != static_cast<std::int64_t>(slices.packed_bytes()),
               "packed size", 144, std::to_string(h.packed_bytes), std::to_string(slices.packed_bytes()));
  const auto item = item_bytes(in.mode());
  for (std::size_t z = 0; z < slices.complete(); ++z) {
    std::array<std::byte, chunk_header::size> bytes;
    in.source().read_at(slices[z].offset, bytes);
    const auto chunk = chunk_header::decode(bytes);
    if (chunk.typesize == item && chunk.codec() == in.codec()) continue;
    const bool lz4hc = in.codec() == codec::lz4hc && chunk.codec() == codec::lz4;
    if (chunk.typesize == item && lz4hc) continue;
    list.warn_if(true, fmt::format("slice {}", z), slices[z].offset,
                 fmt::format("a chunk of {} with elements of {} bytes",
                             chunk.codec() ? name_of(*chunk.codec()) : "no codec", chunk.typesize),
                 fmt::format("{} with elements of {}", name_of(in.codec()), item));
    return;  // one finding is enough for all such chunks
  }
}

MRCZ_INLINE void validate_metadata(const reader& in, findings& list) {
  try {
    (void)in.metadata();
  } catch (const error& e) {
    require_fault_of_file(e);
    list.error_if(true, "extended header", header_size, e.found(), expected_of(e, "UTF-8 JSON"));
  }
}

MRCZ_INLINE void validate_records(const reader& in, findings& list) {
  const auto extended = in.extended_header();
  try {
    visit_records(extended, [&](const auto& records) {
      list.warn_if(records.size() < in.slices().claimed(), "extended header", header_size,
                   fmt::format("{} records of {}", records.size(),
                               extended.type().empty() ? "a vendor without EXTTYP" : extended.type()),
                   fmt::format("{}, one for each section", in.slices().claimed()));
    });
  } catch (const error& e) {
    require_fault_of_file(e);
    list.warn_if(true, "extended header", header_size, e.found(), expected_of(e, "records"));
  }
}

/// How many damaged slices get a finding each. A file can have millions of them.
inline constexpr std::size_t most_damaged_slices = 100;

/// What one thread found when it decoded some slices.
struct decoded_slices {
  mrcz::running_statistics statistics;
  std::size_t damaged = 0;
  std::vector<std::pair<std::size_t, error>> reasons;  // z and error of the first damaged slices
};

/// Decodes all slices. Returns their statistics if none is damaged or missing; each damaged slice is a finding. Holds
/// one slice per thread in memory.
template <class T>
std::optional<running_statistics> decode_all(const reader& in, findings& list) {
  const auto [claimed, ny, nx] = in.shape();
  const std::size_t slices = in.slices().complete();
  const std::size_t at_once = std::max<std::size_t>((std::size_t{1} << 20U) / in.slices().slice_bytes(), 1);
  const std::size_t groups = slices / at_once + (slices % at_once != 0 ? 1 : 0);
  buffer_pool pool;
  const auto decode = [&, rows = ny, columns = nx](std::size_t group) {
    decoded_slices made;
    buffer memory = pool.take();
    for (std::size_t z = group * at_once; z < std::min((group + 1) * at_once, slices); ++z) {
      try {
        in.slices().require_plausible(z, z + 1);
        const std::span voxels{reinterpret_cast<T*>(memory.acquire(rows * columns * sizeof(T)).data()), rows * columns};
        in.read_slice(z, view_of(voxels.data(), {rows, columns}));
        made.statistics += running_statistics::of(std::span<const T>{voxels});
      } catch (const error& e) {
        require_fault_of_file(e);
        ++made.damaged;
        if (made.reasons.size() < most_damaged_slices) made.reasons.emplace_back(z, e);
      }
    }
    pool.give_back(std::move(memory));
    return made;
  };
  running_statistics all;
  std::size_t damaged = 0;
  std::size_t named = 0;
  parallel_ordered<decoded_slices>(groups, thread_count(std::nullopt, groups), decode, [&](decoded_slices&& made) {
    all += made.statistics;
    damaged += made.damaged;
    for (const auto& [z, reason] : made.reasons)
      if (named < most_damaged_slices) {
        list.error_if(true, fmt::format("slice {}", z), in.slices()[z].offset, reason.found(),
                      expected_of(reason, "a chunk that decompresses"));
        ++named;
      }
  });
  list.error_if(damaged > named, "slices", in.slices().begin(), fmt::format("{} more damaged slices", damaged - named),
                "chunks that decompress");
  return damaged == 0 && slices == in.slices().claimed() ? std::optional{all} : std::nullopt;
}

/// The rules of the reference validator: extremes exact, mean and RMS within 1 %, unless marked "not determined".
MRCZ_INLINE void compare_statistics(const header& h, const statistics& real, findings& list) {
  const auto close = [](double a, double said) {
    return std::isinf(said) ? a == said : std::abs(a - said) <= 1e-8 + 0.01 * std::abs(said);
  };
  const auto shown = [](const std::optional<double>& value) {
    return value ? fmt::format("{}", static_cast<float>(*value))
                 : std::string{"no value, as not all voxels are finite"};
  };
  if (h.rms >= 0)
    list.error_if(!real.rms || !close(*real.rms, static_cast<double>(h.rms)), "RMS", 216, fmt::format("{}", h.rms),
                  shown(real.rms));
  const bool has_mean = h.dmean > std::min(h.dmin, h.dmax);
  if (!real.min && real.rms) {  // complex voxels have an RMS only
    list.error_if(h.dmin < h.dmax, "DMIN, DMAX", 76, fmt::format("{}, {}", h.dmin, h.dmax),
                  "DMAX below DMIN, as complex voxels have no extremes");
    list.error_if(has_mean, "DMEAN", 84, fmt::format("{}", h.dmean),
                  "a number below DMIN and DMAX, as complex voxels have no mean here");
    return;
  }
  if (h.dmin < h.dmax) {
    list.error_if(!real.min || static_cast<float>(*real.min) != h.dmin, "DMIN", 76, fmt::format("{}", h.dmin),
                  shown(real.min));
    list.error_if(!real.max || static_cast<float>(*real.max) != h.dmax, "DMAX", 80, fmt::format("{}", h.dmax),
                  shown(real.max));
  }
  if (has_mean)
    list.error_if(!real.mean || !close(*real.mean, static_cast<double>(h.dmean)), "DMEAN", 84,
                  fmt::format("{}", h.dmean), shown(real.mean));
}

template <class Reader>
void validate_content(const Reader& in, findings& list) {
  validate_opened(in.header(), in.slices().begin(), in.codec(), list);
  validate_slices(in, list);
  validate_metadata(in, list);
  validate_records(in, list);
  const auto all = in.visit([&]<class T>(std::type_identity<T>) { return decode_all<T>(in, list); });
  if (all) compare_statistics(in.header(), all->statistics(), list);
}

}  // namespace detail

template <class Reader>
std::vector<finding> detail::validate_source(std::unique_ptr<const byte_source> source) {
  detail::findings list;
  try {
    source = detail::unpacked(std::move(source));
  } catch (const error& e) {
    if (e.code() == errc::codec_unavailable) throw;
    detail::require_fault_of_file(e);
    list.error_if(true, "file", e.byte().value_or(0), e.found(), detail::expected_of(e, "a file that can be unpacked"));
    return std::move(list).take();
  }
  const std::uint64_t size = source->size();
  if (size < header_size) {
    std::vector<std::byte> bytes(static_cast<std::size_t>(size));
    source->read_at(0, bytes);
    const auto other = recognise(bytes, size);
    list.error_if(other.has_value(), "file", 0, other ? other->what : "", other ? "an MRC file; " + other->remedy : "");
    list.error_if(!other, "file size", 0, fmt::format("{} bytes", size),
                  fmt::format("at least {}, the header", header_size));
    return std::move(list).take();
  }
  header_bytes bytes;
  source->read_at(0, bytes);
  list.add(validate_header(bytes, size));
  try {
    detail::validate_content(Reader{std::move(source)}, list);
  } catch (const error& e) {
    detail::require_fault_of_file(e);
    const bool said = e.code() == errc::not_mrc || e.code() == errc::bad_header || e.code() == errc::bad_mode;
    list.error_if(!said, "voxels", header_size, e.found(), detail::expected_of(e, "voxels that can be read"));
  }
  return std::move(list).take();
}

template <class Reader>
std::vector<finding> detail::validate_file(const std::filesystem::path& path) {
  return detail::with_context(path.string(), [&] {
    findings list;
    validate_undo_record(path, list);
    list.add(validate_source<Reader>(std::make_unique<file_source>(path)));
    return std::move(list).take();
  });
}

}  // namespace mrcz
