-- What a roll-up has to know beside the events: what models were called before, and of which days the events are gone.

-- Events keep the name that they were written with. Some are on their way when a model is renamed, and LiteLLM goes on with the
-- name it knows: the roll-up counts them for the model that was called so.
CREATE TABLE model_former_names (
    former_name text        PRIMARY KEY,
    model_id    uuid        NOT NULL REFERENCES models (id) ON DELETE CASCADE,
    renamed_at  timestamptz NOT NULL
);
CREATE INDEX model_former_names_model_id_idx ON model_former_names (model_id);

-- What models are called now by what they were called before. A name that some model has is its alone.
CREATE VIEW model_renames AS
SELECT f.former_name, m.public_name
FROM model_former_names f
JOIN models m ON m.id = f.model_id
WHERE NOT EXISTS (SELECT FROM models holder WHERE holder.public_name = f.former_name);

-- Days (UTC) whose events were dropped. What was rolled up of them stays, since what came later is not all of it.
CREATE TABLE usage_dropped_days (
    day date PRIMARY KEY
);

-- Those that were dropped before this was written down.
INSERT INTO usage_dropped_days (day)
SELECT DISTINCT (hour AT TIME ZONE 'UTC')::date
FROM model_perf_hourly
WHERE to_regclass('usage_events_' || to_char(hour AT TIME ZONE 'UTC', 'YYYYMMDD')) IS NULL;
