"""Interrupts each subcommand that writes at random moments. Its output is then absent or complete, or as it was before,
and no other file is left.

    interrupted.py MRCZ [COUNT]
"""
import os
import random
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time

COUNT = 5
#: What is run in a folder with in.mrc, in.mrcz and old.mrc, and a file that must not be there before
COMMANDS = [
    (["compress", "in.mrc"], "in.mrcz"),
    (["compress", "in.mrc", "--force"], None),
    (["compress", "--output-dir", "out", "in.mrc", "old.mrc"], None),
    (["decompress", "in.mrcz", "-o", "new.mrc"], None),
    (["convert", "in.mrcz", "new.mrc", "--mode", "float32"], None),
    (["convert", "in.mrc", "old.mrc", "--force"], None),
    (["-i", "in.mrc", "-o", "old.mrc", "-c", "zlib", "-l", "9"], None),
    (["convert", "in.mrc", "new.mrcz", "--bin", "2"], None),
    (["convert", "in.mrcz", "new.mrc", "--kind", "volume", "--region", "1:20,,", "--byte-order", "big"], None),
    (["append", "old.mrc", "in.mrc"], None),
    (["append", "in.mrcz", "old.mrc"], None),
    (["cat", "in.mrc", "old.mrc", "-o", "new.mrcz"], None),
    (["cat", "in.mrcz", "in.mrcz", "-o", "new.mrcz"], None),
    (["split", "in.mrc", "--output-dir", "out"], None),
    (["view", "in.mrc", "--mean", "-o", "new.png"], None),
    (["repair", "in.mrc", "new.mrc"], None),
    (["repair", "in.mrcz", "new.mrcz"], None),
    (["repair", "--in-place", "in.mrc"], None),
    (["edit", "in.mrcz", "--stats", "--voxel-size", "2"], None),
]


def write_movie(path, slices):
    """Noise of 256 levels, which takes long to compress."""
    nx, ny = 512, 512
    header = bytearray(1024)
    struct.pack_into("<10i", header, 0, nx, ny, slices, 0, 0, 0, 0, nx, ny, slices)
    struct.pack_into("<6f", header, 40, nx, ny, slices, 90, 90, 90)
    struct.pack_into("<3i", header, 64, 1, 2, 3)
    struct.pack_into("<i", header, 108, 20141)
    header[208:216] = b"MAP \x44\x44\0\0"
    with open(path, "wb") as f:
        f.write(header)
        f.write(random.Random(slices).randbytes(nx * ny * slices))


def content_of(folder):
    """All files below a folder, by their paths."""
    found = {}
    for place, _, names in os.walk(folder):
        for name in names:
            with open(os.path.join(place, name), "rb") as f:
                found[os.path.relpath(os.path.join(place, name), folder)] = f.read()
    return found


class Subject:
    def __init__(self, mrcz, command, absent, inputs):
        self.mrcz, self.command = mrcz, command
        self.inputs = {name: content for name, content in inputs.items() if name != absent}
        begin = time.monotonic()
        with self.folder() as folder:
            subprocess.run([mrcz, *command], cwd=folder, check=True, stdout=subprocess.DEVNULL)
            self.seconds = time.monotonic() - begin
            self.after = content_of(folder)

    def folder(self):
        folder = tempfile.TemporaryDirectory(prefix="mrcz-interrupted-")
        for name, content in self.inputs.items():
            with open(os.path.join(folder.name, name), "wb") as f:
                f.write(content)
        return folder

    def interrupt(self, number, pause):
        """Whether the command was interrupted before its end."""
        with self.folder() as folder:
            process = subprocess.Popen([self.mrcz, *self.command], cwd=folder, stdout=subprocess.DEVNULL)
            time.sleep(pause)
            process.send_signal(number)
            process.wait(60)
            found = content_of(folder)
        assert process.returncode in (0, -number), (self.command, process.returncode)
        for name, content in found.items():
            assert content in (self.inputs.get(name), self.after.get(name)), f"{self.command}: {name} is neither old nor new"
        lost = self.inputs.keys() - found.keys()
        assert not lost, f"{self.command}: {lost} are lost"
        if process.returncode == 0:
            assert found == self.after, f"{self.command} is done, but its files are others"
        return process.returncode != 0


def main(mrcz, count=COUNT):
    mrcz = os.path.abspath(mrcz)
    chance = random.Random(1)
    with tempfile.TemporaryDirectory(prefix="mrcz-interrupted-") as folder:
        write_movie(os.path.join(folder, "in.mrc"), 24)
        write_movie(os.path.join(folder, "old.mrc"), 3)
        subprocess.run([mrcz, "compress", "-q", "in.mrc"], cwd=folder, check=True)
        inputs = content_of(folder)
    for command, absent in COMMANDS:
        subject = Subject(mrcz, command, absent, inputs)
        ended = sum(subject.interrupt(chance.choice((signal.SIGINT, signal.SIGTERM)), chance.uniform(0, subject.seconds))
                    for _ in range(int(count)))
        print(f"{' '.join(command)}: {ended} of {count} were interrupted before the end")


if __name__ == "__main__":
    main(*sys.argv[1:])
