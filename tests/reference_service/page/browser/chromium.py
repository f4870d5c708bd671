"""Chromium, driven through its own protocol over a pipe: no port, no driver, no library."""

import itertools
import json
import os
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

PROGRAM = Path("/usr/bin/chromium")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--hide-scrollbars",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--remote-debugging-pipe",
)
Scheme = Literal["light", "dark"]


class Chromium:
    """One headless browser with one tab."""

    def __init__(self, profile: Path) -> None:
        theirs, ours = os.pipe()
        mine, its = os.pipe()
        # The protocol is read from descriptor 3 and written to 4.
        script = f'exec "$0" "$@" 3<&{theirs} 4>&{its}'
        self._process = subprocess.Popen(
            ["bash", "-c", script, PROGRAM, *FLAGS, f"--user-data-dir={profile}", "about:blank"],
            pass_fds=(theirs, its),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(theirs)
        os.close(its)
        self._to, self._from = os.fdopen(ours, "wb"), os.fdopen(mine, "rb")
        self._ids = itertools.count(1)
        self._left = b""
        self.complaints: list[str] = []
        self._session = ""
        target = self._call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Accessibility"):
            self._call(f"{domain}.enable")

    def __enter__(self) -> "Chromium":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()
        self._to.close()
        self._from.close()

    def show(self, url: str, *, width: int, scheme: Scheme, still: bool = False) -> None:
        """Load a page at this width and in this colour scheme; `still` asks for reduced motion."""
        features = [
            {"name": "prefers-color-scheme", "value": scheme},
            {"name": "prefers-reduced-motion", "value": "reduce" if still else "no-preference"},
        ]
        self._call("Emulation.setEmulatedMedia", features=features)
        self._call(
            "Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False
        )
        self._call("Page.navigate", url=url)
        while self._message().get("method") != "Page.loadEventFired":
            pass

    def value(self, script: str) -> Any:  # Any: whatever the script returns, as JSON
        """Return what this expression is worth on the page, whose own policy forbids it every script."""
        answer = self._call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def press(self, key: str) -> None:
        """Press a key and let it go."""
        codes = {"Tab": 9, "Enter": 13}
        for kind in ("rawKeyDown", "char", "keyUp"):
            text = {"text": "\r"} if key == "Enter" and kind == "char" else {}
            if kind != "char" or text:
                self._call(
                    "Input.dispatchKeyEvent",
                    type=kind,
                    key=key,
                    code=key,
                    windowsVirtualKeyCode=codes[key],
                    **text,
                )

    def tree(self) -> list[dict[str, Any]]:
        """Return the nodes that assistive technology is given."""
        nodes: list[dict[str, Any]] = self._call("Accessibility.getFullAXTree")["nodes"]
        return [node for node in nodes if not node.get("ignored")]

    def _call(self, method: str, **parameters: Any) -> dict[str, Any]:
        number = next(self._ids)
        session = {"sessionId": self._session} if self._session else {}
        self._to.write(
            json.dumps({"id": number, "method": method, "params": parameters, **session}).encode() + b"\0"
        )
        self._to.flush()
        while (message := self._message()).get("id") != number:
            pass
        assert "error" not in message, message
        result: dict[str, Any] = message["result"]
        return result

    def _message(self) -> dict[str, Any]:
        while b"\0" not in self._left:
            more = os.read(self._from.fileno(), 65_536)
            assert more, "the browser ended"
            self._left += more
        text, _, self._left = self._left.partition(b"\0")
        message: dict[str, Any] = json.loads(text)
        if message.get("method") in ("Log.entryAdded", "Runtime.exceptionThrown", "Runtime.consoleAPICalled"):
            self.complaints.append(json.dumps(message["params"])[:400])
        return message
