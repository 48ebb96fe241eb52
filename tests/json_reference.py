"""Write the tables of docs/json.md from the records that become JSON: `make reference`.

Names, types and order are those of the code; the meaning of a field is what the page says, and
stays. A test fails where the page is not what this would write, or a field has no meaning.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import is_dataclass
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from runner.api.delivery import StatusDocument
from runner.reports.comparison.folds import FoldComparisonDocument
from runner.reports.comparison.trials import ComparisonDocument
from runner.reports.experiment.document import ExperimentDocument
from runner.reports.experiment.space import GridDocument
from runner.reports.explanation.agreement import AgreementDocument
from runner.reports.explanation.difference import DifferenceDocument
from runner.reports.explanation.search import SearchDocument
from runner.reports.leaderboard import LeaderboardDocument
from runner.reports.query import QueryDocument
from runner.reports.records import json_name
from runner.reports.trial import TrialDocument
from runner.reports.verification import VerificationDocument
from runner.reproduction.document import Output, ReproductionDocument
from runner.specs import Configuration, Provenance

PAGE = Path(__file__).parent.parent / "docs" / "json.md"

COMMANDS: Mapping[str, type] = {
    "`runner report`": ExperimentDocument,
    "`runner report` of several experiments": LeaderboardDocument,
    "`runner show`": TrialDocument,
    "`runner submit`, `runner status EXPERIMENT`": StatusDocument,
    "`runner compare`": ComparisonDocument,
    "`runner compare --folds`": FoldComparisonDocument,
    "`runner explanations`": SearchDocument,
    "`runner diff`": DifferenceDocument,
    "`runner diff` of more than two experiments": AgreementDocument,
    "`runner sql`": QueryDocument,
    "`runner grid`": GridDocument,
    "`runner verify`": VerificationDocument,
    "`runner reproduce`": ReproductionDocument,
}

# What was stored stays as it is; `Output` makes its JSON itself.
AS_STORED = (Configuration, Provenance, Output)

WORDS = {int: "integer", float: "number", str: "text", bool: "true or false", NoneType: "null"}


def page(written: str) -> str:
    """Return the page with its tables made anew; the meanings are those that it has."""
    meanings = dict(_meanings(written))
    head = written.split("\n## ", maxsplit=1)[0]
    sections = [_section(command, record, meanings) for command, record in COMMANDS.items()]
    shared = [record for record in _reachable(COMMANDS.values()) if record not in COMMANDS.values()]
    sections += [_section(_name(record), record, meanings) for record in shared]
    return "\n".join([head.rstrip("\n"), *sections]) + "\n"


def _meanings(written: str) -> Iterator[tuple[tuple[str, str], str]]:
    for section in written.split("\n## ")[1:]:
        heading = section.splitlines()[0]
        for field, meaning in re.findall(r"(?m)^\| `(\w+)` \| [^|]*\| (.*) \|$", section):
            yield (heading, field), meaning


def _section(heading: str, record: type, meanings: Mapping[tuple[str, str], str]) -> str:
    bases = " and ".join(map(_link, _bases(record)))
    hints = get_type_hints(record)
    rows = [
        f"| `{json_name(field)}` | {_type(hints[field])}"
        f" | {meanings.get((heading, json_name(field)), '')} |"
        for field in _own(record)
    ]
    return "\n".join(
        [
            f"\n## {heading}\n",
            *([f"The fields of {bases}{', and:' if rows else '.'}\n"] if bases else []),
            *(["| field | type | meaning |", "|---|---|---|", *rows] if rows else []),
        ]
    )


def _own(record: type) -> list[str]:
    """Return the fields of a record that no base has a section for."""
    mixed = [base for base in record.__bases__ if is_dataclass(base) and _is_mixed_in(base)]
    return [name for of in (*mixed, record) for name in of.__annotations__]


def _is_mixed_in(base: type) -> bool:
    """Tell whether a base only decides where its few fields stand: OfClass, OfDataset, ..."""
    return base.__name__.startswith("Of")


def _bases(record: type) -> list[type]:
    return [base for base in record.__bases__ if is_dataclass(base) and not _is_mixed_in(base)]


def _type(hint: Any) -> str:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return " or ".join(dict.fromkeys(_type(argument) for argument in arguments))
    if origin in (list, tuple) or getattr(origin, "__name__", "") in ("Sequence", "Iterable"):
        of = _type(arguments[0])
        return f"list of ({of})" if " or " in of else f"list of {of}"
    if origin is not None:
        return f"object of {_type(arguments[1])}"
    return _link(hint) if _is_record(hint) else WORDS.get(hint, "object")


def _link(record: type) -> str:
    return f"[{_name(record)}](#{_name(record).lower().replace(' ', '-')})"


def _is_record(hint: Any) -> bool:
    """Tell whether a value is described field by field; the others are stored JSON."""
    return is_dataclass(hint) and hint not in AS_STORED


def _name(record: Any) -> str:
    """Return the words of a record's name: RankedTrial is a ranked trial."""
    words: str = record.__name__.removesuffix("Row")
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", words).capitalize()


def _reachable(records: Any) -> Iterator[type]:
    """Yield every record that these hold, each once, in the order in which they are met."""
    seen: dict[type, None] = {}
    left = list(records)
    while left:
        record = left.pop(0)
        if record in seen:
            continue
        seen[record] = None
        left += _bases(record)
        for hint in get_type_hints(record).values():
            left += _records_in(hint)
    yield from seen


def _records_in(hint: Any) -> Iterator[type]:
    if _is_record(hint):
        yield hint
    for argument in get_args(hint):
        yield from _records_in(argument)


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text()))
