"""Any bytes on a queue name a job, or are no message; any environment is settings, or refused."""

import base64
import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from runner.errors import InputError
from runner.queue.app import MOST_JOB_ID, open_entry
from runner.settings import SETTINGS, Settings
from runner.states import Kind
from tests.fuzz.generated import generates
from tests.fuzz.test_fuzz_params import JSON

JOBS = st.integers(1, 9) | st.integers() | st.sampled_from([2**63, 10**400, True, 1.0, "1"])
HEADERS = st.fixed_dictionaries(
    {
        "job": JOBS | JSON,
        "task": st.sampled_from([*Kind, "celery.backend_cleanup"]) | JSON,
        "id": st.uuids().map(str) | JSON,
    },
    optional={"argsrepr": st.text() | JSON, "kwargsrepr": st.text() | JSON, "eta": JSON},
)
BODIES = st.sampled_from(
    ["", "W1swXSwge30sIHt9XQ==", "not base64", base64.b64encode(b"{").decode()]
)
ENVELOPES = st.fixed_dictionaries({"headers": HEADERS | JSON, "body": BODIES | JSON})
DEEP = st.sampled_from([b"[", b'{"headers":']).map(lambda sign: sign * 20_000)


def written(message: Any) -> bytes:
    try:
        return json.dumps(message).encode()
    except ValueError:  # a number of more digits than Python writes
        return b"9" * 5000


ENTRIES = ENVELOPES.map(written) | JSON.map(written) | st.binary(max_size=200) | DEEP


@generates("broker messages", 1500)
@given(ENTRIES)
def test_what_stands_on_a_queue_names_a_job_or_nothing(entry: bytes) -> None:
    envelope = open_entry(entry)
    if envelope is not None:
        assert 0 < envelope.job_id <= MOST_JOB_ID
        assert envelope.kind in list(Kind)
        assert (envelope.title + envelope.details).isprintable()


VALUES = st.text(max_size=20) | st.sampled_from(
    [
        "0",
        "1",
        "-1",
        "9" * 20,
        "1e400",
        "nan",
        "2.5",
        "auto",
        "redis://h:x/",
        "sqlite:///x",
        "http://[",
        "/",
    ]
)


@generates("settings", 500)
@given(st.dictionaries(st.sampled_from(list(SETTINGS)), VALUES, max_size=4))
def test_settings_are_read_or_refused(environment: dict[str, str]) -> None:
    try:
        settings = Settings.from_environment(environment)
    except InputError:
        return
    assert settings.slots is None or 1 <= settings.slots <= 1024
    assert settings.heartbeat_seconds * 3 <= settings.lease_seconds
