"""The paper's title and its longer lists of values: Figures 3, 4 and 5, and the activations."""

from collections.abc import Sequence

from cifar_model.params import ParamValues

TITLE = "CIFAR-10 Image Classification with Explanations (K. Jadhav and S. Mathew)"

# A value of an output: a number, a text, a shape or params.
Content = float | str | Sequence[float] | ParamValues

ROUND = ("round_epochs", "val_loss", "val_accuracy", "loss", "accuracy")
FIGURE_4 = (
    (8, 0.015382821318833157, 0.7806999959290027, 0.013993583691690582, 0.804999996088955),
    (6, 0.659924005150795, 0.7858000000953674, 0.5480762988507748, 0.808525000238419),
    (9, 0.025885010549426078, 0.7452999981880188, 0.015838953499309718, 0.7765500004053116),
    (9, 0.01436277858442627, 0.7989999908566475, 0.012163168090966065, 0.8351000912402295),
    (9, 0.6471811138227582, 0.8023999977946281, 0.4053575285501778, 0.8580249937146902),
)


def _blocks() -> dict[str, list[int]]:
    shapes: dict[str, list[int]] = {}
    for block, (size, filters) in enumerate(((32, 32), (16, 64), (8, 128)), start=1):
        for number in (2 * block - 1, 2 * block):
            shapes[f"conv2d_{number}"] = [500, size, size, filters]
            shapes[f"batch_normalization_{number}"] = [500, size, size, filters]
        shapes[f"max_pooling2d_{block}"] = [500, size // 2, size // 2, filters]
        shapes[f"dropout_{block}"] = [500, size // 2, size // 2, filters]
    return shapes


LAYERS = _blocks() | {
    "flatten_1": [500, 2048],
    "dense_1": [500, 64],
    "dropout_4": [500, 64],
    "dense_2": [500, 32],
    "dropout_5": [500, 32],
    "dense_3": [500, 10],
}

SCAN: dict[str, Content] = {
    "random_method": "uniform_mersenne",
    "reduction_method": "None",
    "reduction_interval": 50,
    "reduction_window": 20,
    "grid_downsample": 0.01,
    "reduction_threshold": 0.2,
    "reduction_metric": "val_acc",
    "reduce_loss": False,
    "experiment_name": "112418200223_",
    "complete_time": "11/24/18/20:50",
    "x_shape": [40000, 32, 32, 3],
    "y_shape": [40000, 10],
    "trials": 16,
    "minutes": 48,
}

# The rows of Figure 5: five of the paper's sixteen rounds.
FIGURE_5: tuple[ParamValues, ...] = tuple(
    {
        "lr": 0.001,
        "batch_size": batch_size,
        "epochs": epochs,
        "dropout": 0.2,
        "optimizer": optimizer,
        "losses": losses,
        "activation": activation,
        "last_activation": last_activation,
    }
    for batch_size, epochs, optimizer, losses, activation, last_activation in (
        (43, 8, "adam", "logcosh", "relu", "sigmoid"),
        (48, 6, "nadam", "categorical_crossentropy", "relu", "sigmoid"),
        (48, 9, "nadam", "logcosh", "relu", "softmax"),
        (31, 9, "nadam", "logcosh", "elu", "sigmoid"),
        (34, 9, "nadam", "categorical_crossentropy", "relu", "softmax"),
    )
)
