"""Spack's recipe for mrcz. README.md says how it is used."""

from spack_repo.builtin.build_systems.cmake import CMakePackage

from spack.package import *


class Mrcz(CMakePackage):
    """Electron-microscopy images in the MRC2014 and MRCZ formats as xtensor arrays."""

    license("BSD-3-Clause")

    version("2.0.0")

    variant("bloscpack", default=True, description="mrcz::bloscpack, for .blp files")
    variant("boost", default=False, description="mrcz::boost, the coroutines of Boost.Asio")
    variant("bzip2", default=True, description="reads files that bzip2 packed")
    variant("compiled", default=False, description="mrcz::compiled, which is compiled once")
    variant("only_blosc", default=False, description="c-blosc decompresses each chunk; needs neither lz4 nor zstd")
    variant("shared", default=True, when="+compiled", description="a shared library, not a static one")
    variant("tools", default=True, description="the program mrcz and, with bloscpack, blpk")
    variant("xz", default=True, description="reads files that xz packed")

    depends_on("c", type="build")
    depends_on("cxx", type="build")
    depends_on("cmake@3.24:", type="build")
    depends_on("asio@1.22:")
    depends_on("c-blosc@1.21:1")
    depends_on("fmt@9:")
    depends_on("nlohmann-json@3.11:")
    depends_on("xtensor@0.24:")
    depends_on("xtl@0.7:")
    depends_on("zlib-api")
    with when("~only_blosc"):
        depends_on("lz4@1.9:")
        depends_on("zstd@1.5:")
    depends_on("boost@1.81:", when="+boost")
    depends_on("bzip2", when="+bzip2")
    depends_on("cli11", when="+tools", type="build")
    depends_on("openssl@1.1.1:", when="+bloscpack")
    depends_on("xz", when="+xz")

    conflicts("%gcc@:11", msg="mrcz needs C++20 as of g++ 12")
    conflicts("%clang@:13", msg="mrcz needs C++20 as of clang 14")
    conflicts("%apple-clang@:14", msg="mrcz needs C++20 as of Apple's clang 15")

    def cmake_args(self):
        args = [
            self.define_from_variant("MRCZ_BLOSCPACK", "bloscpack"),
            self.define_from_variant("MRCZ_BUILD_TOOLS", "tools"),
            self.define_from_variant("MRCZ_BZIP2", "bzip2"),
            self.define_from_variant("MRCZ_COMPILED", "compiled"),
            self.define_from_variant("MRCZ_ONLY_BLOSC", "only_blosc"),
            self.define_from_variant("MRCZ_XZ", "xz"),
            self.define_from_variant("BUILD_SHARED_LIBS", "shared"),
        ]
        return args + [self.define(f"MRCZ_BUILD_{part}", False) for part in ("TESTS", "EXAMPLES", "BENCHMARKS")]
