-- The playground as a product: shared snapshots, parameters of a single card, reasoning, a member's own templates.

ALTER TABLE playground_sessions
    -- What a public reader sees: sealed like everything else, under the owner's data key. NULL while nothing is shared.
    ADD COLUMN share_ct bytea,
    ADD CONSTRAINT playground_sessions_share_slug_check CHECK (share_slug ~ '^[A-Za-z0-9_-]{22,64}$'),
    ADD CONSTRAINT playground_sessions_shared_whole CHECK ((shared_at IS NULL) = (share_ct IS NULL)),
    ADD CONSTRAINT playground_sessions_shared_slug CHECK (shared_at IS NULL OR share_slug IS NOT NULL);

ALTER TABLE playground_runs
    -- In place of the comparison's own parameters, where a card has some.
    ADD COLUMN parameters jsonb,
    ADD COLUMN reasoning_ct bytea;

CREATE TABLE playground_templates (
    id         uuid        PRIMARY KEY,
    user_id    uuid        NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name_ct    bytea       NOT NULL,
    body_ct    bytea       NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE INDEX playground_templates_user_id_idx ON playground_templates (user_id, created_at);
