-- Schedules, what they were from when on, and their slots: one row for each, whatever became of it.

CREATE TABLE schedules (
  id TEXT PRIMARY KEY,
  project_id TEXT NOT NULL REFERENCES projects (id),
  cron TEXT NOT NULL,
  timezone TEXT NOT NULL,
  prompt TEXT NOT NULL,
  conversation_id TEXT REFERENCES conversations (id), -- null: a new one for each run
  status TEXT NOT NULL CHECK (status IN ('active', 'paused')),
  pause_reason TEXT, -- why it was paused, where the user has not done it
  budget TEXT NOT NULL, -- JSON object
  last_run_at INTEGER,
  next_run_at INTEGER, -- the first slot that nobody has claimed
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  deleted_at INTEGER,
  CHECK ((status = 'active') = (next_run_at IS NOT NULL))
) STRICT;
CREATE INDEX schedules_due ON schedules (next_run_at) WHERE next_run_at IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX schedules_newest ON schedules (id) WHERE deleted_at IS NULL;
CREATE INDEX schedules_of_project ON schedules (project_id, id);
CREATE INDEX schedules_of_conversation ON schedules (conversation_id) WHERE conversation_id IS NOT NULL;
CREATE INDEX schedules_deleted ON schedules (deleted_at) WHERE deleted_at IS NOT NULL;

-- What a schedule was, so that it can be said later why it ran at a time, or did not.
CREATE TABLE schedule_definitions (
  schedule_id TEXT NOT NULL REFERENCES schedules (id),
  n INTEGER NOT NULL, -- the order, from 1
  since INTEGER NOT NULL,
  cron TEXT NOT NULL,
  timezone TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('active', 'paused')),
  pause_reason TEXT,
  PRIMARY KEY (schedule_id, n)
) STRICT, WITHOUT ROWID;

CREATE TABLE schedule_runs (
  id TEXT PRIMARY KEY,
  schedule_id TEXT NOT NULL REFERENCES schedules (id),
  status TEXT NOT NULL CHECK (status IN ('running', 'success', 'failed', 'skipped', 'missed')),
  trigger TEXT NOT NULL CHECK (trigger IN ('schedule', 'manual', 'catch_up')),
  scheduled_for INTEGER NOT NULL, -- the slot; of a run that was asked for when that was
  scheduled_until INTEGER, -- the last slot, where the row stands for several
  slots INTEGER NOT NULL DEFAULT 1,
  caught_up_by TEXT, -- the run that stands for this missed slot
  claimed_at INTEGER NOT NULL,
  started_at INTEGER, -- with turn_id, in the transaction that begins the turn
  finished_at INTEGER,
  conversation_id TEXT, -- it, and the turn, may have been deleted since
  turn_id TEXT,
  error TEXT, -- JSON object
  model TEXT,
  provider TEXT,
  input_tokens INTEGER NOT NULL DEFAULT 0, -- of the turn and its sub-tasks, which may have been deleted since
  output_tokens INTEGER NOT NULL DEFAULT 0,
  cache_read_input_tokens INTEGER NOT NULL DEFAULT 0,
  cache_creation_input_tokens INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE UNIQUE INDEX schedule_runs_slot ON schedule_runs (schedule_id, scheduled_for) WHERE trigger != 'manual';
CREATE INDEX schedule_runs_of_several ON schedule_runs (schedule_id, scheduled_for) WHERE scheduled_until IS NOT NULL;
CREATE INDEX schedule_runs_newest ON schedule_runs (schedule_id, scheduled_for, id);
CREATE INDEX schedule_runs_by_status ON schedule_runs (schedule_id, status, scheduled_for, id);
CREATE INDEX schedule_runs_running ON schedule_runs (schedule_id) WHERE status = 'running';
CREATE INDEX schedule_runs_started ON schedule_runs (schedule_id, started_at) WHERE started_at IS NOT NULL;
CREATE INDEX schedule_runs_claimed ON schedule_runs (claimed_at);
CREATE INDEX schedule_runs_missed ON schedule_runs (scheduled_for) WHERE status = 'missed';
CREATE INDEX schedule_runs_succeeded ON schedule_runs (id) WHERE status = 'success';
CREATE UNIQUE INDEX schedule_runs_turn ON schedule_runs (turn_id) WHERE turn_id IS NOT NULL;
