"""Any arguments of any command end with one of the project's own exit codes."""

import click
from hypothesis import given
from hypothesis import strategies as st

from tests.every_command import runnable
from tests.fuzz.command_line import CommandLine
from tests.fuzz.generated import generates

# Those that start processes or take the place of this one, whatever they are given.
STARTING = {"up", "ui"}
# Of a trial or an experiment that is there, these start workers, or wait for them.
WAITING = {"verify", "watch", "export"}
# Never given: it starts workers.
NOT_GIVEN = {"wait"}
# Always given, because without it workers are started.
ALWAYS = {"reproduce": ["--only-report"]}

NUMBERS = ["-1", "0", "1", "2", "3", "4", "5", "7", "2147483648", "9" * 20, "1" + "0" * 27]
ODD = [
    "",
    " ",
    "nan",
    "1e400",
    "[" * 2000,
    "\x1b[31m",
    "\udcff",
    "a,b",
    "=1+1",
    "~nobody/x",
    "é",
    "-",
]
DATASETS = ["npz:good.npz", "npz:", "folder:.", "zip:good.npz", "shapez", "npz:\udcff", "npz:/"]
CONDITIONS = ["lr=0.01", "val_accuracy>0.5", "lr=nan", "lr>1e400", "epochs=5", "x=1", "optimizer=a"]
IMAGES = ["0", "0-3", "9-1", "wrong", "random:3", f"random:{10**19}", "class:circle", f"0-{10**8}"]
TEXTS = {
    "dataset": DATASETS,
    "params": ["lr=.01", "lr=1e400", "epochs=2", "augment=True", "lr", "=", "lr=[[", "Lr=1"],
    "where": CONDITIONS,
    "images": IMAGES,
    "labels": ["predicted", "circle", "a\\,b", ",", "circle, circle"],
    "grid": ["paper", "good.npz", "nowhere", ".", "\udcff"],
    "downsample": ["0.001", "0.01", "1", "-1", "1e400", "nan", "1e-300"],
    "out": ["/proc/nowhere", "home", "\udcff", "out"],
    "path": ["home", "nowhere", "good.npz"],
    # Pages and images take seconds each; tests of their own look at them.
    "form": ["table", "json", "csv", "talos"],
}
JUNK = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)


COMMANDS = [
    (tuple(words.split()), command)
    for words, command in runnable().items()
    if words.split()[-1] not in STARTING
]


@st.composite
def value(draw: st.DrawFn, words: tuple[str, ...], parameter: click.Parameter) -> str:
    usual = TEXTS.get(str(parameter.name), [])
    if isinstance(parameter.type, click.Choice) and parameter.name != "form":
        usual = list(parameter.type.choices)
    if isinstance(parameter.type, click.IntRange):
        usual = [number for number in NUMBERS if words[-1] not in WAITING or len(number) > 1]
        usual = usual[0:1] + usual[2:] if words[-1] in WAITING else usual
    if draw(st.booleans()):
        return draw(st.sampled_from(usual or ODD))
    text = draw(st.sampled_from([*NUMBERS, *ODD]) | JUNK)
    return "9" * 20 if words[-1] in WAITING and text.strip().isdigit() else text


@st.composite
def command(draw: st.DrawFn) -> tuple[list[str], dict[str, str]]:
    words, chosen = draw(st.sampled_from(COMMANDS))
    arguments, variables = [*words, *ALWAYS.get(words[-1], [])], {}
    for parameter in chosen.params:
        is_option = isinstance(parameter, click.Option)
        wanted = parameter.required or draw(st.booleans())
        if parameter.name in NOT_GIVEN or not wanted or (is_option and not parameter.opts):
            continue
        if not isinstance(parameter, click.Option):
            arguments.append(draw(value(words, parameter)))
        elif parameter.is_flag:
            arguments.append(parameter.opts[0])
        elif draw(st.integers(0, 5)) == 0 and not parameter.multiple:
            name = "_".join((*words, str(parameter.name))).upper().replace("-", "_")
            variables[f"RUNNER_{name}"] = draw(value(words, parameter))
        else:
            arguments += [parameter.opts[0], draw(value(words, parameter))]
    return arguments, variables


@generates("commands with options", 2500)
@given(command())
def test_options_are_used_or_refused(
    command_line: CommandLine, given_: tuple[list[str], dict[str, str]]
) -> None:
    command_line(*given_)
