# SPDX-License-Identifier: Apache-2.0
"""The real program for tests: commands, a server, and a client that keeps its connection."""
import http.client
import json
import os
import signal
import subprocess
import urllib.parse

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BINARY = os.environ.get("TILLWATCH_BIN", os.path.join(SOURCE, "build", "tillwatch"))


def run(*arguments, data=None, stdin=None, ok=True):
    """Runs a command and gives the finished process; its exit status must be 0 when `ok`."""
    environment = dict(os.environ)
    if data:
        environment["TILLWATCH_DATA"] = data
    done = subprocess.run([BINARY, *arguments], env=environment, input=stdin, capture_output=True, text=True, timeout=600)
    assert not ok or done.returncode == 0, f"{arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done


def run_json(*arguments, data=None, stdin=None):
    return json.loads(run(*arguments, "--json", data=data, stdin=stdin).stdout)


def simulate(out, stores, days, seed, *more):
    run("simulate", "--stores", str(stores), "--days", str(days), "--seed", str(seed), "--out", out, "--quiet", *more)


def lines_of(path):
    with open(path, encoding="utf-8") as file:
        return file.read().splitlines()


class Server:
    """`tillwatch serve` over a data directory, on a free port."""

    def __init__(self, data, *options):
        self.data = data
        self.options = options
        self.process = None
        self.address = None
        self.link = None

    def start(self, new_link=False):
        command = [BINARY, "serve", "--data", self.data, "--listen", "127.0.0.1:0", *self.options]
        if new_link:
            command.append("--new-link")
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        line = self.process.stdout.readline()
        assert line.startswith("Listening on "), f"the server did not start: {line!r}"
        self.address = urllib.parse.urlparse(line.split()[-1]).netloc
        if new_link:
            line = self.process.stdout.readline()
            self.link = line.split("/")[-1].strip()
        return self

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.process.stdout.close()

    def stop(self):
        self.process.terminate()
        status = self.process.wait(timeout=120)
        self.process.stdout.close()
        assert status == 0, f"the server ended with {status}"


class Client:
    """One kept connection; `headers` carry the access."""

    def __init__(self, address, headers=None):
        self.connection = http.client.HTTPConnection(address, timeout=60)
        self.headers = dict(headers or {})

    def call(self, method, path, body=None, media="application/json"):
        headers = dict(self.headers)
        if body is not None:
            headers["Content-Type"] = media
            if not isinstance(body, (str, bytes)):
                body = json.dumps(body)
            if isinstance(body, str):
                body = body.encode()
        self.connection.request(method, path, body, headers)
        reply = self.connection.getresponse()
        return reply.status, reply.read()

    def json(self, method, path, body=None, media="application/json"):
        status, data = self.call(method, path, body, media)
        return status, json.loads(data) if data else None

    def close(self):
        self.connection.close()


ADMIN = {"user": "admin", "password": "correct horse battery"}


def sign_in(client, body, path="/v1/session"):
    """Signs in and makes the client carry the session."""
    client.connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
    reply = client.connection.getresponse()
    data = json.loads(reply.read())
    assert reply.status == 200, data
    cookie = reply.getheader("Set-Cookie").split(";")[0]
    client.headers = {"Cookie": cookie, "X-Tillwatch-CSRF": "1"}
    return data


def set_up(server):
    """A signed-in client of the administrator whom the set-up link makes (server started with new_link)."""
    client = Client(server.address)
    sign_in(client, {"link_token": server.link, **ADMIN})
    return client


def token_of(server, rights=("admin",), stores=()):
    """A bearer token, made by the administrator of the set-up link."""
    client = set_up(server)
    status, made = client.json("POST", "/v1/tokens", {"name": "test", "rights": list(rights), "stores": list(stores)})
    assert status == 201, made
    client.close()
    return {"Authorization": "Bearer " + made["token"]}
