"""Spack's recipe for mrcz. Spack finds the sources of the repository in which this file lies: see README.md."""

from spack.package import *


class Mrcz(CMakePackage):
    """Electron-microscopy images in the MRC2014 and MRCZ formats as xtensor arrays."""

    license("BSD-3-Clause")

    version("2.0.0")

    variant("bloscpack", default=True, description="mrcz::bloscpack, for .blp files")
    variant("boost", default=False, description="mrcz::boost, the coroutines of Boost.Asio")
    variant("compiled", default=False, description="mrcz::compiled, which is compiled once")
    variant("only_blosc", default=False, description="c-blosc decompresses everything; needs neither lz4 nor zstd")
    variant("shared", default=True, when="+compiled", description="a shared library, not a static one")
    variant("tools", default=True, when="+bloscpack", description="the programs mrcz and blpk")

    depends_on("c", type="build")
    depends_on("cxx", type="build")
    depends_on("cmake@3.24:", type="build")
    depends_on("asio@1.22:")
    depends_on("c-blosc@1.21:")
    depends_on("fmt@9:")
    depends_on("nlohmann-json@3.11:")
    depends_on("xtensor@0.24:")
    depends_on("xtl@0.7:")
    with when("~only_blosc"):
        depends_on("lz4")
        depends_on("zstd")
    with when("+bloscpack"):
        depends_on("openssl@1.1.1:")
        depends_on("zlib-api")
    depends_on("boost@1.81:", when="+boost")
    depends_on("cli11", when="+tools", type="build")

    conflicts("%gcc@:11", msg="mrcz needs C++20 as of g++ 12")
    conflicts("%clang@:13", msg="mrcz needs C++20 as of clang 14")

    def cmake_args(self):
        args = [
            self.define_from_variant("MRCZ_BLOSCPACK", "bloscpack"),
            self.define_from_variant("MRCZ_COMPILED", "compiled"),
            self.define_from_variant("MRCZ_ONLY_BLOSC", "only_blosc"),
            self.define_from_variant("MRCZ_BUILD_TOOLS", "tools"),
            self.define_from_variant("BUILD_SHARED_LIBS", "shared"),
        ]
        return args + [self.define(f"MRCZ_BUILD_{part}", False) for part in ("TESTS", "EXAMPLES", "BENCHMARKS")]
