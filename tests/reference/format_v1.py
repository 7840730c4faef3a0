#!/usr/bin/env python3
"""Content format version 1 a second time, written for clarity and independent of the Rust engine.

Reads requests from standard input, one a line, and answers each with a line of hexadecimal digits:

    KIND SEED OFFSET LENGTH CORPUS-FILE     part of a stream
    RECIPE CORPUS-FILE                      a whole file: s42-20480-text-e4000000001
    edits RECIPE                            the last edit of a file, its first byte, its bytes, and the size after it

The answer to the last one is in words and decimal numbers.
Every kind is described by the size of its blocks and by a function that makes block number n; the cipher is that of
the `openssl` program.
"""
import collections
import functools
import re
import subprocess
import sys

WHITE = b" \t\n\v\f\r"


@functools.lru_cache(maxsize=256)
def keystream_page(key, stream, page):
    """256 cipher blocks: AES-128 of the big-endian counters `stream` (64 bits) and block number (64 bits)."""
    counter = (stream << 64) + 256 * page
    command = ["openssl", "enc", "-aes-128-ctr", "-K", f"{key:032x}", "-iv", f"{counter:032x}"]
    return subprocess.run(command, input=bytes(4096), capture_output=True, check=True).stdout


def join(size, block, offset, length):
    """Bytes of the endless sequence block(0), block(1), … of blocks of `size` bytes."""
    first, skip = divmod(offset, size)
    out = bytearray()
    while len(out) < skip + length:
        out += block(first)
        first += 1
    return bytes(out[skip : skip + length])


def keystream(key, stream, offset, length):
    return join(4096, lambda page: keystream_page(key, stream, page), offset, length)


class Corpus:
    def __init__(self, text):
        self.text = text
        self.words = collections.deque(text.split())
        self.pieces = collections.deque(text[at : at + 100] for at in range(0, len(text), 100))
        self.phrases = phrases(list(tokens(text))[:65536])


def tokens(text):
    """Words with the separator that follows them, cut to 16 bytes at most."""
    text = text.lstrip(WHITE)
    while text:
        word = re.match(rb"[^ \t\n\v\f\r]+", text)[0]
        behind = text[len(word) :]
        text = behind.lstrip(WHITE)
        gap = behind[: len(behind) - len(text)]
        word += b"\n" if b"\n" in gap else b" "
        while len(word) > 16:
            # Behind 16 bytes, or up to four earlier where the part behind would start inside a UTF-8 sequence.
            at = next((at for at in (16, 15, 14, 13) if not 0x80 <= word[at] < 0xC0), 12)
            yield word[:at]
            word = word[at:]
        yield word


def phrases(all_tokens):
    """For each token: itself and as many of its successors, going round once at most, as fit into 16 bytes."""
    result = []
    for start in range(len(all_tokens)):
        taken = b""
        for token in all_tokens[start:] + all_tokens[:start]:
            if len(taken + token) > 16:
                break
            taken += token
        result.append(taken)
    return result


def text_block(seed, corpus):
    def block(page):
        stream = iter(keystream(seed, 1, 4096 * page, 4096) + bytes(8192))
        out = bytearray()
        while True:
            draw = next(stream) + 256 * next(stream)
            phrase = corpus.phrases[draw * len(corpus.phrases) // 65536]
            if len(out) + len(phrase) >= 4096:
                return bytes(out) + b" " * (4095 - len(out)) + b"\n"
            out += phrase

    return block


def stamp_block(seed, corpus):
    def block(sector):
        start = 448 * sector % len(corpus.text)
        endless = corpus.text[start:] + corpus.text * (448 // len(corpus.text) + 1)
        line = f"seedfs v1 seed={seed:020} offset={512 * sector:020}\n"
        return line.encode() + endless[:448]

    return block


def mixed_block(seed, compress, dedupe, unit):
    """One cell of 512 bytes."""
    mean = 512 * 65536 * (100 - compress) // 100

    def block(cell):
        number, in_unit = divmod(512 * cell, unit)
        draw = keystream(seed, 3, 16 * number, 16)
        share, choice = (int.from_bytes(draw[at : at + 4], "little") for at in (0, 4))
        if share * 100 < dedupe * 2**32:
            content = keystream(0, 4, choice % 256 * unit + in_unit, 512)
        else:
            content = keystream(seed, 2, 512 * cell, 512)
        in_cycle = in_unit // 512 % 8
        keep = (in_cycle + 1) * mean // 65536 - in_cycle * mean // 65536
        return content[:keep] + bytes(512 - keep)

    return block


def turning_block(seed, parts, glue):
    """1,000 bytes of the parts joined, after turning the list by the seed and by one digit of it per block before."""
    first, *others = [int(digit) for digit in str(seed)]
    order = [first] + others[::-1]

    def block(number):
        rounds, rest = divmod(number, len(order))
        turned = parts.copy()
        turned.rotate((seed + rounds * sum(order) + sum(order[:rest])) % len(parts))
        return glue.join(turned)[:1000]

    return block


def content(kind, seed, offset, length, corpus):
    dials = re.fullmatch(r"(?:c(\d+))?(?:d(\d+)(?:u(\d+)([km]?))?)?", kind)
    if kind == "random":
        return keystream(seed, 0, offset, length)
    if kind == "zero":
        return bytes(length)
    if kind == "text":
        return join(4096, text_block(seed, corpus), offset, length)
    if kind == "stamp":
        return join(512, stamp_block(seed, corpus), offset, length)
    if kind == "classic":
        return join(1000, turning_block(seed, corpus.words, b" "), offset, length)
    if kind == "chunks":
        return join(1000, turning_block(seed, corpus.pieces, b""), offset, length)
    compress, dedupe, unit, letter = dials.groups()
    unit = int(unit or 4096) << {"k": 10, "m": 20}.get(letter, 0)
    return join(512, mixed_block(seed, int(compress or 0), int(dedupe or 0), unit), offset, length)


@functools.lru_cache(maxsize=None)
def corpus_file(path):
    with open(path, "rb") as file:
        return Corpus(file.read())


def turned(part):
    return bytes(255 - byte for byte in part)


def aimed(plain, number):
    """A file after one of the ten changes, from its bytes before."""
    size = len(plain)
    half = size // 2
    if number == 8:
        return plain[:half] + turned(plain[half : half + 1]) + plain[half:]
    one_byte = {1: 0, 2: size - 1, 3: half, 4: 4095, 5: 4096, 6: 16383, 7: 16384}
    start, end = {9: (half, size), 10: (0, size - half)}.get(number) or (one_byte[number], one_byte[number] + 1)
    return plain[:start] + turned(plain[start:end]) + plain[end:]


def mix(z):
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 % 2**64
    z = (z ^ z >> 27) * 0x94D049BB133111EB % 2**64
    return z ^ z >> 31


def draw(seed, index):
    step = 0x9E3779B97F4A7C15
    key = mix((mix((seed + step) % 2**64) + 15 * step) % 2**64)
    return mix((key + index * step) % 2**64)


def edits(seed, profile, count, size):
    """Edits 1 to count of a file: what, its first byte, its bytes, the size after it, and the seed of what is new."""
    overwrite, insert, append, delete, truncate = "overwrite", "insert", "append", "delete", "truncate"
    kinds = [
        [overwrite] * 35 + [insert] * 20 + [append] * 25 + [delete] * 15 + [truncate] * 5,
        [append] * 100,
        [overwrite] * 100,
        [overwrite] * 40 + [insert] * 35 + [delete] * 25,
    ][profile]
    for number in range(1, count + 1):
        first = profile * 2**32 + 8 * number
        below = lambda i, bound: draw(seed, first + i) * bound >> 64
        octaves = min(max(size.bit_length() - 2, 1), 20) if size else 12
        power = 2 ** below(1, octaves)
        length = power + below(2, power)
        kind = kinds[below(0, 100)]
        if size == 0:
            kind = append
        elif kind in (insert, append) and size + length >= 2**63 or kind in (delete, truncate) and size == length:
            kind = overwrite
        offset = {
            overwrite: below(3, size - length + 1),
            insert: below(3, size),
            append: size,
            delete: below(3, size - length + 1),
            truncate: size - length,
        }[kind]
        size += {insert: length, append: length, delete: -length, truncate: -length}.get(kind, 0)
        yield kind, offset, length, size, draw(seed, first + 4)


def drawn(plain, seed, profile, count, kind, corpus):
    """A file after so many edits, from its bytes before."""
    now = plain
    new_kind = "random" if kind == "zero" or re.match("c0*100(d|$)", kind) else kind
    for what, offset, length, _, new_seed in edits(seed, profile, count, len(plain)):
        if what in ("delete", "truncate"):
            now = now[:offset] + now[offset + length :]
            continue
        new = content(new_kind, new_seed, offset, length, corpus)
        if what == "overwrite":
            now = now[:offset] + turned(now[offset : offset + 1]) + new[1:] + now[offset + length :]
        else:
            now = now[:offset] + new + now[offset:]
    return now


def parts(recipe):
    seed, size, kind, number = re.fullmatch(r"s(\d+)-(\d+)-(\w+?)(?:-e(\d+))?", recipe).groups()
    return int(seed), int(size), kind, int(number or 0)


def whole_file(recipe, corpus):
    seed, size, kind, number = parts(recipe)
    plain = content(kind, seed, 0, size, corpus)
    profile, count = divmod(number, 10**9)
    return aimed(plain, count) if profile == 4 else drawn(plain, seed, profile, count, kind, corpus)


def last_edit(recipe):
    seed, size, _, number = parts(recipe)
    profile, count = divmod(number, 10**9)
    for edit in edits(seed, profile, count, size):
        pass
    return edit[:4]


def main():
    for line in sys.stdin:
        first, rest = line.rstrip("\n").split(" ", 1)
        if first == "edits":
            print(*last_edit(rest))
        elif "-" in first:
            print(whole_file(first, corpus_file(rest)).hex())
        else:
            seed, offset, length, path = rest.split(" ", 3)
            print(content(first, int(seed), int(offset), int(length), corpus_file(path)).hex())


if __name__ == "__main__":
    main()
