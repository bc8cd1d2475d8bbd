/// Writes a file again in another form, and keeps all that it says.
#pragma once

#include <bit>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "mrcz/reader.hpp"
#include "mrcz/write_options.hpp"
#include "mrcz/writer.hpp"
#include "signals.hpp"
#include "standard_streams.hpp"

namespace rewriting {

/// The byte order in which a copy of the file can be written: this machine's, or that of the file if its extended
/// header holds numbers that nobody else can put in order.
std::endian byte_order_for(const mrcz::reader& in);

/// The codec of a file if the name of its copy allows one; nothing: what that name implies.
std::optional<mrcz::codec> codec_for(const mrcz::reader& in, const std::string& out);

/// Opens a file, or standard input for "-", and calls `use(reader, stop)`, where a signal stops. While standard input
/// is opened, a signal ends the program at once.
template <class Use>
void with_reader(const std::string& path, mrcz::read_options options, Use&& use) {
  if (standard_streams::is_meant_by(path)) {
    auto from = standard_streams::input();
    const mrcz::reader in{from, options};
    signals::handle();
    const signals::stop by_signal;
    use(in, by_signal.token());
  } else {
    signals::handle();
    const signals::stop by_signal;
    options.stop = by_signal.token();
    use(mrcz::reader{path, options}, by_signal.token());
  }
}

/// Opens a writer with the header and the extended header of a file.
mrcz::writer open_like(const mrcz::reader& in, const std::string& path, const mrcz::write_options& options);

/// The header and the extended header of a file become those of the output.
void copy_headers(const mrcz::reader& in, mrcz::writer& out);

/// Appends slices of a file. They keep their packed bytes where both files store them in the same way.
void append_file(const std::string& path, const mrcz::range& z, mrcz::writer& out, const std::stop_token* stop);

/// Appends all slices of several files, one file after the other. Throws if a signal interrupts it.
void append_files(const std::vector<std::string>& paths, mrcz::writer& out, const std::stop_token* stop);

}  // namespace rewriting
