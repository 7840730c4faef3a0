#!/usr/bin/env python3
"""Lists a dataset as seedfs-format(7) describes it, in plain Python: what `seedfs ls --format csv` must print.

    dataset_v1.py key=value...     seed files dirs fanout spread size empty kind
"""
import math
import struct
import sys

M64 = (1 << 64) - 1
STEP = 0x9E3779B97F4A7C15
PAGE = 1024
SIZE, EMPTY, TYPE, FILE_WORD, FILE_TIME, WEIGHT, FOLDER_WORD, FOLDER_TIME = range(5, 13)
START, SECONDS = 1420070400, 315619200

FILE_WORDS = """agenda album annex archive balance banner bill brief budget card cast chapter chart claim config copy
cover data deed design diary draft essay export form garden guide holiday index invoice journal label lecture ledger
letter list log manual map memo menu minutes model notes offer order page photo plan poster print quote recipe record
report review scan score sketch survey table thesis ticket voice""".split()
FOLDER_WORDS = """accounts archive assets backup books clients courses drafts events family finance games house images
inbox library media music office papers photos private projects public research scans shared sources studio team travel
work""".split()
MIXED = [
    (70, "", "random"), (170, "jpg", "random"), (60, "png", "random"), (70, "mp3", "random"), (80, "pdf", "c20"),
    (60, "doc", "c60"), (40, "zip", "random"), (90, "txt", "text"), (50, "md", "text"), (60, "html", "text"),
    (60, "json", "text"), (40, "csv", "text"), (40, "log", "text"), (60, "c", "text"), (50, "py", "text"),
    (40, "db", "c50d25"), (20, "img", "c60d25"), (15, "raw", "stamp"), (10, "swap", "zero"), (8, "old", "classic"),
    (7, "dat", "chunks"),
]
TEXT = {ext for _, ext, kind in MIXED if kind == "text"}


def mix(z):
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & M64
    z = (z ^ z >> 27) * 0x94D049BB133111EB & M64
    return z ^ z >> 31


class Draws:
    def __init__(self, seed, purpose):
        self.key = mix(mix(seed + STEP & M64) + purpose * STEP & M64)

    def at(self, i):
        return mix(self.key + i * STEP & M64)

    def below(self, i, bound):
        return self.at(i) * bound >> 64

    def unit(self, i):
        return ((self.at(i) >> 11) + 0.5) * 2.0**-53


def log(x):
    """e_log.c of FreeBSD, for a normal number above 0."""
    bits = struct.unpack(">Q", struct.pack(">d", x))[0]
    high = (bits >> 32) + 0x3FF00000 - 0x3FE6A09E
    k = (high >> 20) - 0x3FF
    high = (high & 0xFFFFF) + 0x3FE6A09E
    f = struct.unpack(">d", struct.pack(">Q", high << 32 | bits & 0xFFFFFFFF))[0] - 1.0
    half = 0.5 * f * f
    s = f / (2.0 + f)
    z = s * s
    w = z * z
    a = w * (3.999999999940941908e-01 + w * (2.222219843214978396e-01 + w * 1.531383769920937332e-01))
    b = z * (
        6.666666666666735130e-01
        + w * (2.857142874366239149e-01 + w * (1.818357216161805012e-01 + w * 1.479819860511658591e-01))
    )
    return s * (half + (b + a)) + k * 1.90821492927058770002e-10 - half + f + k * 6.93147180369123816490e-01


def exp(x):
    """e_exp.c of FreeBSD, for |x| below 708."""
    k, high, low = 0, x, 0.0
    if abs(x) < 2.0**-28:
        return 1.0 + x
    if abs(x) > 0.34657359027997264:
        sign = -1 if x < 0 else 1
        k = int(1.44269504088896338700 * x + 0.5 * sign) if abs(x) >= 1.0397207708399179 else sign
        high, low = x - k * 6.93147180369123816490e-01, k * 1.90821492927058770002e-10
        x = high - low
    z = x * x
    p = -1.65339022054652515390e-06 + z * 4.13813679705723846039e-08
    p = -2.77777777770155933842e-03 + z * (6.61375632143793436117e-05 + z * p)
    c = x - z * (1.66666666666666019037e-01 + z * p)
    return math.ldexp(1.0 + (x * c / (2.0 - c) - low + high), k)


CENTRE = (
    [3.3871328727963665, 133.14166789178438, 1971.5909503065513, 13731.69376550946, 45921.95393154987,
     67265.7709270087, 33430.57558358813, 2509.0809287301227],
    [1.0, 42.31333070160091, 687.1870074920579, 5394.196021424751, 21213.794301586597, 39307.89580009271,
     28729.085735721943, 5226.495278852854],
)
MIDDLE = (
    [1.4234371107496835, 4.630337846156546, 5.769497221460691, 3.6478483247632045, 1.2704582524523684,
     0.2417807251774506, 0.022723844989269184, 7.745450142783414e-4],
    [1.0, 2.053191626637759, 1.6763848301838038, 0.6897673349851, 0.14810397642748008, 0.015198666563616457,
     5.475938084995345e-4, 1.0507500716444169e-9],
)
TAIL = (
    [6.657904643501103, 5.463784911164114, 1.7848265399172913, 0.29656057182850487, 0.026532189526576124,
     0.0012426609473880784, 2.7115555687434876e-5, 2.0103343992922881e-7],
    [1.0, 0.599832206555888, 0.1369298809227358, 0.014875361290850615, 7.868691311456133e-4, 1.8463183175100548e-5,
     1.421511758316446e-7, 2.0442631033899397e-15],
)


def polynomial(coefficients, x):
    value = 0.0
    for c in reversed(coefficients):
        value = value * x + c
    return value


def quantile(p):
    q = p - 0.5
    if abs(q) <= 0.425:
        r = 0.180625 - q * q
        return q * polynomial(CENTRE[0], r) / polynomial(CENTRE[1], r)
    r = math.sqrt(-log(p if q < 0 else 1.0 - p))
    (above, below), r = (MIDDLE, r - 1.6) if r <= 5.0 else (TAIL, r - 5.0)
    z = polynomial(above, r) / polynomial(below, r)
    return -z if q < 0 else z


def size_of(text, draws, i):
    name, _, values = text.rpartition(":")
    if not name:
        return int(values)
    if name == "uniform":
        low, high = map(int, values.split("-"))
        return low + draws.below(i, high - low + 1)
    mu, sigma = map(float, values.split(","))
    return min(int(exp(mu + sigma * quantile(draws.unit(i)))), (1 << 63) - 1)


def listing(spec):
    seed, files, folders, fanout = spec["seed"], spec["files"], spec["dirs"] + 1, spec["fanout"]
    draws = {purpose: Draws(seed, purpose) for purpose in range(5, 13)}
    kind = spec["kind"]
    types = MIXED if kind == "mixed" else [(1, "txt" if kind == "text" else "bin", kind)]

    def weight(i):
        return 1 + int(-log(draws[WEIGHT].unit(i)) * 65536.0) if spec["spread"] == "varied" else 1

    def starts(page):
        """The first file of each folder of a page, and the first file of the next page."""
        first, end = (files * min(p * PAGE, folders) // folders for p in (page, page + 1))
        sums = [0]
        for i in range(page * PAGE, min(page * PAGE + PAGE, folders)):
            sums.append(sums[-1] + weight(i))
        return [first + (end - first) * s // sums[-1] for s in sums]

    def row(j):
        draw = draws[TYPE].below(j, sum(t[0] for t in types))
        for share, ext, kind in types:
            if draw < share:
                break
            draw -= share
        empty = draws[EMPTY].below(j, 1000000) < spec["empty"]
        size = 0 if empty else size_of(spec["size"], draws[SIZE], j)
        own = mix(seed) + j & M64
        name = "%s_s%d-%d" % (FILE_WORDS[draws[FILE_WORD].below(j, 64)], own, size)
        if kind != ("text" if ext in TEXT else "random"):
            name += "-" + kind
        if ext:
            name += "." + ext
        return name, START + draws[FILE_TIME].below(j, SECONDS), size, kind, own

    yield "path,type,ino,mode,mtime,size,kind,seed,edition"
    paths = {0: ""}
    for i in range(folders):
        if i:
            word = FOLDER_WORDS[draws[FOLDER_WORD].below(i, 32)]
            path = paths[(i - 1) // fanout] + "%s-%d" % (word, (i - 1) % fanout)
            yield "%s,directory,%d,755,%d,,,," % (path, 2 * i + 1, START + draws[FOLDER_TIME].below(i, SECONDS))
            paths[i] = path + "/"
        if i % PAGE == 0:
            page = starts(i // PAGE)
        for j in range(page[i % PAGE], page[i % PAGE + 1]):
            name, time, size, kind, own = row(j)
            yield "%s%s,file,%d,644,%d,%d,%s,%d,0" % (paths[i], name, 2 * j + 2, time, size, kind, own)


def main(arguments):
    spec = {"seed": 0, "files": 1000, "dirs": 10, "fanout": 10, "spread": "even", "size": "4096", "empty": 0}
    spec["kind"] = "random"
    for pair in arguments:
        key, value = pair.split("=")
        spec[key] = type(spec[key])(value)
    print("\n".join(listing(spec)))


main(sys.argv[1:])
