"""The model card of a bundle: what the model is, how good, how to load it, and its limits."""

from runner.reports.records import Interval
from runner.reports.trial import TrialDocument


def model_card(document: TrialDocument, interval: Interval | None) -> str:
    """Return the card as Markdown, from a trial and the interval of its val_accuracy."""
    dataset = document.dataset
    params = ", ".join(f"{name} {value}" for name, value in document.params.items())
    images = dataset.images
    return f"""# Trial {document.trial}

An image classifier for {len(dataset.classes)} classes of {dataset.title}, trained by
`{document.provenance.command}`.

- Params: {params or "the defaults"}; seed {document.seed};
  {document.trained_epochs} epochs.
- Data: {images.train:,} images for training, {images.validation:,} for validation,
  {images.test:,} for testing; fingerprint `{dataset.fingerprint}`.
- Machine: {", then ".join(document.fingerprints)}.
{_reproducible(document)}
## Scores

{_scores(document, interval)}

Intervals are Wilson's, 95 %. The scores while training are means over the last epoch, with dropout
and with weights that changed meanwhile; all others are of the finished weights. If the trial was
chosen for its validation accuracy from several, that score is biased upwards by selection; a score
on the test split is not, as long as it was not used for selection.

## Use

```python
import keras

model = keras.saving.load_model("model.keras")
classes = {dataset.classes!r}
# pictures: an array of {tuple(dataset.shape)} each, with pixels from 0 to 255
predicted = [classes[n] for n in model.predict(pictures / 255.0).argmax(axis=1)]
```

`runner import` puts the trial into a store again, and `runner verify` scores it there.

## Limits

It knows only these classes, and calls any image one of them. It was not tested on images from
elsewhere, and its probabilities are not calibrated. The bundle holds no images; whoever passes
the model on should know the terms of the data set it was trained on.
"""


def _reproducible(document: TrialDocument) -> str:
    if document.not_reproducible:
        return f"- **Not reproducible**: {document.not_reproducible}.\n"
    if len(document.fingerprints) > 1:
        return "- **Trained on several kinds of machines**: none gives the same numbers again.\n"
    return ""


def _scores(document: TrialDocument, interval: Interval | None) -> str:
    images = document.dataset.images.validation
    rows = [
        ("train, while training", None, document.loss, document.accuracy, None),
        ("validation", images, document.val_loss, document.val_accuracy, interval),
        *(
            (row.split, row.images, row.loss, row.accuracy, row.accuracy_interval)
            for row in document.evaluations
        ),
    ]
    lines = ["| split | images | loss | accuracy | interval |", "|---|---|---|---|---|"]
    for split, count, loss, accuracy, ends in rows:
        shown = "-" if ends is None else f"{ends[0]:.4f} to {ends[1]:.4f}"
        number = "-" if count is None else f"{count:,}"
        lines.append(f"| {split} | {number} | {loss:.4f} | {accuracy:.4f} | {shown} |")
    return "\n".join(lines)
