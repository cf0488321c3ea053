-- What refusals say: how they are counted, and what they show of a model.

-- Two more ways to end that are not the model's doing. Every stored row fits already, since the list only grows; not to check
-- that keeps a table of many days from being read.
ALTER TABLE usage_events DROP CONSTRAINT usage_events_error_class_check;
ALTER TABLE usage_events ADD CONSTRAINT usage_events_error_class_check
    CHECK (error_class IN ('rate_limited', 'timeout', 'connect', 'upstream_4xx', 'upstream_5xx', 'cut_off', 'empty', 'slow',
                           'caller', 'hang_up', 'content_filter', 'site_limit')) NOT VALID;

ALTER TABLE model_tests DROP CONSTRAINT model_tests_verdict_check;
ALTER TABLE model_tests ADD CONSTRAINT model_tests_verdict_check
    CHECK (verdict IN ('works', 'not_listed', 'loading', 'failed'));

-- What keeps a model from answering, from its first refusal to its next success. One row for each model of an upstream by the
-- upstream's own name, since that is what is refused, however many public names it has.
CREATE TABLE model_health (
    upstream_id    uuid        NOT NULL REFERENCES upstreams (id) ON DELETE CASCADE,
    upstream_model text        NOT NULL,
    state          text        NOT NULL CHECK (state IN ('retired', 'out_of_money', 'bad_key', 'loading', 'overloaded')),
    since          timestamptz NOT NULL,
    last_seen      timestamptz NOT NULL,
    -- Refusals since then, by all replicas.
    count          bigint      NOT NULL CHECK (count > 0),
    PRIMARY KEY (upstream_id, upstream_model)
);
