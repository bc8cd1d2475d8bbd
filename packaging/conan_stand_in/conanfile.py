"""Replaces a package of ConanCenter. It has the name, the version and the requirements of that package, but uses the
library of this machine. So mrcz's own recipe is resolved, built and tested without a network: packaging/conan_create."""

import os

from conan import ConanFile
from conan.errors import ConanException

# PACKAGES: the headers and libraries of the system that replace each package. REQUIREMENTS: what the recipes of
# ConanCenter ask for, as of August 2026.
PACKAGES = {
    "c-blosc": {"headers": ["blosc.h", "blosc-export.h"], "libs": ["blosc"]},
    "lz4": {"headers": ["lz4.h"], "libs": ["lz4"], "target": "LZ4::lz4_static"},
    "zstd": {
        "headers": ["zstd.h", "zstd_errors.h"],
        "libs": ["zstd"],
        "component": "zstdlib",
        "target": "zstd::libzstd_static",
    },
    # The system's Asio may not know that clang has coroutines. The Asio that it replaces does, so definitions say so.
    "asio": {
        "headers": ["asio", "asio.hpp"],
        "defines": ["ASIO_STANDALONE", "ASIO_HAS_CO_AWAIT=1", "ASIO_HAS_STD_COROUTINE=1"],
    },
    "fmt": {"headers": ["fmt"], "defines": ["FMT_HEADER_ONLY=1"]},
    "nlohmann_json": {"headers": ["nlohmann"]},
    "xsimd": {"headers": ["xsimd"]},
    "xtl": {"headers": ["xtl"], "target": "xtl"},
    "xtensor": {"headers": ["xtensor"], "target": "xtensor", "defines": ["XTENSOR_USE_XSIMD"]},
    "zlib": {"headers": ["zlib.h", "zconf.h"], "libs": ["z"], "target": "ZLIB::ZLIB"},
    "bzip2": {"headers": ["bzlib.h"], "libs": ["bz2"], "target": "BZip2::BZip2", "file": "BZip2"},
    "xz_utils": {"headers": ["lzma.h", "lzma"], "libs": ["lzma"], "target": "LibLZMA::LibLZMA", "file": "LibLZMA"},
    "boost": {"headers": ["boost"], "component": "headers"},
    "openssl": {"headers": ["openssl"], "libs": ["crypto"], "component": "crypto"},
    "cli11": {"headers": ["CLI"], "target": "CLI11::CLI11", "file": "CLI11"},
}
REQUIREMENTS = {
    "xtensor/0.27.1": ["xtl/0.8.0", "nlohmann_json/3.11.3", "xsimd/13.2.0"],
    "xtensor/0.24.7": ["xtl/0.7.5", "nlohmann_json/3.11.3", "xsimd/13.0.0"],
    "c-blosc/1.21.5": ["lz4/1.9.4", "zlib/[>=1.2.11 <2]", "zstd/[~1.5]"],
}
SYSTEM = ["/usr/include", "/usr/include/x86_64-linux-gnu"]  # Debian: headers of this machine are in the second
BOOST = os.environ.get("MRCZ_BOOST_PREFIX")  # a folder with Boost, which Debian's other packages may conflict with
if BOOST:
    SYSTEM.insert(0, os.path.join(BOOST, "include"))
NEWEST = os.environ.get("MRCZ_NEWEST_PREFIX")  # a folder whose libraries come first, as in `./run ci full`


class StandIn(ConanFile):
    settings = "os", "arch", "compiler", "build_type"
    options = {"header_only": [True, False]}  # as boost has
    default_options = {"header_only": True}

    def requirements(self):
        for reference in REQUIREMENTS.get(f"{self.name}/{self.version}", []):
            self.requires(reference, transitive_headers=True, transitive_libs=True)

    def package_id(self):
        self.info.clear()

    def package(self):
        """Links to each header, because a compiler must not get the folder with all headers of the system."""
        for header in PACKAGES[self.name]["headers"]:
            newer = os.path.join(NEWEST, "include", header) if NEWEST else ""
            places = [newer] if os.path.exists(newer) else [os.path.join(root, header) for root in SYSTEM]
            places = [place for place in places if os.path.exists(place)]
            if not places:
                raise ConanException(f"{header}, which stands for {self.name}, is not on this machine")
            self._link(places, os.path.join(self.package_folder, "include", header))

    def _link(self, places, link):
        os.makedirs(os.path.dirname(link), exist_ok=True)
        if len(places) == 1:
            os.symlink(places[0], link)
            return
        os.makedirs(link)
        for folder in places:
            for name in os.listdir(folder):
                os.symlink(os.path.join(folder, name), os.path.join(link, name))

    def package_info(self):
        package = PACKAGES[self.name]
        info = self.cpp_info
        if "component" in package:
            info = self.cpp_info.components[package["component"]]
        info.system_libs = package.get("libs", [])
        info.defines = package.get("defines", [])
        info.bindirs = info.libdirs = []
        if "file" in package:
            self.cpp_info.set_property("cmake_file_name", package["file"])
        if "target" in package:
            info.set_property("cmake_target_name", package["target"])
