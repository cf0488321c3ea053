-- API keys of the gateway, the count of their requests in the current minute, and each member's list of models for `auto`.

CREATE TABLE api_keys (
    id                  uuid        PRIMARY KEY,
    user_id             uuid        NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name                text        NOT NULL CHECK (char_length(name) BETWEEN 1 AND 100),
    -- The beginning of the secret, to recognise it by; the rest is known to nobody but its holder.
    prefix              text        NOT NULL CHECK (char_length(prefix) = 10),
    secret_hash         bytea       NOT NULL UNIQUE CHECK (octet_length(secret_hash) = 32),
    -- Public names that may be asked with it; NULL: every model.
    models              text[]      CHECK (cardinality(models) BETWEEN 1 AND 100),
    requests_per_minute integer     CHECK (requests_per_minute BETWEEN 1 AND 100000),
    created_at          timestamptz NOT NULL,
    last_used_at        timestamptz,
    revoked_at          timestamptz
);
CREATE INDEX api_keys_user_id_idx ON api_keys (user_id, created_at DESC, id DESC);

-- How many requests a limited key has made in its current minute, counted by every replica in the one row that there is for
-- the key. Unlogged: a crash forgets at most one minute, and no request waits for the disk.
CREATE UNLOGGED TABLE api_key_minutes (
    api_key_id uuid        PRIMARY KEY REFERENCES api_keys (id) ON DELETE CASCADE,
    minute     timestamptz NOT NULL,
    taken      integer     NOT NULL
) WITH (fillfactor = 50);

CREATE TABLE routes (
    user_id    uuid        PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    strategy   text        NOT NULL DEFAULT 'priority' CHECK (strategy IN ('priority')),
    -- Public names, the first to be asked first.
    models     jsonb       NOT NULL CHECK (jsonb_typeof(models) = 'array'),
    updated_at timestamptz NOT NULL
);

-- Whoever changes a row, every replica drops its copy of it. The payload is the key's id, or the id of its member.
CREATE FUNCTION notify_by_id() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify(TG_ARGV[0], OLD.id::text);
    RETURN NULL;
END
$$;
CREATE TRIGGER api_keys_changed
    AFTER DELETE OR UPDATE OF models, requests_per_minute, revoked_at ON api_keys
    FOR EACH ROW EXECUTE FUNCTION notify_by_id('quadrille_keys');
CREATE TRIGGER users_disabled
    AFTER UPDATE OF disabled_at ON users
    FOR EACH ROW WHEN (OLD.disabled_at IS DISTINCT FROM NEW.disabled_at) EXECUTE FUNCTION notify_by_id('quadrille_keys');

CREATE FUNCTION notify_route() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        PERFORM pg_notify('quadrille_routes', OLD.user_id::text);
    ELSE
        PERFORM pg_notify('quadrille_routes', NEW.user_id::text);
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER routes_changed
    AFTER INSERT OR UPDATE OR DELETE ON routes
    FOR EACH ROW EXECUTE FUNCTION notify_route();
