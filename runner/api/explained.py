"""Explanations that were made in this process, and how they look in a notebook."""

from collections.abc import Iterator, Sequence
from typing import Any, overload

from numpy.typing import NDArray

from cifar_model import results
from cifar_model.data import Description
from cifar_model.explanation.regions import curve_counts, mask
from cifar_model.explanation.settings import Settings
from runner.reports.records import Curves, Explanation
from runner.store import queries

NOT_GIVEN = "not given"


class Explanations(Sequence[results.Explained]):
    """The explanations of several images, in their order, each with one entry per label."""

    def __init__(
        self,
        trial: queries.Trial,
        settings: Settings,
        images: NDArray[Any],
        found: Sequence[results.Explained],
    ) -> None:
        self._trial = trial
        self._settings = settings
        self._images = images
        self._found = found

    @overload
    def __getitem__(self, place: int) -> results.Explained: ...
    @overload
    def __getitem__(self, place: slice) -> "Explanations": ...
    def __getitem__(self, place: int | slice) -> "results.Explained | Explanations":
        if isinstance(place, slice):
            chosen = self._images[place], self._found[place]
            return Explanations(self._trial, self._settings, *chosen)
        return self._found[place]

    def __len__(self) -> int:
        return len(self._found)

    def masks(self) -> list[NDArray[Any]]:
        """Return where each image supports (1) and opposes (-1) its first label."""
        return [mask(each.segments, each.explanations[0].weights) for each in self._found]

    def __repr__(self) -> str:
        names = Description.from_json(self._trial.dataset).classes
        said = [
            f"image {place}: {names[each.label]}, {each.verdict}"
            for place, image in enumerate(self._found)
            for each in image.explanations
        ]
        return f"<runner explanations of trial {self._trial.id}: {'; '.join(said)}>"

    def _repr_html_(self) -> str:
        from runner.reports.figures.overlay import draw_overlay
        from runner.reports.formats.html import as_fragment

        dataset = Description.from_json(self._trial.dataset)
        figures = [
            draw_overlay(dataset, record, {"image": self._images[record.image], "segments": ids})
            for record, ids in self._records(dataset.classes)
        ]
        return as_fragment(f"Explanations by trial {self._trial.id}", figures)

    def _records(self, classes: Sequence[str]) -> Iterator[tuple[Explanation, NDArray[Any]]]:
        for image, explained in enumerate(self._found):
            for each in explained.explanations:
                yield self._record(image, explained, each, classes), explained.segments

    def _record(
        self,
        image: int,
        explained: results.Explained,
        each: results.Explanation,
        classes: Sequence[str],
    ) -> Explanation:
        """Return the record that reports draw; what only a stored explanation has is 0 or None."""
        integrity, checks, settings = each.integrity, each.checks, self._settings
        count = integrity.superpixels
        curves = each.curves and Curves(
            (curve_counts(count) / count).tolist(), each.curves.deletion, each.curves.insertion
        )
        return Explanation(
            explanation=0,
            job=0,
            trial=self._trial.id,
            image=image,
            label=each.label,
            class_=classes[each.label],
            true_class=NOT_GIVEN,
            predicted_class=classes[explained.predicted],
            other_class=None if checks.other is None else classes[checks.other],
            weights=list(each.weights),
            probability=each.probability,
            normalised=explained.normalised,
            method=settings.method,
            segmentation=settings.segmentation,
            samples=explained.samples,
            seed=settings.seed,
            superpixels=count,
            intercept=each.intercept,
            r2=integrity.r2,
            largest_share=integrity.largest_share,
            weight_range=integrity.weight_range,
            stability=integrity.stability,
            verdict=each.verdict,
            reason=each.reason,
            rules=each.rules,
            evidence=each.evidence,
            removed=checks.removed,
            removed_random=checks.removed_random,
            contrast=checks.contrast,
            contrast_other=checks.contrast_other,
            contrast_random=checks.contrast_random,
            contrast_other_random=checks.contrast_other_random,
            deletion_area=each.curves.deletion_area if each.curves else None,
            insertion_area=each.curves.insertion_area if each.curves else None,
            picture=None,
            segments="",
            curves=curves or None,
        )
