"""A small stand-in for the Hugging Face Hub's HTTP API: repositories in memory, served on loopback."""

import base64
import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

TOKEN = "dummy"
OWNER = "someone"
LARGEST_BODY = 20_000_000


@contextmanager
def serve() -> Iterator["HubStandIn"]:
    """Serve an empty Hub as long as the block runs."""
    hub = HubStandIn()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"hub": hub}))
    server.daemon_threads = True
    hub.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=10)


def read_commit(body: bytes) -> tuple[str, dict[str, bytes]]:
    """Return the message and the files of a commit sent as lines of JSON."""
    message, files = "", {}
    for line in body.splitlines():
        entry = json.loads(line)
        if entry["key"] == "header":
            message = entry["value"]["summary"]
        elif entry["key"] == "file":
            files[entry["value"]["path"]] = base64.b64decode(entry["value"]["content"])
        else:
            raise ValueError(f"The stand-in knows no {entry['key']!r} in a commit.")
    return message, files


@dataclass
class Commit:
    repo_id: str
    message: str
    files: dict[str, bytes]
    oid: str
    pull_request: bool


@dataclass
class HubStandIn:
    """What the stand-in holds and was told."""

    url: str = ""
    repositories: dict[str, dict[str, bytes]] = field(default_factory=dict)
    private: dict[str, bool] = field(default_factory=dict)
    gated: set[str] = field(default_factory=set)
    commits: list[Commit] = field(default_factory=list)
    agents: list[str] = field(default_factory=list)

    def oid(self, repo_id: str) -> str:
        """Return the commit that the main branch points to."""
        merged = [
            commit.oid for commit in self.commits if commit.repo_id == repo_id and not commit.pull_request
        ]
        return merged[-1] if merged else "0" * 40

    def add_commit(self, repo_id: str, body: bytes, *, pull_request: bool) -> Commit:
        message, files = read_commit(body)
        oid = hashlib.sha1(f"{len(self.commits)}".encode() + body).hexdigest()
        commit = Commit(repo_id, message, files, oid, pull_request)
        self.commits.append(commit)
        if not pull_request:
            self.repositories[repo_id].update(files)
        return commit


class _Handler(BaseHTTPRequestHandler):
    hub: HubStandIn
    timeout = 10

    def log_message(self, *args: object) -> None:
        """Keep the test's output clean."""

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        self.hub.agents.append(self.headers.get("User-Agent", ""))
        path = unquote(urlsplit(self.path).path)
        if match := re.fullmatch(r"/api/models/([^/]+/[^/]+?)(?:/revision/(.+))?", path):
            self._send_info(match[1], match[2] or "main")
        elif match := re.fullmatch(r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)", path):
            self._send_file(*match.groups())
        else:
            self._refuse("RepoNotFound")

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        if length > LARGEST_BODY:
            return self._send_json({"error": "too large"}, status=413)
        body = self.rfile.read(length)
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            return self._send_json({"error": "Invalid username or password."}, status=401)
        url = urlsplit(self.path)
        if url.path == "/api/repos/create":
            return self._create(json.loads(body))
        if url.path == "/api/validate-yaml":
            return self._send_json({"warnings": [], "errors": []})
        match = re.fullmatch(r"/api/models/([^/]+/[^/]+)/(preupload|commit)/([^/]+)", url.path)
        if not match or match[1] not in self.hub.repositories:
            return self._refuse("RepoNotFound")
        if match[3] != "main":
            return self._refuse("RevisionNotFound")
        if match[2] == "preupload":
            paths = [file["path"] for file in json.loads(body)["files"]]
            # "regular" files come inside the commit; the real Hub wants large ones sent elsewhere first.
            modes = [{"path": path, "uploadMode": "regular", "shouldIgnore": False} for path in paths]
            return self._send_json({"files": modes})
        commit = self.hub.add_commit(match[1], body, pull_request="create_pr" in parse_qs(url.query))
        return self._send_commit(commit)

    def _create(self, wanted: dict[str, Any]) -> None:
        repo_id = f"{wanted.get('organization') or OWNER}/{wanted['name']}"
        exists = repo_id in self.hub.repositories
        if not exists:
            self.hub.repositories[repo_id] = {}
            # Newer clients send a visibility, older ones a flag.
            self.hub.private[repo_id] = wanted.get("visibility") == "private" or bool(wanted.get("private"))
        self._send_json({"url": f"{self.hub.url}/{repo_id}"}, status=409 if exists else 200)

    def _send_commit(self, commit: Commit) -> None:
        answer = {
            "success": True,
            "commitOid": commit.oid,
            "commitUrl": f"{self.hub.url}/{commit.repo_id}/commit/{commit.oid}",
            "hookOutput": "",
        }
        if commit.pull_request:
            answer["pullRequestUrl"] = f"{self.hub.url}/{commit.repo_id}/discussions/1"
        self._send_json(answer)

    def _send_info(self, repo_id: str, revision: str) -> None:
        if repo_id not in self.hub.repositories:
            return self._refuse("RepoNotFound")
        if revision not in ("main", self.hub.oid(repo_id)):
            return self._refuse("RevisionNotFound")
        siblings = [{"rfilename": path} for path in self.hub.repositories[repo_id]]
        return self._send_json(
            {
                "_id": repo_id,
                "id": repo_id,
                "modelId": repo_id,
                "sha": self.hub.oid(repo_id),
                "private": self.hub.private.get(repo_id, False),
                "siblings": siblings,
                "tags": [],
                "downloads": 0,
                "likes": 0,
            }
        )

    def _send_file(self, repo_id: str, revision: str, path: str) -> None:
        if repo_id not in self.hub.repositories:
            return self._refuse("RepoNotFound")
        if revision not in ("main", self.hub.oid(repo_id)):
            return self._refuse("RevisionNotFound")
        if repo_id in self.hub.gated:
            return self._refuse("GatedRepo", status=403)
        content = self.hub.repositories[repo_id].get(path)
        if content is None:
            return self._refuse("EntryNotFound")
        return self._send(
            content,
            {"ETag": f'"{hashlib.sha1(content).hexdigest()}"', "X-Repo-Commit": self.hub.oid(repo_id)},
        )

    def _refuse(self, code: str, *, status: int = 404) -> None:
        self._send(b"", {"X-Error-Code": code, "X-Error-Message": code}, status=status)

    def _send_json(self, value: object, *, status: int = 200) -> None:
        self._send(json.dumps(value).encode(), {"Content-Type": "application/json"}, status=status)

    def _send(self, content: bytes, headers: dict[str, str], *, status: int = 200) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)
