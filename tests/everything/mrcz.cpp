// Calls everything that mrcz.hpp offers, with each kind of voxel, so that a compiler sees all templates. Nobody runs
// it: clang-tidy and the compilers of foreign platforms read it (`./run tidy`, `./run ci full`).
#include "mrcz/mrcz.hpp"

#include <array>
#include <asio/co_spawn.hpp>
#include <asio/thread_pool.hpp>
#include <asio/use_future.hpp>
#if __has_include(<xtensor/generators/xrandom.hpp>)  // xtensor 0.26 sorted its headers into folders
#include <xtensor/generators/xrandom.hpp>
#else
#include <xtensor/xrandom.hpp>
#endif

namespace everything {

template <mrcz::voxel T>
void write_and_read(const std::filesystem::path& path) {
  const mrcz::volume<T> volume(std::array<std::size_t, 3>{2, 3, 4}, T{});
  const mrcz::image<T> image(std::array<std::size_t, 2>{3, 4}, T{});
  mrcz::write(path, volume, {.compression = {.codec = mrcz::codec::zstd}}, {{"answer", 42}});
  mrcz::write(path, xt::xarray<T>(volume));
  mrcz::append_to(path, image);

  mrcz::writer out{path, {.voxel_size = mrcz::voxel_size{1, 1, 1}}};
  out.header().labels.add("everything");
  out.append(volume);
  out.put(out.pack(image));
  out.close();
  mrcz::writer more = mrcz::writer::append_to(path);
  more.append(image);
  more.close();

  const mrcz::reader in{path};
  mrcz::volume<T> all = in.read<T>();
  in.read(all);
  mrcz::image<T> slice = in.read_slice<T>(0);
  in.read_slice(0, slice);
  in.read_slices({.first = 0, .count = 1}, all);
  in.read_region({.y = {.first = 1, .count = 2}}, all);
  static_cast<void>(in.read_slices<T>({.first = 0, .count = 1}));
  static_cast<void>(in.read_region<T>({.x = {.first = 1, .count = 2}}));
  static_cast<void>(in.read_frame<T>(0));
  static_cast<void>(mrcz::read<T>(path));
}

void write_and_read_all(const std::filesystem::path& path) {
  write_and_read<std::int8_t>(path);
  write_and_read<std::uint8_t>(path);
  write_and_read<std::int16_t>(path);
  write_and_read<std::uint16_t>(path);
  write_and_read<std::int32_t>(path);
  write_and_read<std::uint32_t>(path);
  write_and_read<float>(path);
  write_and_read<mrcz::half>(path);
  write_and_read<mrcz::complex_int16>(path);
  write_and_read<std::complex<float>>(path);
}

void copy_and_compare(const std::filesystem::path& path) {
  const mrcz::reader in{path, {.threads = 1}};
  mrcz::writer out{"copy.mrcz"};
  mrcz::copy_slices(in, {}, out);
  if (mrcz::can_copy_packed(in, out)) mrcz::copy_packed_slices(in, {}, out);
  out.close();
  static_cast<void>(mrcz::summarise_voxels(in, {.percentiles = {50}, .bins = 10}));
  static_cast<void>(mrcz::compare_voxels(in, mrcz::reader{"copy.mrcz", {.threads = 1}}));
}

template <mrcz::written_voxel T>
void write_elements(const std::filesystem::path& path) {
  const mrcz::write_options options{
      .mode = mrcz::mode::complex64, .rounding = mrcz::rounding::nearest, .saturate = true};
  const xt::xtensor<T, 3> volume(std::array<std::size_t, 3>{2, 3, 4}, T{});
  mrcz::write(path, volume, options);
  mrcz::write(path, xt::view(volume, xt::all(), 1), options);
  mrcz::append_to(path, mrcz::view_of(volume.data(), {3, 4}));
}

void write_ordinary_elements(const std::filesystem::path& path) {
  write_elements<bool>(path);
  write_elements<double>(path);
  write_elements<std::complex<double>>(path);
  write_elements<long>(path);
  write_elements<unsigned long>(path);
  write_elements<long long>(path);
  write_elements<unsigned long long>(path);
}

std::size_t look_at(const std::filesystem::path& path) {
  const mrcz::reader in{path};
  const auto any = mrcz::read(path);
  const auto slices = in.visit([&]<class T>(std::type_identity<T>) { return in.read_slice<T>(0).size(); });
  const mrcz::mapped_volume<float> mapped{path};
  const auto voxels = mapped.voxels();
  const auto findings = mrcz::validate(path);
  return any.index() + slices + voxels.size() + findings.size() + in.metadata().size() +
         in.extended_header().bytes.size() + in.frames() + in.shape()[0];
}

template <class Record>
void copy_records(mrcz::extended_header& extended) {
  const std::vector<Record> records = extended.records<Record>();
  extended.set_records(std::span<const Record>{records});
}

void copy_all_records(const std::filesystem::path& path) {
  auto extended = mrcz::read_header(path).extended;
  copy_records<mrcz::fei1>(extended);
  copy_records<mrcz::fei2>(extended);
  copy_records<mrcz::seri>(extended);
  copy_records<mrcz::agar>(extended);
  copy_records<mrcz::ccp4>(extended);
  mrcz::detail::visit_records(extended, [](const auto& records) { static_cast<void>(records.size()); });
}

void keep_an_eye_on(const std::filesystem::path& path) {
  const std::stop_source source;
  const std::stop_token stop = source.get_token();
  std::atomic<std::uint64_t> done = 0;
  const auto noise = xt::random::rand<float>({2, 3, 4});
  mrcz::write(path, noise, {.stop = &stop, .progress = &done});
  mrcz::write(path, noise, {.keep_partial = true, .parallel_evaluation = true});
  static_cast<void>(mrcz::read<float>(path, {.stop = &stop, .progress = &done}));
}

void change_in_place(const std::filesystem::path& path) {
  mrcz::edit(path, [](mrcz::header_fields& fields) {
    fields.set_voxel_size({1, 1, 1});
    fields.labels.add("everything");
  });
  mrcz::edit_metadata(path, {{"answer", 43}});
  mrcz::overwrite_slice(path, 0, xt::xtensor<float, 2>(xt::zeros<float>({3, 4})) * 2.0F, {.level = 9});
  mrcz::update_statistics(path);
  for (const auto& change : mrcz::repair_in_place(path)) static_cast<void>(to_string(change));
  static_cast<void>(mrcz::pending_undo(path));
}

void copy_and_crop(const std::filesystem::path& path) {
  auto document = mrcz::read_document<float>(path, {.axes = mrcz::axis_order::xyz});
  document.header = mrcz::binned(mrcz::cropped(document.header, {.x = {.first = 1}}), 2);
  document.header = mrcz::in_axis_order(document.header, mrcz::axis_order_named("zyx").value());
  static_cast<void>(mrcz::position_of(document.header, 0, 0, 0));
  mrcz::write(path, document);
  mrcz::reader in{path};
  mrcz::write_stack(path, mrcz::in_xyz_order(in.read<float>(), in.header()), {.like = in.header_as_read()}, {{"a", 1}});
  mrcz::write(path, mrcz::binned(in.read<float>(), {1, 2, 1}),
              {.compression = best_of(mrcz::try_compressions(in.read<float>())).compression});
  mrcz::narrowed_voxels narrowed;
  mrcz::writer out{path, {.narrowed = &narrowed}};
  mrcz::copy_region(in, {.x = {.count = 1}}, out);
  mrcz::copy_binned(in, {}, {2, 1, 1}, out);
  in.refresh();
  for (const auto& remark : in.remarks()) fmt::print("{}\n", to_string(remark));
}

void in_memory() {
  std::vector<std::byte> bytes;
  mrcz::writer out{std::make_unique<mrcz::memory_sink>(bytes), {}, {{"answer", 42}}};
  out.append(mrcz::image<float>{xt::zeros<float>({3, 4})});
  out.close();
  const mrcz::reader in{std::make_unique<mrcz::memory_source>(std::move(bytes))};
  static_cast<void>(in.read<float>());
}

std::string packed(const std::filesystem::path& path) {
  mrcz::write(path, xt::zeros<float>({3, 4}), {.packing = mrcz::packing::gzip});
  mrcz::descriptor_source pipe{0, "standard input"};
  const mrcz::reader in{pipe, {.spool_bytes = 1000}};
  return std::string{mrcz::name_of(in.packing())} + in.source().name();
}

asio::awaitable<void> in_a_coroutine(asio::any_io_executor workers, std::filesystem::path path) {
  const mrcz::volume<float> volume = xt::zeros<float>({2, 3, 4});
  co_await mrcz::async::write(workers, path, volume);

  mrcz::async::writer out{workers, path, {.compression = {.codec = mrcz::codec::lz4}}};
  out.header().labels.add("everything");
  mrcz::image<float> frame = xt::zeros<float>({3, 4});
  co_await out.append(std::move(frame));
  co_await out.append(mrcz::borrowed(xt::view(volume, 0, xt::all(), xt::all()) * 2.0F));
  mrcz::image<float> noise = xt::random::rand<float>({3, 4});
  co_await out.append(std::move(noise) + 1.0F);
  co_await out.flush();
  co_await out.close();

  const mrcz::async::window limits{.slices = 2, .disk = &workers};
  mrcz::async::writer created = co_await mrcz::async::create(workers, path, {}, nullptr, limits);
  static_cast<void>(created.try_append(mrcz::image<float>{xt::zeros<float>({3, 4})}));
  static_cast<void>(created.in_window().bytes + created.size());
  created.cancel();
  auto more = co_await mrcz::async::append_to(workers, path);
  co_await more.close();

  const auto all = co_await mrcz::async::read<float>(workers, path);
  const auto slice = co_await mrcz::async::read_slice<float>(workers, path, 0);
  const mrcz::async::reader in = co_await mrcz::async::open(workers, path);
  static_cast<void>(co_await in.read<float>());
  static_cast<void>(co_await in.read_slice<float>(0));
  static_cast<void>(co_await in.read_slices<float>({.first = 0, .count = 1}));
  static_cast<void>(co_await in.read_region<float>({.y = {.first = 1, .count = 2}}));
  static_cast<void>(co_await in.read_frame<float>(0));
  auto slices = in.slices<float>();
  while (auto next = co_await slices.next()) static_cast<void>(next->size());
}

void with_other_tokens(const asio::any_io_executor& workers, const std::filesystem::path& path) {
  mrcz::async::writer out{workers, path};
  out.append(mrcz::image<float>{xt::zeros<float>({3, 4})}, asio::use_future).get();
  out.close([](const std::exception_ptr&) {});
  mrcz::async::write(workers, path, mrcz::volume<float>{xt::zeros<float>({2, 3, 4})}, asio::use_future).get();
  static_cast<void>(mrcz::async::read<float>(workers, path, asio::use_future).get());
  mrcz::async::reader{workers, path}.read_slice<float>(0, [](const std::exception_ptr&, const mrcz::image<float>&) {});
}

void with_threads(const std::filesystem::path& path) {
  asio::thread_pool workers{2};
  with_other_tokens(workers.get_executor(), path);
  asio::co_spawn(workers, in_a_coroutine(workers.get_executor(), path), asio::use_future).get();
}

}  // namespace everything
