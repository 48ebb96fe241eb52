"""Our values for the paper's tables and its formulas."""

from runner.reproduction.measured import Measured, Missing, Sources, Values, exact, share


def table_1(sources: Sources) -> Values:
    """Return the scores with augmentation."""
    return _scores(sources, "augmented", "")


def table_2_long(sources: Sources) -> Values:
    """Return the scores without augmentation after many epochs."""
    return _scores(sources, "untuned-long", "100 epochs, ")


def table_2_short(sources: Sources) -> Values:
    """Return the scores without augmentation after few epochs."""
    return _scores(sources, "untuned-short", "10 epochs, ")


def table_3_validation(sources: Sources) -> Values:
    """Return the scores of the best of the grid by which it was chosen, and while it trained."""
    trial = sources.trial("tuned")
    return {
        "validation accuracy": share(trial["val_accuracy"], _validation(sources)),
        "accuracy while training, last epoch": share(trial["accuracy"], _train(sources)),
    }


def table_3_test(sources: Sources) -> Values:
    """Return the score of the best of the grid on images that were not used for selection."""
    test = sources.evaluation("tuned-on-test")
    return {"test accuracy": share(test["accuracy"], test["images"])}


def table_3_folds(sources: Sources) -> Values:
    """Return the mean of a true k-fold, and Talos's own score of folds beside it."""
    document = sources["tuned-folds"]
    folds = document["folds"]
    if folds["interval"] is None:  # a fold has no score
        raise Missing("tuned-folds")
    images = sum(row["images"] for row in document["evaluations"])
    return {
        "k-fold accuracy": Measured(folds["mean"], folds["interval"], images),
        "Talos's fold score (F1, no refit)": Measured(folds["talos_f1"]),
    }


def equations(sources: Sources) -> Values:
    """Return accuracy and log loss, and what TP, TN, FP and FN add up to."""
    scores = sources.evaluation("untuned-long-on-test")
    totals = {name: sum(row[name] for row in scores["per_class"]) for name in ("tp", "fp", "fn")}
    return {
        "accuracy": share(scores["accuracy"], scores["images"]),
        "log loss": Measured(scores["log_loss"]),
        "sum of TP / images": Measured(totals["tp"] / scores["images"]),
        "sum of FP": Measured(totals["fp"]),
        "sum of FN": Measured(totals["fn"]),
    }


def confusion(sources: Sources) -> Values:
    """Return how many images the rows of the confusion have."""
    rows = [sum(row) for row in sources.evaluation("untuned-long-on-test")["confusion"]]
    return {
        "fewest images of a class": exact(min(rows)),
        "most images of a class": exact(max(rows)),
    }


def epochs(sources: Sources, step: str) -> Values:
    """Return how many epochs a step's trial was trained."""
    return {"epochs": exact(sources.trial(step)["trained_epochs"])}


def _scores(sources: Sources, step: str, prefix: str) -> Values:
    """Return loss and accuracy of a step's trial on the three splits."""
    trial = sources.trial(step)
    train, test = (sources.evaluation(f"{step}-on-{split}") for split in ("train", "test"))
    found = {
        "train loss": Measured(train["loss"]),
        "train accuracy": share(train["accuracy"], train["images"]),
        # The last epoch's validation is that of the stored model.
        "validation loss": Measured(trial["val_loss"]),
        "validation accuracy": share(trial["val_accuracy"], _validation(sources)),
        "test loss": Measured(test["loss"]),
        "test accuracy": share(test["accuracy"], test["images"]),
        "accuracy while training, last epoch": share(trial["accuracy"], _train(sources)),
    }
    return {f"{prefix}{name}": value for name, value in found.items()}


def _validation(sources: Sources) -> int:
    return len(sources.reproduction.dataset.validation)


def _train(sources: Sources) -> int:
    return len(sources.reproduction.dataset.train)
