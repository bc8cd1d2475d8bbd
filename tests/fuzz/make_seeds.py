#!/usr/bin/env python3
"""make_seeds.py FOLDER: writes the inputs with which fuzzing of `decode_chunk.cpp` begins.

c-blosc makes the streams. The chunks are put together here, because c-blosc itself makes few of the chunks that it reads: it
never splits blocks of zstd, for example. Any bytes are those of a shuffled block, so nothing is shuffled here.
"""
import random
import struct
import sys
from pathlib import Path

import blosc

FORMATS = {"blosclz": 0, "lz4": 1, "lz4hc": 1, "snappy": 2, "zlib": 3, "zstd": 4}
BYTE, STORED, BIT, ONE_STREAM, REPAIRED = 0x01, 0x02, 0x04, 0x10, 0x01


def data(size, noise, seed):
    """The first `noise` of every 64 bytes are random, the others repeat."""
    numbers = random.Random(seed)
    return bytes(numbers.randrange(256) if i % 64 < noise else i // 64 % 5 for i in range(size))


def stream(codec, plain):
    blosc.set_blocksize(len(plain))
    chunk = blosc.compress(plain, 1, 9, blosc.NOSHUFFLE, codec)
    if chunk[2] & STORED:
        return struct.pack("<i", len(plain)) + plain
    assert struct.unpack_from("<iii", chunk, 4) == (len(plain), len(plain), len(chunk)), codec
    return chunk[20:]


def chunk(codec, plain, typesize, block_size, flags, order=None, gap=0):
    blocks = [plain[i:i + block_size] for i in range(0, len(plain), block_size)]
    at = 16 + 4 * len(blocks)
    begins, packed = [0] * len(blocks), b""
    for i in order or range(len(blocks)):
        split = not flags & ONE_STREAM and typesize <= 16 and block_size // typesize >= 128 and len(blocks[i]) == block_size
        part = len(blocks[i]) // (typesize if split else 1)
        begins[i] = at + len(packed)
        packed += b"".join(stream(codec, blocks[i][j:j + part]) for j in range(0, len(blocks[i]), part)) + bytes(gap)
    listed = struct.pack(f"<{len(blocks)}I", *begins)
    header = struct.pack("<4B3I", 2, 1, flags | FORMATS[codec] << 5, typesize, len(plain), block_size, at + len(packed))
    return header + listed + packed


def question(expected, first, count, repaired):
    return struct.pack("<IHH", expected << 8 | repaired, first, count)


def main():
    blosc.set_nthreads(1)
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)

    def save(name, chunk, expected, first, count, repaired=REPAIRED):
        (folder / name).write_bytes(question(expected, first, count, repaired) + chunk)

    for codec in ("lz4", "zstd"):
        for kind, shuffle in (("plain", 0), ("byte", BYTE), ("bit", BIT)):
            for typesize, block_size, size in ((1, 320, 1000), (2, 256, 1000), (3, 390, 850), (4, 512, 1300), (8, 1024, 2100),
                                               (16, 2048, 2050)):
                for split in (False, True):
                    if split and typesize == 1:
                        continue
                    flags = shuffle | (0 if split else ONE_STREAM)
                    name = f"{codec}_{kind}_{typesize}_{'split' if split else 'whole'}"
                    save(name, chunk(codec, data(size, 8 * (typesize % 3), typesize), typesize, block_size, flags), size,
                         size // 3, size // 2)
        noisy = data(600, 20, 1) + random.Random(2).randbytes(300) + data(450, 5, 3)
        save(f"{codec}_some_streams_stored", chunk(codec, noisy, 2, 300, BIT | ONE_STREAM), len(noisy), 250, 700)
        save(f"{codec}_any_order", chunk(codec, noisy, 2, 200, BIT | ONE_STREAM, [3, 0, 6, 5, 1, 2, 4]), len(noisy), 100, 900)
        save(f"{codec}_gaps", chunk(codec, noisy, 1, 256, BIT | ONE_STREAM, None, 9), len(noisy), 100, 900)
        save(f"{codec}_both_shuffles", chunk(codec, noisy, 1, 256, BYTE | BIT | ONE_STREAM), len(noisy), 0, len(noisy))
        save(f"{codec}_as_it_is", chunk(codec, noisy, 4, 512, BIT | ONE_STREAM), len(noisy), 0, len(noisy), 0)
        save(f"{codec}_large", chunk(codec, bytes(60_000), 2, 20_000, BIT | ONE_STREAM), 60_000, 19_000, 30_000)
        save(f"{codec}_large_tiles", chunk(codec, data(12_000, 3, 9), 4, 8_192, BIT | ONE_STREAM), 12_000, 2_052, 9_000)
    for codec in ("blosclz", "snappy", "zlib"):
        save(f"{codec}_blocks", chunk(codec, data(900, 9, 4), 4, 256, BIT | ONE_STREAM), 900, 300, 400)
    save("stored", struct.pack("<4B3I", 2, 1, STORED | 0x20, 4, 200, 200, 216) + data(200, 60, 5), 200, 50, 100)
    save("empty", struct.pack("<4B3I", 2, 1, 0x31, 4, 0, 0, 16), 0, 0, 0)


main()
