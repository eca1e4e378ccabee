-- Connections, and which names in the keyring are to be cleared away.

CREATE TABLE connections (
  id TEXT PRIMARY KEY,
  spec_id TEXT NOT NULL,
  name TEXT NOT NULL,
  method TEXT NOT NULL,
  access TEXT NOT NULL CHECK (access IN ('read', 'write')),
  fields TEXT NOT NULL, -- JSON object: those that are not secret
  secret_name TEXT, -- under which the keyring has the secret ones; null: there are none
  secret_keys TEXT NOT NULL, -- JSON array: which fields those are
  revision INTEGER NOT NULL, -- grows with each change: a test says nothing of a later one
  status TEXT NOT NULL CHECK (status IN ('connected', 'error', 'pending')),
  error TEXT,
  server TEXT,
  tools TEXT, -- JSON array of the definitions that the user accepted; null: nothing was listed yet
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  tested_at INTEGER
) STRICT;
CREATE INDEX connections_of_spec ON connections (spec_id, id);

-- Who Cowork is to a provider of OAuth.
CREATE TABLE oauth_clients (
  provider TEXT PRIMARY KEY,
  client_id TEXT NOT NULL,
  secret_name TEXT
) STRICT, WITHOUT ROWID;

-- Names under which the keyring may have something that no row uses: noted before it is put there, and until it
-- is taken away.
CREATE TABLE loose_secrets (
  name TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;
