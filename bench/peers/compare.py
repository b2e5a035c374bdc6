"""Times qualm beside pytorch-ood and writes a table; see `run`."""

import argparse
import os
import platform
import selectors
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from scipy.stats import spearmanr

from methods import methods

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
LIMIT = 600  # seconds that a step may take

SIZES = {
    "large": (50_000, 10_000, 2048, 1000),
    "medium": (15_000, 10_000, 384, 150),
    "small": (1_000, 1_000, 96, 8),
}
# Paired runs: what takes milliseconds is told from other work of the machine by many.
RUNS = {"large": 5, "medium": 9, "small": 11}


def make(folder, rows, tests, dim, classes):
    """Rectified features around class means on a low-rank background, and a head that knows them."""
    random = np.random.default_rng(0)
    means = random.normal(size=(classes, dim)).astype(np.float32)
    mix = random.normal(size=(64, dim)).astype(np.float32) / 8

    def features(count, labels):
        x = random.standard_normal((count, 64), dtype=np.float32) @ mix
        x += np.float32(0.7) * random.standard_normal((count, dim), dtype=np.float32)
        return np.maximum(x + means[labels], 0)

    labels = np.arange(rows) % classes
    save = lambda name, array: np.save(f"{folder}/{name}.npy", array)
    save("train", features(rows, labels))
    save("labels", labels.astype(np.int64))
    inside = features(tests // 2, random.integers(classes, size=tests // 2))
    # Outside: means that no class has.
    means = random.normal(size=(classes, dim)).astype(np.float32)
    outside = features(tests - tests // 2, random.integers(classes, size=tests - tests // 2))
    save("test", np.concatenate([inside, outside]))
    centres = np.maximum(np.random.default_rng(0).normal(size=(classes, dim)), 0)
    save("weight", ((centres - centres.mean(axis=0)) / np.sqrt(dim)).astype(np.float32))
    save("bias", np.full(classes, 0.1, dtype=np.float32))


class Server:
    """A process that answers one line to each."""

    def __init__(self, command):
        threads = {name: "2" for name in ["OMP_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS"]}
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            text=True, env=os.environ | threads,
        )
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.process.stdout, selectors.EVENT_READ)

    def ask(self, line):
        """Seconds, or the reason why there are none."""
        try:
            self.process.stdin.write(line + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            return "the process ended (out of memory?)"
        if not self.selector.select(LIMIT):
            self.process.kill()
            return f"more than {LIMIT} s"
        status, _, rest = self.process.stdout.readline().strip().partition(" ")
        if status == "ok":
            return float(rest)
        return rest or "the process ended (out of memory?)"

    def reset_peak(self):
        Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")

    def peak(self):
        """Megabytes resident at most since the last reset."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) / 1000


def once(server, recipe):
    """Seconds to fit and to score, and megabytes; or a reason."""
    # The other side's threads may still spin after their last product.
    time.sleep(0.3)
    server.reset_peak()
    fit = server.ask(f"fit {recipe}")
    if isinstance(fit, str):
        return fit
    score = server.ask("score")
    return score if isinstance(score, str) else (fit, score, server.peak())


def compare(folder, name, recipe, runs, patience, start):
    """A row of the table for one method."""
    ours, theirs = start
    files = [f"{folder}/ours.npy", f"{folder}/theirs.npy"]
    first = {}
    for side, command, file in [("ours", recipe, files[0]), ("theirs", name, files[1])]:
        first[side] = once(start[0 if side == "ours" else 1], command)
        if isinstance(first[side], str):
            return {"name": name, "recipe": recipe, "reason": f"{side}: {first[side]}"}
        start[0 if side == "ours" else 1].ask(f"save {file}")
    rank = spearmanr(*[np.load(file) for file in files]).statistic
    times = {"ours": [], "theirs": []}
    if sum(sum(times[:2]) for times in first.values()) > patience:
        # Once is enough to see it, and there is nothing left to warm up.
        times, runs = {side: [first[side]] for side in times}, 0
    for _ in range(runs):
        times["ours"].append(once(ours, recipe))
        times["theirs"].append(once(theirs, name))
        if any(isinstance(t[-1], str) for t in times.values()):
            return {"name": name, "recipe": recipe, "reason": "failed in a later run"}
    median = {side: np.median(np.array(t), axis=0) for side, t in times.items()}
    fitted = methods()[name][3]
    return {
        "name": name, "recipe": recipe, "fitted": fitted, "rank": rank,
        "runs": len(times["ours"]), **median,
    }


def mean_ratio(rows, column):
    """Geometric mean of theirs over ours."""
    rows = [row for row in rows if "ours" in row and (column == 1 or row["fitted"])]
    ratios = [row["theirs"][column] / row["ours"][column] for row in rows]
    return np.exp(np.mean(np.log(ratios))) if ratios else np.nan


def table(size, rows, runs):
    n, tests, dim, classes = SIZES[size]
    compared = [row for row in rows if "ours" in row]
    lines = [
        f"## {n:,} x {dim} with {classes} classes to fit, {tests:,} to score",
        "",
        f"Medians of {runs} paired runs.",
        "",
        "| method | fit: qualm | pytorch-ood | ratio | score: qualm | pytorch-ood | ratio | peak MB: qualm | pytorch-ood | rank correlation |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    text = lambda s: f"{s:.2f} s" if s >= 1 else f"{s * 1e3:.1f} ms"
    for row in compared:
        o, t = row["ours"], row["theirs"]
        fit = f"{text(o[0])} | {text(t[0])} | {t[0] / o[0]:.1f}" if row["fitted"] else "| nothing to fit |"
        once_only = " (1 run)" if row["runs"] == 1 < runs else ""
        lines.append(
            f"| `{row['recipe']}`{once_only} | {fit} | {text(o[1])} | {text(t[1])} "
            f"| {t[1] / o[1]:.1f} | {o[2]:.0f} | {t[2]:.0f} | {row['rank']:.5f} |"
        )
    if compared:
        fit, score = mean_ratio(compared, 0), mean_ratio(compared, 1)
        lines += ["", f"Geometric mean of the ratios: {fit:.1f} to fit, {score:.1f} to score."]
    left_out = [f"- `{row['recipe']}`: {row['reason']}" for row in rows if "ours" not in row]
    if left_out:
        lines += ["", "Left out of the means:", "", *left_out]
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="large,medium,small")
    parser.add_argument("--methods", help="names, separated by commas; all by default")
    parser.add_argument("--runs", type=int, help=f"of each method, at least 5 for a median; {RUNS} by default")
    parser.add_argument(
        "--patience", type=float, default=120,
        help="a method whose first pair of runs takes more seconds is run no more often",
    )
    parser.add_argument("--output", default=HERE / "RESULTS.md", type=Path)
    arguments = parser.parse_args()
    wanted = arguments.methods.split(",") if arguments.methods else list(methods())
    pages = []
    for size in arguments.sizes.split(","):
        runs = arguments.runs or RUNS[size]
        with tempfile.TemporaryDirectory() as folder:
            make(folder, *SIZES[size])
            ours = [ROOT / "target/release/examples/time_methods", folder]
            theirs = [sys.executable, HERE / "peer.py", folder]
            start, rows = [Server(ours), Server(theirs)], []
            for name in wanted:
                row = compare(folder, name, methods()[name][0], runs, arguments.patience, start)
                rows.append(row)
                print(table(size, [row], runs).splitlines()[6:], file=sys.stderr, flush=True)
                # Row by row: the large size takes long, and what stands is not lost with it.
                arguments.output.write_text(page([*pages, table(size, rows, runs)]))
                # What ran out of time or memory is started anew.
                for side, command in enumerate([ours, theirs]):
                    if start[side].process.poll() is not None:
                        start[side] = Server(command)
            for server in start:
                server.process.kill()
            pages.append(table(size, rows, runs))
            print(pages[-1])


def processor():
    """Its name, where the system tells."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), "unknown")


def page(tables):
    """The whole file."""
    head = [
        "# qualm beside pytorch-ood 0.4.0",
        "",
        f"Written by `bench/peers/run {' '.join(sys.argv[1:])}`".rstrip() + f" on {platform.machine()} ({processor()}), {os.cpu_count()} cores, two threads each,",
        "from the same arrays in memory, features and head: what looks at logits computes them within its time.",
        "Ratio: theirs over ours, above 1 qualm is faster. Peak: resident memory of the process, arrays included.",
        "A rank correlation below 1 is a difference that the method's page explains.",
        "",
    ]
    return "\n".join(head) + "\n" + "\n".join(tables)


main()
