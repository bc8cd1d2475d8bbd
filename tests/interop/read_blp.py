"""Our bloscpack files, read by an independent parser: written from the description of the format, with python3-blosc for
the chunks and the standard library for everything else.

    read_blp.py BLP_FILES FOLDER
"""
import hashlib
import json
import os
import struct
import subprocess
import sys
import zlib

import mrc

(blosc,) = mrc.need("blosc")

CODECS = {0: {"blosclz"}, 1: {"lz4", "lz4hc"}, 2: {"snappy"}, 3: {"zlib"}, 4: {"zstd"}}  # bits 5 to 7 of a chunk's flags
CHECKSUMS = ["None", "adler32", "crc32", "md5", "sha1", "sha224", "sha256", "sha384", "sha512"]


def digest(name, data):
    if name == "None":
        return b""
    if name in ("adler32", "crc32"):
        return struct.pack("<I", getattr(zlib, name)(data) & 0xFFFFFFFF)
    return hashlib.new(name, data).digest()


class Bytes:
    """A file with a position."""

    def __init__(self, raw):
        self.raw, self.at = raw, 0

    def take(self, count):
        assert self.at + count <= len(self.raw), f"the file ends at {len(self.raw)}, wanted {count} bytes at {self.at}"
        self.at += count
        return self.raw[self.at - count:self.at]

    def unpack(self, code):
        return struct.unpack("<" + code, self.take(struct.calcsize("<" + code)))


def read_metadata(file):
    magic, options, checksum, codec, level, size, reserved, stored, user = file.unpack("8sBBBBIII8s")
    assert (magic, options, level, user) == (b"JSON\0\0\0\0", 0, 6, bytes(8)), "the metadata header is as it always is"
    assert stored <= reserved
    data = file.take(stored)
    assert not any(file.take(reserved - stored)), "what is reserved is zero"
    assert file.take(len(digest(CHECKSUMS[checksum], b""))) == digest(CHECKSUMS[checksum], data), "metadata digest"
    text = zlib.decompress(data) if codec else data
    assert len(text) == size and text.isascii()
    assert codec == 0 or stored <= size
    values = json.loads(text)
    assert text.decode() == json.dumps(values, separators=(",", ":")), "compact, in its own order"
    return values


def read(raw):
    """Header fields, metadata and content."""
    file = Bytes(raw)
    magic, version, options, checksum, typesize, chunk_size, last_chunk, nchunks, room = file.unpack("4sBBBBiiqq")
    assert (magic, version) == (b"blpk", 3) and options < 4
    header = {"checksum": CHECKSUMS[checksum], "offsets": bool(options & 1), "max_app_chunks": room}
    metadata = read_metadata(file) if options & 2 else None
    offsets = file.unpack(f"{nchunks + room}q") if options & 1 else None
    content, begins, codecs = b"", [], set()
    for i in range(nchunks):
        begins.append(file.at)
        blosc_version, codec_version, flags, _, size, _, packed = struct.unpack_from("<BBBBIII", raw, file.at)
        assert (blosc_version, codec_version) == (2, 1)
        assert size == (last_chunk if i == nchunks - 1 else chunk_size), f"chunk {i} holds {size} bytes"
        codecs.add(flags >> 5)
        chunk = file.take(packed)
        assert file.take(len(digest(CHECKSUMS[checksum], b""))) == digest(CHECKSUMS[checksum], chunk), f"chunk {i}"
        content += blosc.decompress(chunk) if size else b""
    assert file.at == len(raw), "nothing follows the last chunk"
    if offsets is not None:
        assert list(offsets) == begins + [-1] * room, "offsets"
    return header, metadata, content, codecs


def content_of(size):
    words = b"".join(struct.pack("<I", i * 7) for i in range(size // 4 + 1))
    return words[:size]


def main(blp_files, folder):
    mrc.fresh(folder)
    subprocess.run([blp_files, folder], check=True)
    with open(os.path.join(folder, "expected.json"), encoding="utf-8") as f:
        everything = json.load(f)
    for expected in everything:
        name = expected["file"]
        with open(os.path.join(folder, name), "rb") as f:
            raw = f.read()
        try:
            header, metadata, content, codecs = read(raw)
            for field, value in header.items():
                assert value == expected[field], f"{field} is {value}, expected {expected[field]}"
            assert metadata == expected["metadata"], f"metadata are {metadata}"
            assert content == content_of(expected["size"]), "content"
            assert all(expected["codec"] in CODECS[c] for c in codecs), f"codecs {codecs}"
        except (AssertionError, struct.error, ValueError) as e:
            print(f"{name}: {e}")
            return 1
    print(f"{len(everything)} files are as they should be")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
