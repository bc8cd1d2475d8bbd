/// The records of FEI and Thermo Fisher in extended headers: one per section, of 768 bytes (FEI1) or 888 (FEI2).
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "mrcz/core/linkage.hpp"
#include "mrcz/format/extended_header.hpp"
#include "mrcz/format/record_layout.hpp"

namespace mrcz {

/// What the microscope says of one section, in the units of the SI unless the comment names another. A field that the
/// record marks as not valid is empty. The names are those of the vendor. `in.extended_header().records<mrcz::fei1>()`
/// reads them.
struct fei1 {
  static constexpr std::array<char, 4> exttyp{'F', 'E', 'I', '1'};  ///< EXTTYP
  static constexpr std::int32_t version = 0;                        ///< "Metadata version"
  static constexpr std::size_t size = 768;  ///< in a file; what follows in a longer record is unknown

  /// The records in an extended header of FEI1 or FEI2, one for each section. Their size is that which the first record
  /// states. Fewer than there are sections if the extended header ends before or records without a size follow. Throws
  /// `errc::bad_header` for an extended header of another type.
  MRCZ_INLINE static std::vector<fei1> all_in(const extended_header& from);

  /// Writes the records over those in the extended header, which becomes FEI1 unless it has this type. Bytes that
  /// belong to no field stay.
  MRCZ_INLINE static void replace_in(extended_header& to, std::span<const fei1> all);

  std::optional<double> timestamp;  ///< days since 1899-12-30
  /// As the vendor describes the field of this name.
  /// @{
  std::optional<std::string> microscope_type;
  std::optional<std::string> d_number;
  std::optional<std::string> application;
  std::optional<std::string> application_version;
  std::optional<double> high_tension;        ///< V
  std::optional<double> dose;                ///< electrons/m2
  std::optional<double> alpha_tilt;          ///< degrees
  std::optional<double> beta_tilt;           ///< degrees
  std::optional<double> stage_x;             ///< m
  std::optional<double> stage_y;             ///< m
  std::optional<double> stage_z;             ///< m
  std::optional<double> tilt_axis_angle;     ///< degrees
  std::optional<double> dual_axis_rotation;  ///< degrees
  std::optional<double> pixel_size_x;        ///< m
  std::optional<double> pixel_size_y;        ///< m
  std::optional<double> defocus;             ///< m
  std::optional<double> stem_defocus;        ///< m
  std::optional<double> applied_defocus;     ///< m
  std::optional<std::int32_t> instrument_mode;
  std::optional<std::int32_t> projection_mode;
  std::optional<std::string> objective_lens_mode;
  std::optional<std::string> high_magnification_mode;
  std::optional<std::int32_t> probe_mode;
  std::optional<bool> eftem_on;
  std::optional<double> magnification;
  std::optional<double> camera_length;  ///< m
  std::optional<std::int32_t> spot_index;
  std::optional<double> illuminated_area;
  std::optional<double> intensity;
  std::optional<double> convergence_angle;
  std::optional<std::string> illumination_mode;
  std::optional<bool> wide_convergence_angle_range;
  std::optional<bool> slit_inserted;
  std::optional<double> slit_width;  ///< eV
  std::optional<double> acceleration_voltage_offset;
  std::optional<double> drift_tube_voltage;
  std::optional<double> energy_shift;
  std::optional<double> shift_offset_x;
  std::optional<double> shift_offset_y;
  std::optional<double> shift_x;
  std::optional<double> shift_y;
  std::optional<double> integration_time;  ///< s
  std::optional<std::int32_t> binning_width;
  std::optional<std::int32_t> binning_height;
  std::optional<std::string> camera_name;
  std::optional<std::int32_t> readout_area_left;
  std::optional<std::int32_t> readout_area_top;
  std::optional<std::int32_t> readout_area_right;
  std::optional<std::int32_t> readout_area_bottom;
  std::optional<bool> ceta_noise_reduction;
  std::optional<std::int32_t> ceta_frames_summed;
  std::optional<bool> direct_detector_electron_counting;
  std::optional<bool> direct_detector_align_frames;
  std::optional<bool> phase_plate;
  std::optional<std::string> stem_detector_name;
  std::optional<double> gain;
  std::optional<double> offset;
  std::optional<double> dwell_time;  ///< s
  std::optional<double> frame_time;  ///< s
  std::optional<std::int32_t> scan_size_left;
  std::optional<std::int32_t> scan_size_top;
  std::optional<std::int32_t> scan_size_right;
  std::optional<std::int32_t> scan_size_bottom;
  std::optional<double> full_scan_fov_x;
  std::optional<double> full_scan_fov_y;
  std::optional<std::string> element;
  std::optional<double> energy_interval_lower;
  std::optional<double> energy_interval_higher;
  std::optional<std::int32_t> method;
  std::optional<bool> is_dose_fraction;
  std::optional<std::int32_t> fraction_number;
  std::optional<std::int32_t> start_frame;
  std::optional<std::int32_t> end_frame;
  std::optional<std::string> input_stack_filename;
  std::optional<double> alpha_tilt_min;  ///< degrees
  std::optional<double> alpha_tilt_max;  ///< degrees
  /// @}

  friend bool operator==(const fei1&, const fei1&) = default;
};

/// The same with the fields that came with version 2.
struct fei2 : fei1 {
  static constexpr std::array<char, 4> exttyp{'F', 'E', 'I', '2'};  ///< EXTTYP
  static constexpr std::int32_t version = 2;                        ///< "Metadata version"
  static constexpr std::size_t size = 888;                          ///< in a file

  /// As those of `fei1`, for extended headers of FEI2 only.
  /// @{
  MRCZ_INLINE static std::vector<fei2> all_in(const extended_header& from);
  MRCZ_INLINE static void replace_in(extended_header& to, std::span<const fei2> all);
  /// @}

  /// As the vendor describes the field of this name.
  /// @{
  std::optional<double> scan_rotation;
  std::optional<double> diffraction_pattern_rotation;
  std::optional<double> image_rotation;
  std::optional<std::int32_t> scan_mode_enumeration;
  std::optional<std::int64_t> acquisition_time_stamp;  ///< microseconds since 1970 UTC
  std::optional<std::string> detector_commercial_name;
  std::optional<double> start_tilt_angle;  ///< degrees
  std::optional<double> end_tilt_angle;    ///< degrees
  std::optional<double> tilt_per_image;    ///< degrees
  std::optional<double> tilt_speed;
  std::optional<std::int32_t> beam_center_x_pixel;  ///< pixels
  std::optional<std::int32_t> beam_center_y_pixel;  ///< pixels
  std::optional<std::int64_t> cfeg_flash_timestamp;
  std::optional<std::int32_t> phase_plate_position_index;
  std::optional<std::string> objective_aperture_name;

  friend bool operator==(const fei2&, const fei2&) = default;
};

namespace detail {

/// Calls `visit` for everything in a record behind its size and version, in the order of the bytes:
/// `visit.mask()` for the 32 bits that say which of the next fields are valid; `visit.number(name, field)`;
/// `visit.text(name, field, bytes)`; `visit.skip(bytes, bits, word)` for what has no meaning. Each field and each
/// skipped number has one bit, in the same order. The layout is written down only here.
template <class Visit, class Record>
void for_each_fei1_field(Visit& visit, Record& r) {
  visit.mask();
  visit.number("Timestamp", r.timestamp);
  visit.text("Microscope type", r.microscope_type, 16);
  visit.text("D-Number", r.d_number, 16);
  visit.text("Application", r.application, 16);
  visit.text("Application version", r.application_version, 16);
  visit.number("HT", r.high_tension);
  visit.number("Dose", r.dose);
  visit.number("Alpha tilt", r.alpha_tilt);
  visit.number("Beta tilt", r.beta_tilt);
  visit.number("X-Stage", r.stage_x);
  visit.number("Y-Stage", r.stage_y);
  visit.number("Z-Stage", r.stage_z);
  visit.number("Tilt axis angle", r.tilt_axis_angle);
  visit.number("Dual axis rotation", r.dual_axis_rotation);
  visit.number("Pixel size X", r.pixel_size_x);
  visit.number("Pixel size Y", r.pixel_size_y);
  visit.skip(48, 6, 1);
  visit.number("Defocus", r.defocus);
  visit.number("STEM Defocus", r.stem_defocus);
  visit.number("Applied defocus", r.applied_defocus);
  visit.number("Instrument mode", r.instrument_mode);
  visit.number("Projection mode", r.projection_mode);
  visit.text("Objective lens mode", r.objective_lens_mode, 16);
  visit.text("High magnification mode", r.high_magnification_mode, 16);
  visit.number("Probe mode", r.probe_mode);
  visit.number("EFTEM On", r.eftem_on);
  visit.number("Magnification", r.magnification);
  visit.mask();
  visit.number("Camera length", r.camera_length);
  visit.number("Spot index", r.spot_index);
  visit.number("Illuminated area", r.illuminated_area);
  visit.number("Intensity", r.intensity);
  visit.number("Convergence angle", r.convergence_angle);
  visit.text("Illumination mode", r.illumination_mode, 16);
  visit.number("Wide convergence angle range", r.wide_convergence_angle_range);
  visit.number("Slit inserted", r.slit_inserted);
  visit.number("Slit width", r.slit_width);
  visit.number("Acceleration voltage offset", r.acceleration_voltage_offset);
  visit.number("Drift tube voltage", r.drift_tube_voltage);
  visit.number("Energy shift", r.energy_shift);
  visit.number("Shift offset X", r.shift_offset_x);
  visit.number("Shift offset Y", r.shift_offset_y);
  visit.number("Shift X", r.shift_x);
  visit.number("Shift Y", r.shift_y);
  visit.number("Integration time", r.integration_time);
  visit.number("Binning Width", r.binning_width);
  visit.number("Binning Height", r.binning_height);
  visit.text("Camera name", r.camera_name, 16);
  visit.number("Readout area left", r.readout_area_left);
  visit.number("Readout area top", r.readout_area_top);
  visit.number("Readout area right", r.readout_area_right);
  visit.number("Readout area bottom", r.readout_area_bottom);
  visit.number("Ceta noise reduction", r.ceta_noise_reduction);
  visit.number("Ceta frames summed", r.ceta_frames_summed);
  visit.number("Direct detector electron counting", r.direct_detector_electron_counting);
  visit.number("Direct detector align frames", r.direct_detector_align_frames);
  visit.skip(16, 4, 4);
  visit.mask();
  visit.skip(24, 6, 4);
  visit.number("Phase Plate", r.phase_plate);
  visit.text("STEM Detector name", r.stem_detector_name, 16);
  visit.number("Gain", r.gain);
  visit.number("Offset", r.offset);
  visit.skip(20, 5, 4);
  visit.number("Dwell time", r.dwell_time);
  visit.number("Frame time", r.frame_time);
  visit.number("Scan size left", r.scan_size_left);
  visit.number("Scan size top", r.scan_size_top);
  visit.number("Scan size right", r.scan_size_right);
  visit.number("Scan size bottom", r.scan_size_bottom);
  visit.number("Full scan FOV X", r.full_scan_fov_x);
  visit.number("Full scan FOV Y", r.full_scan_fov_y);
  visit.text("Element", r.element, 16);
  visit.number("Energy interval lower", r.energy_interval_lower);
  visit.number("Energy interval higher", r.energy_interval_higher);
  visit.number("Method", r.method);
  visit.number("Is dose fraction", r.is_dose_fraction);
  visit.number("Fraction number", r.fraction_number);
  visit.number("Start frame", r.start_frame);
  visit.number("End frame", r.end_frame);
  visit.text("Input stack filename", r.input_stack_filename, 80);
  visit.mask();
  visit.number("Alpha tilt min", r.alpha_tilt_min);
  visit.number("Alpha tilt max", r.alpha_tilt_max);
}

/// The same for the fields that only FEI2 has.
template <class Visit, class Record>
void for_each_fei2_field(Visit& visit, Record& r) {
  visit.number("Scan rotation", r.scan_rotation);
  visit.number("Diffraction pattern rotation", r.diffraction_pattern_rotation);
  visit.number("Image rotation", r.image_rotation);
  visit.number("Scan mode enumeration", r.scan_mode_enumeration);
  visit.number("Acquisition time stamp", r.acquisition_time_stamp);
  visit.text("Detector commercial name", r.detector_commercial_name, 16);
  visit.number("Start tilt angle", r.start_tilt_angle);
  visit.number("End tilt angle", r.end_tilt_angle);
  visit.number("Tilt per image", r.tilt_per_image);
  visit.number("Tilt speed", r.tilt_speed);
  visit.number("Beam center X pixel", r.beam_center_x_pixel);
  visit.number("Beam center Y pixel", r.beam_center_y_pixel);
  visit.number("CFEG flash timestamp", r.cfeg_flash_timestamp);
  visit.number("Phase plate position index", r.phase_plate_position_index);
  visit.text("Objective aperture name", r.objective_aperture_name, 16);
}

/// Where the records of FEI1 or FEI2 lie; without size if they state an impossible one, or if there are none.
MRCZ_INLINE record_layout layout_of_fei(const extended_header& extended) noexcept;

/// Whether these are records of FEI1 or FEI2.
MRCZ_INLINE bool has_fei_records(const extended_header& extended) noexcept;

/// Puts the numbers of all records of FEI1 or FEI2 in this byte order. Leaves an extended header unchanged whose first
/// record states an impossible size.
MRCZ_INLINE void set_fei_byte_order(extended_header& extended, std::endian order);

}  // namespace detail

}  // namespace mrcz

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/format/fei_records.ipp"
#endif
