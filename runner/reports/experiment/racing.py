"""What a race found: which trial is confirmed, by how much, and how much of its lead was luck."""

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import fmean

from cifar_model.objective import in_words
from cifar_model.spaces.racing import BUDGET, SEEDS, Margin, Scores, Standing, race
from runner.races import Race, race_in
from runner.reports.evaluation import evaluations_of
from runner.reports.model import Note, Part, Table, with_interval
from runner.reports.records import Interval, values
from runner.reports.selection import TestScore, test_score
from runner.specs import Configuration
from runner.store.engine import Connection
from runner.store.queries.tuning.races import evaluation_of, scores_of

COLUMNS = (
    *("trial", "first_rank", "first_score", "mean", "seeds", "outcome", "behind", "advantage"),
    *("interval", "model_bytes"),
)
ENDS = {SEEDS: "all seeds are trained", BUDGET: "the budget is used up"}


@dataclass(frozen=True, slots=True)
class Raced:
    """A candidate of a race, by its trial in the first experiment.

    `mean` is over the seeds of the race. `outcome` is `best`, `equal` (chance cannot tell it from
    the best), `dropped` (clearly behind) or `failed`. `advantage` is by how much the trial `behind`
    is better over the seeds of both, with its interval.
    """

    trial: int
    first_rank: int
    first_score: float
    mean: float | None
    seeds: int
    outcome: str
    behind: int | None
    advantage: float | None
    interval: Interval | None
    model_bytes: int


@dataclass(frozen=True, slots=True)
class RaceDocument:
    """The race of `runner submit confirm`.

    `confirmed` is the trial of the first experiment that is better than all other candidates, null
    if none stands out; `cheapest` is then the one with the smallest model of those that chance
    cannot tell apart. `advantage` is that of the best over the next, with its interval.
    `first_lead` is the difference between the first two of the first ranking, `lead` the same over
    the seeds of the race, and `luck` how much larger the first is.
    """

    experiment: int
    metric: str
    chosen_from: int
    confirmed: int | None
    cheapest: int | None
    ended: str | None
    seeds: int
    most_seeds: int
    budget: int | None
    advantage: float | None
    interval: Interval | None
    first_lead: float
    lead: float | None
    luck: float | None
    candidates: list[Raced]
    evaluation: int | None
    test: TestScore | None


def race_document(
    connection: Connection, experiment: int, configuration: Configuration
) -> RaceDocument | None:
    """Return the race of an experiment; None if it is none."""
    found = race_in(configuration.stored)
    if found is None:
        return None
    scores = scores_of(connection, experiment, found)
    standing = race(scores, found.design)
    places = [*standing.racing, *_out(standing)]
    evaluation = evaluation_of(connection, experiment)
    confirmed, ended = standing.confirmed, standing.ended_by is not None
    nearest = standing.nearest
    first, second = found.candidates[:2]
    first_lead = found.sign * (first.score - second.score)
    lead = _lead(scores)
    return RaceDocument(
        experiment=found.experiment,
        metric=found.metric,
        chosen_from=found.chosen_from,
        confirmed=None if confirmed is None else found.candidates[confirmed].trial,
        cheapest=found.candidates[found.cheapest(standing.racing)].trial
        if ended and confirmed is None and standing.racing
        else None,
        ended=standing.ended_by,
        seeds=standing.seeds,
        most_seeds=len(found.seeds),
        budget=found.budget,
        advantage=None if nearest is None else nearest.advantage,
        interval=_interval(nearest),
        first_lead=first_lead,
        lead=lead,
        luck=None if lead is None else first_lead - lead,
        candidates=[_raced(found, standing, scores, place) for place in places],
        evaluation=evaluation,
        test=None
        if evaluation is None
        else test_score(evaluations_of(connection, experiment=evaluation)),
    )


def _out(standing: Standing) -> list[int]:
    """Return who is out, the last to be dropped first."""
    dropped = [place for place in standing.margins if place not in standing.racing]
    later = sorted(dropped, key=lambda place: -standing.margins[place].seeds)
    return [*(place for place in later if place not in standing.failed), *standing.failed]


def _lead(scores: Scores) -> float | None:
    """Return the lead of the first of the first ranking over the second, in the race."""
    both = [(score, scores.get((1, seed))) for (place, seed), score in scores.items() if place == 0]
    known = [one - other for one, other in both if one is not None and other is not None]
    return fmean(known) if known else None


def _interval(margin: Margin | None) -> Interval | None:
    return None if margin is None or margin.interval is None else list(margin.interval)


def _raced(found: Race, standing: Standing, scores: Scores, place: int) -> Raced:
    candidate, margin = found.candidates[place], standing.margins.get(place)
    own = [score for (of, _), score in scores.items() if of == place and score is not None]
    return Raced(
        trial=candidate.trial,
        first_rank=candidate.rank,
        first_score=candidate.score,
        mean=found.sign * fmean(own) if own else None,
        seeds=len(own),
        outcome=_outcome(standing, place),
        behind=None if margin is None else found.candidates[margin.behind].trial,
        advantage=None if margin is None else margin.advantage,
        interval=_interval(margin),
        model_bytes=candidate.size,
    )


def _outcome(standing: Standing, place: int) -> str:
    if place in standing.failed:
        return "failed"
    if place not in standing.racing:
        return "dropped"
    return "best" if place == standing.racing[0] else "equal"


def race_answer(of: RaceDocument) -> str:
    """Return in a few sentences what a race found."""
    if of.ended is None:
        return (
            f"The race of {len(of.candidates)} trials of experiment {of.experiment} goes on:"
            f" {of.seeds} of at most {of.most_seeds} seeds are complete."
        )
    said = [*_result(of), *_luck(of)]
    if of.test is not None:
        score = with_interval(of.test.accuracy, of.test.accuracy_interval)
        said.append(f"On the test split, used once, after the race: accuracy {score}.")
    return " ".join(said)


def _result(of: RaceDocument) -> Iterator[str]:
    if of.confirmed is not None:
        ahead = with_interval(of.advantage or 0.0, of.interval)
        yield (
            f"Trial {of.confirmed} is confirmed as the best of {len(of.candidates)} candidates: its"
            f" {of.metric} is better by {ahead}, 95 % interval, than the next over {of.seeds}"
            " further seeds."
        )
        return
    racing = [each for each in of.candidates if each.outcome in ("best", "equal")]
    if not racing:
        yield "No candidate is left: a training of each has failed."
        return
    why = ENDS.get(of.ended or "", "")
    if len(racing) == 1:
        yield (
            f"Only trial {racing[0].trial} is left, but it is not confirmed: trainings of others"
            " have failed."
        )
        return
    yield (
        f"No trial stands out after {of.seeds} further seeds ({why}): chance cannot tell"
        f" {len(racing)} of {len(of.candidates)} candidates apart. Trial {of.cheapest} is the"
        " cheapest of them: it has the smallest model, then the fewest epochs."
    )


def _luck(of: RaceDocument) -> Iterator[str]:
    ordered = sorted(of.candidates, key=lambda each: each.first_rank)
    first, second = ordered[:2]
    if of.lead is None or first.mean is None:
        return
    # If the order was reversed, the whole first lead was luck, but not more.
    luck = min(of.luck or 0.0, of.first_lead)
    lucky = f"{luck:.3f}" if luck > 0 else "none"
    yield (
        f"Among {of.chosen_from:,} trials, trial {first.trial} was first with"
        f" {in_words(of.metric, first.first_score)}, {of.first_lead:.3f} better than trial"
        f" {second.trial}; over these seeds its mean is {in_words(of.metric, first.mean)} and its"
        f" lead {of.lead:.3f}, so {lucky} of the first lead was luck."
    )


def race_parts(of: RaceDocument) -> list[Part]:
    """Return the answer of a race and the table of its candidates."""
    rows = [[_shown(value) for value in values(each, COLUMNS)] for each in of.candidates]
    return [
        Note(race_answer(of)),
        Table(f"Candidates from experiment {of.experiment}", COLUMNS, rows),
        Note(
            "mean: over the seeds of this experiment. advantage: by how much the trial `behind` is"
            " better, over the seeds of both; intervals are valid although they are looked at after"
            " every seed."
        ),
    ]


def _shown(value: object) -> object:
    if isinstance(value, list):
        return f"{value[0]:.3f} to {value[1]:.3f}"
    return value
