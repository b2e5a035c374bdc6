"""The methods that both have: our recipe, how the peer is fitted and scores, and whether anything is
fitted at all."""

from torch.nn.functional import linear


def by_features(make):
    """A detector that fits and scores features."""

    def fit(a):
        return make(a).fit_features(a.train, a.labels)

    return fit, lambda d, a, x: d.predict_features(x), True


def by_logits(make, fitted=True):
    """A detector of logits; both begin with features, so that the head is part of the time."""

    def fit(a):
        d = make(a)
        return d.fit_logits(linear(a.train, a.W, a.b), a.labels) if fitted else d

    return fit, lambda d, a, x: d.predict_logits(linear(x, a.W, a.b)), fitted


def by_maps(make, fitted):
    """A shaper, which takes features as maps of one pixel."""

    def fit(a):
        d = make(a)
        return d.fit_feature_maps(a.train[:, :, None, None], a.labels) if fitted else d

    return fit, lambda d, a, x: d.predict_feature_maps(x[:, :, None, None]), fitted


def methods():
    from pytorch_ood import detector as p

    def flat(a):
        return lambda maps: linear(maps.flatten(1), a.W, a.b)

    d = lambda a: 1000 if a.W.shape[1] >= 2048 else 512 if a.W.shape[1] >= 768 else a.W.shape[1] // 2
    return {
        "vim": ("vim(dim=rule)", *by_features(lambda a: p.ViM(None, d(a), a.W, a.b))),
        "msp": ("msp", *by_logits(lambda a: p.MaxSoftmax(None), fitted=False)),
        "maxlogit": ("maxlogit", *by_logits(lambda a: p.MaxLogit(None), fitted=False)),
        "energy": ("energy", *by_logits(lambda a: p.EnergyBased(None), fitted=False)),
        "entropy": ("entropy", *by_logits(lambda a: p.Entropy(None), fitted=False)),
        "gen": ("gen(preset=pytorch-ood)", *by_logits(lambda a: p.GEN(None), fitted=False)),
        "tempscale": ("tempscale", *by_logits(lambda a: p.TemperatureScaling(None))),
        "klmatching": ("klmatching", *by_logits(lambda a: p.KLMatching(None))),
        "knn": ("knn(k=50)", *by_features(lambda a: p.KNN(None, k=50))),
        "she": ("she", *by_features(lambda a: p.SHE(None, a.head))),
        "nnguide": ("nnguide(k=10)", *by_features(lambda a: p.NNGuide(None, a.head, k=10))),
        "fdbd": ("fdbd", *by_features(lambda a: p.fDBD(None, a.head))),
        "nci": ("nci(alpha=0)", *by_features(lambda a: p.NCI(None, a.head))),
        "pnml": ("pnml", *by_features(lambda a: p.PNML(None, a.head))),
        "react": ("react(p=90)", *by_maps(lambda a: p.ReAct(None, flat(a)), fitted=True)),
        "ash-p": ("ash-p(p=65)", *by_maps(lambda a: p.ASH(None, flat(a), "ash-p"), fitted=False)),
        "ash-b": ("ash-b(p=65)", *by_maps(lambda a: p.ASH(None, flat(a), "ash-b"), fitted=False)),
        "ash-s": ("ash-s(p=65)", *by_maps(lambda a: p.ASH(None, flat(a), "ash-s"), fitted=False)),
        "scale": ("scale(p=65)", *by_maps(lambda a: p.SCALE(None, flat(a)), fitted=False)),
        "openmax": ("openmax(preset=pytorch-ood)", *by_logits(lambda a: p.OpenMax(None))),
        "mahalanobis": ("mahalanobis(preset=pytorch-ood)", *by_features(lambda a: p.Mahalanobis(None))),
        "rmd": ("rmd(preset=pytorch-ood)", *by_features(lambda a: p.RMD(None))),
        "gmm": ("gmm(preset=pytorch-ood)", *by_features(lambda a: p.GMM(None))),
        "dice": ("dice(p=90)", *by_features(lambda a: p.DICE(None, a.W, a.b, p=0.9))),
    }
