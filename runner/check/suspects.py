"""Find the lines of a file that may break a promise, without running it."""

import ast
from collections.abc import Callable, Iterator

from runner.check.report import Line

CLOCKS = {
    *(f"time.{name}{end}" for name in ("time", "perf_counter", "monotonic") for end in ("", "_ns")),
    *("time.process_time", "time.ctime", "time.localtime", "time.gmtime", "uuid.uuid1"),
    *("datetime.datetime.now", "datetime.datetime.utcnow", "datetime.datetime.today"),
    "datetime.date.today",
}
ENTROPY = ("os.urandom", "uuid.uuid4", "os.getpid", "secrets.")
GLOBAL_GENERATORS = ("numpy.random.", "random.", "torch.rand", "tensorflow.random.")
# With a number they are seeded, without they are not.
GENERATORS = ("default_rng", "RandomState", "Random", "Generator", "SeedGenerator", "PRNGKey")
SEEDING = ("seed", "set_seed", "set_random_seed", "manual_seed")


class Suspects:
    """The calls of a file, by what may be wrong with them."""

    def __init__(self, code: str) -> None:
        self._lines = code.splitlines()
        self._tree = ast.parse(code)
        self._names = dict(_imported(self._tree))

    def clocks(self) -> list[Line]:
        """Return where the time is read."""
        return self._calls(lambda name, _: name in CLOCKS)

    def unseeded(self) -> list[Line]:
        """Return where random numbers come from no seed."""

        def draws(name: str, call: ast.Call) -> bool:
            last = name.rpartition(".")[2]
            if last in GENERATORS:
                return not call.args and not call.keywords
            return last not in SEEDING and name.startswith((*ENTROPY, *GLOBAL_GENERATORS))

        return self._calls(draws)

    def seeded(self) -> list[Line]:
        """Return where something is seeded."""

        def seeds(name: str, call: ast.Call) -> bool:
            last = name.rpartition(".")[2]
            given = {keyword.arg for keyword in call.keywords} & {"seed", "random_state"}
            return bool(given) or (last in (*SEEDING, *GENERATORS) and bool(call.args))

        return self._calls(seeds)

    def sets(self) -> list[Line]:
        """Return where there is a set, or a hash of something."""
        found = [node for node in ast.walk(self._tree) if isinstance(node, ast.Set | ast.SetComp)]
        calls = self._calls(lambda name, _: name in ("set", "frozenset", "hash", "id"))
        return self._shown([*(node.lineno for node in found), *(line.line for line in calls)])

    def kept(self) -> list[Line]:
        """Return what outlives a trial: global variables, and generators made on import."""
        nodes = [node.lineno for node in ast.walk(self._tree) if isinstance(node, ast.Global)]
        drawing = {line.line for line in [*self.unseeded(), *self.seeded()]}
        for statement in self._tree.body:
            if not isinstance(statement, ast.FunctionDef | ast.ClassDef):
                nodes += [node.lineno for node in ast.walk(statement) if isinstance(node, ast.Call)]
        return self._shown([*nodes, *drawing])

    def calls_method(self, name: str) -> bool:
        """Return whether a method of this name is called anywhere."""
        return any(
            isinstance(node, ast.Attribute) and node.attr == name for node in ast.walk(self._tree)
        )

    def _calls(self, wanted: Callable[[str, ast.Call], bool]) -> list[Line]:
        return self._shown(
            [
                node.lineno
                for node in ast.walk(self._tree)
                if isinstance(node, ast.Call) and wanted(self._dotted(node.func), node)
            ]
        )

    def _shown(self, numbers: list[int]) -> list[Line]:
        return [Line(line, self._lines[line - 1].strip()) for line in sorted(set(numbers))]

    def _dotted(self, node: ast.expr) -> str:
        """Return the name of what is called, its first part as it was imported."""
        if isinstance(node, ast.Name):
            return self._names.get(node.id, node.id)
        if isinstance(node, ast.Attribute):
            return f"{self._dotted(node.value)}.{node.attr}"
        return ""


def _imported(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Give each imported name with what it stands for."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield (
                    alias.asname or alias.name.split(".")[0],
                    (alias.name if alias.asname else alias.name.split(".")[0]),
                )
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield alias.asname or alias.name, f"{node.module}.{alias.name}"
