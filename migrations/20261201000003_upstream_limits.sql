-- The limits of an upstream mean: first_byte_ms, the time to the first output of a stream; idle_ms, the silence after that;
-- timeout_ms, the whole of an answer that is not streamed. Their former defaults cut reasoning models off, so upstreams that
-- still have them get the new ones.
ALTER TABLE upstreams
    ALTER COLUMN timeout_ms SET DEFAULT 600000,
    ALTER COLUMN first_byte_ms SET DEFAULT 300000,
    ALTER COLUMN idle_ms SET DEFAULT 120000;

UPDATE upstreams SET timeout_ms = 600000 WHERE timeout_ms = 180000;
UPDATE upstreams SET first_byte_ms = 300000 WHERE first_byte_ms = 60000;
UPDATE upstreams SET idle_ms = 120000 WHERE idle_ms = 30000;
