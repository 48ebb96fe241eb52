"""The sweep with Talos's own `Scan`, which trains one point after another in one process.

python -m benchmarks.peers.talos_sweep DATA.npz POINTS.json
"""

import os
import sys
import tempfile
from typing import Any

from benchmarks.plain import Point, arrays, begin, build, read_points


def main(data_file: str, points_file: str) -> None:
    """Scan the points: they are the values of one parameter."""
    keras, points = begin(), read_points(points_file)
    import talos

    x_train, y_train, x_val, y_val = arrays(data_file)

    def model(x: Any, y: Any, x_valid: Any, y_valid: Any, params: Point) -> tuple[Any, Any]:
        point = points[params["point"]]
        network = build(keras, point)
        history = network.fit(
            x,
            y,
            batch_size=point["batch_size"],
            epochs=point["epochs"],
            validation_data=(x_valid, y_valid),
            verbose=0,
        )
        return history, network

    with tempfile.TemporaryDirectory() as directory:
        os.chdir(directory)
        scan = talos.Scan(
            x_train,
            y_train,
            {"point": list(range(len(points)))},
            model,
            experiment_name="sweep",
            x_val=x_val,
            y_val=y_val,
            clear_session=True,
            disable_progress_bar=True,
        )
        print(f"{len(scan.data)} trials")


if __name__ == "__main__":
    main(*sys.argv[1:])
