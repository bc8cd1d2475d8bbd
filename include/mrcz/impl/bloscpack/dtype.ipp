/// The names of types.
#pragma once

#include "mrcz/bloscpack/dtype.hpp"

#include <cstdint>
#include <limits>
#include <utility>

#include "mrcz/core/error.hpp"
#include "mrcz/core/json.hpp"
#include "mrcz/core/linkage.hpp"
#include "mrcz/core/shape.hpp"

namespace mrcz::bloscpack {

namespace detail {

MRCZ_INLINE std::string python_text(std::string_view text) {
  std::string printed{"'"};
  for (const char c : text) {
    if (c == '\\' || c == '\'') printed += '\\';
    printed += c;
  }
  return printed + '\'';
}

/// The description in lists of JSON, as old versions of bloscpack write it, as Python prints it.
MRCZ_INLINE std::string printed(const metadata& value, bool is_list) {
  if (value.is_string()) return python_text(value.get_ref<const std::string&>());
  if (!value.is_array()) return value.dump();
  std::string text;
  for (const auto& part : value)
    text += (text.empty() ? "" : ", ") +
            printed(part, is_list ? false : part.is_array() && !part.empty() && part[0].is_array());
  if (is_list) return "[" + text + "]";
  return "(" + text + (value.size() == 1 ? ",)" : ")");
}

/// Reads what Python prints for a dtype, and adds up the bytes of an element.
class description_parser {
 public:
  explicit description_parser(std::string_view text) : text_{text} {}

  std::size_t bytes() {
    const std::size_t size = text_.starts_with('[') ? type() : code(text_);
    if (at_ != text_.size() && text_.starts_with('[')) refuse("no description");
    return size;
  }

 private:
  [[noreturn]] void refuse(const char* kind) const {
    fail(errc::bad_metadata, "the dtype {} is {} of a type of numpy", text_, kind);
  }

  bool next_is(char c) {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
    return at_ < text_.size() && text_[at_] == c;
  }
  bool skip(char c) {
    const bool there = next_is(c);
    if (there) ++at_;
    return there;
  }
  void demand(char c) {
    if (!skip(c)) refuse("no description");
  }

  std::string_view text() {
    const char quote = next_is('"') ? '"' : '\'';
    demand(quote);
    const std::size_t begin = at_;
    while (at_ < text_.size() && text_[at_] != quote) at_ += text_[at_] == '\\' ? 2U : 1U;
    if (at_ >= text_.size()) refuse("no description");
    return text_.substr(begin, at_++ - begin);
  }

  std::size_t number(std::string_view digits) const {
    std::size_t value = 0;
    for (const char c : digits) {
      if (c < '0' || c > '9' || value > 1'000'000'000) refuse("no description");
      value = 10 * value + static_cast<std::size_t>(c - '0');
    }
    if (digits.empty()) refuse("no description");
    return value;
  }

  /// A number, or numbers in parentheses: how many elements a field has.
  std::size_t elements() {
    const auto one = [&] {
      while (next_is(' ')) ++at_;
      const std::size_t begin = at_;
      while (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9') ++at_;
      return number(text_.substr(begin, at_ - begin));
    };
    if (!skip('(')) return one();
    std::size_t count = 1;
    while (!skip(')')) {
      count = checked_multiply(count, one(), "the size of a field");
      if (!skip(',') && !next_is(')')) refuse("no description");
    }
    return count;
  }

  void name() {
    if (!skip('(')) {
      text();
      return;
    }
    text();  // a title stands before the name
    demand(',');
    text();
    demand(')');
  }

  std::size_t type() {
    if (!skip('[')) return code(text());
    if (++depth_ > 32) refuse("no description");
    std::size_t size = 0;
    while (!skip(']')) {
      demand('(');
      name();
      demand(',');
      std::size_t field = type();
      if (skip(',') && !next_is(')')) field = checked_multiply(field, elements(), "the size of a field");
      demand(')');
      if (field > std::numeric_limits<std::uint32_t>::max() - size) refuse("too large a description");
      size += field;
      if (!skip(',') && !next_is(']')) refuse("no description");
    }
    --depth_;
    return size;
  }

  /// The bytes of a type like <f8.
  std::size_t code(std::string_view of) const {
    constexpr std::string_view orders = "<>|=";
    if (of.size() < 2 || orders.find(of[0]) == std::string_view::npos) refuse("no description");
    const char kind = of[1];
    of.remove_prefix(2);
    if (kind == 'O') refuse("Python objects, and no description");
    if (const std::size_t unit = of.find('[');
        unit != std::string_view::npos && (kind == 'M' || kind == 'm') && of.ends_with(']'))
      of = of.substr(0, unit);
    constexpr std::string_view kinds = "biufcSVUMm";
    if (kinds.find(kind) == std::string_view::npos) refuse("no description");
    return kind == 'U' ? 4 * number(of) : number(of);
  }

  std::string_view text_;
  std::size_t at_ = 0;
  int depth_ = 0;
};

/// The text between `begin` and `end`, if `text` begins and ends with these.
MRCZ_INLINE std::optional<std::string_view> between(std::string_view text, std::string_view begin,
                                                    std::string_view end) {
  if (text.size() < begin.size() + end.size() || !text.starts_with(begin) || !text.ends_with(end)) return std::nullopt;
  return text.substr(begin.size(), text.size() - begin.size() - end.size());
}

/// Old versions of bloscpack write "<f8" or [["", "<f8"]]. Others write what Python prints for it: "'<f8'".
MRCZ_INLINE std::string dtype_text(const metadata& value) {
  if (value.is_array() && !value.empty() && value[0].is_array()) return dtype_text(printed(value, true));
  if (!value.is_string()) return value.dump();
  auto text = value.get<std::string>();
  if (const auto inside = between(text, "[('', '", "')]"); inside && inside->find('\'') == std::string_view::npos)
    return std::string{*inside};
  for (const auto& [begin, end] : {std::pair{"'", "'"}, {"\"", "\""}})
    if (const auto inside = between(text, begin, end)) return std::string{*inside};
  return text;
}

}  // namespace detail

MRCZ_INLINE std::string parse_description(const metadata& value) {
  auto text = detail::dtype_text(value);
  static_cast<void>(element_bytes(text));
  return text;
}

MRCZ_INLINE std::size_t element_bytes(std::string_view description) {
  return detail::description_parser{description}.bytes();
}

MRCZ_INLINE std::string to_string(const dtype& d) {
  return fmt::format("{}{}{}", d.size == 1 ? '|' : d.byte_order == std::endian::little ? '<' : '>', d.kind, d.size);
}

MRCZ_INLINE dtype parse_dtype(const metadata& value) {
  const std::string text = detail::dtype_text(value);
  if (text.size() >= 3 && text.size() <= 4 && std::string_view{"<>|="}.find(text[0]) != std::string_view::npos) {
    dtype d{.kind = text[1], .size = 0};
    if (text[0] == '<') d.byte_order = std::endian::little;
    if (text[0] == '>') d.byte_order = std::endian::big;
    bool digits = text[2] != '0';
    for (const char c : text.substr(2)) {
      digits = digits && c >= '0' && c <= '9';
      d.size = 10 * d.size + static_cast<std::size_t>(c - '0');
    }
    if (digits && visit(d, [](auto) {}) && (text[0] != '|' || d.size == 1)) return d;
  }
  const char* kind = "not one";
  if (text.starts_with("[")) kind = "a record, not one";
  if (text.starts_with("|O")) kind = "Python objects, not one";
  detail::fail(errc::bad_metadata,
               "the dtype {} is {} of numpy's plain types (b1, i1 to i8, u1 to u8, f2 to f8, c8, c16)", text, kind);
}

}  // namespace mrcz::bloscpack
