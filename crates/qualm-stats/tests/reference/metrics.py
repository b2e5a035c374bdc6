"""Writes metrics.json: what other implementations make of the same scores.

    pip install numpy scikit-learn
    python metrics.py

scikit-learn gives the ranking metrics, SciPy the rank correlation, the false discovery
control and the normal law. DeLong's variances follow from the definition, all n * m
comparisons at once, with none of the shortcuts of the code under test; the beta-binomial
probabilities are exact fractions; the random words come from ChaCha written out below.
Scores are multiples of 1/4096, so that their decimal form is exact.
"""

import json
import math
from fractions import Fraction
from pathlib import Path

import numpy as np
import scipy
import sklearn
from scipy import stats
from sklearn import metrics

rng = np.random.default_rng(20_221_104)


def dyadic(values):
    return np.round(np.asarray(values, dtype=float) * 4096) / 4096


def ranking_metrics(id_scores, ood_scores):
    scores = np.concatenate([id_scores, ood_scores])
    is_ood = np.concatenate([np.zeros(len(id_scores)), np.ones(len(ood_scores))])
    is_id = 1 - is_ood

    def trapezoid(truth, score):
        precision, recall, _ = metrics.precision_recall_curve(truth, score)
        return metrics.auc(recall, precision)

    def fpr_at(truth, score, recall):
        fpr, tpr, _ = metrics.roc_curve(truth, score, drop_intermediate=False)
        return fpr[np.argmax(tpr >= recall)]

    fpr, tpr, _ = metrics.roc_curve(is_ood, scores, drop_intermediate=False)
    threshold = float(np.median(scores))
    return {
        "auroc": metrics.roc_auc_score(is_ood, scores),
        "average_precision_ood": metrics.average_precision_score(is_ood, scores),
        "average_precision_id": metrics.average_precision_score(is_id, -scores),
        "aupr_trapezoid_ood": trapezoid(is_ood, scores),
        "aupr_trapezoid_id": trapezoid(is_id, -scores),
        "fpr95_id": fpr_at(is_id, -scores, 0.95),
        "fpr95_ood": fpr_at(is_ood, scores, 0.95),
        "fpr80_id": fpr_at(is_id, -scores, 0.8),
        "fpr80_ood": fpr_at(is_ood, scores, 0.8),
        "detection_accuracy": np.max((tpr + 1 - fpr) / 2),
        "threshold": threshold,
        "accuracy_at": metrics.accuracy_score(is_ood, scores > threshold),
        "roc_false_positive_rate": fpr,
        "roc_true_positive_rate": tpr,
    }


def components(id_scores, ood_scores):
    """DeLong's structural components, from the n * m kernel."""
    gap = ood_scores[None, :] - id_scores[:, None]
    kernel = (gap > 0) + 0.5 * (gap == 0)
    return kernel.mean(), kernel.mean(axis=1), kernel.mean(axis=0)


def delong_interval(id_scores, ood_scores, level):
    auroc, by_id, by_ood = components(id_scores, ood_scores)
    variance = by_id.var(ddof=1) / len(by_id) + by_ood.var(ddof=1) / len(by_ood)
    reach = stats.norm.ppf((1 + level) / 2) * math.sqrt(variance)
    return {
        "level": level,
        "value": auroc,
        "lo": max(auroc - reach, 0.0),
        "hi": min(auroc + reach, 1.0),
    }


def delong_paired(id_a, ood_a, id_b, ood_b):
    auroc_a, by_id_a, by_ood_a = components(id_a, ood_a)
    auroc_b, by_id_b, by_ood_b = components(id_b, ood_b)
    s_id = np.cov(by_id_a, by_id_b)
    s_ood = np.cov(by_ood_a, by_ood_b)
    covariance = s_id / len(id_a) + s_ood / len(ood_a)
    contrast = np.array([1.0, -1.0])
    standard_error = math.sqrt(contrast @ covariance @ contrast)
    z = (auroc_a - auroc_b) / standard_error
    return {
        "auroc_a": auroc_a,
        "auroc_b": auroc_b,
        "difference": auroc_a - auroc_b,
        "standard_error": standard_error,
        "z": z,
        "p_value": 2 * stats.norm.sf(abs(z)),
    }


def ranking_case(name, id_scores, ood_scores):
    id_scores, ood_scores = dyadic(id_scores), dyadic(ood_scores)
    case = {"name": name, "id": id_scores, "ood": ood_scores}
    case |= ranking_metrics(id_scores, ood_scores)
    if min(len(id_scores), len(ood_scores)) >= 2:
        case["delong"] = delong_interval(id_scores, ood_scores, 0.95)
        case["delong_wide"] = delong_interval(id_scores, ood_scores, 0.999)
    return case


def paired_case(name, id_rows, ood_rows, shift, coarse):
    def two_views(rows, mean):
        shared = rng.normal(mean, 1, rows)
        views = [shared + rng.normal(0, noise, rows) for noise in (0.5, 1.5)]
        return [dyadic(np.round(view * coarse) / coarse) for view in views]

    id_a, id_b = two_views(id_rows, 0.0)
    ood_a, ood_b = two_views(ood_rows, shift)
    case = {"name": name, "id_a": id_a, "ood_a": ood_a, "id_b": id_b, "ood_b": ood_b}
    case |= delong_paired(id_a, ood_a, id_b, ood_b)
    case["spearman_id"] = stats.spearmanr(id_a, id_b).statistic
    return case


def beta_binomial_case(trials, hits, misses, counts):
    """C(trials, count) B(count + hits, trials - count + misses) / B(hits, misses)."""

    def pmf(count):
        def rising(start, steps):
            return math.prod(range(start, start + steps))

        ways = math.comb(trials, count) * rising(hits, count)
        return Fraction(ways * rising(misses, trials - count), rising(hits + misses, trials))

    return {
        "trials": trials,
        "hits": hits,
        "misses": misses,
        "counts": counts,
        "pmf": [float(pmf(count)) for count in counts],
        "cdf": [float(sum(pmf(i) for i in range(count + 1))) for count in counts],
    }


def false_discovery_case(rows, q):
    p_values = np.concatenate([rng.uniform(0, 1, rows), rng.uniform(0, 0.006, rows // 3)])
    p_values = np.round(p_values * 2**20) / 2**20
    flags = stats.false_discovery_control(p_values, method="bh") <= q
    return {"p_values": p_values, "q": q, "flags": flags}


MASK_64 = 2**64 - 1
GOLDEN = 0x9E3779B97F4A7C15


def mix(bits):
    bits = (bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9 & MASK_64
    bits = (bits ^ (bits >> 27)) * 0x94D049BB133111EB & MASK_64
    return bits ^ (bits >> 31)


def chacha8_words(seed, stream, blocks):
    """The key stream of ChaCha with 8 rounds (Bernstein 2008), keyed by splitmix64."""
    key = []
    for step in range(1, 5):
        word = mix((seed + step * GOLDEN) & MASK_64)
        key += [word & 0xFFFFFFFF, word >> 32]
    words = []
    for block in range(blocks):
        start = [0x61707865, 0x3320646E, 0x79622D32, 0x6B206574, *key]
        start += [block, 0, stream & 0xFFFFFFFF, stream >> 32]
        state = list(start)

        def quarter(a, b, c, d):
            for x, y, z, turn in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
                state[x] = state[x] + state[y] & 0xFFFFFFFF
                state[z] ^= state[x]
                state[z] = (state[z] << turn | state[z] >> (32 - turn)) & 0xFFFFFFFF

        for _ in range(4):
            for column in range(4):
                quarter(column, 4 + column, 8 + column, 12 + column)
            for column in range(4):
                quarter(
                    column,
                    4 + (column + 1) % 4,
                    8 + (column + 2) % 4,
                    12 + (column + 3) % 4,
                )
        words += [x + y & 0xFFFFFFFF for x, y in zip(state, start)]
    return words


class Words:
    """Takes words off the key stream as the streams of the crate do."""

    def __init__(self, seed, stream):
        self.words = iter(chacha8_words(seed, stream, blocks=40))

    def u64(self):
        low = next(self.words)
        return low | next(self.words) << 32

    def unit(self):
        return (self.u64() >> 11) / 2**53

    def below(self, n):
        """Lemire 2019: the high word of word * n, unless the low word shows a bias."""
        bits = 32 if n < 2**32 else 64
        while True:
            product = (next(self.words) if bits == 32 else self.u64()) * n
            if product % 2**bits >= 2**bits % n:
                return product >> bits

    def normal(self):
        """Leva 1992."""
        while True:
            u = 1 - self.unit()
            v = 1.7156 * (self.unit() - 0.5)
            x = u - 0.449871
            y = abs(v) + 0.386595
            q = x * x + y * (0.196 * y - 0.25472 * x)
            if q < 0.27597 or (q <= 0.27846 and v * v <= -4 * math.log(u) * u * u):
                return v / u


def stream_case(seed, stream):
    limits = [1, 6, 1000, 3 * 2**30, 2**32 - 1, 2**32, 3 * 2**62]
    draw = {name: Words(seed, stream) for name in ("u64", "unit", "below", "normal", "shuffle")}
    shuffled = list(range(20))
    for last in range(19, 0, -1):
        other = draw["shuffle"].below(last + 1)
        shuffled[last], shuffled[other] = shuffled[other], shuffled[last]
    # Whole numbers as text: JSON readers may hold numbers as 64-bit floats.
    return {
        "seed": str(seed),
        "stream": str(stream),
        "next_u64": [str(draw["u64"].u64()) for _ in range(100)],
        "unit": [draw["unit"].unit() for _ in range(10)],
        "below": [[str(n), str(draw["below"].below(n))] for n in limits * 3],
        "normal": [draw["normal"].normal() for _ in range(40)],
        "shuffled": shuffled,
    }


def unit_hash(seed, key):
    keyed = mix(mix((seed + GOLDEN) & MASK_64) ^ key)
    return (mix((keyed + GOLDEN) & MASK_64) >> 11) / 2**53


def hash_bytes(seed, data):
    state = mix(mix((seed + GOLDEN) & MASK_64) ^ len(data))
    for start in range(0, len(data), 8):
        word = int.from_bytes(data[start : start + 8], "little")
        state = mix(((state ^ word) + GOLDEN) & MASK_64)
    return mix((state + GOLDEN) & MASK_64)


def hash_case(seed):
    names = ["", "a", "patient-12", "a name that takes more than two words"]
    keys = [0, 1, 2, 10**12]
    return {
        "seed": str(seed),
        "unit_hash": [[str(key), unit_hash(seed, key)] for key in keys],
        "hash_bytes": [[name, str(hash_bytes(seed, name.encode()))] for name in names],
    }


def plain(value):
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [plain(item) for item in value]
    return value.item() if isinstance(value, np.generic) else value


def main():
    normal, integers = rng.normal, rng.integers
    reference = {
        "made_by": {
            "numpy": np.__version__,
            "scipy": scipy.__version__,
            "scikit-learn": sklearn.__version__,
        },
        "rankings": [
            ranking_case("normals", normal(0, 1, 200), normal(1.2, 1.3, 150)),
            ranking_case("worse than chance", normal(0, 1, 90), normal(-0.7, 2, 110)),
            ranking_case("heavy ties", integers(0, 5, 120), integers(1, 7, 80)),
            ranking_case("two values", integers(0, 2, 40), integers(0, 2, 30)),
            ranking_case("few OOD rows", normal(0, 1, 400), normal(1, 1, 3)),
            ranking_case("few ID rows", normal(0, 1, 2), normal(1, 1, 300)),
            ranking_case("one row each", [0.25], [0.5]),
            ranking_case("one row each, tied", [0.5], [0.5]),
            ranking_case("one row each, reversed", [0.75], [0.5]),
            ranking_case("all equal", np.full(30, 2.5), np.full(20, 2.5)),
            ranking_case("apart", normal(0, 1, 25), normal(40, 1, 35)),
            ranking_case("recalls that divide evenly", np.arange(100), np.arange(60, 160)),
            ranking_case("large offsets", 1e6 + normal(0, 1, 60), 1e6 + normal(1, 1, 60)),
        ],
        "paired": [
            paired_case("normals", 120, 90, 1.0, 4096),
            paired_case("heavy ties", 80, 100, 1.5, 1),
            paired_case("clear difference", 300, 300, 2.5, 4096),
            paired_case("few OOD rows", 200, 4, 0.5, 2),
        ],
        "beta_binomial": [
            beta_binomial_case(10, 1, 1, [0, 3, 10]),
            beta_binomial_case(200, 5, 95, [0, 1, 10, 25, 60, 200]),
            beta_binomial_case(2000, 10, 190, [20, 60, 100, 170, 400]),
            beta_binomial_case(2000, 50, 950, [40, 80, 100, 150]),
        ],
        "false_discovery": [
            false_discovery_case(60, 0.05),
            false_discovery_case(60, 0.2),
            false_discovery_case(300, 0.1),
        ],
        "streams": [
            stream_case(0, 0),
            stream_case(2022, 1),
            stream_case(2**64 - 1, 2**40 + 3),
        ],
        "hashes": [hash_case(0), hash_case(2022), hash_case(2**64 - 1)],
    }
    path = Path(__file__).with_suffix(".json")
    path.write_text(json.dumps(plain(reference), allow_nan=False) + "\n")


if __name__ == "__main__":
    main()
