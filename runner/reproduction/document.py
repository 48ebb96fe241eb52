"""Build the document of a reproduction: the paper's value and our value of every output."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cifar_model.data import Description
from runner.reports.records import Interval
from runner.reproduction.advance import Reproduction
from runner.reproduction.measured import Measured, Missing, Sources, Values
from runner.reproduction.outputs import OUTPUTS
from runner.reproduction.paper_output import PaperOutput
from runner.reproduction.paper_values import Content

FULL = "full"
# The official archive.
PAPER_IMAGES = "cifar10"


@dataclass(frozen=True, slots=True)
class Value:
    """One value of an output: the paper's and ours, and whether they agree.

    `interval` and `images` are set for accuracies. `seeds` is the number of trained networks of
    which ours is the mean. `inside` is whether the paper's value lies in
    the interval or, for a value without sampling error, whether the two are equal. It is None if
    they cannot be compared.
    """

    name: str
    paper: Content | None
    ours: Content | None
    interval: Interval | None
    images: int | None
    seeds: int | None
    inside: bool | None


@dataclass(frozen=True, slots=True)
class Output:
    """One output of the paper: the paper's values and ours, and notes on them.

    `oddity` is an inconsistency in the paper, `note` says how our values were computed. JSON has a
    mapping by name for each field of the values.
    """

    id: str
    title: str
    place: str
    values: list[Value]
    oddity: str | None
    note: str

    def to_json(self) -> Mapping[str, str | Mapping[str, Content | None] | None]:
        """Return it as plain JSON."""
        return {
            "id": self.id,
            "title": self.title,
            "place": self.place,
            "paper": {value.name: value.paper for value in self.values},
            "ours": {value.name: value.ours for value in self.values},
            "interval": {value.name: value.interval for value in self.values},
            "images": {value.name: value.images for value in self.values},
            "seeds": {value.name: value.seeds for value in self.values},
            "inside": {value.name: value.inside for value in self.values},
            "oddity": self.oddity,
            "note": self.note,
        }


@dataclass(frozen=True, slots=True)
class ReproductionDocument:
    """All outputs of the paper, and the experiments that our values come from.

    `unfinished` has the steps without a result, with their job counts by state; the counts are None
    if a step has no experiment.
    """

    scale: str
    dataset: Description
    seed: int
    repeats: int
    experiments: dict[str, int]
    unfinished: dict[str, dict[str, int] | None]
    ids: list[Output]
    files: list[str]


def reproduction_document(
    sources: Sources, outputs: Sequence[PaperOutput] = OUTPUTS
) -> ReproductionDocument:
    """Return the document of these outputs. docs/reference.md describes its fields."""
    reproduction = sources.reproduction
    return ReproductionDocument(
        scale=reproduction.scale.name,
        dataset=reproduction.description,
        seed=reproduction.seed,
        repeats=reproduction.repeats,
        experiments=dict(sources.experiments),
        unfinished=dict(sources.unfinished),
        ids=[_output(sources, output) for output in outputs],
        files=[],
    )


def _output(sources: Sources, output: PaperOutput) -> Output:
    found: Values = {}
    missing: list[str] = []
    for measure in output.ours:
        try:
            found |= measure(sources)
        except Missing as step:
            missing.append(str(step))
    names = dict.fromkeys((*output.paper, *found))
    has_accuracy = any(measured.interval is not None for measured in found.values())
    return Output(
        id=output.id,
        title=output.title,
        place=output.place,
        values=[
            _value(name, output.paper.get(name), found.get(name, Measured(None))) for name in names
        ],
        oddity=output.oddity,
        note=_note(sources.reproduction, output, missing, has_accuracy),
    )


def _value(name: str, paper: Content | None, ours: Measured) -> Value:
    return Value(
        name,
        paper,
        ours.value,
        ours.interval,
        ours.images,
        ours.seeds,
        inside=ours.agrees(paper),
    )


def _note(
    reproduction: Reproduction, output: PaperOutput, missing: list[str], has_accuracy: bool
) -> str:
    """Return the note of an output: how our values were computed and why they may differ."""
    words = [output.note]
    if missing:
        words.append(f"Steps without a result yet: {', '.join(dict.fromkeys(missing))}.")
    words.append(output.remark)
    if output.of_subjects:
        words.append(reproduction.subjects.words() or "")
    if has_accuracy and reproduction.spec.name != PAPER_IMAGES:
        words.append(
            f"The images are not those of the paper but {reproduction.description.title}. Images"
            " that were compressed as JPEG may lower an accuracy: see `python -m benchmarks.jpeg`."
        )
    words.append(_scale_words(reproduction))
    return " ".join(word for word in words if word)


def _scale_words(reproduction: Reproduction) -> str:
    """Return what is smaller than in the paper; an empty string at full scale."""
    scale = reproduction.scale
    if scale.name == FULL:
        return ""
    more = ", ".join(f"{name} {value}" for name, value in scale.params.items())
    words = [
        f"{len(reproduction.dataset.train):,} training images",
        f"{scale.long} epochs instead of the paper's 100",
        f"{scale.short} instead of its 10",
        *([f"{scale.epochs} in the grid and in Figure 5"] if scale.epochs else []),
        f"{scale.folds} folds",
        *([f"{more} in all trials"] if more else []),
    ]
    return f"Scale {scale.name}: {', '.join(words)}."
