#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Sign-in through an identity provider: a real one (the npm package oidc-provider) for what must work,
and one of our own that forges tokens for what must not."""
import base64
import hashlib
import hmac
import http.client
import http.server
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

from driver import SOURCE, Client, Server, run, set_up

MODULES = os.path.join(SOURCE, "tests", "e2e", "node_modules")
SKIP = 77


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Browser:
    """Follows redirects by hand and keeps cookies by host and path."""

    def __init__(self):
        self.cookies = {}

    def ask(self, method, url, body=None):
        parts = urllib.parse.urlsplit(url)
        connection = http.client.HTTPConnection(parts.netloc, timeout=30)
        mine = [f"{name}={value}" for (host, path, name), value in self.cookies.items()
                if host == parts.netloc and parts.path.startswith(path)]
        headers = {"Cookie": "; ".join(mine), "X-Tillwatch-CSRF": "1"}
        if body is not None:
            headers["Content-Type"] = "application/json"
            body = json.dumps(body)
        connection.request(method, parts.path + ("?" + parts.query if parts.query else ""), body, headers)
        reply = connection.getresponse()
        data = reply.read()
        for name, line in reply.getheaders():
            if name.lower() == "set-cookie":
                self.keep(parts.netloc, line)
        connection.close()
        where = reply.getheader("Location")
        return reply.status, urllib.parse.urljoin(url, where) if where else None, data

    def keep(self, host, line):
        pair, *attributes = [part.strip() for part in line.split(";")]
        name, value = pair.split("=", 1)
        path = next((a.split("=", 1)[1] for a in attributes if a.lower().startswith("path=")), "/")
        if value and "max-age=0" not in [a.lower() for a in attributes] and "1970" not in line:
            self.cookies[host, path, name] = value
        else:
            self.cookies.pop((host, path, name), None)

    def sign_in(self, url, login=None, claims=None, return_to="/alerts/A-1", stop_at=None):
        """Where the browser ends on our server, and what the callback said."""
        status, where, data = self.ask("GET", f"{url}/v1/oidc/start?return_to={urllib.parse.quote(return_to)}")
        assert status == 302, data
        for _ in range(12):
            if where.startswith(url) and "/v1/oidc/" not in where:
                return where[len(url):]
            if stop_at and stop_at in where:
                return where
            if "/interaction/" in where:
                body = {"abort": True} if login is None else {"login": login, "claims": claims}
                status, where, data = self.ask("POST", where, body)
            else:
                status, where, data = self.ask("GET", where)
            assert where, (status, data)
        raise AssertionError("too many redirects")

    def session(self, url):
        status, _, data = self.ask("GET", url + "/v1/session")
        return json.loads(data) if status == 200 else None


CONFIG = """
oidc:
  name: Test SSO
  issuer: "{issuer}"
  client_id: tillwatch
  client_secret_file: keys/oidc.secret
  role_claim: groups
  roles:
    - {{value: lp-managers, role: manager}}
    - {{value: lp-team, role: analyst}}
  domains: [example.com]
"""


def place(folder, issuer):
    data = os.path.join(folder, "data-" + issuer.rsplit(":", 1)[1])
    run("init", "--data", data)
    with open(os.path.join(data, "tillwatch.yaml"), "a", encoding="utf-8") as file:
        file.write(CONFIG.format(issuer=issuer))
    with open(os.path.join(data, "keys", "oidc.secret"), "w", encoding="utf-8") as file:
        file.write("a secret of the client\n")
    return data


def claims_of(name, *groups, **more):
    return {"name": name.title(), "preferred_username": name, "email": name + "@example.com", "email_verified": True,
            "groups": list(groups), **more}


class Real:
    """The provider in Node.js."""

    def __init__(self, redirect_uri):
        set_up_text = json.dumps({"client_id": "tillwatch", "client_secret": "a secret of the client",
                                  "redirect_uri": redirect_uri})
        script = os.path.join(SOURCE, "tests", "integration", "oidc", "provider.mjs")
        self.process = subprocess.Popen(["node", script, set_up_text], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                        text=True, env={**os.environ, "TILLWATCH_NODE_MODULES": MODULES})
        self.issuer = self.process.stdout.readline().strip()
        assert self.issuer.startswith("http://"), "the provider did not start"

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


def check_real(folder):
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    real = Real(url + "/v1/oidc/callback")
    server = Server(place(folder, real.issuer), "--listen", f"127.0.0.1:{port}").start(new_link=True)
    try:
        admin = set_up(server)
        assert admin.json("GET", "/v1/sign-in")[1]["oidc"] == {"name": "Test SSO", "start": "/v1/oidc/start"}
        browser = Browser()
        assert browser.sign_in(url, "1", claims_of("carol", "x", "lp-team")) == "/alerts/A-1"
        session = browser.session(url)
        assert (session["user"], session["role"], session["by"]) == ("carol", "analyst", "oidc"), session
        assert not session["has_password"]
        check_refusals(url, browser, admin)
        # The role follows the claim, and who has another name gets another account.
        assert Browser().sign_in(url, "1", claims_of("carol", "lp-managers")) == "/alerts/A-1"
        assert browser.session(url) is None, "a session with the old role"
        assert admin.json("GET", "/v1/users/carol")[1]["role"] == "manager"
        other = Browser()
        other.sign_in(url, "2", claims_of("carol", "lp-team"))
        assert other.session(url)["user"] == "carol-2"
        admin.json("PATCH", "/v1/users/carol-2", {"state": "DISABLED"})
        assert Browser().sign_in(url, "2", claims_of("carol", "lp-team")) == "/sign-in?problem=disabled"
        # New keys are found by themselves.
        Browser().ask("POST", real.issuer + "/rotate")
        assert Browser().sign_in(url, "3", claims_of("dave", "lp-team"), "//elsewhere.example/") == "/"
        actors = {entry["subject"] for entry in admin.json("GET", "/v1/audit?kind=user.create")[1]["items"]}
        assert {"carol", "carol-2", "dave"} <= actors, actors
        real.stop()
        restarted = Server(server.data, "--listen", "127.0.0.1:0")
        server.stop()
        restarted.start()
        status, where, _ = Browser().ask("GET", f"http://{restarted.address}/v1/oidc/start")
        assert status == 302 and where.endswith("/sign-in?problem=provider"), where
        restarted.stop()
    finally:
        real.stop() if real.process.poll() is None else None
        server.process.kill()


def check_refusals(url, browser, admin):
    assert Browser().sign_in(url) == "/sign-in?problem=denied"
    assert Browser().sign_in(url, "8", claims_of("eve", "others")) == "/sign-in?problem=not_allowed"
    for more in [{"email_verified": False}, {"email": "eve@elsewhere.example"}]:
        assert Browser().sign_in(url, "9", claims_of("eve", "lp-team", **more)) == "/sign-in?problem=not_allowed"
    # Another browser cannot end what this one began, and nobody can end it twice.
    third = Browser()
    back = third.sign_in(url, "4", claims_of("frank", "lp-team"), stop_at="/v1/oidc/callback")
    assert Browser().ask("GET", back)[1] == url + "/sign-in?problem=expired"
    cookies = dict(third.cookies)
    assert third.ask("GET", back)[1] == url + "/alerts/A-1"
    third.cookies = cookies
    assert third.ask("GET", back)[1] == url + "/sign-in?problem=expired"
    assert "eve" not in [user["user_id"] for user in admin.json("GET", "/v1/users")[1]["items"]]
    assert browser.session(url)["user"] == "carol"


# --- a provider that forges
# -------------------------------------------------------------------------------------------


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Forger(http.server.BaseHTTPRequestHandler):
    key = None       # path of the private key
    modulus = None   # its modulus, big-endian
    change = None    # (header, claims) -> (header, claims)
    sign = None      # bytes -> bytes, or None = by the key
    nonce = None

    def log_message(self, *_):
        pass

    def reply(self, value):
        data = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):
        issuer = f"http://127.0.0.1:{self.server.server_port}"
        if self.path.startswith("/.well-known"):
            self.reply({"issuer": issuer, "authorization_endpoint": issuer + "/auth", "token_endpoint": issuer + "/token",
                        "jwks_uri": issuer + "/keys"})
        elif self.path == "/keys":
            self.reply({"keys": [{"kty": "RSA", "kid": "k", "use": "sig", "alg": "RS256", "e": "AQAB", "n": b64(Forger.modulus)}]})
        else:
            self.send_error(404)

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        issuer, now = f"http://127.0.0.1:{self.server.server_port}", int(time.time())
        header = {"alg": "RS256", "kid": "k"}
        claims = {"iss": issuer, "aud": "tillwatch", "sub": "7", "iat": now, "exp": now + 300, "nonce": Forger.nonce,
                  **claims_of("grace", "lp-team")}
        header, claims = Forger.change(header, claims)
        head = b64(json.dumps(header).encode()) + "." + b64(json.dumps(claims).encode())
        signature = Forger.sign(head.encode()) if Forger.sign else by_key(head.encode())
        self.reply({"id_token": head + "." + b64(signature), "token_type": "Bearer", "access_token": "x"})


def by_key(data):
    return subprocess.run(["openssl", "dgst", "-sha256", "-sign", Forger.key], input=data, capture_output=True, check=True).stdout


def forgeries():
    """What is changed in a good token, and whether it may still let somebody in."""
    def with_claims(**changes):
        return lambda header, claims: (header, {name: value for name, value in {**claims, **changes}.items() if value is not None})

    def with_header(**changes):
        return lambda header, claims: ({**header, **changes}, claims)

    now = int(time.time())
    same = with_claims()
    yield "as it is", same, None, True
    yield "two audiences, ours the party", with_claims(aud=["tillwatch", "x"], azp="tillwatch"), None, True
    yield "another issuer", with_claims(iss="http://127.0.0.1:1"), None, False
    yield "another audience", with_claims(aud="other"), None, False
    yield "another party", with_claims(azp="other"), None, False
    yield "two audiences without a party", with_claims(aud=["tillwatch", "x"]), None, False
    yield "expired", with_claims(exp=now - 1000), None, False
    yield "without an end", with_claims(exp=None), None, False
    yield "of the future", with_claims(iat=now + 1000), None, False
    yield "another nonce", with_claims(nonce="other"), None, False
    yield "without a nonce", with_claims(nonce=None), None, False
    yield "of nobody", with_claims(sub=None), None, False
    yield "not signed", with_header(alg="none"), lambda data: b"", False
    yield "signed by the public key as a secret", with_header(alg="HS256"), \
        lambda data: hmac.new(Forger.modulus, data, hashlib.sha256).digest(), False
    yield "a broken signature", same, lambda data: bytes(256), False
    yield "an unknown key", with_header(kid="other"), None, False


def check_forged(folder):
    Forger.key = os.path.join(folder, "key.pem")
    subprocess.run(["openssl", "genrsa", "-out", Forger.key, "2048"], check=True, capture_output=True)
    text = subprocess.run(["openssl", "rsa", "-in", Forger.key, "-modulus", "-noout"], check=True, capture_output=True, text=True)
    Forger.modulus = bytes.fromhex(text.stdout.strip().split("=")[1])
    forger = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Forger)
    threading.Thread(target=forger.serve_forever, daemon=True).start()
    server = Server(place(folder, f"http://127.0.0.1:{forger.server_port}")).start(new_link=True)
    url = "http://" + server.address
    try:
        for name, change, sign, is_good in forgeries():
            browser = Browser()
            _, where, _ = browser.ask("GET", url + "/v1/oidc/start")
            query = urllib.parse.parse_qs(urllib.parse.urlsplit(where).query)
            assert query["code_challenge_method"] == ["S256"] and re.fullmatch(r"[\w-]{43}", query["code_challenge"][0])
            Forger.nonce, Forger.change, Forger.sign = query["nonce"][0], staticmethod(change), sign and staticmethod(sign)
            _, where, _ = browser.ask("GET", f"{url}/v1/oidc/callback?code=c&state={query['state'][0]}")
            wanted = url + ("/" if is_good else "/sign-in?problem=not_allowed")
            assert where == wanted, f"a token {name}: {where}"
            assert (browser.session(url) is not None) == is_good, name
        assert not Client(server.address).json("GET", "/v1/sign-in")[1]["set_up_needed"], "grace has an account"
        server.stop()
    finally:
        server.process.kill()
        forger.shutdown()


def main():
    with tempfile.TemporaryDirectory() as folder:
        check_forged(folder)
        print("ok forged tokens are refused")
        if not os.path.isdir(os.path.join(MODULES, "oidc-provider")):
            print("oidc-provider is not installed (npm ci in tests/e2e): the real provider is skipped")
            return SKIP
        check_real(folder)
        print("ok a real provider")
    return 0


if __name__ == "__main__":
    sys.exit(main())
