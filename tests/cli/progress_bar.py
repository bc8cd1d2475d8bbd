"""The progress bars of blpk and mrcz: there on a terminal when the work takes more than a second, gone afterwards, never in a pipe.

    progress_bar.py MRCZ [BLPK]
"""
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import tempfile
import time


def printed_until(ours, process, expected, seconds, end):
    """What a program prints until that shows, but no longer than so many seconds; `end` ends it, and then the rest."""
    printed = b""
    stop = time.monotonic() + seconds
    while time.monotonic() < stop and expected not in printed:
        if select.select([ours], [], [], 0.1)[0]:
            printed += os.read(ours, 4096)
    assert process.poll() is None, printed  # it still works
    end()
    process.wait()
    try:
        while rest := os.read(ours, 4096):
            printed += rest
    except OSError:  # how a terminal says that nobody holds its other end any more
        pass
    os.close(ours)
    return printed


def seconds_for(to_terminal):
    """How long to wait for a bar that must come, or that must not."""
    return 60 if to_terminal else 2


def printed_while_compressing(blpk, to_terminal):
    """What blpk prints to stderr while its input waits."""
    ours, its = pty.openpty() if to_terminal else os.pipe()
    process = subprocess.Popen([blpk, "compress", "-", "-"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=its)
    os.close(its)
    process.stdin.write(bytes(3_000_000))
    process.stdin.flush()
    printed = printed_until(ours, process, b"...", seconds_for(to_terminal), process.stdin.close)
    assert process.returncode == 0, printed
    return printed


def printed_while_converting(mrcz, to_terminal):
    """What mrcz prints to stderr while it converts a file that would take it minutes, until Ctrl-C ends it."""
    with tempfile.TemporaryDirectory(prefix="mrcz-progress-") as folder:
        header = bytearray(1024)
        nx, ny, nz = 2048, 2048, 16384
        struct.pack_into("<10i", header, 0, nx, ny, nz, 2, 0, 0, 0, nx, ny, nz)
        struct.pack_into("<3i", header, 64, 1, 2, 3)
        header[208:216] = b"MAP \x44\x44\0\0"
        with open(os.path.join(folder, "large.mrc"), "wb") as f:
            f.write(header)
            f.truncate(1024 + 4 * nx * ny * nz)
        ours, its = pty.openpty() if to_terminal else os.pipe()
        process = subprocess.Popen([os.path.abspath(mrcz), "convert", "large.mrc", "new.mrcz", "--codec", "zlib", "--level", "9"],
                                   cwd=folder, stderr=its)
        os.close(its)
        printed = printed_until(ours, process, b"% of 256.0G", seconds_for(to_terminal),
                                lambda: process.send_signal(signal.SIGINT))
        assert process.returncode == -signal.SIGINT, printed
        assert os.listdir(folder) == ["large.mrc"], os.listdir(folder)
        return printed


def check(printed_by, program, bar):
    on_terminal = printed_by(program, to_terminal=True)
    assert bar in on_terminal, on_terminal
    assert on_terminal.endswith(b"\r\x1b[K"), on_terminal
    in_pipe = printed_by(program, to_terminal=False)
    assert in_pipe == b"", in_pipe


check(printed_while_converting, sys.argv[1], b"% of 256.0G, ")  # the rate and the time that is left follow
for blpk in sys.argv[2:]:
    check(printed_while_compressing, blpk, b" ...\x1b[K")
