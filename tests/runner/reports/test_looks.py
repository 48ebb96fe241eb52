"""The report of a search compares the explanations of its best trials."""

from runner.reports.experiment.document import report_document
from runner.reports.experiment.looks import COLUMNS
from runner.reports.experiment.training import brief_training_parts, training_parts
from runner.reports.model import Table
from runner.store.engine import Store
from tests.runner.reports.explained import explained, weights
from tests.runner.reports.stored import store_tune

IMAGES = {0: {0: weights(0, 1)}, 1: {0: weights(2, 3)}}
ELSEWHERE = {0: {0: weights(8, 9)}, 1: {0: weights(10, 11)}}


def test_explained_trials_are_compared_beside_their_scores(store: Store) -> None:
    tune = store_tune(store, [[0.4], [0.6], [0.5], [0.3]])
    best, second, third, last = (of.trial for of in report_document(store, tune).ranked)
    assert report_document(store, tune).agreement is None
    explained(store, ELSEWHERE, trial=best)
    newest = explained(store, IMAGES, trial=best)
    assert report_document(store, tune).agreement is None
    explained(store, IMAGES, trial=second)
    explained(store, ELSEWHERE, trial=third)
    # Explained in another way, so not compared.
    explained(store, IMAGES, trial=last, method="occlusion")
    document = report_document(store, tune)
    found = document.agreement or []
    assert [of.trial for of in found] == [best, second, third]
    assert found[0].experiment == newest
    shared = [of.shared_weight or 0 for of in found]
    assert shared[0] == shared[1] > shared[2]
    for parts in (training_parts(document, []), brief_training_parts(document, [], [])):
        (table,) = (
            part
            for part in parts
            if isinstance(part, Table) and "Explanations of the trials" in part.title
        )
        assert list(table.columns) == ["rank", "trial", "val_accuracy", *COLUMNS]
        assert [row[:4] for row in table.rows] == [
            [1, best, 0.6, found[0].experiment],
            [2, second, 0.5, found[1].experiment],
            [3, third, 0.4, found[2].experiment],
        ]


def test_trials_without_a_common_image_are_not_compared(store: Store) -> None:
    tune = store_tune(store, [[0.4], [0.6]])
    trials = [of.trial for of in report_document(store, tune).ranked]
    for image, trial in enumerate(trials):
        explained(store, {image: {0: weights(0)}}, trial=trial)
    assert report_document(store, tune).agreement is None
