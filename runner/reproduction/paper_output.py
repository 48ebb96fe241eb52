"""One output of the paper: its values, and how ours are computed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from runner.reports.model import Figure, Table
from runner.reproduction.measured import Sources, Values
from runner.reproduction.paper_values import Content

Measure = Callable[[Sources], Values]


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperOutput:
    """One output of the paper: its values by name, and how ours are computed.

    `steps` are the steps of the plan that it needs; `repeated` says whether its values are means
    over seeds. Each function in `ours` returns some of our values; these functions, `draw` and
    `table` raise Missing until their steps have a result. `oddity` is an inconsistency in the
    paper. `note` says how our values were computed; `remark` is shown after the missing steps. With
    `of_subjects`, images of other classes may replace the paper's.
    """

    id: str
    title: str
    place: str
    paper: Mapping[str, Content]
    steps: tuple[str, ...]
    ours: tuple[Measure, ...]
    draw: Callable[[Sources], list[Figure]] | None = None
    table: Callable[[Sources], Table] | None = None
    oddity: str | None = None
    note: str = ""
    remark: str = ""
    of_subjects: bool = False
    repeated: bool = False
