"""Presets: a network and params that are known to train well together, under one name."""

from collections.abc import Mapping
from dataclasses import dataclass

from cifar_model.errors import InputError, guess, shown
from cifar_model.networks.network import PAPER, RESNET, Network
from cifar_model.rules import ParamValue


@dataclass(frozen=True, slots=True)
class Preset:
    """A network and the params that are not left at their defaults; a shorthand, never stored."""

    network: Network
    params: Mapping[str, ParamValue]


# Values for 40,000 images of 32x32 and an hour of two processor cores.
STRONG = Preset(
    RESNET,
    {
        "width": 64,
        "activation": "gelu",
        "epochs": 20,
        "batch_size": 256,
        "optimizer": "adamw",
        "lr": 0.01,
        "weight_decay": 0.02,
        "schedule": "one_cycle",
        "label_smoothing": 0.2,
        "augmentation": "crop_flip",
    },
)
PRESETS = {"strong": STRONG}


def find_preset(name: str) -> Preset:
    """Return a preset by its name; raise InputError for an unknown one."""
    if name in PRESETS:
        return PRESETS[name]
    raise InputError(
        f"unknown preset {shown(name)}",
        f"one of {', '.join(PRESETS)}",
        guess(name, PRESETS, "correct the name"),
    )


def network_name(network: str | None, preset: str | None = None) -> str:
    """Return which network is meant: the one that is named, that of a preset, or the paper's."""
    if preset is None:
        return PAPER.name if network is None else network
    of_preset = find_preset(preset).network.name
    if network not in (None, of_preset):
        raise InputError(
            f"the preset {preset} is for the network {of_preset}, not for {shown(network)}",
            f"--preset {preset} with --network {of_preset} or without --network",
            "omit --network or --preset",
        )
    return of_preset
