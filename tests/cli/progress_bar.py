"""The progress bar of blpk: there on a terminal when the work takes more than a second, gone afterwards, never in a pipe.

    progress_bar.py BLPK
"""
import os
import pty
import select
import subprocess
import sys
import time


def printed_while_compressing(blpk, to_terminal):
    """What blpk prints to stderr while its input waits: until a bar shows on a terminal, or for two seconds in a pipe."""
    ours, its = pty.openpty() if to_terminal else os.pipe()
    process = subprocess.Popen([blpk, "compress", "-", "-"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=its)
    os.close(its)
    process.stdin.write(bytes(3_000_000))
    process.stdin.flush()
    printed = b""
    end = time.monotonic() + (60 if to_terminal else 2)
    while time.monotonic() < end and b"..." not in printed:
        if select.select([ours], [], [], 0.1)[0]:
            printed += os.read(ours, 4096)
    process.stdin.close()
    assert process.wait() == 0, printed
    try:
        while rest := os.read(ours, 4096):
            printed += rest
    except OSError:  # how a terminal says that nobody holds its other end any more
        pass
    os.close(ours)
    return printed


on_terminal = printed_while_compressing(sys.argv[1], to_terminal=True)
assert b" ...\x1b[K" in on_terminal, on_terminal
assert on_terminal.endswith(b"\r\x1b[K"), on_terminal
in_pipe = printed_while_compressing(sys.argv[1], to_terminal=False)
assert in_pipe == b"", in_pipe
