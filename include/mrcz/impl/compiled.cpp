/// Compiles all definitions of the library once, except those of the bloscpack wing (see core/linkage.hpp).
#ifndef MRCZ_SEPARATE_COMPILATION
#define MRCZ_SEPARATE_COMPILATION
#endif

#include "mrcz/impl/array/binned.ipp"
#include "mrcz/impl/array/convert.ipp"
#include "mrcz/impl/array/slice_codec.ipp"
#include "mrcz/impl/array/voxels.ipp"
#include "mrcz/impl/async/completion.ipp"
#include "mrcz/impl/async/job.ipp"
#include "mrcz/impl/async/read_job.ipp"
#include "mrcz/impl/async/read_queue.ipp"
#include "mrcz/impl/async/write_queue.ipp"
#include "mrcz/impl/codec/blosc.ipp"
#include "mrcz/impl/codec/bzip2.ipp"
#include "mrcz/impl/codec/chunk_header.ipp"
#include "mrcz/impl/codec/chunk_reader.ipp"
#include "mrcz/impl/codec/codec.ipp"
#include "mrcz/impl/codec/divided_chunk.ipp"
#include "mrcz/impl/codec/lz4.ipp"
#include "mrcz/impl/codec/packing.ipp"
#include "mrcz/impl/codec/plane_encoder.ipp"
#include "mrcz/impl/codec/shuffle_loops.ipp"
#include "mrcz/impl/codec/xz.ipp"
#include "mrcz/impl/codec/zlib.ipp"
#include "mrcz/impl/codec/zstd.ipp"
#include "mrcz/impl/compare_voxels.ipp"
#include "mrcz/impl/compose_header.ipp"
#include "mrcz/impl/copy_slices.ipp"
#include "mrcz/impl/core/bytes.ipp"
#include "mrcz/impl/core/error.ipp"
#include "mrcz/impl/core/hardware.ipp"
#include "mrcz/impl/core/json.ipp"
#include "mrcz/impl/core/parallel.ipp"
#include "mrcz/impl/core/region.ipp"
#include "mrcz/impl/core/shape.ipp"
#include "mrcz/impl/core/stop.ipp"
#include "mrcz/impl/core/system.ipp"
#include "mrcz/impl/core/text_formatter.ipp"
#include "mrcz/impl/edit.ipp"
#include "mrcz/impl/format/agar_records.ipp"
#include "mrcz/impl/format/axes.ipp"
#include "mrcz/impl/format/byte_order.ipp"
#include "mrcz/impl/format/extended_header.ipp"
#include "mrcz/impl/format/fei_records.ipp"
#include "mrcz/impl/format/geometry.ipp"
#include "mrcz/impl/format/header.ipp"
#include "mrcz/impl/format/header_bytes.ipp"
#include "mrcz/impl/format/header_fields.ipp"
#include "mrcz/impl/format/labels.ipp"
#include "mrcz/impl/format/metadata.ipp"
#include "mrcz/impl/format/mode.ipp"
#include "mrcz/impl/format/mode_word.ipp"
#include "mrcz/impl/format/other_format.ipp"
#include "mrcz/impl/format/record_layout.ipp"
#include "mrcz/impl/format/records.ipp"
#include "mrcz/impl/format/seri_records.ipp"
#include "mrcz/impl/format/slice_table.ipp"
#include "mrcz/impl/format/statistics.ipp"
#include "mrcz/impl/format/symmetry_operators.ipp"
#include "mrcz/impl/format/validate.ipp"
#include "mrcz/impl/io/atomic_file.ipp"
#include "mrcz/impl/io/byte_sink.ipp"
#include "mrcz/impl/io/file.ipp"
#include "mrcz/impl/io/locked_file.ipp"
#include "mrcz/impl/io/mapped_file.ipp"
#include "mrcz/impl/io/memory.ipp"
#include "mrcz/impl/io/packed.ipp"
#include "mrcz/impl/io/sequential.ipp"
#include "mrcz/impl/io/spool.ipp"
#include "mrcz/impl/io/system.ipp"
#include "mrcz/impl/io/undo_record.ipp"
#include "mrcz/impl/io/undone_file.ipp"
#include "mrcz/impl/open_file.ipp"
#include "mrcz/impl/read_header.ipp"
#include "mrcz/impl/reader.ipp"
#include "mrcz/impl/repair.ipp"
#include "mrcz/impl/slice_packer.ipp"
#include "mrcz/impl/slice_unpacker.ipp"
#include "mrcz/impl/stored_slices.ipp"
#include "mrcz/impl/summarise_voxels.ipp"
#include "mrcz/impl/try_compressions.ipp"
#include "mrcz/impl/validate.ipp"
#include "mrcz/impl/write_options.ipp"
#include "mrcz/impl/writer.ipp"

namespace mrcz {

namespace detail {

template nlohmann::json parse_json(std::string_view, std::string_view);

template nlohmann::ordered_json parse_json(std::string_view, std::string_view);

template std::string write_json(const nlohmann::json&, json_text);

template std::string write_json(const nlohmann::ordered_json&, json_text);

}  // namespace detail

template nlohmann::json parse_metadata(std::string_view);
template nlohmann::json parse_metadata(const extended_header&);
template nlohmann::ordered_json parse_metadata(std::string_view);
template nlohmann::ordered_json parse_metadata(const extended_header&);

template void detail::floats_past_caches<std::int8_t>(const std::byte*, float*, std::size_t) noexcept;
template void detail::floats_past_caches<std::uint8_t>(const std::byte*, float*, std::size_t) noexcept;
template void detail::floats_past_caches<std::int16_t>(const std::byte*, float*, std::size_t) noexcept;
template void detail::floats_past_caches<std::uint16_t>(const std::byte*, float*, std::size_t) noexcept;

// For each type of voxels.
template running_statistics running_statistics::of(std::span<const std::int8_t>) noexcept;
template running_statistics running_statistics::of(std::span<const std::uint8_t>) noexcept;
template running_statistics running_statistics::of(std::span<const std::int16_t>) noexcept;
template running_statistics running_statistics::of(std::span<const std::uint16_t>) noexcept;
template running_statistics running_statistics::of(std::span<const std::int32_t>) noexcept;
template running_statistics running_statistics::of(std::span<const std::uint32_t>) noexcept;
template running_statistics running_statistics::of(std::span<const half>) noexcept;
template running_statistics running_statistics::of(std::span<const float>) noexcept;
template running_statistics running_statistics::of(std::span<const double>) noexcept;
template running_statistics running_statistics::of(std::span<const complex_int16>) noexcept;
template running_statistics running_statistics::of(std::span<const std::complex<float>>) noexcept;
template running_statistics running_statistics::of(std::span<const std::complex<double>>) noexcept;

template detail::block_summary detail::summary_of(std::span<const std::int8_t>, bool) noexcept;
template detail::block_summary detail::summary_of(std::span<const std::uint8_t>, bool) noexcept;
template detail::block_summary detail::summary_of(std::span<const std::int16_t>, bool) noexcept;
template detail::block_summary detail::summary_of(std::span<const std::uint16_t>, bool) noexcept;
template detail::block_summary detail::summary_of(std::span<const std::int32_t>, bool) noexcept;
template detail::block_summary detail::summary_of(std::span<const std::uint32_t>, bool) noexcept;
template detail::block_summary detail::summary_of(std::span<const half>, bool) noexcept;
template detail::block_summary detail::summary_of(std::span<const float>, bool) noexcept;
template detail::block_summary detail::summary_of(std::span<const double>, bool) noexcept;
template detail::block_summary detail::summary_of(std::span<const complex_int16>, bool) noexcept;
template detail::block_summary detail::summary_of(std::span<const std::complex<float>>, bool) noexcept;
template detail::block_summary detail::summary_of(std::span<const std::complex<double>>, bool) noexcept;

template const voxel_decoder& decoder_of<std::int8_t>() noexcept;
template const voxel_decoder& decoder_of<std::uint8_t>() noexcept;
template const voxel_decoder& decoder_of<std::int16_t>() noexcept;
template const voxel_decoder& decoder_of<std::uint16_t>() noexcept;
template const voxel_decoder& decoder_of<std::int32_t>() noexcept;
template const voxel_decoder& decoder_of<std::uint32_t>() noexcept;
template const voxel_decoder& decoder_of<half>() noexcept;
template const voxel_decoder& decoder_of<float>() noexcept;
template const voxel_decoder& decoder_of<complex_int16>() noexcept;
template const voxel_decoder& decoder_of<std::complex<float>>() noexcept;
template const voxel_decoder& decoder_of<double>() noexcept;
template const voxel_decoder& decoder_of<std::complex<double>>() noexcept;

template const voxel_encoder& encoder_of<std::int8_t>() noexcept;
template const voxel_encoder& encoder_of<std::uint8_t>() noexcept;
template const voxel_encoder& encoder_of<std::int16_t>() noexcept;
template const voxel_encoder& encoder_of<std::uint16_t>() noexcept;
template const voxel_encoder& encoder_of<std::int32_t>() noexcept;
template const voxel_encoder& encoder_of<std::uint32_t>() noexcept;
template const voxel_encoder& encoder_of<half>() noexcept;
template const voxel_encoder& encoder_of<float>() noexcept;
template const voxel_encoder& encoder_of<complex_int16>() noexcept;
template const voxel_encoder& encoder_of<std::complex<float>>() noexcept;
template const voxel_encoder& encoder_of<double>() noexcept;
template const voxel_encoder& encoder_of<std::complex<double>>() noexcept;
template const voxel_encoder& encoder_of<std::int64_t>() noexcept;
template const voxel_encoder& encoder_of<std::uint64_t>() noexcept;

template voxel_type reader::voxel_type<voxel_type>() const;

template std::vector<finding> detail::validate_source<reader>(std::unique_ptr<const byte_source>);
template std::vector<finding> detail::validate_file<reader>(const std::filesystem::path&);

}  // namespace mrcz
