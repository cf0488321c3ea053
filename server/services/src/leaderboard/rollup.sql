-- One hour of events, aggregated: what one row of model_perf_hourly holds, for each model. $1 is the hour.
--
-- Reads the hour twice, once for each histogram, since both scans run in parallel: a statement that also writes would not. To
-- read it once is slower: grouping sets take 1.4 to 2 times as long, two rows made of each event 1.7 to 2.4 times, and grouping
-- by both times at once 3.6 times, since it makes as many groups as there are pairs of them.
WITH written_latency AS MATERIALIZED (
    -- Some hundred groups for each model; all sums are made here.
    SELECT model_public_name, outcome, error_class,
           CASE WHEN outcome = 'success' THEN usage_bucket(latency_ms) END AS bucket,
           count(*) AS events,
           sum(tokens_in) AS tokens_in,
           sum(tokens_out) AS tokens_out,
           sum(cost_usd) AS cost_usd,
           -- From when the model that answered was asked, as the time to the first token is: what others took before is not its.
           sum(tokens_out) FILTER (WHERE ttft_ms < coalesce(upstream_latency_ms, latency_ms)) AS generated_tokens,
           sum(coalesce(upstream_latency_ms, latency_ms) - ttft_ms)
               FILTER (WHERE ttft_ms < coalesce(upstream_latency_ms, latency_ms) AND tokens_out > 0) AS generation_ms
    FROM usage_events
    WHERE occurred_at >= $1 AND occurred_at < $1::timestamptz + interval '1 hour'
    GROUP BY 1, 2, 3, 4
), written_ttft AS MATERIALIZED (
    SELECT model_public_name, usage_bucket(ttft_ms) AS bucket, count(*) AS events
    FROM usage_events
    WHERE occurred_at >= $1 AND occurred_at < $1::timestamptz + interval '1 hour' AND outcome = 'success' AND ttft_ms IS NOT NULL
    GROUP BY 1, 2
), by_latency AS (
    -- Events have the name that they were written with; from here on it is that of the model now.
    SELECT coalesce(r.public_name, w.model_public_name) AS model_public_name, w.outcome, w.error_class, w.bucket, w.events,
           w.tokens_in, w.tokens_out, w.cost_usd, w.generated_tokens, w.generation_ms
    FROM written_latency w
    LEFT JOIN model_renames r ON r.former_name = w.model_public_name
), by_ttft AS (
    SELECT coalesce(r.public_name, w.model_public_name) AS model_public_name, w.bucket, sum(w.events)::bigint AS events
    FROM written_ttft w
    LEFT JOIN model_renames r ON r.former_name = w.model_public_name
    GROUP BY 1, 2
), totals AS (
    -- Sums are those of counted requests; an upstream that invents numbers does not stop the roll-up.
    SELECT model_public_name,
           coalesce(sum(events) FILTER (WHERE outcome IN ('success', 'error')), 0)::bigint AS requests,
           coalesce(sum(events) FILTER (WHERE outcome = 'success'), 0)::bigint AS successes,
           coalesce(sum(events) FILTER (WHERE outcome = 'refused'), 0)::bigint AS refused,
           coalesce(sum(events) FILTER (WHERE outcome = 'abandoned'), 0)::bigint AS abandoned,
           sum(tokens_in) FILTER (WHERE outcome IN ('success', 'error')) AS tokens_in,
           sum(tokens_out) FILTER (WHERE outcome IN ('success', 'error')) AS tokens_out,
           sum(cost_usd) FILTER (WHERE outcome IN ('success', 'error')) AS cost_usd,
           least(coalesce(sum(generated_tokens) FILTER (WHERE outcome = 'success'), 0), 9223372036854775807)::bigint AS generated_tokens,
           least(coalesce(sum(generation_ms) FILTER (WHERE outcome = 'success'), 0), 9223372036854775807)::bigint AS generation_ms
    FROM by_latency
    GROUP BY 1
), classes AS (
    SELECT model_public_name, jsonb_object_agg(class, events) AS errors_by_class
    FROM (
        SELECT model_public_name, coalesce(error_class, 'unknown') AS class, sum(events)::bigint AS events
        FROM by_latency
        WHERE outcome = 'error'
        GROUP BY 1, 2
    ) AS errors
    GROUP BY 1
), latency AS (
    SELECT model_public_name, array_agg((bucket::bigint << 40) + events ORDER BY bucket) AS histogram
    FROM (
        SELECT model_public_name, bucket, sum(events)::bigint AS events
        FROM by_latency
        WHERE bucket IS NOT NULL
        GROUP BY 1, 2
    ) AS buckets
    GROUP BY 1
), ttft AS (
    SELECT model_public_name, array_agg((bucket::bigint << 40) + events ORDER BY bucket) AS histogram
    FROM by_ttft
    GROUP BY 1
)
SELECT t.model_public_name AS "model_public_name!",
       t.requests AS "requests!",
       t.successes AS "successes!",
       t.refused AS "refused!",
       t.abandoned AS "abandoned!",
       coalesce(c.errors_by_class, '{}') AS "errors_by_class!",
       CASE WHEN t.tokens_in IS NOT NULL THEN least(t.tokens_in, 9223372036854775807)::bigint END AS tokens_in,
       CASE WHEN t.tokens_out IS NOT NULL THEN least(t.tokens_out, 9223372036854775807)::bigint END AS tokens_out,
       -- The most that the program's decimals hold.
       CASE WHEN t.cost_usd IS NOT NULL THEN least(t.cost_usd, 79228162514264337593543950335) END AS cost_usd,
       t.generated_tokens AS "generated_tokens!",
       t.generation_ms AS "generation_ms!",
       coalesce(l.histogram, '{}') AS "latency_histogram!",
       coalesce(f.histogram, '{}') AS "ttft_histogram!"
FROM totals t
LEFT JOIN classes c USING (model_public_name)
LEFT JOIN latency l USING (model_public_name)
LEFT JOIN ttft f USING (model_public_name)
ORDER BY t.model_public_name
