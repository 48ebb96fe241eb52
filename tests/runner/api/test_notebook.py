"""The notebook in examples/ and the page on Python run as they are written."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import runner
from runner.local.run_dir import RunDir
from tests import notebook

# It trains, and starts workers; a busy machine takes minutes for that.
pytestmark = pytest.mark.timeout(900)

ROOT = Path(__file__).parents[3]
NOTEBOOK = ROOT / "examples" / "experiment.ipynb"
PAGE = (ROOT / "docs" / "python.md").read_text()


@pytest.fixture(scope="module")
def ran() -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Run the notebook once for all tests; offer it and the names that it defines."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RUNNER_SLOTS", "1")
        cells = notebook.read(NOTEBOOK)
        names = notebook.run(cells)
        assert not RunDir(Path(names["home"].name)).is_supervised()
        yield cells, names
        names["home"].cleanup()


@pytest.fixture(scope="module")
def page(
    ran: tuple[dict[str, Any], dict[str, Any]], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    """Run the blocks of the page; what is trained is that of the notebook."""
    submits, *others = re.findall(r"(?s)```python\n(.*?)```", PAGE)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("page"))
        names: dict[str, Any] = {}
        exec(submits, names)  # noqa: S102 (our own page)
        assert names["experiment"].state.pending == 2
        names |= {name: ran[1][name] for name in ("client", "experiment")}
        for block in others:
            exec(block, names)  # noqa: S102
    return names


def test_the_notebook_runs_and_its_outputs_were_written_by_it(
    ran: tuple[dict[str, Any], dict[str, Any]],
) -> None:
    written = notebook.read(NOTEBOOK)
    assert [shape(cell) for cell in written["cells"]] == [shape(cell) for cell in ran[0]["cells"]]
    text = json.dumps(written)
    assert len(text) < 400_000
    assert not re.search(r"/(tmp|home|root|work)/|Traceback", text)


def shape(cell: dict[str, Any]) -> Any:
    """Return what is the same on every machine: scores differ in their last digits."""
    outputs = [(out["output_type"], sorted(out["data"])) for out in cell.get("outputs", [])]
    return cell["cell_type"], cell["source"], cell.get("execution_count"), outputs


@pytest.mark.parametrize("of", [runner.Client, runner.Experiment, runner.Trial])
def test_the_page_names_every_public_member(of: type) -> None:
    for name in dir(of):
        if not name.startswith("_"):
            assert re.search(rf"`{name}`|\.{name}\(", PAGE), name
    for name in runner.__all__:
        assert name in PAGE


def test_a_trial_predicts_and_explains_as_its_model_does(page: dict[str, Any]) -> None:
    trial, images, probabilities = page["trial"], page["images"], page["probabilities"]
    assert probabilities.shape == (2, len(trial.dataset.classes))
    assert probabilities.sum(axis=1) == pytest.approx(1)
    scaled = np.divide(images, 255, dtype=np.float32)
    assert (trial.predict(scaled) == probabilities).all()
    assert (trial.predict(images[0]) == probabilities[0]).all()
    assert trial.predict(images[:0]).shape == (0, len(trial.dataset.classes))
    assert page["model"].predict(scaled, verbose=0) == pytest.approx(probabilities, abs=1e-5)
    [explained] = page["explanations"]
    assert explained.predicted == probabilities[0].argmax()
    assert explained.segments.shape == images.shape[1:3]
    assert "data:image/png" in page["explanations"]._repr_html_()
    assert set(np.unique(page["explanations"].masks()[0])) <= {-1, 0, 1}


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (lambda images: images[:, :16], "the images have the shape"),
        (lambda images: images.astype(int), "numbers of the type int64"),
        (lambda images: images.astype(float), "floats outside 0 to 1"),
        (lambda images: np.full(images.shape, np.nan), "floats outside 0 to 1"),
        (lambda _: "images", "the images have the shape"),
    ],
)
def test_images_that_do_not_fit_are_refused(page: dict[str, Any], bad: Any, said: str) -> None:
    for call in (page["trial"].predict, page["trial"].explain):
        with pytest.raises(runner.InputError, match=said):
            call(bad(page["images"]))


def test_what_cannot_be_explained_is_refused(page: dict[str, Any]) -> None:
    explain, images = page["trial"].explain, page["images"]
    with pytest.raises(runner.InputError, match="no such class"):
        explain(images, labels="unicorn")
    with pytest.raises(runner.InputError, match="did you mean 'lime'"):
        explain(images, method="limee")


def test_a_notebook_shows_what_reports_show(page: dict[str, Any]) -> None:
    client, experiment, trial = page["client"], page["experiment"], page["trial"]
    assert "The newest 2 experiments" in client._repr_html_()
    for shown in (experiment, trial):
        assert "val_accuracy" in shown._repr_html_()
        assert "<script" not in shown._repr_html_()
    assert "<svg" in experiment.report()._repr_html_()
    assert "val_accuracy" in str(experiment.report())
    assert repr(experiment) == "<runner experiment 1: tune, shapes (built in), 2 succeeded>"
