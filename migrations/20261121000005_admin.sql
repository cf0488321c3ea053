-- What admins change, and what they see of their upstreams.

-- Who changed what, when. No foreign key to users: the entry outlives its author. Never a secret.
CREATE TABLE audit_log (
    id           uuid        PRIMARY KEY,
    occurred_at  timestamptz NOT NULL,
    actor_id     uuid,
    actor        text        NOT NULL,
    action       text        NOT NULL,
    subject_kind text        NOT NULL,
    subject      text        NOT NULL,
    detail       jsonb       NOT NULL
);

ALTER TABLE upstreams
    -- A JSON object of header names and values, wrapped as a whole: values may be keys.
    ADD COLUMN wrapped_headers bytea,
    ADD COLUMN headers_version integer REFERENCES master_keys (version),
    -- Shown, unlike the values.
    ADD COLUMN header_names    text[]  NOT NULL DEFAULT '{}',
    ADD COLUMN first_byte_ms   integer NOT NULL DEFAULT 60000 CHECK (first_byte_ms BETWEEN 1000 AND 3600000),
    ADD COLUMN idle_ms         integer NOT NULL DEFAULT 30000 CHECK (idle_ms BETWEEN 1000 AND 3600000);

-- The place in the picker among those that are featured, or among those that are not; without one after those that have one.
ALTER TABLE models ADD COLUMN position integer;

-- The last direct test of a model: never what was asked or answered.
CREATE TABLE model_tests (
    model_id     uuid        PRIMARY KEY REFERENCES models (id) ON DELETE CASCADE,
    tested_at    timestamptz NOT NULL,
    verdict      text        NOT NULL CHECK (verdict IN ('works', 'not_listed', 'failed')),
    failed_stage text,
    stages       jsonb       NOT NULL,
    latency_ms   bigint,
    ttft_ms      bigint,
    tokens_in    bigint,
    tokens_out   bigint
);
