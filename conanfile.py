import os
import re

from conan import ConanFile
from conan.tools.build import check_min_cppstd
from conan.tools.cmake import cmake_layout
from conan.tools.files import copy, load
from conan.tools.scm import Version

required_conan_version = ">=2.0"


class MrczConan(ConanFile):
    name = "mrcz"
    description = "Electron-microscopy images in the MRC2014 and MRCZ formats as xtensor arrays"
    license = "BSD-3-Clause"
    topics = ("mrc", "mrcz", "electron-microscopy", "cryo-em", "blosc", "xtensor", "header-only")
    package_type = "header-library"
    settings = "os", "arch", "compiler", "build_type"
    options = {"bloscpack": [True, False]}  # .blp files; needs zlib and OpenSSL
    default_options = {"bloscpack": False}
    exports_sources = "CMakeLists.txt", "LICENSE", "cmake/*", "include/*"
    no_copy_source = True
    test_package_folder = "tests/package/conan"

    def set_version(self):
        header = load(self, os.path.join(self.recipe_folder, "include", "mrcz", "version.hpp"))
        self.version = re.search(r'MRCZ_VERSION_STRING "([\d.]+)"', header).group(1)

    def requirements(self):
        # nlohmann_json and xtl in the versions that ConanCenter's recipe of xtensor/0.27.1 asks for: others would conflict.
        for reference in ("c-blosc/1.21.5", "asio/1.32.0", "fmt/11.2.0", "nlohmann_json/3.11.3", "xtensor/0.27.1", "xtl/0.8.0"):
            self.requires(reference, transitive_headers=True, transitive_libs=True)
        if self.options.bloscpack:
            for reference in ("zlib/[>=1.2.11 <2]", "openssl/[>=1.1 <4]"):
                self.requires(reference, transitive_headers=True, transitive_libs=True)

    def validate(self):
        check_min_cppstd(self, 20)

    def layout(self):
        cmake_layout(self)

    def package_id(self):
        self.info.clear()

    def package(self):
        copy(self, "*", os.path.join(self.source_folder, "include"), os.path.join(self.package_folder, "include"))
        copy(self, "LICENSE", self.source_folder, os.path.join(self.package_folder, "licenses"))

    def package_info(self):
        self.cpp_info.set_property("cmake_file_name", "mrcz")
        self.cpp_info.set_property("cmake_target_name", "mrcz::mrcz")
        self.cpp_info.defines = ["_FILE_OFFSET_BITS=64"]  # as CMakeLists.txt has it
        self.cpp_info.bindirs = []
        self.cpp_info.libdirs = []
        self.cpp_info.requires = [
            "c-blosc::c-blosc",
            "asio::asio",
            "fmt::fmt",
            "nlohmann_json::nlohmann_json",
            "xtensor::xtensor",
            "xtl::xtl",
        ]
        if self.options.bloscpack:
            self.cpp_info.set_property("cmake_target_aliases", ["mrcz::bloscpack"])
            self.cpp_info.requires += ["zlib::zlib", "openssl::crypto"]
        if self.settings.os in ("Linux", "FreeBSD"):
            self.cpp_info.system_libs = ["pthread"]
        if self._clang_needs_old_templates():
            self.cpp_info.cxxflags = [
                "-fno-relaxed-template-template-args",
                "-Wno-deprecated-no-relaxed-template-template-args",
            ]

    def _clang_needs_old_templates(self):
        """clang 19 finds specialisations of xtensor before 0.26, which a profile may ask for, ambiguous."""
        compiler = self.settings.compiler
        return (
            compiler == "clang"
            and Version(compiler.version) >= "19"
            and Version(self.dependencies["xtensor"].ref.version) < "0.26"
        )
