-- Names of circuits. 0 is the sum of all.
CREATE TABLE circuits (
  id   INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;
INSERT INTO circuits VALUES (0, '');

-- What happened at a circuit in one slot of a level. The key is
-- level<<52 | circuit<<32 | slot, with slot = start/span + 2^31, so that the slots of
-- a circuit lie beside each other. Levels: 0 10 s, 1 1 min, 2 1 h, 3 1 day.
CREATE TABLE cells (
  key     INTEGER PRIMARY KEY,
  counts  BLOB NOT NULL, -- pairs of varints: field, number
  latency BLOB NOT NULL, -- sketches
  content BLOB NOT NULL
) STRICT;

-- The slot of each level that a circuit is in: rewritten with every batch, hence
-- apart. The key is circuit<<2 | level. A slot is here or in cells, never in both.
CREATE TABLE open (
  key     INTEGER PRIMARY KEY,
  slot    INTEGER NOT NULL,
  counts  BLOB NOT NULL,
  latency BLOB NOT NULL,
  content BLOB NOT NULL
) STRICT;

-- For the eyes: sqlite3 recloser.db 'SELECT * FROM slots'.
CREATE VIEW slots AS
  SELECT CASE key >> 52 WHEN 0 THEN '10 s' WHEN 1 THEN '1 min' WHEN 2 THEN '1 h' ELSE '1 day' END AS span,
    (SELECT name FROM circuits WHERE id = (key >> 32) & 0xfffff) AS circuit,
    datetime(((key & 0xffffffff) - 0x80000000) * CASE key >> 52 WHEN 0 THEN 10 WHEN 1 THEN 60 WHEN 2 THEN 3600 ELSE 86400 END, 'unixepoch') AS start,
    hex(counts) AS counts
  FROM (SELECT key, counts FROM cells UNION ALL SELECT (key & 3) << 52 | (key >> 2) << 32 | slot, counts FROM open);

-- Times are nanoseconds since 1970. The details are text with unit separators (0x1f)
-- between key, seq, from, to, mode, reason, why, cause, failures, down, until, openings
-- and actor: a question for many events reads a third as many columns that way.
CREATE TABLE events (
  id      INTEGER PRIMARY KEY,
  at      INTEGER NOT NULL,
  kind    TEXT NOT NULL,
  circuit TEXT NOT NULL,
  details TEXT NOT NULL
) STRICT;
CREATE INDEX events_at ON events (at);
CREATE INDEX events_of ON events (kind, circuit, at);

-- Recorded attempts, about a second of them in a row, in the order of their times.
CREATE TABLE attempts (
  id    INTEGER PRIMARY KEY,
  first INTEGER NOT NULL,
  last  INTEGER NOT NULL,
  n     INTEGER NOT NULL,
  list  BLOB NOT NULL
) STRICT;
CREATE INDEX attempts_at ON attempts (first, last, n);

-- Circuits (0) and gates (1) as they were, in JSON without the time.
CREATE TABLE snapshots (
  kind INTEGER NOT NULL,
  name TEXT NOT NULL,
  at   INTEGER NOT NULL,
  body BLOB NOT NULL,
  PRIMARY KEY (kind, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE secrets (
  name  TEXT PRIMARY KEY,
  value BLOB NOT NULL
) STRICT, WITHOUT ROWID;
