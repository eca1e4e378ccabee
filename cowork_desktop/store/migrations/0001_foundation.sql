-- Projects, conversations, their items, turns and the events of turns, settings.
-- Times are milliseconds since the Unix epoch, UTC. `deleted_at` hides a row at once; its contents are swept after.

CREATE TABLE settings (
  key TEXT PRIMARY KEY,
  value TEXT NOT NULL -- JSON
) STRICT, WITHOUT ROWID;

CREATE TABLE projects (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  description TEXT NOT NULL,
  connector_ids TEXT NOT NULL, -- JSON array
  skill_ids TEXT NOT NULL, -- JSON array
  model TEXT,
  is_general INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  deleted_at INTEGER
) STRICT;
CREATE UNIQUE INDEX projects_general ON projects (is_general) WHERE is_general = 1;
CREATE INDEX projects_newest ON projects (id) WHERE deleted_at IS NULL;
CREATE INDEX projects_deleted ON projects (deleted_at) WHERE deleted_at IS NOT NULL;

CREATE TABLE conversations (
  id TEXT PRIMARY KEY,
  project_id TEXT REFERENCES projects (id),
  title TEXT,
  title_source TEXT NOT NULL CHECK (title_source IN ('none', 'cut', 'model', 'user')),
  goal TEXT,
  status TEXT NOT NULL CHECK (status IN ('active', 'archived')),
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  deleted_at INTEGER
) STRICT;
CREATE INDEX conversations_active ON conversations (updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX conversations_by_status ON conversations (status, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX conversations_of_project ON conversations (project_id, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX conversations_all_of_project ON conversations (project_id);
CREATE INDEX conversations_deleted ON conversations (deleted_at) WHERE deleted_at IS NOT NULL;

-- How many there are, so that a page of a long list costs no more than one of a short list.
CREATE TABLE conversation_counts (
  project_id TEXT,
  status TEXT NOT NULL,
  n INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX conversation_counts_one ON conversation_counts (coalesce(project_id, ''), status);
CREATE TRIGGER conversation_counted_in AFTER INSERT ON conversations BEGIN
  INSERT INTO conversation_counts VALUES (new.project_id, new.status, 1)
    ON CONFLICT DO UPDATE SET n = n + 1;
END;
CREATE TRIGGER conversation_counted_again AFTER UPDATE OF status, deleted_at ON conversations BEGIN
  UPDATE conversation_counts SET n = n - 1
    WHERE old.deleted_at IS NULL AND project_id IS old.project_id AND status = old.status;
  INSERT INTO conversation_counts SELECT new.project_id, new.status, 1 WHERE new.deleted_at IS NULL
    ON CONFLICT DO UPDATE SET n = n + 1;
END;

CREATE TABLE turns (
  id TEXT PRIMARY KEY,
  conversation_id TEXT NOT NULL REFERENCES conversations (id),
  input TEXT NOT NULL,
  output TEXT NOT NULL, -- JSON array of text parts
  status TEXT NOT NULL CHECK (status IN ('in_progress', 'completed', 'failed')),
  model TEXT NOT NULL,
  provider TEXT NOT NULL,
  input_tokens INTEGER NOT NULL DEFAULT 0,
  output_tokens INTEGER NOT NULL DEFAULT 0,
  cache_read_input_tokens INTEGER NOT NULL DEFAULT 0,
  cache_creation_input_tokens INTEGER NOT NULL DEFAULT 0,
  error TEXT, -- JSON object
  memory_ids TEXT NOT NULL DEFAULT '[]', -- JSON array
  created_at INTEGER NOT NULL,
  finished_at INTEGER
) STRICT;
CREATE UNIQUE INDEX turns_in_progress ON turns (conversation_id) WHERE status = 'in_progress';
CREATE INDEX turns_of_conversation ON turns (conversation_id, id);
CREATE INDEX turns_by_time ON turns (created_at);

CREATE TABLE items (
  conversation_id TEXT NOT NULL REFERENCES conversations (id),
  n INTEGER NOT NULL, -- the place in the conversation, from 1, without regard to clocks
  id TEXT NOT NULL UNIQUE,
  turn_id TEXT REFERENCES turns (id),
  role TEXT NOT NULL CHECK (role IN ('user', 'assistant')),
  content TEXT NOT NULL,
  parts TEXT NOT NULL, -- JSON array
  created_at INTEGER NOT NULL,
  PRIMARY KEY (conversation_id, n)
) STRICT;
CREATE INDEX items_of_turn ON items (turn_id);

CREATE TABLE turn_events (
  turn_id TEXT NOT NULL REFERENCES turns (id),
  first INTEGER NOT NULL, -- sequence number of the first frame
  count INTEGER NOT NULL,
  frames BLOB NOT NULL, -- zlib of the frames, byte for byte as readers get them
  PRIMARY KEY (turn_id, first)
) STRICT, WITHOUT ROWID;
