-- Usage events and what is rolled up from them. Events are partitioned by day; nothing here refers to another table, since
-- history outlives keys, members and models.

CREATE TABLE usage_events (
    -- Columns that every roll-up reads stand first, those of fixed width before all others: reading a row stops at the last
    -- column that is needed.
    id                  uuid        NOT NULL,
    occurred_at         timestamptz NOT NULL,
    -- What the caller waited.
    latency_ms          bigint      NOT NULL CHECK (latency_ms >= 0),
    attempt             integer     NOT NULL CHECK (attempt >= 0),
    is_stream           boolean     NOT NULL,
    model_public_name   text        NOT NULL,
    -- Requests are successes and errors. Refused is the caller's own fault, abandoned is a caller who hung up: neither counts.
    outcome             text        NOT NULL CHECK (outcome IN ('success', 'error', 'refused', 'abandoned')),
    error_class         text        CHECK (error_class IN ('rate_limited', 'timeout', 'connect', 'upstream_4xx', 'upstream_5xx',
                                                           'cut_off', 'empty', 'slow', 'caller', 'hang_up')),
    ttft_ms             bigint      CHECK (ttft_ms >= 0),
    tokens_in           bigint      CHECK (tokens_in >= 0),
    tokens_out          bigint      CHECK (tokens_out >= 0),
    cost_usd            numeric     CHECK (cost_usd >= 0),
    upstream_latency_ms bigint      CHECK (upstream_latency_ms >= 0),
    status_code         integer,
    usage_source        text        CHECK (usage_source IN ('upstream', 'estimated')),
    source              text        NOT NULL CHECK (source IN ('gateway', 'litellm', 'simulated')),
    request_id          text,
    api_key_id          uuid,
    user_id             uuid,
    upstream_id         uuid,
    PRIMARY KEY (id, occurred_at)
) PARTITION BY RANGE (occurred_at);

-- Rows arrive roughly in the order of their times, so a few bytes for each stretch of pages find an hour.
CREATE INDEX usage_events_occurred_at_idx ON usage_events USING brin (occurred_at) WITH (pages_per_range = 32, autosummarize = on);
CREATE INDEX usage_events_api_key_id_idx ON usage_events (api_key_id, occurred_at) WHERE api_key_id IS NOT NULL;

-- Makes the partition of one day (UTC) unless it is there. Attaching a finished table does not keep anybody from reading or
-- writing the others, unlike making it as a partition.
CREATE FUNCTION usage_events_ensure_partition(day date) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    partition text := 'usage_events_' || to_char(day, 'YYYYMMDD');
BEGIN
    IF to_regclass(partition) IS NOT NULL THEN
        RETURN false;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext('usage_events_ensure_partition'));
    -- Whoever had the lock before may have made it. Looked up in the table itself, since waiting for a lock of this kind does
    -- not bring the names that this connection remembers up to date.
    IF EXISTS (SELECT FROM pg_class WHERE relname = partition AND relnamespace = current_schema()::regnamespace) THEN
        RETURN false;
    END IF;
    EXECUTE format('CREATE TABLE %I (LIKE usage_events INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING INDEXES)', partition);
    EXECUTE format(
        'ALTER TABLE usage_events ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
        partition, day::timestamp AT TIME ZONE 'UTC', (day + 1)::timestamp AT TIME ZONE 'UTC'
    );
    RETURN true;
END
$$;

-- The hour (UTC) that a time belongs to.
CREATE FUNCTION usage_hour(at timestamptz) RETURNS timestamptz LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN date_bin('1 hour', at, '2000-01-01 00:00:00+00'::timestamptz);

-- Hours whose roll-up does not hold all of their events: one row for each batch of events and hour, committed together with
-- them. Rows are only ever added and deleted, so those who write events never wait for each other or for a roll-up; a row
-- that a roll-up did not see stays for the next one, and so do the events that it stands for.
CREATE TABLE usage_changed_hours (
    hour timestamptz NOT NULL
);
CREATE INDEX usage_changed_hours_hour_idx ON usage_changed_hours (hour);

CREATE FUNCTION usage_events_mark_hours() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO usage_changed_hours (hour) SELECT DISTINCT usage_hour(occurred_at) FROM added;
    RETURN NULL;
END
$$;
CREATE TRIGGER usage_events_mark_hours AFTER INSERT ON usage_events
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION usage_events_mark_hours();

-- One row for each model and hour with counted, refused or abandoned requests. Figures are those of counted requests
-- (successes and errors), times those of successes alone. An unknown sum is NULL.
CREATE TABLE model_perf_hourly (
    hour              timestamptz NOT NULL,
    model_public_name text        NOT NULL,
    requests          bigint      NOT NULL CHECK (requests >= 0),
    successes         bigint      NOT NULL CHECK (successes BETWEEN 0 AND requests),
    refused           bigint      NOT NULL CHECK (refused >= 0),
    abandoned         bigint      NOT NULL CHECK (abandoned >= 0),
    -- Such as {"timeout": 3}; errors without a class are "unknown".
    errors_by_class   jsonb       NOT NULL,
    tokens_in         bigint,
    tokens_out        bigint,
    cost_usd          numeric,
    -- Of streamed successes whose times and tokens are known: what was written after the first token, and for how long.
    generated_tokens  bigint      NOT NULL,
    generation_ms     bigint      NOT NULL,
    -- Buckets in ascending order, each (bucket << 40) + count. Bucket 0 is 0 ms; bucket b > 0 reaches from 2^((b-1)/80) ms to
    -- below 2^(b/80) ms, so that its middle is within 0.5 % of everything in it. Histograms are merged by adding counts.
    latency_histogram bigint[]    NOT NULL,
    ttft_histogram    bigint[]    NOT NULL,
    rolled_up_at      timestamptz NOT NULL,
    PRIMARY KEY (model_public_name, hour)
);
CREATE INDEX model_perf_hourly_hour_idx ON model_perf_hourly (hour);

CREATE FUNCTION usage_bucket(ms bigint) RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN ms <= 0 THEN 0 ELSE floor(ln(ms::double precision) * 115.41560327111708 + 1.000000001)::integer END;
