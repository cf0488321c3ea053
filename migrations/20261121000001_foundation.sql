-- Accounts, upstreams, models, comparisons. Times are UTC, money is numeric, ids are UUIDv7, unknown is NULL.

CREATE TABLE master_keys (
    -- Proves a master key before anything is served: one row for each version ever used.
    version    integer     PRIMARY KEY,
    canary_ct  bytea       NOT NULL,
    created_at timestamptz NOT NULL
);

CREATE TABLE users (
    id              uuid        PRIMARY KEY,
    email           text        NOT NULL CHECK (char_length(email) BETWEEN 3 AND 254),
    password_hash   text        NOT NULL,
    role            text        NOT NULL CHECK (role IN ('member', 'admin')),
    wrapped_dek     bytea       NOT NULL,
    dek_key_version integer     NOT NULL REFERENCES master_keys (version),
    created_at      timestamptz NOT NULL,
    disabled_at     timestamptz
);
CREATE UNIQUE INDEX users_email_key ON users (lower(email));
CREATE INDEX users_dek_key_version_idx ON users (dek_key_version);

CREATE TABLE invites (
    token_hash  bytea       PRIMARY KEY,
    email       text,
    role        text        NOT NULL DEFAULT 'member' CHECK (role IN ('member', 'admin')),
    created_by  uuid        REFERENCES users (id) ON DELETE CASCADE,
    created_at  timestamptz NOT NULL,
    expires_at  timestamptz NOT NULL,
    accepted_at timestamptz
);

CREATE TABLE sign_ins (
    token_hash   bytea       PRIMARY KEY CHECK (octet_length(token_hash) = 32),
    user_id      uuid        NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at   timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL,
    user_agent   text        NOT NULL
);
CREATE INDEX sign_ins_user_id_idx ON sign_ins (user_id);
CREATE INDEX sign_ins_expires_at_idx ON sign_ins (expires_at);

CREATE TABLE upstreams (
    id                uuid        PRIMARY KEY,
    name              text        NOT NULL UNIQUE CHECK (char_length(name) BETWEEN 1 AND 100),
    base_url          text        NOT NULL,
    wrapped_api_key   bytea,
    api_key_version   integer     REFERENCES master_keys (version),
    is_enabled        boolean     NOT NULL DEFAULT true,
    allow_private     boolean     NOT NULL DEFAULT false,
    is_simulated      boolean     NOT NULL DEFAULT false,
    timeout_ms        integer     NOT NULL DEFAULT 180000 CHECK (timeout_ms BETWEEN 1000 AND 3600000),
    created_at        timestamptz NOT NULL,
    updated_at        timestamptz NOT NULL
);

CREATE TABLE models (
    id                            uuid        PRIMARY KEY,
    public_name                   text        NOT NULL UNIQUE CHECK (char_length(public_name) BETWEEN 1 AND 200),
    slug                          text        NOT NULL UNIQUE CHECK (slug ~ '^[a-z0-9]+([.-][a-z0-9]+)*$'),
    upstream_id                   uuid        NOT NULL REFERENCES upstreams (id),
    upstream_model                text        NOT NULL,
    family                        text,
    context_window                integer     CHECK (context_window > 0),
    is_featured                   boolean     NOT NULL DEFAULT false,
    is_enabled                    boolean     NOT NULL DEFAULT true,
    input_price_per_million_usd   numeric     CHECK (input_price_per_million_usd >= 0),
    output_price_per_million_usd  numeric     CHECK (output_price_per_million_usd >= 0),
    created_at                    timestamptz NOT NULL,
    updated_at                    timestamptz NOT NULL,
    UNIQUE (upstream_id, upstream_model, public_name)
);

CREATE TABLE playground_sessions (
    id               uuid        PRIMARY KEY,
    user_id          uuid        NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    prompt_ct        bytea       NOT NULL,
    system_prompt_ct bytea,
    parameters       jsonb       NOT NULL,
    share_slug       text        UNIQUE,
    shared_at        timestamptz,
    picked_run_id    uuid,
    created_at       timestamptz NOT NULL
);
CREATE INDEX playground_sessions_history_idx ON playground_sessions (user_id, created_at DESC, id DESC);

CREATE TABLE playground_runs (
    id                uuid        PRIMARY KEY,
    session_id        uuid        NOT NULL REFERENCES playground_sessions (id) ON DELETE CASCADE,
    position          smallint    NOT NULL CHECK (position BETWEEN 0 AND 3),
    model_public_name text        NOT NULL,
    upstream_model    text        NOT NULL,
    status            text        NOT NULL
        CHECK (status IN ('queued', 'running', 'succeeded', 'failed', 'cancelled', 'interrupted')),
    response_ct       bytea,
    error_code        text,
    error_detail_ct   bytea,
    retry_after_s     integer,
    finish_reason     text,
    tokens_in         bigint      CHECK (tokens_in >= 0),
    tokens_out        bigint      CHECK (tokens_out >= 0),
    latency_ms        bigint      CHECK (latency_ms >= 0),
    ttft_ms           bigint      CHECK (ttft_ms >= 0),
    cost_usd          numeric     NOT NULL DEFAULT 0,
    list_cost_usd     numeric,
    -- Which server process is at work on it, and until when it may be believed to be alive.
    lease_owner         uuid,
    lease_until         timestamptz,
    cancel_requested_at timestamptz,
    started_at        timestamptz,
    finished_at       timestamptz,
    UNIQUE (session_id, position)
);
-- What the reaper looks for.
CREATE INDEX playground_runs_open_idx ON playground_runs (lease_until) WHERE status IN ('queued', 'running');

ALTER TABLE playground_sessions
    ADD CONSTRAINT playground_sessions_picked_run_id_fkey
    FOREIGN KEY (picked_run_id) REFERENCES playground_runs (id) ON DELETE SET NULL;
-- Deleting a run looks for the comparison that has picked it; without an index that reads every member's comparisons.
CREATE INDEX playground_sessions_picked_run_id_idx ON playground_sessions (picked_run_id) WHERE picked_run_id IS NOT NULL;
