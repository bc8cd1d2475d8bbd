"""python_extension.py FOLDER GOLDEN: what docs/python-extension.md says of the module mrc_files, which is in FOLDER."""
import concurrent.futures
import multiprocessing
import os
import sys
import tempfile

import numpy

FOLDER, GOLDEN = sys.argv[1:]
sys.path.insert(0, FOLDER)
import mrc_files  # noqa: E402


def total(path):
    return float(mrc_files.read(path).sum())


def test_arrays_of_any_strides_are_written(folder):
    path = os.path.join(folder, "turned.mrcz")
    movie = mrc_files.read(os.path.join(GOLDEN, "i2_zstd1.mrcz"))
    assert (movie.dtype, movie.shape) == (numpy.int16, (3, 64, 72))
    for array in (movie, movie[::-1, ::2].transpose(0, 2, 1), movie[1, :, ::-1], movie.astype(numpy.float32, order="F")):
        mrc_files.write(path, array)
        back = mrc_files.read(path)
        assert back.dtype == array.dtype and numpy.array_equal(back.squeeze(), array.squeeze())


def test_errors_are_exceptions_of_python(folder):
    try:
        mrc_files.read(os.path.join(folder, "none.mrc"))
        assert False
    except OSError as error:
        assert isinstance(error, mrc_files.Error) and str(error).endswith("none.mrc: cannot open: No such file or directory")
    for array in (numpy.zeros(5, "f4"), numpy.zeros((5, 5), "f2")):
        try:
            mrc_files.write(os.path.join(folder, "a.mrc"), array)
            assert False
        except (ValueError, TypeError):
            pass
    assert not os.path.exists(os.path.join(folder, "a.mrc"))


def test_threads_and_forked_processes_read_at_once(_):
    paths = [os.path.join(GOLDEN, "f4_zstd1.mrcz")] * 16
    expected = [total(path) for path in paths]
    with concurrent.futures.ThreadPoolExecutor(4) as threads:
        assert list(threads.map(total, paths)) == expected
    with multiprocessing.get_context("fork").Pool(2) as processes:
        assert processes.map(total, paths) == expected


for test in [value for name, value in list(globals().items()) if name.startswith("test_")]:
    with tempfile.TemporaryDirectory() as scratch:
        test(scratch)
    print(test.__name__)
