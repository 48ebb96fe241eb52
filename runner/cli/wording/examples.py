"""The examples under the help of every command."""

# By the words that call a command. A test reads each of them as the command line does.
EXAMPLES: dict[str, tuple[str, ...]] = {
    "": (
        "runner submit tune --downsample 0.01 --seed 2 --dataset shapes --epochs 1 --wait",
        "runner report",
    ),
    "submit": ("runner submit train --dataset digits --epochs 3 --wait",),
    "submit train": (
        "runner submit train --dataset digits --epochs 3 --wait",
        "runner submit train --param lr=0.01 --param optimizer=nadam --repeats 3",
    ),
    "submit tune": (
        "runner submit tune --downsample 0.01 --seed 2 --dataset shapes --epochs 1 --wait",
        "runner submit tune --downsample 1 --grid grid.json --param batch_size=64",
    ),
    "submit confirm": (
        "runner submit confirm 3 --wait",
        "runner submit confirm 3 --top 3 --seeds 10",
    ),
    "submit evaluate": (
        "runner submit evaluate --trial 3 --wait",
        "runner submit evaluate --trial 3 --folds 10",
    ),
    "submit explain": (
        "runner submit explain --trial 3 --images 0,5,9 --wait",
        "runner submit explain --trial 3 --images wrong,random:20 --labels predicted",
    ),
    "grid": (
        "runner grid small",
        "runner grid wide --search tpe --trials 60 --epochs 5",
    ),
    "cancel": ("runner cancel 3", "runner cancel --job 42"),
    "retry": ("runner retry 3", "runner retry --job 42"),
    "pause": ("runner pause 3",),
    "resume": ("runner resume 3",),
    "continue": ("runner continue 7 --wait", "runner continue 7 --epochs 20"),
    "recover": ("runner recover",),
    "status": ("runner status", "runner status 3 --format json"),
    "watch": ("runner watch", "runner watch 3"),
    "report": (
        "runner report 3 --format html",
        "runner report --top 10 --by val_loss --where 'lr>=0.001'",
    ),
    "show": ("runner show 3", "runner show --job 42"),
    "compare": ("runner compare 3 5 --split test", "runner compare 4 6 --folds"),
    "diff": ("runner diff 3 5 --format html",),
    "explanations": ("runner explanations --trial 3 --verdict sound",),
    "explain": ("runner explain --judge 5",),
    "sql": (
        "runner sql 'SELECT optimizer, avg(val_accuracy) FROM v_trials GROUP BY optimizer'",
        "runner sql --file question.sql --format csv --out answer.csv",
    ),
    "edit": ("runner edit 3 --name baseline --tag paper", "runner edit 3 --clear-name"),
    "archive": ("runner archive 3 4",),
    "unarchive": ("runner unarchive 3",),
    "delete": ("runner delete 3 4", "runner delete 3 4 --yes"),
    "prune": ("runner prune", "runner prune --artifacts --yes"),
    "export": ("runner export 3 --out bundle",),
    "import": ("runner import bundle",),
    "verify": ("runner verify 3",),
    "reproduce": ("runner reproduce --scale small --seed 1",),
    "up": ("runner up",),
    "down": ("runner down",),
    "worker": ("runner worker",),
    "ui": ("runner ui --port 8081 --no-browser",),
    "flower": ("runner flower --port 5556",),
    "doctor": ("runner doctor",),
    "check": (
        "runner check own_network.py:build",
        "runner check own_trainer.py:train --param alpha=0.01",
    ),
    "db": ("runner db upgrade",),
    "completion": ("runner completion bash",),
    "db upgrade": ("runner db upgrade",),
}
