# SPDX-License-Identifier: Apache-2.0
"""Figures, the report, evidence and exports of cases against api/openapi.yaml."""

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))


def check_summary(client):
    status, summary = client.call("GET", "/v1/metrics/summary")
    assert status == 200
    figures = summary["figures"]
    # A click on a figure leads to as many alerts as the figure counts.
    for name in ("alerts", "open", "decided", "confirmed"):
        status, page = client.call("GET", "/v1/alerts?limit=1&" + summary["filters"][name])
        assert status == 200 and page["total"] == figures[name], (name, page["total"], figures[name])
    for name, path in summary["filters"].items():
        assert client.call("GET", "/v1/alerts?limit=1&" + path)[0] == 200, name
    for name, path in summary["backlog"]["filters"].items():
        status, page = client.call("GET", "/v1/alerts?limit=1&" + path)
        assert status == 200 and page["total"] == summary["backlog"][name], (name, page["total"])
    store = client.call("GET", "/v1/stores")[1]["items"][0]["store_id"]
    for query in ["from=2026-01-01&to=2026-02-01", f"store_id={store}", "type=VOID_REFUND", "region=none",
                  "scheme=x", "assignee=me", "from=2026-01-01T00%3A00%3A00%2B01%3A00"]:
        assert client.call("GET", "/v1/metrics/summary?" + query)[0] == 200, query
    for query in ["from=then", "from=2026-02-01&to=2026-02-01"]:
        assert client.call("GET", "/v1/metrics/summary?" + query)[0] == 400, query
    return summary


def check_series(client, summary):
    for unit in ("day", "week", "month"):
        status, series = client.call("GET", f"/v1/metrics/daily?unit={unit}")
        assert status == 200
        assert sum(item["figures"]["alerts"] for item in series["items"]) == summary["figures"]["alerts"]
    assert client.call("GET", "/v1/metrics/daily?unit=hour")[0] == 400
    assert client.call("GET", "/v1/metrics/daily?from=2020-01-01")[0] == 400
    for cut in ("region", "store", "scheme", "type", "signal", "model", "assignee", "team"):
        status, table = client.call("GET", f"/v1/metrics/by/{cut}?sort=exposure")
        assert status == 200
        if cut != "signal":
            assert sum(row["figures"]["alerts"] for row in table["items"]) == summary["figures"]["alerts"], cut
        for row in table["items"]:
            if row["filter"]:
                status, page = client.call("GET", "/v1/alerts?limit=1&" + row["filter"])
                assert status == 200 and page["total"] == row["figures"]["alerts"], (cut, row["key"], page["total"])
    assert client.call("GET", "/v1/metrics/by/colour")[0] == 404
    assert client.call("GET", "/v1/metrics/by/store?sort=x")[0] == 400


def check_report(client):
    status, report = client.call("GET", "/v1/metrics/report?from=2026-01-01&to=2026-02-01")
    assert status == 200 and report.startswith(b"%PDF")
    assert client.call("GET", "/v1/metrics/report?from=x")[0] == 400
    status, schedule = client.call("GET", "/v1/metrics/report/schedule")
    assert status == 200 and not schedule["is_configured"]
    assert client.call("POST", "/v1/metrics/report/send", {})[0] == 409
    assert client.call("POST", "/v1/metrics/report/send", {"to": "x"})[0] == 422


def check_evidence(client):
    alert = client.call("GET", "/v1/alerts?limit=1")[1]["items"][0]["alert_id"]
    status, case = client.call("POST", "/v1/cases", {"title": "Contract", "alerts": [alert]})
    assert status == 201
    path = f"/v1/cases/{case['case_id']}"
    octets = "application/octet-stream"
    status, added = client.call("POST", path + "/attachments?name=Bild%201.png&note=till", PNG, octets)
    assert status == 201 and added["name"] == "Bild 1.png" and added["media_type"] == "image/png"
    assert client.call("POST", path + "/attachments?name=again.png", PNG, octets)[0] == 409
    assert client.call("POST", path + "/attachments?name=a.bin", b"MZ\x00\x01", octets)[0] == 422
    assert client.call("POST", path + "/attachments?name=a/b.png", PNG, octets)[0] == 400
    assert client.call("POST", path + "/attachments?name=a.png", PNG, "image/png")[0] == 415
    assert client.call("POST", path + "/attachments?name=big.txt", b"a" * (10 * 1024 * 1024 + 1), octets)[0] == 413
    assert client.call("POST", "/v1/cases/C-none/attachments?name=a.png", PNG, octets)[0] == 404
    status, content = client.call("GET", f"{path}/attachments/{added['sha256']}")
    assert status == 200 and content == PNG
    assert client.last_headers["Content-Disposition"].startswith("attachment;")
    assert client.last_headers["X-Content-Type-Options"] == "nosniff"
    assert client.call("GET", f"{path}/attachments/{'0' * 64}")[0] == 404
    for form, head in (("pdf", b"%PDF"), ("zip", b"PK")):
        status, export = client.call("GET", f"{path}/export?form={form}")
        assert status == 200 and export.startswith(head), form
    assert client.call("GET", path + "/export?form=doc")[0] == 400
    assert client.call("GET", "/v1/cases/C-none/export")[0] == 404


def check_figures(client):
    summary = check_summary(client)
    check_series(client, summary)
    check_report(client)
    check_evidence(client)
