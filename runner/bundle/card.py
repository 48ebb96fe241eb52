"""The model card of a bundle: what the model is, how good, how to load it, and its limits."""

from cifar_model.networks.network import PAPER
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

{_network(document)}- Params: {params or "the defaults"}; seed {document.seed};
  {document.trained_epochs} epochs.
- Data: {images.train:,} images for training, {images.validation:,} for validation,
  {images.test:,} for testing; fingerprint `{dataset.fingerprint}`.
- Machine: {", then ".join(document.fingerprints)}.
{_reproducible(document)}
## Scores

{_scores(document, interval)}

Intervals are Wilson's, 95 %. The training scores are means over the last epoch, with dropout and
with weights that changed during it; all other scores are of the final weights. If the trial was
selected from several by its validation accuracy, that score is biased upwards by selection; a score
on the test split is not, unless the test split was used for selection too.

## Use

```python
import keras

model = keras.saving.load_model("model.keras")
classes = {dataset.classes!r}
# images: an array of {tuple(dataset.shape)} each, with pixel values from 0 to 255
predicted = [classes[n] for n in model.predict(images / 255.0).argmax(axis=1)]
```

`runner import` stores the trial in another database, and `runner verify` scores it there.

## Limits

The model assigns every image to one of these classes. It was not tested on images from other
sources, and its probabilities are not calibrated. The bundle contains no images; before you share
the model, check the licence of the data set that it was trained on.
"""


def _network(document: TrialDocument) -> str:
    if document.network == PAPER.name:
        return ""
    code = f", in `network.py`, SHA-256 `{document.code}`" if document.code else ""
    return f"- Network: {document.network}{code}.\n"


def _reproducible(document: TrialDocument) -> str:
    if document.not_reproducible:
        return f"- **Not reproducible**: {document.not_reproducible}.\n"
    if len(document.fingerprints) > 1:
        return (
            "- **Trained on several kinds of machines**: "
            "no single machine reproduces its results exactly.\n"
        )
    return ""


def _scores(document: TrialDocument, interval: Interval | None) -> str:
    images = document.dataset.images.validation
    rows = [
        ("train, during training", None, document.loss, document.accuracy, None),
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
