/// How errors are made, and how context is added to them.
#pragma once

#include "mrcz/core/error.hpp"

#include <new>

#include "mrcz/core/linkage.hpp"

namespace mrcz {

namespace detail {

MRCZ_INLINE std::string error_category::message(int code) const {
  switch (static_cast<errc>(code)) {
    case errc::not_mrc: return "not an MRC file";
    case errc::bad_header: return "impossible header";
    case errc::bad_mode: return "unknown mode";
    case errc::bad_chunk: return "damaged chunk";
    case errc::bad_metadata: return "bad metadata";
    case errc::truncated: return "truncated file";
    case errc::too_large: return "too large";
    case errc::codec_unavailable: return "codec unavailable";
    case errc::mode_mismatch: return "mode mismatch";
    case errc::shape_mismatch: return "shape mismatch";
    case errc::out_of_range: return "out of range";
    case errc::bad_option: return "bad option";
    case errc::already_exists: return "already exists";
    case errc::not_mappable: return "not mappable";
    case errc::closed: return "closed";
    case errc::not_bloscpack: return "not a bloscpack file";
    case errc::caller_failed: return "caller's code failed";
    case errc::stopped: return "stopped";
    case errc::bad_packing: return "damaged packed file";
  }
  return "unknown error";
}

}  // namespace detail

MRCZ_INLINE std::error_code make_error_code(errc code) noexcept { return {static_cast<int>(code), error_category()}; }

/// The fields, and the text that is made of them once.
struct error::state {
  explicit state(error_fields&& known) : fields{std::move(known)} {
    if (!fields.path.empty()) text.append(fields.path).append(": ");
    message_begin = text.size();
    text.append(fields.found);
    if (!fields.expected.empty()) text.append(", expected ").append(fields.expected);
    if (!fields.reason.empty()) text.append(": ").append(fields.reason);
    const char* separator = " (";
    const auto add_number = [&](const char* name, std::uint64_t number) {
      text.append(std::exchange(separator, ", ")).append(name).append(std::to_string(number));
    };
    if (fields.slice) add_number("slice ", *fields.slice);
    if (fields.chunk) add_number("chunk ", *fields.chunk);
    if (fields.byte) add_number("byte ", *fields.byte);
    if (fields.slice || fields.chunk || fields.byte) text.push_back(')');
    if (!fields.remark.empty()) text.append("; ").append(fields.remark);
  }

  error_fields fields;
  std::string text;
  std::size_t message_begin = 0;
};

MRCZ_INLINE error::error(std::error_code code, error_fields fields)
    : std::system_error{code}, state_{std::make_shared<const state>(std::move(fields))} {}

MRCZ_INLINE error::error(std::error_code code, std::string found, std::exception_ptr cause)
    : error{code, error_fields{.found = std::move(found), .cause = std::move(cause)}} {}

MRCZ_INLINE const char* error::what() const noexcept { return state_->text.c_str(); }

MRCZ_INLINE std::string_view error::message() const noexcept {
  return std::string_view{state_->text}.substr(state_->message_begin);
}

MRCZ_INLINE const error_fields& error::fields() const noexcept { return state_->fields; }

namespace detail {

MRCZ_INLINE std::string formatted(fmt::string_view format, fmt::format_args args) { return fmt::vformat(format, args); }

MRCZ_INLINE void fail_formatted(errc code, fmt::string_view format, fmt::format_args args) {
  fail(code, error_fields{.found = fmt::vformat(format, args)});
}

MRCZ_INLINE void fail(errc code, error_fields fields) { throw error{make_error_code(code), std::move(fields)}; }

MRCZ_INLINE void fail_expected(errc code, std::string found, std::string expected) {
  fail(code, error_fields{.found = std::move(found), .expected = std::move(expected)});
}

MRCZ_INLINE void fail_system(std::error_code reason, std::string found, std::string path) {
  throw error{reason, {.path = std::move(path), .found = std::move(found), .reason = reason.message()}};
}

MRCZ_INLINE void fail_system(int code, std::string found, std::string path) {
  fail_system(std::error_code{code, std::generic_category()}, std::move(found), std::move(path));
}

/// Where an error about another file came up.
MRCZ_INLINE std::string place_of(const error_context& known) {
  std::string place = "it came up";
  if (known.slice) place += text(" at slice {}", *known.slice);
  if (known.chunk) place += text(" at chunk {}", *known.chunk);
  return place.append(" of ").append(known.path);
}

MRCZ_INLINE void add_remark(error_fields& fields, std::string_view remark) {
  if (remark.empty() || fields.remark.find(remark) != std::string::npos) return;
  if (!fields.remark.empty()) fields.remark += "; ";
  fields.remark += remark;
}

/// Whether `known` adds anything to an error.
MRCZ_INLINE bool adds_to(const error& e, const error_context& known) noexcept {
  return !known.remark.empty() || (e.path() != known.path && !known.path.empty()) || (known.slice && !e.slice()) ||
         (known.chunk && !e.chunk()) || (known.byte && !e.byte());
}

[[noreturn]] MRCZ_INLINE void fail_caller(const error_context& known, std::string found) {
  throw error{make_error_code(errc::caller_failed),
              {.path = std::string{known.path},
               .slice = known.slice,
               .chunk = known.chunk,
               .byte = known.byte,
               .found = std::move(found),
               .remark = std::string{known.remark},
               .cause = std::current_exception()}};
}

MRCZ_INLINE void rethrow_with(const error_context& known) {
  try {
    throw;
  } catch (const error& e) {
    if (!adds_to(e, known)) throw;
    error_fields fields = e.fields();
    if (fields.path.empty() || known.path.empty() || fields.path == known.path) {
      if (fields.path.empty()) fields.path = known.path;
      if (!fields.slice) fields.slice = known.slice;
      if (!fields.chunk) fields.chunk = known.chunk;
      if (!fields.byte) fields.byte = known.byte;
    } else if (known.slice || known.chunk) {
      add_remark(fields, place_of(known));
    }
    add_remark(fields, known.remark);
    throw error{e.code(), std::move(fields)};
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception& e) {
    if (!known.callers_code) throw;
    fail_caller(known, e.what());
  } catch (...) {
    if (!known.callers_code) throw;
    fail_caller(known, "the caller's code threw something that is no std::exception");
  }
}

}  // namespace detail

}  // namespace mrcz
