-- Sends one request again and again and holds each answer against what is expected of it.
local status, says, cookies, form, number, threads = nil, nil, nil, nil, 0, {}
wrong = 0

function setup(thread)
  table.insert(threads, thread)
end

function init(args)
  status, says, cookies, form = tonumber(args[1]), args[2], args[3], args[4] or ""
  math.randomseed(os.time())
  prefix = string.format("bench%08x%08x", math.random(0, 2 ^ 31 - 1), math.random(0, 2 ^ 31 - 1))
end

function request()
  local headers = { ["Cookie"] = cookies, ["Accept-Encoding"] = "identity" }
  if form == "" then
    return wrk.format("GET", nil, headers)
  end
  number = number + 1
  headers["Content-Type"] = "application/x-www-form-urlencoded"
  local body = form:gsub("@KEY@", prefix .. string.format("%08d", number))
  return wrk.format("POST", nil, headers, body)
end

function response(code, headers, body)
  local seen = body
  if code >= 300 and code < 400 then
    seen = headers["Location"] or headers["location"] or ""
  end
  if code ~= status or not seen:find(says, 1, true) then
    wrong = wrong + 1
  end
end

function done(summary, latency, requests)
  local failed = summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout
  for _, thread in ipairs(threads) do
    failed = failed + thread:get("wrong")
  end
  io.write(string.format(
    'RESULT {"requests": %d, "wrong": %d, "seconds": %f, "p50": %f, "p99": %f, "longest": %f}\n',
    summary.requests, failed, summary.duration / 1e6, latency:percentile(50) / 1000, latency:percentile(99) / 1000,
    latency.max / 1000))
end
