#!/usr/bin/env python3
"""Lists a dataset as seedfs-format(7) describes it, in plain Python: what `seedfs ls --format csv` must print.

    dataset_v1.py DATASET.toml [GENERATION [lives]]

The document is one in canonical form, such as .seedfs/dataset.toml of a mount: it has every key and extends no other.
Without `files` their number follows from `bytes`. With `lives` it is not the listing that is printed, but a line for
each file that is there, in the order of their numbers: number, folder, renames, seed, size, edition, mode, mtime, ctime.

Generations are played step by step here, event by event and move by move, where the program reaches them by arithmetic.
"""
import csv
import datetime
import math
import re
import struct
import sys
import tomllib
from fractions import Fraction

from format_v1 import edits as drawn_edits

M64 = (1 << 64) - 1
STEP = 0x9E3779B97F4A7C15
PAGE = 1024
LARGEST = (1 << 63) - 1
POSITION, MODE, OWNER, FILE_WORD, FILE_TIME, WEIGHT, FOLDER_WORD, FOLDER_TIME = range(5, 13)
LINK_TARGET = 14
LIFE, CREATED_FOLDER, CREATED_TYPE, MOVED_FILE, MOVED_FOLDER, FLOW_TIME, PROFILE = range(16, 23)
MILLION, DAY = 1000000, 86400
PROFILES = ["mixed", "append", "overwrite", "revise"]
CHANGED_MODES = ["644", "600", "664", "640", "660", "755"]
EDITS = ["first", "last", "middle", "4095", "4096", "16383", "16384", "insert", "prefix", "suffix"]
LINKS = ["relative", "absolute", "dangling", "loops"]
TEXT = set("""adoc asm awk bash bat bib c cc cfg clj cmake cmd conf cpp cs css csv cxx d dart diff el eml env erl ex exs
f f90 fish fs go gradle graphql groovy h hh hpp hs htm html hxx ics ini ipynb java jl js json jsonl jsx kt kts less lisp
log lua m markdown mbox md mjs mk ml mli mm nim nix org pas patch php pl pm po properties proto ps1 py pyi r rb rs rst s
sass scala scm scss sed sh sql srt svelte svg swift tcl tex text tf toml ts tsv tsx txt v vala vb vcf vhd vim vtt vue
xhtml xml yaml yml zig""".split())


def mix(z):
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & M64
    z = (z ^ z >> 27) * 0x94D049BB133111EB & M64
    return z ^ z >> 31


class Draws:
    def __init__(self, seed, purpose):
        self.key = mix(mix(seed + STEP & M64) + purpose * STEP & M64)

    def child(self, i):
        draws = Draws(0, 0)
        draws.key = self.at(i)
        return draws

    def at(self, i):
        return mix(self.key + i * STEP & M64)

    def below(self, i, bound):
        return self.at(i) * bound >> 64

    def unit(self, i):
        return ((self.at(i) >> 11) + 0.5) * 2.0**-53

    def choose(self, i, rows):
        """A value of [(weight, value)]."""
        left = self.below(i, sum(weight for weight, _ in rows))
        for weight, value in rows:
            if left < weight:
                return value
            left -= weight


class Permutation:
    def __init__(self, length, draws):
        self.length = length
        bits = max(length - 1, 0).bit_length()
        self.low_bits = (bits + 1) // 2
        masks = [(1 << self.low_bits) - 1, (1 << bits - self.low_bits) - 1]
        self.rounds = [(r % 2, draws.at(2 * r) | 1, draws.at(2 * r + 1), masks[r % 2]) for r in range(6)]

    def walk(self, value, rounds):
        while True:
            halves = [value & (1 << self.low_bits) - 1, value >> self.low_bits]
            for changed, factor, summand, mask in rounds:
                halves[changed] ^= (halves[1 - changed] * factor + summand & M64) >> 32 & mask
            value = halves[1] << self.low_bits | halves[0]
            if value < self.length:
                return value

    def forward(self, index):
        return self.walk(index, self.rounds)

    def backward(self, position):
        return self.walk(position, self.rounds[::-1])


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


def weighted(text, value=str):
    """`60*2+40*3` as [(60, 2), (40, 3)]; a value alone has the weight 1."""
    rows = [part.rpartition("*") for part in text.split("+") if part]
    return [(int(weight or 1), value(last)) for weight, _, last in rows]


def millionths(text):
    return int(Fraction(text.rstrip("%")) * 10000)


def share_of(text, number):
    return (number * millionths(text) + 500000) // 1000000


def seconds(day):
    return (datetime.date.fromisoformat(day) - datetime.date(1970, 1, 1)).days * 86400


def split(total, weights):
    """A number split by weights: running sums, rounded."""
    whole = sum(weights)
    if whole == 0:
        return [0] * len(weights)
    borders = [(2 * total * sum(weights[:n]) + whole) // (2 * whole) for n in range(len(weights) + 1)]
    return [end - start for start, end in zip(borders, borders[1:])]


def deal(groups, files):
    """[(files of a group, groups)], the smallest groups first."""
    left = copies = share_of(groups["share"], files)
    sizes = sorted((members, weight) for weight, members in weighted(groups["groups"], int))
    per_round = sum((members - 1) * weight for members, weight in sizes)
    dealt = []
    for members, weight in sizes:
        dealt.append([members, copies * weight // per_round])
        left -= dealt[-1][1] * (members - 1)
    for row in reversed(dealt):
        row[1] += left // (row[0] - 1)
        left %= row[0] - 1
    return ([[left + 1, 1]] if left else []) + dealt


def distinct_size(kind):
    """From which size on files of different seeds differ; None where they need not."""
    fixed = {"random": 16, "text": 256, "stamp": 64, "zero": None, "classic": None, "chunks": None}
    if kind in fixed:
        return fixed[kind]
    compress, _, dedupe = kind.partition("d")
    compress = int(compress[1:] or 0)
    percent, _, unit = dedupe.partition("u")
    unit = int(unit.rstrip("km") or 4096) << {"k": 10, "m": 20}.get(unit[-1:], 0)
    if compress == 100:
        return None
    if int(percent or 0) > 0:
        return 16 * unit
    kept = 512 - 512 * compress // 100
    return (16 + kept - 1) // kept * 512


class Stratum:
    """A type of files with one part of its distribution of sizes."""

    def __init__(self, weight, ext, kind, sizes):
        self.weight, self.ext, self.kind = weight, ext, kind
        self.form, _, values = sizes.rpartition(":")
        is_model = self.form in ("lognormal", "pareto")
        self.values = [(float if is_model else int)(value) for value in re.split("[,-]", values)]
        self.least = (distinct_size(kind) or 1) if is_model else 0

    def size(self, rank, scale):
        if self.form == "":
            size = self.values[0]
        elif self.form == "uniform":
            low, high = self.values
            size = min(low + int(rank * (float(high - low) + 1.0)), high)
        elif self.form == "lognormal":
            mu, sigma = self.values
            size = min(int(exp(mu + sigma * quantile(rank))), LARGEST)
        else:
            least, alpha = self.values
            size = min(max(int(least * exp(-log(1.0 - rank) / alpha)), int(least)), LARGEST)
        if scale is not None:
            size = int(float(size) * scale)
        return min(max(size, self.least), LARGEST)


def strata(spec):
    for row in spec["types"]:
        parts = [part.rpartition("*") for part in row.get("size", spec["size"]).split("+")]
        weights = [int(Fraction(weight or 1) * 1000000) for weight, _, _ in parts]
        for weight, (_, _, sizes) in zip(weights, parts):
            weight = row["weight"] * 1000000 * weight // sum(weights)
            yield Stratum(max(weight, 1), row["ext"], row["kind"], sizes)


class Cell:
    def __init__(self, section, start, groups, members, before, stratum):
        self.section, self.start, self.groups, self.members = section, start, groups, members
        self.before, self.stratum = before, stratum

    def size(self, group, scale):
        """Size of the first file of a group."""
        if self.section == "sparse":
            return (self.before + group + 1) * 65536
        if self.section in ("empty", *LINKS):
            return 0
        size = self.stratum.size((group + 0.5) / self.groups, scale)
        if self.section == "near":
            size = min(max(size, 20480, distinct_size(self.stratum.kind) or 0), LARGEST - 1)
        return size


def layout(spec):
    files, types = spec["files"], list(strata(spec))
    sections = [("duplicates", *row) for row in deal(spec["duplicates"], files)]
    sections += [("hardlinks", *row) for row in deal(spec["hardlinks"], files)]
    edits = len(spec["near"]["edits"])
    groups, rest = divmod(share_of(spec["near"]["share"], files), max(edits, 1))
    sections += [("near", edits + 1, groups), ("near", rest + 1, min(rest, 1))]
    sections += [("sparse", 2, min(share_of(spec["sparse"], files), 1024))]
    sections += [("empty", 1, share_of(spec["empty"], files))]
    links = spec["symlinks"]
    counts = split(share_of(links["share"], files), [links[kind] for kind in LINKS])
    sections += [(kind, 1, count) for kind, count in zip(LINKS, counts)]
    single = files - sum(members * groups for _, members, groups in sections)
    assert single >= 0, "the shares make more than all files"
    cells, start = [], 0
    for section, members, groups in [("single", 1, single)] + sections:
        before = 0
        parts = [groups] if section in LINKS else split(groups, [stratum.weight for stratum in types])
        for stratum, part in zip(types, parts):
            if part:
                cells.append(Cell(section, start, part, members, before, stratum))
                start += part * members
                before += part
    return cells


def total(cells, scale):
    """Bytes of all files, of many small ones by samples. The order of the additions counts."""
    bytes_of_all = 0.0
    for cell in cells:
        exact = min(cell.groups, 1024)
        of_cell = 0.0
        for group in range(cell.groups - exact, cell.groups):
            of_cell += float(cell.size(group, scale))
        end, length = cell.groups - exact, exact
        while end > 0:
            length = min(2 * length, end)
            samples = min(length, 32)
            of_range = 0.0
            for i in range(samples):
                of_range += float(cell.size(end - length + (2 * i + 1) * length // (2 * samples), scale))
            of_cell += of_range * (float(length) / float(samples))
            end -= length
        bytes_of_all += of_cell * float(1 if cell.section == "hardlinks" else cell.members)
    return bytes_of_all


def scale_to(cells, wanted):
    scale = 1.0
    for _ in range(60):
        reached = total(cells, scale)
        if reached <= 0.0 or abs(reached / float(wanted) - 1.0) < 1e-4:
            break
        scale = min(max(scale * float(wanted) / reached, 1e-18), 1e18)
    assert abs(reached / float(wanted) - 1.0) < 0.01, "cannot be reached"
    return scale


def files_for(spec, wanted):
    files, nearest, least = 1000000, None, math.inf
    for _ in range(12):
        before, reached = files, total(layout(dict(spec, files=files)), None)
        off = abs(reached / float(wanted) - 1.0)
        if off < least:
            nearest, least = files, off
        files = max(math.ceil(float(wanted) / reached * float(files)), 1)
        if files == before or off < 1e-3:
            break
    return nearest


class File:
    """A file; its fields are set by Dataset.made and Dataset.created."""

    deleted, name_time, moved, born = False, None, -math.inf, 0


class Dataset:
    def __init__(self, spec, generation):
        self.spec, self.seed = spec, int(spec["seed"])
        wanted = spec.get("bytes")
        if "files" not in spec:
            # The sizes then stay as they are.
            spec["files"], wanted = files_for(spec, wanted), None
        self.files, self.folders = spec["files"], spec["dirs"] + 1
        self.strata = list(strata(spec))
        self.cells = layout(spec)
        self.regular = sum(c.groups * c.members for c in self.cells if c.section not in LINKS)
        self.scale = scale_to(self.cells, wanted) if wanted else None
        self.draws = {purpose: Draws(self.seed, purpose) for purpose in range(5, 23)}
        self.positions = Permutation(self.files, self.draws[POSITION])
        self.modes = weighted(spec["permissions"]["files"])
        self.owners = weighted(spec["permissions"]["owners"])
        self.starts = {}
        self.at(generation)

    def time(self, purpose, i):
        first, end = seconds(self.spec["times"]["from"]), seconds(self.spec["times"]["to"])
        if not self.spec["times"]["recent"]:
            return first + self.draws[purpose].below(i, end - first)
        draw = self.draws[purpose].at(i)
        return end - 1 - ((draw * draw >> 64) * (end - first) >> 64)

    def word(self, purpose, words, i):
        return words[self.draws[purpose].below(i, len(words))]

    def files_before(self, page):
        return self.files * min(page * PAGE, self.folders) // self.folders

    def page(self, page):
        """The first file of each folder of a page, and the first file of the next page."""
        if page not in self.starts:
            sums = [0]
            for folder in range(page * PAGE, min(page * PAGE + PAGE, self.folders)):
                varied = self.spec["spread"] == "varied"
                weight = 1 + int(-log(self.draws[WEIGHT].unit(folder)) * 65536.0) if varied else 1
                sums.append(sums[-1] + weight)
            first, end = self.files_before(page), self.files_before(page + 1)
            self.starts[page] = [first + (end - first) * part // sums[-1] for part in sums]
        return self.starts[page]

    def folder_of(self, file):
        page = next(p for p in range(self.folders // PAGE + 1) if self.files_before(p + 1) > file)
        return page * PAGE + max(n for n, start in enumerate(self.page(page)[:-1]) if start <= file)

    def folder_path(self, folder):
        """From the root, with a slash at its end; nothing for the root."""
        if folder == 0:
            return ""
        parent, number = divmod(folder - 1, self.spec["fanout"])
        return f"{self.folder_path(parent)}{self.word(FOLDER_WORD, self.spec['names']['dirs'], folder)}-{number}/"

    def place(self, file):
        position = self.positions.forward(file)
        cell = next(c for c in self.cells if position < c.start + c.groups * c.members)
        return (cell, *divmod(position - cell.start, cell.members))

    def link(self, index, section):
        """Name and columns behind the path of a symbolic link."""
        name = f"{self.word(FILE_WORD, self.spec['names']['files'], index)}-link-{index}"
        time, target = self.time(FILE_TIME, index), self.target(section, index, name)
        return name, ["symlink", 2 * index + 2, "777", 1, "", "", time, "", "", "", "", target]

    def made(self, index):
        """A file as it was made; nothing for symbolic links."""
        if index >= self.files:
            return self.created(index - self.files)
        cell, group, member = self.place(index)
        if cell.section in LINKS:
            return None
        first = self.positions.backward(cell.start + group * cell.members)
        file = File()
        file.index, file.section, file.stratum, file.member = index, cell.section, cell.stratum, member
        file.inode, file.links = (first, cell.members) if cell.section == "hardlinks" else (index, 1)
        file.origin, file.size, file.kind, file.edition = first, cell.size(group, self.scale), cell.stratum.kind, 0
        if cell.section == "sparse":
            file.kind = "c100" if member else "zero"
        if cell.section == "near" and member:
            file.edition = 4000000001 + EDITS.index(self.spec["near"]["edits"][member - 1])
        file.mtime = file.ctime = self.time(FILE_TIME, file.inode)
        return self.named(file)

    def named(self, file):
        file.seed = mix(self.seed) + file.origin & M64
        file.named = f"_s{file.seed}-{file.size}"
        if file.kind != ("text" if file.stratum.ext in TEXT else "random"):
            file.named += "-" + file.kind
        file.named += f"-e{file.edition}" if file.edition else ""
        file.named += "." + file.stratum.ext if file.stratum.ext else ""
        file.mode = self.draws[MODE].choose(file.inode, self.modes)
        file.renames = 0
        return file

    def file(self, index):
        """A file as it is now; nothing for symbolic links and for what is deleted."""
        file = self.made(index)
        if file and self.generation:
            self.live(file)
        return None if file is None or file.deleted else file

    def name(self, file):
        word = self.word(FILE_WORD, self.spec["names"]["files"], file.index)
        version = f"-v{file.renames + 1}" if file.renames else ""
        return word + version + (f"-{file.member}" if file.member else "") + file.named

    def columns(self, file):
        """Columns behind the path."""
        owner = self.draws[OWNER].choose(file.inode, self.owners).split(":") if self.owners else ["", ""]
        size = file.size
        if file.edition == 4000000008:
            size += 1
        elif file.edition and file.edition < 4000000000:
            for *_, size, _ in drawn_edits(file.seed, *divmod(file.edition, 10**9), file.size):
                pass
        fields = [size, file.kind, file.seed, file.edition, ""]
        return ["file", 2 * file.inode + 2, file.mode, file.links, *owner, file.mtime, *fields]

    def at(self, generation):
        """Plays all moves and creations up to a generation."""
        churn = self.spec["churn"]
        self.generation = generation
        self.edit_profiles = weighted(churn["edits"], PROFILES.index)
        self.chances = [(millionths(churn[k]), k) for k in ["modified", "touched", "renamed", "chmod", "deleted"]]
        self.length = churn["every"] * DAY
        self.create_rate = self.files * millionths(churn["created"])
        self.move_rate = self.files * millionths(churn["moved"])
        created, moves = (rate * generation // MILLION for rate in (self.create_rate, self.move_rate))
        assert generation < MILLION and self.files + created <= 1 << 40 and moves <= 1 << 48
        folders = Permutation(self.folders, self.draws[CREATED_FOLDER])
        self.created_in = [[] for _ in range(self.folders)]
        for number in range(created):
            self.created_in[folders.forward(number % self.folders)].append(number)
        order = Permutation(self.files, self.draws[MOVED_FILE])
        targets = Permutation(self.folders, self.draws[MOVED_FOLDER])
        # Of each file, and of each folder as a target, all moves.
        self.moves_of, self.moves_into = {}, {}
        for number in range(moves):
            file = order.forward(number % self.files)
            target = targets.forward((number + number // self.files) % self.folders)
            self.moves_of.setdefault(file, []).append((number, target))
            self.moves_into.setdefault(target, []).append((number, file))
        self.moves = moves

    def moment(self, generation, draw):
        return seconds(self.spec["times"]["to"]) + (generation - 1) * self.length + (draw * self.length >> 64)

    def flow_moment(self, rate, number, parity):
        """When the creation or move of this number took place, and in which generation."""
        generation = -(-(number + 1) * MILLION // rate)
        return self.moment(generation, self.draws[FLOW_TIME].at(2 * number + parity)), generation

    def created(self, number):
        file = File()
        file.index = file.inode = file.origin = self.files + number
        file.section, file.member, file.links, file.edition = "single", 0, 1, 0
        draws = self.draws[CREATED_TYPE]
        file.stratum = draws.choose(2 * number, [(stratum.weight, stratum) for stratum in self.strata])
        file.kind, file.size = file.stratum.kind, file.stratum.size(draws.unit(2 * number + 1), self.scale)
        file.mtime, file.born = self.flow_moment(self.create_rate, number, 0)
        file.ctime = file.mtime
        return self.named(file)

    def events(self, file):
        """What happens to a file up to now: generation, what, a draw for the time and one for the rest."""
        churn, rows = self.spec["churn"], self.chances
        whole = sum(chance for chance, _ in rows)
        draws = self.draws[LIFE].child(file.inode)
        generation, number, modified = file.born, 0, False
        while whole:
            first = 8 * number
            if modified and draws.below(first + 4, MILLION) < millionths(churn["again"]):
                generation, what = generation + 1, "modified"
            else:
                # Of nothing, the logarithm would be minus infinity: something happens in each generation.
                nothing = log((MILLION - whole) / MILLION) if whole < MILLION else -math.inf
                generation += 1 + int(log(draws.unit(first)) / nothing)
                what = draws.choose(first + 1, rows)
            if generation > self.generation:
                return
            modified = what == "modified"
            if modified and draws.below(first + 5, MILLION) < millionths(churn["replaced"]):
                what = "replaced"
            yield generation, what, draws.at(first + 2), draws.at(first + 3)
            if what == "deleted" and file.section != "hardlinks":
                return
            number += 1

    def live(self, file):
        """Makes of a file what has become of it."""
        edits = replaced = 0
        unconcerned = {"hardlinks": ["renamed", "deleted"], "near": ["modified", "replaced"]}
        unconcerned["sparse"] = unconcerned["near"]
        for generation, what, when, detail in self.events(file):
            if what in unconcerned.get(file.section, []):
                continue
            if self.spec["churn"]["rotate"] and file.renames and what in ("modified", "replaced"):
                continue
            file.ctime = self.moment(generation, when)
            if what in ("modified", "replaced", "touched"):
                file.mtime = file.ctime
            if what in ("renamed", "deleted"):
                file.name_time = file.ctime
            if what == "replaced" or what == "modified" and edits == 4096:
                edits, replaced = 0, replaced + 1
                file.size = file.stratum.size(((detail >> 11) + 0.5) * 2.0**-53, self.scale)
            elif what == "modified":
                edits += 1
            elif what == "renamed":
                file.renames += 1
            elif what == "chmod":
                mode = detail % 6
                file.mode = CHANGED_MODES[(mode + (CHANGED_MODES[mode] == file.mode)) % 6]
            file.deleted = what == "deleted"
        if replaced:
            file.seed = mix(self.seed) + file.inode + (replaced << 42) & M64
        if edits:
            file.edition = self.draws[PROFILE].choose(file.origin, self.edit_profiles) * 10**9 + edits
        if self.travels(file) and file.index in self.moves_of:
            folder = self.folder_of(file.index)
            for number, target in self.moves_of[file.index]:
                if target != folder:
                    folder, moved = target, number
                    file.moved = self.flow_moment(self.move_rate, moved, 1)[0]
            file.ctime = max(file.ctime, file.moved)

    def travels(self, file):
        return file is not None and file.section != "hardlinks"

    def folder_now(self, index):
        moves = self.moves_of.get(index)
        return moves[-1][1] if moves and self.travels(self.made(index)) else self.folder_of(index)

    def listed(self, folder):
        """Indices of the files and symbolic links of a folder, in order; some may be deleted."""
        page = self.page(folder // PAGE)
        home = range(page[folder % PAGE], page[folder % PAGE + 1])
        yield from (index for index in home if self.folder_now(index) == folder)
        yield from (self.files + number for number in self.created_in[folder])
        for number, index in self.moves_into.get(folder, []):
            is_last = self.moves_of[index][-1][0] == number
            if is_last and index not in home and self.travels(self.made(index)):
                yield index

    def folder_changed(self, folder):
        """The time of a folder."""
        page, start = self.page(folder // PAGE), self.time(FOLDER_TIME, folder)
        times = [start]
        home = range(page[folder % PAGE], page[folder % PAGE + 1])
        last_moves = [(n, file) for n, file in self.moves_into.get(folder, []) if n + self.files >= self.moves]
        older_moves = [n for n, _ in self.moves_into.get(folder, []) if n + self.files < self.moves]
        created = [self.files + number for number in self.created_in[folder]]
        for index in [*home, *created, *(file for _, file in last_moves)]:
            file = self.made(index)
            if file:
                self.live(file)
                times.append(start if file.name_time is None else file.name_time)
        times += [self.made(index).mtime for index in created]
        moves = [self.moves_of[index][0][0] for index in home if index in self.moves_of and self.travels(self.made(index))]
        moves += [n for n, _ in self.moves_into.get(folder, [])][-1:]
        moves += [n + self.files for n in older_moves[-1:]]
        return max(times + [self.flow_moment(self.move_rate, number, 1)[0] for number in moves])

    def target(self, section, index, name):
        target = ""
        if section == "loops":
            target = "." if index % 2 else name
        elif section != "dangling" and self.regular:
            file = self.positions.backward(self.draws[LINK_TARGET].below(index, self.regular))
            folders, own = (self.folder_path(self.folder_of(i)).split("/")[:-1] for i in (file, index))
            shared = 0
            while shared < min(len(folders), len(own)) and folders[shared] == own[shared]:
                shared += 1
            if section == "relative":
                parts = [".."] * (len(own) - shared) + folders[shared:]
            else:
                parts = [self.spec["symlinks"]["root"]] + folders
            target = "/".join(parts + [self.name(self.made(file))])
        return target if 0 < len(target.encode()) <= 4095 else f"no-such-file-{index}"

    def rows(self):
        yield "path type ino mode nlink uid gid mtime size kind seed edition target".split()
        for folder in range(self.folders):
            path = self.folder_path(folder)
            if folder:
                time, mode = self.time(FOLDER_TIME, folder), self.spec["permissions"]["dirs"]
                if self.generation:
                    time = self.folder_changed(folder)
                first = folder * self.spec["fanout"] + 1
                links = 2 + max(min(self.spec["fanout"], self.folders - first), 0)
                yield [path[:-1], "directory", 2 * folder + 1, mode, links, "", "", time, "", "", "", "", ""]
            for index in self.listed(folder):
                file = self.file(index)
                if file:
                    yield [path + self.name(file), *self.columns(file)]
                elif index < self.files and self.place(index)[0].section in LINKS:
                    name, columns = self.link(index, self.place(index)[0].section)
                    yield [path + name, *columns]

    def lives(self):
        folders = {index: folder for folder in range(self.folders) for index in self.listed(folder)}
        for index, folder in sorted(folders.items()):
            file = self.file(index)
            if file:
                size = self.columns(file)[7]
                yield [index, folder, file.renames, file.seed, size, file.edition, file.mode, file.mtime, file.ctime]


with open(sys.argv[1], "rb") as document:
    dataset = Dataset(tomllib.load(document), int(sys.argv[2]) if len(sys.argv) > 2 else 0)
if len(sys.argv) > 3:
    for row in dataset.lives():
        print(*row)
else:
    csv.writer(sys.stdout, lineterminator="\n").writerows(dataset.rows())
