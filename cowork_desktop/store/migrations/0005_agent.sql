-- What the agent does in a turn: its calls, what it asks the user, what it changed, what it made short.

ALTER TABLE turns ADD COLUMN start TEXT NOT NULL DEFAULT '{}'; -- JSON object: what the turn began with, to go on after a restart
ALTER TABLE turns ADD COLUMN is_tainted INTEGER NOT NULL DEFAULT 0; -- whether it has read what somebody else may have written
ALTER TABLE turns ADD COLUMN parent_id TEXT; -- the turn whose sub-task this is
ALTER TABLE turns ADD COLUMN parent_index INTEGER; -- the part of that turn's answer which is the call
CREATE INDEX turns_of_parent ON turns (parent_id) WHERE parent_id IS NOT NULL;

-- The conversation of a sub-task is found by its id and by search, and stands in no list.
ALTER TABLE conversations ADD COLUMN parent_turn_id TEXT;
CREATE INDEX conversations_of_turn ON conversations (parent_turn_id) WHERE parent_turn_id IS NOT NULL;
DROP INDEX conversations_active;
DROP INDEX conversations_by_status;
DROP INDEX conversations_of_project;
CREATE INDEX conversations_active ON conversations (updated_at, id)
  WHERE deleted_at IS NULL AND parent_turn_id IS NULL;
CREATE INDEX conversations_by_status ON conversations (status, updated_at, id)
  WHERE deleted_at IS NULL AND parent_turn_id IS NULL;
CREATE INDEX conversations_of_project ON conversations (project_id, updated_at, id)
  WHERE deleted_at IS NULL AND parent_turn_id IS NULL;
DROP TRIGGER conversation_counted_in;
DROP TRIGGER conversation_counted_again;
CREATE TRIGGER conversation_counted_in AFTER INSERT ON conversations WHEN new.parent_turn_id IS NULL BEGIN
  INSERT INTO conversation_counts VALUES (new.project_id, new.status, 1)
    ON CONFLICT DO UPDATE SET n = n + 1;
END;
CREATE TRIGGER conversation_counted_again AFTER UPDATE OF status, deleted_at ON conversations
  WHEN new.parent_turn_id IS NULL BEGIN
  UPDATE conversation_counts SET n = n - 1
    WHERE old.deleted_at IS NULL AND project_id IS old.project_id AND status = old.status;
  INSERT INTO conversation_counts SELECT new.project_id, new.status, 1 WHERE new.deleted_at IS NULL
    ON CONFLICT DO UPDATE SET n = n + 1;
END;

-- The calls of a turn that has not ended: what a turn that waited over a restart goes on from.
CREATE TABLE turn_calls (
  turn_id TEXT NOT NULL REFERENCES turns (id),
  content_index INTEGER NOT NULL, -- which part of the answer it is
  round INTEGER NOT NULL,
  call_id TEXT NOT NULL, -- the provider's
  name TEXT NOT NULL,
  arguments TEXT, -- JSON object; null: they could not be read
  problem TEXT, -- why not
  begun_at INTEGER, -- from when on it may have had an effect
  PRIMARY KEY (turn_id, content_index)
) STRICT, WITHOUT ROWID;

-- What the user is asked: to allow a call, or a question of the agent's own.
CREATE TABLE approvals (
  id TEXT PRIMARY KEY,
  turn_id TEXT NOT NULL REFERENCES turns (id),
  conversation_id TEXT NOT NULL REFERENCES conversations (id),
  project_id TEXT NOT NULL REFERENCES projects (id), -- General's where the conversation has none
  content_index INTEGER NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('approval', 'question')),
  tool TEXT NOT NULL,
  effect TEXT NOT NULL,
  subject TEXT NOT NULL, -- what "always" is remembered for, together with the tool; a host, say
  summary TEXT NOT NULL, -- what would be done, or the question
  reason TEXT NOT NULL, -- why the user is asked
  arguments TEXT NOT NULL, -- JSON object
  options TEXT NOT NULL DEFAULT '[]', -- JSON array: answers that the agent suggests
  status TEXT NOT NULL CHECK (status IN ('pending', 'allowed', 'denied', 'answered', 'expired', 'cancelled')),
  answer TEXT,
  created_at INTEGER NOT NULL,
  expires_at INTEGER,
  decided_at INTEGER
) STRICT;
CREATE INDEX approvals_newest ON approvals (status, id);
CREATE INDEX approvals_of_turn ON approvals (turn_id, content_index);
CREATE INDEX approvals_of_conversation ON approvals (conversation_id, id);
CREATE INDEX approvals_of_project ON approvals (project_id, id);

-- What the user has allowed always.
CREATE TABLE approval_rules (
  id TEXT PRIMARY KEY,
  project_id TEXT NOT NULL REFERENCES projects (id),
  tool TEXT NOT NULL,
  effect TEXT NOT NULL,
  subject TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  UNIQUE (project_id, tool, effect, subject)
) STRICT;

-- What a turn changed, so that it can be taken back.
CREATE TABLE turn_changes (
  turn_id TEXT NOT NULL REFERENCES turns (id),
  n INTEGER NOT NULL, -- the order, from 1
  content_index INTEGER NOT NULL, -- the call that did it
  project_id TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('file', 'artifact', 'memory', 'schedule')),
  ref TEXT NOT NULL, -- an id; of a file its path in the project's working folder
  name TEXT NOT NULL, -- for people
  before TEXT NOT NULL, -- JSON: what it was; null: it was not there
  after TEXT NOT NULL, -- JSON: what it became; null: it is gone
  sha256 TEXT, -- the bytes of a file as it was, where they are kept
  size INTEGER,
  undone_at INTEGER,
  PRIMARY KEY (turn_id, n)
) STRICT, WITHOUT ROWID;
CREATE INDEX turn_changes_of_content ON turn_changes (sha256) WHERE sha256 IS NOT NULL;

-- The files of working folders as they were when last looked at; their bytes are kept.
CREATE TABLE work_files (
  project_id TEXT NOT NULL REFERENCES projects (id),
  path TEXT NOT NULL,
  size INTEGER NOT NULL,
  mtime_ns INTEGER NOT NULL,
  sha256 TEXT, -- null: too large to be kept
  PRIMARY KEY (project_id, path)
) STRICT, WITHOUT ROWID;
CREATE INDEX work_files_of_content ON work_files (sha256) WHERE sha256 IS NOT NULL;

-- Where copies of uploaded files lie in working folders, for code to read.
CREATE TABLE laid_out_files (
  project_id TEXT NOT NULL REFERENCES projects (id),
  file_id TEXT NOT NULL,
  path TEXT NOT NULL,
  size INTEGER NOT NULL,
  mtime_ns INTEGER NOT NULL, -- as it was laid out: another one has been changed
  PRIMARY KEY (project_id, file_id),
  UNIQUE (project_id, path)
) STRICT, WITHOUT ROWID;
CREATE INDEX laid_out_of_file ON laid_out_files (file_id);

-- Summaries in the place of what had become too long for the model; the items themselves stay.
CREATE TABLE compactions (
  conversation_id TEXT NOT NULL REFERENCES conversations (id),
  n INTEGER NOT NULL, -- the order, from 1
  turn_id TEXT NOT NULL, -- in which turn
  item_n INTEGER NOT NULL, -- the first item that it does not stand for wholly
  round INTEGER NOT NULL, -- of that item the first round that it does not stand for
  summary TEXT NOT NULL,
  tokens_before INTEGER NOT NULL,
  tokens_after INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (conversation_id, n)
) STRICT, WITHOUT ROWID;

ALTER TABLE files ADD COLUMN is_refused INTEGER NOT NULL DEFAULT 0; -- the model's provider would not take it as it is
ALTER TABLE files ADD COLUMN turn_id TEXT; -- with whose message it came
UPDATE files SET turn_id = (SELECT max(id) FROM turns WHERE turns.conversation_id = files.conversation_id);
