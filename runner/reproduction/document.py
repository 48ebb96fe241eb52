"""Build the document of a reproduction: every output of the paper beside what we got."""

from collections.abc import Callable
from functools import partial
from typing import Any

from runner.reports.experiment.document import Document, report_document
from runner.reproduction import network, scores, tuning
from runner.reproduction.advance import Reproduction, is_open, submitted, unfinished
from runner.reproduction.measured import Measured, Missing, Sources, Values
from runner.reproduction.paper import PAPER, Output
from runner.reproduction.paper_values import FIGURE_5

ROW_NUMBERS = range(1, len(FIGURE_5) + 1)

Measure = Callable[[Sources], Values]

# What an output's values come from; each part stands as soon as its own steps have ended.
MEASURE: dict[str, tuple[Measure, ...]] = {
    "MODEL": (network.network,),
    "DATA": (network.pictures,),
    "T-I": (scores.table_1,),
    "T-II": (scores.table_2_long, scores.table_2_short),
    "T-III": (scores.table_3_folds, scores.table_3_validation, scores.table_3_test),
    "F-2": (network.samples,),
    "F-3": (tuning.scan,),
    "F-4": tuple(partial(tuning.figure_4, row=row) for row in ROW_NUMBERS),
    "F-5": tuple(partial(tuning.figure_5, row=row) for row in ROW_NUMBERS),
    "LST": (network.layer_list,),
    "F-6": (partial(network.subject, name="cat"),),
    "F-7": (partial(network.layers, name="cat"),),
    "F-8": (partial(network.subject, name="truck"),),
    "F-9": (partial(network.layer, name="truck", number=1),),
    "F-10": (partial(network.layer, name="truck", number=17),),
    "F-11": (scores.confusion,),
    "F-12": (partial(network.why, name="airplane"),),
    "F-13": (partial(network.why, name="bird"),),
    "F-14": (partial(scores.epochs, step="untuned-long"),),
    "F-15": (partial(scores.epochs, step="untuned-short"),),
    "EQ": (scores.equations,),
    "FUT": (tuning.deeper, tuning.cifar100, tuning.more_epochs),
}

NO_INTERVAL = "Losses have no interval: they are not stored for each image."
OF_SUBJECTS = ("F-6", "F-7", "F-8", "F-9", "F-10", "F-12", "F-13")
FULL = "full"


def read_sources(reproduction: Reproduction) -> Sources:
    """Return what the store has of a reproduction."""
    experiments = submitted(reproduction, submit=False)
    left = unfinished(reproduction, experiments)
    documents = {
        step: report_document(reproduction.store, number)
        for step, number in experiments.items()
        if not is_open(reproduction.store, number)
    }
    return Sources(reproduction, experiments, left, documents)


def reproduction_document(sources: Sources) -> Document:
    """Return the document; its fields are described in docs/reference.md."""
    reproduction = sources.reproduction
    return {
        "scale": reproduction.scale.name,
        "dataset": reproduction.spec.to_json() | reproduction.dataset.to_json(),
        "seed": reproduction.seed,
        "experiments": dict(sources.experiments),
        "unfinished": dict(sources.unfinished),
        "ids": [_entry(sources, output) for output in PAPER],
        "files": [],
    }


def _entry(sources: Sources, output: Output) -> dict[str, Any]:
    """Return an output's values by name: the paper's, ours, and whether they agree."""
    found: Values = {}
    missing: list[str] = []
    for measure in MEASURE[output.id]:
        try:
            found |= measure(sources)
        except Missing as step:
            missing.append(str(step))
    names = dict.fromkeys((*output.values, *found))
    ours = {name: found.get(name, Measured(None)) for name in names}
    return {
        "id": output.id,
        "title": output.title,
        "place": output.place,
        "paper": {name: output.values.get(name) for name in names},
        "ours": {name: ours[name].value for name in names},
        "interval": {name: ours[name].interval for name in names},
        "images": {name: ours[name].images for name in names},
        "inside": {name: ours[name].agrees(output.values.get(name)) for name in names},
        "oddity": output.oddity,
        "note": _note(sources, output, missing),
    }


def _note(sources: Sources, output: Output, missing: list[str]) -> str:
    """Return how ours came about and why it may differ."""
    reproduction = sources.reproduction
    words = [output.ours]
    if missing:
        words.append(f"Not there yet: {', '.join(dict.fromkeys(missing))}.")
    if output.id == "FUT":
        words.append(tuning.FUTURE)
    if output.id.startswith("T-") and output.id != "T-III":
        words.append(NO_INTERVAL)
    if output.id in OF_SUBJECTS:
        words.append(reproduction.subjects.words() or "")
    words.append(scale_words(reproduction))
    return " ".join(word for word in words if word)


def scale_words(reproduction: Reproduction) -> str:
    """Say what is smaller than in the paper; nothing at full scale."""
    scale = reproduction.scale
    if scale.name == FULL:
        return ""
    more = ", ".join(f"{name} {value}" for name, value in scale.params.items())
    words = [
        f"{len(reproduction.dataset.train):,} images to train on",
        f"{scale.long} epochs for the paper's 100",
        f"{scale.short} for its 10",
        *([f"{scale.epochs} in the grid and in Figure 5"] if scale.epochs else []),
        f"{scale.folds} folds",
        *([f"{more} in every trial"] if more else []),
    ]
    return f"Scale {scale.name}: {', '.join(words)}."
