"""Measure how often explanations of good and of bad networks are called sound.

Five networks of one architecture: `trained`, `some` (few images, few epochs), `memorised` (random
labels, until they are known by heart), `chance` (a learning rate so small that nothing is learned)
and `random` (as it was built). Each method explains the class that each of them predicts for test
images in random order: data sets may have theirs in the order of the classes.

Printed are the share of sound explanations by the first rules, by the newest ones, and by those
without the rule about held-out images, for the even images and for the odd ones, and how often
hiding the shown regions lowers the probability more than hiding random regions does, by verdict.

`--falls` repeats the even images' shares for other limits of the fall, `--chances` for other limits
of the rule about held-out images: they are chosen on them, and checked on the odd ones.
Measurements are kept in a file, and a run that is stopped goes on.
"""

import argparse
import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

from benchmarks.folders import KEPT
from benchmarks.networks import MOMENTUM
from benchmarks.trust import share
from cifar_model import determinism
from cifar_model.data import Dataset, DatasetSpec, Split, load
from cifar_model.explanation.attributions import answers
from cifar_model.explanation.curves import curves
from cifar_model.explanation.deletion import check
from cifar_model.explanation.held_out import held_out
from cifar_model.explanation.integrity import judge as judge_fit
from cifar_model.explanation.picture import explain
from cifar_model.explanation.randomisation import randomise
from cifar_model.explanation.segmentation import divide
from cifar_model.explanation.settings import METHODS, Settings
from cifar_model.explanation.verdict import FALL, MOST_CHANCE, RULES, judge
from cifar_model.prediction import Predictor
from cifar_model.results import Checks, Evidence, Explanation, Integrity

# The width of the first of three convolutions.
FILTERS = 24

# So many test images tell the accuracy, and at most so many are explained.
LARGEST_TEST = 2000


@dataclass(frozen=True, slots=True)
class Case:
    """How a network is trained: the images, the epochs and the learning rate."""

    images: int
    epochs: int
    rate: float = 0.006
    batch: int = 64
    shuffled: bool = False


CASES = {
    "trained": Case(40_000, 12),
    "some": Case(2_000, 6, batch=32),
    "memorised": Case(500, 60, batch=32, shuffled=True),
    "chance": Case(2_000, 1, rate=1e-8),
    "random": Case(0, 0),
}


@dataclass(frozen=True, slots=True)
class Row:
    """What was measured of the explanation of one image."""

    network: str
    method: str
    image: int
    right: bool
    probability: float
    integrity: Integrity
    checks: Checks
    evidence: Evidence | None

    @property
    def first(self) -> str:
        """Return the verdict by the first rules."""
        return judge_fit(self.integrity)[0]

    @property
    def beats_random(self) -> bool:
        """Tell whether hiding the shown regions lowers the probability more than random ones."""
        removed, random = self.checks.removed, self.checks.removed_random
        return removed is not None and random is not None and removed < random

    def sound_by_fall(self, fall: float = FALL) -> bool:
        """Tell whether the rules but that about held-out images call it sound, by a least fall."""
        fit, known = judge_fit(self.integrity), self.evidence
        alone = known and replace(known, similar_chance=None)
        return judge(fit, self.probability, self.checks, alone, fall)[0] == "sound"

    def sound(self, chance: float = MOST_CHANCE) -> bool:
        """Tell whether all rules call it sound, by a limit on the held-out images."""
        measured = 0.0 if self.evidence is None else self.evidence.similar_chance or 0.0
        return self.sound_by_fall() and measured <= chance


def main() -> None:
    """Train the networks that are not kept, explain what is not measured yet, and summarise."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dataset", default="shapes", help="as for `runner submit train`")
    parser.add_argument("--train-size", type=int, help="at most so many images are trained on")
    parser.add_argument("--networks", nargs="*", choices=CASES, default=list(CASES))
    parser.add_argument("--methods", nargs="*", choices=METHODS, default=METHODS[:4])
    parser.add_argument("--images", type=int, default=200)
    parser.add_argument("--samples", type=int, default=1000)
    parser.add_argument("--keep", type=Path, default=KEPT / "verdicts")
    parser.add_argument("--falls", nargs="*", type=float, default=(0.1, 0.2, 0.3333, 0.5))
    parser.add_argument("--chances", nargs="*", type=float, default=(0.001, 0.01, 0.05))
    parser.add_argument("--summarise-only", action="store_true", help="measure nothing more")
    parser.add_argument("--cost", action="store_true", help="measure only what the checks cost")
    given = parser.parse_args()
    determinism.configure(1)
    if given.cost:
        for method in given.methods:
            print(f"{method}: {cost(given, method)}", flush=True)
        return
    if not given.summarise_only:
        measure(given)
    rows = [each for each in read(given.keep) if each.image < given.images]
    for method in given.methods:
        for network in given.networks:
            summarise(method, network, rows, given)


def measure(given: argparse.Namespace) -> None:
    """Explain the images that were not explained yet, some of every network and method at a time.

    So a run that is stopped has measured about as much of each.
    """
    given.keep.mkdir(parents=True, exist_ok=True)
    dataset = load(DatasetSpec(given.dataset), given.keep)
    order = np.random.default_rng(0).permutation(len(dataset.test))
    test = dataset.test.take(order[:LARGEST_TEST])
    networks = {name: network(dataset, test, name, given) for name in given.networks}
    done = {(row.network, row.method, row.image) for row in read(given.keep)}
    known = {
        (name, method): randomise(
            predictor.model, test.images, Settings("small", given.samples, 0, method)
        )
        for name, predictor in networks.items()
        for method in given.methods
    }
    known_labels = {name: held_out(predictor, test) for name, predictor in networks.items()}
    with (given.keep / "rows.jsonl").open("a", encoding="utf-8") as file:
        for image in range(given.images):
            for (name, method), randomisation in known.items():
                if (name, method, image) in done:
                    continue
                settings = Settings("small", given.samples, 0, method)
                picture = test.images[image]
                others = known_labels[name].without(image)
                (found,) = explain(
                    networks[name], picture, [], settings, randomisation, others
                ).explanations
                right = found.label == test.labels[image]
                file.write(json.dumps(stored(name, method, image, bool(right), found)) + "\n")
                file.flush()


def cost(given: argparse.Namespace, method: str) -> str:
    """Return the processor time of explanations by the first rules and by the newest ones.

    Also that of the comparison with untrained networks, which is made once a trial and method.
    """
    dataset = load(DatasetSpec(given.dataset), given.keep)
    # What an untrained network says is void, and void explanations are not checked.
    predictor = network(dataset, dataset.test, "trained", given)
    settings = Settings("small", given.samples, 0, method)

    def by_rules_1(image: NDArray[np.uint8]) -> None:
        scaled = np.divide(image, 255, dtype=np.float32)
        divided = divide(scaled, settings.segmentation)
        label = int(predictor.probabilities(scaled[None])[0].argmax())
        weights = {label: answers(predictor, divided, [label], settings)[0].weights}
        check(predictor, divided, weights, settings.seed)
        curves(predictor, divided, weights)

    known = held_out(predictor, dataset.test)

    def by_newest(image: NDArray[np.uint8]) -> None:
        explain(predictor, image, [], settings, held_out=known)

    seconds = []
    for explained in (by_rules_1, by_newest):
        explained(dataset.test.images[0])  # compiles
        start = time.process_time()
        for image in dataset.test.images[: given.images]:
            explained(image)
        seconds.append((time.process_time() - start) / given.images)
    first, second = seconds
    start = time.process_time()
    randomise(predictor.model, dataset.test.images, settings)
    once = (time.process_time() - start) / second
    return (
        f"{first:.2f} s by rules 1, {second:.2f} s by rules {RULES}, {second / first:.2f} times; "
        f"the untrained networks, once: as long as {once:.1f} explanations"
    )


def stored(network: str, method: str, image: int, right: bool, found: Explanation) -> object:
    """Return a row as JSON."""
    measured = (found.probability, found.integrity, found.checks, found.evidence)
    return asdict(Row(network, method, image, right, *measured))


def read(keep: Path) -> list[Row]:
    """Return the rows that are kept."""
    path = keep / "rows.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    found = []
    for line in lines:
        row = json.loads(line)
        evidence = row["evidence"]
        row |= {"integrity": Integrity(**row["integrity"]), "checks": Checks(**row["checks"])}
        found.append(Row(**row | {"evidence": evidence and Evidence(**evidence)}))
    return found


def network(dataset: Dataset, test: Split, name: str, given: argparse.Namespace) -> Predictor:
    """Return a network that is kept, or a new one, and print its accuracy."""
    case = CASES[name]
    model = build(dataset.train.images.shape[1:], len(dataset.classes))
    kept = given.keep / f"{name}.weights.h5"
    if kept.exists():
        model.load_weights(kept)
    elif case.images:
        fit(model, dataset, case, given.train_size)
        model.save_weights(kept)
    predictor = Predictor(model)
    rows = predictor.probabilities(test.scaled(slice(0, len(test))))
    accuracy = np.mean(rows.argmax(axis=1) == test.labels)
    print(f"{name}: test accuracy {accuracy:.3f} on {len(test)} images", flush=True)
    return predictor


def build(shape: tuple[int, ...], classes: int) -> keras.Model:
    """Return a small convolutional network with new weights."""
    keras.utils.set_random_seed(0)
    layers = keras.layers
    network: list[keras.layers.Layer] = [keras.Input(shape)]
    for filters, size in ((FILTERS, 4), (2 * FILTERS, 3), (4 * FILTERS, 3)):
        first = size == 4
        strides = 2 if first else 1
        network += [
            layers.Conv2D(filters, size, strides, padding="same", use_bias=False),
            layers.BatchNormalization(momentum=MOMENTUM),
            layers.Activation("relu"),
            *([] if first else [layers.MaxPooling2D()]),
        ]
    top = layers.Dense(classes, activation="softmax")
    return keras.Sequential([*network, layers.GlobalAveragePooling2D(), top])


def fit(model: keras.Model, dataset: Dataset, case: Case, most: int | None) -> None:
    """Train a network with one cycle of the learning rate."""
    count = min(case.images, len(dataset.train), most or case.images)
    images, labels = dataset.train.scaled(slice(0, count)), dataset.train.labels[:count]
    if case.shuffled:
        labels = np.random.default_rng(0).permutation(labels)
    steps = case.epochs * -(-count // case.batch)
    rate = keras.optimizers.schedules.CosineDecay(
        case.rate / 6, steps, warmup_target=case.rate, warmup_steps=steps // 5
    )
    optimizer = keras.optimizers.Adam(rate)
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(images, labels, batch_size=case.batch, epochs=case.epochs, verbose=2)


def summarise(method: str, network: str, rows: Sequence[Row], given: argparse.Namespace) -> None:
    """Print the shares with Wilson's 95 % intervals."""
    of = [row for row in rows if (row.method, row.network) == (method, network)]
    even = [row for row in of if row.image % 2 == 0]
    odd = [row for row in of if row.image % 2]
    start = f"{method}, {network}"
    print(f"{start}: sound by rules 1: {share([row.first == 'sound' for row in of])}")
    alone = share([row.sound_by_fall() for row in of])
    print(f"{start}: sound by rules {RULES} without held-out images: {alone}")
    for name, part in (("all", of), ("even", even), ("odd", odd)):
        by_all = share([row.sound() for row in part])
        print(f"{start}: sound by rules {RULES}, {name} images: {by_all}")
    for fall in given.falls:
        found = [row.sound_by_fall(fall) for row in even]
        print(f"{start}: even images, without held-out images, a fall of {fall}: {share(found)}")
    for chance in given.chances:
        found = [row.sound(chance) for row in even]
        print(f"{start}: even images, a chance of {chance}: {share(found)}")
    for sound in (True, False):
        beats = [row.beats_random for row in of if row.sound() == sound]
        print(f"{start}: {'sound' if sound else 'not sound'}, beats random: {share(beats)}")


if __name__ == "__main__":
    main()
