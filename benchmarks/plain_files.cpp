// How fast are uncompressed files, compared with one read(2) of the same bytes into the same kind of memory?
#include <cerrno>
#include <span>
#include <thread>

#include <fcntl.h>
#include <unistd.h>

#include "harness.hpp"
#include "movies.hpp"
#include "mrcz/core/hardware.hpp"
#include "mrcz/read.hpp"
#include "mrcz/write.hpp"

namespace {

/// Calls read(2) once. Repeats it only if the system transfers fewer bytes than asked, as Linux does beyond 2 GiB.
void read_at_once(const std::filesystem::path& path, std::span<std::byte> into) {
  const int descriptor = ::open(path.c_str(), O_RDONLY);
  if (descriptor < 0 || ::lseek(descriptor, mrcz::header_size, SEEK_SET) < 0)
    mrcz::detail::fail_system(errno, path.string());
  while (!into.empty()) {
    const ssize_t done = ::read(descriptor, into.data(), into.size());
    if (done <= 0) mrcz::detail::fail_system(errno, path.string());
    into = into.subspan(static_cast<std::size_t>(done));
  }
  ::close(descriptor);
}

template <class T>
void measure_reading(const benchmark::settings& s, benchmark::table& t, const std::string& name,
                     const mrcz::volume<T>& voxels) {
  const auto path = s.folder / "plain.mrc";
  mrcz::write(path, voxels, {.durability = mrcz::durability::none});
  const mrcz::shape extents{voxels.shape()[0], voxels.shape()[1], voxels.shape()[2]};
  const auto times = benchmark::measure(s, {{"read(2)",
                                             [&] {
                                               auto fresh = mrcz::detail::make_volume<T>(extents);
                                               const auto memory =
                                                   std::as_writable_bytes(std::span{fresh.data(), fresh.size()});
                                               mrcz::detail::advise_huge_pages(memory);
                                               read_at_once(path, memory);
                                             }},
                                            {"ours", [&] { (void)mrcz::read<T>(path); }}});
  const double megabytes = static_cast<double>(voxels.size() * sizeof(T)) / 1e6;
  t.row(name, {megabytes / times[0], megabytes / times[1], times[0] / times[1]});
  if (std::thread::hardware_concurrency() > 1) t.target("ours against read(2)", times[0] / times[1], 1.5);
}

}  // namespace

void benchmark::plain_files(const settings& s, nlohmann::ordered_json& all) {
  table t{all,
          "Uncompressed files",
          "Reading whole files into fresh arrays with huge pages, in MB/s; hot page cache.",
          {"read(2)", "ours", "ours/read(2)"}};
  const auto movie = integrated(s);
  measure_reading(s, t, "int16 movie", movie);
  const mrcz::volume<std::int16_t> one_slice = xt::view(movie, xt::range(0, 1), xt::all(), xt::all());
  measure_reading(s, t, "one slice of int16", one_slice);
}
