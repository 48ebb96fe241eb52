"""The smallest scale at which every step of a reproduction still does something."""

from runner.reproduction.plan import Scale

TINY = Scale(
    "tiny",
    train_size=32,
    epochs=1,
    short=1,
    long=2,
    folds=2,
    samples=400,
    downsample=0.000625,
    deeper_epochs=1,
    params={"blocks": 1, "filters": 2, "batch_norm_momentum": 0.9},
)
