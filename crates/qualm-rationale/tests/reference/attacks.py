"""Reference outcomes of DeepWordBug (every letter tried) and PWWS, in both variants.

Written from the papers and from TextAttack's description of its recipes, not from this crate. Run it
in its folder; it writes attacks.json: a victim, a thesaurus, 50 inputs and what comes of them.

    python3 attacks.py
"""

import json
import math
import random
import re
import string

WORD = re.compile(r"[^\W_]+(?:['’`\-_][^\W_]+)*")
STOP = set(
    """a about above after again against all am an and any are as at be because been before being
    below between both but by can could did do does doing down during each every few for from further
    had has have having he her here hers herself him himself his how i if in into is it its itself
    just me more most my myself no nor not now of off on once only or other our ours ourselves out
    over own same she should so some such than that the their theirs them themselves then there these
    they this those through to too under until up upon us very was we were what when where which while
    who whom why will with within without would you your yours yourself""".split()
)


class Victim:
    """Logistic over words and letters; all weights are multiples of 1/1024, so sums are exact."""

    def __init__(self, model):
        self.words, self.letters, self.bias = model["words"], model["letters"], model["bias"]
        self.asked = set()

    def __call__(self, text):
        self.asked.add(text)
        words = [word.lower() for word in WORD.findall(text)]
        z = self.bias + sum(self.words.get(word, 0.0) for word in words)
        z += sum(self.letters.get(letter, 0.0) for word in words for letter in word)
        p = 1.0 / (1.0 + math.exp(-z))
        return [1.0 - p, p]


class Text:
    def __init__(self, text):
        self.text = text
        self.spans = [match.span() for match in WORD.finditer(text)]
        self.words = [text[a:b] for a, b in self.spans]

    def join(self, words):
        out, end = [], 0
        for (a, b), word in zip(self.spans, words):
            out += [self.text[end:a], word]
            end = b
        return "".join(out) + self.text[end:]

    def replaced(self, words, at, word):
        return self.join(words[:at] + [word] + words[at + 1 :])


def slips(word):
    """Swaps of neighbours, substitutions, deletions, insertions; each result once."""
    made = [word[:i] + word[i + 1] + word[i] + word[i + 2 :] for i in range(len(word) - 1)]
    made += [
        word[:i] + letter + word[i + 1 :]
        for i in range(len(word))
        for letter in string.ascii_lowercase
    ]
    if len(word) > 1:
        made += [word[:i] + word[i + 1 :] for i in range(len(word))]
    made += [
        word[:i] + letter + word[i:]
        for i in range(len(word) + 1)
        for letter in string.ascii_lowercase
    ]
    # Swaps and the rest may meet; what was met within one kind counts once, too.
    return list(dict.fromkeys(other for other in made if other != word))


def cased(model, word):
    rest = [letter for letter in model[1:] if letter.isalpha()]
    if model[0].isupper() and rest and all(letter.isupper() for letter in rest):
        return word.upper()
    return word[0].upper() + word[1:] if model[0].isupper() else word


def synonyms(thesaurus, word):
    others = thesaurus.get(word.lower(), [])
    return [cased(word, other) for other in others if other != word.lower()]


def predicted(row):
    return 1 if row[1] > row[0] else 0


def greedy(victim, text, label, order, candidates):
    words = list(text.words)
    score = 1.0 - victim(text.join(words))[label]
    for at in order:
        best = None
        for other in candidates(words[at]):
            row = victim(text.replaced(words, at, other))
            if best is None or 1.0 - row[label] > best[0]:
                best = (1.0 - row[label], other, predicted(row) != label)
        if best and best[0] > score:
            score, words[at] = best[0], best[1]
            if best[2]:
                return words, True
    return words, False


def deepwordbug(victim, text, label):
    places = [i for i, word in enumerate(text.words) if word.lower() not in STOP]
    importance = {
        i: 1.0 - victim(text.replaced(text.words, i, "[UNK]"))[label] for i in places
    }
    order = sorted(places, key=lambda i: -importance[i])
    return greedy(victim, text, label, order, slips)


def pwws_parts(victim, text, label):
    places = [i for i, word in enumerate(text.words) if word.lower() not in STOP]
    blank = {i: victim(text.replaced(text.words, i, "[UNK]"))[label] for i in places}
    return places, blank


def softmax(values):
    weights = [math.exp(value) for value in values]
    return [weight / sum(weights) for weight in weights]


def pwws_paper(victim, text, label, thesaurus):
    before = victim(text.text)[label]
    places, blank = pwws_parts(victim, text, label)
    weights = softmax([before - blank[i] for i in places])
    plan = []
    for i, weight in zip(places, weights):
        drops = [
            (before - victim(text.replaced(text.words, i, other))[label], other)
            for other in synonyms(thesaurus, text.words[i])
        ]
        if drops:
            drop, other = max(drops, key=lambda pair: pair[0])
            plan.append((weight * drop, i, other))
    words = list(text.words)
    for _, i, other in sorted(plan, key=lambda entry: -entry[0]):
        words[i] = other
        if predicted(victim(text.join(words))) != label:
            return words, True
    return words, False


def pwws_textattack(victim, text, label, thesaurus):
    places, blank = pwws_parts(victim, text, label)
    weights = softmax([1.0 - blank[i] for i in places])
    rank = {}
    for i, weight in zip(places, weights):
        scores = [
            1.0 - victim(text.replaced(text.words, i, other))[label]
            for other in synonyms(thesaurus, text.words[i])
        ]
        rank[i] = weight * max(scores, default=0.0)
    order = sorted(places, key=lambda i: -rank[i])
    return greedy(victim, text, label, order, lambda word: synonyms(thesaurus, word))


def make_inputs(rng, good, bad, plain):
    inputs = []
    shapes = [
        "The {n} was {a} and the {m} {b}, but I {v} it.",
        "{A} {n}! We {v} the {m}; it is {b}.",
        "I {v} this {a} {n}. The {m}, however, seemed {b}...",
        "{A}, {b} and {c}: that is the {n}.",
        "Don't go: the {n} was {a}, the {m} {b}, all of it {c}.",
    ]
    for number in range(50):
        tone = [good, bad][number % 2]
        mixed = [rng.choice(tone), rng.choice(tone), rng.choice(rng.choice([good, bad]))]
        shape = shapes[number % len(shapes)]
        text = shape.format(
            n=rng.choice(plain),
            m=rng.choice(plain),
            a=mixed[0],
            A=mixed[0].upper() if number % 3 else mixed[0].capitalize(),
            b=mixed[1],
            c=mixed[2],
            v=rng.choice(["liked", "hated", "watched"]),
        )
        # One in ten is labelled wrongly, which attacks skip.
        label = int((number % 2 == 0) != (number % 10 == 9))
        inputs.append({"text": text, "label": label})
    return inputs


def main():
    rng = random.Random(2022)
    good = ["great", "lovely", "fine", "superb", "charming"]
    bad = ["awful", "dull", "poor", "dreadful", "tedious"]
    plain = ["film", "story", "soup", "hotel", "music", "ending"]
    weight = lambda low, high: rng.randint(low, high) / 1024
    model = {
        "bias": weight(-100, 100),
        "words": {word: weight(300, 1500) for word in good}
        | {word: weight(-1500, -300) for word in bad}
        | {word: weight(-200, 200) for word in plain + ["watched", "okay", "so-so", "decent"]}
        | {"liked": 0.75, "hated": -0.75, "nice": 0.5, "bad": -0.5},
        "letters": {letter: weight(-24, 24) for letter in string.ascii_lowercase},
    }
    thesaurus = {
        "great": ["nice", "decent", "big"],
        "lovely": ["charming", "nice", "okay"],
        "fine": ["okay", "decent"],
        "superb": ["great", "nice"],
        "charming": ["lovely", "quaint"],
        "awful": ["bad", "dreadful", "okay"],
        "dull": ["tedious", "grey"],
        "poor": ["bad", "so-so"],
        "dreadful": ["awful", "bad", "decent"],
        "tedious": ["dull", "slow"],
        "film": ["movie", "picture"],
        "story": ["tale", "plot"],
        "liked": ["fancied", "watched"],
        "hated": ["disliked", "watched"],
    }
    attacks = {
        "deepwordbug-all": deepwordbug,
        "pwws": lambda v, t, y: pwws_paper(v, t, y, thesaurus),
        "pwws-textattack": lambda v, t, y: pwws_textattack(v, t, y, thesaurus),
    }
    inputs = make_inputs(rng, good, bad, plain)
    outcomes = {}
    for name, attack in attacks.items():
        rows = outcomes[name] = []
        for item in inputs:
            victim, text = Victim(model), Text(item["text"])
            if predicted(victim(item["text"])) != item["label"]:
                rows.append({"outcome": "skipped", "text": item["text"], "changed": 0, "queries": 1})
                continue
            words, success = attack(victim, text, item["label"])
            rows.append(
                {
                    "outcome": "succeeded" if success else "failed",
                    "text": text.join(words),
                    "changed": sum(a != b for a, b in zip(words, text.words)),
                    "queries": len(victim.asked),
                }
            )
    whole = {"model": model, "thesaurus": thesaurus, "inputs": inputs, "outcomes": outcomes}
    with open("attacks.json", "w") as file:
        json.dump(whole, file, indent=1)
        file.write("\n")


main()
