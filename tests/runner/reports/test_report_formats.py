"""Every form of a report shows all of its document, with its words as they are."""

import base64
import csv
import io
import json
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from runner.errors import InputError
from runner.reports.experiment.document import report_document
from runner.reports.experiment.report import experiment_report
from runner.reports.output import Destination, choose_destination, write_report
from runner.store.engine import Store
from tests.runner.reports.stored import (
    CLASSES,
    COMMAND,
    SHOWN_DATASET,
    store_evaluation,
    store_explanation,
    store_failure,
    store_tune,
)
from tests.runner.store.making import job_ids

Render = Callable[[Store, int, str], str]

FORMS = ("table", "json", "csv", "markdown", "html")


@pytest.fixture
def render(tmp_path: Path) -> Render:
    """Offer to produce a report of a stored experiment and return its text."""

    def call(store: Store, experiment: int, form: str) -> str:
        out = tmp_path / f"report.{form}"
        place = choose_destination(tmp_path, f"experiment-{experiment}", form, out)
        produced = write_report(
            experiment_report(store, report_document(store, experiment)), form, place
        )
        assert produced.text is None
        assert produced.files[-1] == str(out)
        return out.read_text()

    return call


class Page(HTMLParser):
    """Note the tags of a page, with their attributes, and its words."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words += data


@pytest.mark.parametrize("form", FORMS)
def test_what_failed_is_in_every_form(sqlite_store: Store, render: Render, form: str) -> None:
    experiment = store_tune(sqlite_store, [[0.5], [], []])
    store_failure(sqlite_store, job_ids(sqlite_store, experiment)[1], "diverged at epoch 2")
    text = render(sqlite_store, experiment, form)
    assert "diverged at epoch 2" in text
    assert "pending" in text


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "make", [lambda store: store_tune(store, [[0.5]]), store_evaluation, store_explanation]
)
def test_every_form_of_every_kind_names_the_data_set(
    sqlite_store: Store, render: Render, make: Callable[[Store], int], form: str
) -> None:
    text = render(sqlite_store, make(sqlite_store), form)
    assert "shapes (built in)" in text
    assert "0123456789ab" in text


@pytest.mark.parametrize("make", [lambda store: store_tune(store, [[0.5]]), store_evaluation])
def test_every_table_names_the_data_set(
    sqlite_store: Store, render: Render, make: Callable[[Store], int]
) -> None:
    text = render(sqlite_store, make(sqlite_store), "markdown")
    titles = [line for line in text.splitlines() if line.startswith("## ")]
    assert len(titles) >= 3
    assert all(title.endswith(SHOWN_DATASET) for title in titles)


def test_the_table_of_trials_labels_last_and_best_epochs(
    sqlite_store: Store, render: Render
) -> None:
    text = render(sqlite_store, store_tune(sqlite_store, [[0.75, 0.5]], optimizer="adam"), "table")
    last, best = (text.index(title) for title in ("last epoch -", "Best value of each metric,"))
    assert "0.5" in text[last:best]
    assert "0.75" not in text[last:best]
    assert "0.75" in text[best:]
    for shown in (COMMAND, "sobol", "last_activation", "not comparable"):
        assert shown in text


def test_an_override_of_epochs_is_said(sqlite_store: Store, render: Render) -> None:
    experiment = store_tune(sqlite_store, [[0.5]], epochs=8)
    assert "overrides" not in render(sqlite_store, experiment, "table")
    overridden = store_tune(sqlite_store, [[0.5]], override=1, epochs=8)
    assert "--epochs 1 overrides" in render(sqlite_store, overridden, "table")


def test_csv_has_every_digit_and_a_row_for_every_job(sqlite_store: Store, render: Render) -> None:
    experiment = store_tune(sqlite_store, [[0.1 + 0.2], []], batch_size=43)
    done, pending = csv.DictReader(io.StringIO(render(sqlite_store, experiment, "csv")))
    assert float(done["val_accuracy"]) == 0.1 + 0.2
    assert (done["round_epochs"], done["batch_size"], done["optimizer"]) == ("1", "43", "adam")
    assert (pending["state"], pending["val_accuracy"]) == ("pending", "")


def test_csv_of_an_explanation_has_a_row_for_every_superpixel(
    sqlite_store: Store, render: Render
) -> None:
    text = render(sqlite_store, store_explanation(sqlite_store), "csv")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [(row["class"], float(row["weight"])) for row in rows] == [
        (name, weight) for name in CLASSES for weight in (0.5, -0.25, 0.0, 0.1)
    ]


def test_csv_of_an_evaluation_has_a_row_for_every_class(
    sqlite_store: Store, render: Render
) -> None:
    text = render(sqlite_store, store_evaluation(sqlite_store), "csv")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [(row["class"], row["tp"]) for row in rows] == [(CLASSES[0], "4"), (CLASSES[1], "3")]


def test_a_confusion_of_many_classes_is_told_by_its_mistakes(sqlite_store: Store) -> None:
    from runner.reports.experiment.view import report_parts
    from runner.reports.formats.terminal import as_terminal

    document = report_document(sqlite_store, store_evaluation(sqlite_store))
    [evaluation] = document.evaluations
    confusion = [[0] * 30 for _ in range(30)]
    confusion[3][4] = 17
    classes = [f"class {number}" for number in range(30)]
    wide = replace(evaluation, classes=classes, confusion=confusion)
    parts = report_parts(replace(document, evaluations=[wide]), [])
    text = as_terminal("title", parts, Path())
    assert "class 3  class 4        17" in text
    assert "class 5" not in text


def test_a_void_explanation_is_said_to_be_void(sqlite_store: Store, render: Render) -> None:
    text = render(sqlite_store, store_explanation(sqlite_store, "void", "one superpixel"), "table")
    assert "WARNING: 2 of the explanations below are weak or void" in text
    assert text.count("void     one superpixel") == 2
    assert "+0.500" not in text


@pytest.mark.parametrize(
    "make", [lambda store: store_tune(store, [[0.5]]), store_evaluation, store_explanation]
)
def test_a_page_needs_nothing_from_outside(
    sqlite_store: Store, render: Render, make: Callable[[Store], int]
) -> None:
    text = render(sqlite_store, make(sqlite_store), "html")
    page = Page(text)
    assert {"link", "iframe", "object"}.isdisjoint(tag for tag, _ in page.tags)
    assert all("src" not in names for tag, names in page.tags if tag == "script")
    assert "url(" not in text
    assert "@import" not in text
    assert not any("srcset" in names for _, names in page.tags)
    links = [names["href"] or "" for _, names in page.tags if "href" in names]
    assert all(link.startswith("#") for link in links)
    pictures = [names["src"] or "" for tag, names in page.tags if tag == "img"]
    assert pictures
    for picture in pictures:
        head, _, content = picture.partition(",")
        assert head == "data:image/png;base64"
        with Image.open(io.BytesIO(base64.b64decode(content))) as opened:
            opened.load()
    assert COMMAND in page.words


def test_explanations_and_their_rows_lead_to_each_other(
    sqlite_store: Store, render: Render
) -> None:
    experiment = store_explanation(sqlite_store)
    page = Page(render(sqlite_store, experiment, "html"))
    tags_of = {names["id"]: tag for tag, names in page.tags if "id" in names}
    links = [names["href"] or "" for tag, names in page.tags if tag == "a"]
    assert all(link.removeprefix("#") in tags_of for link in links)
    for label in (0, 1):
        name = f"explanation-image-2-label-{label}.png"
        assert (tags_of[name], tags_of[f"row-{name}"]) == ("figure", "tr")
        assert f"#{name}" in links
        assert f"#row-{name}" in links
    # Two explanations, one sheet of all layers and one of each of two layers.
    assert sum(link.startswith("#row-") for link in links) == 5
    text = render(sqlite_store, experiment, "markdown")
    assert "[2](report-files/explanation-image-2-label-0.png)" in text


def test_a_name_that_looks_like_html_is_shown_as_it_is(sqlite_store: Store, render: Render) -> None:
    page = Page(render(sqlite_store, store_evaluation(sqlite_store), "html"))
    assert CLASSES[1] in page.words


def test_a_name_that_looks_like_markdown_stays_in_its_cell(
    sqlite_store: Store, render: Render
) -> None:
    text = render(sqlite_store, store_evaluation(sqlite_store), "markdown")
    assert r"a\|b \<$x\_1$\> \\ &" in text


def test_what_a_terminal_would_obey_is_spelled_out(sqlite_store: Store, tmp_path: Path) -> None:
    document = report_document(sqlite_store, store_tune(sqlite_store, [[0.5]]))
    dataset = replace(document.dataset, title="x\x1b[2Jy")
    report = experiment_report(sqlite_store, replace(document, dataset=dataset))
    text = write_report(report, "table", Destination(None, tmp_path)).text
    assert text is not None
    assert r"x\x1b[2Jy" in text
    assert "\x1b" not in text


def test_markdown_links_to_figures_that_lie_beside_it(
    sqlite_store: Store, render: Render, tmp_path: Path
) -> None:
    text = render(sqlite_store, store_tune(sqlite_store, [[0.5]]), "markdown")
    assert "](report-files/curves.png)" in text
    assert (tmp_path / "report-files" / "curves.png").exists()


@pytest.mark.parametrize("form", ["html", "markdown"])
def test_a_report_to_mail_does_not_say_where_its_data_lay(
    sqlite_store: Store, tmp_path: Path, form: str
) -> None:
    experiment = store_tune(sqlite_store, [[0.5]])
    document = report_document(sqlite_store, experiment)
    dataset = replace(document.dataset, name="zip:/disk/ada/pictures.zip")
    out = tmp_path / f"report.{form}"
    write_report(
        experiment_report(sqlite_store, replace(document, dataset=dataset)),
        form,
        choose_destination(tmp_path, "report", form, out),
    )
    assert "zip:pictures.zip" in out.read_text()
    assert "/disk/ada" not in out.read_text()


def test_json_is_the_document_with_its_files(
    sqlite_store: Store, render: Render, tmp_path: Path
) -> None:
    document: dict[str, Any] = json.loads(
        render(sqlite_store, store_explanation(sqlite_store), "json")
    )
    assert all(Path(file).exists() for file in document["files"])
    overlays = [row["file"] for row in document["explanations"]]
    assert set(overlays) < set(document["files"])
    assert len(set(overlays)) == 2
    assert str(tmp_path / "report-files" / "activations-image-2-layer-02.png") in document["files"]


def test_an_out_that_has_no_directory_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"the directory .* does not exist"):
        choose_destination(tmp_path, "experiment-1", "json", tmp_path / "missing" / "report.json")
