"""What is left out of a worker's log, and what is not."""

import logging
import os
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
from billiard.einfo import ExceptionInfo
from billiard.exceptions import WorkerLostError
from celery.exceptions import CPendingDeprecationWarning
from celery.worker import request

from workers.quiet_log import quieten_log


@pytest.mark.parametrize(("error", "traced"), [(WorkerLostError, False), (ValueError, True)])
def test_a_lost_process_is_logged_without_a_traceback(
    error: type[Exception], traced: bool, caplog: pytest.LogCaptureFixture
) -> None:
    quieten_log()

    def fail() -> None:
        raise error("signal 9")

    try:
        fail()
    except error:
        lost = ExceptionInfo()
    logging.getLogger(request.__name__).error(
        "Task handler raised error: %r", error("signal 9"), exc_info=lost.exc_info
    )
    (record,) = caplog.records
    said = logging.Formatter().format(record)
    assert "signal 9" in said
    assert ("Traceback" in said) == traced


def test_advice_for_developers_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    quieten_log()
    logging.captureWarnings(True)
    try:
        # As Celery has it when it sets up its log.
        warnings.filterwarnings("always", category=CPendingDeprecationWarning)
        warnings.warn("advice", CPendingDeprecationWarning, stacklevel=1)
        warnings.warn("trouble", RuntimeWarning, stacklevel=1)
    finally:
        logging.captureWarnings(False)
    (record,) = caplog.records
    assert "trouble" in record.getMessage()


def test_tensorflow_is_imported_without_its_advice(tmp_path: Path) -> None:
    said = [
        "WARNING: All log messages before absl::InitializeLog() is called are written to STDERR",
        "I0000 00:00:1.2 1 port.cc:153] oneDNN custom operations are on. You may see",
        "I0000 00:00:1.2 1 cudart_stub.cc:31] Could not find cuda drivers on your machine",
        "E0000 00:00:1.2 1 of the processor: illegal instruction",
    ]
    # In the place of TensorFlow, whose import takes seconds: what it wrote on a worker's host.
    (tmp_path / "tensorflow.py").write_text(
        f"import os\nos.write(2, {chr(10).join(said)!r}.encode())\n"
    )
    code = "from workers.quiet_import import import_tensorflow as load; load()"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == said[-1]


def test_what_no_training_needs_of_keras_is_loaded_when_it_is_used() -> None:
    code = """
import sys
from workers.quiet_import import import_tensorflow
import_tensorflow()
import keras
heavy = {"jax", "matplotlib", "pandas", "sklearn"}
print(sorted(heavy & sys.modules.keys()))
parents = keras.wrappers.SKLearnClassifier.__mro__
print(parents[-2].__module__, callable(keras.visualization.plot_image_gallery))
import pandas
print(sorted(heavy & sys.modules.keys()))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    before, used, after = done.stdout.splitlines()
    assert before == "[]"
    assert used.startswith("sklearn.")
    assert used.endswith("True")
    assert after == "['matplotlib', 'pandas', 'sklearn']"
