"""A real Chromium, driven over its DevTools protocol: pages, their console and their requests."""

import asyncio
import base64
import json
import shutil
import subprocess
import tempfile
import time
import urllib.request
from itertools import count
from pathlib import Path
from typing import Any

from tornado.websocket import WebSocketClientConnection, websocket_connect

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
SECONDS = 60.0
MOST_BYTES = 100_000_000
POLL_SECONDS = 0.02


class Browser:
    """One tab with a profile of its own; `console` has its errors, `requests` its addresses."""

    def __init__(self) -> None:
        self._profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self._process = subprocess.Popen(
            [
                *(str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"),
                *("--remote-debugging-port=0", f"--user-data-dir={self._profile.name}"),
                "about:blank",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._loop = asyncio.new_event_loop()
        self._numbers = count(1)
        self.console: list[str] = []
        self.requests: list[str] = []
        self._socket: WebSocketClientConnection = self._run(self._connect())
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    async def _connect(self) -> WebSocketClientConnection:
        file, end = Path(self._profile.name) / "DevToolsActivePort", time.monotonic() + SECONDS
        while not file.exists() or not file.read_text().strip():
            assert time.monotonic() < end, "Chromium does not start"
            await asyncio.sleep(POLL_SECONDS)
        port = file.read_text().split()[0]
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/json/list") as answer:
            [tab] = [each for each in json.load(answer) if each["type"] == "page"]
        return await websocket_connect(tab["webSocketDebuggerUrl"], max_message_size=MOST_BYTES)

    async def _disconnect(self) -> None:
        self._socket.close()

    def _run(self, what: Any) -> Any:
        return self._loop.run_until_complete(asyncio.wait_for(what, SECONDS))

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """Send one command and return its result."""
        return dict(self._run(self._call(method, params)))

    async def _call(self, method: str, params: dict[str, Any]) -> Any:
        number = next(self._numbers)
        await self._socket.write_message(
            json.dumps({"id": number, "method": method, "params": params})
        )
        while True:
            message = json.loads(str(await self._socket.read_message()))
            if message.get("id") == number:
                assert "error" not in message, message
                return message["result"]
            self._note(message)

    def _note(self, message: dict[str, Any]) -> None:
        method, params = message.get("method"), message.get("params", {})
        if method == "Runtime.exceptionThrown":
            details = params["exceptionDetails"]
            self.console.append(details.get("exception", details).get("description", "error"))
        elif method == "Runtime.consoleAPICalled" and params["type"] in ("error", "warning"):
            self.console.append(str(params["args"]))
        elif method == "Log.entryAdded" and params["entry"]["level"] in ("error", "warning"):
            self.console.append(f"{params['entry']['text']} {params['entry'].get('url', '')}")
        elif method == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])

    def open(self, address: str) -> None:
        """Go to an address."""
        self.call("Page.navigate", url=address)
        self.wait_for("document.readyState === 'complete' && document.body")

    def value(self, expression: str) -> Any:
        """Return the value of a JavaScript expression."""
        found = self.call(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    def wait_for(self, expression: str) -> float:
        """Wait until an expression is true; return after how many seconds it was."""
        start = time.monotonic()
        while not self.value(f"Boolean({expression})"):
            assert time.monotonic() - start < SECONDS, (
                f"{expression}\n{self.value('document.body.innerText')}"
            )
            self._run(asyncio.sleep(POLL_SECONDS))
        return time.monotonic() - start

    def window(self, width: int, height: int, scheme: str = "light") -> None:
        """Set the size of the page and whether it is light or dark."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.call("Emulation.setEmulatedMedia", features=features)

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        """Press the mouse at one place and release it at another."""
        self._mouse("mousePressed", *start)
        self._mouse("mouseMoved", *end)
        self._mouse("mouseReleased", *end)

    def press(self, key: str) -> None:
        """Press and release a key."""
        text = {"Enter": "\r", " ": " "}.get(key, "")
        code = {"Tab": 9, "Enter": 13, "Escape": 27, " ": 32}[key]
        for kind in ("keyDown", "keyUp"):
            given = {"type": kind, "key": key, "windowsVirtualKeyCode": code}
            self.call("Input.dispatchKeyEvent", **given, text=text if kind == "keyDown" else "")

    def _mouse(self, kind: str, x: float, y: float) -> None:
        self.call(
            "Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", buttons=1, clickCount=1
        )

    def screenshot(self, path: Path, *, whole: bool = True) -> None:
        """Write what the page looks like."""
        taken = self.call("Page.captureScreenshot", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(taken["data"]))

    def close(self) -> None:
        """End the browser."""
        self._run(self._disconnect())
        self._process.terminate()
        self._process.wait(SECONDS)
        self._loop.close()
        self._profile.cleanup()
