"""Reference outcomes of DeepWordBug (every letter tried), PWWS in both variants, and Pruthi's typos.

Written from the papers and from TextAttack's description of its recipes, not from this crate. Run it
in its folder; it writes attacks.json: a victim, a thesaurus, 50 inputs and what comes of them, DeepWordBug also with
a budget of queries.

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

    def __init__(self, model, budget=math.inf):
        self.budget = budget
        self.words, self.letters, self.bias = model["words"], model["letters"], model["bias"]
        self.asked = set()

    def __call__(self, text):
        if text not in self.asked and len(self.asked) >= self.budget:
            raise Spent
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


def swaps(word, first, last):
    return [word[:i] + word[i + 1] + word[i] + word[i + 2 :] for i in range(first, last - 1)]


def deletions(word, first, last):
    return [word[:i] + word[i + 1 :] for i in range(first, last)]


def put_in(word, first, last, skip):
    """A small letter before each place (skip 0), or in its stead (skip 1)."""
    places = range(first, last)
    return [word[:i] + c + word[i + skip :] for i in places for c in string.ascii_lowercase]


def others(word, made):
    """Each word once, without the word itself."""
    return list(dict.fromkeys(other for other in made if other != word))


def slips(word):
    """Every swap, substitution, deletion and insertion; nothing of one letter, none behind the last."""
    n = len(word)
    if n < 2:
        return []
    made = swaps(word, 0, n) + put_in(word, 0, n, 1) + deletions(word, 0, n) + put_in(word, 0, n, 0)
    return others(word, made)


# Keys that touch, row by row from the top left; both ways.
TOUCH = [pair for row in ("qwertyuiop", "asdfghjkl", "zxcvbnm") for pair in zip(row, row[1:])]
TOUCH += [pair for pair in zip("qwertyuio", "asdfghjkl")] + [pair for pair in zip("wertyuiop", "asdfghjkl")]
TOUCH += [pair for pair in zip("qwertyui", "sdfghjkl")]
TOUCH += [pair for pair in zip("asdfghj", "zxcvbnm")] + [pair for pair in zip("sdfghjk", "zxcvbnm")]


def typos(word):
    """Slips of inner letters; keys that touch the letter's, in its case."""
    n = len(word)
    made = swaps(word, 1, n - 1) + deletions(word, 1, n - 1) + put_in(word, 1, n - 1, 0)
    for i in range(1, n - 1):
        small = word[i].lower()
        near = [b if a == small else a for a, b in TOUCH if small in (a, b)]
        near = [c.upper() for c in near] if word[i].isupper() else near
        made += [word[:i] + c + word[i + 1 :] for c in near]
    return others(word, made)


def levenshtein(a, b):
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        corner, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            corner, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, corner + (x != y))
    return row[-1]


class Near:
    """Whether two texts are at most 30 letters apart: the distance of the whole texts, which is
    computed only where the sum over words, never less, does not settle it."""

    def __init__(self, text):
        self.text = text

    def __call__(self, words):
        pairs = [(a, b) for a, b in zip(self.text.words, words) if a != b]
        if sum(levenshtein(a, b) for a, b in pairs) <= 30:
            return True
        return levenshtein(self.text.text, self.text.join(words)) <= 30


class Spent(Exception):
    pass


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


def greedy(victim, text, label, order, candidates, near=lambda words: True):
    words = list(text.words)
    score = 1.0 - victim(text.join(words))[label]
    for at in order:
        best, over = None, False
        for other in candidates(words[at]):
            if not near(words[:at] + [other] + words[at + 1 :]):
                continue
            try:
                row = victim(text.replaced(words, at, other))
            except Spent:
                over = True
                break
            if best is None or 1.0 - row[label] > best[0]:
                best = (1.0 - row[label], other, predicted(row) != label)
        if best and best[0] > score:
            score, words[at] = best[0], best[1]
            if best[2]:
                return words, True
        if over:
            break
    return words, False


def deepwordbug(victim, text, label):
    places = [i for i, word in enumerate(text.words) if word.lower() not in STOP]
    try:
        importance = {
            i: 1.0 - victim(text.replaced(text.words, i, "[UNK]"))[label] for i in places
        }
    except Spent:
        return text.words, False
    order = sorted(places, key=lambda i: -importance[i])
    return greedy(victim, text, label, order, slips, Near(text))


def pruthi(victim, text, label):
    """One word, the best of all typos of all words of four letters or more."""
    best = None
    for i, word in enumerate(text.words):
        if word.lower() in STOP or len(word) < 4:
            continue
        for other in typos(word):
            row = victim(text.replaced(text.words, i, other))
            if best is None or row[label] < best[0]:
                best = (row[label], i, other, predicted(row) != label)
    if best is None:
        return text.words, False
    _, at, other, success = best
    return text.words[:at] + [other] + text.words[at + 1 :], success


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
    # What stop words say cannot be attacked: words change until thirty letters do.
    long = (
        "Truly, truly {a}: every scene, chorus, costume, corridor, breakfast, window, staircase, "
        "violin, curtain, lantern, balcony, garden, mirror, pillow, kettle, orchestra, {n}, {m}, "
        "carpet, ticket, doorway, fountain, corner and cushion {w} {w} {w} {b}, all of it {c}."
    )
    for number in range(50):
        tone = [good, bad][number % 2]
        mixed = [rng.choice(tone), rng.choice(tone), rng.choice(rng.choice([good, bad]))]
        shape = shapes[number % len(shapes)]
        if number % 10 in (4, 7):
            shape = long
        text = shape.format(
            w=["itself", "himself"][number % 2],
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
        | {"itself": 4.0, "himself": -4.0, "liked": 0.75, "hated": -0.75, "nice": 0.5, "bad": -0.5},
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
        "pruthi": pruthi,
        "pwws": lambda v, t, y: pwws_paper(v, t, y, thesaurus),
        "pwws-textattack": lambda v, t, y: pwws_textattack(v, t, y, thesaurus),
    }
    inputs = make_inputs(rng, good, bad, plain)
    budget = 260
    runs = [(name, name, attack, math.inf) for name, attack in attacks.items()]
    runs.append(("deepwordbug-all within the budget", "deepwordbug-all", deepwordbug, budget))
    outcomes = []
    for title, name, attack, most in runs:
        rows = []
        outcomes.append({"run": title, "attack": name, "limited": most == budget, "rows": rows})
        for item in inputs:
            victim, text = Victim(model, most), Text(item["text"])
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
    whole = {"model": model, "thesaurus": thesaurus, "inputs": inputs, "budget": budget}
    whole["outcomes"] = outcomes
    with open("attacks.json", "w") as file:
        json.dump(whole, file, indent=1)
        file.write("\n")


main()
