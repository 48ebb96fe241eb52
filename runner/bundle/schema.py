"""What the JSON files of a bundle may hold: the one schema by which they are written and read."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    ValidationError,
    model_validator,
)

from cifar_model.data import LARGEST, SMALLEST
from cifar_model.errors import InputError, shown
from cifar_model.networks.network import BUILT_IN, Network
from cifar_model.params import MOST_SEED, Params
from cifar_model.spaces.grid_file import TwiceError, unique_keys
from runner.store.names import Label, read_label

# An epoch takes some 350 bytes, and a trial has 100,000 at most.
MOST_BYTES = 64 * 2**20
MOST_NUMBER = 2**31 - 1
MOST_CHARACTERS = 10_000
MOST_CLASSES = 10_000


def storable(text: str) -> str:
    """Refuse what a database cannot store."""
    if "\0" in text or any("\ud800" <= sign <= "\udfff" for sign in text):
        raise ValueError("text with a NUL character or half of a surrogate pair")
    return text


def _printable(name: str) -> str:
    """Refuse a name that no data set of ours has."""
    if not name.isprintable():
        raise ValueError("a name with characters that cannot be printed")
    return name


def _all_storable(value: JsonValue) -> JsonValue:
    if isinstance(value, str):
        storable(value)
    elif isinstance(value, list):
        for each in value:
            _all_storable(each)
    elif isinstance(value, dict):
        for name, each in value.items():
            storable(name)
            _all_storable(each)
    return value


Text = Annotated[str, Field(max_length=MOST_CHARACTERS), AfterValidator(storable)]
Name = Annotated[Text, AfterValidator(_printable)]
Count = Annotated[int, Field(ge=0, le=MOST_NUMBER)]
Positive = Annotated[int, Field(ge=1, le=MOST_NUMBER)]
Seed = Annotated[int, Field(ge=0, le=MOST_SEED)]
Share = Annotated[float, Field(ge=0, le=1)]
Interval = Annotated[list[Share], Field(min_length=2, max_length=2)]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Json = Annotated[JsonValue, AfterValidator(_all_storable)]


class _Contents(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)


class NetworkRecord(_Contents):
    """A network other than the paper's; `code` is the SHA-256 of the file network.py, if any."""

    name: Name
    parameters: dict[Name, bool | int | float | str | None]
    code: Digest | None

    @model_validator(mode="after")
    def _check_name(self) -> "NetworkRecord":
        if self.code is None and self.name not in BUILT_IN:
            raise ValueError(f"an unknown network: {shown(self.name)}")
        if self.code is not None and ":" not in self.name:
            raise ValueError("a network with code that is not called FILE.py:function")
        return self


class ParamsFile(_Contents):
    """What was trained: params.json. Without `network` it is the paper's."""

    params: dict[str, Json]
    seed: Seed
    threads: Annotated[int, Field(ge=1, le=1024)]
    network: NetworkRecord | None = None
    backend: Literal["tensorflow", "jax"] | None = None

    def network_json(self) -> dict[str, Any] | None:
        """Return the network as the store has it."""
        return None if self.network is None else self.network.model_dump()

    @model_validator(mode="after")
    def _check_params(self) -> "ParamsFile":
        try:
            Params.from_json(self.params, Network.from_json(self.network_json()))
        except InputError as error:
            raise ValueError(error.what) from error
        return self


class EpochRow(_Contents):
    """The scores of one epoch, and how they came about."""

    epoch: Positive
    loss: float
    accuracy: Share
    val_loss: float
    val_accuracy: Share
    seconds: Annotated[float, Field(ge=0)]
    # Bundles of 0.1 do not name the first rule.
    loss_rule: Literal[1, 2] = 1
    fingerprint: Text


class EvaluationRow(_Contents):
    """The scores on one split."""

    split: Literal["train", "validation", "test"]
    images: Positive
    loss: float
    accuracy: Share
    accuracy_interval: Interval
    log_loss: Annotated[float, Field(ge=0)]


class MetricsFile(_Contents):
    """What came out: metrics.json."""

    best_epoch: Positive
    loss: float
    accuracy: Share
    val_loss: float
    val_accuracy: Share
    best_val_accuracy: Share
    val_accuracy_interval: Interval
    seconds: Annotated[float, Field(ge=0)]
    fingerprint: Text
    fingerprints: list[Text]
    not_reproducible: Text | None
    model: Digest
    epochs: Annotated[list[EpochRow], Field(min_length=1, max_length=100_000)]
    evaluations: list[EvaluationRow]

    @model_validator(mode="after")
    def _check_epochs(self) -> "MetricsFile":
        if [row.epoch for row in self.epochs] != list(range(1, len(self.epochs) + 1)):
            raise ValueError("epochs that are not numbered 1, 2, 3, ... without a gap")
        last = self.epochs[-1]
        for name in ("loss", "accuracy", "val_loss", "val_accuracy", "fingerprint"):
            if getattr(self, name) != getattr(last, name):
                raise ValueError(f"{name} differs from that of the last epoch")
        if self.best_val_accuracy != max(row.val_accuracy for row in self.epochs):
            raise ValueError("best_val_accuracy is not the highest of the epochs")
        return self


class Images(_Contents):
    """The number of images of each split."""

    train: Positive
    validation: Positive
    test: Positive


class DatasetRecord(_Contents):
    """The data set on which the trial was trained."""

    name: Name
    title: Name
    fingerprint: Digest
    classes: Annotated[list[Name], Field(min_length=2, max_length=MOST_CLASSES)]
    shape: Annotated[list[Annotated[int, Field(ge=1, le=4096)]], Field(min_length=3, max_length=3)]
    images: Images
    train_size: Positive | None = None
    image_size: Annotated[int, Field(ge=SMALLEST, le=LARGEST)] | None = None
    resize: bool = False
    split_seed: Seed = 0
    fold: Positive | None = None
    folds: Positive | None = None

    @model_validator(mode="after")
    def _check_classes(self) -> "DatasetRecord":
        if len(set(self.classes)) != len(self.classes):
            raise ValueError("a class that occurs twice")
        return self


class CodeRecord(_Contents):
    """The code and the command that made something."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Json]

    command: Text
    packages: dict[Text, Text | None]
    version: Text | None = None
    commit: Text | None = None
    dirty: bool | None = None
    python: Text | None = None
    platform: Text | None = None
    host: Text | None = None


class LabelRecord(_Contents):
    """The name, tags and note of the trial's experiment."""

    name: Text | None = None
    tags: list[Text] = Field(default_factory=list)
    note: Text | None = None

    def label(self) -> Label:
        """Return them as `runner submit` would take them; raise InputError if it would not."""
        return read_label(self.name, self.tags, self.note)

    @model_validator(mode="after")
    def _check_label(self) -> "LabelRecord":
        try:
            self.label()
        except InputError as error:
            raise ValueError(error.what) from error
        return self


class ProvenanceFile(_Contents):
    """Where it comes from: provenance.json. Bundles of 0.2 have no `experiment`."""

    trial: Positive
    experiment: LabelRecord = LabelRecord()
    dataset: DatasetRecord
    provenance: CodeRecord
    exported: CodeRecord


def checked(model: type[_Contents], contents: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return what is to be written, as it is; raise InputError if it would not be read again."""
    try:
        model.model_validate(contents)
    except ValidationError as error:
        raise invalid(name, error) from error
    return dict(contents)


def read(model: type[Any], path: Path) -> Any:
    """Read a file of a bundle into its record; raise InputError naming the first bad field."""
    content = path.read_bytes()
    try:
        record = model.model_validate_json(content)
        # pydantic keeps the last of two values with one key.
        json.loads(content, object_pairs_hook=unique_keys)
    except ValidationError as error:
        raise invalid(path.name, error) from error
    except TwiceError as error:
        raise refusal(path.name, f": the key {shown(str(error))} is duplicated") from error
    return record


def invalid(name: str, error: ValidationError) -> InputError:
    """Return the refusal of a file that names its first bad field."""
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    field = ".".join(str(part) for part in first["loc"])
    where = f" at {field:.200}" if field else ""
    return refusal(name, f"{where}: {first['msg']:.300}")


def refusal(name: str, why: str) -> InputError:
    """Return the refusal of a file."""
    return InputError(f"{name} is not valid{why}", "what `runner export` writes", "export it again")
