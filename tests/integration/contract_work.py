# SPDX-License-Identifier: Apache-2.0
"""The work on alerts and cases, and what is set about it, against api/openapi.yaml.

An administrator, a manager and an analyst work the alerts of a small chain (test_http_work.py).
"""
import datetime
import time
import uuid

PASSWORD = "a long enough password"

# What is seen here, and therefore not asked for in test_http_contract.py.
ROUTES = {
    ("POST", "/v1/alerts/actions"), ("POST", "/v1/alerts/next"), ("POST", "/v1/alerts/{alert_id}/actions"),
    ("GET", "/v1/alerts/{alert_id}/history"), ("GET", "/v1/alerts/{alert_id}/related"),
    ("GET", "/v1/cases"), ("POST", "/v1/cases"), ("GET", "/v1/cases/{case_id}"),
    ("POST", "/v1/cases/{case_id}/actions"), ("GET", "/v1/cases/{case_id}/timeline"),
    ("GET", "/v1/settings"), ("PATCH", "/v1/settings"), ("GET", "/v1/allow-list"), ("POST", "/v1/allow-list"),
    ("DELETE", "/v1/allow-list/{allow_id}"), ("GET", "/v1/filters"), ("PUT", "/v1/filters/{filter_id}"),
    ("DELETE", "/v1/filters/{filter_id}"), ("PUT", "/v1/signals"), ("GET", "/v1/signals/versions"),
    ("GET", "/v1/signals/versions/{version}"), ("GET", "/v1/policy"), ("PUT", "/v1/policy"),
    ("GET", "/v1/policy/versions"), ("DELETE", "/v1/backtests/{backtest_id}"),
    ("POST", "/v1/dead-letters/{letter_id}/resubmit"), ("GET", "/v1/data"),
}


def transaction(number, **changes):
    record = {"transaction_id": f"work-{number}", "register_id": "R1", "employee_id": "E-work", "store_id": "S0001",
              "transaction_time": "2026-02-01T10:00:00+01:00", "transaction_total": "12.30", "discount_amount": 0,
              "refund_flag": 0, "void_flag": 0, "item_count": 1, "payment_type": "cash"}
    return {**record, **changes}


def later(**delta):
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(**delta)).strftime("%Y-%m-%dT%H:%M:%SZ")


def wait_for(condition, seconds=60):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        result = condition()
        if result:
            return result
        time.sleep(0.05)
    raise AssertionError("it did not happen in time")


class Person:
    """Somebody who is signed in, with calls that are held against the contract."""

    def __init__(self, client, auth, user):
        self.client, self.auth, self.user = client, auth, user

    def __call__(self, method, path, body=None, **headers):
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        status, reply = self.client.call(method, path, body, headers=names, auth=self.auth)
        self.headers = self.client.last_headers
        return status, reply

    def get(self, path):
        status, reply = self("GET", path)
        assert status == 200, f"{self.user} GET {path}: {status} {reply}"
        return reply

    def act(self, path, action, **members):
        """An action that must work."""
        status, reply = self("POST", path + "/actions", {"action": action, **members})
        assert status == 200, f"{self.user} {action} on {path}: {status} {reply}"
        return reply


def cookie_of(client):
    return {"Cookie": client.last_headers["Set-Cookie"].split(";")[0], "X-Tillwatch-CSRF": "1"}


def sign_up(client, admin, user, role, stores=(), team=None):
    body = {"user_id": user, "name": user.title(), "role": role, "stores": list(stores)}
    status, made = admin("POST", "/v1/users", {**body, **({"team": team} if team else {})})
    assert status == 201, made
    token = made["link"]["link_token"]
    status, session = client.call("POST", "/v1/session", {"link_token": token, "password": PASSWORD}, auth={})
    assert status == 200, session
    return Person(client, cookie_of(client), user)


# --- alerts ---------------------------------------------------------------------------------------


def check_claim_and_view(admin, ana):
    """A claim, the first look, and what both leave in the history."""
    alert = admin.get("/v1/alerts?status=NEW&limit=1")["items"][0]
    path = "/v1/alerts/" + alert["alert_id"]
    assert alert["assignee"] is None and alert["first_viewed_at"] is None and alert["case_id"] is None
    claimed = ana.act(path, "claim", note="mine")
    assert (claimed["status"], claimed["assignee"]) == ("ASSIGNED", "ana") and claimed["version"] > alert["version"]
    assert ana.headers["ETag"] == f'"{claimed["version"]}"'
    detail = ana.get(path)
    assert detail["status"] == "IN_REVIEW" and detail["first_viewed_at"], "the assignee has opened it"
    assert detail["etag"] == ana.headers["ETag"] and detail["etag"].startswith(f'"{detail["version"]}-')
    assert ana("GET", path, If_None_Match=detail["etag"])[0] == 304
    assert ana.get("/v1/alerts?assignee=me")["items"][0]["alert_id"] == alert["alert_id"]
    assert admin.get("/v1/alerts?assignee=ana")["total"] == 1
    assert admin.get("/v1/alerts?assignee=none&status=OPEN")["total"] == admin.get("/v1/alerts?status=NEW")["total"]
    history = ana.get(path + "/history")["items"]
    assert [entry["kind"] for entry in history] == ["alert.view", "alert.assign"], history
    assert history[1]["actor"] == "ana" and history[1]["details"]["note"] == "mine"
    page = ana.get(path + "/history?limit=1")
    assert ana.get(path + "/history?limit=1&cursor=" + page["next_cursor"])["items"] == history[1:]
    assert ana("GET", path + "/history?cursor=x")[0] == 400
    return path


def check_actions(ana, mo, path):
    """Each action, and bodies that do not hold."""
    for body, field in [
        ({}, "action"), ({"action": "dance"}, "action"), ({"action": "assign"}, "assignee"),
        ({"action": "assign", "assignee": "nobody"}, "assignee"), ({"action": "escalate"}, "note"), ({"action": "escalate", "note": " "}, "note"),
        ({"action": "snooze"}, "until"), ({"action": "snooze", "until": "tomorrow"}, "until"),
        ({"action": "comment", "text": ""}, "text"), ({"action": "comment", "text": "x" * 2001}, "text"),
        ({"action": "comment", "text": "x", "mentions": ["a"] * 21}, "mentions"),
        ({"action": "wake", "note": "x"}, None), ({"action": "claim", "assignee": "ana"}, None),
        ({"action": "verdict", "verdict": "MAYBE", "reason": "other"}, "verdict"),
        ({"action": "verdict", "verdict": "REFUTED"}, "reason"),
        ({"action": "verdict", "verdict": "REFUTED", "reason": "training_need"}, None),
    ]:
        status, problem = ana("POST", path + "/actions", body)
        assert status == 422 and problem.get("field") == field, (body, status, problem)
    assert ana("POST", path + "/actions", {"action": "snooze", "until": "2020-01-01T00:00:00Z"})[0] == 422
    assert ana("POST", "/v1/alerts/A-none/actions", {"action": "claim"})[0] == 404
    assert ana("POST", path + "/actions", {"action": "assign", "assignee": "mo"})[0] == 403, "an analyst gives to nobody else"
    assert mo.act(path, "assign", assignee="mo")["assignee"] == "mo"
    assert mo.act(path, "escalate", note="three stores", assignee="ana")["status"] == "ESCALATED"
    assert ana.act(path, "deescalate")["status"] == "IN_REVIEW"
    until = later(days=2)
    asleep = ana.act(path, "snooze", until=until, note="waits for the video")
    assert asleep["snoozed_until"] is not None
    alert_id = asleep["alert_id"]
    ids = lambda query: {alert["alert_id"] for alert in ana.get("/v1/alerts?limit=500&" + query)["items"]}
    assert alert_id in ids("snoozed=true") and alert_id not in ids("snoozed=false") and alert_id in ids("status=OPEN")
    assert ana.act(path, "wake")["snoozed_until"] is None
    comment = {"action": "comment", "text": "@mo look at camera 4", "mentions": ["mo"]}
    for _ in range(2):
        assert ana("POST", path + "/actions", comment, Idempotency_Key="comment-1")[0] == 200
    comments = [entry for entry in ana.get(path + "/history")["items"] if entry["kind"] == "alert.comment"]
    assert len(comments) == 1 and comments[0]["details"]["mentions"] == ["mo"], comments


def check_conflict(ana, mo, path):
    """Two people, one alert: the second is told what the first did."""
    seen = mo.get(path)
    ana.act(path, "comment", text="I have called the store")
    body = {"action": "escalate", "note": "to the police"}
    status, problem = mo("POST", path + "/actions", body, If_Match=seen["etag"])
    assert status == 412, problem
    assert problem["alert"]["version"] == problem["version"] > seen["version"] and problem["case"] is None
    assert [entry["details"].get("text") for entry in problem["changes"]] == ["I have called the store"]
    assert mo("POST", path + "/actions", body, If_Match="7")[0] == 400
    status, _ = mo("POST", path + "/actions", body, If_Match=f'"{problem["version"]}"')
    assert status == 200
    verdict = {"alert_id": seen["alert_id"], "verdict": "REFUTED", "reason": "authorised"}
    assert ana("POST", "/v1/verdicts", verdict, If_Match=seen["etag"])[0] == 412
    assert ana.get(path)["verdict"] is None


def check_verdict(ana, path):
    """A verdict closes; what is closed takes a comment, and can be taken back."""
    closed = ana.act(path, "verdict", verdict="CONFIRMED", reason="evidence_video", recovered_amount="12.50",
                     note="seen")
    assert closed["status"] == "CLOSED" and closed["verdict"]["recovered"]["amount"] == "12.50"
    for body in [{"action": "claim"}, {"action": "snooze", "until": later(days=1)}, {"action": "escalate", "note": "x"}]:
        assert ana("POST", path + "/actions", body)[0] == 409, body
    ana.act(path, "comment", text="closed for good")
    assert ana.get("/v1/alerts?verdict=CONFIRMED,REFUTED")["total"] == 1
    assert ana.get("/v1/alerts?decided_from=2020-01-01T00:00:00Z&verdict=CONFIRMED")["total"] == 1
    assert ana.get("/v1/alerts?decided_to=2020-01-01T00:00:00Z")["total"] == 0
    open_again = ana.act(path, "verdict", verdict="INCONCLUSIVE", reason="reopened")
    assert open_again["status"] == "ASSIGNED" and open_again["verdict"] is None
    kinds = [entry["kind"] for entry in ana.get(path + "/history")["items"]]
    assert kinds.count("alert.verdict") == 2, kinds


def check_filters_of_list(ana):
    for query in ["team=none", "signal=no_receipt_refund", "region=nowhere", "overdue=true", "late=true",
                  "employee_id=E0001", "case_id=C-1", "snoozed=false&status=OPEN&assignee=none&sort=rank"]:
        ana.get("/v1/alerts?" + query)
    for query in ["verdict=MAYBE", "overdue=perhaps", "snoozed=1", "decided_from=x", "verdict=A,B,C,D,E"]:
        assert ana("GET", "/v1/alerts?" + query)[0] == 400, query
    everything = ana.get("/v1/alerts?limit=500")["items"]
    for alert in everything[:20]:
        for reason in alert["reasons"][:1]:
            found = ana.get(f"/v1/alerts?limit=500&signal={reason['signal']}")["items"]
            assert alert["alert_id"] in {other["alert_id"] for other in found} or reason["signal"] == "outlier"
    store = everything[0]["store_id"]
    at_store = ana.get(f"/v1/alerts?limit=500&store_id={store}")["items"]
    assert at_store and all(alert["store_id"] == store for alert in at_store)
    overdue = ana.get("/v1/alerts?limit=500&overdue=true")["items"]
    assert all(alert["is_overdue"] and alert["status"] != "CLOSED" for alert in overdue)
    assert len(overdue) == sum(alert["is_overdue"] for alert in everything)


def check_bulk(ana, mo):
    """Each of many succeeds or fails by itself."""
    alerts = ana.get("/v1/alerts?status=NEW&limit=3")["items"]
    ids = [alert["alert_id"] for alert in alerts]
    body = {"alert_ids": [*ids[:2], "A-none"], "action": "claim"}
    status, result = ana("POST", "/v1/alerts/actions", body)
    assert status == 200 and [item["status"] for item in result["results"]] == [200, 200, 404], result
    assert (result["succeeded"], result["failed"]) == (2, 1)
    stale = {"alert_ids": ids[:2], "versions": [alerts[0]["version"], result["results"][1]["version"]],
             "action": "comment", "text": "both"}
    status, result = mo("POST", "/v1/alerts/actions", stale)
    assert [item["status"] for item in result["results"]] == [412, 200], result
    close = {"alert_ids": [*ids, ids[0]], "action": "verdict", "verdict": "OPERATIONAL", "reason": "training_need"}
    status, result = mo("POST", "/v1/alerts/actions", close)
    assert [item["status"] for item in result["results"][:3]] == [200, 200, 200], result
    for body in [{"action": "claim"}, {"alert_ids": [], "action": "claim"}, {"alert_ids": ["A"] * 501, "action": "claim"},
                 {"alert_ids": ids, "versions": [1], "action": "claim"}, {"alert_ids": [7], "action": "claim"}]:
        assert ana("POST", "/v1/alerts/actions", body)[0] == 422, body
    undo = {"alert_ids": ids, "action": "verdict", "verdict": "INCONCLUSIVE", "reason": "reopened"}
    status, result = mo("POST", "/v1/alerts/actions", undo)
    assert result["succeeded"] == 3, result
    free = {"alert_ids": ids, "action": "assign", "assignee": ""}
    assert mo("POST", "/v1/alerts/actions", free)[1]["succeeded"] == 3
    assert {ana.get("/v1/alerts/" + alert_id)["status"] for alert_id in ids} == {"NEW"}


def check_next(ana, mo):
    """The best alert that nobody has, to each one another; nothing when none is left."""
    best = ana.get("/v1/alerts?status=OPEN&assignee=none&snoozed=false&sort=rank&limit=2")["items"]
    got = []
    for person in [ana, mo]:
        status, alert = person("POST", "/v1/alerts/next")
        assert status == 200 and alert["assignee"] == person.user, alert
        got.append(alert["alert_id"])
    assert got == [alert["alert_id"] for alert in best]
    for _ in range(500):
        status, _ = mo("POST", "/v1/alerts/next")
        if status == 204:
            break
    assert status == 204
    taken = [alert["alert_id"] for alert in ana.get("/v1/alerts?assignee=mo&limit=500")["items"]]
    free = {"alert_ids": taken, "action": "assign", "assignee": ""}
    assert mo("POST", "/v1/alerts/actions", free)[1]["failed"] == 0


def check_related(ana):
    """What is shared is in the transactions; the network names the employee; similar ones are decided."""
    assert ana("GET", "/v1/alerts/A-none/related")[0] == 404
    found = 0
    for alert in ana.get("/v1/alerts?limit=500")["items"]:
        path = f"/v1/alerts/{alert['alert_id']}/related"
        # The lake opens by and by behind the start.
        status, related = wait_for(lambda: (lambda reply: reply if reply[0] != 429 else None)(ana("GET", path)))
        assert status == 200, related
        ids = {node["id"] for node in related["nodes"]}
        assert all(link["from"] in ids and link["to"] in ids for link in related["links"])
        for thing in related["shared"]:
            found += thing["other_n"]
            assert len(thing["transactions"]) <= min(thing["other_n"], 30)
            assert not {t["transaction_id"] for t in thing["transactions"]} & set(alert["transaction_ids"])
        for item in related["similar"]:
            assert item["alert"]["verdict"] and item["alert"]["scheme"] == alert["scheme"]
    return found


# --- cases ----------------------------------------------------------------------------------------


def check_case(ana, mo):
    """From an alert to a closed case that two people signed."""
    alert = ana.get("/v1/alerts?status=NEW&limit=1")["items"][0]
    body = {"title": "Refunds at register 7", "alerts": [alert["alert_id"]], "note": "from the queue",
            "subjects": [{"kind": "EMPLOYEE", "id": alert["employee_id"] or "E-none"}]}
    status, case = ana("POST", "/v1/cases", body, Idempotency_Key="case-1")
    assert status == 201 and case["state"] == "OPEN" and case["owner"] == "ana", case
    assert ana.headers["Location"] == "/v1/cases/" + case["case_id"] and ana.headers["ETag"] == f'"{case["version"]}"'
    status, again = ana("POST", "/v1/cases", body, Idempotency_Key="case-1")
    assert status == 201 and again["case_id"] == case["case_id"], "the same request again"
    path = "/v1/cases/" + case["case_id"]
    assert [item["alert"]["alert_id"] for item in case["alerts"]] == [alert["alert_id"]]
    assert ana.get("/v1/alerts/" + alert["alert_id"])["case_id"] == case["case_id"]
    assert ana.get("/v1/alerts?case_id=" + case["case_id"])["total"] == 1
    check_case_work(ana, mo, path, alert)
    check_four_eyes(ana, mo, path, alert)
    return case["case_id"]


def check_case_work(ana, mo, path, alert):
    for body, field in [
        ({}, "action"), ({"action": "note"}, "text"), ({"action": "money", "kind": "lost", "amount": "1"}, None),
        ({"action": "money", "kind": "recovered", "amount": "much"}, "amount"), ({"action": "refer", "to": "press"}, None),
        ({"action": "task", "is_done": "yes"}, "is_done"), ({"action": "task"}, "title"), ({"action": "task", "title": "x", "assignee": "nobody"}, "assignee"), ({"action": "reject"}, "note"),
        ({"action": "edit", "title": "x" * 201}, "title"), ({"action": "add", "subjects": [{"kind": "EMPLOYEE"}]}, "subjects"),
        ({"action": "add", "subjects": [{"kind": "PLANET", "id": "1"}]}, None), ({"action": "submit", "verdict": "REFUTED"}, "reason"),
        ({"action": "note", "text": "x", "colour": "red"}, None), ({"action": "edit", "state": "CLOSED"}, None),
    ]:
        status, problem = ana("POST", path + "/actions", body)
        assert status == 422 and problem.get("field") == field, (body, status, problem)
    assert ana("POST", path + "/actions", {"action": "add", "alerts": ["A-none"]})[0] == 404
    assert ana("POST", path + "/actions", {"action": "add", "transactions": ["T-none"]})[0] == 404
    case = ana.act(path, "edit", title="Refunds of one cashier", state="INVESTIGATING")
    assert (case["title"], case["state"]) == ("Refunds of one cashier", "INVESTIGATING")
    case = ana.act(path, "add", transactions=alert["transaction_ids"][:2], subjects=[{"kind": "STORE", "id": alert["store_id"]}])
    assert case["transaction_n"] == len(case["transactions"]) == len(alert["transaction_ids"][:2])
    assert {subject["kind"] for subject in case["subjects"]} == {"EMPLOYEE", "STORE"}
    case = ana.act(path, "remove", transactions=alert["transaction_ids"][:1])
    assert case["transaction_n"] == len(alert["transaction_ids"][:2]) - 1
    case = ana.act(path, "task", title="Ask for the video", assignee="mo", due=later(days=3))
    task = case["tasks"][0]
    assert task["assignee"] == "mo" and not task["is_done"] and case["task_open_n"] == 1
    case = mo.act(path, "task", task_id=task["task_id"], is_done=True)
    assert case["tasks"][0]["is_done"] and case["tasks"][0]["title"] == "Ask for the video" and case["task_open_n"] == 0
    case = ana.act(path, "money", kind="recovered", amount="120.50", note="paid back")
    assert case["recovered"]["amount"] == "120.50" and case["money"][0]["amount"]["amount"] == "120.50"
    ana.act(path, "refer", to="hr", reference="HR-7")
    case = ana.act(path, "note", text="Interview on Monday", mentions=["mo"])
    assert case["note_n"] >= 1 and case["referrals"][0]["to"] == "hr"


def check_four_eyes(ana, mo, path, alert):
    """Above the limit closing needs a second person; below it does not."""
    seen = ana.get(path)
    case = ana.act(path, "money", kind="exposure", amount="90000")
    assert case["needs_approval"] and not seen["needs_approval"] or seen["needs_approval"]
    submit = {"action": "submit", "verdict": "CONFIRMED", "reason": "theft_admitted", "note": "admitted"}
    status, problem = mo("POST", path + "/actions", submit, If_Match=f'"{seen["version"]}"')
    assert status == 412 and problem["case"]["version"] == case["version"], problem
    assert [entry["kind"] for entry in problem["changes"]] == ["case.money"] and problem["alert"] is None
    case = mo.act(path, **submit)
    assert case["state"] == "PENDING_APPROVAL" and case["closing"]["submitted_by"] == "mo"
    status, problem = mo("POST", path + "/actions", {"action": "approve"})
    assert status == 403 and problem["detail"], "nobody approves what they submitted"
    assert ana("POST", path + "/actions", {"action": "approve"})[0] == 403, "an analyst approves nothing"
    assert mo("POST", path + "/actions", {"action": "money", "kind": "recovered", "amount": "1"})[0] == 409
    case = mo.act(path, "reject", note="one receipt is missing")
    assert case["state"] == "INVESTIGATING" and case["closing"] is None
    case = ana.act(path, **submit)
    assert case["state"] == "PENDING_APPROVAL"
    case = mo.act(path, "approve", note="agreed")
    assert case["state"] == "CLOSED" and case["verdict"] == "CONFIRMED" and case["closing"]["approved_by"] == "mo"
    detail = ana.get("/v1/alerts/" + alert["alert_id"])
    assert detail["status"] == "CLOSED" and detail["verdict"]["verdict"] == "CONFIRMED"
    case = mo.act(path, "reopen", note="new evidence")
    assert case["state"] in ("OPEN", "INVESTIGATING") and case["verdict"] is None
    kinds = [entry["kind"] for entry in ana.get(path + "/timeline?limit=500")["items"]]
    for kind in ["case.open", "case.note", "case.task", "case.money", "case.submit", "case.reject", "case.approve",
                 "case.reopen", "alert.verdict"]:
        assert kind in kinds, (kind, kinds)
    page = ana.get(path + "/timeline?limit=3")
    assert [e["seq"] for e in page["items"]] == sorted((e["seq"] for e in page["items"]), reverse=True)
    more = ana.get(path + "/timeline?limit=500&cursor=" + page["next_cursor"])["items"]
    assert len(more) + 3 == len(kinds) and more[0]["seq"] < page["items"][-1]["seq"]


def check_case_list(ana, mo, case_id):
    second = ana("POST", "/v1/cases", {"title": "Gift cards in Springfield"})[1]
    path = "/v1/cases/" + second["case_id"]
    assert ana.act(path, "submit", verdict="INCONCLUSIVE", reason="no_evidence")["state"] == "CLOSED", "below the limit"
    ids = lambda query: [case["case_id"] for case in ana.get("/v1/cases?" + query)["items"]]
    assert set(ids("")) == {case_id, second["case_id"]} and ids("")[0] == second["case_id"], "newest change first"
    assert ids("state=ACTIVE") == [case_id] and ids("state=CLOSED") == [second["case_id"]]
    assert set(ids("state=OPEN,INVESTIGATING,CLOSED")) == {case_id, second["case_id"]}
    assert set(ids("owner=me")) == {case_id, second["case_id"]} and ids("owner=mo") == []
    assert ids("q=SPRING") == [second["case_id"]] and ids("q=" + case_id[:3].lower())
    alert = ana.get("/v1/cases/" + case_id)["alerts"][0]["alert"]["alert_id"]
    assert ids("alert_id=" + alert) == [case_id]
    assert ids("region=nowhere") == ids("store_id=none")
    page = ana.get("/v1/cases?limit=1")
    assert page["total"] == 2 and ids("limit=1&cursor=" + page["next_cursor"]) == [case_id]
    for query in ["state=LOST", "limit=0", "cursor=zz", "q=a&alert_id=b"]:
        assert ana("GET", "/v1/cases?" + query)[0] == 400, query
    assert ana("GET", "/v1/cases/C-none")[0] == 404 and ana("GET", "/v1/cases/C-none/timeline")[0] == 404
    for body in [{}, {"title": ""}, {"title": "x" * 201}, {"title": "x", "state": "CLOSED"},
                 {"title": "x", "alerts": "A-1"}, {"title": "x", "alerts": [7]}]:
        assert ana("POST", "/v1/cases", body)[0] == 422, body
    assert ana("POST", "/v1/cases", {"title": "x", "alerts": ["A-none"]})[0] == 404
    assert ana("POST", "/v1/cases", {"title": "x"}, Idempotency_Key="k" * 129)[0] == 400


# --- what is set ----------------------------------------------------------------------------------


def check_settings(admin, ana, mo):
    settings = ana.get("/v1/settings")
    assert settings["sla_hours_normal"] == 72 and settings["approval"]["amount"] == "5000.00"
    version = ana.headers["ETag"]
    assert ana("PATCH", "/v1/settings", {"sla_hours_high": 12})[0] == 403
    status, changed = mo("PATCH", "/v1/settings", {"sla_hours_high": 12, "approval": "2500.00"}, If_Match=version)
    assert status == 200 and changed["sla_hours_high"] == 12 and changed["approval"]["amount"] == "2500.00"
    if version != '"0"':
        status, problem = admin("PATCH", "/v1/settings", {"sla_hours_high": 8}, If_Match=version)
        assert status == 412, problem
    else:
        stale = f'"{changed["version"]}"'
        mo("PATCH", "/v1/settings", {"sla_hours_high": 13})
        status, problem = admin("PATCH", "/v1/settings", {"sla_hours_high": 8}, If_Match=stale)
        assert status == 412 and problem["version"] > changed["version"], problem
    for body, field in [({}, None), ({"sla_hours_high": "x"}, "sla_hours_high"), ({"approval": "x"}, "approval"),
                        ({"colour": 1}, None), ({"report_hour": 24}, "report_hour"), ({"rules": [{"min_risk": 2}]}, "rules")]:
        status, problem = mo("PATCH", "/v1/settings", body)
        assert status == 422 and problem.get("field") == field, (body, problem)
    assert mo("PATCH", "/v1/settings", {"regions": []})[0] == 403, "regions are access"
    store = ana.get("/v1/stores")["items"][0]["store_id"]
    regions = [{"name": "North", "stores": [store]}, {"name": "South", "stores": ["S9*"]}]
    assert admin("PATCH", "/v1/settings", {"regions": regions})[1]["regions"] == regions
    north = ana.get("/v1/alerts?region=North&limit=500")["items"]
    assert {alert["region"] for alert in north} <= {"North"} and {alert["store_id"] for alert in north} <= {store}
    template = "https://cameras.example/{store}/{register}?t={unix}&at={time}"
    mo("PATCH", "/v1/settings", {"camera_link": template})
    alert = ana.get("/v1/alerts?limit=1")["items"][0]
    detail = ana.get("/v1/alerts/" + alert["alert_id"])
    link = detail["camera_links"][0]
    assert link["transaction_id"] == detail["transactions"][0]["transaction_id"]
    assert link["url"].startswith(f"https://cameras.example/{detail['transactions'][0]['store_id']}/")
    assert "{" not in link["url"] and "%3A" in link["url"], link
    assert mo("PATCH", "/v1/settings", {"sla_hours_high": None, "camera_link": None, "approval": None})[1]["sla_hours_high"] == 24


def check_allow_list(ana, mo):
    body = {"entity": {"kind": "employee", "id": "E0001"}, "until": later(days=30), "reason": "works the service desk"}
    assert ana("POST", "/v1/allow-list", body)[0] == 403
    for change in [{"until": "x"}, {"until": "2020-01-01T00:00:00Z"}, {"reason": ""}, {"entity": 7},
                   {"entity": {"kind": "planet", "id": "1"}}, {"scheme": "none_such"}, {"colour": "red"}]:
        assert mo("POST", "/v1/allow-list", {**body, **change})[0] == 422, change
    status, entry = mo("POST", "/v1/allow-list", {**body, "scheme": "refund_fraud"}, Idempotency_Key="allow-1")
    assert status == 201 and entry["is_active"] and entry["owner"] == "mo" and entry["added_by"] == "mo", entry
    assert mo("POST", "/v1/allow-list", {**body, "scheme": "refund_fraud"}, Idempotency_Key="allow-1")[1]["id"] == entry["id"]
    assert [item["id"] for item in ana.get("/v1/allow-list?active=true")["items"]] == [entry["id"]]
    assert ana("DELETE", "/v1/allow-list/" + entry["id"])[0] == 403
    assert mo("DELETE", "/v1/allow-list/" + entry["id"] + "?reason=moved")[0] == 204
    assert mo("DELETE", "/v1/allow-list/none")[0] == 404
    assert ana.get("/v1/allow-list?active=true")["items"] == []
    assert ana("GET", "/v1/allow-list?active=x")[0] == 400 and ana("GET", "/v1/allow-list?cursor=zz")[0] == 400


def check_saved_filters(admin, ana, mo):
    mine, shared = str(uuid.uuid4()), str(uuid.uuid4())
    put = lambda person, filter_id, **body: person("PUT", "/v1/filters/" + filter_id, {"name": "Mine", "query": "assignee=me", "shared": False, **body})
    assert put(ana, mine)[0] == 200 and put(ana, shared, name="All", shared=True)[0] == 403, "a manager shares"
    assert put(mo, shared, name="All", shared=True)[1]["owner"] == "mo"
    version = mo.headers["ETag"]
    assert {item["id"] for item in ana.get("/v1/filters")["items"]} == {mine, shared}
    assert [item["id"] for item in mo.get("/v1/filters")["items"]] == [shared]
    assert put(mo, mine)[0] == put(ana, shared)[0] == 403 and put(admin, shared, name="Everything", shared=True)[0] == 200
    status, problem = mo("PUT", "/v1/filters/" + shared, {"name": "x", "query": "", "shared": True}, If_Match=version)
    assert status == 412, problem
    for body in [{"name": ""}, {"shared": "x"}, {"query": "x" * 2001}, {"colour": 1}]:
        assert put(ana, mine, **body)[0] == 422, body
    assert mo("DELETE", "/v1/filters/" + mine)[0] == 403 and ana("DELETE", "/v1/filters/" + mine)[0] == 204
    assert ana("DELETE", "/v1/filters/" + mine)[0] == 404
    assert [item["id"] for item in ana.get("/v1/filters")["items"]] == [shared]


# --- signals, policy, data ------------------------------------------------------------------------


def check_signals(ana, mo):
    signals = ana.get("/v1/signals")
    etag, name = ana.headers["ETag"], "no_receipt_refund"
    signal = next(item for item in signals["items"] if item["name"] == name)
    least = next(parameter for parameter in signal["parameters"] if parameter["name"] == "least")
    assert least["min"] <= least["value"] == least["default"] <= least["max"] and signal["enabled"]
    change = {"changes": [{"name": name, "enabled": False, "weight": 6, "parameters": {"least": least["value"] + 2}}],
              "reason": "too many service desks"}
    assert ana("PUT", "/v1/signals", change)[0] == 403
    for body, field in [
        ({}, "reason"), ({"reason": "x"}, None), ({**change, "reason": " "}, "reason"), ({**change, "yaml": "x"}, None),
        ({"changes": [{"name": "none"}], "reason": "x"}, "changes"), ({"changes": [], "reason": "x"}, "changes"),
        ({"changes": [{"name": name, "parameters": {"least": least["max"] + 1}}], "reason": "x"}, "changes"),
        ({"changes": [{"name": name, "parameters": {"none": 1}}], "reason": "x"}, "changes"),
        ({"changes": [{"name": name, "colour": 1}], "reason": "x"}, "changes"), ({"yaml": "signals: [", "reason": "x"}, None),
    ]:
        status, problem = mo("PUT", "/v1/signals", body)
        assert status == 422 and problem.get("field") == field, (body, status, problem)
    status, version = mo("PUT", "/v1/signals", change, If_Match=etag)
    assert status == 200 and version["is_current"] and version["changed_by"] == "mo", version
    told = {(item["signal"], item["member"]): (item["from"], item["to"]) for item in version["changes"]}
    assert told == {(name, "enabled"): (True, False), (name, "weight"): (signal["weight"], 6),
                    (name, "parameters.least"): (least["value"], least["value"] + 2)}, told
    status, problem = mo("PUT", "/v1/signals", change, If_Match=etag)
    assert status == 412 and version["version"] in problem["detail"], problem
    assert mo("PUT", "/v1/signals", change)[0] == 409, "nothing changes"
    after = next(item for item in ana.get("/v1/signals")["items"] if item["name"] == name)
    assert not after["enabled"] and after["default_enabled"] and after["weight"] == 6
    assert mo("PUT", "/v1/signals", {"version": "none", "reason": "x"})[0] == 404
    status, back = mo("PUT", "/v1/signals", {"version": signals["version"], "reason": "it missed a thief"})
    assert status == 200 and len(back["changes"]) == 3, back
    versions = ana.get("/v1/signals/versions")["items"]
    assert [item["version"] for item in versions] == [back["version"], version["version"], signals["version"]]
    assert [item["is_current"] for item in versions] == [True, False, False] and versions[2]["changes"] == []
    text = ana.get("/v1/signals/versions/" + version["version"])["yaml"]
    assert "least" in text and ana("GET", "/v1/signals/versions/none")[0] == 404
    assert mo("PUT", "/v1/signals", {"yaml": text, "reason": "by hand"})[0] == 200
    assert mo("PUT", "/v1/signals", {"version": signals["version"], "reason": "as it was"})[0] == 200
    assert ana.get("/v1/signals")["version"] != signals["version"], "a version of its own"


def check_policy(ana, mo):
    policy = ana.get("/v1/policy")
    etag = ana.headers["ETag"]
    budget = next(field for field in policy["fields"] if field["name"] == "alerts_per_store_day")
    assert ana("PUT", "/v1/policy", {"values": {"alerts_per_store_day": 0.2}, "reason": "x"})[0] == 403
    for values in [{}, {"none": 1}, {"alerts_per_store_day": -1}, {"alerts_per_store_day": "x"}, 7]:
        assert mo("PUT", "/v1/policy", {"values": values, "reason": "x"})[0] == 422, values
    status, version = mo("PUT", "/v1/policy", {"values": {"alerts_per_store_day": 0.2}, "reason": "holidays"}, If_Match=etag)
    assert status == 200 and version["changes"] == [
        {"signal": None, "member": "alerts_per_store_day", "from": budget["value"], "to": 0.2}], version
    assert mo("PUT", "/v1/policy", {"values": {"alerts_per_store_day": 0.1}, "reason": "x"}, If_Match=etag)[0] == 412
    assert mo("PUT", "/v1/policy", {"version": policy["version"], "reason": "holidays are over"})[0] == 200
    assert len(ana.get("/v1/policy/versions")["items"]) == 3
    assert next(field for field in ana.get("/v1/policy")["fields"] if field["name"] == "alerts_per_store_day") == budget


def check_dry_run(ana, mo):
    """A draft by name: what would appear and vanish, per day, and what the record has."""
    assert ana("POST", "/v1/backtests", {})[0] == 403

    def result_of(body):
        status, started = mo("POST", "/v1/backtests", body)
        assert status == 202, started
        done = wait_for(lambda: (lambda now: now if now["state"] != "running" else None)(mo.get("/v1/backtests/" + started["id"])))
        assert done["state"] == "done", done
        return done["result"]

    same = result_of({})
    assert same["appearing"] == same["vanishing"] == [] and same["recorded"]["alerts"] == same["alerts"]
    assert same["recorded"]["precision"] == same["precision"]
    assert all(day["alerts"] == day["recorded"] for day in same["days_of"])
    assert sum(day["alerts"] for day in same["days_of"]) == same["alerts"]
    fewer = result_of({"policy_values": {"evidence_floor": 40, "evidence_cold": 40}})
    assert fewer["vanishes"] == len(fewer["vanishing"]) > 0 and fewer["recorded"]["alerts"] == same["alerts"]
    for alert in fewer["vanishing"]:
        mo.get("/v1/alerts/" + alert["alert_id"])
    name = ana.get("/v1/signals")["items"][0]["name"]
    result_of({"signal_changes": [{"name": name, "enabled": False}]})
    for body in [{"signal_changes": [{"name": "none"}]}, {"policy_values": {"none": 1}},
                 {"policy": "cold_days: 0\n", "policy_values": {"cold_days": 1}}, {"signal_changes": []}]:
        assert mo("POST", "/v1/backtests", body)[0] == 422, body
    running = mo("POST", "/v1/backtests", {})[1]["id"]
    assert ana("DELETE", "/v1/backtests/" + running)[0] == 403
    assert mo("DELETE", "/v1/backtests/" + running)[0] == 204
    again = mo("POST", "/v1/backtests", {})
    assert again[0] == 202, "the way is free"
    assert mo("DELETE", "/v1/backtests/" + again[1]["id"])[0] == 204 and mo("DELETE", "/v1/backtests/none")[0] == 404


def check_data(ana, mo, admin):
    """What came in, and a rejected record that is mended."""
    token = admin("POST", "/v1/tokens", {"name": "till feed", "rights": ["ingest"]})[1]
    feed = Person(admin.client, {"Authorization": "Bearer " + token["token"]}, "feed")
    before = ana.get("/v1/data")
    assert before["position"]["journal"] == before["facts"] > 0 and before["stores"]
    assert {part["part"] for part in before["storage"]} >= {"journal", "ledger", "state"}
    assert next(part for part in before["storage"] if part["part"] == "journal")["bytes"] > 0 and before["storage_free"]
    good = transaction("mend", store_id=before["stores"][-1]["store_id"])
    assert feed("POST", "/v1/transactions", {**good, "transaction_total": "12,30"})[0] == 422
    assert feed("POST", "/v1/transactions", transaction("fine"))[0] == 200
    letter = mo.get("/v1/dead-letters?resolved=false&reason=invalid_money&limit=1")["items"][0]
    assert letter["resolved_at"] is None and ana("GET", "/v1/dead-letters")[0] == 403
    path = f"/v1/dead-letters/{letter['id']}/resubmit"
    assert mo("POST", path, {"record": {**good, "transaction_total": "12;30"}})[1]["field"] == "transaction_total"
    assert mo("POST", path, {"record": 7})[0] == 422 and mo("POST", path, {"record": good, "kind": "planet"})[0] == 422
    assert mo("POST", "/v1/dead-letters/999999/resubmit", {"record": good})[0] == 404
    assert ana("POST", path, {"record": good})[0] == 403
    status, done = mo("POST", path, {"record": good})
    assert status == 200 and done["outcome"] == "accepted" and done["record_id"] == good["transaction_id"], done
    assert mo("POST", path, {"record": good})[1]["outcome"] == "duplicate"
    assert mo("POST", path, {"record": {**good, "transaction_total": "99.00"}})[0] == 409
    resolved = mo.get("/v1/dead-letters?resolved=true")["items"]
    assert [item["id"] for item in resolved] == [letter["id"]] and resolved[0]["resolved_by"] == "mo"
    assert letter["id"] not in {item["id"] for item in mo.get("/v1/dead-letters?resolved=false&limit=500")["items"]}
    assert mo("GET", "/v1/dead-letters?resolved=x")[0] == 400
    after = ana.get("/v1/data")
    sources = {item["source"]: item for item in after["sources"]}
    assert sources["token:till feed"]["accepted"] == 1 and sources["token:till feed"]["rejected"] == 1, sources
    assert sources["resubmission"]["accepted"] == 1 and after["intake"][-1]["accepted"] + after["intake"][-2 % len(after["intake"])]["accepted"] >= 2
    assert after["dead_letters"]["open"] == after["dead_letters"]["total"] - 1
    assert sum(reason["n"] for reason in after["dead_letters"]["reasons"]) == after["dead_letters"]["open"]
    assert after["facts"] > before["facts"] and after["lake"]["tail"] + after["lake"]["position"] <= after["facts"]


def check_scoped(client, admin):
    """Somebody of one store works that store and sees nothing of the others."""
    alerts = admin.get("/v1/alerts?limit=500")["items"]
    mine = alerts[0]["store_id"]
    other = next(alert for alert in alerts if alert["store_id"] != mine and not alert["case_id"])
    eve = sign_up(client, admin, "eve", "manager", stores=[mine])
    assert {alert["store_id"] for alert in eve.get("/v1/alerts?limit=500")["items"]} == {mine}
    assert eve.get(f"/v1/alerts?store_id={other['store_id']}")["total"] == 0
    path = "/v1/alerts/" + other["alert_id"]
    for method, suffix, body in [("GET", "", None), ("GET", "/history", None), ("GET", "/related", None),
                                 ("POST", "/actions", {"action": "claim"})]:
        assert eve(method, path + suffix, body)[0] == 404, suffix
    status, result = eve("POST", "/v1/alerts/actions", {"alert_ids": [other["alert_id"]], "action": "claim"})
    assert result["results"][0]["status"] == 404
    verdict = {"verdict": "REFUTED", "reason": "authorised"}
    assert eve("POST", "/v1/verdicts", {"alert_id": other["alert_id"], **verdict})[0] == 404
    assert eve("POST", "/v1/verdicts", {"transaction_id": other["transaction_ids"][0], **verdict})[0] == 404
    assert eve("POST", "/v1/cases", {"title": "x", "alerts": [other["alert_id"]]})[0] == 404
    assert eve("POST", "/v1/cases", {"title": "x", "transactions": [other["transaction_ids"][0]]})[0] == 404
    status, case = admin("POST", "/v1/cases", {"title": "Elsewhere", "alerts": [other["alert_id"]]})
    assert status == 201, case
    assert eve("GET", "/v1/cases/" + case["case_id"])[0] == 404 and eve.get("/v1/cases?q=elsewhere")["items"] == []
    assert eve("POST", f"/v1/cases/{case['case_id']}/actions", {"action": "note", "text": "x"})[0] == 404
    assert {store["store_id"] for store in eve.get("/v1/data")["stores"]} == {mine}
    for method, path, body in [("PUT", "/v1/signals", {}), ("PUT", "/v1/policy", {}), ("PATCH", "/v1/settings", {}),
                               ("POST", "/v1/allow-list", {}), ("GET", "/v1/dead-letters", None)]:
        assert eve(method, path, body)[0] == 403, path
    while True:
        status, alert = eve("POST", "/v1/alerts/next")
        if status == 204:
            break
        assert alert["store_id"] == mine


def check_work(client, admin_auth):
    """All of the above, on a chain with some twenty alerts; the client is one of test_http_contract.py."""
    admin = Person(client, admin_auth, "admin")
    ana = sign_up(client, admin, "ana", "analyst", team="north")
    mo = sign_up(client, admin, "mo", "manager", team="north")
    path = check_claim_and_view(admin, ana)
    steps = [
        (check_actions, ana, mo, path), (check_conflict, ana, mo, path), (check_verdict, ana, path),
        (check_filters_of_list, ana), (check_bulk, ana, mo), (check_next, ana, mo), (check_related, ana),
    ]
    for step, *arguments in steps:
        step(*arguments)
        print("ok", step.__name__, flush=True)
    case_id = check_case(ana, mo)
    check_case_list(ana, mo, case_id)
    print("ok check_case", flush=True)
    for step, *arguments in [
        (check_settings, admin, ana, mo), (check_allow_list, ana, mo), (check_saved_filters, admin, ana, mo),
        (check_signals, ana, mo), (check_policy, ana, mo), (check_dry_run, ana, mo), (check_data, ana, mo, admin),
        (check_scoped, client, admin),
    ]:
        step(*arguments)
        print("ok", step.__name__, flush=True)
