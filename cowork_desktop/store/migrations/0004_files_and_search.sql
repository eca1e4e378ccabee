-- Files and the text that is in them, versions of artifacts, and one full-text index over everything.

CREATE TABLE files (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL, -- as it was given; never a path
  mime_type TEXT NOT NULL,
  size INTEGER NOT NULL,
  sha256 TEXT NOT NULL, -- which bytes they are
  project_id TEXT REFERENCES projects (id),
  conversation_id TEXT REFERENCES conversations (id),
  created_at INTEGER NOT NULL,
  deleted_at INTEGER
) STRICT;
CREATE INDEX files_newest ON files (id) WHERE deleted_at IS NULL;
CREATE INDEX files_of_project ON files (project_id, id) WHERE deleted_at IS NULL;
CREATE INDEX files_of_conversation ON files (conversation_id, id);
CREATE INDEX files_of_content ON files (sha256);
CREATE INDEX files_deleted ON files (deleted_at) WHERE deleted_at IS NOT NULL;

-- The text of what has some: of files, and of the pages of artifacts.
CREATE TABLE texts (
  owner_id TEXT PRIMARY KEY,
  status TEXT NOT NULL CHECK (status IN ('pending', 'extracting', 'ready', 'partial', 'failed')),
  error TEXT, -- why not all of it, for people
  done INTEGER NOT NULL DEFAULT 0,
  total INTEGER
) STRICT;
CREATE INDEX texts_to_do ON texts (owner_id) WHERE status IN ('pending', 'extracting');

CREATE TABLE passages (
  owner_id TEXT NOT NULL,
  n INTEGER NOT NULL, -- the place in the text, from 0
  place TEXT NOT NULL, -- JSON object: where the first line was found
  text TEXT NOT NULL,
  PRIMARY KEY (owner_id, n)
) STRICT;

ALTER TABLE artifacts ADD COLUMN version INTEGER NOT NULL DEFAULT 0; -- the newest; 0: saved before there were versions
ALTER TABLE artifacts ADD COLUMN laid_out INTEGER NOT NULL DEFAULT 0; -- the version that its folder shows
ALTER TABLE artifacts ADD COLUMN deleted_at INTEGER;
UPDATE artifacts SET deleted_at = 0 WHERE project_id IN (SELECT id FROM projects WHERE deleted_at IS NOT NULL);
CREATE INDEX artifacts_of_project ON artifacts (project_id, id) WHERE deleted_at IS NULL;
CREATE INDEX artifacts_deleted ON artifacts (deleted_at) WHERE deleted_at IS NOT NULL;

CREATE TABLE artifact_versions (
  artifact_id TEXT NOT NULL REFERENCES artifacts (id) ON DELETE CASCADE,
  version INTEGER NOT NULL, -- from 1
  title TEXT NOT NULL,
  source TEXT NOT NULL CHECK (source IN ('save', 'restore', 'folder')),
  created_at INTEGER NOT NULL,
  PRIMARY KEY (artifact_id, version)
) STRICT, WITHOUT ROWID;

CREATE TABLE artifact_files (
  artifact_id TEXT NOT NULL,
  version INTEGER NOT NULL,
  path TEXT NOT NULL, -- below the artifact's folder
  size INTEGER NOT NULL,
  sha256 TEXT NOT NULL,
  PRIMARY KEY (artifact_id, version, path),
  FOREIGN KEY (artifact_id, version) REFERENCES artifact_versions (artifact_id, version) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX artifact_files_of_content ON artifact_files (sha256);

-- What can be found, one row a text: a thing's own, or one passage of it. Newer ones have greater ids.
CREATE TABLE search_entries (
  id INTEGER PRIMARY KEY AUTOINCREMENT, -- never used again: who reads page by page knows them
  kind TEXT NOT NULL,
  ref TEXT NOT NULL, -- the id of the thing
  n INTEGER NOT NULL, -- the passage; -1: the thing itself
  -- Words to filter by, in the index too: the kind, and the ids of what it is part of. Each begins with U+E000, which
  -- the tokenizer takes for a letter and which no word that is asked for has.
  scope TEXT NOT NULL,
  is_pending INTEGER NOT NULL DEFAULT 1, -- the index does not have it yet
  UNIQUE (ref, n)
) STRICT;
CREATE INDEX search_entries_pending ON search_entries (id) WHERE is_pending;

-- It keeps no text: what is taken out of it must be told word for word as it was put in, so the triggers do that.
-- What is put in waits for store/search_index.py, which does it for many at once at a fraction of the cost.
-- `words` is the function of store/search_words.py.
CREATE VIRTUAL TABLE search_index USING fts5 (
  title, text, scope, content = '', tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3 4'
);

CREATE TRIGGER conversation_found AFTER INSERT ON conversations BEGIN
  INSERT INTO search_entries (kind, ref, n, scope)
    SELECT 'conversation', new.id, -1,
      char(57344) || 'kconversation ' || char(57344) || replace(new.id, '_', '') || coalesce(' ' || char(57344) || replace(new.project_id, '_', ''), '')
    WHERE new.title IS NOT NULL OR new.goal IS NOT NULL;
END;
CREATE TRIGGER conversation_lost AFTER DELETE ON conversations BEGIN
  INSERT INTO search_index (search_index, rowid, title, text, scope)
    SELECT 'delete', id, words(coalesce(old.title, '')), words(coalesce(old.goal, '')), scope
    FROM search_entries WHERE ref = old.id AND n = -1 AND NOT is_pending;
  DELETE FROM search_entries WHERE ref = old.id AND n = -1;
END;
CREATE TRIGGER conversation_found_anew AFTER UPDATE OF title, goal ON conversations
  WHEN old.title IS NOT new.title OR old.goal IS NOT new.goal BEGIN
  INSERT INTO search_index (search_index, rowid, title, text, scope)
    SELECT 'delete', id, words(coalesce(old.title, '')), words(coalesce(old.goal, '')), scope
    FROM search_entries WHERE ref = old.id AND n = -1 AND NOT is_pending;
  INSERT INTO search_entries (kind, ref, n, scope)
    SELECT 'conversation', new.id, -1,
      char(57344) || 'kconversation ' || char(57344) || replace(new.id, '_', '') || coalesce(' ' || char(57344) || replace(new.project_id, '_', ''), '')
    WHERE 1 ON CONFLICT DO UPDATE SET is_pending = 1;
END;
INSERT INTO search_entries (kind, ref, n, scope)
  SELECT 'conversation', t.id, -1,
    char(57344) || 'kconversation ' || char(57344) || replace(t.id, '_', '') || coalesce(' ' || char(57344) || replace(t.project_id, '_', ''), '')
  FROM conversations t WHERE t.title IS NOT NULL OR t.goal IS NOT NULL;

CREATE TRIGGER item_found AFTER INSERT ON items BEGIN
  INSERT INTO search_entries (kind, ref, n, scope)
    SELECT 'item', new.id, -1,
      char(57344) || 'kitem ' || char(57344) || replace(new.conversation_id, '_', '')
      || (SELECT coalesce(' ' || char(57344) || replace(c.project_id, '_', ''), '') FROM conversations c WHERE c.id = new.conversation_id);
END;
CREATE TRIGGER item_lost AFTER DELETE ON items BEGIN
  INSERT INTO search_index (search_index, rowid, title, text, scope)
    SELECT 'delete', id, '', words(old.content), scope
    FROM search_entries WHERE ref = old.id AND n = -1 AND NOT is_pending;
  DELETE FROM search_entries WHERE ref = old.id AND n = -1;
END;
INSERT INTO search_entries (kind, ref, n, scope)
  SELECT 'item', t.id, -1,
    char(57344) || 'kitem ' || char(57344) || replace(t.conversation_id, '_', '')
      || (SELECT coalesce(' ' || char(57344) || replace(c.project_id, '_', ''), '') FROM conversations c WHERE c.id = t.conversation_id)
  FROM items t;

CREATE TRIGGER project_found AFTER INSERT ON projects BEGIN
  INSERT INTO search_entries (kind, ref, n, scope)
    SELECT 'project', new.id, -1,
      char(57344) || 'kproject ' || char(57344) || replace(new.id, '_', '');
END;
CREATE TRIGGER project_lost AFTER DELETE ON projects BEGIN
  INSERT INTO search_index (search_index, rowid, title, text, scope)
    SELECT 'delete', id, words(old.name), words(old.description), scope
    FROM search_entries WHERE ref = old.id AND n = -1 AND NOT is_pending;
  DELETE FROM search_entries WHERE ref = old.id AND n = -1;
END;
CREATE TRIGGER project_found_anew AFTER UPDATE OF name, description ON projects
  WHEN old.name IS NOT new.name OR old.description IS NOT new.description BEGIN
  INSERT INTO search_index (search_index, rowid, title, text, scope)
    SELECT 'delete', id, words(old.name), words(old.description), scope
    FROM search_entries WHERE ref = old.id AND n = -1 AND NOT is_pending;
  INSERT INTO search_entries (kind, ref, n, scope)
    SELECT 'project', new.id, -1,
      char(57344) || 'kproject ' || char(57344) || replace(new.id, '_', '')
    WHERE 1 ON CONFLICT DO UPDATE SET is_pending = 1;
END;
INSERT INTO search_entries (kind, ref, n, scope)
  SELECT 'project', t.id, -1,
    char(57344) || 'kproject ' || char(57344) || replace(t.id, '_', '')
  FROM projects t;

CREATE TRIGGER file_found AFTER INSERT ON files BEGIN
  INSERT INTO search_entries (kind, ref, n, scope)
    SELECT 'file', new.id, -1,
      char(57344) || 'kfile ' || char(57344) || replace(new.id, '_', '')
      || coalesce(' ' || char(57344) || replace(new.conversation_id, '_', ''), '') || coalesce(' ' || char(57344) || replace(new.project_id, '_', ''), '');
END;
CREATE TRIGGER file_lost AFTER DELETE ON files BEGIN
  INSERT INTO search_index (search_index, rowid, title, text, scope)
    SELECT 'delete', id, words(old.name), '', scope
    FROM search_entries WHERE ref = old.id AND n = -1 AND NOT is_pending;
  DELETE FROM search_entries WHERE ref = old.id AND n = -1;
END;

CREATE TRIGGER artifact_found AFTER INSERT ON artifacts BEGIN
  INSERT INTO search_entries (kind, ref, n, scope)
    SELECT 'artifact', new.id, -1,
      char(57344) || 'kartifact ' || char(57344) || replace(new.id, '_', '') || ' ' || char(57344) || replace(new.project_id, '_', '');
END;
CREATE TRIGGER artifact_lost AFTER DELETE ON artifacts BEGIN
  INSERT INTO search_index (search_index, rowid, title, text, scope)
    SELECT 'delete', id, words(old.title), '', scope
    FROM search_entries WHERE ref = old.id AND n = -1 AND NOT is_pending;
  DELETE FROM search_entries WHERE ref = old.id AND n = -1;
END;
CREATE TRIGGER artifact_found_anew AFTER UPDATE OF title ON artifacts
  WHEN old.title IS NOT new.title BEGIN
  INSERT INTO search_index (search_index, rowid, title, text, scope)
    SELECT 'delete', id, words(old.title), '', scope
    FROM search_entries WHERE ref = old.id AND n = -1 AND NOT is_pending;
  INSERT INTO search_entries (kind, ref, n, scope)
    SELECT 'artifact', new.id, -1,
      char(57344) || 'kartifact ' || char(57344) || replace(new.id, '_', '') || ' ' || char(57344) || replace(new.project_id, '_', '')
    WHERE 1 ON CONFLICT DO UPDATE SET is_pending = 1;
END;
INSERT INTO search_entries (kind, ref, n, scope)
  SELECT 'artifact', t.id, -1,
    char(57344) || 'kartifact ' || char(57344) || replace(t.id, '_', '') || ' ' || char(57344) || replace(t.project_id, '_', '')
  FROM artifacts t;

CREATE TRIGGER memory_found AFTER INSERT ON memories BEGIN
  INSERT INTO search_entries (kind, ref, n, scope)
    SELECT 'memory', new.id, -1,
      char(57344) || 'kmemory' || coalesce(' ' || char(57344) || replace(new.project_id, '_', ''), '');
END;
CREATE TRIGGER memory_lost AFTER DELETE ON memories BEGIN
  INSERT INTO search_index (search_index, rowid, title, text, scope)
    SELECT 'delete', id, '', words(old.content), scope
    FROM search_entries WHERE ref = old.id AND n = -1 AND NOT is_pending;
  DELETE FROM search_entries WHERE ref = old.id AND n = -1;
END;
CREATE TRIGGER memory_found_anew AFTER UPDATE OF content ON memories
  WHEN old.content IS NOT new.content BEGIN
  INSERT INTO search_index (search_index, rowid, title, text, scope)
    SELECT 'delete', id, '', words(old.content), scope
    FROM search_entries WHERE ref = old.id AND n = -1 AND NOT is_pending;
  INSERT INTO search_entries (kind, ref, n, scope)
    SELECT 'memory', new.id, -1,
      char(57344) || 'kmemory' || coalesce(' ' || char(57344) || replace(new.project_id, '_', ''), '')
    WHERE 1 ON CONFLICT DO UPDATE SET is_pending = 1;
END;

CREATE TRIGGER skill_found AFTER INSERT ON skills BEGIN
  INSERT INTO search_entries (kind, ref, n, scope)
    SELECT 'skill', new.id, -1,
      char(57344) || 'kskill';
END;
CREATE TRIGGER skill_lost AFTER DELETE ON skills BEGIN
  INSERT INTO search_index (search_index, rowid, title, text, scope)
    SELECT 'delete', id, words(old.name), words(old.description || ' ' || old.instructions), scope
    FROM search_entries WHERE ref = old.id AND n = -1 AND NOT is_pending;
  DELETE FROM search_entries WHERE ref = old.id AND n = -1;
END;
CREATE TRIGGER skill_found_anew AFTER UPDATE OF name, description, instructions ON skills
  WHEN old.name IS NOT new.name OR old.description IS NOT new.description OR old.instructions IS NOT new.instructions BEGIN
  INSERT INTO search_index (search_index, rowid, title, text, scope)
    SELECT 'delete', id, words(old.name), words(old.description || ' ' || old.instructions), scope
    FROM search_entries WHERE ref = old.id AND n = -1 AND NOT is_pending;
  INSERT INTO search_entries (kind, ref, n, scope)
    SELECT 'skill', new.id, -1,
      char(57344) || 'kskill'
    WHERE 1 ON CONFLICT DO UPDATE SET is_pending = 1;
END;

-- A passage is found in the scope of what it is a passage of.
CREATE TRIGGER passage_found AFTER INSERT ON passages BEGIN
  INSERT INTO search_entries (kind, ref, n, scope)
    SELECT kind, ref, new.n, scope FROM search_entries WHERE ref = new.owner_id AND n = -1;
END;
CREATE TRIGGER passage_lost AFTER DELETE ON passages BEGIN
  INSERT INTO search_index (search_index, rowid, title, text, scope)
    SELECT 'delete', id, '', words(old.text), scope
    FROM search_entries WHERE ref = old.owner_id AND n = old.n AND NOT is_pending;
  DELETE FROM search_entries WHERE ref = old.owner_id AND n = old.n;
END;
