import os
import re

from conan import ConanFile
from conan.errors import ConanInvalidConfiguration
from conan.tools.build import check_min_cppstd
from conan.tools.cmake import CMake, CMakeDeps, CMakeToolchain, cmake_layout
from conan.tools.files import copy, load, rmdir
from conan.tools.scm import Version

required_conan_version = ">=2.0"


class MrczConan(ConanFile):
    name = "mrcz"
    description = "Electron-microscopy images in the MRC2014 and MRCZ formats as xtensor arrays"
    license = "BSD-3-Clause"
    topics = ("mrc", "mrcz", "electron-microscopy", "cryo-em", "blosc", "xtensor", "header-only")
    package_type = "library"
    settings = "os", "arch", "compiler", "build_type"
    options = {
        "bloscpack": [True, False],  # True: .blp files too; needs OpenSSL
        "bzip2": [True, False],  # True: reads files that bzip2 packed
        "xz": [True, False],  # True: reads files that xz packed
        "boost": [True, False],  # True: mrcz::boost too, the coroutines of Boost.Asio
        "only_blosc": [True, False],  # True: c-blosc decompresses each chunk; needs neither lz4 nor zstd
        "header_only": [True, False],  # False: builds mrcz::compiled too
        "tools": [True, False],  # True: builds the programs mrcz and, with bloscpack, blpk; not header_only
        "shared": [True, False],
        "fPIC": [True, False],
    }
    default_options = {
        "bloscpack": False,
        "bzip2": False,
        "xz": False,
        "boost": False,
        "only_blosc": False,
        "header_only": True,
        "tools": False,
        "shared": False,
        "fPIC": True,
        "boost/*:header_only": True,
    }
    exports_sources = "CMakeLists.txt", "LICENSE", "cmake/*", "include/*", "tools/*", "packaging/debian/copyright"
    no_copy_source = True
    test_package_folder = "tests/package/conan"

    def set_version(self):
        header = load(self, os.path.join(self.recipe_folder, "include", "mrcz", "version.hpp"))
        self.version = re.search(r'MRCZ_VERSION_STRING "([\d.]+)"', header).group(1)

    def config_options(self):
        if self.settings.os == "Windows":
            del self.options.fPIC

    def configure(self):
        if self.options.header_only:
            self.package_type = "header-library"
            del self.options.shared
        if self.options.header_only or self.options.shared:
            self.options.rm_safe("fPIC")

    def requirements(self):
        # nlohmann_json and xtl have the versions that ConanCenter's recipe of xtensor/0.27.1 asks for, lz4 and zstd those
        # of c-blosc/1.21.5; others conflict.
        for reference in (
            "c-blosc/1.21.5",
            "zlib/[>=1.2.11 <2]",
            "asio/1.32.0",
            "fmt/11.2.0",
            "nlohmann_json/3.11.3",
            "xtensor/0.27.1",
            "xtl/0.8.0",
        ):
            self.requires(reference, transitive_headers=True, transitive_libs=True)
        if not self.options.only_blosc:
            for reference in ("lz4/1.9.4", "zstd/[~1.5]"):
                self.requires(reference, transitive_headers=True, transitive_libs=True)
        for option, reference in (
            (self.options.bzip2, "bzip2/1.0.8"),
            (self.options.xz, "xz_utils/[>=5.4.5 <6]"),
            (self.options.bloscpack, "openssl/[>=1.1 <4]"),
        ):
            if option:
                self.requires(reference, transitive_headers=True, transitive_libs=True)

        if self.options.boost:
            self.requires("boost/[>=1.81 <2]", transitive_headers=True)
        if self.options.tools:
            self.requires("cli11/2.6.2", visible=False)

    def validate(self):
        check_min_cppstd(self, 20)
        compiler = self.settings.compiler
        least = {"gcc": "12", "clang": "14", "apple-clang": "15", "msvc": "194"}.get(str(compiler))
        if least and Version(compiler.version) < least:
            raise ConanInvalidConfiguration(f"mrcz needs C++20 as of {compiler} {least}, not {compiler.version}")
        if self.options.tools and self.options.header_only:
            raise ConanInvalidConfiguration("the programs of the option tools need header_only=False")

    def layout(self):
        cmake_layout(self)

    def package_id(self):
        if self.info.options.header_only:
            self.info.clear()

    def generate(self):
        if self.options.header_only:
            return
        toolchain = CMakeToolchain(self)
        toolchain.cache_variables["MRCZ_COMPILED"] = True
        toolchain.cache_variables["MRCZ_BLOSCPACK"] = bool(self.options.bloscpack)
        toolchain.cache_variables["MRCZ_ONLY_BLOSC"] = bool(self.options.only_blosc)
        toolchain.cache_variables["MRCZ_BZIP2"] = bool(self.options.bzip2)
        toolchain.cache_variables["MRCZ_XZ"] = bool(self.options.xz)
        toolchain.cache_variables["MRCZ_BUILD_TOOLS"] = bool(self.options.tools)
        for part in ("TESTS", "EXAMPLES", "BENCHMARKS"):
            toolchain.cache_variables[f"MRCZ_BUILD_{part}"] = False
        toolchain.generate()
        CMakeDeps(self).generate()

    def build(self):
        if not self.options.header_only:
            cmake = CMake(self)
            cmake.configure()
            cmake.build()

    def package(self):
        licenses = os.path.join(self.package_folder, "licenses")
        copy(self, "LICENSE", self.source_folder, licenses)
        if self.options.header_only:
            copy(self, "*", os.path.join(self.source_folder, "include"), os.path.join(self.package_folder, "include"))
        else:
            CMake(self).install()
            # CMakeDeps and PkgConfigDeps write the files with which the package is found, so the installed ones are
            # removed.
            rmdir(self, os.path.join(self.package_folder, "lib", "cmake"))
            rmdir(self, os.path.join(self.package_folder, "lib", "pkgconfig"))
            rmdir(self, os.path.join(self.package_folder, "share"))
        if self.options.tools:
            copy(self, "copyright", os.path.join(self.source_folder, "packaging", "debian"), licenses)

    def package_info(self):
        """One component for each target of CMakeLists.txt."""
        self.cpp_info.set_property("cmake_file_name", "mrcz")
        # CMakeDeps links this target to all components. Its default name is mrcz::mrcz.
        self.cpp_info.set_property("cmake_target_name", "mrcz::all")
        self.cpp_info.set_property("pkg_config_name", "mrcz-all")
        headers = self._component("mrcz")
        headers.defines = ["_FILE_OFFSET_BITS=64"]  # as in CMakeLists.txt
        headers.requires = [
            "c-blosc::c-blosc",
            "zlib::zlib",
            "asio::asio",
            "fmt::fmt",
            "nlohmann_json::nlohmann_json",
            "xtensor::xtensor",
            "xtl::xtl",
        ]
        if self.options.only_blosc:
            headers.defines.append("MRCZ_ONLY_BLOSC")
        else:
            headers.requires += ["lz4::lz4", "zstd::zstdlib"]
        if self.options.bzip2:
            headers.defines.append("MRCZ_BZIP2")
            headers.requires.append("bzip2::bzip2")
        if self.options.xz:
            headers.defines.append("MRCZ_XZ")
            headers.requires.append("xz_utils::xz_utils")
        if self.settings.os in ("Linux", "FreeBSD"):
            headers.system_libs = ["pthread"]
        if self._clang_needs_old_templates():
            headers.cxxflags = [
                "-fno-relaxed-template-template-args",
                "-Wno-deprecated-no-relaxed-template-template-args",
            ]
        if self.options.bloscpack:
            self._component("bloscpack").requires = ["mrcz", "openssl::crypto"]
        if self.options.boost:
            boost = self._component("boost")
            boost.defines = ["MRCZ_BOOST_ASIO"]
            boost.requires = ["mrcz", "boost::headers"]
        if self.options.header_only:
            return
        compiled = self._component("compiled", lib="mrcz")
        compiled.defines = ["MRCZ_SEPARATE_COMPILATION"]
        compiled.requires = ["mrcz"]
        if self.options.bloscpack:
            self._component("bloscpack_compiled", lib="mrcz_bloscpack").requires = ["bloscpack", "compiled"]

    def _component(self, name, lib=None):
        component = self.cpp_info.components[name]
        component.set_property("cmake_target_name", f"mrcz::{name}")
        component.set_property("pkg_config_name", name if name == "mrcz" else f"mrcz-{name}".replace("_", "-"))
        if lib:
            component.libs = [lib]
        else:
            component.bindirs = component.libdirs = []
        return component

    def _clang_needs_old_templates(self):
        """For clang 19, specialisations of xtensor before 0.26, which a profile may ask for, are ambiguous."""
        compiler = self.settings.compiler
        return (
            compiler == "clang"
            and Version(compiler.version) >= "19"
            and Version(self.dependencies["xtensor"].ref.version) < "0.26"
        )
