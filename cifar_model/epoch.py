"""The record of an epoch by its earlier name, which training and checkpoints know it under."""

from cifar_model.results import LOSS_RULE, Epoch

__all__ = ["LOSS_RULE", "Epoch"]
