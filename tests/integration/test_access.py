#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Who may do what: every route x every role x all stores, one's own store, another's store.

TABLE below says for each route of src/http/route.c which roles may use it and how a limit to some
stores works on it. A real server with a simulated chain is asked as each of them; a route that is not
in the table fails, as does one that no longer exists. Replies to callers of one store must not name
another store, and replies to callers without names no employee or card.

With --write the table of docs/access.md is written anew; without it is compared.
"""
import json
import os
import re
import sys
import tempfile

from driver import SOURCE, Client, Server, run, set_up, sign_in, simulate

ROLES = ["read-only", "analyst", "manager", "admin", "ingest"]
PASSWORD = "correct horse battery"
DOC = os.path.join(SOURCE, "docs", "access.md")
BEGIN, END = "<!-- matrix: tests/integration/test_access.py --write -->", "<!-- end of matrix -->"

EVERYBODY = set(ROLES)
READ = {"read-only", "analyst", "manager", "admin"}
WORK = {"analyst", "manager", "admin"}
MANAGE = {"manager", "admin"}
ADMIN = {"admin"}
SCORE = {"analyst", "manager", "admin", "ingest"}
INGEST = {"admin", "ingest"}

# How a limit to some stores works: "open" (concerns no store), "own" (lists and figures hold the own
# stores alone), "item" (404 for what belongs to another store), "all" (403 for limited callers).
TABLE = [
    ("POST /v1/transactions", INGEST, "write", "FACT"),
    ("POST /v1/score", SCORE, "open", "FACT"),
    ("POST /v1/movements", INGEST, "write", "MOVEMENT"),
    ("POST /v1/shifts", INGEST, "write", "SHIFT"),
    ("GET /v1/alerts", READ, "own", None),
    ("POST /v1/alerts/actions", WORK, "own", {"alert_ids": ["A-none"], "action": "comment", "text": "x"}),
    ("POST /v1/alerts/next", WORK, "own", None),
    ("GET /v1/alerts/{alert}", READ, "item", None),
    ("POST /v1/alerts/{alert}/actions", WORK, "item", {"action": "comment", "text": "looked at"}),
    ("GET /v1/alerts/{alert}/history", READ, "item", None),
    ("GET /v1/alerts/{alert}/related", READ, "item", None),
    ("POST /v1/verdicts", WORK, "item", {"alert_id": "{alert}", "verdict": "INCONCLUSIVE", "reason": "other"}),
    ("GET /v1/verdict-reasons", READ, "open", None),
    ("GET /v1/transactions/{transaction}", READ, "item", None),
    ("GET /v1/employees/{employee}", READ, "item", None),
    ("GET /v1/stores", READ, "own", None),
    ("GET /v1/stores/{store}", READ, "item", None),
    ("GET /v1/employees/{employee}/calendar", READ, "own", None),
    ("GET /v1/stores/{store}/calendar", READ, "item", None),
    ("GET /v1/stores/{store}/registers/{register}", READ, "item", None),
    ("GET /v1/cards/{card}", READ, "item", None),
    ("GET /v1/customers/{customer}", READ, "item", None),
    ("GET /v1/items/{item}", READ, "own", None),
    ("POST /v1/search", READ, "own", {"limit": 50}),
    ("POST /v1/lake/query", MANAGE, "all", {"sql": "select 1"}),
    ("POST /v1/lake/export", WORK, "own", {"search": {"limit": 1}, "format": "csv"}),
    ("GET /v1/signals", READ, "open", None),
    ("PUT /v1/signals", MANAGE, "all", {}),
    ("GET /v1/signals/versions", READ, "open", None),
    ("GET /v1/signals/versions/{none}", READ, "open", None),
    ("GET /v1/policy", READ, "open", None),
    ("PUT /v1/policy", MANAGE, "all", {}),
    ("GET /v1/policy/versions", READ, "open", None),
    ("GET /v1/audit-sample", READ, "own", None),
    ("GET /v1/models", READ, "open", None),
    ("POST /v1/models", MANAGE, "all", {}),
    ("GET /v1/models/{none}", READ, "open", None),
    ("GET /v1/models/{none}/card", READ, "open", None),
    ("GET /v1/models/{none}/file", READ, "open", None),
    ("POST /v1/models/{none}/promote", MANAGE, "all", {}),
    ("POST /v1/models/{none}/archive", MANAGE, "all", {}),
    ("POST /v1/models/rollback", MANAGE, "all", {}),
    ("GET /v1/trainings", READ, "open", None),
    ("POST /v1/trainings", MANAGE, "all", {"depth": 9}),
    ("GET /v1/watch", READ, "open", None),
    ("POST /v1/backtests", MANAGE, "all", {"speed": 1}),
    ("GET /v1/backtests/{none}", READ, "open", None),
    ("DELETE /v1/backtests/{none}", MANAGE, "all", None),
    ("GET /v1/metrics/summary", READ, "own", None),
    ("GET /v1/metrics/daily", READ, "own", None),
    ("GET /v1/metrics/by/store", READ, "own", None),
    ("GET /v1/cases", READ, "own", None),
    ("POST /v1/cases", WORK, "item", {"title": "x", "alerts": ["{alert}"]}),
    ("GET /v1/cases/{case}", READ, "item", None),
    ("POST /v1/cases/{case}/actions", WORK, "item", {"action": "note", "text": "looked at"}),
    ("GET /v1/cases/{case}/timeline", READ, "item", None),
    ("GET /v1/settings", READ, "open", None),
    ("PATCH /v1/settings", MANAGE, "all", {"none": 1}),
    ("GET /v1/allow-list", READ, "own", None),
    ("POST /v1/allow-list", MANAGE, "all", {}),
    ("DELETE /v1/allow-list/{none}", MANAGE, "all", None),
    ("GET /v1/filters", READ, "open", None),
    ("PUT /v1/filters/{none}", READ, "open", {}),
    ("DELETE /v1/filters/{none}", READ, "open", None),
    ("GET /v1/metrics/report", READ, "own", None),
    ("GET /v1/metrics/report/schedule", READ, "open", None),
    ("POST /v1/metrics/report/send", MANAGE, "all", {}),
    ("POST /v1/cases/{case}/attachments", WORK, "item", None),
    ("GET /v1/cases/{case}/attachments/{sha256}", WORK, "item", None),
    ("GET /v1/cases/{case}/export", WORK, "item", None),
    ("GET /v1/catalogue", READ, "open", None),
    ("GET /v1/summary", READ, "own", None),
    ("GET /v1/dead-letters", MANAGE, "all", None),
    ("POST /v1/dead-letters/{none}/resubmit", MANAGE, "all", {}),
    ("GET /v1/data", READ, "own", None),
    ("GET /v1/events", READ, "own", None),
    ("GET /v1/sign-in", None, "open", None),
    ("POST /v1/sign-in", None, "open", {}),
    ("POST /v1/session", None, "open", {}),
    ("GET /v1/session", None, "open", None),
    ("PATCH /v1/session", EVERYBODY, "open", {}),
    ("DELETE /v1/session", None, "open", None),
    ("PUT /v1/session/password", EVERYBODY, "open", {}),
    ("GET /v1/oidc/start", None, "open", None),
    ("GET /v1/oidc/callback", None, "open", None),
    ("GET /v1/people", READ, "open", None),
    ("GET /v1/users", ADMIN, "all", None),
    ("POST /v1/users", ADMIN, "all", {}),
    ("GET /v1/users/{none}", ADMIN, "all", None),
    ("PATCH /v1/users/{none}", ADMIN, "all", {}),
    ("POST /v1/users/{none}/link", ADMIN, "all", None),
    ("GET /v1/tokens", ADMIN, "all", None),
    ("POST /v1/tokens", ADMIN, "all", {}),
    ("DELETE /v1/tokens/{none}", ADMIN, "all", None),
    ("GET /v1/audit", ADMIN, "own", None),
    ("GET /healthz", None, "open", None),
    ("GET /readyz", None, "open", None),
    ("GET /metrics", None, "open", None),
]
HOW = {"open": "concerns no store", "own": "own stores alone", "item": "404 for another store's",
       "all": "403", "write": "rejected for another store"}


def routes_of_source():
    with open(os.path.join(SOURCE, "src", "http", "route.c"), encoding="utf-8") as file:
        found = re.findall(r'\{"([A-Z]+)", "(/[^"]*)",', file.read())
    return {f"{method} {path}" for method, path in found}


def pattern_of(route):
    return re.sub(r"\{[^}]*\}", "{}", route).replace("/metrics/by/store", "/metrics/by/{}")


def check_table():
    table = [pattern_of(row[0]) for row in TABLE]
    assert len(table) == len(set(table)), "a route is twice in the table"
    source = routes_of_source()
    assert set(table) == source, f"not in the table: {source - set(table)}; gone: {set(table) - source}"


def matrix():
    lines = ["| route | " + " | ".join(ROLES) + " | limited to some stores |", "|---" * (len(ROLES) + 2) + "|"]
    for route, roles, how, _ in TABLE:
        marks = ["anybody" if roles is None else "yes" if role in roles else "-" for role in ROLES]
        lines.append(f"| `{pattern_of(route)}` | " + " | ".join(marks) + f" | {HOW[how]} |")
    return "\n".join(lines)


def check_document(write):
    with open(DOC, encoding="utf-8") as file:
        text = file.read()
    head, rest = text.split(BEGIN)
    wanted = head + BEGIN + "\n" + matrix() + "\n" + END + rest.split(END)[1]
    if write:
        with open(DOC, "w", encoding="utf-8") as file:
            file.write(wanted)
    assert write or text == wanted, "docs/access.md is not up to date: run this test with --write"


class Things:
    """What a store has: ids to fill into the routes."""

    def __init__(self, admin, store, number):
        alert = next(a for a in admin.json("GET", f"/v1/alerts?store_id={store}&limit=50")[1]["items"]
                     if a["employee_id"] and a["transaction_ids"])
        transaction = alert["transaction_ids"][0]
        detail = admin.json("GET", "/v1/transactions/" + transaction)[1]
        status, case = admin.json("POST", "/v1/cases", {"title": "case of " + store, "alerts": [alert["alert_id"]]})
        assert status == 201, case
        status, made = admin.json("POST", f"/v1/cases/{case['case_id']}/attachments?name=note.txt", f"evidence {store}",
                                  "application/octet-stream")
        assert status == 201, made
        card = f"tok_access_{number}"
        fact = fact_of(store, number)
        fact["tenders"] = [{"type": "credit", "amount": "5.00", "account_token": card}]
        fact["customer_id"] = f"customer-{number}"
        assert admin.json("POST", "/v1/transactions", fact)[0] == 200
        self.store = store
        self.ids = {"alert": alert["alert_id"], "employee": alert["employee_id"], "transaction": transaction,
                    "store": store, "register": detail["register_id"], "case": case["case_id"], "card": card,
                    "customer": f"customer-{number}", "item": "sku-access", "sha256": made["sha256"], "none": "none"}


def fact_of(store, number):
    return {"transaction_id": f"access-{number}", "store_id": store, "register_id": "R1", "employee_id": f"E-access-{number}",
            "transaction_time": "2026-02-01T10:00:00+01:00", "transaction_total": "5.00", "discount_amount": 0,
            "refund_flag": 0, "void_flag": 0, "item_count": 1, "payment_type": "credit",
            "lines": [{"sku": "sku-access", "quantity": 1, "unit_price": "5.00"}]}


def body_of(body, things, number):
    if body == "FACT":
        return {**fact_of(things.store, number), "customer_id": "c"}
    if body == "MOVEMENT":
        return {"movement_id": f"M-{number}", "store_id": things.store, "sku": "1", "type": "count", "quantity": 3,
                "time": "2026-02-01T10:00:00Z"}
    if body == "SHIFT":
        return {"event_id": f"H-{number}", "store_id": things.store, "employee_id": "E-x", "event": "clock_in",
                "time": "2026-02-01T08:00:00Z"}
    return None if body is None else json.loads(re.sub(r"\{(alert)\}", lambda m: things.ids[m[1]], json.dumps(body)))


class Caller:
    def __init__(self, server, admin, role, store):
        self.role, self.store = role, store
        name = f"{role}-{'one' if store else 'all'}"
        status, made = admin.json("POST", "/v1/users", {"user_id": name, "name": name, "role": role,
                                                        "stores": [store] if store else []})
        assert status == 201, made
        self.client = Client(server.address)
        self.session = sign_in(self.client, {"link_token": made["link"]["link_token"], "password": PASSWORD})

    def call(self, method, path, body):
        if path.startswith("/v1/events"):
            return self.stream(path)
        if method == "POST" and path.endswith("/attachments"):
            return self.client.call(method, path + "?name=x.txt", f"by {self.role} {self.store}", "application/octet-stream")
        return self.client.call(method, path, body)

    def stream(self, path):
        """Only the head of the reply: the stream does not end."""
        other = Client(self.client.connection.host + ":" + str(self.client.connection.port))
        other.connection.request("GET", path, None, self.client.headers)
        status = other.connection.getresponse().status
        other.close()
        return status, b""


def stores_in(value, found):
    if isinstance(value, dict):
        for key, item in value.items():
            if key == "store_id" and isinstance(item, str):
                found.add(item)
            stores_in(item, found)
    elif isinstance(value, list):
        for item in value:
            stores_in(item, found)
    return found


def expected(row, caller, things):
    """ok, 403 or 404 (rejected: 422 for facts)."""
    route, roles, how, _ = row
    if roles is None:
        return "any"
    if caller.role not in roles or (how == "all" and caller.store):
        return 403
    if caller.store and things.store != caller.store and how == "item":
        return 404
    return 403 if caller.store and things.store != caller.store and how == "write" else "ok"


def check_row(row, caller, things, number, ids, secrets):
    route, _, how, body = row
    method, path = route.split(" ")
    path = re.sub(r"\{(\w+)\}", lambda m: things.ids[m[1]], path)
    if caller.role == "read-only":
        path = hide(path, ids)
    wanted = expected(row, caller, things)
    status, data = caller.call(method, path, body_of(body, things, f"{caller.role}-{number}"))
    where = f"{caller.role} of {caller.store or 'all stores'}: {method} {path} for {things.store}: {status} {data[:160]!r}"
    problems = []
    if wanted == "ok":
        bad = {401, 403, 405, 500} | ({404} if how == "item" else set())
        problems += [where + ", should be allowed"] if status in bad else []
    elif wanted != "any" and status != wanted:
        problems += [where + f", should be {wanted}"]
    if status == 200 and caller.store and data[:1] in (b"{", b"["):
        others = stores_in(json.loads(data), set()) - {caller.store}
        # What the same card did elsewhere is the point of a card's page; it names the store only.
        problems += [where + f", names {sorted(others)}"] if others else []
    if caller.role == "read-only" and status == 200:
        shown = [secret for secret in secrets if re.search(rb"(?<![\w-])" + re.escape(secret.encode()) + rb"(?![\w-])", data)]
        problems += [where + f", shows {shown[:3]}"] if shown else []
    return problems


def hide(path, ids):
    return "/".join(ids.get(part, part) for part in path.split("/"))


def pseudonyms(server, admin, things):
    """What a reader without names sees in place of the ids: asked where ids and pseudonyms stand side by side."""
    caller = Caller(server, admin, "read-only", None)
    found = {}
    for one in things:
        seen = json.loads(caller.call("GET", "/v1/alerts/" + one.ids["alert"], None)[1])
        alert = seen.get("alert", seen)
        found[one.ids["employee"]] = alert["employee_id"]
        receipt = json.loads(caller.call("GET", "/v1/transactions/access-" + one.ids["card"][-1], None)[1])
        found[one.ids["card"]] = receipt["tenders"][0]["account_token"]
        found[one.ids["customer"]] = receipt["customer_id"]
    for secret, alias in found.items():
        assert re.fullmatch(r"[EKP]-[0-9a-f]{8,16}", alias), (secret, alias)
    return caller, found


def check_pseudonyms(caller, ids, things):
    """They lead back in paths, queries and bodies; the ids themselves lead nowhere."""
    employee = things.ids["employee"]
    status, data = caller.call("GET", "/v1/employees/" + ids[employee], None)
    assert status == 200 and json.loads(data)["employee_id"] == ids[employee], data[:200]
    assert caller.call("GET", "/v1/employees/" + employee, None)[0] == 404
    page = json.loads(caller.call("GET", f"/v1/alerts?employee_id={ids[employee]}", None)[1])
    assert page["items"] and all(item["employee_id"] == ids[employee] for item in page["items"])
    assert not json.loads(caller.call("GET", f"/v1/alerts?employee_id={employee}", None)[1])["items"]
    status, data = caller.call("GET", "/v1/employees/none", None)
    assert status == 404


def check_audit(admin, things):
    """Views of an employee's data are facts, once in ten minutes."""
    kinds = set()
    for entry in admin.json("GET", f"/v1/audit?about={things.ids['employee']}&limit=500")[1]["items"]:
        kinds.add(entry["kind"])
    assert {"employee.view", "alert.view"} <= kinds, kinds
    status, page = admin.json("GET", "/v1/audit?kind=user.create&limit=2")
    assert status == 200 and len(page["items"]) == 2 and page["next_cursor"], page
    _, more = admin.json("GET", "/v1/audit?kind=user.create&limit=500&cursor=" + page["next_cursor"])
    created = [entry["subject"] for entry in page["items"] + more["items"]]
    assert len(created) == len(set(created)) == 2 * len(ROLES), created
    status, text = admin.call("GET", "/v1/audit?format=csv&kind=session.")
    lines = text.decode().splitlines()
    assert status == 200 and lines[0].startswith("seq,time,actor") and len(lines) > 10
    assert admin.call("GET", "/v1/audit?format=xml")[0] == 400
    assert admin.call("GET", "/v1/audit?cursor=x")[0] == 400


def check_headers(client):
    for path in ["/v1/session", "/", "/v1/none"]:
        client.connection.request("GET", path, None, client.headers)
        reply = client.connection.getresponse()
        reply.read()
        policy = reply.getheader("Content-Security-Policy")
        assert "script-src 'self';" in policy and "frame-ancestors 'none'" in policy, policy
        assert reply.getheader("X-Content-Type-Options") == "nosniff" and reply.getheader("Referrer-Policy")
        assert reply.getheader("Strict-Transport-Security") is None


def check_all(server):
    admin = set_up(server)
    check_headers(admin)
    counts = {}
    for alert in admin.json("GET", "/v1/alerts?limit=500")[1]["items"]:
        counts[alert["store_id"]] = counts.get(alert["store_id"], 0) + bool(alert["employee_id"])
    first, second = sorted(counts, key=counts.get)[-2:]
    here, there = Things(admin, first, 1), Things(admin, second, 2)
    assert here.ids["employee"] != there.ids["employee"]
    reader, ids = pseudonyms(server, admin, [here, there])
    check_pseudonyms(reader, ids, here)
    callers = [reader] + [Caller(server, admin, role, None) for role in ROLES[1:]]
    callers += [Caller(server, admin, role, first) for role in ROLES]
    problems, number = [], 0
    for caller in callers:
        caller.client.connection.close()  # idle for long; it opens again by itself
        for row in TABLE:
            if row[0].endswith("/v1/session") and row[0].startswith("DELETE"):
                continue
            for things in (here, there):
                number += 1
                problems += check_row(row, caller, things, number, ids, list(ids))
        assert caller.call("DELETE", "/v1/session", None)[0] == 204
        assert caller.call("GET", "/v1/summary", None)[0] == 401
    nobody = Client(server.address)
    for route, roles, _, body in TABLE:
        method, path = route.split(" ")
        status = nobody.call(method, re.sub(r"\{(\w+)\}", "x", path), body_of(body, here, "nobody"))[0] if roles else 401
        problems += [f"nobody: {route}: {status}, should be 401"] if status != 401 else []
    admin.connection.close()
    check_audit(admin, here)
    print(f"{len(TABLE)} routes, {number} calls")
    return problems


def main():
    check_table()
    check_document("--write" in sys.argv)
    with tempfile.TemporaryDirectory() as folder:
        data, chain = os.path.join(folder, "data"), os.path.join(folder, "chain")
        simulate(chain, 6, 21, 5)
        run("init", "--data", data)
        run("import", "--data", data, *(os.path.join(chain, name + ".ndjson") for name in
                                        ["transactions", "movements", "shifts"]))
        server = Server(data).start(new_link=True)
        try:
            problems = check_all(server)
            server.stop()
        finally:
            server.process.kill()
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
