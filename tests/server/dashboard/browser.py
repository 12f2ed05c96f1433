"""A headless Chromium, driven by the DevTools protocol; its pages keep their console and what they ask for."""

import base64
import itertools
import json
import shutil
import subprocess
import tempfile
import time
from contextlib import contextmanager

from websockets.sync.client import connect

CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)
FLAGS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-sync"),
    *(
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-extensions",
        "--no-default-browser-check",
    ),
    *(
        "--disable-default-apps",
        "--metrics-recording-only",
        "--mute-audio",
        "--password-store=basic",
        "--hide-scrollbars",
    ),
)
_KEYS = {"Enter": (13, "\r"), "Tab": (9, ""), "ArrowRight": (39, ""), "ArrowLeft": (37, ""), "ArrowUp": (38, "")}


@contextmanager
def chromium():
    """Run a browser while the context is open; yields the address of its DevTools."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        command = [CHROMIUM, *FLAGS, "--remote-debugging-port=0", f"--user-data-dir={folder}", "about:blank"]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        try:
            line = next(line for line in process.stderr if b"DevTools listening on " in line)
            yield line.split()[-1].decode()
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            process.stderr.close()


@contextmanager
def opening(devtools, **screen):
    """Open a page while the context is open; yields the Page."""
    with connect(devtools, max_size=None) as socket:
        yield Page(socket, **screen)


class Page:
    """One page of a browser of its own profile, so that no page sees another's storage.

    Attributes:
        console: Errors and warnings of the page.
        asked: The addresses that it has asked for.
    """

    def __init__(self, socket, *, width=1280, height=900, dark=False):
        self.console, self.asked = [], []
        self._numbers = itertools.count(1)
        self._session = None
        self._socket = socket
        context = self("Target.createBrowserContext")["browserContextId"]
        target = self("Target.createTarget", url="about:blank", browserContextId=context)["targetId"]
        self._session = self("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self(f"{domain}.enable")
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
        self("Emulation.setDeviceMetricsOverride", **metrics)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self("Emulation.setEmulatedMedia", features=[scheme])

    def __call__(self, method, **params):
        """Send a command and return its result; events that come meanwhile are kept."""
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        self._socket.send(json.dumps(message))
        while True:
            answer = json.loads(self._socket.recv(timeout=30))
            if answer.get("id") == number:
                assert "error" not in answer, (method, answer["error"])
                return answer["result"]
            self._keep(answer.get("method"), answer.get("params", {}))

    def _keep(self, event, params):
        match event:
            case "Network.requestWillBeSent":
                self.asked.append(params["request"]["url"])
            case "Runtime.exceptionThrown":
                self.console.append(params["exceptionDetails"].get("exception", params["exceptionDetails"]))
            case "Runtime.consoleAPICalled" if params["type"] in {"error", "warning", "assert"}:
                self.console.append([each.get("value") for each in params["args"]])
            case "Log.entryAdded" if params["entry"]["level"] in {"error", "warning"}:
                self.console.append(params["entry"]["text"])

    def open(self, url):
        self("Page.navigate", url=url)
        self.until("document.readyState === 'complete' && document.documentElement.dataset.theme")

    def value(self, expression):
        """Return the value of an expression of the page."""
        found = self("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    def until(self, expression, seconds=30):
        """Wait until an expression holds."""
        end = time.monotonic() + seconds
        while not self.value(f"Boolean({expression})"):
            assert time.monotonic() < end, f"never: {expression}; console: {self.console}"
            time.sleep(0.03)

    def press(self, key, times=1):
        code, text = _KEYS[key]
        for _ in range(times):
            for kind in ("keyDown", "keyUp"):
                typed = {"text": text} if text and kind == "keyDown" else {}
                self("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code, **typed)

    def type(self, text):
        self("Input.insertText", text=text)

    def click(self, selector):
        self.until(f"document.querySelector({json.dumps(selector)})")
        self.value(f"document.querySelector({json.dumps(selector)}).click()")

    def screenshot(self, *, whole=False):
        """Return what the page looks like, as a PNG."""
        return base64.b64decode(self("Page.captureScreenshot", format="png", captureBeyondViewport=whole)["data"])
