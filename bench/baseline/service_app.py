# SPDX-License-Identifier: Apache-2.0
"""The service that one would write: FastAPI, features in Redis sorted sets, a score in the reply.

For each of employee, register, store and account: the event is added, what is older than 30 days is
taken out, and the counts of 1 h, 1 d, 7 d and 30 d are read: 24 commands in one pipeline. Redis
keeps an append-only file with fsync at each write, so a reply means durable. A repeated
transaction_id gets its first answer. Started by service.py; configured by environment:
  BASELINE_REDIS   path of Redis' socket
  BASELINE_MODEL   rules (thresholds on the counts) or iforest (scikit-learn, 100 x 256)
"""
import json
import os
from datetime import datetime

import numpy
import redis.asyncio
from fastapi import FastAPI, Request, Response
from sklearn.ensemble import IsolationForest

WINDOWS_S = (3600, 86400, 7 * 86400, 30 * 86400)
FEATURES = 19

app = FastAPI()
store = redis.asyncio.Redis(unix_socket_path=os.environ["BASELINE_REDIS"])
forest = None
if os.environ.get("BASELINE_MODEL") == "iforest":
    sample = numpy.random.default_rng(1).lognormal(0, 1, (10_000, FEATURES))
    forest = IsolationForest(n_estimators=100, max_samples=256, random_state=1).fit(sample)


def account_of(record):
    tenders = record.get("tenders") or [{}]
    return (tenders[0].get("account_token") or record.get("customer_id") or
            record.get("loyalty_id") or "none")


async def features(record, time_s):
    keys = (f"e:{record['employee_id']}", f"r:{record['store_id']}:{record['register_id']}",
            f"s:{record['store_id']}", f"a:{account_of(record)}")
    pipe = store.pipeline(transaction=False)
    for key in keys:
        pipe.zadd(key, {record["transaction_id"]: time_s})
        pipe.zremrangebyscore(key, "-inf", time_s - WINDOWS_S[-1])
        for width_s in WINDOWS_S:
            pipe.zcount(key, f"({time_s - width_s}", time_s)
    replies = await pipe.execute()
    counts = [reply for i, reply in enumerate(replies) if i % 6 >= 2]
    return [float(record["transaction_total"]), float(record["refund_flag"]),
            float(record["void_flag"]), *map(float, counts)]


def score(row):
    if forest is not None:
        return float(-forest.score_samples(numpy.array([row]))[0])
    return min(1.0, 0.1 + 0.3 * row[1] + 0.3 * row[2] + 0.01 * row[3])


@app.post("/v1/transactions")
async def transactions(request: Request):
    record = json.loads(await request.body())
    key = f"t:{record['transaction_id']}"
    known = await store.get(key)
    if known is not None:
        return Response(known, media_type="application/json")
    time_text = record["transaction_time"].replace("Z", "+00:00")
    time_s = int(datetime.fromisoformat(time_text).timestamp())
    risk = score(await features(record, time_s))
    body = json.dumps({"transaction_id": record["transaction_id"], "risk_score": risk})
    await store.set(key, body)
    return Response(body, media_type="application/json")
