"""The pages of a trial, a job and an explanation in a real browser."""

import io
import json
import zipfile
from pathlib import Path

import pytest

from cifar_model.trainers.signature import find_trainer
from cifar_model.trainers.state import pack_files
from runner.settings import Settings
from runner.states import AttemptState
from runner.store.engine import Store
from runner.store.lifecycle.job_lifecycle import finish
from runner.store.lifecycle.results import write_trial
from runner.submit.experiments import Training, new_train, save
from tests.browser import Browser
from tests.runner.reports.stored import (
    new_trial,
    store_evaluation,
    store_explanation,
    store_failure,
    store_tune,
    train_epochs,
)
from tests.runner.store.making import FINGERPRINT, job_ids, run, value
from tests.runner.ui.conftest import Page


def test_a_cell_of_the_confusion_matrix_leads_to_its_images(
    page: Page, browser: Browser, page_store: Store
) -> None:
    trial = new_trial(page_store)
    store_evaluation(page_store, trial)
    browser.console.clear()
    browser.open(f"{page.address}/trials/{trial}")
    browser.wait_for("document.querySelector('.matrix a')")
    wrong = "[...document.querySelectorAll('.matrix tbody tr')].map((row) => row.cells)[0][2]"
    count = browser.value(f"{wrong}.innerText")
    assert "expected calibration error" in browser.value("document.body.innerText")
    browser.value(f"{wrong}.querySelector('a').click()")
    browser.wait_for("document.querySelector('#count')")
    assert browser.value("document.querySelector('#count').innerText") == f"{count} image"
    assert len(browser.value("[...document.querySelectorAll('.gallery li')].map(String)")) == 1
    assert "true=0" in browser.value("location.search")
    assert browser.console == []


def test_attempts_say_what_they_trained(page: Page, page_store: Store) -> None:
    trial = new_trial(page_store)
    found = json.loads(page.ask(f"/api/trials/{trial}").read())
    assert found["attempt_epochs"] == [[1, found["trained_epochs"]]]


def test_an_explanation_says_the_weight_of_a_superpixel_and_moves_along_its_curves(
    page: Page, browser: Browser, page_store: Store
) -> None:
    experiment = store_explanation(page_store)
    query = "SELECT min(explanations.id) FROM explanations JOIN jobs ON jobs.id = job_id"
    number = value(page_store, f"{query} WHERE experiment_id = :id", id=experiment)
    browser.window(1400, 900)
    browser.console.clear()
    browser.open(f"{page.address}/explanations/{number}")
    browser.wait_for("document.querySelector('canvas.big')")
    browser.value(
        "(() => { const image = document.querySelector('canvas.big');"
        " const box = image.getBoundingClientRect(); image.dispatchEvent(new PointerEvent("
        "'pointermove', { clientX: box.left + 2, clientY: box.top + 2 })); })()"
    )
    assert "weight 0.5" in browser.value("document.querySelector('figure [role=status]').innerText")
    browser.value(
        "(() => { const all = document.querySelectorAll('input[type=range]');"
        " all[1].value = 2; all[1].dispatchEvent(new Event('input')); })()"
    )
    browser.wait_for(
        "document.body.innerText.includes('50 % of the superpixels: probability 0.25')"
    )
    assert browser.console == []
    assert page.ask(f"/api/explanations/{number}/image").read().startswith(b"\x89PNG")


def test_two_explanations_of_an_image_are_side_by_side(
    page: Page, browser: Browser, page_store: Store
) -> None:
    trial = new_trial(page_store)
    experiments = [store_explanation(page_store, trial=trial) for _ in range(3)]
    query = "SELECT min(explanations.id) FROM explanations JOIN jobs ON jobs.id = job_id"
    query = f"{query} WHERE experiment_id = :id"
    first, second, other = (value(page_store, query, id=each) for each in experiments)
    run(page_store, "UPDATE explanations SET picture = NULL WHERE id = :id", id=other)
    browser.window(400, 800)
    browser.console.clear()
    browser.open(f"{page.address}/explanations/{first}")
    browser.wait_for("document.querySelector('#with')")
    offered = browser.value("[...document.querySelector('#with').options].map((o) => o.value)")
    assert {"", str(first + 1), str(second)} <= set(offered)
    assert not {str(first), str(other)} & set(offered)
    browser.value(
        f"(() => {{ const box = document.querySelector('#with'); box.value = '{second}';"
        " box.dispatchEvent(new Event('input')); })()"
    )
    browser.wait_for("document.querySelectorAll('canvas.big').length === 2")
    browser.wait_for("document.activeElement.id === 'with'")
    assert browser.value("location.search") == f"?with={second}"
    # The number of a superpixel in one of them shows the same place in both.
    browser.value(
        "(() => { const box = document.querySelector('input[type=number]'); box.value = 1;"
        " box.dispatchEvent(new Event('input')); })()"
    )
    said = browser.value(
        "[...document.querySelectorAll('section > figure:first-of-type [role=status]')]"
        ".map((each) => each.innerText)"
    )
    assert said == ["superpixel 1: weight -0.25"] * 2
    assert browser.value("document.documentElement.scrollWidth") <= 400
    assert browser.console == []


def test_a_failed_job_has_a_page_with_its_error(
    page: Page, browser: Browser, page_store: Store
) -> None:
    [job] = job_ids(page_store, store_tune(page_store, [[]]))
    store_failure(page_store, job, "the loss is <b>nan</b>")
    browser.open(f"{page.address}/jobs/{job}")
    browser.wait_for("document.body.innerText.includes('the loss is <b>nan</b>')")
    assert browser.value("document.querySelector('pre').textContent").startswith("Traceback")


@pytest.mark.usefixtures("page_store")
@pytest.mark.parametrize("path", ["trials/999", "jobs/999", "explanations/999"])
def test_what_does_not_exist_is_not_found(page: Page, path: str) -> None:
    answer = page.ask(f"/api/{path}")
    assert answer.status == 404
    assert "there is no" in json.loads(answer.read())["error"]


def test_the_files_of_a_trial_are_downloaded(page: Page, page_store: Store, tmp_path: Path) -> None:
    code = tmp_path / "quick.py"
    code.write_text('PARAMS = {"x": 1}\n\n\ndef train(params, context):\n    pass\n')
    training = Training(None, None, 1, 3, network=find_trainer(f"{code}:train"))
    experiment = save(page_store, new_train(Settings.of(tmp_path), training, {}))
    claimed = train_epochs(page_store, job_ids(page_store, experiment)[0], [0.5])
    model = pack_files({"model.txt": b"its weights"})
    assert finish(
        page_store,
        claimed.key,
        AttemptState.SUCCEEDED,
        write=lambda connection: write_trial(connection, claimed, model, FINGERPRINT),
    )
    trial = value(page_store, "SELECT id FROM trials WHERE job_id = :id", id=claimed.job_id)
    answer = page.ask(f"/api/trials/{trial}/model")
    said = f'attachment; filename="trial-{trial}.zip"'
    assert (answer.status, answer.headers["Content-Disposition"]) == (200, said)
    with zipfile.ZipFile(io.BytesIO(answer.read())) as archive:
        names = ["_trainer.py", "model.txt"]
        assert sorted(archive.namelist()) == [f"trial-{trial}/{name}" for name in names]
        assert archive.read(f"trial-{trial}/model.txt") == b"its weights"
        assert archive.read(f"trial-{trial}/_trainer.py") == code.read_bytes()


@pytest.mark.usefixtures("page_store")
def test_a_model_is_not_made_for_another_site(page: Page, page_store: Store) -> None:
    trial = new_trial(page_store)
    assert page.ask(f"/api/trials/{trial}/model", Sec_Fetch_Site="cross-site").status == 403
    answer = page.ask("/api/trials/99999/model")
    assert (answer.status, answer.headers["Content-Disposition"]) == (404, None)
