"""Figures show what the document says."""

import io
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from runner.reports.experiment.document import report_document
from runner.reports.experiment.figures import draw
from runner.reports.figures.activation_sheets import (
    CELL_HEIGHT,
    CELL_WIDTH,
    LINE,
    draw_layer_sheet,
    draw_overview,
)
from runner.reports.figures.montage import WHITE, montage, to_shades
from runner.reports.figures.overlay import AGAINST, FOR, draw_overlay, regions_image
from runner.reports.model import Figure
from runner.store.engine import Store
from tests.runner.reports.stored import (
    SHOWN_DATASET,
    store_evaluation,
    store_explanation,
    store_tune,
)


def pictures_of(store: Store, experiment: int) -> dict[str, Figure]:
    return {picture.name: picture for picture in draw(store, report_document(store, experiment))}


def pixels(picture: Figure) -> NDArray[Any]:
    with Image.open(io.BytesIO(picture.content)) as opened:
        return np.asarray(opened.convert("RGB")).astype(int)


def has_colour(picture: Figure, hex_colour: str) -> bool:
    wanted = np.frombuffer(bytes.fromhex(hex_colour.strip("#")), np.uint8)
    return bool((np.abs(pixels(picture) - wanted).max(axis=2) < 3).any())


def test_trials_have_learning_curves(sqlite_store: Store) -> None:
    experiment = store_tune(sqlite_store, [[0.5, 0.6], [0.4], []])
    curves = pictures_of(sqlite_store, experiment)["curves.png"]
    assert curves.title == f"Learning curves - {SHOWN_DATASET}"
    assert pixels(curves).shape[0] > 300


def test_curves_of_different_losses_have_panels_of_their_own(sqlite_store: Store) -> None:
    one = store_tune(sqlite_store, [[0.5]])
    other = store_tune(sqlite_store, [[0.5]], losses="logcosh")
    document = report_document(sqlite_store, one)
    narrow = draw(sqlite_store, document)[0]
    both = [*document.trials, *report_document(sqlite_store, other).trials]
    wide = draw(sqlite_store, replace(document, trials=both))[0]
    assert pixels(wide).shape[1] > pixels(narrow).shape[1]


def test_without_an_epoch_there_is_no_curve(sqlite_store: Store) -> None:
    assert pictures_of(sqlite_store, store_tune(sqlite_store, [[], []])) == {}


def test_an_evaluation_has_a_heat_map(sqlite_store: Store) -> None:
    [picture] = pictures_of(sqlite_store, store_evaluation(sqlite_store)).values()
    assert picture.name == "confusion-test.png"
    assert picture.title.endswith(SHOWN_DATASET)
    assert pixels(picture).min() < 100


def test_an_explanation_shows_what_speaks_for_and_against(sqlite_store: Store) -> None:
    pictures = pictures_of(sqlite_store, store_explanation(sqlite_store))
    overlay = pictures["explanation-image-2-label-1.png"]
    assert has_colour(overlay, FOR)
    assert has_colour(overlay, AGAINST)


def test_a_void_explanation_shows_no_region(sqlite_store: Store) -> None:
    pictures = pictures_of(sqlite_store, store_explanation(sqlite_store, "void", "R2 0.02"))
    overlay = pictures["explanation-image-2-label-1.png"]
    assert not has_colour(overlay, FOR)
    assert not has_colour(overlay, AGAINST)


def test_curves_are_drawn_beside_what_is_not_void(sqlite_store: Store) -> None:
    sound, void = (
        pixels(pictures_of(sqlite_store, experiment)["explanation-image-2-label-1.png"])
        for experiment in (
            store_explanation(sqlite_store),
            store_explanation(sqlite_store, "void", "R2 0.02"),
        )
    )
    assert sound.shape[1] > void.shape[1]


def test_a_picture_is_the_same_to_the_last_byte(sqlite_store: Store) -> None:
    experiment = store_explanation(sqlite_store)
    assert pictures_of(sqlite_store, experiment) == pictures_of(sqlite_store, experiment)


def test_regions_are_green_for_red_against_and_grey_elsewhere() -> None:
    segments = np.array([[0, 1, 2]]).repeat(3, axis=0).repeat(3, axis=1)
    mask = np.array([[1, -1, 0]]).repeat(3, axis=0).repeat(3, axis=1)
    picture = np.full((3, 9, 3), (200, 100, 0), np.uint8)
    drawn = regions_image(picture, segments, mask)
    enlarged = drawn.shape[0] // 3
    middles = [drawn[enlarged, (3 * place + 1) * enlarged] for place in range(3)]
    assert [int(np.argmax(colour)) for colour in middles[:2]] == [1, 0]
    assert len(set(middles[2].tolist())) == 1


@pytest.mark.parametrize(
    ("size", "drawn"), [(8, 384), (32, 384), (64, 384), (100, 300), (512, 512)]
)
@pytest.mark.parametrize("channels", [1, 3])
def test_images_of_every_size_are_drawn_about_as_large(
    size: int, drawn: int, channels: int
) -> None:
    segments = np.zeros((size, size), np.int32)
    segments[: size // 2] = 1
    image = np.full((size, size, channels), 200, np.uint8)
    found = regions_image(image, segments, np.where(segments, 1, 0))
    assert found.shape == (drawn, drawn, 3)


def test_a_grayscale_image_is_drawn_gray(sqlite_store: Store) -> None:
    document = report_document(sqlite_store, store_explanation(sqlite_store))
    explanation = replace(document.explanations[0], weights=[1.0, -1.0])
    segments = np.repeat([[0, 1]], 32, axis=0).repeat(16, axis=1)
    image = np.full((32, 32, 1), 90, np.uint8)
    figure = draw_overlay(document.dataset, explanation, {"image": image, "segments": segments})
    assert (pixels(figure) == 90).all(axis=-1).sum() > 10_000


def test_every_stored_layer_has_a_sheet(sqlite_store: Store) -> None:
    pictures = pictures_of(sqlite_store, store_explanation(sqlite_store))
    sheets = [picture for picture in pictures.values() if picture.name.startswith("activations")]
    assert [sheet.name for sheet in sheets] == [
        "activations-image-2.png",
        "activations-image-2-layer-01.png",
        "activations-image-2-layer-02.png",
    ]
    assert [sheet.detail for sheet in sheets] == [False, True, True]
    assert all(SHOWN_DATASET in sheet.title for sheet in sheets)
    assert all(pixels(sheet).std() > 0 for sheet in sheets)


def test_all_24_layers_of_the_papers_network_are_on_one_sheet(sqlite_store: Store) -> None:
    document = report_document(sqlite_store, store_explanation(sqlite_store))
    blocks = [
        shape
        for size, channels in ((32, 32), (16, 64), (8, 128))
        for shape in [(size, size, channels)] * 4 + [(size // 2, size // 2, channels)] * 2
    ]
    shapes = [*blocks, (2048,), (64,), (64,), (32,), (32,), (10,)]
    layers = [
        replace(document.activations[0], layer=number, name=f"layer_{number}", shape=list(shape))
        for number, shape in enumerate(shapes, start=1)
    ]
    outputs = [np.random.default_rng(0).random(shape) for shape in shapes]
    sheet = pixels(draw_overview(document.dataset, layers, outputs))
    assert len(layers) == 24
    top, rows, columns = 2 * LINE, 4, 6
    assert sheet.shape[:2] == (top + rows * CELL_HEIGHT, columns * CELL_WIDTH)
    cells = sheet[top:].reshape(rows, CELL_HEIGHT, columns, CELL_WIDTH, 3)
    assert ((cells < 255).any(axis=4).mean(axis=(1, 3)) > 0.25).all()


def test_several_pictures_have_sheets_of_their_mean_masks(sqlite_store: Store) -> None:
    document = report_document(sqlite_store, store_explanation(sqlite_store))
    first, second = document.explanations
    several = replace(document, explanations=[first, replace(second, image=3)])
    sheets = [
        picture for picture in draw(sqlite_store, several) if picture.name.startswith("mean-masks")
    ]
    assert [sheet.name for sheet in sheets] == ["mean-masks-by-class.png", "mean-masks-by-cell.png"]
    assert all(has_colour(sheet, FOR) and has_colour(sheet, AGAINST) for sheet in sheets)
    assert all(SHOWN_DATASET in sheet.title for sheet in sheets)


def test_channels_lie_side_by_side_a_pixel_apart() -> None:
    output = np.stack([np.full((2, 2), channel) for channel in range(3)], axis=-1)
    expected = [
        [0, 0, np.nan, 1, 1],
        [0, 0, np.nan, 1, 1],
        [np.nan] * 5,
        [2, 2, np.nan, np.nan, np.nan],
        [2, 2, np.nan, np.nan, np.nan],
    ]
    np.testing.assert_array_equal(montage(output), expected)


def test_units_fill_rows_without_a_gap() -> None:
    np.testing.assert_array_equal(montage(np.arange(3.0)), [[0, 1], [2, np.nan]])


@pytest.mark.parametrize("channels", [1, 32, 1024])
def test_a_layer_fits_its_cell_however_wide_it_is(channels: int) -> None:
    shades = to_shades(np.random.default_rng(0).random((32, 32, channels)), 216)
    assert 108 < max(shades.shape) <= 216


def test_a_very_wide_layer_has_a_sheet_with_every_pixel(sqlite_store: Store) -> None:
    document = report_document(sqlite_store, store_explanation(sqlite_store))
    layer = replace(document.activations[0], shape=[32, 32, 1024])
    sheet = draw_layer_sheet(document.dataset, layer, np.zeros((32, 32, 1024)))
    assert pixels(sheet).shape[1] > 32 * 33


@pytest.mark.parametrize("value", [0.0, -3.5])
def test_a_layer_that_is_the_same_everywhere_is_dark(value: float) -> None:
    shades = to_shades(np.full((2, 2, 1), value), 2)
    assert set(shades.ravel().tolist()) == {0}
    assert shades.max() < WHITE
