"""Find a trial that an equal job has trained: the same results need not be computed again."""

import json
import logging
from hashlib import sha256

from cifar_model.params import Params, point_digest
from runner.errors import InputError
from runner.specs import TrainSpec
from runner.store.artifacts import get_artifact
from runner.store.lifecycle.tuning.reuse import Equal, find_equal
from workers.attempt import Attempt
from workers.retrying import retry_while_unavailable

logger = logging.getLogger(__name__)


def identity_of(spec: TrainSpec, params: Params, fingerprint: str) -> str:
    """Return the digest of all that decides the results of a trial on this machine.

    Of the data set that is what its images are, not what it is called.
    """
    dataset = spec.dataset
    facts = {
        "point": point_digest(params, spec.seed),
        "data": [
            *(dataset.fingerprint, dataset.split_seed, dataset.train_size, dataset.image_size),
            *(dataset.shape, dataset.classes),
            *(() if dataset.fold is None else (dataset.fold, dataset.folds)),
        ],
        "network": spec.network,
        "weights": spec.start.weights,
        "freeze": spec.start.freeze,
        "threads": spec.threads,
        "machine": fingerprint,
    }
    return sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def find_reusable(attempt: Attempt, identity: str) -> tuple[Equal, bytes] | None:
    """Return an equal trial and its weights; None if there is none or `--fresh` was given."""
    if attempt.claim.configuration.get("fresh"):
        return None
    store = attempt.context.store
    equal = retry_while_unavailable(lambda: find_equal(store, identity))
    if equal is None:
        return None
    try:
        weights = retry_while_unavailable(lambda: get_artifact(store, equal.model))
    except InputError as error:
        logger.warning(
            "job %s is trained, not reused: trial %s: %s",
            attempt.key.job_id,
            equal.trial,
            error.what,
        )
        return None
    attempt.progress(f"reuses trial {equal.trained}")
    return equal, weights
