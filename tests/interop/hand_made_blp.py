"""Bloscpack files that the format allows and no program writes, made by hand, read by our program and by the independent
parser of read_blp.py: chunks of different sizes, streams, gaps. Also arrays of ours that numpy reads back.

    hand_made_blp.py BLP_FILES FOLDER
"""
import ast
import os
import struct
import subprocess
import sys
import zlib

import mrc
import read_blp

blosc, np = mrc.need("blosc", "numpy")


def chunk_of(data):
    """A chunk and its adler32."""
    chunk = blosc.compress(data, typesize=4) if data else struct.pack("<BBBBIII", 2, 1, 19, 4, 0, 1, 16)
    return chunk + struct.pack("<I", zlib.adler32(chunk))


def make(sizes, chunk_size=-1, last_chunk=-1, nchunks=-1, room=0, offsets=False, gap=0):
    """A file of chunks with these sizes. Header fields are as given."""
    header = struct.pack("<4sBBBBiiqq", b"blpk", 3, int(offsets), 1, 4, chunk_size, last_chunk, nchunks, room)
    begin = len(header) + (8 * (nchunks + room) if offsets else 0) + gap
    content, chunks, begins = read_blp.content_of(sum(sizes)), b"", []
    at = 0
    for size in sizes:
        begins.append(begin + len(chunks))
        chunks += chunk_of(content[at:at + size])
        at += size
    table = struct.pack(f"<{len(begins) + room}q", *begins, *[-1] * room) if offsets else b""
    return header + table + b"\x5a" * gap + chunks


def independent(raw):
    """The content: from the first offset, or the end of the header, from chunk to chunk to the end of the file."""
    _, _, options, _, _, _, _, nchunks, room = struct.unpack_from("<4sBBBBiiqq", raw)
    at = struct.unpack_from("<q", raw, 32)[0] if options & 1 else 32
    content = b""
    while at < len(raw):
        size, packed = struct.unpack_from("<4xI4xI", raw, at)
        chunk = raw[at:at + packed]
        assert zlib.adler32(chunk) == struct.unpack_from("<I", raw, at + packed)[0]
        content += blosc.decompress(chunk) if size else b""
        at += packed + 4
    return content


UNEVEN = [700, 4, 0, 1500, 1500, 0, 20]
FILES = {
    "uneven chunks, counted": make(UNEVEN, nchunks=7),
    "uneven chunks, counted, with offsets": make(UNEVEN, nchunks=7, room=3, offsets=True),
    "uneven chunks, counted, last size known": make(UNEVEN, nchunks=7, last_chunk=20),
    "uneven chunks, a stream": make(UNEVEN),
    "one chunk of unknown size": make([999]),
    "a stream that ends with a whole chunk": make([1000] * 3, chunk_size=1000),
    "a stream that ends with a shorter chunk": make([1000, 1000, 10], chunk_size=1000),
    "a stream that ends with an empty chunk": make([1000, 1000, 0], chunk_size=1000),
    "a stream whose last size is known": make([1000] * 3, chunk_size=1000, last_chunk=1000),
    "a gap of 8 bytes": make([1000, 1000, 600], 1000, 600, 3, 2, True, 8),
    "a gap of 15 bytes": make([1000, 1000, 600], 1000, 600, 3, 2, True, 15),
    "a gap of 5000 bytes": make([1000, 1000, 600], 1000, 600, 3, 2, True, 5000),
    "a gap in front of uneven chunks": make(UNEVEN, nchunks=7, offsets=True, gap=100),
}


def check_files(program, folder):
    for name, raw in FILES.items():
        path = os.path.join(folder, "hand_made.blp")
        with open(path, "wb") as f:
            f.write(raw)
        expected = independent(raw)
        for way in ("parts", "order", "stream"):
            found = subprocess.run([program, way, path], stdout=subprocess.PIPE, check=True).stdout
            assert found == expected == read_blp.content_of(len(expected)), f"{name}, read in {way}"


def check_arrays(program, folder):
    """Arrays that our library wrote as bytes with their description."""
    for name in ("record", "text", "time"):
        path = os.path.join(folder, name + ".blp")
        subprocess.run([program, name, path], check=True)
        with open(path, "rb") as f:
            _, metadata, content, _ = read_blp.read(f.read())
        assert metadata["container"] == "numpy"
        dtype = np.dtype(ast.literal_eval(metadata["dtype"]))
        array = np.frombuffer(content, dtype).reshape(metadata["shape"], order=metadata["order"])
        assert array.nbytes == len(content) and array.shape == (4, 3), name
        if name == "record":
            assert array.dtype.names == ("id", "name") and array["id"][0, 1] == 1 and array["name"][3, 2] == b"n11"
        if name == "time":
            assert array[0, 0] == np.datetime64("1970-01-01") and array[0, 2] == np.datetime64("1970-01-03")


def main(program, folder):
    mrc.fresh(folder)
    try:
        check_files(program, folder)
        check_arrays(program, folder)
    except (AssertionError, struct.error, ValueError, subprocess.CalledProcessError) as e:
        print(e)
        return 1
    print(f"{len(FILES)} files made by hand and three arrays are read as they should be")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
