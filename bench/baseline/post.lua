-- SPDX-License-Identifier: Apache-2.0
-- For wrk: posts the lines of BASELINE_BODIES one after the other, each under an id of its own.
local bodies, count, threads = {}, 0, 0

function setup(thread)
    thread:set("id", threads)
    threads = threads + 1
end

function init(args)
    for line in io.lines(os.getenv("BASELINE_BODIES")) do
        local before, after = line:match('^(.-"transaction_id"%s*:%s*")[^"]*(".*)$')
        if before then
            bodies[#bodies + 1] = { before, after }
        end
    end
    run = os.getenv("BASELINE_RUN")
    headers = { ["Content-Type"] = "application/json" }
end

function request()
    local body = bodies[count % #bodies + 1]
    count = count + 1
    return wrk.format("POST", "/v1/transactions", headers,
        body[1] .. run .. "-" .. id .. "-" .. count .. body[2])
end

function done(summary, latency, requests)
    local failed = summary.errors.connect + summary.errors.read + summary.errors.write +
        summary.errors.status + summary.errors.timeout
    local line = 'RESULT {"requests": %d, "duration_us": %d, "failed": %d, ' ..
        '"p50_us": %d, "p99_us": %d}\n'
    io.write(line:format(summary.requests, summary.duration, failed, latency:percentile(50),
        latency:percentile(99)))
end
