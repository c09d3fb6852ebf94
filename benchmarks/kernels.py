"""Kernels of the installed `pyperformance`, each with a driver that returns what it computes.

The text of a kernel is the benchmark's own file. A driver runs its body without the timer, on
data of its own where the original keeps changing module-level data, and returns the results, so
that they can be compared; edits stand where the file itself throws its result away.

Left out, because what runs there is not for these backends and stays Python: generators
(`generators`, `nqueens`), big integers and fractions (`pidigits`, `mdp`, `telco`), signatures
with stars and operators on classes that compare themselves (`raytrace`), text, sets and regular
expressions.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import pyperformance

_HOME = Path(pyperformance.__file__).parent / "data-files" / "benchmarks"


class Kernel(NamedTuple):
    """One kernel.

    Attributes:
        benchmark: directory of pyperformance, without `bm_`.
        driver: text of `kernel`, the function that is evolved.
        seen: arguments of the recorded calls that types are read off.
        timed: arguments that are raced on.
        more: further arguments whose outcomes are compared, odd ones among them.
        edits: (old, new) texts in the benchmark's file.
    """

    name: str
    benchmark: str
    driver: str
    seen: tuple[tuple[Any, ...], ...]
    timed: tuple[Any, ...]
    more: tuple[tuple[Any, ...], ...]
    edits: tuple[tuple[str, str], ...] = ()

    def text(self) -> str:
        """The module: the benchmark's file without its main part, then the driver."""
        text = (_HOME / f"bm_{self.benchmark}" / "run_benchmark.py").read_text()
        text = text.partition("\nif __name__ ==")[0].replace("pyperf.perf_counter()", "0.0")
        for old, new in self.edits:
            if old not in text:
                raise ValueError(f"{self.name}: the benchmark has changed, there is no {old!r}")
            text = text.replace(old, new)
        return f"{text}\n\n{self.driver}"


KERNELS = (
    Kernel(
        name="nbody",
        benchmark="nbody",
        driver="""\
def kernel(steps, reference):
    system = [(list(r), list(v), m) for (r, v, m) in SYSTEM]
    pairs = combinations(system)
    offset_momentum(system[reference], system)
    before = report_energy(system, pairs)
    advance(0.01, steps, system, pairs)
    return before, report_energy(system, pairs), [r for (r, v, m) in system]
""",
        seen=((3, 0), (2, 1)),
        timed=(4000, 0),
        more=((50, 1), (0, 0), (-1, 2), (2.5, 0)),
    ),
    Kernel(
        name="spectral_norm",
        benchmark="spectral_norm",
        driver="""\
def kernel(n):
    u = [1] * n
    for dummy in range(10):
        v = eval_AtA_times_u(u)
        u = eval_AtA_times_u(v)
    vBv = vv = 0
    for ue, ve in zip(u, v):
        vBv += ue * ve
        vv += ve * ve
    return vBv, vv
""",
        seen=((4,), (7,)),
        timed=(100,),
        more=((1,), (0,), (13,), (True,), (2.0,)),
    ),
    Kernel(
        name="fannkuch",
        benchmark="fannkuch",
        driver="""\
def kernel(n):
    return fannkuch(n)
""",
        seen=((3,), (5,)),
        timed=(8,),
        more=((1,), (2,), (6,), (0,), (3.0,)),
    ),
    Kernel(
        name="float",
        benchmark="float",
        driver="""\
def kernel(n):
    return benchmark(n)
""",
        seen=((5,), (20,)),
        timed=(30000,),
        more=((1,), (0,), (33,), (1.5,)),
    ),
    Kernel(
        name="chaos",
        benchmark="chaos",
        driver="""\
def kernel(width, height, iterations, seed):
    splines = [
        Spline([
            GVector(1.597350, 3.304460, 0.000000), GVector(1.575810, 4.123260, 0.000000),
            GVector(1.313210, 5.288350, 0.000000), GVector(1.618900, 5.329910, 0.000000),
            GVector(2.889940, 5.502700, 0.000000), GVector(2.373060, 4.381830, 0.000000),
            GVector(1.662000, 4.360280, 0.000000)], 3, [0, 0, 0, 1, 1, 1, 2, 2, 2]),
        Spline([
            GVector(2.804500, 4.017350, 0.000000), GVector(2.550500, 3.525230, 0.000000),
            GVector(1.979010, 2.620360, 0.000000), GVector(1.979010, 2.620360, 0.000000)],
            3, [0, 0, 0, 1, 1, 1]),
        Spline([
            GVector(2.001670, 4.011320, 0.000000), GVector(2.335040, 3.312830, 0.000000),
            GVector(2.366800, 3.233460, 0.000000), GVector(2.366800, 3.233460, 0.000000)],
            3, [0, 0, 0, 1, 1, 1])]
    chaos = Chaosgame(splines, 0.25)
    return chaos.create_image_chaos(width, height, iterations, None, seed)
""",
        seen=((16, 16, 40, 1),),
        timed=(256, 256, 4000, 1234),
        more=((16, 16, 40, 2), (5, 9, 7, 3), (16, 16, 0, 1), (16.0, 16, 4, 1)),
        edits=(
            ("        if filename:\n            write_ppm(im, filename)\n", "        return im\n"),
        ),
    ),
    Kernel(
        name="scimark_sor",
        benchmark="scimark",
        driver="""\
def kernel(n, cycles):
    G = Array2D(n, n)
    for i in range(n):
        G[i, 0] = i * 0.5
    SOR_execute(1.25, G, cycles, Array2D)
    return list(G.data)
""",
        seen=((5, 2), (4, 1)),
        timed=(60, 4),
        more=((3, 2), (9, 3), (0, 1), (2.5, 1)),
    ),
    Kernel(
        name="scimark_sparse_mat_mult",
        benchmark="scimark",
        driver="""\
def kernel(N, nz, cycles):
    x = array('d', [0]) * N
    y = array('d', [0]) * N
    for i in range(N):
        x[i] = 1.0 / (i + 1)
    nr = nz // N
    anz = nr * N
    val = array('d', [0]) * anz
    for i in range(anz):
        val[i] = i * 0.25
    col = array('i', [0]) * nz
    row = array('i', [0]) * (N + 1)
    row[0] = 0
    for r in range(N):
        rowr = row[r]
        step = r // nr
        row[r + 1] = rowr + nr
        if step < 1:
            step = 1
        for i in range(nr):
            col[rowr + i] = i * step
    SparseCompRow_matmult(N, y, val, row, col, x, cycles)
    return list(y)
""",
        seen=((10, 50, 2), (5, 20, 1)),
        timed=(1000, 50000, 10),
        more=((7, 35, 2), (10, 9, 1), (0, 5, 1)),
    ),
    Kernel(
        name="scimark_monte_carlo",
        benchmark="scimark",
        driver="""\
def kernel(n):
    return MonteCarlo(n)
""",
        seen=((50,), (20,)),
        timed=(50000,),
        more=((1,), (0,), (333,), (-5,), (2.0,)),
    ),
    Kernel(
        name="scimark_lu",
        benchmark="scimark",
        driver="""\
def kernel(n, seed):
    rnd = Random(seed)
    A = ArrayList(n, n)
    for y in range(n):
        for x in range(n):
            A[x, y] = rnd.nextDouble()
    lu = ArrayList(n, n)
    pivot = array('i', [0]) * n
    LU(lu, A, pivot)
    return [list(each) for each in lu.data], list(pivot)
""",
        seen=((4, 7), (6, 3)),
        timed=(60, 7),
        more=((1, 7), (9, 1), (0, 7), (5, -3)),
    ),
    Kernel(
        name="scimark_fft",
        benchmark="scimark",
        driver="""\
def kernel(n, cycles, seed):
    init_vec = Random(seed).RandomVector(2 * n)
    x = copy_vector(init_vec)
    for i in range(cycles):
        FFT_transform(2 * n, x)
        FFT_inverse(2 * n, x)
    return list(x)
""",
        seen=((4, 1, 7), (8, 2, 3)),
        timed=(256, 5, 7),
        more=((2, 1, 7), (1, 1, 7), (3, 1, 1), (16, 3, 2)),
    ),
    Kernel(
        name="barnes_hut",
        benchmark="barnes_hut",
        driver="""\
def kernel(count, iterations, theta):
    particles = create_deterministic_galaxy(count, 500.0, 400.0)
    before = calculate_system_energy(particles)
    for _ in range(iterations):
        advance_system(particles, theta, TIME_STEP, 1000, 800)
    return before, calculate_system_energy(particles)
""",
        seen=((30, 2, 0.5), (24, 1, 0.4)),
        timed=(100, 6, 0.5),
        more=((20, 1, 0.5), (7, 2, 0.9), (0, 1, 0.5), (31, 1, 0)),
    ),
    Kernel(
        name="richards",
        benchmark="richards",
        driver="""\
def kernel(n):
    return Richards().run(n)
""",
        seen=((1,),),
        timed=(1,),
        more=((0,), (2,), (-1,)),
    ),
    Kernel(
        name="go",
        benchmark="go",
        driver="""\
def kernel(seed):
    random.seed(seed)
    board = Board()
    return computer_move(board)
""",
        seen=((1,),),
        timed=(1,),
        more=((2,),),
    ),
)
