import os

from conan import ConanFile
from conan.tools.build import can_run
from conan.tools.cmake import CMake, cmake_layout


class StrangerConan(ConanFile):
    settings = "os", "arch", "compiler", "build_type"
    generators = "CMakeDeps", "CMakeToolchain"

    def requirements(self):
        self.requires(self.tested_reference_str)

    def layout(self):
        cmake_layout(self)

    def build(self):
        cmake = CMake(self)
        cmake.configure(variables={"BLOSCPACK": self._bloscpack, "BOOST": self._boost, "COMPILED": self._compiled})
        cmake.build()

    def test(self):
        if can_run(self):
            for program in ["stranger"] + ["stranger_bloscpack"] * self._bloscpack:
                for form in [""] + ["_compiled"] * self._compiled:
                    self.run(os.path.join(self.cpp.build.bindir, program + form), env="conanrun")
            if self._boost:
                self.run(os.path.join(self.cpp.build.bindir, "stranger_boost"), env="conanrun")
            if self.dependencies["mrcz"].options.tools:
                for program in ["mrcz"] + ["blpk"] * self._bloscpack:
                    self.run(os.path.join(self.dependencies["mrcz"].package_folder, "bin", program) + " --version")

    @property
    def _bloscpack(self):
        return bool(self.dependencies["mrcz"].options.bloscpack)

    @property
    def _boost(self):
        return bool(self.dependencies["mrcz"].options.boost)

    @property
    def _compiled(self):
        return not self.dependencies["mrcz"].options.header_only
