"""`python -m benchmarks.verdicts` runs small, and goes on where it stopped."""

import sys
from pathlib import Path

import pytest

from benchmarks import verdicts
from cifar_model.explanation.verdict import RULES


def test_networks_are_trained_explained_and_summarised(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    small = ["--dataset", "digits", "--train-size", "64", "--networks", "memorised", "random"]
    small += ["--methods", "occlusion", "--images", "2", "--keep", str(tmp_path)]
    monkeypatch.setattr(sys, "argv", ["verdicts", *small])
    monkeypatch.setitem(verdicts.CASES, "memorised", verdicts.Case(64, 1, shuffled=True))
    verdicts.main()
    rows = verdicts.read(tmp_path)
    assert [(row.network, row.image) for row in rows] == [
        *(("memorised", 0), ("random", 0)),
        *(("memorised", 1), ("random", 1)),
    ]
    assert (
        f"occlusion, random: sound by rules {RULES}, all images: 0 of 2" in capsys.readouterr().out
    )
    monkeypatch.setattr(sys, "argv", ["verdicts", *small, "--summarise-only"])
    verdicts.main()
    assert verdicts.read(tmp_path) == rows
