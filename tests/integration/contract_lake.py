# SPDX-License-Identifier: Apache-2.0
"""The routes over the lake, for test_http_contract.py: every reply is held against the contract there."""


def check_search(client):
    status, page = client.call("POST", "/v1/search", {"limit": 3})
    while status == 503 and "DuckDB" not in page["detail"]:  # it is being opened
        status, page = client.call("POST", "/v1/search", {"limit": 3})
    if status == 503:
        return None
    assert status == 200 and len(page["items"]) == 3 and page["next_cursor"], page
    more = client.call("POST", "/v1/search", {"limit": 3, "cursor": page["next_cursor"]})[1]
    ids = [item["transaction_id"] for item in page["items"] + more["items"]]
    assert len(set(ids)) == 6, "pages do not overlap"
    for field, value in [("type", ["theft"]), ("amount_from", "12,5"), ("from", "yesterday"), ("hour_from", 24),
                         ("risk_from", 2), ("alerted", "yes"), ("nothing", 1), ("limit", 0), ("cursor", "x"),
                         ("employee_id", ""), ("text", "x" * 101)]:
        status, problem = client.call("POST", "/v1/search", {field: value})
        assert status == 422, (field, status, problem)
    assert client.call("POST", "/v1/search", b"{")[0] == 400
    assert client.call("POST", "/v1/search", b"{}", media="text/plain")[0] == 415
    assert client.call("POST", "/v1/search", {}, auth={})[0] == 401
    return page["items"][0]


def check_sql(client):
    sql = "SELECT store_id, sum(transaction_n) AS n, 0.5 AS half, date FROM store_days GROUP BY 1, 4 ORDER BY ALL"
    status, table = client.call("POST", "/v1/lake/query", {"sql": sql, "limit": 2})
    assert status == 200 and table["truncated"] and len(table["rows"]) == 2, table
    assert [column["type"] for column in table["columns"]] == ["text", "integer", "number", "date"], table
    status, problem = client.call("POST", "/v1/lake/query", {"sql": "SELECT 1,\n  wrong"})
    assert status == 422 and (problem["line"], problem["column"]) == (2, 3), problem
    for bad in [{"sql": "DROP VIEW transactions"}, {"sql": ""}, {"sql": "SELECT 1", "limit": 10001}, {"query": "x"},
                {"sql": "SELECT * FROM read_csv('/etc/passwd')"}]:
        assert client.call("POST", "/v1/lake/query", bad)[0] == 422, bad
    assert client.call("POST", "/v1/lake/query", b"{")[0] == 400
    assert client.call("POST", "/v1/lake/query", b"{}", media="text/plain")[0] == 415


def check_files(client, item):
    search = {"store_id": item["store_id"], "type": ["sale"]}
    assert client.call("POST", "/v1/lake/export", {"format": "csv", "search": search})[0] == 200
    assert client.call("POST", "/v1/lake/export", {"format": "parquet", "sql": "SELECT 1 AS one"})[0] == 200
    for bad in [{"format": "xml", "search": {}}, {"format": "csv"}, {"format": "csv", "sql": "SELECT", "search": {}},
                {"format": "csv", "sql": "SELECT wrong"}, {"format": "csv", "search": {"nothing": 1}}]:
        assert client.call("POST", "/v1/lake/export", bad)[0] == 422, bad


def check_entities(client, item):
    store, register = item["store_id"], item["register_id"]
    status, page = client.call("GET", f"/v1/stores/{store}/registers/{register}")
    assert status == 200 and page["timeline"], page
    assert client.call("GET", f"/v1/stores/{store}/registers/{register}?date=x")[0] == 400
    assert client.call("GET", f"/v1/stores/{store}/registers/none")[0] == 404
    carded = client.call("POST", "/v1/search", {"payment_type": ["credit", "debit"]})[1]["items"]
    token = next(row["account_token"] for row in carded if row["account_token"])
    assert client.call("GET", f"/v1/cards/{token}")[1]["recent"]
    assert client.call("GET", "/v1/cards/none")[0] == 404
    sql = "SELECT coalesce(loyalty_id, customer_id) FROM transactions WHERE loyalty_id IS NOT NULL LIMIT 1"
    customer = client.call("POST", "/v1/lake/query", {"sql": sql})[1]["rows"][0][0]
    assert client.call("GET", f"/v1/customers/{customer}")[1]["stores"]
    assert client.call("GET", "/v1/customers/none")[0] == 404
    sql = "SELECT sku FROM item_days GROUP BY 1 ORDER BY sum(return_n + void_n + override_n) DESC LIMIT 1"
    sku = client.call("POST", "/v1/lake/query", {"sql": sql})[1]["rows"][0][0]
    assert client.call("GET", f"/v1/items/{sku}")[1]["recent"]
    assert client.call("GET", "/v1/items/none")[0] == 404
    for path in (f"/v1/stores/{store}/calendar", f"/v1/employees/{item['employee_id']}/calendar"):
        assert client.call("GET", path)[1]["cells"]
        assert client.call("GET", path + "?unit=hour&days=28")[1]["cells"]
        assert client.call("GET", path + "?unit=year")[0] == 400
        assert client.call("GET", path + "?unit=hour&days=93")[0] == 400
        assert client.call("GET", path.replace(store, "none").replace(item["employee_id"], "none"))[0] == 404
    assert client.call("GET", f"/v1/stores/{store}")[1]["registers"]
    assert client.call("GET", f"/v1/employees/{item['employee_id']}")[1]["registers"]


def check_lake(client):
    item = check_search(client)
    if item:
        check_sql(client)
        check_files(client, item)
        check_entities(client, item)
        return
    # Without a lake all of them say so.
    for method, path in [("POST", "/v1/lake/query"), ("POST", "/v1/lake/export"), ("GET", "/v1/cards/x"),
                         ("GET", "/v1/customers/x"), ("GET", "/v1/items/x"), ("GET", "/v1/stores/S0001/registers/x"),
                         ("GET", "/v1/stores/S0001/calendar"), ("GET", "/v1/employees/E00001/calendar")]:
        body = {"sql": "SELECT 1", **({"format": "csv"} if "export" in path else {})} if method == "POST" else None
        assert client.call(method, path, body)[0] == 503, path
