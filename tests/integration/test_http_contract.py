#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every reply of the real server against api/openapi.yaml.

A small simulated chain is imported, the server started on a free port, and every route called, with
good and with bad requests. Each reply's status, media type and body must be documented; replies are
closed schemas, so that an undocumented field fails. A route that was never called fails, too.
"""
import gzip
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

import jsonschema
import yaml

from contract_figures import check_figures
from contract_lake import check_lake
from contract_work import ROUTES as ROUTES_OF_WORK

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BINARY = os.environ.get("TILLWATCH_BIN", os.path.join(SOURCE, "build", "tillwatch"))


class Contract:
    """The OpenAPI document and which of its operations were seen."""

    def __init__(self, path):
        with open(path, encoding="utf-8") as file:
            self.doc = yaml.safe_load(file)
        self.resolver = jsonschema.RefResolver.from_schema(self.doc)
        self.seen = {}

    def deref(self, node):
        while isinstance(node, dict) and "$ref" in node:
            _, node = self.resolver.resolve(node["$ref"])
        return node

    def operation(self, method, path):
        # A path without variable parts goes before one that it fits, too.
        for template, operations in sorted(self.doc["paths"].items(), key=lambda item: item[0].count("{")):
            pattern = re.sub(r"\{[^}]+\}", "[^/]+", template)
            if re.fullmatch(pattern, path.split("?")[0]) and method.lower() in operations:
                return template, operations[method.lower()]
        raise AssertionError(f"{method} {path} is not documented")

    def check(self, method, path, status, media, body):
        template, operation = self.operation(method, path)
        self.seen.setdefault((method, template), set()).add(status)
        response = self.deref(operation["responses"].get(str(status)))
        assert response, f"{method} {path}: status {status} is not documented: {body[:200]!r}"
        content = response.get("content")
        if not content:
            assert not body, f"{method} {path}: {status} must have no body"
            return
        media = media.split(";")[0]
        assert media in content, f"{method} {path}: {media} is not documented for {status}"
        if media not in ("application/json", "application/problem+json", "application/x-ndjson"):
            return
        lines = body.splitlines() if media == "application/x-ndjson" else [body]
        for line in lines:
            self.validate(content[media]["schema"], json.loads(line), f"{method} {path} {status}")

    def validate(self, schema, value, where):
        validator = jsonschema.Draft202012Validator(schema, resolver=self.resolver)
        for error in validator.iter_errors(value):
            raise AssertionError(f"{where}: {error.message} at {list(error.absolute_path)}")

    def missing(self):
        every = {(m.upper(), p) for p, ops in self.doc["paths"].items() for m in ops}
        return sorted(every - set(self.seen))


class Server:
    """The real program over a data directory."""

    def __init__(self, data):
        self.data = data
        self.process = None
        self.url = None
        self.link = None

    def start(self):
        command = [BINARY, "serve", "--data", self.data, "--listen", "127.0.0.1:0"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        while self.url is None or self.link is None:
            line = self.process.stdout.readline()
            assert line, "the server ended before it listened"
            if line.startswith("Listening on "):
                self.url = line.split()[-1]
            elif line.startswith("Set-up link: "):
                self.link = line.split("/")[-1].strip()

    def stop(self):
        self.process.terminate()
        assert self.process.wait(timeout=60) == 0, "the server did not stop cleanly"


class Client:
    """Calls that are held against the contract. `auth` is a set of headers."""

    def __init__(self, server, contract):
        self.server = server
        self.contract = contract
        self.auth = {}

    def call(self, method, path, body=None, media="application/json", headers=None, auth=None):
        data = body if isinstance(body, (bytes, type(None))) else json.dumps(body).encode()
        request = urllib.request.Request(self.server.url + path, data=data, method=method)
        if data is not None and media:
            request.add_header("Content-Type", media)
        for name, value in {**(self.auth if auth is None else auth), **(headers or {})}.items():
            request.add_header(name, value)
        try:
            with urllib.request.urlopen(request, timeout=60) as reply:
                status, kind, text = reply.status, reply.headers.get("Content-Type", ""), reply.read()
                self.last_headers = reply.headers
        except urllib.error.HTTPError as error:
            status, kind, text = error.code, error.headers.get("Content-Type", ""), error.read()
            self.last_headers = error.headers
        if kind.startswith("text/") or "json" in kind or not kind:
            text = text.decode()
        self.contract.check(method, path, status, kind, text)
        return status, json.loads(text) if text and "json" in kind and "ndjson" not in kind else text


def transaction(number, **changes):
    record = {
        "transaction_id": f"contract-{number}",
        "store_id": "S0001",
        "register_id": "R1",
        "employee_id": "E-contract",
        "transaction_time": "2026-02-01T10:00:00+01:00",
        "transaction_total": "12.30",
        "discount_amount": 0,
        "refund_flag": 0,
        "void_flag": 0,
        "item_count": 1,
        "payment_type": "cash",
    }
    record.update(changes)
    return record


PASSWORD = "correct horse battery"


def check_access(client):
    assert client.call("GET", "/v1/summary", auth={})[0] == 401
    assert client.call("GET", "/v1/session", auth={})[0] == 401
    assert client.call("GET", "/v1/sign-in", auth={})[1] == {"password": True, "oidc": None, "set_up_needed": True}
    check_link(client)
    status, session = client.call("POST", "/v1/session", {"user": "admin", "password": PASSWORD})
    assert status == 200 and session["role"] == "admin" and session["stores"] == [], session
    cookie = client.last_headers["Set-Cookie"].split(";")[0]
    assert "HttpOnly" in client.last_headers["Set-Cookie"] and "SameSite=Strict" in client.last_headers["Set-Cookie"]
    # The cookie alone must not change anything: that is what a foreign page could send.
    token = {"name": "x", "rights": ["read"]}
    assert client.call("POST", "/v1/tokens", token, auth={"Cookie": cookie})[0] == 403
    foreign = {"Cookie": cookie, "X-Tillwatch-CSRF": "1", "Origin": "http://elsewhere.example"}
    assert client.call("POST", "/v1/tokens", token, auth=foreign)[0] == 403
    client.auth = {"Cookie": cookie, "X-Tillwatch-CSRF": "1"}
    assert client.call("GET", "/v1/session")[0] == 200
    for wrong in [{"name": ""}, {"rights": ["all"]}, {"rights": []}, {"rights": ["read", "read"]}, {"stores": "S1"},
                  {"stores": [""]}, {"expires_at": "2001-01-01T00:00:00Z"}, {"expires_at": "soon"}, {"scopes": ["read"]}]:
        assert client.call("POST", "/v1/tokens", {**token, **wrong})[0] == 422, wrong
    assert client.call("POST", "/v1/tokens", b"{", media="application/json")[0] == 400
    assert client.call("POST", "/v1/tokens", b"{}", media="text/plain")[0] == 415
    check_users(client)
    check_passwords(client)


def check_link(client):
    """The set-up link makes the first administrator, with a password of their own, once."""
    link = client.server.link
    good = {"link_token": link, "user": "admin", "name": "Ada Admin", "password": PASSWORD}
    assert client.call("POST", "/v1/sign-in", {"link_token": "wrong-wrong-wrong-wrong"})[0] == 401
    status, info = client.call("POST", "/v1/sign-in", {"link_token": link})
    assert status == 200 and info["kind"] == "set_up" and info["user_id"] is None, info
    assert client.call("POST", "/v1/session", {**good, "link_token": "wrong-wrong-wrong-wrong"})[0] == 401
    for wrong in [{"link_token": 5}, {"password": "short"}, {"password": "a" * 20}, {"password": "x" * 129},
                  {"user": "Not An Id"}, {"user": None}, {"extra": 1}]:
        assert client.call("POST", "/v1/session", {**good, **wrong})[0] == 422, wrong
    status, session = client.call("POST", "/v1/session", good)
    assert status == 200 and session["user"] == "admin" and session["has_password"], session
    assert client.call("POST", "/v1/session", good)[0] == 401, "used twice"
    assert client.call("GET", "/v1/sign-in", auth={})[1]["set_up_needed"] is False


def check_users(client):
    ana = {"user_id": "ana", "name": "Ana Analyst", "role": "analyst", "team": "North", "stores": ["S0001", "S000*"]}
    for wrong in [{"user_id": "Ana"}, {"user_id": ""}, {"name": ""}, {"role": "king"}, {"stores": [5]},
                  {"sees_names": 1}, {"locale": "german"}, {"state": "ACTIVE"}]:
        assert client.call("POST", "/v1/users", {**ana, **wrong})[0] == 422, wrong
    status, made = client.call("POST", "/v1/users", ana)
    assert status == 201 and made["user"]["state"] == "INVITED" and made["user"]["rights"] == [
        "score", "read", "work", "names"], made
    assert client.call("POST", "/v1/users", ana)[0] == 409
    assert client.call("GET", "/v1/users/none")[0] == 404
    status, user = client.call("GET", "/v1/users/ana")
    etag = client.last_headers["ETag"]
    assert status == 200 and user["stores"] == ["S0001", "S000*"]
    status, user = client.call("PATCH", "/v1/users/ana", {"team": "South", "sees_names": False}, headers={"If-Match": etag})
    assert status == 200 and user["team"] == "South" and "names" not in user["rights"], user
    assert client.call("PATCH", "/v1/users/ana", {"team": "West"}, headers={"If-Match": etag})[0] == 412
    assert client.call("PATCH", "/v1/users/ana", {})[0] == 422
    assert client.call("PATCH", "/v1/users/ana", {"user_id": "bob"})[0] == 422
    assert client.call("PATCH", "/v1/users/none", {"team": "West"})[0] == 404
    for change in [{"state": "DISABLED"}, {"role": "manager"}, {"stores": ["S0001"]}]:
        assert client.call("PATCH", "/v1/users/admin", change)[0] == 409, "the last administrator"
    people = client.call("GET", "/v1/people")[1]["items"]
    assert [person["user_id"] for person in people] == ["admin", "ana"] and people[1]["can_work"]
    assert len(client.call("GET", "/v1/users")[1]["items"]) == 2
    # A new link takes the place of the first one.
    status, link = client.call("POST", "/v1/users/ana/link")
    assert status == 201
    assert client.call("POST", "/v1/users/none/link")[0] == 404
    assert client.call("POST", "/v1/sign-in", {"link_token": made["link"]["link_token"]})[0] == 401
    status, info = client.call("POST", "/v1/sign-in", {"link_token": link["link_token"]})
    assert status == 200 and (info["kind"], info["user_id"], info["name"]) == ("password", "ana", "Ana Analyst")
    body = {"link_token": link["link_token"], "password": "ana's own password"}
    status, session = client.call("POST", "/v1/session", body, auth={})
    assert status == 200 and session["user"] == "ana" and session["rights"] == ["score", "read", "work"], session
    ana_auth = {"Cookie": client.last_headers["Set-Cookie"].split(";")[0], "X-Tillwatch-CSRF": "1"}
    assert client.call("GET", "/v1/users", auth=ana_auth)[0] == 403
    assert client.call("PATCH", "/v1/session", {"locale": "de"}, auth=ana_auth)[1]["locale"] == "de"
    assert client.call("PATCH", "/v1/session", {"locale": "deutsch"}, auth=ana_auth)[0] == 422
    assert client.call("PATCH", "/v1/users/ana", {"state": "DISABLED"})[1]["state"] == "DISABLED"
    assert client.call("GET", "/v1/session", auth=ana_auth)[0] == 401, "a disabled account"
    assert client.call("POST", "/v1/users/ana/link")[0] == 409


def check_passwords(client):
    """One's own password ends the other sessions; guessing is slowed down, also of names that nobody has."""
    status, _ = client.call("POST", "/v1/session", {"user": "admin", "password": PASSWORD}, auth={})
    other = {"Cookie": client.last_headers["Set-Cookie"].split(";")[0], "X-Tillwatch-CSRF": "1"}
    change = {"current_password": PASSWORD, "password": PASSWORD + " staple"}
    assert client.call("PUT", "/v1/session/password", {**change, "current_password": "wrong"})[0] == 403
    assert client.call("PUT", "/v1/session/password", {**change, "password": "short"})[0] == 422
    assert client.call("PUT", "/v1/session/password", change)[0] == 204
    client.auth["Cookie"] = client.last_headers["Set-Cookie"].split(";")[0]
    assert client.call("GET", "/v1/session", auth=other)[0] == 401 and client.call("GET", "/v1/session")[0] == 200
    assert client.call("POST", "/v1/session", {"user": "admin", "password": PASSWORD}, auth={})[0] == 401
    for user in ["ana", "nobody"]:
        answers = [client.call("POST", "/v1/session", {"user": user, "password": "a guess"}, auth={}) for _ in range(6)]
        assert [status for status, _ in answers] == [401] * 5 + [429], answers
        assert 25 <= int(client.last_headers["Retry-After"]) <= 30
    answers = {json.dumps(answer) for _, answer in answers[:5]}
    assert len(answers) == 1


def check_trail(client):
    """What was done above is in the trail; without an identity provider there is no way through it."""
    trail = client.call("GET", "/v1/audit?limit=500")[1]["items"]
    assert {"user.create", "session.fail"} <= {line["kind"] for line in trail}, trail[:3]
    assert client.call("GET", "/v1/audit?limit=0")[0] == 400
    for path in ["/v1/oidc/start", "/v1/oidc/callback?state=x&code=y"]:
        assert client.call("GET", path, auth={})[0] == 404


def check_scopes(client):
    """Each right opens its own routes and no other."""
    routes = {
        "ingest": ("POST", "/v1/transactions", transaction("scope")),
        "score": ("POST", "/v1/score", transaction("scope")),
        "read": ("GET", "/v1/summary", None),
        "work": ("POST", "/v1/verdicts", {"alert_id": "A-none", "verdict": "REFUTED", "reason": "other"}),
        "admin": ("GET", "/v1/tokens", None),
    }
    for right in routes:
        status, token = client.call("POST", "/v1/tokens", {"name": right, "rights": [right]})
        assert status == 201 and token["created_by"] == "admin"
        auth = {"Authorization": "Bearer " + token["token"]}
        session = client.call("GET", "/v1/session", auth=auth)[1]
        assert (session["by"], session["name"]) == ("token", right)
        assert client.call("PATCH", "/v1/session", {"locale": "de"}, auth=auth)[0] == 403
        assert client.call("PUT", "/v1/session/password", {}, auth=auth)[0] == 409
        for needed, (method, path, body) in routes.items():
            status, _ = client.call(method, path, body, auth=auth)
            allowed = right in (needed, "admin")
            assert (status != 403) == allowed, f"{right} on {path}: {status}"
        assert client.call("DELETE", "/v1/tokens/" + token["id"])[0] == 204
        assert client.call("DELETE", "/v1/tokens/" + token["id"])[0] == 409
        assert client.call("GET", "/v1/summary", auth=auth)[0] == 401, "a revoked token"
    assert client.call("DELETE", "/v1/tokens/T-none")[0] == 404
    assert client.call("GET", "/v1/tokens")[0] == 200


def check_facts(client):
    status, first = client.call("POST", "/v1/transactions", transaction(1))
    assert status == 200 and first["duplicate"] is False
    status, again = client.call("POST", "/v1/transactions", transaction(1))
    assert status == 200 and again == {**first, "duplicate": True}
    assert client.call("POST", "/v1/transactions", transaction(1, transaction_total="1.00"))[0] == 409
    for field, value in [
        ("store_id", None), ("store_id", ""), ("store_id", "x" * 65), ("transaction_time", "yesterday"),
        ("transaction_total", "12,30"), ("transaction_total", "1.234"), ("transaction_total", "1e99"),
        ("discount_amount", -1), ("refund_flag", "perhaps"), ("item_count", -1), ("item_count", 1.5),
        ("lines", {}), ("lines", [{"sku": "1"}]), ("tenders", [{"type": "cash", "amount": "x"}]),
        ("currency", "DOLLAR"), ("employee_id", 7.5),
    ]:
        status, problem = client.call("POST", "/v1/transactions", transaction("bad", **{field: value}))
        assert status == 422, f"{field}={value!r}: {status} {problem}"
        assert problem["field"].startswith(field), problem
    assert client.call("POST", "/v1/transactions", b"{not json")[0] in (400, 422)
    assert client.call("POST", "/v1/transactions", b"[]")[0] in (400, 422)
    assert client.call("POST", "/v1/transactions", b"{}", media="text/csv")[0] == 415
    body = gzip.compress(json.dumps(transaction(2)).encode())
    assert client.call("POST", "/v1/transactions", body, headers={"Content-Encoding": "gzip"})[0] == 200
    assert client.call("POST", "/v1/transactions", body[:20], headers={"Content-Encoding": "gzip"})[0] == 400
    assert client.call("POST", "/v1/transactions", body, headers={"Content-Encoding": "br"})[0] == 415
    bomb = gzip.compress(b" " * (32 << 20))
    assert client.call("POST", "/v1/transactions", bomb, headers={"Content-Encoding": "gzip"})[0] == 413
    check_ndjson(client)
    status, score = client.call("POST", "/v1/score", transaction(99, refund_flag=1, transaction_total="-9.00"))
    assert status == 200 and client.call("GET", "/v1/transactions/contract-99")[0] == 404, "scoring left a trace"
    assert client.call("POST", "/v1/score", transaction(99, store_id=""))[0] == 422


def check_ndjson(client):
    lines = [json.dumps(transaction(10)), "", "{broken", json.dumps(transaction(11, item_count="many")),
             json.dumps(transaction(10)), json.dumps(transaction(10, item_count=2)), json.dumps(transaction(12))]
    status, text = client.call("POST", "/v1/transactions", "\n".join(lines).encode(),
                               media="application/x-ndjson")
    replies = [json.loads(line) for line in text.splitlines()]
    assert status == 200 and len(replies) == 6, text
    assert [reply.get("line") for reply in replies] == [None, 3, 4, None, 6, None], replies
    assert replies[2]["field"] == "item_count" and replies[3]["duplicate"] and replies[4]["status"] == 409
    movement = {"movement_id": "M1", "store_id": "S0001", "sku": "1", "type": "count", "quantity": 3,
                "time": "2026-02-01T10:00:00Z"}
    assert client.call("POST", "/v1/movements", movement)[1]["accepted"] == 1
    assert client.call("POST", "/v1/movements", {**movement, "type": "theft"})[0] == 422
    shift = {"event_id": "H1", "store_id": "S0001", "employee_id": "E-contract", "event": "clock_in",
             "time": "2026-02-01T08:00:00Z"}
    two = json.dumps(shift) + "\n" + json.dumps({**shift, "event_id": "H2", "event": "dance"})
    status, counts = client.call("POST", "/v1/shifts", two.encode(), media="application/x-ndjson")
    assert status == 200 and counts["accepted"] == 1 and counts["rejected"] == 1, counts
    assert client.call("POST", "/v1/shifts", shift)[1]["duplicates"] == 1


def check_alerts(client):
    status, page = client.call("GET", "/v1/alerts?limit=2&sort=created")
    assert status == 200 and page["items"], "the simulated chain raised no alert"
    seen, cursor = [], ""
    while cursor is not None:
        _, part = client.call("GET", f"/v1/alerts?limit=2&sort=rank&cursor={cursor}")
        seen += [alert["alert_id"] for alert in part["items"]]
        cursor = part["next_cursor"]
    assert len(seen) == len(set(seen)) == page["total"], "pages repeat or lose alerts"
    for query in ["limit=0", "limit=501", "status=LOST", "type=X", "sort=up", "min_risk=2", "from=then", "cursor=zz"]:
        assert client.call("GET", "/v1/alerts?" + query)[0] == 400, query
    for query in ["status=OPEN", "status=CLOSED", "type=VOID_REFUND", "q=E0", "min_risk=0.9", "store_id=S0001",
                  "from=2026-01-01T00:00:00Z", "sort=exposure"]:
        assert client.call("GET", "/v1/alerts?" + query)[0] == 200, query
    for alert in page["items"]:
        status, detail = client.call("GET", "/v1/alerts/" + alert["alert_id"])
        assert status == 200 and detail["transactions"] and detail["sentence"]
        etag = {"If-None-Match": client.last_headers["ETag"]}
        assert client.call("GET", "/v1/alerts/" + alert["alert_id"], headers=etag)[0] == 304
        assert client.call("GET", "/v1/transactions/" + alert["transaction_ids"][0])[0] == 200
    assert client.call("GET", "/v1/alerts/A-none")[0] == 404
    check_verdicts(client, page["items"][0]["alert_id"])


def check_verdicts(client, alert_id):
    reasons = client.call("GET", "/v1/verdict-reasons")[1]["items"]
    assert {reason["verdict"] for reason in reasons} == {"CONFIRMED", "REFUTED", "INCONCLUSIVE", "OPERATIONAL"}
    good = {"alert_id": alert_id, "verdict": "CONFIRMED", "reason": "evidence_video", "recovered_amount": "10.50"}
    for change in [{"verdict": "MAYBE"}, {"reason": "training_need"}, {"reason": ""}, {"recovered_amount": -1},
                   {"decided_at": "2099-01-01T00:00:00Z"}, {"alert_id": ""}, {"colour": "red"},
                   {"transaction_id": "contract-1"}]:
        assert client.call("POST", "/v1/verdicts", {**good, **change})[0] == 422, change
    assert client.call("POST", "/v1/verdicts", {**good, "alert_id": "A-none"})[0] == 404
    status, result = client.call("POST", "/v1/verdicts", good)
    assert status == 201 and result["status"] == "CLOSED"
    detail = client.call("GET", "/v1/alerts/" + alert_id)[1]
    assert detail["status"] == "CLOSED" and detail["verdict"]["recovered"]["amount"] == "10.50"
    undo = {"alert_id": alert_id, "verdict": "INCONCLUSIVE", "reason": "reopened"}
    assert client.call("POST", "/v1/verdicts", undo)[1]["status"] == "NEW"
    assert client.call("GET", "/v1/alerts/" + alert_id)[1]["verdict"] is None


def check_pages(client):
    stores = client.call("GET", "/v1/stores")[1]["items"]
    assert [store["store_id"] for store in stores] == sorted(store["store_id"] for store in stores)
    _, store = client.call("GET", "/v1/stores/" + stores[0]["store_id"])
    assert store["measures"] and store["measures"][0]["store_median"] is not None
    employee = store["employees"][0]["employee_id"]
    assert client.call("GET", "/v1/employees/" + employee)[1]["recent"]
    for path in ["/v1/stores/none", "/v1/employees/none", "/v1/transactions/none"]:
        assert client.call("GET", path)[0] == 404
    for path in ["/v1/signals", "/v1/catalogue", "/v1/summary", "/v1/dead-letters?limit=2"]:
        assert client.call("GET", path)[0] == 200
    letters = client.call("GET", "/v1/dead-letters?limit=500")[1]["items"]
    assert any(letter["reason"] == "invalid_money" for letter in letters), letters[:3]
    assert client.call("GET", "/v1/dead-letters?cursor=x")[0] == 400
    for path in ["/healthz", "/readyz", "/metrics"]:
        assert client.call("GET", path, auth={})[0] == 200


def check_models(client):
    """A copy of the champion comes in as challenger, is withdrawn, promoted and rolled back."""
    models = client.call("GET", "/v1/models")[1]["items"]
    assert models and models[0]["state"] == "champion", models
    champion = models[0]["id"]
    assert client.call("GET", "/v1/models/none")[0] == 404
    for part in ["card", "file", "file?format=xgboost-json"]:
        assert client.call("GET", f"/v1/models/none/{part}")[0] == 404
    detail = client.call("GET", "/v1/models/" + champion)[1]
    assert detail["sha256"] and detail["changes"], detail
    status, card = client.call("GET", f"/v1/models/{champion}/card")
    assert status == 200 and champion in card, card
    assert client.call("GET", f"/v1/models/{champion}/file?format=pdf")[0] == 400
    status, _ = client.call("GET", f"/v1/models/{champion}/file?format=xgboost-ubj")
    assert status == (422 if detail["kind"] == "outlier" else 200)
    status, file = client.call("GET", f"/v1/models/{champion}/file")
    assert status == 200 and file.startswith(b"TWMODEL1"), file[:16]
    assert f'"{champion}.twm"' in client.last_headers["Content-Disposition"]
    check_import(client, file)
    copy, why = "contract-copy", {"reason": "contract"}
    assert client.call("GET", "/v1/models/" + copy)[1]["state"] == "challenger"
    assert client.call("POST", f"/v1/models/{champion}/archive", why)[0] == 409, "not the challenger"
    assert client.call("POST", f"/v1/models/{copy}/archive", why)[1]["state"] == "archived"
    assert client.call("POST", f"/v1/models/{copy}/promote", why)[1]["state"] == "champion"
    assert client.call("POST", f"/v1/models/{copy}/promote", why)[0] == 409, "it is the champion"
    assert client.call("GET", "/v1/models/" + champion)[1]["state"] == "archived"
    assert client.call("POST", "/v1/transactions", transaction("after-promotion"))[0] == 200
    status, back = client.call("POST", "/v1/models/rollback", why)
    assert status == 200 and back["id"] == champion and back["changed_by"] == "admin", back
    for path in [f"{copy}/promote", f"{copy}/archive", "rollback"]:
        for body in [{}, {"reason": ""}, {"reason": 5}, {"reason": "x" * 129}, {"reason": "x", "why": "y"}]:
            assert client.call("POST", "/v1/models/" + path, body)[0] == 422, (path, body)
        assert client.call("POST", "/v1/models/" + path, b"{}", media="text/plain")[0] == 415
    for path in ["none/promote", "none/archive"]:
        assert client.call("POST", "/v1/models/" + path, why)[0] == 404


def check_import(client, file):
    binary = "application/octet-stream"
    assert client.call("POST", "/v1/models?name=contract-copy", file, media=binary)[1]["state"] == "challenger"
    damaged = bytearray(file)
    damaged[len(file) // 2] ^= 1
    for body in [b"", b"nothing of the kind", file[:-5], file[:200], bytes(damaged)]:
        status, problem = client.call("POST", "/v1/models", body, media=binary)
        assert status == 422 and problem["detail"], problem
    foreign = {"learner": {"feature_names": ["height"]}, "version": [1, 7, 4]}
    assert client.call("POST", "/v1/models", foreign)[0] == 422
    assert client.call("POST", "/v1/models", file, media="text/csv")[0] == 415
    for name in ["a%20b", "..%2Fx", "x" * 64]:
        assert client.call("POST", "/v1/models?name=" + name, file, media=binary)[0] == 422, name


def stump(name, threshold, low, high):
    """One split as XGBoost 1.7 saves it: `low` below the threshold, `high` from it on."""
    tree = {"base_weights": [0, low, high], "categories": [], "categories_nodes": [], "categories_segments": [],
            "categories_sizes": [], "default_left": [1, 0, 0], "id": 0, "left_children": [1, -1, -1],
            "loss_changes": [9, 0, 0], "parents": [2147483647, 0, 0], "right_children": [2, -1, -1],
            "split_conditions": [threshold, low, high], "split_indices": [0, 0, 0], "split_type": [0, 0, 0],
            "sum_hessian": [90, 80, 10],
            "tree_param": {"num_deleted": "0", "num_feature": "1", "num_nodes": "3", "size_leaf_vector": "0"}}
    booster = {"name": "gbtree", "model": {"gbtree_model_param": {"num_parallel_tree": "1", "num_trees": "1",
                                                                  "size_leaf_vector": "0"},
                                           "tree_info": [0], "trees": [tree]}}
    learner = {"attributes": {}, "feature_names": [name], "feature_types": ["float"], "gradient_booster": booster,
               "learner_model_param": {"base_score": "1E-1", "num_class": "0", "num_feature": "1", "num_target": "1"},
               "objective": {"name": "binary:logistic", "reg_loss_param": {"scale_pos_weight": "1"}}}
    return {"learner": learner, "version": [1, 7, 4]}


def check_classifier(client):
    """A classifier from elsewhere scores in the shadow, then for real, and explains itself."""
    why = {"reason": "contract"}
    status, model = client.call("POST", "/v1/models?name=contract-stump", stump("evidence", 0.5, -2.0, 2.5))
    assert status == 201 and (model["kind"], model["state"]) == ("classifier", "challenger"), model
    lines = "\n".join(json.dumps(transaction(f"shadow-{n}")) for n in range(20))
    assert client.call("POST", "/v1/transactions", lines.encode(), media="application/x-ndjson")[0] == 200
    shadow = wait_for(lambda: (lambda now: now if now and now["scored"] >= 20 else None)(
        client.call("GET", "/v1/watch")[1]["shadow"]))
    assert shadow["challenger_id"] == "contract-stump" and sum(shadow["challenger_risk"]) == shadow["scored"]
    for form in ["twm", "xgboost-json", "xgboost-ubj"]:
        status, file = client.call("GET", "/v1/models/contract-stump/file?format=" + form)
        assert status == 200 and file, form
        if form == "xgboost-json":
            assert json.loads(file)["learner"]["feature_names"] == ["evidence"]
    assert client.call("POST", "/v1/models/contract-stump/promote", why)[1]["state"] == "champion"
    status, score = client.call("POST", "/v1/score", transaction("scored"))
    assert 0 <= score["probability"] <= 1, score
    alert = client.call("GET", "/v1/alerts?limit=1&sort=rank")[1]["items"][0]
    found = client.call("GET", "/v1/alerts/" + alert["alert_id"])[1]["attributions"]
    assert found["model_id"] == "contract-stump", found
    for part in [found["classifier"], found["outlier"]]:
        total = part["base"] + sum(item["contribution"] for item in part["items"]) + part["others"]
        assert abs(total - part["score"]) < 1e-5, part
    assert [item["input"] for item in found["classifier"]["items"]] == ["evidence"]
    assert client.call("GET", "/v1/watch")[1]["model_kind"] == "classifier"
    assert client.call("POST", "/v1/models/rollback", why)[1]["kind"] == "outlier"


def wait_for(what, limit_s=120):
    until = time.monotonic() + limit_s
    while time.monotonic() < until:
        found = what()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError("it took too long")


def check_trainings(client):
    for body in [{"quick": "yes"}, {"promote": 1}, {"depth": 9}]:
        assert client.call("POST", "/v1/trainings", body)[0] == 422, body
    before = client.call("GET", "/v1/trainings")[1]
    assert before["can_train"] and before["state"] in ("idle", "running")
    wait_for(lambda: client.call("GET", "/v1/trainings")[1]["state"] == "idle")
    status, started = client.call("POST", "/v1/trainings", {"quick": True, "promote": False})
    assert status == 202, started
    again = client.call("POST", "/v1/trainings", {})[0]
    assert again in (202, 409), again  # 202 when the first was faster
    after = wait_for(lambda: (lambda now: now if now["state"] == "idle" and now["history"] else None)(
        client.call("GET", "/v1/trainings")[1]))
    run = after["history"][-1]
    assert run["started_by"] == "admin" and run["sentence"], run


def check_audit(client):
    _, page = client.call("GET", "/v1/audit-sample?limit=2")
    assert len(page["items"]) == 2 and page["drawn"] > 2, page
    _, more = client.call("GET", "/v1/audit-sample?cursor=" + page["next_cursor"])
    ids = [item["transaction"]["transaction_id"] for item in page["items"] + more["items"]]
    assert len(set(ids)) == len(ids) == page["drawn"] - page["decided"], (len(ids), page)
    verdict = {"transaction_id": ids[0], "verdict": "REFUTED", "reason": "expected_activity"}
    assert client.call("POST", "/v1/verdicts", verdict)[0] == 201
    _, after = client.call("GET", "/v1/audit-sample")
    assert after["decided"] == page["decided"] + 1
    assert ids[0] not in [item["transaction"]["transaction_id"] for item in after["items"]]


def check_watch(client):
    watch = client.call("GET", "/v1/watch")[1]
    assert watch["model_id"] and watch["as_of"] and watch["weeks"], watch
    assert {limit["name"] for limit in watch["limits"]} >= {"input_psi", "precision_min"}
    if watch["drift"]:
        order = [((item["psi"] or 0) > (item["usual_psi"] or 0), item["psi"] or 0) for item in watch["drift"]["inputs"]]
        assert order == sorted(order, reverse=True) and len(order) > 100
    signals = client.call("GET", "/v1/signals")[1]["items"]
    assert all((signal["false_positive_rate"] is None) == (signal["precision"]["n"] == 0) for signal in signals)
    check_audit(client)
    for query in ["limit=0", "cursor=x"]:
        assert client.call("GET", "/v1/audit-sample?" + query)[0] == 400
    text = client.call("GET", "/metrics", auth={})[1]
    for series in ["drift_psi", "score_psi", "missing_share", "alert_precision_week", "calibration_error",
                   "signal_precision", "model_info", "training_last_timestamp_seconds", "shadow_flagged_total",
                   "alarms"]:
        assert f"# TYPE tillwatch_{series} " in text, series
    assert re.search(r'^tillwatch_model_info{id="[^"]+",state="champion",kind="\w+"} 1$', text, re.M), text
    for line in text.splitlines():
        assert re.fullmatch(r'# (HELP|TYPE) \w+ .+|\w+({(\w+="([^"\\\n]|\\.)*",?)*})? \S+', line), line


def check_backtests(client):
    for body in [{"model": 5}, {"policy": ""}, {"from": "yesterday"}, {"speed": 1},
                 {"from": "2026-02-01T00:00:00Z", "to": "2026-01-01T00:00:00Z"}]:
        assert client.call("POST", "/v1/backtests", body)[0] == 422, body
    assert client.call("POST", "/v1/backtests", {"model": "none"})[0] == 404
    assert client.call("GET", "/v1/backtests/none")[0] == 404

    def result_of(body):
        status, started = client.call("POST", "/v1/backtests", body)
        assert status == 202 and started["id"], started
        return wait_for(lambda: (lambda now: now if now["state"] != "running" else None)(
            client.call("GET", "/v1/backtests/" + started["id"])[1]))

    same = result_of({})
    assert same["state"] == "done" and same["result"]["appears"] == same["result"]["vanishes"] == 0, same
    assert same["result"]["alerts"] == len(same["result"]["alert_list"]) > 0
    fewer = result_of({"policy": "evidence_floor: 40\n"})
    assert fewer["result"]["alerts"] < same["result"]["alerts"], fewer
    wrong = result_of({"policy": "evidence_floor: many\n"})
    assert wrong["state"] == "failed" and wrong["detail"], wrong


def check_portal(client):
    """Ids in page paths may hold dots; a missing file is not answered by a page."""
    def status(path):
        try:
            with urllib.request.urlopen(client.server.url + path, timeout=60) as reply:
                assert reply.headers["Content-Type"].startswith("text/html"), path
                return reply.status
        except urllib.error.HTTPError as error:
            return error.code

    page = status("/")  # 404 in a build without the portal
    assert page in (200, 404)
    for path in ["/employees/T.1", "/stores/S.1/x", "/alerts"]:
        assert status(path) == page, path
    for path in ["/assets/T.1", "/assets/none", "/none.js", "/a/none.svg"]:
        assert status(path) == 404, path


def check_stream(client):
    """The stream's frames carry documented data; an id resumes, an unknown one resets."""
    def frames(last_id, wanted):
        request = urllib.request.Request(client.server.url + "/v1/events", headers=dict(client.auth))
        if last_id:
            request.add_header("Last-Event-ID", last_id)
        found = {}
        with urllib.request.urlopen(request, timeout=30) as reply:
            event = None
            while wanted - set(found):
                line = reply.readline().decode().rstrip("\n")
                if line.startswith("event: "):
                    event = line[7:]
                elif line.startswith("data: "):
                    found[event] = json.loads(line[6:])
        return found

    schemas = {"alert": "Alert", "verdict": "VerdictEvent", "stats": "Summary", "reset": "ResetEvent"}
    # The verdicts above are among the last events, so that resuming from the start finds one.
    for found in [frames("0", {"verdict", "stats"}), frames("99999999", {"reset", "stats"})]:
        for event, data in found.items():
            client.contract.validate({"$ref": "#/components/schemas/" + schemas[event]}, data, event)
    client.contract.seen[("GET", "/v1/events")] = {200}
    assert client.call("GET", "/v1/events", auth={})[0] == 401


def check_all(client):
    for check in [check_access, check_trail, check_scopes, check_facts, check_alerts, check_pages, check_figures, check_lake, check_models,
                  check_classifier, check_trainings, check_watch, check_backtests, check_portal, check_stream]:
        check(client)
        print("ok", check.__name__, flush=True)
    # One that runs when the server is asked to stop does not hold it up.
    assert client.call("POST", "/v1/backtests", {})[0] == 202
    assert client.call("DELETE", "/v1/session", auth={"Cookie": client.auth["Cookie"]})[0] == 403
    assert client.call("DELETE", "/v1/session")[0] == 204
    assert client.call("GET", "/v1/summary")[0] == 401, "signed out"


def main():
    with tempfile.TemporaryDirectory() as folder:
        data, chain = os.path.join(folder, "data"), os.path.join(folder, "chain")
        run = lambda *args: subprocess.run([BINARY, *args], check=True, stdout=subprocess.DEVNULL)
        run("simulate", "--stores", "6", "--days", "21", "--seed", "5", "--out", chain)
        run("init", "--data", data)
        with open(os.path.join(data, "policy.yaml"), "a", encoding="utf-8") as file:
            file.write("\naudit_share: 0.0005\n")
        run("import", "--data", data, *(os.path.join(chain, name) for name in
                                        ["transactions.ndjson", "movements.ndjson", "shifts.ndjson"]))
        contract = Contract(os.path.join(SOURCE, "api", "openapi.yaml"))
        server = Server(data)
        server.start()
        try:
            check_all(Client(server, contract))
            server.stop()
        finally:
            server.process.kill()
        missing = [route for route in contract.missing() if route not in ROUTES_OF_WORK]
        assert not missing, f"never called: {missing}"
        replies = sum(len(statuses) for statuses in contract.seen.values())
        print(f"{len(contract.seen)} operations, {replies} documented replies seen")


if __name__ == "__main__":
    sys.exit(main())
