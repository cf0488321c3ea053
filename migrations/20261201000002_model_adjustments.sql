-- What upstreams do not take, learned from their refusals; and what members are told about how their runs were sent.

CREATE TABLE model_adjustments (
    upstream_id    uuid        NOT NULL REFERENCES upstreams (id) ON DELETE CASCADE,
    -- The upstream's own name of the model, since its models differ.
    upstream_model text        NOT NULL,
    field          text        NOT NULL,
    change         text        NOT NULL CHECK (change IN ('omitted', 'renamed', 'not_streamed')),
    -- The upstream's own words, redacted, at most 500 characters.
    words          text,
    -- Not applied any more after a week, so that an upstream that takes the field by then is sent it again.
    learned_at     timestamptz NOT NULL,
    PRIMARY KEY (upstream_id, upstream_model, field)
);

-- Without any text of the member's or the model's, hence not encrypted. NULL where there is nothing to tell.
ALTER TABLE playground_runs ADD COLUMN notes jsonb;
