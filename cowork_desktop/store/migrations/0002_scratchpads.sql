-- Scratchpads and their cells, and the artifacts that scratchpads become.

CREATE TABLE artifacts (
  id TEXT PRIMARY KEY,
  project_id TEXT NOT NULL REFERENCES projects (id),
  title TEXT NOT NULL,
  type TEXT NOT NULL CHECK (type IN ('app', 'report', 'doc', 'dashboard')),
  path TEXT NOT NULL, -- below the project's folder of artifacts
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  UNIQUE (project_id, path)
) STRICT;

CREATE TABLE scratchpads (
  id TEXT PRIMARY KEY,
  conversation_id TEXT NOT NULL REFERENCES conversations (id),
  title TEXT NOT NULL,
  saved INTEGER NOT NULL DEFAULT 0,
  artifact_id TEXT REFERENCES artifacts (id) ON DELETE SET NULL,
  has_variables INTEGER NOT NULL DEFAULT 0, -- whether a kernel has run cells of it, and so may hold variables
  notebook TEXT, -- JSON object: what an imported notebook says and a scratchpad does not
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX scratchpads_of_conversation ON scratchpads (conversation_id, id);
CREATE INDEX scratchpads_of_artifact ON scratchpads (artifact_id);

CREATE TABLE cells (
  id TEXT PRIMARY KEY,
  scratchpad_id TEXT NOT NULL REFERENCES scratchpads (id) ON DELETE CASCADE,
  n INTEGER NOT NULL, -- the place in the scratchpad, from 0
  type TEXT NOT NULL CHECK (type IN ('markdown', 'code', 'output')),
  content TEXT NOT NULL,
  language TEXT,
  status TEXT NOT NULL CHECK (status IN ('pending', 'running', 'success', 'error')),
  outputs TEXT, -- JSON array, of output cells
  error TEXT,
  run_id TEXT,
  execution_count INTEGER,
  queued_at INTEGER,
  started_at INTEGER,
  finished_at INTEGER,
  notebook TEXT -- JSON object: what an imported notebook says of the cell and the cell does not
) STRICT;
CREATE INDEX cells_of_scratchpad ON cells (scratchpad_id, n);
CREATE INDEX cells_at_work ON cells (queued_at) WHERE queued_at IS NOT NULL;
