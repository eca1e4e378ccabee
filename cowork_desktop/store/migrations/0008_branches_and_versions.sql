-- Conversations that go on from another one, and messages that were said anew in the place of others.

ALTER TABLE conversations ADD COLUMN branched_from TEXT; -- the conversation that it goes on from; it may have been deleted since
ALTER TABLE conversations ADD COLUMN branched_item TEXT; -- that one's last message that was taken over
ALTER TABLE conversations ADD COLUMN is_tainted INTEGER NOT NULL DEFAULT 0; -- whether that has words of somebody else

-- The first version of a message that was said anew, of all its versions; null: there is one alone.
ALTER TABLE items ADD COLUMN version_of TEXT;
CREATE INDEX items_of_version ON items (version_of, n) WHERE version_of IS NOT NULL;

-- The items that have left their conversation, which keep their places: a message that was said anew, and what had
-- followed it.
CREATE TABLE left_items (
  conversation_id TEXT NOT NULL REFERENCES conversations (id),
  n INTEGER NOT NULL,
  left_with TEXT NOT NULL, -- that message, with which they come back
  PRIMARY KEY (conversation_id, n)
) STRICT, WITHOUT ROWID;
ALTER TABLE compactions ADD COLUMN left_with TEXT; -- with what it stands for; null: that is in the conversation
