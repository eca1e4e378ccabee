-- Memories, the index of their words, and skills.

CREATE TABLE memories (
  n INTEGER PRIMARY KEY, -- what the index knows the row by; an unnamed rowid could change
  id TEXT NOT NULL UNIQUE,
  project_id TEXT REFERENCES projects (id), -- null: global
  content TEXT NOT NULL,
  size INTEGER NOT NULL, -- characters of the content
  gist TEXT NOT NULL, -- digest of the content without regard to case and whitespace
  source TEXT NOT NULL CHECK (source IN ('user', 'agent')),
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX memories_of_project ON memories (project_id, id);
CREATE INDEX memories_latest ON memories (project_id, updated_at, id, size);
CREATE INDEX memories_by_size ON memories (project_id, size);
CREATE INDEX memories_by_gist ON memories (gist);

-- It keeps no text: what is taken out of it must be told word for word as it was put in, which the triggers do.
-- `words` is the function of store/search_words.py.
CREATE VIRTUAL TABLE memory_words USING fts5 (
  content, content = '', tokenize = 'unicode61 remove_diacritics 2'
);
CREATE TRIGGER memory_words_added AFTER INSERT ON memories BEGIN
  INSERT INTO memory_words (rowid, content) VALUES (new.n, words(new.content));
END;
CREATE TRIGGER memory_words_removed AFTER DELETE ON memories BEGIN
  INSERT INTO memory_words (memory_words, rowid, content) VALUES ('delete', old.n, words(old.content));
END;
CREATE TRIGGER memory_words_changed AFTER UPDATE OF content ON memories BEGIN
  INSERT INTO memory_words (memory_words, rowid, content) VALUES ('delete', old.n, words(old.content));
  INSERT INTO memory_words (rowid, content) VALUES (new.n, words(new.content));
END;

CREATE TABLE skills (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  description TEXT NOT NULL,
  instructions TEXT NOT NULL,
  tools TEXT NOT NULL, -- JSON array
  front_matter TEXT NOT NULL, -- YAML: what an imported SKILL.md says and a skill does not
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;
