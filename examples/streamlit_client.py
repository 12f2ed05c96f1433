"""The Streamlit app of streamlit_app/app.py, run without a browser: the page is computed, used, and has no error.

It needs `pip install -r examples/streamlit_app/requirements.txt`.
"""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

from secured import skip

APP = Path(__file__).resolve().parent / "streamlit_app" / "app.py"


def main() -> None:
    """Open the app, raise the cost, and raise it so far that nothing is traded."""
    if find_spec("streamlit") is None:
        skip("Streamlit is missing; pip install -r examples/streamlit_app/requirements.txt brings it")
    from streamlit.testing.v1 import AppTest  # noqa: PLC0415 - it may not be installed

    app = AppTest.from_file(str(APP), default_timeout=60).run()
    show(app)
    app.number_input[0].set_value(50.0).run()
    show(app)
    app.number_input[0].set_value(100_000.0).run()
    show(app)


def show(app: Any) -> None:
    """Print what the page shows; an exception in the app ends this program."""
    if app.exception or app.error:
        raise SystemExit([message.value for message in (*app.exception, *app.error)])
    for line in (
        "; ".join(f"{metric.label}: {metric.value}" for metric in app.metric),
        *(w.value for w in app.warning),
    ):
        if line:
            print(line)


if __name__ == "__main__":
    main()
