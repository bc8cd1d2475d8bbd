#include "mrcz/bloscpack/array.hpp"

#include <complex>
#include <string>

#include "tests/bloscpack/support.hpp"

using test::bp::array_layout;
using test::bp::metadata;

namespace {

template <class T>
T value_of(std::size_t i) {
  if constexpr (std::is_same_v<T, bool>) return i % 3 == 0;
  else if constexpr (std::is_same_v<T, mrcz::half>) return mrcz::to_half(static_cast<float>(i % 50));
  else if constexpr (mrcz::is_complex<T>)
    return {static_cast<typename T::value_type>(i), static_cast<typename T::value_type>(i * i)};
  else return static_cast<T>(i * 1234567);
}

template <class T>
xt::xarray<T> array_of(std::vector<std::size_t> shape) {
  auto a = xt::xarray<T>::from_shape(shape);
  for (std::size_t i = 0; i < a.size(); ++i) a.data()[i] = value_of<T>(i);
  return a;
}

template <class T>
bool same(const xt::xarray<T>& a, const xt::xarray<T>& b) {
  return a.dimension() == b.dimension() && std::equal(a.shape().begin(), a.shape().end(), b.shape().begin()) &&
         std::equal(a.data(), a.data() + a.size(), b.data());
}

/// A file with these bytes and these metadata.
test::bp::reader file_of(const test::bytes& content, const metadata& values) {
  return test::reader_of(test::packed_file(content, {}, values));
}

metadata described(const char* dtype, std::vector<std::size_t> shape, const char* order = "C") {
  return {{"dtype", dtype}, {"shape", shape}, {"order", order}, {"container", "numpy"}};
}

/// All plain types.
template <class Function>
void for_each_element(Function&& f) {
  test::bp::detail::any_element(
      [&](auto row) {
        f(std::type_identity<typename decltype(row)::type>{});
        return false;
      },
      test::bp::detail::element_indices{});
}

}  // namespace

TEST_CASE("arrays of every plain type and any rank come back the same") {
  const test::scratch_folder folder;
  for_each_element([&]<class T>(std::type_identity<T>) {
    for (const std::vector<std::size_t>& shape :
         {std::vector<std::size_t>{}, {1}, {7}, {0}, {3, 0, 2}, {5, 40}, {2, 3, 4, 5}}) {
      const auto a = array_of<T>(shape);
      test::bp::pack_array(folder / "a.blp", a, {.chunk_size = 333});
      const test::bp::reader in{folder / "a.blp"};
      CHECK(same(test::bp::unpack_array<T>(in), a));
      CHECK(in.header().typesize == sizeof(T));
      CHECK(*in.header().chunk_size % sizeof(T) == 0);
      const auto layout = test::bp::parse_layout(in.metadata());
      CHECK(layout.dtype == to_string(test::bp::dtype_of<T>()));
      CHECK(layout.shape == shape);
    }
  });
}

TEST_CASE("the metadata are those that Python's bloscpack writes") {
  const test::scratch_folder folder;
  test::bp::pack_array(folder / "a.blp", array_of<double>({2, 3}));
  CHECK(test::bp::to_text(test::bp::reader{folder / "a.blp"}.metadata()) ==
        R"({"dtype":"'<f8'","shape":[2,3],"order":"C","container":"numpy"})");
}

TEST_CASE("column-major arrays stay so in the file, and views and lazy expressions are evaluated") {
  const test::scratch_folder folder;
  const xt::xarray<int> a = array_of<int>({6, 5, 4});
  const xt::xarray<int, xt::layout_type::column_major> columns = a;
  test::bp::pack_array(folder / "a.blp", columns);
  const test::bp::reader in{folder / "a.blp"};
  CHECK(test::bp::parse_layout(in.metadata()).column_major);
  CHECK(same(test::bp::unpack_array<int>(in), a));
  const auto raw = test::content_of(in);
  CHECK(mrcz::detail::load<int>(raw.data() + 4, std::endian::little) == a(1, 0, 0));

  test::bp::pack_array(folder / "b.blp", xt::view(a, xt::range(1, 5), 2, xt::all()));
  CHECK(same<int>(test::bp::unpack_array<int>(folder / "b.blp"), xt::view(a, xt::range(1, 5), 2, xt::all())));
  test::bp::pack_array(folder / "c.blp", a * 2 + 1);
  CHECK(same<int>(test::bp::unpack_array<int>(folder / "c.blp"), a * 2 + 1));
  const xt::xtensor<float, 2> fixed = xt::cast<float>(xt::view(a, 1));
  test::bp::pack_array(folder / "d.blp", fixed);
  CHECK(same<float>(test::bp::unpack_array<float>(folder / "d.blp"), fixed));
}

TEST_CASE("arrays in the other byte order and in column-major order are read") {
  for_each_element([]<class T>(std::type_identity<T>) {
    const auto a = array_of<T>({3, 4});
    auto d = test::bp::dtype_of<T>();
    const auto native = std::as_bytes(std::span{a.data(), a.size()});
    test::bytes swapped(native.size());
    test::swap_bytes(native, swapped.data(), word_bytes(d));
    d.byte_order = mrcz::detail::opposite(d.byte_order);
    if (word_bytes(d) > 1)
      CHECK(same(test::bp::unpack_array<T>(file_of(swapped, described(to_string(d).c_str(), {3, 4}))), a));
    const xt::xarray<T> turned = xt::transpose(a);
    CHECK(
        same(test::bp::unpack_array<T>(file_of(word_bytes(d) > 1 ? swapped : test::bytes{native.begin(), native.end()},
                                               described(to_string(d).c_str(), {4, 3}, "F"))),
             turned));
  });
}

TEST_CASE("bytes that are no bool are true") {
  const auto a = test::bp::unpack_array<bool>(file_of(test::from_hex("00 01 02 ff"), described("|b1", {4})));
  CHECK(same(a, xt::xarray<bool>{false, true, true, true}));
}

TEST_CASE("what is no array, or none of these elements, is refused") {
  const auto complaint = [](const metadata& values, std::size_t size = 16) {
    return test::message_of([&] { test::bp::unpack_array<float>(file_of(test::bytes(size), values)); });
  };
  CHECK(complaint(described("<f4", {2, 2})).empty());
  CHECK(complaint(nullptr) ==
        "the metadata are not those of a numpy array: container is not there, expected \"numpy\"");
  CHECK(complaint({{"container", "list"}}).ends_with("container is \"list\", expected \"numpy\""));
  CHECK(complaint(described("<f8", {2})) == "the elements are of dtype <f8, but <f4 was asked for");
  CHECK(complaint(described("[('a', '<f4')]", {4})).find("is a record") != std::string::npos);
  CHECK(complaint(described("<f4", {2, 3})) == "an array of this shape has 24 bytes, but the file holds 16");
  CHECK(complaint(described("<f4", {std::size_t{1} << 40U, std::size_t{1} << 40U})).find("overflows") !=
        std::string::npos);
  CHECK(complaint(described("<f4", std::vector<std::size_t>(33, 1))) ==
        "the shape is not a list of at most 32 numbers");
  auto values = described("<f4", {4});
  values["shape"] = metadata::parse("[-4]");
  CHECK(complaint(values) == "the shape has the extent -4, expected a number that is not negative");
  values["shape"] = 4;
  CHECK(complaint(values) == "the shape is not a list of at most 32 numbers");
  values = described("<f4", {4}, "A");
  CHECK(complaint(values) == "the order is \"A\", expected \"C\" or \"F\"");
}

TEST_CASE("an array that the file cannot hold takes no memory") {
  auto file = test::packed_file(test::bytes(1000), {.level = 0}, described("<f4", {500'000'000}));
  const auto at = static_cast<std::size_t>(test::reader_of(file).chunks().begins()[0]);
  mrcz::detail::store(file.data() + 8, 2'000'000'000, std::endian::little);
  mrcz::detail::store(file.data() + 12, 2'000'000'000, std::endian::little);
  mrcz::detail::store(file.data() + at + 4, 2'000'000'000, std::endian::little);
  CHECK(test::code_of([&] { test::bp::unpack_array<float>(test::reader_of(file)); }) == mrcz::errc::bad_chunk);
}

TEST_CASE("a chunk size is checked before it becomes a multiple of the elements") {
  const test::scratch_folder folder;
  const auto a = array_of<double>({100});
  CHECK(test::code_of([&] { test::bp::pack_array(folder / "a.blp", a, {.chunk_size = 0}); }) == mrcz::errc::bad_option);
  test::bp::pack_array(folder / "a.blp", a, {.chunk_size = 5});
  CHECK(test::bp::reader{folder / "a.blp"}.header().chunk_size == 8U);
  CHECK(folder.files().size() == 1);
}

TEST_CASE("arrays are packed into memory and into any sink") {
  const auto a = array_of<float>({6, 50});
  const auto packed = test::bp::pack_array(a, {.chunk_size = 333});
  CHECK(same(test::bp::unpack_array<float>(packed), a));
  test::bytes written;
  mrcz::memory_sink sink{written};
  test::bp::pack_array(static_cast<mrcz::byte_sink&>(sink), a, {.chunk_size = 333});
  CHECK(written == packed);
  test::collecting_sink stream;
  test::bp::pack_array(static_cast<mrcz::sequential_sink&>(stream), a * 2.0F, {.chunk_size = 333});
  CHECK(same<float>(test::bp::unpack_array<float>(stream.content), a * 2.0F));
  CHECK_FALSE(test::reader_of(stream.content).header().offsets);
}

TEST_CASE("records, texts and times go through as bytes with their description") {
  const test::scratch_folder folder;
  for (const auto& [dtype, size] : {std::pair{"[('a', '<i4'), ('s', '|S5')]", 9U},
                                    {"<M8[ns]", 8U},
                                    {"<U7", 28U},
                                    {"|S300", 300U},
                                    {"[('x', [('y', '>f8', (2, 3))]), (('title', 'name'), '|V4')]", 52U}}) {
    const array_layout layout{.dtype = dtype, .shape = {3, 5}, .column_major = true};
    CAPTURE(layout.dtype);
    const auto bytes = test::numbers(15 * size);
    const auto h = test::bp::pack_array(folder / "a.blp", layout, bytes, {.chunk_size = 1000});
    CHECK(*h.chunk_size % size == 0);
    CHECK(h.typesize == (size <= 255 ? size : 1));
    const auto back = test::bp::unpack_array(test::bp::reader{folder / "a.blp"});
    CHECK(back.layout == layout);
    CHECK(back.bytes == bytes);
  }
  CHECK(test::bp::to_text(test::bp::to_metadata({.dtype = "[('a', '<i4')]", .shape = {2}})) ==
        R"({"dtype":"[('a', '<i4')]","shape":[2],"order":"C","container":"numpy"})");
}

TEST_CASE("options and bytes that do not fit an array are refused") {
  test::bytes written;
  mrcz::memory_sink sink{written};
  const auto complaint = [&](const array_layout& layout, std::size_t size, const test::bp::options& wanted = {}) {
    return test::message_of(
        [&] { test::bp::pack_array(static_cast<mrcz::byte_sink&>(sink), layout, test::bytes(size), wanted); });
  };
  CHECK(complaint({.dtype = "<f4", .shape = {3}}, 13) ==
        "an array of this dtype and shape has 12 bytes, but there are 13");
  CHECK(complaint({.dtype = "<f4", .shape = {3}}, 12, {.typesize = 8}) ==
        "typesize is 8, expected 4, as elements have");
  CHECK(complaint({.dtype = "<f4", .shape = {3}}, 12, {.typesize = 4}).empty());
  CHECK(complaint({.dtype = "|O", .shape = {3}}, 24).find("Python objects") != std::string::npos);
}
